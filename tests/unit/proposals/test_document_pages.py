"""Files of JSON whose rows are a list of one object, `{"customers": [...], "total": 2}`: proposed by `add-source`, read by a night."""

from __future__ import annotations

import json
import tomllib

import pytest

from orchestration.core.configuration import load_settings
from orchestration.core.errors import ConfigurationError, SourceError
from orchestration.extract.extract import extract_source, prepare_raw
from orchestration.proposals.propose import propose
from orchestration.proposals.written import write_source
from orchestration.run.first_rows import first_rows
from tests.unit.proposals.test_nested_api import ORDERS

PEOPLE = [{"id": n, "email": f"a{n}@example.com", "first_name": "Åsa", "last_name": "Ek"} for n in range(1, 31)]


def loaded(proposed, warehouse, home, tmp_path):
    config = tmp_path / "kundbild.toml"
    write_source(config, proposed.block)
    settings = load_settings(config)
    told = [one for name in proposed.names for one in first_rows(name, settings.sources[name], settings.quality)]
    assert not [one.found for one in told if not one.is_ok]
    prepare_raw(warehouse, settings)
    counts = [extract_source(warehouse, home, settings, name) for name in proposed.names]
    return {table: (one.inserted, one.rejected) for of in counts for table, one in of.items()}


@pytest.mark.parametrize("indent", [None, 1])
def test_each_list_of_a_document_is_a_table(tmp_path, home, warehouse, indent):
    (tmp_path / "in").mkdir()
    page = {"exported_at": "2026-01-01", "customers": PEOPLE, "orders": ORDERS, "total": 37}
    (tmp_path / "in" / "export.json").write_text(json.dumps(page, indent=indent, ensure_ascii=False), encoding="utf-8")
    proposed = propose("shop", str(tmp_path / "in"), "SEK")
    source = tomllib.loads(proposed.block)["sources"]["shop"]
    assert source["format"] == "json_pages"
    assert {t: one["paging"]["rows"] for t, one in source["tables"].items()} == {
        "customers": "customers", "orders": "orders", "order_line_items": "orders",
    }  # fmt: skip
    assert loaded(proposed, warehouse, home, tmp_path) == {
        "customers": (30, 0),
        "orders": (7, 0),
        "order_line_items": (14, 0),
    }
    assert warehouse.execute("select count(*) from raw_shop.customers where first_name = 'Åsa'").fetchall() == [(30,)]


def test_pages_of_an_api_that_lie_deeper_are_one_table_of_all_files(tmp_path, home, warehouse):
    (tmp_path / "in").mkdir()
    for n in (1, 2):
        page = {"page": n, "result": {"items": PEOPLE[(n - 1) * 15 : n * 15], "total": 30}}
        (tmp_path / "in" / f"people_{n}.json").write_text(json.dumps(page))
    proposed = propose("shop", str(tmp_path / "in"), "SEK")
    (table,) = tomllib.loads(proposed.block)["sources"]["shop"]["tables"].values()
    assert table["paging"] == {"rows": "result.items"} and table["path"] == "people_[0-9]*.json"
    assert loaded(proposed, warehouse, home, tmp_path) == {"people": (30, 0)}


def test_files_of_several_formats_are_sources_that_know_whose_people_they_name(tmp_path):
    """Each format is a source: people are found in the one that has them, and what cannot be joined is told."""
    (tmp_path / "Customers.json").write_text(json.dumps({"customers": PEOPLE}))
    # whose orders name nobody but by the key of people
    orders = [{**one, "customer": {"id": one["customer"]["id"]}} for one in ORDERS]
    (tmp_path / "orders.jsonl").write_text("\n".join(map(json.dumps, orders)))
    (tmp_path / "products.csv").write_text("sku,name,category\nA1,Tent,Tents\nA2,Ski,Skis\n")
    proposed = propose("shop", str(tmp_path), "SEK")
    sources = tomllib.loads(proposed.block)["sources"]
    has_people = next(name for name, one in sources.items() if "customers" in one["tables"])
    (orders,) = (one["tables"]["orders"] for one in sources.values() if "orders" in one["tables"])
    assert len(sources) == 3 and orders["maps"][0]["constants"]["person_system"] == has_people
    assert [one["entity"] for one in orders["maps"]] == ["orders"]
    lines = next(one["tables"]["order_line_items"] for one in sources.values() if "order_line_items" in one["tables"])
    assert "product_key" in lines["maps"][0]["columns"]
    assert any("product_key: order_items and products are files of two formats" in note for note in proposed.notes)


