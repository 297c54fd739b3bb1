"""Which columns a score rests on, and in which direction. Here: how much AUC is lost when a column is shuffled. Not here: causes."""

from __future__ import annotations

from typing import Any

import numpy as np
from numpy.typing import NDArray

from orchestration.prediction.classify.kept import with_plain_trees
from orchestration.prediction.classify.members import single_threaded
from orchestration.prediction.classify.predictions import MODEL, Predicted
from orchestration.prediction.classify.quality import auc

_SHUFFLES = 3
# more rows change the third decimal only
_MOST_ROWS = 10_000
FEWEST_OF_A_GROUP = 30
# a rank correlation below this is no direction
_CLEAR = 0.1


def importance(predicted: Predicted) -> list[dict[str, Any]]:
    """Each column with the AUC that is lost without what it tells, the most important first."""
    rng = np.random.default_rng(0)
    score = predicted.scores[MODEL][0]
    most = max(_MOST_ROWS // len(predicted.parts), 1)
    parts = [(with_plain_trees(model), rng.permutation(rows)[:most]) for model, rows in predicted.parts]
    rows = np.concatenate([part for _, part in parts])
    label, whole = predicted.label[rows], auc(predicted.label[rows], score[rows])
    found = []
    with single_threaded():
        for column, values in predicted.values.items():
            lost = []
            for _ in range(_SHUFFLES):
                told = []
                for model, part in parts:
                    shuffled = {c: v[part] for c, v in predicted.values.items()}
                    shuffled[column] = rng.permutation(shuffled[column])
                    told.append(model.predict(shuffled))
                lost.append(whole - auc(label, np.concatenate(told)))
            found.append({"column": column, "auc_lost": float(np.mean(lost)), "direction": direction(values, score)})
    return sorted(found, key=lambda one: -one["auc_lost"])


def direction(values: NDArray[Any], score: NDArray[np.float64]) -> str:
    """How the score goes with the column, in words."""
    if values.dtype.kind == "f":
        known = ~np.isnan(values)
        if known.sum() < FEWEST_OF_A_GROUP or np.ptp(values[known]) == 0 or np.ptp(score[known]) == 0:
            return "no clear direction"
        from scipy.stats import spearmanr

        rho = float(spearmanr(values[known], score[known]).statistic)
        return (
            "no clear direction"
            if abs(rho) < _CLEAR
            else f"the {'higher' if rho > 0 else 'lower'}, the higher the score"
        )
    levels, places, counts = np.unique(values, return_inverse=True, return_counts=True)
    means = np.bincount(places, weights=score) / counts
    shown = [n for n in np.argsort(means) if counts[n] >= FEWEST_OF_A_GROUP and levels[n]]
    if len(shown) < 2:
        return "no clear direction"
    low, high = shown[0], shown[-1]
    return f"mean score {means[high]:.0%} of {levels[high]}, {means[low]:.0%} of {levels[low]}"
