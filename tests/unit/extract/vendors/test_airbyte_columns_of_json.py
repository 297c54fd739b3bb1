"""Shopify, Klaviyo and Mailchimp as Airbyte lands them in a database: the answers of their APIs, objects and lists in columns of JSON.

The answers are those that tests of the APIs have (vendor_apis), and so is the truth, but for what Airbyte does not bring.
"""

from __future__ import annotations

import json
from decimal import Decimal

import duckdb
import pytest

from orchestration.core.home import Home
from orchestration.run.first_rows import first_rows
from tests.unit.extract.vendor_apis import test_klaviyo as klaviyo
from tests.unit.extract.vendor_apis import test_mailchimp as mailchimp
from tests.unit.extract.vendor_apis import test_shopify as shopify
from tests.unit.extract.vendor_apis.server import rows
from tests.unit.vendor_rows import Vendor

TIMES = ("created_at", "updated_at", "deleted_at", "cancelled_at", "completed_at", "send_time", "timestamp_opt", "last_changed")  # fmt: skip
SHOP = {"customers": shopify.CUSTOMERS, "orders": shopify.ORDERS, "abandoned_checkouts": shopify.CHECKOUTS, "products": shopify.PRODUCTS}  # fmt: skip
# what the connector asks for beside, and the samples of the API do not have
MORE = {
    "customers": {"orders_count": 1},
    "orders": {"order_number": 1, "processed_at": None, "deleted_at": None},
    "products": {"published_scope": "web", "deleted_at": None},
}
GONE = shopify.order(6, "900.00", lines=[shopify.line(61, 1, "900.00")], deleted_at="2026-03-03T10:00:00+01:00")


def landed(value, *, is_json):
    """A value of an answer in its column; empty text is nothing, and false and 0 are what they are."""
    if value is None or value == "":
        return None
    return json.dumps(value) if is_json else value


def land(folder, tables, at="2026-03-04 00:00:00"):
    """A column of a table for each name, of JSON where a value is an object or a list, and what Airbyte adds."""
    lake = folder / "lake.duckdb"
    with duckdb.connect(str(lake)) as con:
        con.execute("create schema if not exists airbyte")
        for name, found in tables.items():
            names = list(dict.fromkeys(column for one in found for column in one))
            nested = {column for column in names for one in found if isinstance(one.get(column), dict | list)}
            kinds = {c: "json" if c in nested else "timestamptz" if c in TIMES else "bigint" if c == "id" and name in SHOP else "varchar" for c in names}  # fmt: skip
            columns = ", ".join(f'"{c}" {kind}' for c, kind in kinds.items())
            con.execute(f"create or replace table airbyte.{name} ({columns}, _airbyte_raw_id uuid, _airbyte_extracted_at timestamptz, _airbyte_meta json, _airbyte_generation_id bigint)")  # fmt: skip
            values = [[landed(one.get(c), is_json=c in nested) for c in names] for one in found]
            marks = ", ".join("?" for _ in names)
            con.executemany(f"insert into airbyte.{name} values ({marks}, gen_random_uuid(), '{at}+00', '{{}}', 1)", values)  # fmt: skip
    return lake


def source_of(con, home, folder, lake):
    return Vendor(con, home, folder).add('wording = "2026-01"', f"duckdb:///{lake}").read()


def with_more(tables):
    return {name: [MORE.get(name, {}) | one for one in found] for name, found in tables.items()}


@pytest.fixture(scope="module")
def shop(modules_warehouse, tmp_path_factory):
    folder = tmp_path_factory.mktemp("shopify")
    lake = land(folder, with_more(SHOP | {"orders": [*shopify.ORDERS, GONE]}))
    return source_of(modules_warehouse, Home(tmp_path_factory.mktemp("vendor")).prepare(), folder, lake)


