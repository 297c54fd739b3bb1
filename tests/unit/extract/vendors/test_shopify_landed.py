"""Shopify's tables as Fivetran lands them: what is odd about them, from the files to staged rows."""

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

SYNCED = {"_fivetran_synced": "2026-03-09 00:00:00.000 "}


def customer(id, state="subscribed", level="confirmed_opt_in", **more):
    consent = {"email_marketing_consent_state": state, "email_marketing_consent_opt_in_level": level, "email_marketing_consent_consent_updated_at": "2026-02-01 10:00:00"}  # fmt: skip
    return {"id": id, "first_name": "Anna", "last_name": "Ek", "email": f"{id}@example.com", "phone": "", "orders_count": 1, "total_spent": "1.00", "created_at": "2026-01-01 10:00:00",
            "updated_at": "2026-02-01 10:00:00", "verified_email": "TRUE", "accepts_marketing": "TRUE", "accepts_marketing_updated_at": "2026-02-01 10:00:00", **consent, "_fivetran_deleted": "FALSE", **SYNCED, **more}  # fmt: skip


def order(id, customer_id="11", **more):
    return {"id": id, "customer_id": customer_id, "email": "guest@example.com", "order_number": id, "currency": "SEK", "presentment_currency": "EUR", "total_price": "100.00", "total_discounts": "0",
            "created_at": "2026-03-01 22:30:00", "processed_at": "2026-03-01 22:30:00", "financial_status": "paid", "fulfillment_status": "", "cancelled_at": "", "source_name": "web",
            "test": "FALSE", "billing_address_name": "Bo Ek", **SYNCED, **more}  # fmt: skip


def order_line(id, order_id, **more):
    return {"id": id, "order_id": order_id, "product_id": "5", "variant_id": "6", "price": "50.00", "quantity": "2", "total_discount": "0", "gift_card": "FALSE", "fulfillment_service": "manual", **SYNCED, **more}  # fmt: skip


def refund(id, order_id, amount, **more):
    return {"id": id, "order_id": order_id, "refund_id": "9", "amount": amount, "gateway": "x", "kind": "refund", "status": "success", "currency": "SEK", "test": "FALSE", **SYNCED, **more}  # fmt: skip


@pytest.fixture(scope="module")
def shop(modules_warehouse, tmp_path_factory):
    folder = tmp_path_factory.mktemp("landed")
    customers = [customer(11), customer(12, "unsubscribed"), customer(13, "pending"), customer(14, "redacted", email=""), customer(15, "not_subscribed"),
                 customer(16, level="single_opt_in"), customer(17, "who_knows"), customer(18, _fivetran_deleted="TRUE")]  # fmt: skip
    write_rows(folder / "customer.csv", customers)
    write_rows(folder / "order.csv", [order(1), order(2, ""), order(3, test="TRUE"), order(4, cancelled_at="2026-03-02 10:00:00"), order(5, financial_status="partially_refunded"),
                                      order(6, "", email="deleted@example.com", _fivetran_deleted="TRUE")])  # fmt: skip
    write_rows(folder / "order_line.csv", [order_line(21, 1), order_line(22, 3), order_line(23, 5), order_line(24, 6)])
    write_rows(folder / "order_line_refund.csv", [{"id": 31, "order_line_id": 23, "refund_id": 9, "restock_type": "return", "quantity": 1, **SYNCED}])  # fmt: skip
    write_rows(folder / "transaction.csv", [refund(41, 5, "30.00"), refund(42, 5, "20.00"), refund(43, 5, "99.00", status="failure"), refund(44, 5, "99.00", kind="sale")])  # fmt: skip
    carts = [{"id": 51 + n, "abandoned_checkout_url": "x", "cart_token": "t", "customer_id": 11, "created_at": "2026-03-01 10:00:00", "completed_at": done, "total_price": "10", "currency": "SEK", **SYNCED} for n, done in enumerate(["", "2026-03-02 10:00:00", ""])]  # fmt: skip
    carts[2] |= {"_fivetran_deleted": "TRUE"}
    write_rows(folder / "abandoned_checkout.csv", carts)
    write_rows(folder / "order_tag.csv", [{"order_id": 1, "index": 1, "value": "vip", **SYNCED}])
    return Vendor(modules_warehouse, Home(tmp_path_factory.mktemp("vendor")).prepare(), folder).add('wording = "2026-01"').read()  # fmt: skip


def by_key(rows):
    return {row["source_key"]: row for row in rows}


def test_tables_that_no_map_reads_are_told_and_not_proposed(shop):
    told = {table.name: table.problem for table in shop.found.tables}
    assert "nothing of shopify is read" in told["order_tag"] and "order_tag" not in shop.found.block
    assert shop.settings.sources["shop"].timezone == "UTC"
    assert not any(table.problem for table in shop.found.tables if table.name != "order_tag")


def test_test_orders_are_left_out_with_their_lines_and_guests_are_known_by_their_address(shop):
    orders = by_key(shop.staged("orders"))
    assert [orders[n].get("aside") for n in "123"] == [None, None, "the mapping leaves it out (where)"]
    assert (orders["1"]["person_key"], orders["2"]["person_key"]) == ("11", "guest@example.com")
    items = by_key(shop.staged("order_items"))
    assert (items["21"]["currency"], items["21"].get("aside")) == ("SEK", None) and "aside" in items["22"]
    assert by_key(shop.staged("people"))["guest@example.com"]["full_name"] == "Bo Ek"


