"""What was found about how well a yes or no can be predicted. Here: the finding of customers to learn from and to measure on.

Not here: where the customers come from (evaluate.py: files; warehouse/: past nights), fitting, measures.
"""

from __future__ import annotations

from dataclasses import asdict, dataclass
from typing import Any

import numpy as np

from orchestration.prediction.classify.classifier import BASE_RATE, LOGISTIC
from orchestration.prediction.classify.fairness import fairness_table
from orchestration.prediction.classify.features import Features, psi
from orchestration.prediction.classify.importance import importance
from orchestration.prediction.classify.labelled import Labelled
from orchestration.prediction.classify.predictions import MODEL, Predicted
from orchestration.prediction.classify.quality import Measured, calibration_by_chance, calibration_curve, measure

# a population stability index above this is a column that another population has
MOVED = 0.25


@dataclass(frozen=True)
class Evaluation:
    """What was found. `difference` is the model minus a baseline, on the same customers."""

    label: str
    id_column: str | None
    train: Labelled
    test: Labelled | None
    folds: int
    repeats: int
    features: Features
    predicted: Predicted
    quality: dict[str, dict[str, Measured]]
    difference: dict[str, dict[str, Measured]]
    by_chance: float
    important: list[dict[str, Any]]
    fairness: list[dict[str, Any]]
    in_both: int
    drift: dict[str, float]

    @property
    def measured(self) -> Labelled:
        return self.train if self.test is None else self.test

    @property
    def columns_left_out(self) -> dict[str, str]:
        """Each column that is not learnt from, and why."""
        named = {} if self.id_column is None else {self.id_column: "says who the customer is"}
        return {**named, **self.features.left_out}

    @property
    def curve(self) -> list[tuple[float, float, int]]:
        scores = self.predicted.scores[MODEL]
        return calibration_curve(np.tile(self.predicted.label, len(scores)), np.concatenate(scores))

    @property
    def top_tenth(self) -> dict[str, float]:
        """Of the tenth with the highest scores: how many said yes, and which part of all yes that is."""
        label, score = self.predicted.label, self.predicted.scores[MODEL][0]
        top = np.argsort(-score, kind="stable")[: max(len(score) // 10, 1)]
        return {"share": float(label[top].mean()), "of_all_yes": float(label[top].sum() / label.sum())}

    def verdict(self, baseline: str) -> str:
        """By the Brier score, which a better ranking and a better calibration both lower."""
        found = self.difference[baseline]["brier"]
        if found.high < 0:
            return "better"
        return "worse" if found.low > 0 else "no clear difference"

    def as_dict(self) -> dict[str, Any]:
        return {
            "label": self.label,
            "train": _told(self.train),
            "test": _told(self.test) if self.test is not None else None,
            "folds": self.folds if self.test is None else None,
            "repeats": self.repeats if self.test is None else None,
            "customer_count": self.measured.rows,
            "base_rate": self.measured.positives / self.measured.rows,
            "learnt_from": self.predicted.learnt_from,
            "model": self.predicted.chosen,
            "quality": {m: {k: asdict(v) for k, v in found.items()} for m, found in self.quality.items()},
            "difference": {m: {k: asdict(v) for k, v in found.items()} for m, found in self.difference.items()},
            "verdict": {baseline: self.verdict(baseline) for baseline in (LOGISTIC, BASE_RATE)},
            "calibration_error_by_chance": self.by_chance,
            "calibration_curve": [{"mean_score": s, "share": h, "customers": n} for s, h, n in self.curve],
            "top_tenth": self.top_tenth,
            "features": self.features.kinds,
            "important": self.important,
            "columns_left_out": self.columns_left_out,
            "leaks": self.features.leaks,
            "fairness": self.fairness,
            "customers_in_both_files": self.in_both,
            "drift": self.drift,
        }


def evaluation_of(
    learnt: Labelled,
    told: Labelled | None,
    features: Features,
    predicted: Predicted,
    *,
    label: str,
    id_column: str | None = None,
    folds: int = 0,
    repeats: int = 1,
    in_both: int = 0,
) -> Evaluation:
    """Measures the scores and explains them. `told` is None where folds of `learnt` measure."""
    quality, against = measure(predicted.label, predicted.scores)
    score = predicted.scores[MODEL][0]
    return Evaluation(
        label,
        id_column,
        learnt,
        told,
        folds,
        repeats,
        features,
        predicted,
        quality,
        {baseline: found for baseline, found in against.items() if baseline != MODEL},
        calibration_by_chance(score),
        importance(predicted),
        fairness_table(learnt if told is None else told, features.fairness, score),
        in_both,
        {} if told is None else _moved(learnt, told, features),
    )


def _moved(train: Labelled, test: Labelled, features: Features) -> dict[str, float]:
    learnt, told = train.values(features.kinds), test.values(features.kinds)
    found = {column: psi(learnt[column], told[column]) for column in features.kinds}
    return {column: value for column, value in found.items() if value > MOVED}


def _told(table: Labelled) -> dict[str, Any]:
    return {"file": table.name, "customers": table.rows, "yes": table.positives, "rows_left_out": table.left_out}