def test_one_order_with_its_lines_is_a_row_and_no_page(tmp_path):
    (tmp_path / "order.json").write_text(json.dumps(ORDERS[0]))
    (source,) = tomllib.loads(propose("shop", str(tmp_path), "SEK").block)["sources"].values()
    assert source["format"] == "jsonl" and not [one for one in source["tables"].values() if "paging" in one]


def test_a_page_that_is_read_as_lines_says_what_it_has(tmp_path, home, warehouse, extract_files):
    (tmp_path / "in").mkdir()
    (tmp_path / "in" / "people.json").write_text(json.dumps({"customers": PEOPLE}))
    with pytest.raises(SourceError, match="each object has customers") as refused:
        extract_files("jsonl")
    assert 'rows_in = "customers"' in refused.value.to_do
    extract_files("jsonl", rows_in="customers")


@pytest.mark.parametrize("form", ["jsonl", "json_pages"])
@pytest.mark.parametrize(("encoding", "told"), [("cp1252", "Windows-1252"), ("utf-16", "UTF-16")])
def test_json_of_another_encoding_is_told_with_its_name(tmp_path, extract_files, form, encoding, told):
    (tmp_path / "in").mkdir()
    lines = [json.dumps(one, ensure_ascii=False) for one in PEOPLE]
    text = "\n".join(lines) if form == "jsonl" else f'{{"data": [{",".join(lines)}]}}'
    (tmp_path / "in" / "people.json").write_bytes(text.encode(encoding))
    for look in (lambda: extract_files(form), lambda: propose("shop", str(tmp_path / "in"), "SEK")):
        with pytest.raises((SourceError, ConfigurationError), match=f"not UTF-8, as JSON is; it seems to be {told}"):
            look()
    source = load_settings(tmp_path / "kundbild.toml").sources["shop"]
    (found,) = first_rows("shop", source, load_settings(tmp_path / "kundbild.toml").quality)
    assert not found.is_ok and told in found.found


@pytest.fixture
def extract_files(tmp_path, home, warehouse):
    def extract(form, **how):
        config = tmp_path / "kundbild.toml"
        more = "".join(f"{name} = {json.dumps(value)}\n" for name, value in how.items())
        config.write_text(
            f'company = "T"\n[sources.shop]\nconnector = "files"\nformat = "{form}"\nurl = "{tmp_path}/in"\n'
            f'[sources.shop.tables.people]\npath = "people.json"\nkey = ["id"]\n{more}columns = {{ id = "VARCHAR", first_name = "VARCHAR" }}\n'
        )
        settings = load_settings(config)
        prepare_raw(warehouse, settings)
        return extract_source(warehouse, home, settings, "shop")

    return extract


def test_lines_of_objects_that_differ_are_rows_and_no_pages(tmp_path):
    """Each line says who bought and what: of pages nothing but the list would be read."""
    (tmp_path / "in").mkdir()
    rows = [
        {
            "order": {"id": f"o{n}", "createdAt": "2025-01-01T10:00:00Z", "state": "PAID", "total": {"amount": n, "currency": "EUR"}},
            "customer": {"id": n % 7, "name": "Eva Ek", "email": f"a{n % 7}@example.com"},
            "lines": [{"sku": "s0", "title": "x", "qty": 1, "price": 3.3}],
        }
        for n in range(20)
    ]  # fmt: skip
    (tmp_path / "in" / "orders.jsonl").write_text("\n".join(map(json.dumps, rows)))
    proposed = propose("shop", str(tmp_path / "in"), "EUR")
    (source,) = tomllib.loads(proposed.block)["sources"].values()
    assert source["format"] == "jsonl" and not [one for one in source["tables"].values() if "paging" in one]
    assert {one["entity"] for one in source["tables"]["orders"]["maps"]} >= {"orders", "people"}


def test_what_a_page_says_beside_its_list_is_told_as_not_read(tmp_path):
    (tmp_path / "customers.json").write_text(
        json.dumps({"shop": {"region": "north"}, "total": 30, "customers": PEOPLE})
    )
    notes = propose("shop", str(tmp_path), "SEK").notes
    assert [note for note in notes if "not read" in note] == [
        "customers: shop.region: not read, for the file says it beside its lists of rows"
    ]
