"""Addresses and numbers in texts and keys that analysts see: found however they are written, and nothing else.

Numbers and addresses are examples. Not here: what the models of `bi` show (tests/unit/dbt_project/test_shown_to_analysts.py).
"""

from __future__ import annotations

import pytest

from orchestration.privacy.intake.national_ids_in_text import REMOVED
from orchestration.privacy.intake.personal_text import (
    ADDRESS_REMOVED,
    KEY_SHOWN,
    PHONE_REMOVED,
    any_holds_point,
    find_personal_text,
    holds_point,
    key_holds_point,
    without_points,
)
from orchestration.privacy.secrets.pepper import Pepper
from tests.unit.privacy.identity_numbers import ANNA, PEPPER, swedish

ADDRESSES = [
    "anna@berg.se", "Anna.Berg+x@mail.berg.se", "anna @ berg.se", "anna＠berg.se", "anna(at)berg.se", "anna [at] berg [dot] se", "anna (a) berg.se", "anna%40berg.se",
    "anna&#64;berg.se", "anna snabel-a berg punkt se", "anna at berg.se", "anna at berg dot se", "ANNA (AT) BERG (DOT) SE", "åsa@östberg.se", "anna@berg．se",
]  # fmt: skip
PHONES = [
    "+46701234567", "+46 70-123 45 67", "+46 (0)70 123 45 67", "0046701234567", "0046 70 123 45 67", "070-123 45 67", "070-1234567", "0701234567", "08-123 45 67", "08/123 456 78",
    "+47 912 34 567", "912 34 567", "+45 12 34 56 78", "42 34 56 78", "+358 40 1234567", "040 123 4567", "+354 555 1234", "tel 91234567", "Tlf: 91234567", "mob.nr 91234567", "puh. 0401234567",
]  # fmt: skip
HARMLESS = [
    "Stockholm", "Butik 12", "Storgatan 12, 111 22 Lund", "too expensive, 3 months", "2026-05-01", "01-02-2026", "2026-05-01 10:30:15", "20260501", "order 1234567890", "0000012345", "A-0012345",
    "12 345 678 kr", "1 000 000", "spring_2026-05-01", "utm@home", "look at kundbild", "at", "SE556000-4764", "192.168.100.200", "a@b", "50 % off", "4 000 - 5 000 kr", "10-20-30", "EAN 7310000000017",
]  # fmt: skip
# what keys look like, beside the above
HARMLESS_KEYS = ["0701234567", "46701234567", "3f2504e0-4f89-41d3-9a0c-0305e82c3301", "d41d8cd98f00b204e9800998ecf8427e", "O-1001", "WEB_2026_0001234", "1001|2"]  # fmt: skip


@pytest.mark.parametrize(("written", "mark"), [*((a, ADDRESS_REMOVED) for a in ADDRESSES), *((p, PHONE_REMOVED) for p in PHONES)])  # fmt: skip
def test_a_point_is_found_alone_and_within_a_text_and_the_rest_stays(warehouse, written, mark):
    for text in (written, f"Ring; {written}, tack", f"Anna sa: {written}."):
        found = warehouse.execute(f"select {holds_point('$1')}, {without_points('$1')}", [text]).fetchall()
        assert found[0][0], text
        assert mark in found[0][1] and not warehouse.execute(f"select {holds_point('$1')}", [found[0][1]]).fetchone()[0]
        assert text.replace(written, "").strip(" .").split(",")[-1] in found[0][1]


def test_what_is_no_point_stays(warehouse):
    looks = "select v from (select unnest($1) as v) where {}"
    assert warehouse.execute(looks.format(holds_point("v")), [HARMLESS]).fetchall() == []
    assert warehouse.execute(looks.format(key_holds_point("v")), [[*HARMLESS, *HARMLESS_KEYS]]).fetchall() == []
    theirs = ["anna@berg.se", "order-anna@berg.se-7", "+46701234567", "070-123 45 67", "070-1234567"]
    assert warehouse.execute(looks.format(key_holds_point("v")), [theirs]).fetchall() == [(key,) for key in theirs]


