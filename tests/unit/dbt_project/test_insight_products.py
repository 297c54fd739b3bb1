"""Products: popularity, prices, what brings customers back, and baskets, against the same figures in Python."""

from __future__ import annotations

import random
from collections import defaultdict
from decimal import Decimal
from itertools import permutations

import numpy as np
import pytest

from tests.unit.compiled import compiled_models
from tests.unit.dbt_project.insight import Marts, order

_MODELS = ("product_performance", "product_affinity", "bi_product_performance", "bi_product_affinity")


@pytest.fixture(scope="module")
def models(tmp_path_factory) -> dict[str, str]:
    return compiled_models(tmp_path_factory, _MODELS)


@pytest.fixture
def marts(warehouse, models) -> Marts:
    return Marts(warehouse, models, ("fct_orders", "fct_order_items", "dim_products", "conformed_products"))


def line(of: str, product: str | None, quantity: float = 1, price: float = 100, **more) -> dict:
    gross = quantity * price - more.get("discount_amount", 0)
    return {"source_system": "shop", "source_key": f"{of}-{product}-{price}", "order_key": of, "product_key": product, "quantity": quantity,
            "unit_price_amount": price, "discount_amount": 0, "refunded_quantity": 0, "gross_amount": gross, "refunded_amount": 0, "net_amount": gross} | more  # fmt: skip


def test_what_a_product_sells_for_and_whom_it_brings_back(marts):
    marts.add(
        "marts.dim_products", {"source_system": "shop", "source_key": "t", "product_name": "Tent", "category": "tents"}
    )
    marts.add("marts.fct_orders", order("1", "c1", "2026-01-01"), order("2", "c1", "2026-02-01"), order("3", "c2", "2026-01-01"),
              order("4", "c3", "2026-01-01", is_order=False), order("5", None, "2026-01-01"), order("6", "c4", "2026-07-01"))  # fmt: skip
    marts.add("marts.fct_order_items", line("1", "t", 2, 100), line("2", "t", 1, 100, discount_amount=20), line("2", "b", 1, 7),
              line("3", "t", 2, 50, refunded_quantity=1, net_amount=50), line("3", "t", -1, 50, gross_amount=0, net_amount=-50, source_key="back"),
              line("4", "t"), line("5", "x", 1, 9, gross_amount=None, net_amount=None), line("6", "t"), line("1", None))  # fmt: skip
    found = marts.by("product_performance", "product_key")
    assert set(found) == {"t", "b", "x"}
    tent = found["t"]
    assert (
        tent["product_name"],
        tent["order_count"],
        tent["customer_count"],
        tent["sold_units"],
        tent["net_amount"],
    ) == ("Tent", 3, 2, 5, 280)
    assert tent["p50_price_amount"] == 80 and tent["p10_price_amount"] == 56
    assert (tent["discounted_share"], tent["discount_mean_share"]) == (pytest.approx(1 / 3), pytest.approx(0.2))
    assert tent["returned_share"] == pytest.approx(0.2)
    assert (tent["first_buyer_count"], tent["came_back_count"]) == (2, 1)
    assert (found["b"]["first_buyer_count"], found["b"]["product_name"]) == (0, None)
    # without a rate an amount is not known; nobody known bought it
    assert (found["x"]["net_amount"], found["x"]["p50_price_amount"], found["x"]["customer_count"]) == (None, None, 0)


