"""Shopify's exports of orders, customers and checkouts: what is odd about them, from the files to staged rows."""

from __future__ import annotations

from decimal import Decimal

import pytest

from orchestration.core.home import Home
from tests.unit.vendor_rows import Vendor, write_rows

ORDERS = [
    "Name",
    "Email",
    "Financial Status",
    "Paid at",
    "Fulfillment Status",
    "Fulfilled at",
    "Accepts Marketing",
    "Currency",
    "Subtotal",
    "Shipping",
    "Taxes",
    "Total",
    "Discount Code",
    "Discount Amount",
    "Shipping Method",
    "Created at",
    "Lineitem quantity",
    "Lineitem name",
    "Lineitem price",
    "Lineitem compare at price",
    "Lineitem sku",
    "Lineitem requires shipping",
    "Lineitem taxable",
    "Lineitem fulfillment status",
    "Billing Name",
    "Billing Street",
    "Billing Address1",
    "Billing Address2",
    "Billing Company",
    "Billing City",
    "Billing Zip",
    "Billing Province",
    "Billing Country",
    "Billing Phone",
    "Shipping Name",
    "Shipping Street",
    "Shipping Address1",
    "Shipping Address2",
    "Shipping Company",
    "Shipping City",
    "Shipping Zip",
    "Shipping Province",
    "Shipping Country",
    "Shipping Phone",
    "Notes",
    "Note Attributes",
    "Cancelled at",
    "Payment Method",
    "Payment Reference",
    "Refunded Amount",
    "Vendor",
    "Outstanding Balance",
    "Employee",
    "Location",
    "Device ID",
    "Id",
    "Tags",
    "Risk Level",
    "Source",
    "Lineitem discount",
    "Tax 1 Name",
    "Tax 1 Value",
    "Phone",
    "Receipt Number",
    "Duties",
    "Billing Province Name",
    "Shipping Province Name",
    "Payment ID",
    "Payment Terms Name",
    "Next Payment Due At",
    "Payment References",
]
CUSTOMERS = [
    "Customer ID",
    "First Name",
    "Last Name",
    "Email",
    "Accepts Email Marketing",
    "Default Address Company",
    "Default Address Address1",
    "Default Address Address2",
    "Default Address City",
    "Default Address Province Code",
    "Default Address Country Code",
    "Default Address Zip",
    "Default Address Phone",
    "Phone",
    "Accepts SMS Marketing",
    "Total Spent",
    "Total Orders",
    "Note",
    "Tax Exempt",
    "Tags",
]


def order(name, email="", **more):
    """The first line of an order."""
    said = {"Financial Status": "paid", "Fulfillment Status": "fulfilled", "Currency": "SEK", "Total": "100.00", "Discount Amount": "0.00",
            "Refunded Amount": "0.00", "Created at": "2026-03-01 23:30:00 +0100", "Payment Method": "Shopify Payments", "Source": "web"}  # fmt: skip
    return {"Name": name, "Email": email, **said, **line(name, email), **more}


def line(name, email="", item="Tent - Green", quantity="1", price="100.00", **more):
    """A further line of an order: of the order it says its name, address and time alone."""
    lineitem = {
        "Lineitem name": item,
        "Lineitem quantity": quantity,
        "Lineitem price": price,
        "Lineitem discount": "0.00",
    }
    return {"Name": name, "Email": email, "Created at": "2026-03-01 23:30:00 +0100", **lineitem, **more}


def customer(key, email_says, **more):
    said = {"Customer ID": f"'{key}", "Email": f"{key}@example.com", "Accepts Email Marketing": email_says}
    return {**said, "Accepts SMS Marketing": "no", "Total Spent": "0.00", "Total Orders": "0", **more}


@pytest.fixture(scope="module")
def shop(modules_warehouse, tmp_path_factory):
    """Two exports of orders, the customers and the checkouts."""
    folder = tmp_path_factory.mktemp("exports")
    lines = [
        order("#1001", "anna@example.com", Total="250.00", **{"Billing Name": "Anna Ek", "Billing Zip": "'111 22", "Currency": "EUR"}),
        line("#1001", "anna@example.com", "Stove", "3", "50.00"), line("#1001", "anna@example.com", "Stove", "3", "50.00"),
        order("#1002"), line("#1002", item="Stove"),
        order("#1003", **{"Payment Method": "(for testing) Bogus Gateway"}), line("#1003", item="Stove"),
        order("#1004", **{"Cancelled at": "2026-03-02 08:00:00 +0100", "Financial Status": "voided"}),
        order("#1005", **{"Financial Status": "partially_refunded", "Refunded Amount": "40.00"}),
        order("#1006", **{"Financial Status": "authorized"}), order("#1007", **{"Fulfillment Status": "unfulfilled"}),
    ]  # fmt: skip
    write_rows(folder / "orders_export_1.csv", lines, ORDERS)
    people = [customer("1", "yes"), customer("2", "no"), customer("3", "maybe"), customer("4", "yes", Email="", Phone="'+46701740605 ")]  # fmt: skip
    write_rows(folder / "customers_export.csv", people, CUSTOMERS)
    header = ["Id", *(c for c in ORDERS if c not in ("Id", "Financial Status", "Paid at")), "Abandoned Checkout URL"]
    carts = [{"Id": "77", "Total": "300.00", "Currency": "SEK", **line("", "bo@example.com", quantity="2")}, {"Id": "77", "Lineitem name": "Stove", "Lineitem quantity": "1"}]  # fmt: skip
    write_rows(folder / "checkouts_export_1.csv", carts, header)
    found = Vendor(modules_warehouse, Home(tmp_path_factory.mktemp("vendor")).prepare(), folder).add().read()
    write_rows(folder / "orders_export_2.csv", [order("#1002", **{"Financial Status": "refunded", "Refunded Amount": "100.00"})], ORDERS)  # fmt: skip
    return found.read()


