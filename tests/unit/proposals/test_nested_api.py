"""`kundbild add-source --from` an API whose orders name their customer in an object and their lines in a list."""

from __future__ import annotations

import json
import tomllib

import pytest

from orchestration.core.configuration import load_settings
from orchestration.extract.extract import extract_source, prepare_raw
from orchestration.proposals.propose import propose
from orchestration.proposals.written import write_source
from tests.unit.mapped import models_of
from tests.unit.proposals.test_api import serve  # noqa: F401  a fixture

ORDERS = [
    {"id": 100 + n, "created_at": f"2026-02-{n:02d}T10:00:00Z", "updated_at": f"2026-02-{n:02d}T10:00:00Z", "total": 10.5 + n,
     "customer": {"id": n % 3 + 1, "email": f"anna{n % 3 + 1}@example.com", "first_name": "Anna", "last_name": "Ek"},
     "shipping": {"address": {"city": "Lund"}}, "tags": ["new"],
     "line_items": [{"product_id": 5, "quantity": 1, "price": 4.5}, {"product_id": 6, "quantity": n, "price": 6.0}]}
    for n in range(1, 8)
]  # fmt: skip


def answer(rows, said, name):
    size, at = min(int(said.get("limit", 3)), 3), int(said.get("offset", 0))
    rows = [row for row in rows if row["updated_at"] >= said.get("updated_since", "")[:19]]
    return (rows[at : at + size],) if name == "orders" else ({"error": "nothing"}, 404)


@pytest.fixture
def proposed(serve, monkeypatch):  # noqa: F811
    monkeypatch.setattr("tests.unit.proposals.test_api.TABLES", {"orders": ORDERS})
    return propose("shop", f"{serve(answer).url}/v1", "SEK")


def test_an_order_has_its_person_and_its_lines(proposed, home, warehouse, tmp_path):
    tables = tomllib.loads(proposed.block)["sources"]["shop"]["tables"]
    orders = tables["orders"]["maps"][0]
    assert orders["entity"] == "orders" and orders["columns"]["person_key"] == "customer.id"
    people = next(one for one in tables["orders"]["maps"] if one["entity"] == "people")
    assert people["columns"]["email"] == "customer.email" and people["columns"]["given_name"] == "customer.first_name"
    lines = tables["order_line_items"]
    assert (lines["endpoint"], lines["rows_in"], lines["key"]) == ("orders", "line_items", ["order_id", "line"])
    assert lines["cursor"] == "order_updated_at", "lines of orders that changed are asked for with them"
    assert lines["carried"] == {
        "order_id": "id",
        "line": "#",
        "order_created_at": "created_at",
        "order_updated_at": "updated_at",
    }
    assert [one["entity"] for one in lines["maps"]] == ["order_items"]
    assert lines["maps"][0]["columns"]["order_key"] == "order_id"
    config = tmp_path / "kundbild.toml"
    write_source(config, proposed.block)
    settings = load_settings(config)
    prepare_raw(warehouse, settings)
    counts = extract_source(warehouse, home, settings, "shop")
    assert {t: (c.inserted, c.rejected) for t, c in counts.items()} == {"orders": (7, 0), "order_line_items": (14, 0)}
    conformed = models_of(settings.sources["shop"].tables)
    sql, _ = conformed["orders"]
    assert warehouse.execute(f"select count(distinct person_key), count(*) from ({sql})").fetchall() == [(3, 7)]
    sql, _ = conformed["people"]
    assert warehouse.execute(f"select source_key, email from ({sql}) order by all").fetchall() == [
        (str(n), f"anna{n}@example.com") for n in (1, 2, 3)
    ]


def test_what_is_read_as_a_list_is_not_told_as_unread(proposed):
    orders = next(table for table in proposed.tables if table.name == "orders")
    assert "tags" in orders.unmapped and "line_items" not in orders.unmapped


@pytest.mark.parametrize("ending", ["jsonl", "json"])
def test_a_file_of_such_orders_is_proposed_and_read_as_the_api_is(tmp_path, home, warehouse, ending):
    folder = tmp_path / "in"
    folder.mkdir()
    lines = [json.dumps(order) for order in ORDERS]
    written = "\n".join(lines) if ending == "jsonl" else "[\n" + ",\n".join(lines) + "\n]"
    (folder / f"orders.{ending}").write_text(written + "\n")
    found = propose("shop", str(folder), "SEK")
    tables = tomllib.loads(found.block)["sources"]["shop"]["tables"]
    assert tables["orders"]["maps"][0]["columns"]["person_key"] == "customer.id"
    lines = tables["order_line_items"]
    assert (lines["path"], lines["rows_in"], lines["key"]) == (
        tables["orders"]["path"],
        "line_items",
        ["order_id", "line"],
    )
    config = tmp_path / "kundbild.toml"
    write_source(config, found.block)
    settings = load_settings(config)
    prepare_raw(warehouse, settings)
    counts = extract_source(warehouse, home, settings, "shop")
    assert {t: (c.inserted, c.rejected) for t, c in counts.items()} == {"orders": (7, 0), "order_line_items": (14, 0)}
    sql, _ = models_of(settings.sources["shop"].tables)["order_items"]
    assert warehouse.execute(f"select count(*), sum(quantity)::int from ({sql})").fetchall() == [(14, 7 + 28)]


def test_contacts_whose_values_lie_in_properties_are_people_and_an_id_of_an_object_refuses_nothing(serve, monkeypatch):  # noqa: F811
    contacts = [
        {"id": str(n), "properties": {"email": f"anna{n}@example.com", "firstname": "Anna", "lastname": "Ek", "hs_object_id": str(n)},
         "createdAt": f"2026-01-{n:02d}T10:00:00Z", "updatedAt": f"2026-01-{n:02d}T10:00:00Z"}
        for n in range(1, 9)
    ]  # fmt: skip
    monkeypatch.setattr("tests.unit.proposals.test_api.TABLES", {"contacts": contacts})
    block = propose("crm", f"{serve(lambda rows, said, name: ({'results': rows},)).url}/v1/contacts", "SEK").block
    (people,) = tomllib.loads(block)["sources"]["crm"]["tables"]["contacts"]["maps"]
    assert people["entity"] == "people" and "look at it" not in block
    assert (people["columns"]["given_name"], people["columns"]["email"]) == ("properties.firstname", "properties.email")
