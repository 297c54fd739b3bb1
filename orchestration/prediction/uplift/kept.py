"""A learner of lifts of a rate as plain numbers, so that it can lie in a table as JSON. Here: both ways. Not here: where it lies."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import asdict, dataclass
from typing import Any

import numpy as np
from numpy.typing import NDArray

from orchestration.prediction.classify.encoding import Matrix
from orchestration.prediction.classify.kept import PlainTrees, encoding_from, plain_trees
from orchestration.prediction.uplift.learner import Learner


@dataclass(frozen=True)
class PlainChance:
    """Boosted trees of a rate that say a chance as scikit-learn's do."""

    trees: PlainTrees

    def predict_proba(self, matrix: Matrix) -> NDArray[np.float64]:
        yes = 1 / (1 + np.exp(-self.trees.decision_function(matrix)))
        return np.column_stack([1 - yes, yes])


def kept_learner(learner: Learner) -> dict[str, Any]:
    """The learner as JSON can hold it."""
    return {
        "kind": learner.kind,
        "encoding": asdict(learner.encoding),
        "mean_lift": learner.mean_lift,
        "ranks": learner.ranks.tolist(),
        "line": learner.line.tolist(),
        "gain": learner.gain,
        **{part: _told(getattr(learner, part)) for part in ("expected", "treated", "untreated")},
    }


def restored_learner(told: Mapping[str, Any]) -> Learner:
    """The learner out of what `kept_learner` made of it, read back from JSON."""
    trees = {
        part: None if told[part] is None else PlainChance(PlainTrees(**told[part]))
        for part in ("expected", "treated", "untreated")
    }
    return Learner(
        told["kind"],
        encoding_from(told["encoding"]),
        told["mean_lift"],
        trees["expected"],
        np.array(told["ranks"], dtype=np.float64),
        np.array(told["line"], dtype=np.float64),
        trees["treated"],
        trees["untreated"],
        dict(told["gain"]),
    )


def _told(fitted: Any) -> dict[str, Any] | None:
    if fitted is None:
        return None
    return asdict(plain_trees(fitted.trees if isinstance(fitted, PlainChance) else fitted))
