"""What the past days teach about a question. Here: the cut by time, the finding on the latest days, the model that scores.

Not here: the table of the past (past.py), the classifier (classify/), when a night learns anew.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime

import duckdb
import numpy as np

from orchestration.core.errors import KundbildError
from orchestration.prediction.classify.classifier import BASE_RATE, FEWEST_OF_A_CLASS, Classifier, always, fit_again
from orchestration.prediction.classify.evaluation import Evaluation, evaluation_of
from orchestration.prediction.classify.features import choose_features
from orchestration.prediction.classify.labelled import Labelled, Values
from orchestration.prediction.classify.members import single_threaded
from orchestration.prediction.classify.predictions import MOST_LEARNT, by_test
from orchestration.prediction.sureness import CONFIDENCE
from orchestration.prediction.uplift.lots import by_customer
from orchestration.prediction.warehouse.past import Question, answers, answers_of, labelled_past, make_past, past_days


@dataclass(frozen=True)
class Rate:
    """How often it happened, with a 95 % interval (Jeffreys, by customer): `yes` of so many rows, one a customer and past day, of days that
    do not overlap."""

    value: float
    low: float
    high: float
    customers: int
    rows: int
    yes: int


@dataclass(frozen=True)
class Learnt:
    """A model and how good it is on the latest past day. `evaluation` is None where too few answered either way to measure."""

    model: Classifier
    kinds: dict[str, str]
    rate: Rate
    evaluation: Evaluation | None
    days: list[datetime]

    @property
    def is_base_rate(self) -> bool:
        return self.model.kind == BASE_RATE


def learn(con: duckdb.DuckDBPyConnection, question: Question, as_of: datetime, *, label: str) -> Learnt | str:
    """The model of the past days before `as_of`, or why there is none. Few customers are no error: all get the share of yes."""
    days = past_days(con, question, as_of)
    if not days:
        return f"nobody was there {question.horizon_days} days before {as_of:%Y-%m-%d} to learn from"
    told = answers(con, question, days)
    if not any(no + yes for no, yes in told.values()):
        return "nobody who may be profiled was there to learn from"
    rate = _rate(con, question, told)
    before = [day for day in days if day + question.horizon <= days[0]]
    if min(_rarer(told, before), _rarer(told, days[:1])) < FEWEST_OF_A_CLASS:
        return Learnt(always(rate.value), {}, rate, None, days)
    learnt = sum(sum(told[day]) for day in before)
    make_past(con, days, measured=days[:1], share=min(1, MOST_LEARNT / learnt))
    whole, train, test = (labelled_past(con, d, _name(d)) for d in (days, before, days[:1]))
    try:
        features = choose_features(train, test)
    except KundbildError:  # nothing is known of anybody but that they are there
        return Learnt(always(rate.value), {}, rate, None, days)
    predicted = by_test(train, test, features.kinds, has_several=True)
    found = evaluation_of(train, test, features, predicted, label=label)
    return Learnt(_fitted(predicted.parts[0][0], whole, features.kinds), features.kinds, rate, found, days)


def _fitted(measured: Classifier, whole: Labelled, kinds: dict[str, str]) -> Classifier:
    """The model that scores: it knows the latest days too, on which the same way of learning was measured."""
    rows = np.arange(whole.rows)
    if len(rows) > MOST_LEARNT:
        rows = np.sort(np.random.default_rng(0).choice(rows, MOST_LEARNT, replace=False))
    taken = whole.taken(rows)
    values: Values = taken.values(kinds)
    with single_threaded():
        return fit_again(measured, values, kinds, taken.label)


def _rate(con: duckdb.DuckDBPyConnection, question: Question, told: Mapping[datetime, tuple[int, int]]) -> Rate:
    """By days that lie a horizon apart: the same ending must not count twice. A customer's days are one person's: they count as fewer
    rows, by as much as the variance of sums per customer is above that of independent rows."""
    from scipy import stats

    apart: list[datetime] = []
    for day in told:
        if not apart or day + question.horizon <= apart[-1]:
            apart.append(day)
    label, customer = answers_of(con, apart)
    no, yes = int((~label).sum()), int(label.sum())
    times = by_customer(label - label.mean(), customer) if len(label) else 1.0
    ends = [(1 - CONFIDENCE) / 2, (1 + CONFIDENCE) / 2]
    low, high = stats.beta.ppf(ends, yes / times + 0.5, no / times + 0.5)
    return Rate((yes + 0.5) / (yes + no + 1), float(low), float(high), len(np.unique(customer)), len(label), yes)


def _rarer(told: Mapping[datetime, tuple[int, int]], days: list[datetime]) -> int:
    return min(sum(told[day][place] for day in days) for place in (0, 1))


def _name(days: list[datetime]) -> str:
    """What the card says of the customers."""
    return (
        f"{min(days):%Y-%m-%d}"
        if len(days) == 1
        else f"{len(days)} past days, {min(days):%Y-%m-%d} to {max(days):%Y-%m-%d}"
    )
