"""WooCommerce's exports of orders, customers and products: what is odd about them, from the files to staged rows."""

from __future__ import annotations

from decimal import Decimal

import pytest

from orchestration.core.home import Home
from orchestration.proposals.recognised import recognised
from tests.unit.vendor_rows import Vendor, write_rows

# the columns of the extension's source, in its order
ORDER = [
    "order_id", "order_number", "order_number_formatted", "order_date", "status", "shipping_total", "shipping_tax_total", "fee_total", "fee_tax_total",
    "tax_total", "discount_total", "order_total", "refunded_total", "order_currency", "payment_method", "shipping_method", "customer_id",
    "billing_first_name", "billing_last_name", "billing_full_name", "billing_company", "vat_number", "billing_email", "billing_phone",
    "billing_address_1", "billing_address_2", "billing_postcode", "billing_city", "billing_state", "billing_state_code", "billing_country",
    "shipping_first_name", "shipping_last_name", "shipping_address_1", "shipping_postcode", "shipping_city", "shipping_country", "customer_note",
]  # fmt: skip
ITEM = [
    "item_id", "item_product_id", "item_name", "item_sku", "item_quantity", "item_subtotal", "item_subtotal_tax", "item_total", "item_total_tax",
    "item_refunded", "item_refunded_qty", "item_meta",
]  # fmt: skip
REST = ["shipping_items", "fee_items", "tax_items", "coupon_items", "refunds", "order_notes", "download_permissions"]
CUSTOMERS = [
    "customer_id", "first_name", "last_name", "user_login", "email", "user_pass", "date_registered", "billing_first_name", "billing_last_name",
    "billing_full_name", "billing_company", "billing_email", "billing_phone", "billing_address_1", "billing_address_2", "billing_postcode",
    "billing_city", "billing_state", "billing_state_code", "billing_country", "shipping_first_name", "shipping_last_name", "total_spent", "order_count",
]  # fmt: skip
PRODUCTS = [
    "ID", "Type", "SKU", "GTIN, UPC, EAN, or ISBN", "Name", "Published", "Is featured?", "Visibility in catalog", "Short description",
    "Description", "Date sale price starts", "Date sale price ends", "Tax status", "Tax class", "In stock?", "Stock", "Sale price",
    "Regular price", "Categories", "Tags", "Images", "Parent", "Position",
]  # fmt: skip
# WebToffee's Order Export, one line for each item
WEBTOFFEE = [
    "order_id", "order_number", "order_date", "paid_date", "status", "shipping_total", "discount_total", "order_total", "order_subtotal", "order_currency",
    "payment_method", "customer_id", "customer_user", "customer_email", "billing_first_name", "billing_last_name", "billing_email", "billing_phone",
    "billing_address_1", "billing_postcode", "billing_city", "billing_country", "wt_import_key", "refund_items",
    "item_product_id", "item_name", "item_sku", "item_quantity", "item_subtotal", "item_subtotal_tax", "item_total", "item_total_tax",
    "item_refunded", "item_refunded_qty", "item_meta",
]  # fmt: skip


def line(
    order,
    customer="0",
    email="anna@example.com",
    item="9",
    product="40",
    name="Tent",
    quantity="1",
    subtotal="100.00",
    total="100.00",
    **more,
):
    said = {"order_id": order, "order_number": order, "order_date": "2026-03-01 23:30:00", "status": "completed", "discount_total": "0.00", "order_total": "125.00",
            "refunded_total": "0.00", "order_currency": "SEK", "customer_id": customer, "billing_email": email, "billing_first_name": "Anna", "billing_last_name": "Ek",
            "billing_country": "SE"}  # fmt: skip
    items = {"item_id": item, "item_product_id": product, "item_name": name, "item_quantity": quantity, "item_subtotal": subtotal, "item_total": total, "item_refunded_qty": "0"}  # fmt: skip
    return {**said, **items, **more}


