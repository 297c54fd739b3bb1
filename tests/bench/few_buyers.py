"""How honest forecasts and scores of shops with few buyers are, in worlds whose truth is known. Here: shops as the night reads them."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import date, datetime, timedelta
from pathlib import Path

import duckdb
import numpy as np

from orchestration.prediction.classify.quality import brier, calibration_error
from orchestration.prediction.forecast import forecast
from orchestration.prediction.nightly.estimators import SCORED, SCORED_DDL
from orchestration.prediction.nightly.purchases import DAYS, NONE, PurchaseScores
from tests.bench.measure import Report
from tests.unit.purchase_worlds import purchases

_START, _NIGHT = date(2025, 1, 1), datetime(2026, 1, 1)
_SHOP = """
create schema marts; create table marts.customer_profile as select unnest($customers)::varchar as customer_id;
create table marts.fct_orders as
select who::varchar as customer_id, $start::timestamp + to_days(day::int) as ordered_at, 25::decimal(18, 2) as net_amount, true as is_order
from (select unnest($who) as who, unnest($day) as day)
"""


@dataclass(frozen=True)
class Shop:
    """What was said of a shop's second year, and what came: all purchases and their 90 % interval, and of each customer the interval of
    purchases, whether there was none, and the chance of that."""

    low: float
    expected: float
    high: float
    came: int
    is_inside: np.ndarray
    has_none: np.ndarray
    chance: np.ndarray


def shop_of_few(rng: np.random.Generator, customers: int) -> Shop:
    """A shop of that many customers, known for a year. Its world varies around what shops have in general."""
    parameters = np.exp(rng.normal(np.log([0.6, 10, 0.6, 10]), 0.4))
    who, day = purchases(rng, customers, parameters, 2 * DAYS)
    later = np.bincount(np.unique(np.stack([who, day])[:, day >= DAYS], axis=1)[0], minlength=customers)
    is_known = day < DAYS
    model, known = PurchaseScores(), _NIGHT.date() - timedelta(days=1)
    with duckdb.connect() as con:
        parts = {
            "customers": np.arange(customers).tolist(),
            "who": who[is_known].tolist(),
            "day": day[is_known].tolist(),
        }
        for statement in con.extract_statements(_SHOP):
            con.execute(
                statement, {k: v for k, v in {**parts, "start": _START}.items() if k in statement.named_parameters}
            )
        assert model.inputs(con, _NIGHT)
        fit = model.fit(con, _NIGHT)
        con.execute(SCORED_DDL)
        model.score(con, fit.content, _NIGHT)
        chance = dict(con.execute(f"select customer_id::int, value from {SCORED} where score = $1", [NONE]).fetchall())
        found = forecast(con, _START, known, known + timedelta(days=DAYS))
        names = con.execute("select customer::int from customer_counts order by number").fetchall()
    of = np.array([name for (name,) in names])
    came = later[of]
    return Shop(
        found.purchases.low, found.purchases.expected, found.purchases.high, int(came.sum()),
        (found.low <= came) & (came <= found.high), came == 0, np.array([chance[name] for name in of]),
    )  # fmt: skip


def forecasts_of_few_buyers(report: Report, _: Path, *, shops: int = 100, customers: int = 200) -> None:
    """Klaviyo says nothing of fewer than 500 buyers."""
    rng = np.random.default_rng(customers)
    found = [shop_of_few(rng, customers) for _ in range(shops)]
    held = np.mean([one.low <= one.came <= one.high for one in found])
    wide = np.median([(one.high - one.low) / one.expected for one in found])
    expected, came = (sum(getattr(one, part) for one in found) for part in ("expected", "came"))
    report.add(
        f"few buyers: all purchases of the next year are in the 90 % interval, of {shops} shops of {customers} customers and a year", ">= 90 %", f"{held:.1%}",
        f"the interval is {wide:.0%} of the expected wide; all shops together {expected / came - 1:+.1%}; of customers {np.mean(np.concatenate([one.is_inside for one in found])):.1%} are in theirs",
    )  # fmt: skip
    has_none, chance = (np.concatenate([getattr(one, part) for one in found]) for part in ("has_none", "chance"))
    apart = np.array([one.chance.mean() - one.has_none.mean() for one in found])
    report.add(
        "few buyers: calibration error of the chance of no purchase, all shops together", "<= .05", f"{calibration_error(has_none, chance):.3f}",
        f"Brier {brier(has_none, chance):.3f}, of the share of all {np.var(has_none):.3f}; the mean chance of a shop is off by {np.mean(np.abs(apart)):.3f}, of nine in ten by {np.quantile(np.abs(apart), 0.9):.3f} at most",
    )  # fmt: skip