def test_of_several_columns_each_is_looked_at_and_none_together_with_the_next(warehouse):
    looks = f"select list_distinct([t, u, k]) from rows where {any_holds_point(['t', 'u'], ['k'])}"
    # one after the other they would be a number or an address
    parts = [*HARMLESS, "call", "Tlf.", "sms nr", "+46", "070-123", "anna@", "berg.se", "anna at", "701234567"]
    warehouse.execute(
        "create table rows as select a.v as t, b.v as u, c.v as k from (select unnest($1) as v) a, (select unnest($1) as v) b, "
        "(select unnest($2) as v) c",
        [[*parts, None], [*HARMLESS_KEYS, "+46", "tel", None]],
    )
    assert warehouse.execute(looks).fetchall() == []
    theirs = [*ADDRESSES, *PHONES]
    for column in "t", "u", "k":
        warehouse.execute(
            f"create or replace table rows as select {', '.join(f'v as {c}' if c == column else f'null::varchar as {c}' for c in 'tuk')} from (select unnest($1) as v)",
            [theirs],
        )
        found = {written for (values,) in warehouse.execute(looks).fetchall() for written in values}
        assert found == {written for written in theirs if not (column == "k" and written.isdecimal())}


@pytest.fixture
def shown(warehouse):
    """Rows of conformed entities → {what the source wrote: what analysts see}, and the count."""
    warehouse.execute("create schema conformed")

    def go(**entities: list[dict]) -> tuple[dict[str, str], dict[str, int]]:
        for entity, rows in entities.items():
            columns = list(rows[0])
            values = ", ".join(f"({', '.join('?' * len(columns))})" for _ in rows)
            warehouse.execute(
                f"create or replace table conformed.conformed_{entity} as select * from (values {values}) v({', '.join(columns)})",
                [row[column] for row in rows for column in columns],
            )
        counts = find_personal_text(warehouse, Pepper((PEPPER,)))
        return dict(warehouse.execute("select value, shown from identity.shown_values").fetchall()), counts

    return go


def test_texts_lose_the_point_and_keys_become_keyed_hashes_that_join(shown, warehouse):
    orders = [
        {"source_key": "O-1", "campaign_key": None, "channel": "web", "store": "Lund, tel 046-12 34 56"},
        {"source_key": "anna@berg.se", "campaign_key": "c1", "channel": "web", "store": f"Lund {ANNA}"},
        {"source_key": "O-3", "campaign_key": "c1", "channel": "anna (at) berg.se", "store": "Lund"},
    ]
    lines = [{"source_key": "1", "order_key": "anna@berg.se", "product_key": "p"}]
    found, counts = shown(orders=orders, order_items=lines, tickets=[{"source_key": "+46701234567", "category": "fel"}])
    assert {value: text for value, text in found.items() if not text.startswith(KEY_SHOWN)} == {
        "Lund, tel 046-12 34 56": f"Lund, {PHONE_REMOVED}", f"Lund {ANNA}": f"Lund {REMOVED}", "anna (at) berg.se": ADDRESS_REMOVED,
    }  # fmt: skip
    hashed = Pepper((PEPPER,)).hashed("bi-key:anna@berg.se")[:32]
    assert found["anna@berg.se"] == f"{KEY_SHOWN}{hashed}" and found["+46701234567"].startswith(KEY_SHOWN)
    assert counts == {"order_items.order_key": 1, "orders.channel": 1, "orders.source_key": 1, "orders.store": 2, "tickets.source_key": 1}  # fmt: skip
    # made anew each time
    found, counts = shown(orders=orders[2:], order_items=[{**lines[0], "order_key": "O-3"}], tickets=[{"source_key": "1", "category": "fel"}])  # fmt: skip
    assert list(found) == ["anna (at) berg.se"] and counts == {"orders.channel": 1}


def test_a_key_that_is_an_identity_number_is_known_among_others_and_no_order_number_is(shown):
    """Of keys with a date in them every tenth has the check digit by chance."""
    dated = [f"2605{1 + n % 28:02d}-{n:04d}" for n in range(400)]
    found, _ = shown(orders=[{"source_key": key, "campaign_key": None, "channel": "web", "store": "Lund"} for key in (*dated, "O-1001")])  # fmt: skip
    assert found == {}
    found, counts = shown(carts=[{"source_key": key} for key in (ANNA, "O-1001", "1002", ANNA.replace("-", ""))])
    assert list(found) == [ANNA] and counts == {"carts.source_key": 1}
    # of digits alone one may be any key; a column of them is none
    bare = [swedish(f"19{n}0{1 + n % 9}1{n % 9}", f"98{n % 10}").replace("-", "") for n in range(50, 60)]
    found, counts = shown(carts=[{"source_key": key} for key in (*bare, "1002")])
    assert sorted(found) == sorted(bare) and counts == {"carts.source_key": 10}
    found, _ = shown(carts=[{"source_key": str(2605010000 + n)} for n in range(400)])
    assert found == {}