def test_exports_are_recognised_and_a_few_lines_of_configuration_say_it(shop):
    written = [line for line in shop.found.block.splitlines() if line and not line.startswith("#")]
    assert written[3:5] == ['vendor = "shopify"', 'form = "export"'] and len(written) == 8
    assert shop.tables.keys() == {"orders", "customers", "checkouts"} and not shop.tables["orders"].lacks
    told = {table.vendor.told for table in shop.found.tables}
    assert "shopify export: orders, people, order_items, products" in told


def test_the_lines_of_an_order_are_one_order_and_its_first_line_says_what_is_of_all(shop):
    one = shop.staged("orders")[0]
    assert (one["source_key"], one["person_key"], one["amount"]) == ("#1001", "anna@example.com", Decimal("250.00"))
    assert one["ordered_at"].isoformat() == "2026-03-01T22:30:00" and one["status"] == "completed"
    items = [item for item in shop.staged("order_items") if item["order_key"] == "#1001"]
    said = sorted((item["product_key"], item["quantity"], item["currency"]) for item in items)
    assert said == [("Stove", Decimal(3), "EUR"), ("Stove", Decimal(3), "EUR"), ("Tent - Green", Decimal(1), "EUR")]
    assert not any("aside" in row for row in [one, *items])


def test_an_order_that_a_later_export_has_again_counts_once_as_it_is_there(shop):
    (one,) = [one for one in shop.staged("orders") if one["source_key"] == "#1002"]
    assert (one["status"], one["refunded_amount"]) == ("refunded", Decimal("100.00"))
    items = shop.staged("order_items")
    sql = f"select deleted_at is null, load_id = max(load_id) over () from ({shop.models['order_items'][0]}) where order_key = '#1002' order by 1"
    deleted, stands = (False, True), (True, True)
    assert shop.con.execute(sql).fetchall() == [deleted, deleted, stands], "the lines before are deleted by the load that replaced them"  # fmt: skip
    counted = shop.con.execute(f"select {shop.models['order_items'][1]['raw_rows']}").fetchall()
    assert counted == [(len(items),)], "a line that a newer file replaced is no row that was lost"


def test_test_orders_are_left_out_with_all_of_their_lines_and_counted(shop):
    left_out = "the mapping leaves it out (where)"
    (one,) = [one for one in shop.staged("orders") if one["source_key"] == "#1003"]
    items = [item["aside"] for item in shop.staged("order_items") if item["order_key"] == "#1003"]
    assert [one["aside"], *items] == [left_out] * 3


def test_a_status_is_of_payment_fulfilment_and_cancelling_together(shop):
    said = {one["source_key"]: one.get("status") for one in shop.staged("orders")}
    assert [said[f"#100{n}"] for n in "4567"] == ["cancelled", "partially refunded", "open", "paid"]


def test_guests_without_an_address_are_nobody_and_currencies_are_each_orders_own(shop):
    orders = shop.staged("orders")
    assert ("person_key" in orders[1], orders[0]["currency"], orders[1]["currency"]) == (False, "EUR", "SEK")
    (anna,) = [one for one in shop.staged("people") if one["source_key"] == "anna@example.com"]
    assert (anna["full_name"], anna["postal_code"]) == ("Anna Ek", "111 22")


def test_a_yes_of_the_customers_has_no_time_and_grants_nothing_and_whatever_else_denies(shop):
    email = [one for one in shop.staged("consent_events") if one["channel"] == "email"]
    said = {one["contact_point"]: one for one in email if "contact_point" in one}
    assert "ignore" in said["1@example.com"]["aside"] and "granted" not in {one["status"] for one in email}
    assert all(said[f"{n}@example.com"]["status"] == "withdrawn" and "stated_at" in said[f"{n}@example.com"] for n in "23")  # fmt: skip
    assert "aside" not in said["2@example.com"] and said["2@example.com"]["purpose"] == "marketing"
    assert len([one for one in shop.staged("people") if one["source_key"].startswith("'")]) == 4


def test_an_apostrophe_before_a_number_and_a_blank_behind_it_are_no_part_of_it(shop):
    phones = {row["phone"] for row in shop.staged("people") if "phone" in row}
    points = {
        row["contact_point"]
        for row in shop.staged("consent_events")
        if row["contact_point_type"] == "phone" and "contact_point" in row
    }
    assert phones == points == {"+46701740605"}


def test_a_box_at_the_checkout_is_no_statement(shop):
    assert "Accepts Marketing" not in shop.tables["orders"].columns
    assert {one.entity for one in shop.tables["orders"].maps} == {"orders", "people", "order_items", "products"}


def test_a_checkout_is_a_cart_of_its_lines(shop):
    (one,) = shop.staged("carts")
    assert (one["value"], one["items"], one["person_key"]) == (Decimal("300.00"), Decimal(3), "bo@example.com")
