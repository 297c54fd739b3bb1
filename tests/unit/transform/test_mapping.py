"""Mappings of kundbild.toml: values, times, names. Raw rows in the source's own words; what is right is written by hand.

Not here: keys (test_mapping_keys.py), or what the configuration refuses (test_mapping_refusals.py).
"""

from __future__ import annotations

import unicodedata

import pytest

from orchestration.core.settings import Table
from tests.unit.mapped import raw
from tests.unit.transform.mapping import AT, ORDERS, staged, table


def test_values_are_compared_without_case_and_blanks_and_know_else_and_ignore(con):
    status = {
        "column": "state",
        "values": {"Betald": "completed", "Makulerad": "cancelled", "": "open"},
        "else": "completed",
        "ignore": ["Test", "offert"],
    }
    raw(
        con, "sales",
        *({"no": str(number), "state": state, **AT} for number, state in enumerate(
            ("BETALD", " MAKULERAD\u00a0", "levererad", "TEST ", None, "offert"), start=1)),
    )  # fmt: skip
    sales = table("no state at total", {"entity": "orders", "columns": ORDERS | {"status": status}}, key="no")
    rows = staged(con, {"sales": sales}, "orders", "source_key, status, quarantine_reason, quarantine_code")
    assert [(key, said) for key, said, reason, _ in rows if reason is None] == [
        ("1", "completed"), ("2", "cancelled"), ("3", "completed"), ("5", "open"),
    ]  # fmt: skip
    ignored = ("status is one of those that the mapping ignores", "ignored")
    assert [(key, *why) for key, _, *why in rows if why[0]] == [("4", *ignored), ("6", *ignored)]
    assert {why[1] for _, _, *why in rows} == {None, "ignored"}


@pytest.mark.parametrize("form", ["NFC", "NFD"])
def test_values_are_the_same_as_one_character_and_as_two(con, form):
    """A Mac writes ö as o and its dots; the configuration may be written there, too."""
    other = {"NFC": "NFD", "NFD": "NFC"}[form]
    status = {"column": "state", "values": {unicodedata.normalize(form, "Återköpt"): "refunded"}, "ignore": [unicodedata.normalize(form, "prövning")]}  # fmt: skip
    words = [unicodedata.normalize(other, word) for word in ("ÅTERKÖPT", "Prövning")]
    raw(con, "sales", *({"no": str(n), "state": state, **AT} for n, state in enumerate(words)))
    sales = table("no state at total", {"entity": "orders", "columns": ORDERS | {"status": status}}, key="no")
    rows = staged(con, {"sales": sales}, "orders", "source_key, status, quarantine_code")
    assert rows[0] == ("0", "refunded", None) and rows[1][2] == "ignored"


def test_without_else_a_value_that_is_not_named_stays_as_it_is(con):
    raw(con, "sales", {"no": "1", "state": "Sonderfall", **AT}, {"no": "2", "state": "k", **AT})
    how = {"column": "state", "values": {"K": "completed"}}
    sales = table("no state at total", {"entity": "orders", "columns": ORDERS | {"status": how}}, key="no")
    assert staged(con, {"sales": sales}, "orders", "source_key, status") == [("1", "Sonderfall"), ("2", "completed")]


def test_a_count_that_is_no_whole_number_is_not_rounded(con):
    raw(con, "v", {"id": "1", "n": "8"}, {"id": "2", "n": "8.5"}, {"id": "3", "n": "9.0"})
    reviews = {"entity": "reviews", "columns": {"source_key": "id", "rating": "n"}}
    rows = staged(con, {"v": table("id n", reviews, key="id")}, "reviews", "source_key, rating, quarantine_reason")
    assert rows == [("1", 8, None), ("2", None, "rating cannot be read"), ("3", 9, None)]


def test_names_and_values_out_of_the_configuration_are_never_rendered(con):
    column, value = '{{ 1/0 }} it\'s "so"', "{% raw %}'{{ x }}'{# #}"
    raw(con, "{{t}}", {"no": "1", column: "a'b{{c}}", **AT})
    how = {"column": column, "values": {"a'b{{c}}": value}, "ignore": ["{{ never }}"]}
    when = {"column": "at", "formats": ["%Y-%m-%d{{'"]}
    maps = {"entity": "orders", "columns": ORDERS | {"status": how, "delivered_at": when | {"on_bad": "null"}}, "constants": {"store": value}}  # fmt: skip
    columns = dict.fromkeys(["no", column, "at", "total"], "VARCHAR")
    tables = {"{{t}}": Table.model_validate({"columns": columns, "key": ["no"], "maps": [maps]})}
    assert staged(con, tables, "orders", "source_key, status, store") == [("1", value, value)]


def test_a_grant_whose_end_cannot_be_read_is_set_aside(con):
    raw(con, "c", {"id": "1", "end": "slut 2025"}, {"id": "2", "end": "2027-01-01"}, {"id": "3", "end": ""})
    constants = {"purpose": "survey", "channel": "email", "status": "granted", "stated_at": "2026-01-01"}
    said = {"entity": "consent_events", "columns": {"source_key": "id", "expires_at": "end"}, "constants": constants}
    rows = staged(con, {"c": table("id end", said, key="id")}, "consent_events", "source_key, quarantine_reason")
    assert rows == [("1", "expires_at cannot be read"), ("2", None), ("3", None)]


def test_rule_19_a_mapped_address_register_hides_by_whatever_is_no_plain_no_and_by_a_values_own_codes(con):
    said = ["", None, "N", "nej", "0", "false", "J", "Ja", "X", "1", "Sekretess", "A"]
    raw(con, "people", *({"no": f"{n:02}", "family": "Berg", "born": "1980-01-01", "mark": word, "code": "A", "day": "soon"} for n, word in enumerate(said)))  # fmt: skip
    columns = {
        "source_key": "no",
        "family_name": "family",
        "birth_date": "born",
        "effective_on": "day",
        "is_protected": "mark",
    }
    codes = {"column": "code", "values": {"A": "false", "D": "true"}}
    register = table("no family born mark code day", {"entity": "address_updates", "columns": columns | {"is_deceased": codes}}, key="no")  # fmt: skip
    rows = staged(con, {"people": register}, "address_updates", "source_key, is_protected, is_deceased, effective_on::varchar, quarantine_reason")  # fmt: skip
    assert [word for word, row in zip(said, rows, strict=True) if row[1:] == (True, False, "2026-03-01", None)] == said[6:]  # fmt: skip
    assert {row[1:3] for row in rows[:6]} == {(False, False)}


def test_a_birth_date_that_may_begin_with_a_day_is_set_aside(con):
    """In one order who was born on 05/06/14 is a child, in another of age."""
    raw(con, "m", {"id": "1", "born": "05/06/14"}, {"id": "2", "born": "1976-03-12"}, {"id": "3", "born": "76-03-12"}, {"id": "4", "born": None})  # fmt: skip
    members = {"entity": "people", "columns": {"source_key": "id", "birth_date": "born"}}
    found = staged(con, {"m": table("id born", members, key="id")}, "people", "source_key, quarantine_reason")
    assert found == [("1", "birth_date cannot be read"), ("2", None), ("3", None), ("4", None)]
