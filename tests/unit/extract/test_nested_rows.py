"""Nested JSON as an API or a file has it: `customer.id` is a column, the lines of orders are a table of their own."""

from __future__ import annotations

import json

import pytest

from orchestration.core.errors import SourceError
from orchestration.core.settings import Settings, Source, Table
from orchestration.core.settings.maps import EntityMap
from orchestration.extract.extract import extract_source, prepare_raw
from tests.unit.privacy.identity_numbers import ANNA

ORDERS = [
    {"id": 1, "customer": {"id": 7, "email": "anna@example.com", "address": {"city": "Lund"}},
     "lineItems": [{"sku": "A", "quantity": 2}, {"sku": "B", "quantity": 1, "price": {"amount": "9.50"}}]},
    {"id": 2, "customer": None, "lineItems": []},
    {"id": 3, "customer": {"id": 8, "phone": "070-1"}, "lineItems": [{"sku": "A", "quantity": "many"}, "torn"]},
]  # fmt: skip
ORDER_COLUMNS = {
    "id": "BIGINT",
    "customer.id": "BIGINT",
    "customer.email": "VARCHAR",
    "customer.address.city": "VARCHAR",
}
LINES = {
    "columns": {"order_id": "BIGINT", "place": "BIGINT", "sku": "VARCHAR", "quantity": "INTEGER", "price.amount": "DECIMAL(18,2)"},
    "key": ["order_id", "place"], "rows_in": "lineItems", "carried": {"order_id": "id", "place": "#"},
}  # fmt: skip
FORMS = ["rest", "jsonl", "json_pages"]


@pytest.fixture
def load(home, warehouse, tmp_path, serve_json):
    def go(form, rows, **table):
        if form == "rest":
            source = Source(
                connector="rest", url=serve_json(lambda asked: {"data": rows}), paging={"next": "none"},
                tables={"things": Table(**table)},
            )  # fmt: skip
        else:
            lines = [json.dumps(row) for row in rows]
            written = "\n".join(lines) + "\n" if form == "jsonl" else f'{{"data": [{", ".join(lines)}]}}'
            (tmp_path / "things.json").write_text(written)
            spec = Table(path="things.json", **table)
            source = Source(connector="files", url=str(tmp_path), format=form, tables={"things": spec})
        settings = Settings(company="T", sources={"shop": source}, quality={"max_reject_share": 0.9})
        prepare_raw(warehouse, settings)
        return extract_source(warehouse, home, settings, "shop")["things"]

    return go


@pytest.mark.parametrize("form", FORMS)
def test_a_column_may_be_a_path(load, warehouse, form):
    counts = load(form, ORDERS, columns=ORDER_COLUMNS, key=["id"])
    read = ", ".join(f'"{column}"' for column in ORDER_COLUMNS)
    assert warehouse.execute(f"select {read} from raw_shop.things order by id").fetchall() == [
        (1, 7, "anna@example.com", "Lund"), (2, None, None, None), (3, 8, None, None),
    ]  # fmt: skip
    assert counts.added_columns == ["customer.phone", "lineItems"], "what nobody declared is told"


@pytest.mark.parametrize("form", FORMS)
def test_a_list_is_a_table_of_its_own_with_the_keys_of_its_parent(load, warehouse, form):
    counts = load(form, ORDERS, **LINES)
    assert warehouse.execute("select order_id, place, sku, quantity, \"price.amount\"::varchar from raw_shop.things order by all").fetchall() == [
        (1, 1, "A", 2, None), (1, 2, "B", 1, "9.50"),
    ]  # fmt: skip
    rejected = "select reason_code, content from quarantine.rejected_rows order by all"
    assert counts.rejected == 2
    assert [code for code, _ in warehouse.execute(rejected).fetchall()] == ["not_an_object", "not_of_type"]


@pytest.mark.parametrize("form", FORMS)
def test_a_name_with_a_dot_that_stands_there_is_read_as_it_is(load, warehouse, form):
    load(form, [{"id": 1, "customer.id": 5}], columns={"id": "BIGINT", "customer.id": "BIGINT"}, key=["id"])
    assert warehouse.execute('select "customer.id" from raw_shop.things').fetchall() == [(5,)]


@pytest.mark.parametrize("form", FORMS)
def test_a_list_that_no_row_has_is_told_and_empty_lists_are_none(load, form):
    with pytest.raises(SourceError, match="none of 30 rows has lineItems"):
        load(form, [{"id": n} for n in range(30)], **LINES)
    assert load(form, [{"id": n, "lineItems": []} for n in range(30)], **LINES).inserted == 0


