"""The next category of purchase: near what the makers of a world know, no worse than simple rules, and silent where it may not say it."""

from __future__ import annotations

from collections import Counter
from datetime import datetime, timedelta

import duckdb
import numpy as np
import pyarrow as pa
import pytest

from orchestration.core.settings import ScoreSettings
from orchestration.insight.customer_picture import score_in_words
from orchestration.prediction.nightly.categories import NextCategory, mixed
from orchestration.prediction.nightly.listed import show_score
from orchestration.prediction.nightly.predict import predict
from tests.unit.empty_tables import empty_tables

DAY_0 = datetime(2025, 1, 1)
NIGHT = DAY_0 + timedelta(days=400)
NAMES = np.array(["bags", "belts", "coats", "gloves", "hats", "shoes"])
POPULAR = np.array([0.35, 0.25, 0.15, 0.1, 0.1, 0.05])
SETTINGS = ScoreSettings()


@pytest.fixture
def con():
    con = duckdb.connect()
    empty_tables(con, "customer_profile", "fct_orders", "fct_order_items", "dim_products")
    con.register("names", pa.table({"category": NAMES}))
    con.execute(
        "insert into marts.dim_products by name select 'shop' as source_system, category as source_key, category from names"
    )
    return con


def buy(con, who, day, category) -> None:
    """Orders of one line each."""
    con.register("made", pa.table({"who": who, "day": day, "category": category}))
    con.execute(
        "insert into marts.customer_profile by name select distinct 'c' || who as customer_id from made "
        "where 'c' || who not in (select customer_id from marts.customer_profile)"
    )
    con.execute(
        "create or replace temp table numbered as select *, (select count(*) from marts.fct_orders) + row_number() over () as number from made"
    )
    con.execute(
        "insert into marts.fct_orders by name select 'shop' as source_system, cast(number as varchar) as source_key, 'c' || who as customer_id, "
        "$1::timestamp + to_seconds(day * 86400) as ordered_at, true as is_order from numbered",
        [DAY_0],
    )
    con.execute(
        "insert into marts.fct_order_items by name select 'shop' as source_system, 'i' || number as source_key, cast(number as varchar) as order_key, "
        "category as product_key, 1 as quantity, 100 as gross_amount from numbered"
    )


def bought(customers: int, chance, seed: int = 3) -> tuple[np.ndarray, np.ndarray, np.ndarray, np.ndarray]:
    """Who, on which day, which category's number, and the chance that a maker gives it, who knows how `chance` draws and what came
    before: (last category or −1, times of each) → (chances that draw, chances that may be known)."""
    rng = np.random.default_rng(seed)
    rows = []
    for customer in range(customers):
        taste = rng.dirichlet(POPULAR * 3)
        times, last = np.zeros(len(NAMES)), -1
        for day in np.sort(rng.random(1 + rng.poisson(5)) * 400):
            drawn, known = chance(taste, last, times)
            last = int(rng.choice(len(NAMES), p=drawn))
            rows.append((customer, day, last, known[last]))
            times[last] += 1
    who, day, category, known = map(np.array, zip(*rows, strict=True))
    return who, day, category, known


def of_taste(taste, last, times):
    return taste, (times + 3 * POPULAR) / (times.sum() + 3)


def of_the_last(taste, last, times):
    """Whoever bought one category mostly buys the next one in the list."""
    if last < 0:
        return POPULAR, POPULAR
    follows = 0.3 * POPULAR
    follows[(last + 1) % len(NAMES)] += 0.7
    return follows, follows


def of_the_popular(taste, last, times):
    return POPULAR, POPULAR


def measures(con) -> dict[str, tuple[float, float]]:
    return {
        m: (value, simple)
        for m, value, simple in con.execute(
            "select measure, value, baseline_value from scores.score_quality"
        ).fetchall()
    }


@pytest.mark.parametrize(("world", "reached"), [(of_taste, 0.9), (of_the_last, 0.95)])
def test_it_is_near_what_the_makers_of_a_world_know(con, world, reached):
    who, day, category, known = bought(3000, world)
    buy(con, who, day, NAMES[category])
    (told,) = predict(con, [NextCategory()], SETTINGS, NIGHT)
    assert told.rows == len(set(who)) and not told.held_back
    found = measures(con)
    # the same purchases: of each customer the first one after the moment that is measured from
    later = day[np.lexsort((day, who))]
    nth = np.concatenate([[0], np.cumsum(who[1:] == who[:-1])])
    starts = np.maximum.accumulate(np.where(np.concatenate([[True], who[1:] != who[:-1]]), nth, 0))
    is_later = later >= np.sort(later[nth > starts])[int(0.8 * (nth > starts).sum())]
    first = np.array([is_later[n] and n > 0 and who[n] == who[n - 1] and not is_later[n - 1] for n in range(len(who))])
    best = -np.log(known[first]).mean()
    assert found["customers"][0] == pytest.approx(first.sum(), abs=2)
    loss, simple = found["log_loss"]
    assert (simple - loss) / (simple - best) > reached
    assert found["right_at_first_guess"][0] > found["right_at_first_guess"][1] - 0.01
    assert found["calibration_error"][0] < 0.04


def test_where_nothing_but_popularity_counts_it_is_no_worse_than_it(con):
    who, day, category, _ = bought(1500, of_the_popular)
    buy(con, who, day, NAMES[category])
    (told,) = predict(con, [NextCategory()], SETTINGS, NIGHT)
    loss, simple = measures(con)["log_loss"]
    assert not told.held_back and loss == pytest.approx(simple, abs=0.01)
    outcomes = con.execute("select outcome, count(*) from scores.customer_scores group by 1 order by 2 desc").fetchall()
    assert outcomes[0][0] == "bags" and outcomes[0][1] > 0.9 * told.rows


