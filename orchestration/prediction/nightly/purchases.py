"""Purchases of the next 12 months by the nightly: how many, worth what, or none. Here: the marts' purchases as the forecast reads them,
its fit as JSON, reasons. Not here: the forecast (prediction/forecast.py)."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import asdict, dataclass
from datetime import date, datetime, timedelta
from typing import Any

import duckdb
import numpy as np

from orchestration.core.sql_scripts import sql_script
from orchestration.prediction import gamma_gamma, pareto_nbd, rate_mixture
from orchestration.prediction.backtests import MODEL, RATE, Window
from orchestration.prediction.classify.quality import LEAST_CUSTOMERS
from orchestration.prediction.forecast import Learned, applied, learn
from orchestration.prediction.nightly.drift import note_features
from orchestration.prediction.nightly.estimators import About, Fit, Measure, Score
from orchestration.prediction.no_purchase import Correction
from orchestration.prediction.purchase_histories import read_marts
from orchestration.prediction.purchase_model import PurchaseModel
from orchestration.prediction.warehouse.reasons import words_of

DAYS = 365
PURCHASES, VALUE, NONE = "expected_purchases_12m", "expected_net_value_12m", "churn_shop"
# a source that is silent for so many days, and so many times as long as is usual, is not read any more: customers may still buy
_SILENT_DAYS, _SILENT_TIMES = 7, 10
# bounds of the reasons: a customer for so short a time is new, a single purchase before so long is long ago; so many times the own gap is
# overdue; as often as this share of customers, and this often at least, is often; so many times the usual amount is much
_REASON_BOUNDS = {
    "new_days": 60,
    "long_days": 365,
    "overdue_times": 2,
    "often_share": 0.75,
    "often_least": 3,
    "much_times": 1.5,
}


# what the forecast knows of a customer
_FEATURES = """
select customer as customer_id, x + 1 as orders, observed - t_x as days_since_last_order, observed as days_since_first_order,
spent / (x + 1) as mean_order_amount from customer_counts
"""


_BY_RULE = "It is by a simple rule, which was clearly better: {}. No other column counts."
_SHUFFLED = (
    "A column is shuffled among customers who are alike in another one, for nobody bought again before they first bought: what several "
    "columns tell together is lost with none of them."
)


@dataclass(frozen=True)
class PurchaseScores:
    """The estimator."""

    name: str = "purchases"
    shape: int = 1
    marts: tuple[str, ...] = ("fct_orders",)
    scores: tuple[Score, ...] = (
        Score(PURCHASES, "purchases within 12 months", "squared_error"),
        Score(VALUE, "net revenue within 12 months", "squared_error"),
        Score(NONE, "chance of no purchase within 12 months", "brier"),
    )

    @property
    def reasons(self) -> Mapping[str, str]:
        return {
            "new_customer": "the first purchase was a short time ago",
            "bought_once": "has bought once",
            "bought_once_long_ago": "has bought once, more than a year ago",
            "in_rhythm": "the last purchase is not longer ago than usual for this customer",
            "overdue": "has not bought for more than twice as long as usual for this customer",
            "buys_often": "has bought more often than most",
            "spends_more": "spends more on a purchase than most",
            "spends_less": "spends less on a purchase than most",
        }

    def inputs(self, con: duckdb.DuckDBPyConnection, as_of: datetime) -> str:
        read_marts(con, as_of)
        seen = _seen(con, as_of)
        return "" if seen is None else f"{seen.days}:{seen.digest}"

    def fit(self, con: duckdb.DuckDBPyConnection, as_of: datetime) -> Fit:
        seen = _seen(con, as_of)
        assert seen is not None, "asked for after inputs only"
        learned = learn(con, seen.first_day, seen.known, DAYS)
        window = learned.windows[0] if learned.windows else None
        correction = window.correction if window and window.customers >= LEAST_CUSTOMERS else Correction()
        baselines = {
            PURCHASES: RATE,
            VALUE: f"{RATE}, own average amount",
            NONE: window.none.baseline if window else "",
        }
        about = _abouts(seen, window, learned.name)
        return Fit(_content(learned, correction), _measures(learned.name, window), baselines, about=about)

    def score(self, con: duckdb.DuckDBPyConnection, content: Mapping[str, Any], as_of: datetime) -> None:
        seen = _seen(con, as_of)
        if seen is None:  # nobody has bought
            return
        learned, correction = _learned(content)
        found = applied(con, learned, seen.first_day, seen.known, seen.known + timedelta(days=DAYS))
        # it makes customer_counts of tonight
        note_features(con, _FEATURES)
        chance = correction(found.expected.none)
        con.register("forecast", found.table().append_column("chance_of_none", [chance]))
        try:
            con.execute(sql_script(__file__, "purchase_scores"), _REASON_BOUNDS)
        finally:
            con.unregister("forecast")


@dataclass(frozen=True)
class _Seen:
    """What was read: rows, their digest, the first purchase, and the day until which purchases are known."""

    days: int
    digest: int
    first_day: date
    known: date


def _seen(con: duckdb.DuckDBPyConnection, as_of: datetime) -> _Seen | None:
    """None where nobody bought."""
    days, digest, first, last, gap = con.execute(sql_script(__file__, "purchases_seen")).fetchall()[0]
    if last is None:
        return None
    silent = (as_of.date() - last).days
    is_silent = gap is not None and silent > max(_SILENT_DAYS, _SILENT_TIMES * gap)
    return _Seen(days, digest, first, last if is_silent else as_of.date())


def _measures(model: str, window: Window | None) -> list[Measure]:
    """Of the longest past window; none where what is known is too short for one."""
    if window is None:
        return []
    told, simple = window.quality[model], window.quality[RATE]
    is_sure = window.customers >= LEAST_CUSTOMERS
    errors = [
        error if is_sure else None for _, error in (window.against[RATE], window.value_against, window.none.against)
    ]
    found = [
        # a rule that replaces the model is the model
        Measure(PURCHASES, "squared_error", told.rmse**2, simple.rmse**2, errors[0]),
        *(
            Measure(PURCHASES, name, getattr(told, name), getattr(simple, name))
            for name in ("correlation", "mae", "total_error", "top_tenth")
        ),
        Measure(VALUE, "squared_error", window.value_error, window.value_error_of_rate, errors[1]),
    ]
    none = window.none
    found += [
        Measure(NONE, "brier", none.brier, none.baseline_brier, errors[2]),
        Measure(NONE, "auc", none.auc, none.baseline_auc),
        Measure(NONE, "calibration_error", none.calibration_error, none.baseline_calibration_error),
        Measure(NONE, "share", none.share),
    ]
    return found + [
        Measure(score, name, float(value))
        for score in (PURCHASES, VALUE, NONE)
        for name, value in (("customers", window.customers), ("days", (window.until - window.fit_until).days))
    ]


def _abouts(seen: _Seen, window: Window | None, model: str) -> dict[str, About]:
    """By score. Of few customers a shuffle tells nothing; where a simple rule replaces the model, nothing but it counts."""
    data = [f"Learnt from purchases from {seen.first_day} to {seen.known}."]
    if window is None:
        return {score: About([*data, "They are too few days to measure it on."]) for score in (PURCHASES, VALUE, NONE)}
    data.append(
        f"Measured on {window.purchases:,} purchases of {window.customers:,} customers, from {window.fit_until} to {window.until}, "
        "which the measured fit had not seen."
    )
    important = window.held_out.importance() if window.customers >= LEAST_CUSTOMERS else {}
    purchases, value = window.curves
    told = {}
    for score, of_told, curve in (
        (PURCHASES, "purchases", purchases),
        (VALUE, "value", value),
        (NONE, "none", window.none.curve),
    ):
        by_rule = model != MODEL and score != NONE
        rows = [] if by_rule else important.get(of_told, [])
        limits = [_BY_RULE.format(model)] if by_rule else [_SHUFFLED] if rows else []
        columns = [{**row, "column": words_of(row["column"])} for row in rows]
        told[score] = About(data, curve, columns, limits=limits, is_by_rule=by_rule)
    return told


def _content(learned: Learned, correction: Correction) -> dict[str, Any]:
    rates = learned.model.rates
    return {
        "model": learned.name,
        "fitted_to": learned.fitted_to,
        "log_parameters": rates.around.log_parameters.tolist(),
        "covariance": rates.around.covariance.tolist(),
        "weights": rates.weights.tolist(),
        "amounts": asdict(learned.model.amounts),
        "slope": learned.model.slope,
        "correction": asdict(correction),
    }


def _learned(content: Mapping[str, Any]) -> tuple[Learned, Correction]:
    around = pareto_nbd.ParetoNBD(np.array(content["log_parameters"]), np.array(content["covariance"]))
    rates = rate_mixture.RateMixture(around, np.array(content["weights"]))
    model = PurchaseModel(rates, gamma_gamma.GammaGamma(**content["amounts"]), content["slope"])
    return Learned(model, content["model"], [], content["fitted_to"]), Correction(**content["correction"])
