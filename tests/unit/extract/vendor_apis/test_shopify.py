"""Shopify's REST Admin API, answers specified after its public reference (shopify.dev: "REST Admin API", Customer, Order, Refund, Product, Abandoned
checkouts; "Make paginated requests to the REST Admin API"; "REST Admin API rate limits"). Not recorded."""

from __future__ import annotations

from datetime import datetime
from decimal import Decimal

import pytest

from orchestration.core.home import Home
from tests.unit.extract.vendor_apis.server import VendorApi, connected, rows, too_many

TOKEN = "shpat_1"
AUTH = '[sources.shop.auth]\ntype = "api_key"\nname = "X-Shopify-Access-Token"\nkey = "${SHOPIFY_TOKEN}"'
REFUSED = {"errors": "[API] Invalid API key or access token (unrecognized login or wrong password)"}
VERSION = "/admin/api/2026-07/"


def customer(id, email, consent=None, sms=None, **more):
    def said(state, level, at):
        return {"state": state, "opt_in_level": level, "consent_updated_at": at}

    return {"id": id, "email": email, "first_name": "Anna", "last_name": "Ek", "phone": "+46701234567" if sms else None, "note": "likes tents", "tags": "vip", "orders_count": 1,
            "created_at": "2025-01-01T10:00:00+01:00", "updated_at": "2026-03-02T09:00:00+01:00", "verified_email": True,
            "email_marketing_consent": said(*consent) if consent else None, "sms_marketing_consent": said(*sms) | {"consent_collected_from": "SHOPIFY"} if sms else None,
            "default_address": {"id": 1, "address1": "Storgatan 1", "city": "Umeå", "zip": "903 25", "country_code": "SE", "default": True}} | more  # fmt: skip


def money(id, amount, kind="refund", status="success", currency="SEK"):
    return {"id": id, "kind": kind, "status": status, "amount": amount, "currency": currency, "gateway": "klarna", "test": False}  # fmt: skip


def refund(id, transactions=(), lines=()):
    said = [{"id": id * 10 + n, "line_item_id": line, "quantity": quantity, "restock_type": "return", "subtotal": 1.0} for n, (line, quantity) in enumerate(lines)]  # fmt: skip
    return {"id": id, "note": "torn", "refund_line_items": said, "transactions": [*transactions], "order_adjustments": []}  # fmt: skip


def line(id, quantity, price, discounts=(), product=40):
    given = [{"amount": one, "discount_application_index": 0} for one in discounts]
    return {"id": id, "product_id": product, "variant_id": 1, "title": "Tent", "quantity": quantity, "current_quantity": quantity, "price": price, "total_discount": "0.00", "discount_allocations": given, "gift_card": False}  # fmt: skip


def order(id, total, who=7, email="anna@example.com", refunds=(), lines=(), **more):
    said = {"id": id, "name": f"#{id}", "email": email, "currency": "SEK", "presentment_currency": "SEK", "total_price": total,
            "total_discounts": "0.00", "created_at": "2026-03-01T23:30:00+01:00", "updated_at": "2026-03-02T08:00:00+01:00", "financial_status": "paid", "fulfillment_status": "fulfilled",
            "cancelled_at": None, "source_name": "web", "test": False, "billing_address": {"name": "Gäst Ek", "address1": "Storgatan 1", "city": "Umeå", "zip": "90325", "country_code": "SE"},
            "browser_ip": "203.0.113.7", "refunds": [*refunds], "line_items": [*lines], "note": "ring the bell"}  # fmt: skip
    return said | ({"customer": {"id": who, "email": email, "state": "enabled"}} if who else {}) | more


