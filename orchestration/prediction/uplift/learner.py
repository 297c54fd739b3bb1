"""Lift of each customer: how much more likely the outcome is, or how much higher, with the campaign than without.

Two learners compete on customers that they did not see, by the R-loss (Nie and Wager 2021): the square of what is left of the
outcome, less its expectation, once the lift is taken off. A line of the columns and of the chance of the outcome needs fewer
customers: its slopes, but that of the chance, are drawn to zero as far as the R-loss says. Two models, one of the treated and one
of the control (T-learner), see every pattern and much noise.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np
from numpy.typing import NDArray

from orchestration.prediction.classify.encoding import Encoding, Matrix, learn_encoding
from orchestration.prediction.classify.labelled import Values
from orchestration.prediction.classify.members import fit_booster
from orchestration.prediction.uplift.lots import Lots

LINE, TWO_MODELS, SAME = "line", "two models", "the same for all"
_ROUNDS = 150
_FOLDS = 3
_PENALTIES = (0.1, 1.0, 10.0, 100.0)
# of an arm, or of its rarer answer: fewer teach nothing that another sample would confirm
FEWEST = 20
# trees of two splits learn little from more, and it takes time
_MOST_OF_A_FIT = 100_000
Lifts = NDArray[np.float64]
# of some rows what a line is drawn through
Design = Callable[[NDArray[np.int64]], Matrix]


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
        return np.asarray(_design(index, self.encoding.plain(values)) @ self.line)


def learn_lift(
    values: Values,
    kinds: Mapping[str, str],
    is_treated: NDArray[np.bool_],
    outcome: NDArray[np.float64],
    *,
    lots: Lots | None = None,
    seed: int = 0,
) -> Learner:
    """The learner with the least R-loss; the same lift for all where few were in an arm or had the outcome.

    `lots` say which rows were drawn by one lot, of whom: each lot has its own share of treated.
    """
    lots = lots or Lots.one(len(outcome))
    weight = lots.weight(is_treated)
    encoding = learn_encoding(values, kinds)
    trees = encoding.trees(values)
    if not trees.shape[1] or fewest_of(is_treated, outcome) < FEWEST:
        on, off = (np.average(outcome[arm], weights=weight[arm]) for arm in (is_treated, ~is_treated))
        lift = float(on - off)
        return Learner(SAME, encoding, lift, None, _NONE, _NONE, None, None, {})
    fold = lots.fold(_FOLDS, np.random.default_rng(seed))
    every = np.ones(len(outcome), dtype=bool)
    expected, two = np.zeros(len(outcome)), np.zeros(len(outcome))
    for f in range(_FOLDS):
        learn, told = fold != f, fold == f
        expected[told] = _said(_fit(trees, outcome, learn, every), trees[told])
        on, off = (_fit(trees, outcome, learn & arm, weight) for arm in (is_treated, ~is_treated))
        two[told] = _said(on, trees[told]) - _said(off, trees[told])
    left = _Left(outcome - expected, is_treated - lots.share(is_treated))
    ranks = np.quantile(expected, np.linspace(0, 1, 201))
    rows = [np.flatnonzero(fold == f) for f in range(_FOLDS)]

    def design(told: NDArray[np.int64]) -> Matrix:
        """Of one fold at a time: of all rows it is most of the memory of a fit."""
        return _design(_rank(ranks, expected[told]), encoding.plain({c: v[told] for c, v in values.items()}))

    squares = left.squares(design, rows)
    lines = squares.held_out(design, rows, _PENALTIES)
    penalty = min(lines, key=lambda p: float(left.losses(lines[p]).mean()))
    same = left.squares(_ones, rows).held_out(_ones, rows, [0.0])[0.0]
    losses = {LINE: left.losses(lines[penalty]), TWO_MODELS: left.losses(_halved(two, float(same.mean())))}
    kind = TWO_MODELS if _is_clearly_less(losses[TWO_MODELS], losses[LINE]) else LINE
    return Learner(
        kind,
        encoding,
        float(same.mean()),
        _fit(trees, outcome, every, every) if kind == LINE else None,
        ranks,
        squares.line(penalty),
        _fit(trees, outcome, is_treated, weight) if kind == TWO_MODELS else None,
        _fit(trees, outcome, ~is_treated, weight) if kind == TWO_MODELS else None,
        {kind: float((left.losses(same) - loss).mean()) for kind, loss in losses.items()},
    )


@dataclass(frozen=True)
class _Left:
    """What is left of the outcome and of the arm, each less what was to be expected."""

    outcome: NDArray[np.float64]
    arm: NDArray[np.float64]

    def losses(self, lift: Lifts) -> NDArray[np.float64]:
        return np.asarray((self.outcome - self.arm * lift) ** 2)

    def squares(self, design: Design, rows: Sequence[NDArray[np.int64]]) -> _Squares:
        """Of each fold's rows."""
        told = [self._squares(design(fold), self.arm[fold], self.outcome[fold]) for fold in rows]
        return _Squares(*(np.stack(part) for part in zip(*told, strict=True)))

    @staticmethod
    def _squares(design: Matrix, arm: NDArray[Any], outcome: NDArray[Any]) -> tuple[NDArray[np.float64], ...]:
        weighed = design * (arm**2)[:, None]
        return weighed.T @ design, design.T @ (arm * outcome), np.asarray((arm**2).sum())


