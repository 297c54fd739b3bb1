"""The two kinds of model that a classifier is made of. Here: fitting them, and what they say. Not here: choosing (classifier.py).

The linear one is kept as plain arrays, the boosting as scikit-learn fitted it.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from typing import Any

import numpy as np
from numpy.typing import NDArray

from orchestration.prediction.classify.encoding import Matrix

_STEP = 0.03
_DEPTH = 2
_FEWEST_IN_A_LEAF = 30
_BINS, _BINS_OF_WEIGHTED = 255, 63


@dataclass(frozen=True)
class Linear:
    """A regularised logistic regression."""

    weights: NDArray[np.float64]
    intercept: float

    def logit(self, matrix: Matrix) -> NDArray[np.float64]:
        return np.asarray(matrix @ self.weights + self.intercept)


@contextmanager
def single_threaded() -> Iterator[None]:
    """Threads that wait for each other in a loop cost more than they gain here: twenty times, where other processes run too."""
    import sklearn.ensemble  # noqa: F401 (only libraries that are loaded are limited)
    from threadpoolctl import threadpool_limits

    with threadpool_limits(1):
        yield


def fit_linear(matrix: Matrix, label: NDArray[Any], strength: float) -> Linear:
    """`strength` is the inverse of the penalty, C."""
    return fit_linears(matrix, label, [strength])[strength]


def fit_linears(matrix: Matrix, label: NDArray[Any], strengths: Sequence[float]) -> dict[float, Linear]:
    """One of each strength. Each begins where the one before it ended: the second costs half of the first."""
    if not matrix.shape[1]:
        rate = (label.sum() + 0.5) / (len(label) + 1)
        return dict.fromkeys(strengths, Linear(np.zeros(0), float(np.log(rate / (1 - rate)))))
    from sklearn.linear_model import LogisticRegression

    fitted, found = LogisticRegression(max_iter=2000, tol=1e-3, warm_start=True), {}
    for strength in strengths:
        fitted.set_params(C=strength).fit(matrix, label)
        found[strength] = Linear(fitted.coef_[0].copy(), float(fitted.intercept_[0]))
    return found


def fit_booster(
    rounds: int, matrix: Matrix, label: NDArray[Any], *, is_amount: bool = False, weight: NDArray[Any] | None = None
) -> Any:
    """Boosted shallow trees: of yes or no, or of an amount. A column without a value in these rows, as in a fold, says nothing."""
    empty = np.isnan(matrix).all(axis=0)
    # of weighted rows each bound of a bin is looked for anew, which took half of the time of a fit
    bins = _BINS if weight is None else _BINS_OF_WEIGHTED
    return _booster(rounds, len(label), is_amount=is_amount, max_bins=bins).fit(
        np.where(empty, 0.0, matrix), label, sample_weight=weight
    )


def _booster(rounds: int, rows: int, *, is_amount: bool, max_bins: int) -> Any:
    from sklearn.ensemble import HistGradientBoostingClassifier, HistGradientBoostingRegressor

    return (HistGradientBoostingRegressor if is_amount else HistGradientBoostingClassifier)(
        max_depth=_DEPTH,
        learning_rate=_STEP,
        max_iter=rounds,
        min_samples_leaf=min(_FEWEST_IN_A_LEAF, max(rows // 20, 2)),
        l2_regularization=5,
        max_features=0.5,
        early_stopping=False,
        max_bins=max_bins,
        random_state=0,
    )


def staged_logits(fitted: Any, matrix: Matrix, rounds: Sequence[int]) -> list[NDArray[np.float64]]:
    """What the first so many trees say, for each number of rounds."""
    wanted = set(rounds)
    return [
        np.array(s, dtype=np.float64).ravel()
        for n, s in enumerate(fitted.staged_decision_function(matrix), start=1)
        if n in wanted
    ]
