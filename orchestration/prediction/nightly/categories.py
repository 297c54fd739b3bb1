"""The next category of purchase by the nightly: the likeliest one of each customer, with its chance. Here: weights, measures, the estimator.

The chance is a mean of three: how popular a category is, how often it follows the one bought last, and its share of the customer's own
purchases. How much each counts depends on how often the customer bought, and is learnt from what came after a past moment. The three are
counted anew each night. An order is one purchase, of the category on which most was spent.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime
from typing import Any

import duckdb
import numpy as np
import pyarrow as pa
from numpy.typing import NDArray

from orchestration.core.sql_scripts import sql_script
from orchestration.prediction.classify.quality import LEAST_CUSTOMERS, calibration_curve, calibration_error
from orchestration.prediction.nightly.estimators import About, Fit, Measure, Score
from orchestration.prediction.sureness import CLEARLY
from orchestration.prediction.warehouse.known import number_customers

NEXT = "next_category"
PARTS = ("popular", "follows", "own")
# customers with at least so many purchases are weighed alike
_BUCKETS = (1, 2, 4, 8)
# weights before anything is seen, in customers
_PRIOR = np.array([6.0, 2.0, 2.0])
# pseudo-count that shrinks transitions towards popularity
_SMOOTHING = 20
_MOST_CATEGORIES = 200
# more of them show little more
_MOST_CUSTOMERS = 50_000
# last share for testing, the one before for weights
_TEST_SHARE, _LEARN_SHARE = 0.2, 0.4
# a part that makes less of the chance is no reason
_LEAST_SHARE = 0.2
_FLOOR = 1e-6
_POPULAR, _LAST = "the most popular category", "the category bought last"
_CUTS = "select quantile_disc(ordered_at, [1 - $learn, 1 - $test]) from purchase_steps where nth > 1"
_SEEN = """
select count(*), coalesce(sum(hash(customer_id, ordered_at, name)), 0)
from order_categories join category_customers using (customer) join (select distinct category, name from category_products) using (category)
"""
Array = NDArray[Any]


@dataclass(frozen=True)
class NextCategory:
    """The estimator."""

    name: str = "categories"
    shape: int = 1
    marts: tuple[str, ...] = ("dim_products", "fct_order_items", "fct_orders")
    scores: tuple[Score, ...] = (Score(NEXT, "chance that the next purchase is mostly of the category", "log_loss"),)

    @property
    def reasons(self) -> Mapping[str, str]:
        return {
            "bought_before": "the customer bought this category before",
            "follows_the_last": "customers often buy it after the category that this one bought last",
            "popular": "many customers buy it",
        }

    def inputs(self, con: duckdb.DuckDBPyConnection, as_of: datetime) -> str:
        number_customers(con, "category_customers")
        con.execute(sql_script(__file__, "category_products"))
        con.execute(sql_script(__file__, "order_categories"), {"as_of": as_of})
        con.execute(sql_script(__file__, "purchase_steps"), {"most": _MOST_CATEGORIES})
        ((rows, digest),) = con.execute(_SEEN).fetchall()
        # the other models of the night need its memory
        con.execute("drop table temp.order_categories")
        return f"{rows}:{digest}" if rows else ""

    def fit(self, con: duckdb.DuckDBPyConnection, as_of: datetime) -> Fit:
        ((categories,),) = con.execute("select count(distinct category) from purchase_steps").fetchall()
        if categories < 2:
            return Fit({}, [], {}, why_not="all that was bought is of one category")
        ((cuts,),) = con.execute(_CUTS, {"learn": _LEARN_SHARE, "test": _TEST_SHARE}).fetchall()
        if cuts is None:
            return Fit(_content(_weights(None)), [], {NEXT: ""})
        earlier, later = cuts
        learnt = _Told.at(con, earlier, later, _weights(None))
        weights = _weights(learnt)
        test = _Told.at(con, later, as_of, weights)
        measures, baseline = _measures(test, weights, _weight_of_last(learnt))
        return Fit(_content(_weights(test)), measures, {NEXT: baseline}, about={NEXT: _about(test, later, as_of)})

    def score(self, con: duckdb.DuckDBPyConnection, content: Mapping[str, Any], as_of: datetime) -> None:
        _know(con, as_of)
        _likeliest(con, "category_owned", np.array(content["weights"]))
        con.execute(sql_script(__file__, "category_scores"), {"score": NEXT})


@dataclass(frozen=True)
class _Told:
    """Of customers who bought after a moment what each part said of the category that came; `said` is the chance of the likeliest."""

    bucket: NDArray[np.int64]
    parts: Array
    is_last: Array
    is_hit: NDArray[np.bool_]
    is_most_popular: NDArray[np.bool_]
    said: Array

    @classmethod
    def at(cls, con: duckdb.DuckDBPyConnection, at: datetime, until: datetime, weights: Array) -> _Told:
        _know(con, at)
        con.execute(sql_script(__file__, "category_next"), {"at": at, "until": until})
        _likeliest(con, "category_next", weights)
        told = con.execute(sql_script(__file__, "category_chances"), {"most": _MOST_CUSTOMERS}).fetchnumpy()
        bucket = np.searchsorted(_BUCKETS, told["purchases"], side="right") - 1
        parts = np.column_stack([told[part] for part in PARTS]).astype(np.float64)
        is_hit, is_most_popular = (
            np.ma.filled(told[name], False).astype(bool) for name in ("is_hit", "is_most_popular")
        )
        return cls(bucket, parts, told["is_last"], is_hit, is_most_popular, np.ma.filled(told["said"], 0.0))

    def chances(self, weights: Array) -> Array:
        return np.asarray(np.maximum((self.parts * weights[self.bucket]).sum(axis=1), _FLOOR))


def _know(con: duckdb.DuckDBPyConnection, at: datetime) -> None:
    """The temporary tables of what was known before `at`."""
    con.execute(sql_script(__file__, "category_owned"), {"at": at})
    con.execute(sql_script(__file__, "category_base"), {"at": at, "smoothing": _SMOOTHING})


def _likeliest(con: duckdb.DuckDBPyConnection, asked: str, weights: Array) -> None:
    """The temporary table `likeliest_category` of the customers of the table `asked`, by what is known."""
    table = {"least": np.array(_BUCKETS), **{part: weights[:, n] for n, part in enumerate(PARTS)}}
    con.register("category_weights", pa.table(table))
    try:
        con.execute(sql_script(__file__, "likeliest_category", asked=asked), {"least_share": _LEAST_SHARE})
    finally:
        con.unregister("category_weights")


def _weights(told: _Told | None) -> Array:
    """Of each bucket the weights under which what came was likeliest, drawn to those of all, and these to the prior. Popularity alone
    where many customers do not show that more than it counts: what is learnt of noise is worse than the simple rule."""
    if told is None or not len(told.bucket):
        return np.tile(_PRIOR / _PRIOR.sum(), (len(_BUCKETS), 1))
    of_all = mixed(told.parts, _PRIOR)
    gain = np.log((told.parts @ of_all) / told.parts[:, 0])
    if len(gain) >= LEAST_CUSTOMERS and gain.mean() < CLEARLY * gain.std() / np.sqrt(len(gain)):
        return np.tile([1.0, 0.0, 0.0], (len(_BUCKETS), 1))
    prior = of_all * _PRIOR.sum()
    return np.array([mixed(told.parts[told.bucket == n], prior) for n in range(len(_BUCKETS))])


def mixed(parts: Array, prior: Array, *, rounds: int = 200) -> Array:
    """The weights of a mixture, by expectation and maximisation; `prior` counts like so many rows of each part."""
    weights = prior / prior.sum()
    for _ in range(rounds):
        share = parts * weights
        share /= np.maximum(share.sum(axis=1, keepdims=True), _FLOOR)
        counted = share.sum(axis=0) + prior
        weights = counted / counted.sum()
    return np.asarray(weights)


def _weight_of_last(told: _Told) -> Array:
    return mixed(np.column_stack([told.parts[:, 0], told.is_last]), np.array([1.0, 1.0]))


def _measures(test: _Told, weights: Array, of_last: Array) -> tuple[list[Measure], str]:
    """Of the first purchase of each customer in the last days, beside the better of two simple rules."""
    customers = len(test.bucket)
    measures = [Measure(NEXT, "customers", float(customers))]
    if not customers:
        return measures, ""
    popular = -np.log(np.maximum(test.parts[:, 0], _FLOOR))
    last = -np.log(np.maximum(np.column_stack([test.parts[:, 0], test.is_last]) @ of_last, _FLOOR))
    loss = -np.log(test.chances(weights))
    rules = {_POPULAR: (popular, test.is_most_popular), _LAST: (last, test.is_last.astype(bool))}
    baseline = min(rules, key=lambda rule: float(rules[rule][0].mean()))
    simple, hits = rules[baseline]
    is_sure = customers >= LEAST_CUSTOMERS

    def measure(name: str, values: Array, simple: Array) -> Measure:
        apart = float(np.std(values - simple, ddof=1) / np.sqrt(customers)) if is_sure else None
        return Measure(NEXT, name, float(values.mean()), float(simple.mean()), apart)

    return [
        measure("log_loss", loss, simple),
        measure("right_at_first_guess", test.is_hit.astype(float), hits.astype(float)),
        Measure(NEXT, "calibration_error", calibration_error(test.is_hit.astype(np.int8), test.said)),
        *measures,
    ], baseline


def _about(test: _Told, later: datetime, as_of: datetime) -> About:
    data = [f"Learnt from the orders of known categories until {as_of:%Y-%m-%d}."]
    if not len(test.bucket):
        return About([*data, "Nobody bought again lately to measure it on."])
    measured = f"Measured on the next purchase of {len(test.bucket):,} customers after {later:%Y-%m-%d}, which the measured weights had not seen."
    return About([*data, measured], calibration_curve(test.is_hit.astype(np.int8), test.said))


def _content(weights: Array) -> dict[str, Any]:
    return {"weights": weights.round(6).tolist()}