@pytest.mark.parametrize("form", FORMS)
def test_a_part_that_is_gone_is_told_with_what_may_be_its_new_name(load, form):
    load(form, ORDERS, columns=ORDER_COLUMNS, key=["id"])
    renamed = [
        {"id": n, "customer": {"key": n, "email": "a@example.com", "address": {"city": "Lund"}}} for n in range(5)
    ]
    with pytest.raises(SourceError, match=r"customer\.id is gone; new there: customer\.key"):
        load(form, renamed, columns=ORDER_COLUMNS, key=["id"])


@pytest.mark.parametrize("form", FORMS)
def test_a_path_may_name_a_place_in_a_list(load, warehouse, form):
    rows = [{"id": 1, "emails": [{"a": "x@example.com"}, {"a": "y@example.com"}]}, {"id": 2, "emails": []}]
    columns = {"id": "BIGINT", "emails.0.a": "VARCHAR", "emails.-1.a": "VARCHAR"}
    assert load(form, rows, columns=columns, key=["id"]).rejected == 0
    assert warehouse.execute('select "emails.0.a", "emails.-1.a" from raw_shop.things order by id').fetchall() == [
        ("x@example.com", "y@example.com"), (None, None),
    ]  # fmt: skip
    load(form, [{"id": 3, "emails": []}], columns=columns, key=["id"])


@pytest.mark.parametrize("form", FORMS)
def test_a_list_may_lie_deeper(load, warehouse, form):
    rows = [{"id": 1, "links": {"people": {"results": [{"id": 7}, {"id": 8}]}}}, {"id": 2, "links": {"people": {"results": []}}}, {"id": 3, "links": {}}]  # fmt: skip
    path = "links.people.results.0.id"
    load(form, rows, columns={"id": "BIGINT", path: "BIGINT"}, key=["id"])
    assert warehouse.execute(f'select id, "{path}" from raw_shop.things order by id').fetchall() == [(1, 7), (2, None), (3, None)]  # fmt: skip


def test_names_in_mixed_case_and_with_signs_are_columns_of_an_api(load, warehouse):
    columns = {"orderId": "BIGINT", "Förnamn": "VARCHAR", "it's": "VARCHAR"}
    load("rest", [{"orderId": 1, "Förnamn": "Åsa", "it's": "so"}], columns=columns, key=["orderId"])
    assert warehouse.execute("select * exclude (_extracted_at) from raw_shop.things").fetchall()[0][:3] == (
        1,
        "Åsa",
        "so",
    )


def test_a_list_is_only_read_where_rows_are_json(tmp_path):
    with pytest.raises(ValueError, match="only rest, sql, jsonl and json_pages"):
        Source(connector="files", url=str(tmp_path), tables={"lines": Table(**LINES)})
    with pytest.raises(ValueError, match="carried says 'order_id'"):
        Table(columns={"sku": "VARCHAR"}, carried={"order_id": "id"})


@pytest.mark.parametrize("form", FORMS)
def test_what_may_not_enter_stays_out_of_paths_too(load, warehouse, form):
    rows = [
        {"id": n, "buyer": {"company": ANNA, "name": f"Anna Berg {ANNA}", "company_note": "Jag är gravid", "org_number": ANNA}}
        for n in range(3)
    ]  # fmt: skip
    columns = {"id": "BIGINT"} | dict.fromkeys(("buyer.name", "buyer.company_note", "buyer.org_number"), "VARCHAR")
    load(form, rows, columns=columns, key=["id"])
    kept = warehouse.execute("select distinct columns('buyer.*') from raw_shop.things").fetchall()
    assert "gravid" not in str(kept) and ANNA not in str(kept) and "Anna Berg" in str(kept)


@pytest.mark.parametrize("form", FORMS)
def test_what_is_carried_is_there_also_where_it_is_null_and_as_the_row_has_it(load, warehouse, form):
    columns = {"order": "BIGINT", "sku": "VARCHAR", "total": "BIGINT", "customer": "VARCHAR", "amount": "DECIMAL(20,2)"}
    carried = {"order": "id", "total": "total", "customer": "customer"}
    line = {"sku": "a", "customer": {"id": 9, "x": 1}, "total": 5}
    plain = {"sku": "b", "amount": 1234567890.91}
    rows = [{"id": 1, "total": None, "customer": {"id": 5}, "lines": [line, plain]}, {"id": 2, "lines": [{}]}]
    counts = load(form, rows, columns=columns, key=["order", "sku"], rows_in="lines", carried=carried, texts=[])
    assert not [note for note in counts.notes if "total" in note], "it is null, and not gone"
    read = (
        'select "order", sku, total, customer, amount::varchar from raw_shop.things where sku is not null order by sku'
    )
    assert [(o, s, t, json.loads(c), a) for o, s, t, c, a in warehouse.execute(read).fetchall()] == [
        (1, "a", None, {"id": 5}, None), (1, "b", None, {"id": 5}, "1234567890.91"),
    ]  # fmt: skip


