"""`kundbild add-source --from` JSON files whose orders name their customer in an object and their lines in a list."""

from __future__ import annotations

import json
import tomllib

import pytest

from orchestration.core.configuration import load_settings
from orchestration.extract.extract import extract_source, prepare_raw
from orchestration.proposals.propose import propose
from orchestration.proposals.written import write_source
from tests.unit.mapped import models_of
from tests.unit.proposals.test_nested_api import ORDERS


@pytest.fixture(params=["orders.json", "orders.jsonl"])
def folder(request, tmp_path):
    lines = [json.dumps(order) for order in ORDERS]
    text = f"[{','.join(lines)}]" if request.param == "orders.json" else "\n".join(lines)
    (tmp_path / "in").mkdir()
    (tmp_path / "in" / request.param).write_text(text, encoding="utf-8")
    return tmp_path / "in"


def test_an_order_of_a_file_has_its_person_and_its_lines(folder, home, warehouse, tmp_path):
    proposed = propose("shop", str(folder), "SEK")
    tables = tomllib.loads(proposed.block)["sources"]["shop"]["tables"]
    assert tables["orders"]["maps"][0]["columns"]["person_key"] == "customer.id"
    people = next(one for one in tables["orders"]["maps"] if one["entity"] == "people")
    assert people["columns"]["email"] == "customer.email"
    lines = tables["order_line_items"]
    assert (lines["path"], lines["rows_in"], lines["key"]) == (
        tables["orders"]["path"],
        "line_items",
        ["order_id", "line"],
    )
    assert [one["entity"] for one in lines["maps"]] == ["order_items"]
    assert any("their place in line_items" in note for note in proposed.notes), (
        "a line that is taken out shifts the others"
    )
    (orders,) = [table for table in proposed.tables if table.name == "orders"]
    assert "tags" in orders.unmapped and "line_items" not in orders.unmapped, "it is read as a table of its own"
    assert tables["orders"]["cursor"] == "updated_at" and 'not_read = ["tags"]\n' in proposed.block
    config = tmp_path / "kundbild.toml"
    write_source(config, proposed.block)
    settings = load_settings(config)
    prepare_raw(warehouse, settings)
    counts = extract_source(warehouse, home, settings, "shop")
    assert {t: (c.inserted, c.rejected) for t, c in counts.items()} == {"orders": (7, 0), "order_line_items": (14, 0)}
    conformed = models_of(settings.sources["shop"].tables)
    sql, _ = conformed["orders"]
    assert warehouse.execute(f"select count(distinct person_key), count(*) from ({sql})").fetchall() == [(3, 7)]
    sql, _ = conformed["order_items"]
    told = f"select count(*), sum(quantity * unit_price), count(distinct order_key) from ({sql})"
    assert warehouse.execute(told).fetchall() == [(14, 7 * 4.5 + sum(n * 6 for n in range(1, 8)), 7)]


def test_lists_of_what_is_not_known_make_no_table(tmp_path):
    rows = [
        {"id": n, "email": f"a{n}@example.com", "first_name": "Anna", "last_name": "Ek", "addresses": [{"city": "Lund"}], "seen": []}
        for n in range(1, 6)
    ]  # fmt: skip
    (tmp_path / "people.json").write_text(json.dumps(rows), encoding="utf-8")
    proposed = propose("club", str(tmp_path), "SEK")
    (people,) = proposed.tables
    assert people.name == "people" and {"addresses", "seen"} <= set(people.unmapped)


def test_a_parquet_file_keeps_its_objects_whole(tmp_path, warehouse):
    warehouse.execute(
        "copy (select n as id, 'a' || n || '@example.com' as email, 'Anna' as first_name, 'Ek' as last_name, {'city': 'Lund'} as address "
        f"from range(1, 6) t(n)) to '{tmp_path / 'people.parquet'}' (format parquet)"
    )
    (people,) = propose("club", str(tmp_path), "SEK").tables
    assert "address" in people.unmapped and people.usable


def test_a_consent_is_dated_by_the_moment_in_its_own_object(tmp_path):
    day = [f"2026-01-0{n % 9 + 1}T10:00:00Z" for n in range(1, 30)]
    rows = [
        {
            "id": n, "email": f"a{n}@example.com", "first_name": "Anna", "last_name": "Ek", "created_at": at,
            "consents": {"newsletter": n % 2 == 0, "newsletter_at": at},
            "marketing": {"email_consent": ("no", "yes")[n % 2]}, "other": {"email_consent_date": at},
        }
        for n, at in enumerate(day)
    ]  # fmt: skip
    (tmp_path / "people.jsonl").write_text("\n".join(map(json.dumps, rows)), encoding="utf-8")
    (table,) = tomllib.loads(propose("club", str(tmp_path), "SEK").block)["sources"]["club"]["tables"].values()
    told = {
        one["columns"]["status"]["column"]: one["columns"].get("stated_at")
        for one in table["maps"]
        if one["entity"] == "consent_events"
    }
    assert told == {"consents.newsletter": "consents.newsletter_at", "marketing.email_consent": None}