def test_shopify_is_recognised_and_the_list_of_lines_is_read_where_the_orders_are(shop):
    source = shop.settings.sources["shop"]
    assert (source.vendor, source.form) == ("shopify", "airbyte")
    assert {name: table.table for name, table in source.tables.items()} == {
        "customers": "airbyte.customers", "orders": "airbyte.orders", "items": "airbyte.orders", "checkouts": "airbyte.abandoned_checkouts", "products": "airbyte.products",
    }  # fmt: skip
    assert not any(table.lacks for table in source.tables.values())
    assert [one.found for one in first_rows("shop", source, shop.settings.quality) if not one.is_ok] == []


def test_orders_refunds_lines_and_guests_are_as_the_api_tells_them_and_a_deleted_order_is_left_out(shop):
    orders, items, people = shop.kept("orders"), shop.kept("order_items"), shop.kept("people")
    assert {key: (one.get("person_key"), one["amount"], one.get("refunded_amount"), one["status"]) for key, one in orders.items()} == {
        "1": ("7", Decimal(350), Decimal(50), "partially refunded"), "2": ("guest@example.com", Decimal(125), None, "paid"), "4": ("7", Decimal(70), None, "cancelled"), "5": (None, Decimal(20), None, "open"),
    }  # fmt: skip
    assert {key: (one["order_key"], one["quantity"], one.get("discount"), one.get("refunded_quantity")) for key, one in items.items()} == {
        "11": ("1", 4, Decimal(50), 2), "12": ("1", 1, None, 1), "21": ("2", 1, None, None),
    }  # fmt: skip
    assert {*people} == {"7", "8", "9", "10", "11", "12", "13", "guest@example.com"} and people["7"]["city"] == "Umeå"
    assert [cart["value"] for cart in rows(shop, "carts")] == [Decimal("99.50")]
    assert [one["category"] for one in rows(shop, "products")] == ["Tents"]


def test_consent_is_as_the_api_tells_it(shop):
    said = {(one["person_key"], one["channel"]): (one["status"], one["purpose"], "confirmed_at" in one) for one in rows(shop, "consent_events")}  # fmt: skip
    refused = ("withdrawn", "marketing", False)
    assert said == {("7", "email"): ("granted", "newsletter", True), ("7", "sms"): refused, ("9", "email"): refused, ("11", "email"): ("granted", "newsletter", False)}  # fmt: skip


def test_a_second_night_reads_what_airbyte_wrote_since_and_finds_who_is_gone_and_keeps_only_what_is_mapped(
    warehouse, home, tmp_path
):
    shop = source_of(warehouse, home, tmp_path, land(tmp_path, with_more(SHOP)))
    changed = shopify.order(1, "99.00", lines=[shopify.line(11, 1, "99.00")])
    merged = [one for one in SHOP["customers"] if one["id"] != 12]
    land(shop.folder, with_more({"orders": [changed], "customers": merged}), "2026-03-09 00:00:00")
    shop.read()
    ways = dict(shop.con.execute("select table_name, arg_max(way, load_id) from ops.loads where source = 'shop' group by all").fetchall())  # fmt: skip
    assert ways["orders"].startswith("changes: _airbyte_extracted_at") and ways["items"].startswith("changes: ")
    assert {key: one["amount"] for key, one in shop.kept("orders").items()}["1"] == Decimal(99)
    assert len(shop.kept("orders")) == 4, "what did not change stays"
    gone = {str(key) for (key,) in shop.con.execute("select id from raw_shop.customers where _deleted_at is not null").fetchall()}  # fmt: skip
    assert gone == {"12"}, "a customer who was deleted, or merged into another one, is not overwritten"
    told = "".join(shop.con.execute(f"select string_agg(o::varchar, '') from raw_shop.{table} as o").fetchone()[0] for table in ("orders", "customers", "items"))  # fmt: skip
    assert not [word for word in ("203.0.113", "ring the bell", "torn", "likes tents") if word in told]


