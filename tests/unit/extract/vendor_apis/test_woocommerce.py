"""WooCommerce's REST API v3, answers specified after its public reference (woocommerce.github.io/woocommerce-rest-api-docs: Authentication,
Pagination, Errors, Orders, Customers, Products) and WordPress's handbook of the REST API (`_fields`). Not recorded."""

from __future__ import annotations

from base64 import b64encode
from decimal import Decimal

import pytest

from orchestration.core.errors import SourceError
from orchestration.core.home import Home
from orchestration.extract.extract import extract_source
from tests.unit.extract.vendor_apis.server import VendorApi, connected, rows, too_many

KEY, SECRET = "ck_1", "cs_1"
AUTH = '[sources.shop.auth]\ntype = "basic"\nuser = "${WOO_KEY}"\npassword = "${WOO_SECRET}"'
REFUSED = {"code": "woocommerce_rest_cannot_view", "message": "Sorry, you cannot list resources.", "data": {"status": 401}}  # fmt: skip


def address(email, name):
    return {"first_name": name, "last_name": "Ek", "company": "", "address_1": "Storgatan 1", "city": "Umeå", "postcode": "90325", "country": "SE", "email": email, "phone": ""}  # fmt: skip


def line(id, product, quantity, subtotal, total):
    return {"id": id, "name": "Tent", "product_id": product, "variation_id": 0, "quantity": quantity, "tax_class": "", "subtotal": subtotal, "total": total, "price": 1.5, "meta_data": []}  # fmt: skip


def order(
    id, total, customer=0, email="anna@example.com", refunds=(), lines=(), status="completed", day="2026-03-02", **more
):
    paid_back = [{"id": id * 100 + n, "reason": "torn", "total": one} for n, one in enumerate(refunds)]
    said = {"id": id, "parent_id": 0, "status": status, "currency": "SEK", "total": total, "discount_total": "0.00", "customer_id": customer, "billing": address(email, "Anna"),
            "shipping": address("", "Neighbour"), "customer_ip_address": "203.0.113.7", "refunds": paid_back, "line_items": [*lines],
            "date_created": "2026-03-01T23:30:00", "date_created_gmt": "2026-03-01T22:30:00", "date_modified_gmt": f"{day}T08:00:00"}  # fmt: skip
    return said | more


ORDERS = [
    order(1, "350.00", refunds=("-40.00", "-10.00"), lines=[line(11, 40, 4, "200.00", "180.00")]),
    order(2, "125.00", 17, "bo@example.com", status="processing", lines=[line(12, 0, 1, "100.00", "100.00")], discount_total="5.00"),
    order(3, "70.00", 99, "editor@example.com", refunds=("-70.00",), status="refunded"),
    order(4, "10.00", email="", status="on-hold"),
    order(5, "9.00", email="eva@example.com", status="checkout-draft", lines=[line(13, 40, 1, "9.00", "9.00")]),
]  # fmt: skip
CUSTOMERS = [{"id": 17, "date_created_gmt": "2025-01-01T10:00:00", "date_modified_gmt": None, "email": "bo@example.com", "first_name": "Bo", "last_name": "By", "role": "customer",
              "username": "bo", "billing": address("bo@example.com", "Bo"), "is_paying_customer": True}]  # fmt: skip
PRODUCTS = [
    {"id": 40, "name": "Tent", "status": "publish", "price": "45.50", "categories": [{"id": 9, "name": "Tents &amp; tarps", "slug": "tents"}, {"id": 10, "name": "Sale", "slug": "sale"}], "date_modified_gmt": "2026-02-01T00:00:00"},
    {"id": 41, "name": "Poles", "status": "draft", "price": "", "categories": [], "date_modified_gmt": "2026-02-01T00:00:00"},
]  # fmt: skip