@pytest.mark.parametrize("form", FORMS)
def test_what_is_carried_and_null_in_every_row_is_not_told_as_gone(load, form):
    how = {
        "columns": {"order": "BIGINT", "sku": "VARCHAR", "total": "BIGINT"},
        "key": ["order", "sku"],
        "rows_in": "lines",
    }
    rows = [{"id": n, "total": None, "lines": [{"sku": "a"}]} for n in range(30)]
    counts = load(form, rows, **how, carried={"order": "id", "total": "total"})
    assert (counts.inserted, counts.notes) == (30, [])


@pytest.mark.parametrize("form", FORMS)
def test_a_carried_key_that_is_called_otherwise_now_is_an_error_and_rows_do_not_fall_together(load, form):
    renamed = [{"number" if name == "id" else name: value for name, value in row.items()} for row in ORDERS]
    with pytest.raises(SourceError, match="no row has id, which is carried as order_id"):
        load(form, renamed, **LINES)
    within = LINES | {"carried": {"order_id": "customer.id", "place": "#"}}
    with pytest.raises(SourceError, match=r"no row has customer\.id"):
        load(form, [{"customer": {"number": 1}, "lineItems": [{"sku": "A", "quantity": 1}]}], **within)
    assert load(form, [{"customer": None, "lineItems": [{"sku": "A", "quantity": 1}]}], **within).source_rows == 1


def test_of_several_files_each_has_the_carried_key(home, warehouse, tmp_path):
    for name, key in (("a.json", "id"), ("b.json", "number")):
        (tmp_path / name).write_text(json.dumps({key: 1, "lineItems": [{"sku": "A"}]}) + "\n")
    columns = {"order_id": "BIGINT", "place": "BIGINT", "sku": "VARCHAR"}
    table = Table(path="*.json", **LINES | {"columns": columns})
    source = Source(connector="files", url=str(tmp_path), format="jsonl", tables={"things": table})
    settings = Settings(company="T", sources={"shop": source})
    prepare_raw(warehouse, settings)
    with pytest.raises(SourceError, match="no row has id"):
        extract_source(warehouse, home, settings, "shop")


@pytest.mark.parametrize("form", FORMS)
def test_a_withdrawal_whose_carried_address_is_called_otherwise_now_is_an_error(load, form):
    said = {"channel": "email", "contact_point_type": "email", "purpose": "marketing", "status": "withdrawn"}
    maps = [
        EntityMap(
            entity="consent_events", constants=said, columns={"source_key": ["id", "place"], "contact_point": "email"}
        )
    ]
    columns = {"id": "BIGINT", "place": "BIGINT", "email": "VARCHAR", "reason": "VARCHAR"}
    table = {
        "columns": columns,
        "key": ["id", "place"],
        "rows_in": "no",
        "maps": maps,
        "carried": {"id": "id", "place": "#", "email": "of.email"},
    }
    row = {"id": 1, "no": [{"reason": "spam"}]}
    with pytest.raises(SourceError, match=r"no row has of\.email"):
        load(form, [{**row, "of": {"mail": "anna@example.com"}}], **table)
    assert load(form, [{**row, "of": {"email": None}}], **table).inserted == 1
    assert load(form, [{**row, "of": {"mail": "anna@example.com"}}], **table, filled_only=["email"]).source_rows == 1


@pytest.mark.parametrize("form", FORMS)
def test_the_name_of_an_object_may_be_a_number(load, warehouse, form):
    rows = [{"id": 1, "fields": {"12": {"value": "a"}, "7": "b"}}, {"id": 2, "fields": None}]
    columns = {"id": "BIGINT", "fields.12.value": "VARCHAR", "fields.7": "VARCHAR"}
    load(form, rows, columns=columns, key=["id"])
    found = warehouse.execute('select "fields.12.value", "fields.7" from raw_shop.things order by id').fetchall()
    assert found == [("a", "b"), (None, None)]