@pytest.fixture(scope="module")
def shop(modules_warehouse, tmp_path_factory):
    folder = tmp_path_factory.mktemp("woocommerce")
    rows = [
        line("1", discount_total="20.00", order_total="350.00"),
        line("1", item="10", product="41", name="Stove", quantity="4", subtotal="200.00", total="180.00", discount_total="20.00", order_total="350.00"),
        line("2", "17", "bo@example.com", billing_first_name="Bo", status="processing"),
        line("3", "17", "bo.work@example.com", refunded_total="40.00", item_refunded_qty="-1", status="refunded"),
        line("4", status="checkout-draft"), line("5", status="on-hold", product="0"), line("6", status="cancelled"),
    ]  # fmt: skip
    write_rows(folder / "orders-export-2026-03-02.csv", rows, [*ORDER, *ITEM, *REST])
    people = [
        {"customer_id": "17", "email": "bo@example.com", "first_name": "Bo", "last_name": "Ek", "user_login": "bo", "user_pass": "$P$secret", "date_registered": "2025-01-02 10:00:00"},
        {"customer_id": "0", "email": "anna@example.com", "first_name": "Anna", "last_name": "Ek"},
    ]  # fmt: skip
    write_rows(folder / "customers-export-2026-03-02.csv", people, CUSTOMERS)
    goods = [{"ID": "40", "Type": "simple", "Name": "Tent, green", "Published": "1", "Regular price": "1299,50", "Categories": "Outdoor > Tents, Sale"}]  # fmt: skip
    write_rows(folder / "wc-product-export-2-3-2026-1.csv", goods, PRODUCTS)
    found = Vendor(modules_warehouse, Home(tmp_path_factory.mktemp("vendor")).prepare(), folder).add().read()
    write_rows(folder / "orders-export-2026-03-03.csv", [line("5", status="completed", product="0", item="11")], [*ORDER, *ITEM, *REST])  # fmt: skip
    return found.read()


def test_orders_are_their_lines_and_sums_are_of_the_order_once(shop):
    orders = {one["source_key"]: one for one in shop.staged("orders")}
    assert {n: (one.get("amount"), one.get("status")) for n, one in orders.items() if "aside" not in one} == {
        "1": (Decimal("350.00"), "completed"), "2": (Decimal("125.00"), "paid"), "3": (Decimal("125.00"), "refunded"),
        "5": (Decimal("125.00"), "completed"), "6": (Decimal("125.00"), "cancelled"),
    }  # fmt: skip
    assert orders["3"]["refunded_amount"] == Decimal("40.00") and orders["1"]["discount"] == Decimal("20.00")
    assert orders["4"]["aside"] == "the mapping leaves it out (where)"
    assert len(shop.staged("orders")) == 6, "a map that leaves an order out does not hide it in the other map"


def test_the_customer_0_is_a_guest_whose_address_is_all_that_is_known(shop):
    keys = {one["source_key"]: one["person_key"] for one in shop.staged("orders") if "aside" not in one}
    assert keys == {"1": "anna@example.com", "2": "17", "3": "17", "5": "anna@example.com", "6": "anna@example.com"}
    people = {one["source_key"]: one for one in shop.staged("people") if "aside" not in one}
    assert people.keys() == {"17", "anna@example.com"} and people["17"]["email"] == "bo@example.com"
    assert people["17"]["created_at"].isoformat() == "2025-01-02T10:00:00"


def test_items_have_the_price_before_coupons_and_the_newest_files_lines_count(shop):
    items = {(one["order_key"], one.get("product_key")): one for one in shop.staged("order_items") if "aside" not in one}  # fmt: skip
    stove = items["1", "41"]
    assert (stove["quantity"], stove["unit_price"], stove["discount"]) == (Decimal(4), Decimal(50), Decimal("20.00"))
    assert items["3", "40"]["refunded_quantity"] == 1
    assert [product for order, product in items if order == "5"] == [None], "a product that is no more has the id 0"


def test_products_are_those_of_the_catalogue_and_what_else_was_sold(shop):
    products = {one["source_key"]: one for one in shop.staged("products") if "aside" not in one}
    assert {n: one["name"] for n, one in products.items()} == {"40": "Tent, green", "41": "Stove"}
    assert (products["40"]["price"], products["40"]["category"]) == (Decimal("1299.50"), "Outdoor > Tents")


def test_no_password_is_read_and_nothing_grants(shop):
    assert "user_pass" not in shop.tables["customers"].columns
    assert "consent_events" not in {m.entity for table in shop.tables.values() for m in table.maps}


def test_other_forms_of_the_same_export_are_known(shop):
    assert recognised([*ORDER, "line_items", *REST]).entities and "item_quantity" in recognised([*ORDER, "line_items", *REST]).lacks  # fmt: skip
    webtoffee = recognised(WEBTOFFEE)
    assert (webtoffee.vendor, webtoffee.table, webtoffee.lacks) == ("woocommerce", "orders", ("refunded_total",))  # fmt: skip
    report = ["Name", "Username", "Last Active", "Sign Up", "Email", "Orders", "Total Spend", "AOV", "Country / Region", "City", "Region", "Postal Code"]  # fmt: skip
    assert recognised(report).table == "customers_report" and recognised(PRODUCTS).table == "products"