CUSTOMERS = [
    customer(7, "anna@example.com", ("subscribed", "confirmed_opt_in", "2026-01-05T10:00:00+01:00"), ("unsubscribed", "single_opt_in", "2026-02-05T10:00:00+01:00")),
    customer(8, "bo@example.com", ("pending", "confirmed_opt_in", "2026-01-05T10:00:00+01:00")),
    customer(9, "cy@example.com", ("not_subscribed", "single_opt_in", None)),
    customer(10, None, first_name=None, last_name=None, default_address=None),  # redacted
    customer(12, "eva@example.com"), {key: value for key, value in customer(13, "fia@example.com").items() if key != "default_address"},
    customer(11, "di@example.com", ("subscribed", "single_opt_in", "2026-01-06T10:00:00+01:00")),
]  # fmt: skip
TWO = refund(1, [money(1, "40.00"), money(2, "99.00", status="failure")], [(11, 1)])
ORDERS = [
    order(1, "350.00", refunds=[TWO, refund(2, [money(3, "10.00")], [(11, 1), (12, 1)])], lines=[line(11, 4, "100.00", ["30.00", "20.00"]), line(12, 1, "0.00", product=None)], financial_status="partially_refunded"),
    order(2, "125.00", who=None, email="guest@example.com", lines=[line(21, 1, "125.00")], source_name="pos", fulfillment_status=None),
    order(3, "10.00", lines=[line(31, 1, "10.00")], test=True),
    order(4, "70.00", cancelled_at="2026-03-01T23:45:00+01:00", refunds=[refund(4, [money(5, "7.00", currency="EUR")])], presentment_currency="EUR"),
    order(5, "20.00", who=None, email="", financial_status="pending"),
]  # fmt: skip
CHECKOUTS = [
    {"id": 70, "token": "t", "cart_token": "c", "email": "bo@example.com", "customer": {"id": 8}, "created_at": "2026-03-01T10:00:00+01:00", "updated_at": "2026-03-01T10:20:00+01:00",
     "completed_at": done, "total_price": "99.50", "currency": "SEK", "abandoned_checkout_url": "https://shop.example.com/checkouts/ac/t/recover?key=1"} | {"id": id}
    for id, done in ((70, None), (71, "2026-03-01T11:00:00+01:00"))
]  # fmt: skip
PRODUCTS = [{"id": 40, "title": "Tent", "product_type": "Tents", "vendor": "Fjäll", "handle": "tent", "updated_at": "2026-02-01T00:00:00+01:00"}]  # fmt: skip
PAGES = {"customers": CUSTOMERS, "orders": ORDERS, "checkouts": CHECKOUTS, "products": PRODUCTS}


def answer(asked):
    """Pages by `page_info` of the header Link, beside which nothing but limit and fields may be said; limit is 250 at most."""
    name = asked.path.removeprefix(VERSION).removesuffix(".json")
    found, limit = PAGES[name], int(asked.query["limit"])
    if info := asked.query.get("page_info"):
        if {*asked.query} - {"page_info", "limit", "fields"}:
            return {"errors": {"page_info": "Invalid value."}}, 400, {}
        since, at = info.rsplit("~", 1)
    else:
        since, at = asked.query.get("updated_at_min", ""), "0"
        if name == "orders" and asked.query.get("status") != "any":
            found = [one for one in found if not one["cancelled_at"]]
    found = [one for one in found if not since or datetime.fromisoformat(one["updated_at"]) >= datetime.fromisoformat(since)]  # fmt: skip
    fields = asked.query.get("fields", "").split(",")
    page = [one if fields == [""] else {key: one[key] for key in one if key in fields} for one in found[int(at) : int(at) + limit]]  # fmt: skip
    links = {}
    if int(at) + limit < len(found):
        more = f"&fields={','.join(fields)}" if fields != [""] else ""
        url = f"http://{asked.headers['Host']}{asked.path}?limit={limit}&page_info={since}~{int(at) + limit}{more}"
        links["Link"] = f'<{url.replace(":00Z~", ":00Z~")}>; rel="next"'
    return {name: page}, 200, {"X-Shopify-Shop-Api-Call-Limit": "1/40", **links}


@pytest.fixture(scope="module")
def api():
    return VendorApi(answer, lambda asked: asked.headers.get("X-Shopify-Access-Token") == TOKEN, (REFUSED, 401, {}),
                     too_many({"errors": "Exceeded 2 calls per second for api client. Reduce request rates to resume uninterrupted service."}))  # fmt: skip


@pytest.fixture(scope="module")
def shop(api, modules_warehouse, tmp_path_factory):
    home = Home(tmp_path_factory.mktemp("shopify")).prepare()
    said = 'page_size = 2\nwording = "2026-01"'
    with connected(modules_warehouse, home, api, "shopify", AUTH, said, SHOPIFY_TOKEN=TOKEN) as read:
        yield read.read()


