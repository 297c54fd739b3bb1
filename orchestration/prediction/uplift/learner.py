"""Lift of each customer: how much more likely the outcome is, or how much higher, with the campaign than without.

Two learners compete on customers that they did not see, by the R-loss (Nie and Wager 2021): the square of what is left of the
outcome, less its expectation, once the lift is taken off. A line of the columns and of the chance of the outcome needs fewer
customers: its slopes, but that of the chance, are drawn to zero as far as the R-loss says. Two models, one of the treated and one
of the control (T-learner), see every pattern and much noise.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

import numpy as np
from numpy.typing import NDArray

from orchestration.prediction.classify.encoding import Encoding, Matrix, learn_encoding
from orchestration.prediction.classify.labelled import Values
from orchestration.prediction.classify.members import fit_booster
from orchestration.prediction.uplift.draws import Draws

LINE, TWO_MODELS, SAME = "line", "two models", "the same for all"
_ROUNDS = 150
_FOLDS = 3
_PENALTIES = (0.1, 1.0, 10.0, 100.0)
# of an arm, or of its rarer answer: fewer teach nothing that another sample would confirm
FEWEST = 20
Lifts = NDArray[np.float64]


@dataclass(frozen=True)
class Learner:
    """A fitted learner. `gain` is how much R-loss each kind saves on customers that it did not see, against the same lift for all."""

    kind: str
    encoding: Encoding
    mean_lift: float
    expected: Any | None
    ranks: NDArray[np.float64]
    line: NDArray[np.float64]
    treated: Any | None
    untreated: Any | None
    gain: dict[str, float]

    def predict(self, values: Values) -> Lifts:
        """The lift of each row."""
        rows = len(next(iter(values.values())))
        if self.kind == SAME:
            return np.full(rows, self.mean_lift)
        matrix = self.encoding.trees(values)
        if self.kind == TWO_MODELS:
            return _halved(_said(self.treated, matrix) - _said(self.untreated, matrix), self.mean_lift)
        index = _rank(self.ranks, _said(self.expected, matrix))
        return np.asarray(_design(np.column_stack([index, self.encoding.plain(values)])) @ self.line)


def learn_lift(
    values: Values,
    kinds: Mapping[str, str],
    is_treated: NDArray[np.bool_],
    outcome: NDArray[np.float64],
    *,
    draws: Draws | None = None,
    seed: int = 0,
) -> Learner:
    """The learner with the least R-loss; the same lift for all where few were in an arm or had the outcome.

    `draws` say which rows were drawn by one lot, of whom: each draw has its own share of treated.
    """
    draws = draws or Draws.one(len(outcome))
    weight = draws.weight(is_treated)
    encoding = learn_encoding(values, kinds)
    trees, plain = encoding.trees(values), encoding.plain(values)
    if not trees.shape[1] or fewest_of(is_treated, outcome) < FEWEST:
        on, off = (np.average(outcome[arm], weights=weight[arm]) for arm in (is_treated, ~is_treated))
        lift = float(on - off)
        return Learner(SAME, encoding, lift, None, _NONE, _NONE, None, None, {})
    fold = draws.fold(_FOLDS, np.random.default_rng(seed))
    expected, two = np.zeros(len(outcome)), np.zeros(len(outcome))
    for f in range(_FOLDS):
        learn, told = fold != f, fold == f
        expected[told] = _said(_fit(trees[learn], outcome[learn]), trees[told])
        on, off = (_fit_arm(trees, outcome, learn & arm, weight) for arm in (is_treated, ~is_treated))
        two[told] = _said(on, trees[told]) - _said(off, trees[told])
    left = _Left(outcome - expected, is_treated - draws.share(is_treated))
    ranks = np.quantile(expected, np.linspace(0, 1, 201))
    index = _rank(ranks, expected)
    matrix = np.column_stack([index, plain])
    lines = {penalty: left.held_out(matrix, fold, penalty) for penalty in _PENALTIES}
    penalty = min(lines, key=lambda p: float(left.losses(lines[p]).mean()))
    same = left.held_out(np.zeros((len(outcome), 0)), fold, 0.0)
    losses = {LINE: left.losses(lines[penalty]), TWO_MODELS: left.losses(_halved(two, float(same.mean())))}
    kind = TWO_MODELS if _is_clearly_less(losses[TWO_MODELS], losses[LINE]) else LINE
    return Learner(
        kind,
        encoding,
        float(same.mean()),
        _fit(trees, outcome) if kind == LINE else None,
        ranks,
        left.line(matrix, penalty),
        _fit_arm(trees, outcome, is_treated, weight) if kind == TWO_MODELS else None,
        _fit_arm(trees, outcome, ~is_treated, weight) if kind == TWO_MODELS else None,
        {kind: float((left.losses(same) - loss).mean()) for kind, loss in losses.items()},
    )


@dataclass(frozen=True)
class _Left:
    """What is left of the outcome and of the lot, each less what was to be expected."""

    outcome: NDArray[np.float64]
    lot: NDArray[np.float64]

    def losses(self, lift: Lifts) -> NDArray[np.float64]:
        return np.asarray((self.outcome - self.lot * lift) ** 2)

    def line(self, matrix: Matrix, penalty: float, rows: NDArray[np.bool_] | None = None) -> NDArray[np.float64]:
        """The straight line of least R-loss, all slopes but the first drawn to zero; the penalty is in units of what the lot tells."""
        taken = slice(None) if rows is None else rows
        design, lot, outcome = _design(matrix)[taken], self.lot[taken], self.outcome[taken]
        weighted = design * (lot**2)[:, None]
        drawn = np.full(design.shape[1], penalty * float((lot**2).sum()))
        # the mean lift and the chance of the outcome
        drawn[:2] = 0
        return np.asarray(np.linalg.solve(weighted.T @ design + np.diag(drawn), design.T @ (lot * outcome)))

    def held_out(self, matrix: Matrix, fold: NDArray[np.int64], penalty: float) -> Lifts:
        """Of each row what a line of the other folds says."""
        told = np.zeros(len(self.outcome))
        for f in range(_FOLDS):
            told[fold == f] = _design(matrix[fold == f]) @ self.line(matrix, penalty, fold != f)
        return told


_NONE = np.zeros(0)


def fewest_of(is_treated: NDArray[np.bool_], outcome: NDArray[np.float64]) -> int:
    """Of the smaller arm: how many there are, or of a rate how many have its rarer answer."""
    counts = []
    for arm in (outcome[is_treated], outcome[~is_treated]):
        hits = int((arm != 0).sum())
        counts.append(min(hits, len(arm) - hits) if is_rate(outcome) else min(hits, len(arm)))
    return min(counts)


def is_rate(outcome: NDArray[np.float64]) -> bool:
    return bool(np.isin(outcome, (0.0, 1.0)).all())


def _is_clearly_less(one: NDArray[np.float64], other: NDArray[np.float64]) -> bool:
    """By two standard errors: the best of several that see noise looks better than it is."""
    saved = other - one
    return bool(saved.mean() > 2 * saved.std() / np.sqrt(len(saved)))


def _fit(matrix: Matrix, outcome: NDArray[np.float64], weight: NDArray[np.float64] | None = None) -> Any:
    return fit_booster(_ROUNDS, matrix, outcome, is_amount=not is_rate(outcome), weight=weight)


def _fit_arm(matrix: Matrix, outcome: NDArray[np.float64], rows: NDArray[np.bool_], weight: NDArray[np.float64]) -> Any:
    """By weights around 1: what a tree is drawn to zero by is in units of rows."""
    return _fit(matrix[rows], outcome[rows], weight[rows] / weight[rows].mean())


def _said(fitted: Any, matrix: Matrix) -> NDArray[np.float64]:
    return np.asarray(
        fitted.predict_proba(matrix)[:, 1] if hasattr(fitted, "predict_proba") else fitted.predict(matrix)
    )


def _halved(lift: Lifts, mean_lift: float) -> Lifts:
    """What two models differ by is noise too: drawn half way to the mean."""
    return (lift + mean_lift) / 2


def _rank(ranks: NDArray[np.float64], expected: NDArray[np.float64]) -> NDArray[np.float64]:
    """Where the expectation lies among all, with mean 0 and variance 1."""
    return np.asarray((np.searchsorted(ranks, expected) / len(ranks) - 0.5) * np.sqrt(12))


def _design(matrix: Matrix) -> Matrix:
    return np.column_stack([np.ones(len(matrix)), matrix])