def test_baskets_are_what_python_counts(marts):
    rng = np.random.default_rng(7)
    baskets, lines, orders = defaultdict(set), [], []
    for n in range(120):
        orders.append(order(f"o{n}", f"c{n % 40}", "2026-01-01", is_order=n % 10 > 0))
        for product in sorted({f"p{int(rng.integers(0, 6) * rng.random())}" for _ in range(int(rng.integers(0, 5)))}):
            lines.append(line(f"o{n}", product))
            # a second line of the same product is the same basket
            lines.append(line(f"o{n}", product, 2, 7))
            if n % 10:
                baskets[n].add(product)
    marts.add("marts.fct_orders", *orders)
    marts.add("marts.fct_order_items", *lines)
    pairs, single = defaultdict(list), defaultdict(int)
    for n, products in baskets.items():
        for product in products:
            single[product] += 1
        for pair in permutations(products, 2):
            pairs[pair].append(n % 40)
    found = marts.by("product_affinity", "product_key", "other_product_key")
    assert set(found) == {pair for pair, of in pairs.items() if len(of) >= 5} != set()
    for (a, b), row in found.items():
        both = len(pairs[a, b])
        assert (row["pair_order_count"], row["customer_count"]) == (both, len(set(pairs[a, b])))
        assert row["support_share"] == pytest.approx(both / len(baskets))
        assert row["confidence_share"] == pytest.approx(both / single[a])
        assert row["lift"] == pytest.approx(both * len(baskets) / single[a] / single[b])
    marts.build("product_affinity")
    shown = marts.by("bi_product_affinity", "product_key", "other_product_key")
    assert set(shown) == {pair for pair, row in found.items() if row["customer_count"] >= 5}
    # a product of a special category (Art. 9) goes with nothing, also once it is gone
    gone = {"source_system": "shop", "source_key": "p0", "name": "Kosher food", "deleted_at": "2026-01-01"}
    marts.add("conformed.conformed_products", gone)
    marts.con.execute("insert into identity.special_values values ('Kosher food', 'belief')")
    without = set(marts.by("product_affinity", "product_key", "other_product_key"))
    assert without == {pair for pair in found if "p0" not in pair} and without < set(found)


def test_analysts_see_nothing_of_products_of_few_customers(marts):
    for n in range(9):
        marts.add("marts.fct_orders", order(f"{n}", f"c{n}", "2026-01-01"))
        marts.add("marts.fct_order_items", line(f"{n}", "many"))
        if n < 3:
            marts.add("marts.fct_order_items", line(f"{n}", "rare"))
    marts.build("product_performance")
    found = marts.by("bi_product_performance", "product_key")
    assert (found["many"]["customer_count"], found["many"]["p50_price_amount"], found["many"]["came_back_count"]) == (
        9,
        Decimal(100),
        0,
    )
    assert {
        found["rare"][c]
        for c in ("order_count", "customer_count", "net_amount", "p50_price_amount", "first_buyer_count")
    } == {None}


def test_analysts_see_nothing_of_what_somebody_unknown_bought(marts):
    # known customers fill a group, an unknown one may be anybody
    for n in range(8):
        marts.add("marts.fct_orders", order(f"{n}", f"c{n}", "2026-01-01"))
        marts.add("marts.fct_order_items", line(f"{n}", "many"))
    marts.add("marts.fct_orders", order("guest", None, "2026-01-01"))
    marts.add(
        "marts.fct_order_items", line("guest", "alone"), line("guest", "many", discount_amount=20, refunded_quantity=1)
    )
    marts.build("product_performance")
    found = marts.by("bi_product_performance", "product_key")
    assert {found["alone"][c] for c in ("order_count", "sold_units", "net_amount", "p50_price_amount")} == {None}
    assert found["many"]["order_count"] == 9
    assert {found["many"][c] for c in ("discounted_share", "discount_mean_share", "returned_share")} == {None}


@pytest.mark.parametrize(("buyers", "is_told"), [(30, False), (400, True)])
def test_products_that_tell_who_came_back_are_a_fair_sample(marts, buyers, is_told):
    """Of small products those may be told of which everybody came back, or nobody sent anything back."""
    rng = random.Random(17)
    marts.build("product_performance")
    for n in range(80):
        back, returned = (sum(rng.random() < share for _ in range(buyers)) for share in (0.87, 0.06))
        marts.con.execute(
            "insert into insight.product_performance by name select 'shop' as source_system, 'p' || $n as product_key, $buyers as customer_count, "
            "$buyers as first_buyer_count, $back as came_back_count, 0 as discounted_customer_count, 0 as discounted_share, "
            "$returned as returning_customer_count, $returned / $buyers as returned_share, 'SEK' as currency",
            {"n": n, "buyers": buyers, "back": back, "returned": returned},
        )
    found = marts.rows("bi_product_performance")
    for column, mean in (("came_back_count", 0.87 * buyers), ("returned_share", 0.06)):
        told = [row[column] for row in found if row[column] is not None]
        assert (len(told) >= 72 and sum(told) / len(told) == pytest.approx(mean, rel=0.05)) if is_told else told == []
    # what is the same of all selects nothing
    assert {row["discounted_share"] for row in found} == {0}
