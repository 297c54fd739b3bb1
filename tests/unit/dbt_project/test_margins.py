"""Margins of order lines, products and customers, by hand-written rows: each figure against what one counts by hand."""

from __future__ import annotations

from datetime import date, datetime

import pytest

from tests.unit.compiled import compiled_models
from tests.unit.dbt_project.insight import Marts

AT = datetime(2026, 3, 1, 12)
SHOP = {"source_system": "shop", "load_id": 1}


@pytest.fixture(scope="module")
def models(tmp_path_factory) -> dict[str, str]:
    return compiled_models(tmp_path_factory, ["fct_order_items", "customer_purchases", "product_performance"])  # fmt: skip


@pytest.fixture
def marts(warehouse, models) -> Marts:
    marts = Marts(
        warehouse, models,
        ("conformed_order_items", "conformed_orders", "conformed_products", "exchange_rates_by_day", "fct_orders", "dim_products"),
    )  # fmt: skip
    marts.add(
        "marts.exchange_rates_by_day",
        *({"currency": c, "rated_on": date(2026, 3, 1), "exchange_rate": r} for c, r in (("SEK", 1.0), ("EUR", 11.0))),
    )
    marts.add(
        "conformed.conformed_products",
        *({**SHOP, "source_key": k, "unit_cost": c, "currency": m}
          for k, c, m in (("tent", 600, "SEK"), ("boot", 20, "EUR"), ("sock", None, "SEK"), ("gift", 5, "USD"))),
    )  # fmt: skip
    return marts


def sell(marts: Marts, key: str, *lines: dict, status: str = "paid", currency: str = "SEK") -> None:
    marts.add("conformed.conformed_orders", {**SHOP, "source_key": key, "status": status, "ordered_at": AT, "currency": currency})  # fmt: skip
    marts.add(
        "conformed.conformed_order_items",
        *({**SHOP, "source_key": f"{key}-{n}", "order_key": key, "ordered_at": AT} | line for n, line in enumerate(lines)),
    )  # fmt: skip


def line(product: str, quantity: float, price: float, **more) -> dict:
    return {"product_key": product, "quantity": quantity, "unit_price": price} | more


def margins(marts: Marts) -> dict[str, tuple]:
    found = marts.by("fct_order_items", "source_key")
    return {key: (row["net_amount"], row["cost_amount"], row["margin_amount"]) for key, row in found.items()}


def test_the_margin_of_a_line_is_what_it_brought_less_what_the_kept_units_cost(marts):
    sell(marts, "a", line("tent", 2, 1000, discount=100), line("tent", 3, 1000, refunded_quantity=1), line("tent", -1, 1000),
         line("tent", 1, -50), line("tent", 1, 1000, unit_cost=700))  # fmt: skip
    sell(marts, "b", line("tent", 1, 1000), status="cancelled")
    sell(marts, "c", line("tent", 1, 1000), status="refunded")
    assert margins(marts) == {
        "a-0": (1900, 1200, 700), "a-1": (2000, 1200, 800), "a-2": (-1000, -600, -400),
        # a line that takes an amount off, and no goods
        "a-3": (-50, 0, -50),
        # what it cost when it was sold, and not by now
        "a-4": (1000, 700, 300),
        "b-0": (0, 0, 0), "c-0": (0, 0, 0),
    }  # fmt: skip


def test_a_cost_in_another_currency_is_converted_and_an_unknown_one_is_not_nothing(marts):
    sell(marts, "a", line("boot", 2, 500), line("sock", 1, 50), line("gift", 1, 90), line("gone", 1, 10))
    sell(marts, "b", line("boot", 1, 60), line("tent", 1, 100, unit_cost=40), currency="EUR")
    assert margins(marts) == {
        "a-0": (1000, 440, 560),
        # no cost, no rate, no such product
        "a-1": (50, None, None), "a-2": (90, None, None), "a-3": (10, None, None),
        # a line's own cost is in its own currency
        "b-0": (660, 220, 440), "b-1": (1100, 440, 660),
    }  # fmt: skip


def test_a_customer_has_a_margin_where_that_of_every_order_is_known(marts):
    sell(marts, "a", line("tent", 1, 1000), line("tent", 1, 700))
    sell(marts, "b", line("tent", 1, 900), line("sock", 1, 50))
    sell(marts, "later", line("tent", 1, 10_000))
    marts.con.execute(f"create table marts.fct_order_items as {marts.models['fct_order_items']}")
    order = {"source_system": "shop", "ordered_at": AT, "is_order": True, "net_amount": 10_000, "gross_amount": 1, "refunded_amount": 0, "discount_amount": 0}  # fmt: skip
    marts.add(
        "marts.fct_orders",
        *(order | {"source_key": key, "customer_id": customer} | more for key, customer, more in (
            ("a", "c1", {}), ("b", "c2", {}), ("no lines", "c3", {}), ("later", "c1", {"ordered_at": datetime(2027, 1, 1)}),
            ("cancelled", "c1", {"is_order": False, "order_amount": 9, "order_status": "cancelled"}),
        )),
    )  # fmt: skip
    found = marts.by("customer_purchases", "customer_id")
    assert {c: row["margin_amount"] for c, row in found.items()} == {"c1": 500, "c2": None, "c3": None}
    assert found["c1"]["order_count"] == 1
    products = marts.by("product_performance", "product_key")
    assert {key: row["margin_amount"] for key, row in products.items()} == {"tent": 800, "sock": None}


def test_lines_bring_no_more_than_their_order_did(marts):
    sell(marts, "a", line("tent", 1, 1000), line("tent", 1, 1000))
    marts.con.execute(f"create table marts.fct_order_items as {marts.models['fct_order_items']}")
    order = {"source_system": "shop", "source_key": "a", "customer_id": "c1", "ordered_at": AT, "is_order": True}
    marts.add("marts.fct_orders", order)

    def margin_of(net: float | None) -> object:
        marts.con.execute("update marts.fct_orders set net_amount = ?", [net])
        return marts.by("customer_purchases", "customer_id")["c1"]["margin_amount"]

    # with freight, with a code of 20 % on the order, refunded, and where no rate is known
    assert [margin_of(net) for net in (2049, 1600, 0, None)] == [800, 400, -1200, None]