def answer(asked):
    """`page` and `per_page` of at most 100; a page after the last is empty. `_fields` leaves everything else out."""
    found = {"orders": ORDERS, "customers": CUSTOMERS, "products": PRODUCTS}[asked.path.removeprefix("/wp-json/wc/v3/")]
    if since := asked.query.get("modified_after"):
        # else the shop takes the time as one of its own zone
        assert asked.query["dates_are_gmt"] == "true"
        if found is CUSTOMERS:
            return {"code": "rest_no_route"}, 404, {}
        found = [one for one in found if one["date_modified_gmt"] > since.removesuffix("Z")]
    size, page = int(asked.query["per_page"]), int(asked.query["page"])
    assert size <= 100 and (asked.query["orderby"], asked.query["order"]) == ("id", "asc")
    kept = {name.partition(".")[0] for name in asked.query["_fields"].split(",")}
    told = [{name: one[name] for name in one if name in kept} for one in found[(page - 1) * size : page * size]]
    return told, 200, {"X-WP-Total": str(len(found)), "X-WP-TotalPages": str(-(-len(found) // size))}


def is_known(asked):
    return asked.headers.get("Authorization") == f"Basic {b64encode(f'{KEY}:{SECRET}'.encode()).decode()}"


@pytest.fixture(scope="module")
def api():
    return VendorApi(answer, is_known, (REFUSED, 401, {}), too_many({"code": "too_many_requests"}))


@pytest.fixture(scope="module")
def shop(api, modules_warehouse, tmp_path_factory):
    home = Home(tmp_path_factory.mktemp("woocommerce")).prepare()
    with connected(modules_warehouse, home, api, "woocommerce", AUTH, "page_size = 2", WOO_KEY=KEY, WOO_SECRET=SECRET) as read:  # fmt: skip
        yield read.read()


def test_every_page_is_read_and_one_request_too_many_is_asked_again(shop, api):
    assert api.limited == 1 and len(rows(shop, "orders")) == 4
    asked = [one.query["page"] for one in api.asked if one.path.endswith("orders") and "refunds" in one.query["_fields"]]  # fmt: skip
    assert sorted({*asked}) == ["1", "2", "3", "4"]


def test_refunds_are_of_their_order(shop):
    orders = {one["source_key"]: one for one in rows(shop, "orders")}
    assert {n: (one["amount"], one.get("refunded_amount"), one["status"]) for n, one in orders.items()} == {
        "1": (Decimal("350.00"), Decimal("50.00"), "completed"), "2": (Decimal("125.00"), None, "paid"), "3": (Decimal("70.00"), Decimal("70.00"), "refunded"), "4": (Decimal("10.00"), None, "open"),
    }  # fmt: skip


def test_the_customer_0_is_a_guest_and_who_only_ordered_is_known_by_it(shop):
    assert {one["source_key"]: one.get("person_key") for one in rows(shop, "orders")} == {
        "1": "anna@example.com", "2": "17", "3": "99", "4": None,
    }  # fmt: skip
    people = {one["source_key"]: (one["email"], one["family_name"]) for one in rows(shop, "people")}
    assert {"anna@example.com", "17", "99"} == {*people} and people["99"] == ("editor@example.com", "Ek")
    said = [one["family_name"] for one in rows(shop, "people") if one["source_key"] == "17"]
    assert "By" in said


def test_lines_are_before_coupons_and_a_product_that_is_no_more_is_none(shop):
    lines = {one["source_key"]: one for one in rows(shop, "order_items")}
    assert {*lines} == {"11", "12"} and "product_key" not in lines["12"]
    assert (lines["11"]["order_key"], lines["11"]["quantity"], lines["11"]["unit_price"], lines["11"]["discount"]) == ("1", Decimal(4), Decimal(50), Decimal("20.00"))  # fmt: skip


def test_products_have_their_first_category_and_a_price_where_they_have_one(shop):
    products = {one["source_key"]: (one["name"], one.get("category"), one.get("price")) for one in rows(shop, "products")}  # fmt: skip
    assert products == {"40": ("Tent", "Tents & tarps", Decimal("45.50")), "41": ("Poles", None, None)}


def test_nothing_is_kept_of_what_nobody_asked_for(shop):
    kept = shop.con.execute("select string_agg(o::varchar, '') from raw_shop.orders as o").fetchone()[0]
    assert "203.0.113" not in kept and "Neighbour" not in kept and "torn" not in kept and "90325" in kept


def test_a_second_night_asks_for_what_changed(shop, api):
    api.asked.clear()
    shop.read()
    since = {one.path.rpartition("/")[2]: one.query.get("modified_after") for one in api.asked}
    assert since == {"orders": "2026-03-01T08:00:00Z", "products": "2026-01-31T00:00:00Z", "customers": None}


def test_a_wrong_secret_is_told_and_quoted_nowhere(home, warehouse):
    api = VendorApi(answer, lambda asked: False, (REFUSED, 401, {}))
    read = connected(warehouse, home, api, "woocommerce", AUTH, WOO_KEY=KEY, WOO_SECRET="cs_wrong")
    with read as refused, pytest.raises(SourceError, match="401") as caught:
        extract_source(refused.con, refused.home, refused.settings, "shop")
    assert "cs_wrong" not in f"{caught.value} {caught.value.to_do}"
