"""Shopify's tables as dlt lands them: answers of the REST Admin API, as its reference has them, through dlt itself into a database, and from there
to staged rows."""

from __future__ import annotations

from decimal import Decimal

import dlt
import duckdb
import pytest

from orchestration.core.errors import SourceError
from orchestration.core.home import Home
from orchestration.extract.extract import extract_source
from tests.unit.vendor_rows import Vendor

AT = "2026-02-01T10:00:00+01:00"


def customer(id, state, level="single_opt_in"):
    consent = {"state": state, "opt_in_level": level, "consent_updated_at": AT} if state else None
    address = {"id": id, "address1": "Storgatan 1", "city": "Lund", "zip": "223 50", "country_code": "SE"}
    return {"id": id, "first_name": "Anna", "last_name": "Ek", "email": f"{id}@example.com", "phone": None, "orders_count": 1, "total_spent": "1.00", "verified_email": True, "created_at": AT,
            "updated_at": AT, "email_marketing_consent": consent, "default_address": address, "addresses": [address], "note": "likes blue"}  # fmt: skip


def line(id, price, quantity):
    return {"id": id, "product_id": 5, "variant_id": 6, "title": "T", "price": price, "quantity": quantity, "total_discount": "0.00", "gift_card": False, "fulfillment_service": "manual"}  # fmt: skip


def order(id, customer_id, total, lines, refunds=(), **more):
    return {"id": id, "order_number": id, "email": f"guest{id}@example.com", "customer": {"id": customer_id} if customer_id else None, "currency": "SEK", "total_price": total, "total_discounts": "0.00",
            "created_at": AT, "updated_at": AT, "processed_at": AT, "financial_status": "paid", "fulfillment_status": "fulfilled", "cancelled_at": None, "source_name": "web", "test": False,
            "billing_address": {"name": "Bo Ek", "city": "Umeå"}, "line_items": lines, "refunds": list(refunds), **more}  # fmt: skip


def refund(id, order_id, line_id, amount, status="success"):
    transaction = {"id": id + 1, "order_id": order_id, "amount": amount, "currency": "SEK", "gateway": "x", "kind": "refund", "status": status, "test": False}  # fmt: skip
    return {"id": id, "refund_line_items": [{"id": id + 2, "line_item_id": line_id, "quantity": 1, "restock_type": "return"}], "transactions": [transaction]}  # fmt: skip


CUSTOMERS = [
    customer(11, "subscribed", "confirmed_opt_in"),
    customer(12, "unsubscribed"),
    customer(13, "pending"),
    customer(14, None),
]
ORDERS = [
    order(1, 11, "100.00", [line(21, "40.00", 2), line(22, "20.00", 1)], [refund(900, 1, 21, "40.00"), refund(910, 1, 22, "20.00", "failure")]),
    order(2, None, "30.00", [line(23, "30.00", 1)]),
    order(3, 12, "9.00", [line(24, "9.00", 1)], test=True),
]  # fmt: skip
PRODUCTS = [
    {"id": 5, "title": "Tent", "handle": "tent", "product_type": "Tents", "vendor": "Fjäll", "published_scope": "web"}
]


def land(folder, customers=CUSTOMERS, orders=ORDERS):
    """What dlt makes of answers. Returns the database."""
    lake = folder / "lake.duckdb"
    pipeline = dlt.pipeline(
        "shopify", pipelines_dir=str(folder / "pipelines"), destination=dlt.destinations.duckdb(str(lake)), dataset_name="shopify_data"
    )  # fmt: skip
    pipeline.run(
        [dlt.resource(rows, name=name, primary_key="id", write_disposition="merge") for name, rows in (("customers", customers), ("orders", orders), ("products", PRODUCTS))]
    )  # fmt: skip
    return lake


def source_of(warehouse, home, folder, lake):
    return Vendor(warehouse, home, folder).add('wording = "2026-01"', f"duckdb:///{lake}").read()


@pytest.fixture(scope="module")
def shop(modules_warehouse, tmp_path_factory):
    folder = tmp_path_factory.mktemp("dlt")
    return source_of(modules_warehouse, Home(tmp_path_factory.mktemp("vendor")).prepare(), folder, land(folder))


def test_the_tables_are_recognised_by_what_dlt_adds(shop):
    source = shop.settings.sources["shop"]
    assert (source.vendor, source.form) == ("shopify", "dlt")
    assert {*source.tables} == {"customers", "orders", "order_lines", "refund_lines", "refund_transactions", "products"}
    assert source.tables["order_lines"].table == "shopify_data.orders__line_items"
    assert "sms_marketing_consent__state" in source.tables["customers"].lacks, "dlt makes no column of nothing"
    assert "note" not in source.tables["customers"].columns