def test_an_order_is_of_a_customer_or_a_guest_and_shares_its_key_with_none(shop):
    meta, items = shop.models["orders"][1], shop.models["order_items"][1]
    assert shop.con.execute(f"select {meta['shared_keys']}, {meta['raw_rows']}").fetchall() == [(0, 6)]
    assert shop.con.execute(f"select {items['raw_rows']}").fetchall() == [(4,)], (
        "tables that are looked up count as none"
    )


def test_amounts_are_in_the_shops_currency_and_partial_refunds_are_of_order_and_line(shop):
    orders, items = by_key(shop.staged("orders")), by_key(shop.staged("order_items"))
    assert {orders[n]["currency"] for n in "1245"} == {"SEK"} and orders["4"]["status"] == "cancelled"
    assert (orders["5"]["amount"], orders["5"]["refunded_amount"]) == (Decimal("100.00"), Decimal("50.00"))
    assert (orders["5"]["status"], items["23"]["refunded_quantity"]) == ("partially refunded", Decimal(1))


def test_a_refund_of_a_later_night_makes_its_order_new(shop):
    """Else the facts that were built would stand: the order's own row has not changed."""
    sql = shop.models["orders"][0]
    before = dict(shop.con.execute(f"select source_key, load_id from ({sql})").fetchall())
    shop.con.execute("begin")
    shop.con.execute("update raw_shop.transaction set _load_id = 1000, amount = 60 where id = 41")
    after = dict(shop.con.execute(f"select source_key, load_id from ({sql})").fetchall())
    shop.con.execute("rollback")
    assert after["5"] == 1000 and {key for key in after if after[key] != before[key]} == {"5"}


def test_only_a_subscription_grants_and_a_confirmed_one_is_a_double_opt_in(shop):
    said = by_key(shop.staged("consent_events"))
    assert (said["11"]["status"], said["11"]["purpose"], said["11"]["wording_version"]) == ("granted", "newsletter", "2026-01")  # fmt: skip
    assert "confirmed_at" in said["11"] and "confirmed_at" not in said["16"]
    denied = {key: (said[key]["status"], said[key]["purpose"]) for key in ("12", "14", "15", "17")}
    assert set(denied.values()) == {("withdrawn", "marketing")}
    assert "ignore" in said["13"]["aside"], "who has not confirmed said nothing yet"


def test_a_customer_of_whom_no_consent_is_told_has_said_nothing(warehouse, home, tmp_path):
    sms = {"sms_marketing_consent_state": "", "sms_marketing_consent_opt_in_level": "", "sms_marketing_consent_consent_updated_at": ""}  # fmt: skip
    yes = dict(zip(sms, ("subscribed", "single_opt_in", "2026-02-01 10:00:00"), strict=True))
    write_rows(tmp_path / "in" / "customer.csv", [customer(11, **sms), customer(12, "", phone="+46701740605", **yes)])
    shop = Vendor(warehouse, home, tmp_path / "in").add('wording = "2026-01"').read()
    aside = [one["aside"] for one in shop.staged("consent_events") if "aside" in one]
    said = {one["channel"] for one in shop.staged("consent_events") if "aside" not in one}
    assert said == {"email", "sms"} and len(aside) == 2 and all("ignore" in why for why in aside)


def test_a_deleted_order_is_left_out_with_its_lines_and_its_guest_and_a_deleted_checkout_too(shop):
    left_out = "the mapping leaves it out (where)"
    found = [by_key(shop.staged(entity))[key].get("aside") for entity, key in [("orders", "6"), ("order_items", "24"), ("people", "deleted@example.com"), ("carts", "53")]]  # fmt: skip
    assert found == [left_out] * 4


def test_deleted_customers_are_left_out_and_counted(shop):
    assert by_key(shop.staged("people"))["18"]["aside"] == "the mapping leaves it out (where)"


def test_a_checkout_that_was_completed_is_no_cart(shop):
    assert [cart.get("aside") for cart in shop.staged("carts")][:2] == [None, "the mapping leaves it out (where)"]
    assert "abandoned_at" not in shop.staged("carts")[0], "the table of this shop has no updated_at"
    assert shop.tables["abandoned_checkout"].lacks == ["email", "updated_at"]


def test_the_tables_of_a_database_are_recognised_in_whatever_schema_they_lie(shop, tmp_path):
    with duckdb.connect(str(tmp_path / "lake.duckdb")) as con:
        con.execute("create schema fivetran_shopify")
        for table in ("customer", "order", "order_line", "order_tag"):
            con.execute(f'create table fivetran_shopify."{table}" as from read_csv({text(str(shop.folder / table) + ".csv")})')  # fmt: skip
    found = propose("lake", f"duckdb:///{tmp_path}/lake.duckdb", "SEK")
    write_source(tmp_path / "kundbild.toml", found.block)
    source = load_settings(tmp_path / "kundbild.toml").sources["lake"]
    assert source.connector == "sql" and source.tables.keys() == {"customer", "order", "order_line"}
    assert source.tables["order"].table == "fivetran_shopify.order" and len(found.block.splitlines()) < 20