@dataclass(frozen=True)
class _Squares:
    """Of each fold the sums of squares and products that a line is solved from: they are made once for all penalties."""

    design: NDArray[np.float64]
    answer: NDArray[np.float64]
    arm: NDArray[np.float64]

    def line(self, penalty: float, without: int | None = None) -> NDArray[np.float64]:
        """The straight line of least R-loss, all slopes but the first drawn to zero; the penalty is in units of what the arms tell."""
        taken = [f for f in range(_FOLDS) if f != without]
        drawn = np.full(self.design.shape[1], penalty * float(self.arm[taken].sum()))
        # the mean lift and the chance of the outcome
        drawn[:2] = 0
        return np.asarray(
            np.linalg.solve(self.design[taken].sum(axis=0) + np.diag(drawn), self.answer[taken].sum(axis=0))
        )

    def held_out(
        self, design: Design, rows: Sequence[NDArray[np.int64]], penalties: Sequence[float]
    ) -> dict[float, Lifts]:
        """Of each penalty and row what a line of the other folds says."""
        told = {penalty: np.zeros(sum(map(len, rows))) for penalty in penalties}
        for f, fold in enumerate(rows):
            matrix = design(fold)
            for penalty, lifts in told.items():
                lifts[fold] = matrix @ self.line(penalty, f)
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


def _fit(matrix: Matrix, outcome: NDArray[np.float64], rows: NDArray[np.bool_], weight: NDArray[Any]) -> Any:
    """By weights around 1: what a tree is drawn to zero by is in units of rows."""
    taken, times = _some(np.flatnonzero(rows), outcome)
    by = weight[taken] * times
    return fit_booster(_ROUNDS, matrix[taken], outcome[taken], is_amount=not is_rate(outcome), weight=by / by.mean())


def _some(rows: NDArray[np.int64], outcome: NDArray[np.float64]) -> tuple[NDArray[np.int64], NDArray[np.float64]]:
    """Of more rows than shallow trees learn from, those of the rarer answer and some of the other ones, and how many each stands for."""
    if len(rows) <= _MOST_OF_A_FIT:
        return rows, np.ones(len(rows))
    has_it, rng = outcome[rows] != 0, np.random.default_rng(0)
    rare, often = sorted((rows[has_it], rows[~has_it]), key=len)
    parts = []
    for part, most in ((rare, _MOST_OF_A_FIT // 2), (often, _MOST_OF_A_FIT - min(len(rare), _MOST_OF_A_FIT // 2))):
        taken = rng.choice(part, min(most, len(part)), replace=False)
        parts.append((taken, np.full(len(taken), len(part) / max(len(taken), 1))))
    taken, times = (np.concatenate(told) for told in zip(*parts, strict=True))
    order = np.argsort(taken)
    return taken[order], times[order]


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


def _ones(rows: NDArray[np.int64]) -> Matrix:
    return np.ones((len(rows), 1))


def _design(index: NDArray[np.float64], plain: Matrix) -> Matrix:
    return np.column_stack([np.ones(len(index)), index, plain])