def test_only_a_subscription_grants_and_no_statement_is_none(shop):
    said = {row["person_key"]: row for row in shop.staged("consent_events")}
    assert (said["11"]["status"], said["11"]["purpose"], "confirmed_at" in said["11"]) == (
        "granted",
        "newsletter",
        True,
    )
    assert (said["12"]["status"], said["12"]["purpose"]) == ("withdrawn", "marketing")
    assert all("ignore" in said[key]["aside"] for key in ("13", "14"))


def test_orders_have_their_lines_refunds_and_guests_and_tests_are_left_out(shop):
    orders, items, people = shop.kept("orders"), shop.kept("order_items"), shop.kept("people")
    assert {key: (one["person_key"], one["amount"], one.get("refunded_amount")) for key, one in orders.items()} == {
        "1": ("11", Decimal(100), Decimal(40)), "2": ("guest2@example.com", Decimal(30), None),
    }  # fmt: skip
    assert {key: (one["order_key"], one["quantity"], one.get("refunded_quantity")) for key, one in items.items()} == {
        "21": ("1", 2, 1), "22": ("1", 1, 1), "23": ("2", 1, None),
    }  # fmt: skip
    assert (people["guest2@example.com"]["full_name"], people["11"]["city"]) == ("Bo Ek", "Lund")
    assert shop.kept("products")["5"]["name"] == "Tent"


def test_a_column_of_consent_that_comes_later_is_not_left_unread(shop, modules_warehouse):
    """Its first value may be somebody's no."""
    with duckdb.connect(str(shop.folder / "lake.duckdb")) as con:
        con.execute("alter table shopify_data.customers add column sms_marketing_consent__state varchar")
    with pytest.raises(SourceError, match="sms_marketing_consent__state says who opted out") as refused:
        extract_source(modules_warehouse, shop.home, shop.settings, "shop")
    assert "out of lacks" in refused.value.to_do


def test_who_never_had_a_time_is_not_subscribed_and_the_time_that_comes_later_is_not_left_unread(
    home, warehouse, tmp_path
):
    never = [customer(id, state) for id, state in ((11, "not_subscribed"), (12, "subscribed"), (13, "pending"))]
    for one in never:
        one["email_marketing_consent"]["consent_updated_at"] = None
        one["sms_marketing_consent"] = {"state": "not_subscribed", "opt_in_level": "unknown", "consent_updated_at": None}  # fmt: skip
    shop = source_of(warehouse, home, tmp_path, land(tmp_path, never))
    assert "email_marketing_consent__consent_updated_at" in shop.tables["customers"].lacks
    said = sorted((one["person_key"], one["channel"], one["status"], one["purpose"]) for one in shop.staged("consent_events") if "aside" not in one)  # fmt: skip
    assert said == [("11", "email", "withdrawn", "marketing"), *((str(id), "sms", "withdrawn", "marketing") for id in (11, 12, 13))]  # fmt: skip
    assert all("ignore" in one["aside"] for one in shop.staged("consent_events") if "aside" in one)
    for channel in ("sms", "email"):
        column = f"{channel}_marketing_consent__consent_updated_at"
        with duckdb.connect(str(tmp_path / "lake.duckdb")) as con:
            con.execute(f"alter table shopify_data.customers add column {column} timestamptz")
        with pytest.raises(SourceError, match=column) as refused:
            extract_source(warehouse, shop.home, shop.settings, "shop")
        assert "out of lacks" in refused.value.to_do
        with duckdb.connect(str(tmp_path / "lake.duckdb")) as con:
            con.execute(f"alter table shopify_data.customers drop column {column}")


def test_an_order_that_dlt_lands_anew_keeps_its_lines_and_lines_of_no_order_are_told(home, warehouse, tmp_path):
    orders = [ORDERS[0] | {"updated_at": "2025-12-01T10:00:00+01:00"}, *ORDERS[1:]]
    shop = source_of(warehouse, home, tmp_path, land(tmp_path, orders=orders))
    with duckdb.connect(str(tmp_path / "lake.duckdb")) as con:  # an order that dlt loaded long ago, and its lines
        con.execute("update shopify_data.orders set _dlt_load_id = '1700000000.5', total_price = 99 where id = 2")
    land(tmp_path, orders=[orders[0]])
    shop.read()
    assert {*shop.kept("order_items")} == {"21", "22", "23"}, "dlt gives an order that it loads anew another id"
    assert shop.kept("orders")["2"]["amount"] == Decimal(30), "what dlt did not load anew is not read"
    way = "select arg_max(way, load_id) from ops.loads where table_name = 'orders'"
    assert warehouse.execute(way).fetchone()[0].startswith("changes: _dlt_load_id from ")
    with duckdb.connect(str(tmp_path / "lake.duckdb")) as con:
        con.execute("update shopify_data.orders__line_items set _dlt_parent_id = 'gone' where id = 21")
    shop.read()
    aside = {row["source_key"]: row["aside"] for row in shop.staged("order_items") if "aside" in row}
    assert aside == {"21": "order_key is missing", "24": "the mapping leaves it out (where)"}