def test_each_customer_has_the_likeliest_one_with_reasons(con):
    who, day, category, _ = bought(1500, of_the_last)
    buy(con, who, day, NAMES[category])
    predict(con, [NextCategory()], SETTINGS, NIGHT)
    last = dict(zip(who.tolist(), NAMES[category].tolist(), strict=True))
    told = con.execute(
        "select customer_id, outcome, value, reasons, reason_codes from scores.customer_scores"
    ).fetchall()
    follows = dict(zip(NAMES, np.roll(NAMES, -1), strict=True))
    right = [outcome == follows[last[int(customer[1:])]] for customer, outcome, *_ in told]
    assert np.mean(right) > 0.95 and all(0 < value < 1 for _, _, value, *_ in told)
    assert {codes.split(", ")[0] for *_, codes in told if codes} >= {"follows_the_last"}
    assert any("customers often buy it after the category" in words for *_, words, _ in told)
    # what few customers have in common is not shown, nor what would tell it as the rest of all
    shown = show_score(con, [NextCategory()], "next_category", few=250).outcomes
    counted = Counter(outcome for _, outcome, *_ in told)
    large = sorted((n for n in counted.values() if n >= 250), reverse=True)
    assert 1 < len(large) < len(counted)
    assert [customers for _, customers, _ in shown] == [*large[:-1], len(told) - sum(large[:-1])]
    assert shown[-1][0] == "other (small groups)" and all(counted[o] == n for o, n, _ in shown[:-1])
    everything = show_score(con, [NextCategory()], "next_category", few=1).outcomes
    assert {outcome: n for outcome, n, _ in everything} == counted
    # nor are tenths, of which the smallest that is not of few goes too
    by_size = con.execute(
        "select decile, count(*) as n from scores.customer_scores group by 1 order by n, decile"
    ).fetchall()
    few = by_size[0][1] + 1
    are_few = sum(n < few for _, n in by_size)
    assert are_few < len(by_size) - 1
    tenths = show_score(con, [NextCategory()], "next_category", few=few).tenths
    assert {decile: n for decile, n, *_ in tenths} == dict(by_size[are_few + 1 :])


def test_a_score_that_chooses_one_of_several_is_told_with_it():
    assert score_in_words({"value": 0.4, "outcome": "hats"}) == "hats (0.40)"
    assert score_in_words({"value": 0.4, "outcome": None}) == "0.40"


def test_few_buyers_get_a_chance_and_one_category_a_word(con):
    buy(con, [1], [0.0], ["bags"])
    (told,) = predict(con, [NextCategory()], SETTINGS, NIGHT)
    assert told.rows == 0 and "one category" in told.why_not
    buy(con, [2, 2], [1.0, 2.0], ["hats", "hats"])
    (told,) = predict(con.cursor(), [NextCategory()], SETTINGS, NIGHT)
    rows = con.execute("select customer_id, outcome, value from scores.customer_scores order by 1").fetchall()
    assert told.rows == 2 and [row[1] for row in rows] == ["bags", "hats"] and all(0.3 < row[2] < 0.9 for row in rows)
    con.execute("delete from marts.fct_orders")
    (told,) = predict(con.cursor(), [NextCategory()], SETTINGS, NIGHT)
    assert told.rows == 0 and "nothing to learn from" in told.why_not


def test_what_may_not_be_known_or_told_counts_nowhere(con):
    who, day, category, _ = bought(300, of_taste)
    buy(con, who, day, NAMES[category])

    def night() -> list[tuple]:
        con.execute("drop schema if exists scores cascade")
        predict(con, [NextCategory()], SETTINGS, NIGHT)
        return con.execute("select customer_id, outcome, value from scores.customer_scores order by 1").fetchall()

    before = night()
    # of later, cancelled, or of nobody who may be profiled
    buy(con, np.repeat(7, 50), np.full(50, 401.0), np.repeat("gloves", 50))
    buy(con, np.repeat(8, 50), np.full(50, 10.0), np.repeat("gloves", 50))
    con.execute("update marts.fct_orders set is_order = false where ordered_at = $1", [DAY_0 + timedelta(days=10)])
    buy(con, np.repeat(9999, 50), np.full(50, 10.0), np.repeat("gloves", 50))
    con.execute("delete from marts.customer_profile where customer_id = 'c9999'")
    assert night() == before
    # a category of health (Art. 9) is neither learnt nor told, and the customer's others are
    con.execute("update marts.dim_products set is_special_category = true where category = 'belts'")
    after = night()
    assert {outcome for _, outcome, _ in after} <= set(NAMES) - {"belts"} and len(after) > 0.8 * len(before)


def test_of_an_order_the_category_counts_on_which_most_was_spent(con):
    buy(con, [1, 1, 2], [1.0, 2.0, 3.0], ["bags", "hats", "shoes"])
    con.execute(
        "insert into marts.fct_order_items by name select 'shop' as source_system, 'more' || order_key as source_key, order_key, "
        "'coats' as product_key, 2 as quantity, 300 as gross_amount from marts.fct_order_items where product_key = 'hats'"
    )
    assert NextCategory().inputs(con, NIGHT)
    assert con.execute(
        "select name from purchase_steps join category_customers using (customer) join category_products using (category) order by customer_id, nth"
    ).fetchall() == [
        ("bags",), ("coats",), ("shoes",),
    ]  # fmt: skip


def test_a_mixture_finds_its_weights():
    rng = np.random.default_rng(1)
    parts = rng.random((20_000, 2))
    weights = np.array([0.8, 0.2])
    taken = parts[rng.random(len(parts)) < parts @ weights]
    # a row that came is one that the mixture made likely
    assert mixed(taken, np.array([1.0, 1.0]))[0] > 0.7
