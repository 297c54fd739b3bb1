"""WooCommerce's own tables: refunds are orders of negative amounts, guests are the customer 0, from the files to staged rows."""

from __future__ import annotations

from decimal import Decimal

import duckdb
import pytest

from orchestration.core.configuration import load_settings
from orchestration.core.home import Home
from orchestration.core.warehouse import text
from orchestration.proposals.propose import propose
from orchestration.proposals.written import write_source
from tests.unit.vendor_rows import Vendor, write_rows

CUSTOMERS = ["customer_id", "user_id", "username", "first_name", "last_name", "email", "date_last_active", "date_registered", "country", "postcode", "city", "state"]  # fmt: skip


def order(id, total, customer="0", email="anna@example.com", **more):
    said = {"id": id, "status": "wc-completed", "currency": "SEK", "type": "shop_order", "tax_amount": "0", "total_amount": total, "customer_id": customer, "billing_email": email,
            "date_created_gmt": "2026-03-01 22:30:00", "date_updated_gmt": "2026-03-02 08:00:00", "parent_order_id": "0", "payment_method": "card"}  # fmt: skip
    return said | more


def refund(id, parent, total):
    return order(id, total, email="", type="shop_order_refund", parent_order_id=parent)


def item(id, order_id, quantity, net, coupon="0"):
    return {"order_item_id": id, "order_id": order_id, "product_id": "40", "variation_id": "0", "customer_id": "1", "date_created": "2026-03-01 23:30:00",
            "product_qty": quantity, "product_net_revenue": net, "product_gross_revenue": net, "coupon_amount": coupon, "tax_amount": "0"}  # fmt: skip


@pytest.fixture(scope="module")
def shop(modules_warehouse, tmp_path_factory):
    folder = tmp_path_factory.mktemp("woocommerce")
    orders = [
        order("1", "350.00000000"), refund("2", "1", "-40.00000000"), refund("3", "1", "-10.00000000"), order("4", "125.00000000", "17", "bo@example.com", status="wc-processing"),
        order("5", "99.00000000", status="trash", email="eva@example.com"), order("8", "10.00000000", email="cy@example.com"), order("9", "5.00000000", email=""), order("6", "70.00000000", "17", "bo@example.com", status="wc-refunded"), refund("7", "6", "-70.00000000"),
    ]  # fmt: skip
    write_rows(folder / "wp_wc_orders.csv", orders)
    people = [{"customer_id": "1", "email": "anna@example.com", "first_name": "Anna"}, {"customer_id": "2", "user_id": "17", "first_name": "Bo", "email": "bo@example.com"}]  # fmt: skip
    write_rows(folder / "wp_wc_customer_lookup.csv", people, CUSTOMERS)
    items = [item("11", "1", "4", "180", "20"), item("12", "2", "-1", "-45"), item("13", "5", "1", "99")]
    write_rows(folder / "wp_wc_order_product_lookup.csv", items)
    posts = [{"ID": n, "post_author": "1", "post_title": title, "post_type": kind, "post_status": "publish", "guid": ""} for n, title, kind in (("40", "Tent", "product"), ("50", "About us", "page"))]  # fmt: skip
    write_rows(folder / "wp_posts.csv", posts)
    return Vendor(modules_warehouse, Home(tmp_path_factory.mktemp("vendor")).prepare(), folder).add().read()


def test_the_tables_are_known_as_they_are(shop):
    assert {one.vendor.table for one in shop.found.tables if one.vendor} == {"orders", "customers", "items", "posts"}


def test_refunds_are_of_the_order_that_they_pay_back_and_no_orders(shop):
    orders = {one["source_key"]: one for one in shop.staged("orders") if "aside" not in one}
    assert {n: (one["amount"], one.get("refunded_amount")) for n, one in orders.items()} == {
        "1": (Decimal("350.00"), Decimal("50.00")), "4": (Decimal("125.00"), None), "6": (Decimal("70.00"), Decimal("70.00")), "8": (Decimal("10.00"), None), "9": (Decimal("5.00"), None),
    }  # fmt: skip


def test_the_customer_0_is_a_guest(shop):
    orders = {one["source_key"]: one.get("person_key") for one in shop.staged("orders") if "aside" not in one}
    assert orders == {"1": "anna@example.com", "4": "17", "6": "17", "8": "cy@example.com", "9": None}
    people = {one["source_key"]: one.get("given_name") for one in shop.staged("people") if "aside" not in one}
    assert people == {"anna@example.com": "Anna", "17": "Bo", "cy@example.com": None}


def test_an_order_of_an_account_that_was_erased_makes_no_guest(shop):
    shop.con.execute("begin; update raw_shop.orders set customer_id = null, billing_email = null where id = 4")
    orders = {one["source_key"]: one.get("person_key") for one in shop.staged("orders") if "aside" not in one}
    people = [one for one in shop.staged("people") if "aside" not in one]
    shop.con.execute("rollback")
    assert (
        (orders["4"], orders["6"]) == (None, "17") and len(people) == 3 and all("source_key" in one for one in people)
    )


def test_items_of_refunds_and_of_orders_in_the_trash_are_none(shop):
    (one,) = [one for one in shop.staged("order_items") if "aside" not in one]
    assert (one["order_key"], one["quantity"], one["unit_price"], one["discount"]) == ("1", Decimal(4), Decimal(50), Decimal("20.00"))  # fmt: skip


def test_products_are_the_posts_that_are_products(shop):
    assert [one["name"] for one in shop.staged("products") if "aside" not in one] == ["Tent"]


def test_a_database_of_a_shop_is_recognised_whatever_its_tables_begin_with_and_one_of_a_blog_is_not(shop, tmp_path):
    with duckdb.connect(str(tmp_path / "site.duckdb")) as con:
        for table in ("wc_orders", "posts"):
            con.execute(f'create table s7_{table} as from read_csv({text(f"{shop.folder}/wp_{table}.csv")}, all_varchar = true)')  # fmt: skip
        con.execute("create table s7_users as select 1 as id, 'anna@example.com' as email, 'Anna' as first_name, 'Ek' as last_name")  # fmt: skip
    found = propose("site", f"duckdb:///{tmp_path}/site.duckdb", "SEK")
    write_source(tmp_path / "kundbild.toml", found.block)
    tables = load_settings(tmp_path / "kundbild.toml").sources["site"].tables
    assert {name: table.table for name, table in tables.items()} == {
        "orders": "s7_wc_orders", "posts": "s7_posts",
    }  # fmt: skip
    with duckdb.connect(str(tmp_path / "site.duckdb")) as con:
        con.execute("drop table s7_wc_orders")
    blog = propose("site", f"duckdb:///{tmp_path}/site.duckdb", "SEK")
    assert "vendor" not in blog.block and "s7_users" in blog.block
