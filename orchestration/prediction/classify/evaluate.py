"""How well a label of a user's own file can be predicted. Here: options, both files, the finding. Not here: fitting, measures."""

from __future__ import annotations

from collections.abc import Collection
from dataclasses import asdict, dataclass, replace
from functools import reduce
from pathlib import Path
from typing import Any

import numpy as np
from numpy.typing import NDArray

from orchestration.core.errors import KundbildError
from orchestration.prediction.classify.classifier import BASE_RATE, LOGISTIC
from orchestration.prediction.classify.fairness import fairness_table
from orchestration.prediction.classify.features import Features, choose_features, psi
from orchestration.prediction.classify.importance import importance
from orchestration.prediction.classify.labelled import Labelled, read_labelled
from orchestration.prediction.classify.predictions import MODEL, Predicted, by_folds, by_test
from orchestration.prediction.classify.quality import Measured, calibration_by_chance, calibration_curve, measure

FOLDS = 5
# a population stability index above this is a column that another population has
_MOVED = 0.25
_BETWEEN = "\x1f"


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


def evaluate_files(
    train: Path,
    test: Path | None,
    *,
    label: str,
    id_column: str | None,
    positive: str | None = None,
    folds: int | None = None,
    repeats: int | None = None,
    without: Collection[str] = (),
    keep: Collection[str] = (),
) -> Evaluation:
    """Learns from `train` and measures on `test`; without `test`, on folds of `train`.

    Raises KundbildError where a file, a column, the label or the options do not fit.
    """
    if test is not None and (folds is not None or repeats is not None):
        raise KundbildError(
            "a second file measures, and so do folds: one at a time",
            to_do="leave out --test, or leave out --folds and --repeats",
        )
    folds, repeats = FOLDS if folds is None else folds, 1 if repeats is None else repeats
    learnt = read_labelled(train, label=label, id_column=id_column, positive=positive)
    told, in_both = None, 0
    if test is not None:
        told, in_both = _apart(learnt, read_labelled(test, label=label, id_column=id_column, positive=positive))
    features = choose_features(learnt, told, without=without, keep=keep)
    predicted = (
        by_folds(learnt, features.kinds, folds, repeats) if told is None else by_test(learnt, told, features.kinds)
    )
    quality, against = measure(predicted.label, predicted.scores)
    moved = {} if told is None else _moved(learnt, told, features)
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
        moved,
    )


def _apart(train: Labelled, test: Labelled) -> tuple[Labelled, int]:
    """The test without rows that training has too, and how many of its other rows are of a customer that training knows.

    A customer may stand in both files, as of two days. The same row twice would be measured on what was learnt.
    """
    if not len(train.ids):
        return test, 0
    columns = [c for c in train.raw if c in test.raw]
    both = np.isin(test.ids, train.ids) & (test.ids != "")
    copies = both & np.isin(_written(test, columns), _written(train, columns))
    if not copies.any():
        return test, int(both.sum())
    rest = test.taken(~copies)
    if not rest.rows or rest.label.min() == rest.label.max():
        raise KundbildError(
            f"{int(copies.sum()):,} of {test.rows:,} rows of {test.name} are in {train.name} too: too few others to measure with",
            to_do="name a file of other customers, or leave out --test",
        )
    left_out = {**test.left_out, f"the same row is in {train.name}": int(copies.sum())}
    return replace(rest, left_out=left_out), int((both & ~copies).sum())


def _written(table: Labelled, columns: list[str]) -> NDArray[Any]:
    """Each row as one text."""
    parts = [table.ids, table.label.astype(str), *(table.raw[c] for c in columns)]
    return reduce(lambda one, other: np.char.add(np.char.add(one, _BETWEEN), other), parts)


def _moved(train: Labelled, test: Labelled, features: Features) -> dict[str, float]:
    learnt, told = train.values(features.kinds), test.values(features.kinds)
    found = {column: psi(learnt[column], told[column]) for column in features.kinds}
    return {column: value for column, value in found.items() if value > _MOVED}


def _told(table: Labelled) -> dict[str, Any]:
    return {"file": table.name, "customers": table.rows, "yes": table.positives, "rows_left_out": table.left_out}
