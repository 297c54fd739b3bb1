"""A shop of Medusa 2, filled through its Admin API and read by it as the vendor `medusa`: people, orders, lines, products, with Medusa's own sums.

`make test-servers` collects this, and `make test` does not: npm installs 680 MB, in half a minute or more, and Node 20 must be there.
"""

from __future__ import annotations

from decimal import Decimal

import pytest

from orchestration.core.configuration import load_settings
from orchestration.core.home import Home
from orchestration.core.settings import Engine
from orchestration.core.warehouse import open_warehouse
from orchestration.extract.extract import extract_source, prepare_raw
from tests.systems.medusa.server import served
from tests.unit.mapped import set_clock_and_retention
from tests.unit.vendor_rows import Vendor

# on a machine that does other things too, npm takes minutes
pytestmark = [pytest.mark.system, pytest.mark.timeout(1800)]
CONFIG = """company = "T"
[sources.shop]
connector = "rest"
url = "{url}"
vendor = "medusa"
form = "api"
page_size = 2
[sources.shop.auth]
type = "basic"
user = "${{MEDUSA_KEY}}"
"""


@pytest.fixture(scope="module")
def server(postgres, tmp_path_factory):
    with served(tmp_path_factory.mktemp("medusa"), postgres) as shop:
        yield shop


@pytest.fixture(scope="module")
def filled(server):
    """Key of each thing: more customers and orders than a page has, a guest, a cancelled order, a draft."""
    post = server.post
    post("/admin/regions", name="Nordic", currency_code="sek", countries=["se"])
    region = server.get("/admin/regions")["regions"][0]["id"]
    channel = post("/admin/sales-channels", name="Web")["sales_channel"]["id"]
    category = post("/admin/product-categories", name="Outdoor")["product_category"]["id"]
    size = {"title": "Size", "values": ["S"]}
    one = {"title": "S", "manage_inventory": False, "options": {"Size": "S"}, "prices": [{"amount": 400.5, "currency_code": "sek"}]}  # fmt: skip
    tent = post("/admin/products", title="Tent", status="published", options=[size], variants=[one], categories=[{"id": category}])  # fmt: skip
    variant = tent["product"]["variants"][0]["id"]
    people = {
        name: post("/admin/customers", email=f"{name.lower()}@example.com", first_name=name, last_name="Ek")["customer"]["id"]
        for name in ("Anna", "Bo", "Cy")
    }  # fmt: skip

    def draft(quantity, **whose):
        said = {"region_id": region, "sales_channel_id": channel, "items": [{"variant_id": variant, "quantity": quantity}]}  # fmt: skip
        return post("/admin/draft-orders", **said, **whose)["draft_order"]["id"]

    def order(quantity, **whose):
        return post(f"/admin/draft-orders/{draft(quantity, **whose)}/convert-to-order")["order"]["id"]

    orders = {n: order(n, customer_id=people["Anna"], email="anna@example.com") for n in (1, 2, 3)}
    orders["guest"] = order(4, email="guest@example.com")
    orders["cancelled"] = order(5, customer_id=people["Bo"], email="bo@example.com")
    post(f"/admin/orders/{orders['cancelled']}/cancel")
    draft(6, customer_id=people["Cy"], email="cy@example.com")
    return {"people": people, "orders": orders, "product": tent["product"]["id"]}


@pytest.fixture(scope="module")
def shop(server, filled, new_warehouse, tmp_path_factory):
    home = Home(tmp_path_factory.mktemp("medusa") / "home").prepare()
    home.warehouse.write_bytes(new_warehouse)
    config = home.root / "kundbild.toml"
    config.write_text(CONFIG.format(url=server.url), encoding="utf-8")
    with pytest.MonkeyPatch.context() as patched, open_warehouse(home, Engine()) as con:
        patched.setenv("MEDUSA_KEY", server.key)
        read = Vendor(con, home, home.root)
        read.settings = load_settings(config)
        prepare_raw(con, read.settings)
        extract_source(con, home, read.settings, "shop")
        set_clock_and_retention(con)
        yield read


def rows(shop, entity):
    return [one for one in shop.staged(entity) if "aside" not in one]


def test_everybody_is_read_over_several_pages_and_a_guest_is_a_customer_too(shop, filled):
    people = {one["email"]: one for one in rows(shop, "people")}
    assert {f"{name.lower()}@example.com": key for name, key in filled["people"].items()} == {
        email: one["source_key"] for email, one in people.items() if email != "guest@example.com"
    }
    assert people["guest@example.com"]["source_key"] and people["anna@example.com"]["given_name"] == "Anna"


def test_orders_add_up_to_what_medusa_says(shop, server, filled):
    orders = {one["source_key"]: one for one in rows(shop, "orders")}
    assert set(orders) == set(filled["orders"].values())
    by_medusa = server.get("/admin/orders?limit=100&fields=total,customer_id,status")["orders"]
    assert {key: (one["amount"], one["person_key"], one["status"]) for key, one in orders.items()} == {
        one["id"]: (Decimal(str(one["total"])), one["customer_id"], one["status"]) for one in by_medusa
    }
    assert orders[filled["orders"]["cancelled"]]["status"] == "canceled"
    assert {one["currency"].upper() for one in orders.values()} == {"SEK"}


def test_lines_are_of_their_order_and_product(shop, filled):
    names = {key: name for name, key in filled["orders"].items()}
    lines = rows(shop, "order_items")
    assert {names[one["order_key"]]: one["quantity"] for one in lines} == {
        1: 1, 2: 2, 3: 3, "guest": 4, "cancelled": 5,
    }  # fmt: skip
    assert {(one["product_key"], one["unit_price"]) for one in lines} == {(filled["product"], Decimal("400.5"))}


def test_products_have_a_category(shop, filled):
    assert [(one["source_key"], one["name"], one["category"]) for one in rows(shop, "products")] == [
        (filled["product"], "Tent", "Outdoor")
    ]


def test_the_next_night_asks_for_what_changed(shop, server, filled, monkeypatch):
    monkeypatch.setenv("MEDUSA_KEY", server.key)
    server.post(f"/admin/customers/{filled['people']['Cy']}", phone="+46701740605")
    counts = extract_source(shop.con, shop.home, shop.settings, "shop")
    assert (counts["customers"].inserted, counts["customers"].updated) == (0, 1)
    assert {one["email"]: one.get("phone") for one in rows(shop, "people")}["cy@example.com"] == "+46701740605"
