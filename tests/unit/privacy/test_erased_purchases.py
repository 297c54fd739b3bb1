"""A row of what was sold stays when its buyer is erased, and nothing of them stays in it, whichever map says so (rules 25 and 28)."""

from __future__ import annotations

import pytest

from orchestration.core.configuration import load_settings
from orchestration.core.settings import Source, Table
from orchestration.core.warehouse import open_warehouse
from orchestration.extract.extract import prepare_raw
from tests.unit.two_people import asked, erase_anna

COLUMNS = ("order_no", "email", "name", "city", "amount", "receiver", "receiver_name")
ORDERS = {"entity": "orders", "columns": {"source_key": "order_no", "person_key": "email", "amount": "amount", "ordered_at": "order_no"}}  # fmt: skip
BUYERS = {"entity": "people", "one_row_per_key": True, "columns": {"source_key": "email", "full_name": "name", "city": "city"}}  # fmt: skip
RECEIVERS = {"entity": "people", "one_row_per_key": True, "columns": {"source_key": "receiver", "full_name": "receiver_name"}}  # fmt: skip
TABLE = Table.model_validate({"columns": dict.fromkeys(COLUMNS, "VARCHAR"), "key": ["order_no"], "path": "*.csv", "maps": [ORDERS, BUYERS, RECEIVERS]})  # fmt: skip


def test_whoever_is_found_by_a_key_loses_all_that_is_read_of_them_and_nobody_else_does():
    emptied = {}
    for person in TABLE.whose:
        emptied.setdefault(person.key, []).append(person.emptied)
    assert emptied == {"email": [["city", "name"], ["city", "name"]], "receiver": [["receiver_name"]]}


GUESTS = ORDERS | {"where": "city = 'none'", "columns": ORDERS["columns"] | {"person_key": "receiver"}}
IN_TWO_WAYS = TABLE.model_copy(update={"maps": Table.model_validate({"columns": dict.fromkeys(COLUMNS, "VARCHAR"), "maps": [ORDERS, BUYERS, GUESTS, RECEIVERS]}).maps})  # fmt: skip


def test_of_a_buyer_whom_orders_name_in_one_of_two_ways_both_go():
    theirs = {"name", "receiver_name"}
    assert [{*person.emptied} - {"city"} for person in IN_TWO_WAYS.whose] == [
        {"receiver"} | theirs, {"receiver"} | theirs, {"email"} | theirs, {"email"} | theirs,
    ]  # fmt: skip


def add_records(con, built, *records):
    """Records of Anna's in other sources."""
    (columns,) = zip(*con.execute("select column_name from (describe identity.customer_source_records)").fetchall(), strict=True)  # fmt: skip
    for number, (source, key) in enumerate(records):
        own = {"source_system": f"'{source}'", "source_key": f"'{key}'", "record_id": str(4711 + number)}
        con.execute(f"insert into identity.customer_source_records select {', '.join(own.get(c, c) for c in columns)} from identity.customer_source_records where customer_id = ? limit 1", [built["1"]])  # fmt: skip


SHOPS = [
    ("woocommerce", "landed", "orders", "id", ("customer_id", "billing_email"), ()),
    ("woocommerce", "export", "orders", "order_id", ("customer_id", "billing_email"), ("billing_last_name", "billing_address_1")),
    ("shopify", "landed", "order", "id", ("customer_id", "email"), ("billing_address_name", "billing_address_address_1")),
    ("shopify", "dlt", "orders", "id", ("customer__id", "email"), ("billing_address__name", "billing_address__address1")),
]  # fmt: skip


@pytest.mark.parametrize(("vendor", "form", "table", "key", "who", "more"), SHOPS)
def test_an_order_of_an_account_keeps_no_address_that_would_make_a_guest_of_it(home, settings, built, write_config, vendor, form, table, key, who, more):  # fmt: skip
    said = f'company = "T"\n[sources.shop]\nconnector = "files"\nurl = "/x"\nvendor = "{vendor}"\nform = "{form}"\n'
    shop = load_settings(write_config(said)).sources
    settings = settings.model_copy(update={"sources": {**settings.sources, **shop}})
    columns = ", ".join([key, *who, *more])
    with open_warehouse(home, settings.engine) as con:
        prepare_raw(con, settings)
        for row in (("1", "17", "anna@work.se"), ("2", "18", "bo@dahl.se")):
            values = [*row, *("Ek" for _ in more)]
            con.execute(f'insert into raw_shop."{table}" ({columns}, _load_id) values ({", ".join("?" * len(values))}, 1)', values)  # fmt: skip
        add_records(con, built, ("shop", "17"))
    erase_anna(home, settings, built)
    rows = asked(home, f'select {columns.replace(key, f"{key}::varchar", 1)} from raw_shop."{table}" order by 1')
    assert [tuple(value if value is None else str(value) for value in row) for row in rows] == [
        ("1", None, None, *(None for _ in more)), ("2", "18", "bo@dahl.se", *("Ek" for _ in more)),
    ]  # fmt: skip


def test_the_name_in_an_order_goes_with_the_key_of_who_was_erased(home, settings, built):
    source = Source(connector="files", url=str(home.root), tables={"orders": TABLE})
    settings = settings.model_copy(update={"sources": {**settings.sources, "shop": source}})
    with open_warehouse(home, settings.engine) as con:
        prepare_raw(con, settings)
        row = "insert into raw_shop.orders (order_no, email, name, city, amount, receiver, receiver_name, _load_id) values "
        con.execute(f"{row} ('1', 'anna@berg.se', 'Anna Berg', 'Lund', '9', 'bo@dahl.se', 'Bo Dahl', 1), ('2', 'bo@dahl.se', 'Bo Dahl', 'Ystad', '7', null, null, 1)")  # fmt: skip
        add_records(con, built, ("shop", "anna@berg.se"))
    erase_anna(home, settings, built)
    assert asked(home, "select order_no, email, name, city, amount, receiver, receiver_name from raw_shop.orders order by 1") == [
        ("1", None, None, None, "9", "bo@dahl.se", "Bo Dahl"), ("2", "bo@dahl.se", "Bo Dahl", "Ystad", "7", None, None),
    ]  # fmt: skip
