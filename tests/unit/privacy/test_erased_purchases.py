"""A row of what was sold stays when its buyer is erased, and nothing of them stays in it, whichever map says so (rules 25 and 28)."""

from __future__ import annotations

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


def test_the_name_in_an_order_goes_with_the_key_of_who_was_erased(home, settings, built):
    source = Source(connector="files", url=str(home.root), tables={"orders": TABLE})
    settings = settings.model_copy(update={"sources": {**settings.sources, "shop": source}})
    with open_warehouse(home, settings.engine) as con:
        prepare_raw(con, settings)
        row = "insert into raw_shop.orders (order_no, email, name, city, amount, receiver, receiver_name, _load_id) values "
        con.execute(f"{row} ('1', 'anna@berg.se', 'Anna Berg', 'Lund', '9', 'bo@dahl.se', 'Bo Dahl', 1), ('2', 'bo@dahl.se', 'Bo Dahl', 'Ystad', '7', null, null, 1)")  # fmt: skip
        (columns,) = zip(*con.execute("select column_name from (describe identity.customer_source_records)").fetchall(), strict=True)  # fmt: skip
        own = {"source_system": "'shop'", "source_key": "'anna@berg.se'", "record_id": "4711"}
        con.execute(f"insert into identity.customer_source_records select {', '.join(own.get(c, c) for c in columns)} from identity.customer_source_records where customer_id = ? limit 1", [built["1"]])  # fmt: skip
    erase_anna(home, settings, built)
    assert asked(home, "select order_no, email, name, city, amount, receiver, receiver_name from raw_shop.orders order by 1") == [
        ("1", None, None, None, "9", "bo@dahl.se", "Bo Dahl"), ("2", "bo@dahl.se", "Bo Dahl", "Ystad", "7", None, None),
    ]  # fmt: skip