def test_every_page_is_read_also_of_cancelled_orders_and_one_request_too_many_is_asked_again(shop, api):
    assert api.limited == 1
    assert shop.con.execute("select count(*) from raw_shop.orders").fetchone() == (5,)
    assert shop.con.execute("select count(*) from raw_shop.customers").fetchone() == (7,)


def test_a_test_order_is_none_and_what_was_paid_back_in_the_orders_currency_is_its_refund(shop):
    orders = {one["source_key"]: one for one in rows(shop, "orders")}
    assert {n: (one["amount"], one.get("refunded_amount"), one["status"], one["channel"]) for n, one in orders.items()} == {
        "1": (Decimal("350.00"), Decimal("50.00"), "partially refunded", "web"), "2": (Decimal("125.00"), None, "paid", "store"),
        "4": (Decimal("70.00"), None, "cancelled", "web"), "5": (Decimal("20.00"), None, "open", "web"),
    }  # fmt: skip
    assert orders["1"]["ordered_at"] == datetime(2026, 3, 1, 22, 30)


def test_a_guest_is_known_by_the_address_of_the_order(shop):
    assert {one["source_key"]: one.get("person_key") for one in rows(shop, "orders")} == {
        "1": "7", "2": "guest@example.com", "4": "7", "5": None,
    }  # fmt: skip
    people = {one["source_key"]: one for one in rows(shop, "people")}
    assert {*people} == {"7", "8", "9", "10", "11", "12", "13", "guest@example.com"}
    assert people["guest@example.com"]["full_name"] == "Gäst Ek" and "email" not in people["10"]


def test_only_a_subscription_grants_and_a_confirmed_one_is_a_double_opt_in(shop):
    said = {(one["person_key"], one["channel"]): one for one in rows(shop, "consent_events")}
    assert {key: (one["status"], one["purpose"]) for key, one in said.items()} == {
        ("7", "email"): ("granted", "newsletter"), ("7", "sms"): ("withdrawn", "marketing"), ("9", "email"): ("withdrawn", "marketing"), ("11", "email"): ("granted", "newsletter"),
    }  # fmt: skip
    assert said["7", "email"]["confirmed_at"] == said["7", "email"]["stated_at"] == datetime(2026, 1, 5, 9)
    assert {one.get("aside") for one in shop.staged("consent_events")} == {
        None,
        "status is one of those that the mapping ignores",
    }
    assert "confirmed_at" not in said["11", "email"] and said["11", "email"]["wording_version"] == "2026-01"


def test_lines_have_all_their_discounts_and_what_came_back_of_them(shop):
    lines = {one["source_key"]: one for one in rows(shop, "order_items")}
    told = {key: (one["order_key"], one["quantity"], one["unit_price"], one.get("discount"), one.get("refunded_quantity")) for key, one in lines.items()}  # fmt: skip
    assert told == {
        "11": ("1", Decimal(4), Decimal(100), Decimal("50.00"), Decimal(2)), "12": ("1", Decimal(1), Decimal(0), None, Decimal(1)), "21": ("2", Decimal(1), Decimal(125), None, None),
    }  # fmt: skip
    assert "product_key" not in lines["12"]


def test_a_checkout_that_was_paid_in_the_end_is_no_abandoned_one(shop):
    (cart,) = rows(shop, "carts")
    assert (cart["source_key"], cart["person_key"], cart["value"]) == ("70", "8", Decimal("99.50"))


def test_nothing_is_kept_of_what_nobody_asked_for(shop):
    kept = "".join(shop.con.execute(f"select string_agg(o::varchar, '') from raw_shop.{table} as o").fetchone()[0] for table in ("orders", "customers", "items", "checkouts"))  # fmt: skip
    assert not [word for word in ("203.0.113", "ring the bell", "torn", "likes tents", "recover?key") if word in kept]


def test_a_second_night_asks_for_what_changed_and_reads_statements_whole(shop, api):
    api.asked.clear()
    shop.read()
    since = {(one.path.removeprefix(VERSION), one.query.get("updated_at_min")) for one in api.asked if "page_info" not in one.query}  # fmt: skip
    assert since == {
        ("customers.json", None), ("orders.json", "2026-03-01T07:00:00Z"), ("checkouts.json", "2026-02-28T09:20:00Z"), ("products.json", "2026-01-30T23:00:00Z"),
    }  # fmt: skip
    assert shop.con.execute("select count(*), count(distinct id) from raw_shop.orders").fetchone() == (5, 5)