def test_klaviyo_has_its_consents_suppressions_and_events(warehouse, home, tmp_path):
    profiles = [one | {"updated": klaviyo.SINCE, "relationships": {}, "segments": {}} for one in klaviyo.PROFILES]
    events = [one | {"datetime": klaviyo.SINCE, "links": {}} for one in klaviyo.EVENTS]
    metrics = [{"type": "metric", "id": id, "updated": klaviyo.SINCE, "links": {}, "attributes": {"name": called, "integration": {"object": "integration", "name": by}}} for id, (called, by) in klaviyo.METRICS.items()]  # fmt: skip
    campaigns = [one | {"updated_at": klaviyo.SINCE, "links": {}} for of in klaviyo.CAMPAIGNS.values() for one in of]
    lake = land(tmp_path, {"profiles": profiles, "events": events, "metrics": metrics, "campaigns": campaigns})
    mail = source_of(warehouse, home, tmp_path, lake)
    source = mail.settings.sources["shop"]
    assert (source.vendor, source.form, {*source.tables}) == (
        "klaviyo", "airbyte", {"profiles", "suppressions", "list_suppressions", "events", "metrics", "campaigns"},
    )  # fmt: skip
    said = {}
    for one in rows(mail, "consent_events"):
        said.setdefault((one["person_key"], one["channel"]), []).append((one["status"], one["purpose"]))
    yes, no = ("granted", "newsletter"), ("withdrawn", "marketing")
    assert {key: sorted(of) for key, of in said.items() if key[1] == "email"} == {
        (key, "email"): of for key, of in {"A": [yes], "B": [no], "C": [no], "D": [yes, no], "E": [yes], "F": [yes], "G": [yes, no], "H": [yes, no]}.items()
    }  # fmt: skip
    assert said["F", "sms"] == [yes] and said["H", "sms"] == said["A", "sms"] == [no]
    found = {(one["source_key"].partition("|")[0], one["kind"]): one["campaign_key"] for one in rows(mail, "email_events")}  # fmt: skip
    assert found == {("e1", "sent"): "MSG1", ("e1", "delivered"): "MSG1", ("e2", "opened"): "MSG1", ("e7", "opened"): "MSG1", ("e6", "bounced"): "FLOW9"}  # fmt: skip
    assert {*mail.kept("campaigns")} == {"MSG1", "MSG2", "MSG4"} and mail.kept("people")["A"]["postal_code"] == "90325"


def test_mailchimp_has_its_members_and_what_they_did(warehouse, home, tmp_path):
    answered = [one for one in mailchimp.MEMBERS if one["status"] != "archived"]
    activity = [{key: one[key] for key in ("campaign_id", "list_id", "email_id", "email_address")} | act for one in mailchimp.ACTIVITY for act in one["activity"]]  # fmt: skip
    campaigns = [one | {"web_id": 1, "emails_sent": 3, "recipients": {"list_id": "l1"}} for one in mailchimp.CAMPAIGNS]
    mail = source_of(warehouse, home, tmp_path, land(tmp_path, {"list_members": answered, "email_activity": activity, "campaigns": campaigns}))  # fmt: skip
    source = mail.settings.sources["shop"]
    assert (source.vendor, source.form, source.tables["members"].table) == ("mailchimp", "airbyte", "airbyte.list_members")  # fmt: skip
    said = {}
    for one in rows(mail, "consent_events"):
        said.setdefault(one["person_key"], set()).add((one["status"], one["purpose"]))
    assert said == {
        "l1|hash-anna": {("granted", "newsletter")}, "l2|hash-anna": {("granted", "newsletter")}, "l1|hash-bo": {("withdrawn", "newsletter")},
        "l1|hash-cy": {("withdrawn", "newsletter"), ("withdrawn", "marketing")},
    }  # fmt: skip
    (fia,) = (one["aside"] for one in mail.staged("consent_events") if one["person_key"] == "l1|hash-fia" and one["status"] == "granted")  # fmt: skip
    assert "stated_at" in fia, "who was imported has no time of a sign-up"
    assert {(one["person_key"], one["kind"]) for one in rows(mail, "email_events")} == {("l1|hash-anna", "opened"), ("l1|hash-anna", "clicked"), ("l1|hash-di", "bounced")}  # fmt: skip
    assert [one["name"] for one in rows(mail, "campaigns")] == ["February"]
