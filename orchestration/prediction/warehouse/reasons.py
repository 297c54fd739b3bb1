"""Why a customer's score is high or low, in words. Here: a line that follows the model's scores, and what each column adds to it.

A reason says what goes with the score of this customer, not what causes the outcome.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np
import pyarrow as pa
from numpy.typing import NDArray

from orchestration.prediction.classify.labelled import Values

# what each feature counts, in the words of a reason
WORDS = {
    "orders_30d": "orders within 30 days",
    "orders_90d": "orders within 90 days",
    "orders_365d": "orders within a year",
    "orders": "orders so far",
    "orders_on_the_web": "orders on the web",
    "spent": "amount of all orders",
    "mean_order_amount": "amount of an order",
    "discounted_order_share": "share of orders with a discount",
    "days_since_last_order": "days since the last order",
    "days_since_first_order": "days since the first order",
    "visits_30d": "visits of the web site within 30 days",
    "visits_90d": "visits of the web site within 90 days",
    "visits": "visits of the web site so far",
    "mean_pages_of_a_visit": "pages of a visit",
    "days_since_last_visit": "days since the last visit of the web site",
    "emails_90d": "emails received within 90 days",
    "emails": "emails received so far",
    "reads_of_an_email": "share of emails that are opened",
    "clicks_of_an_email": "share of emails that are clicked",
    "days_since_last_read": "days since an email was opened",
    "days_since_last_click": "days since an email was clicked",
    "carts_90d": "carts left within 90 days",
    "days_since_last_cart": "days since a cart was left",
    "tickets_90d": "support requests within 90 days",
    "open_tickets": "support requests that are not solved",
    "days_since_last_ticket": "days since the last support request",
    "last_nps": "last answer on recommending us",
    "last_csat": "last answer on satisfaction",
    "talks_90d": "calls, meetings and chats within 90 days",
    "talks": "calls, meetings and chats so far",
    "days_since_last_talk": "days since the last call, meeting or chat",
    "deals_90d": "sales opportunities opened within 90 days",
    "deals": "sales opportunities opened so far",
    "days_since_last_deal": "days since the last sales opportunity was opened",
    "uses_7d": "uses within 7 days",
    "uses_14d": "uses within 14 days",
    "uses_30d": "uses within 30 days",
    "uses_60d": "uses within 60 days",
    "uses_90d": "uses within 90 days",
    "days_since_last_use": "days since the last use",
    "subscriptions_active": "active subscriptions",
    "subscriptions_ended": "subscriptions that have ended",
    "days_subscribed": "days of the oldest active subscription",
    "days_since_last_subscribed": "days of the newest active subscription",
    "days_known": "days since the customer was first seen",
}


def words_of(column: str) -> str:
    """What a column is called where people read of it."""
    return WORDS.get(column, column.replace("_", " "))


_LEVELS = {"high": "above the mean", "low": "below the mean", "none": "nothing so far"}
_EFFECTS = {"up": "raises it", "down": "lowers it"}
REASONS = {
    f"{feature}_{level}_{effect}": f"{words}: {told}, which {does}"
    for feature, words in WORDS.items()
    for level, told in _LEVELS.items()
    for effect, does in _EFFECTS.items()
}
_MOST = 3
# a column that adds less than this to the logit is no reason
_LEAST = 0.1


@dataclass(frozen=True)
class Line:
    """Of each number its mean and scale among those who are known, the slope of the score's logit, and what a gap adds."""

    features: dict[str, tuple[float, float, float, float]]

    def codes(self, values: Values) -> pa.Array:
        """Of each row the columns that add most to its score or take most from it, the most important first: lists of codes."""
        names = list(self.features)
        rows = len(next(iter(values.values()))) if values else 0
        if not names or not rows:
            return no_codes(rows)
        added = np.zeros((rows, len(names)))
        for n, name in enumerate(names):
            mean, scale, slope, of_gap = self.features[name]
            x = values[name]
            added[:, n] = np.where(np.isnan(x), of_gap, slope * np.clip((np.nan_to_num(x) - mean) / scale, -3, 3))
        order = np.argsort(-np.abs(added), axis=1)[:, :_MOST]
        gaps = np.column_stack([np.isnan(values[name]) for name in names])
        highs = np.column_stack([values[name] > self.features[name][0] for name in names])
        # only of the columns that are told, each as a number of `_codes_of`
        adds, is_gap, is_high = (np.take_along_axis(part, order, axis=1) for part in (added, gaps, highs))
        level = np.where(is_gap, 2, np.where(is_high, 0, 1))
        told = (order * len(_LEVELS) + level) * len(_EFFECTS) + np.where(adds > 0, 0, 1)
        is_told = np.abs(adds) >= _LEAST
        ends = np.cumsum(is_told.sum(axis=1), dtype=np.int32)
        return pa.ListArray.from_arrays(
            np.concatenate([np.zeros(1, np.int32), ends]), _codes_of(names).take(told[is_told])
        )


def no_codes(rows: int) -> pa.Array:
    """So many empty lists."""
    return pa.ListArray.from_arrays(np.zeros(rows + 1, np.int32), pa.array([], pa.string()))


def _codes_of(names: Sequence[str]) -> pa.Array:
    return pa.array([f"{f}_{lv}_{e}" for f in names for lv in _LEVELS for e in _EFFECTS], pa.string())


def line_of(values: Values, score: NDArray[np.float64]) -> Line:
    """The line that follows the logits of these scores, drawn a little to zero."""
    names = [name for name in values if name in WORDS]
    if not names or np.ptp(score) == 0:
        return Line({})
    logit = np.log(np.clip(score, 1e-4, 1 - 1e-4) / (1 - np.clip(score, 1e-4, 1 - 1e-4)))
    columns, scales = [], []
    for name in names:
        x = values[name]
        known = x[~np.isnan(x)]
        mean, scale = (float(known.mean()), float(known.std()) or 1.0) if len(known) else (0.0, 1.0)
        columns += [np.where(np.isnan(x), 0.0, np.clip((x - mean) / scale, -3, 3)), np.isnan(x).astype(float)]
        scales.append((mean, scale))
    matrix = np.column_stack(columns)
    middle = matrix.mean(axis=0)
    centred = matrix - middle
    drawn = np.diag(np.full(matrix.shape[1], 0.01 * len(matrix)))
    slopes = np.linalg.solve(centred.T @ centred + drawn, centred.T @ (logit - logit.mean()))
    found = {}
    for n, name in enumerate(names):
        gap = float(slopes[2 * n + 1] * (1 - middle[2 * n + 1]))
        found[name] = (*scales[n], float(slopes[2 * n]), gap)
    return Line(found)


def line_from(told: Mapping[str, Any]) -> Line:
    """Read back from JSON."""
    return Line({name: (v[0], v[1], v[2], v[3]) for name, v in told.items()})
