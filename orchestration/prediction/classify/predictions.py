"""Scores of customers by models that did not see them. Here: by a second file, by folds of one. Not here: how good they are."""

from __future__ import annotations

from collections import Counter
from dataclasses import dataclass
from typing import Any

import numpy as np
from numpy.typing import NDArray

from orchestration.core.errors import KundbildError
from orchestration.prediction.classify.classifier import BASE_RATE, LOGISTIC, Classifier, fit, fit_baseline
from orchestration.prediction.classify.labelled import Labelled, Values
from orchestration.prediction.classify.members import single_threaded

MODEL = "model"
# more customers teach little more, and take memory
MOST_LEARNT = 50_000
Rows = NDArray[np.int64]


@dataclass(frozen=True)
class Predicted:
    """`scores` of each model, one array a repeat. `parts` are the models of the first repeat, each with the rows that it scored."""

    values: Values
    label: NDArray[np.int8]
    scores: dict[str, list[NDArray[np.float64]]]
    parts: list[tuple[Classifier, Rows]]
    learnt_from: int
    chosen: dict[str, int]


def by_test(train: Labelled, test: Labelled, kinds: dict[str, str], *, has_several: bool = False) -> Predicted:
    """The customers of `test`, by a model of `train`. `has_several` says that a customer may have several rows there."""
    values, rows = test.values(kinds), np.arange(test.rows)
    learnt = _at_most(np.arange(train.rows), MOST_LEARNT)
    with single_threaded():
        found, scores = _fitted(
            _taken(train.values(kinds), learnt),
            kinds,
            train.label[learnt],
            values,
            0,
            train.ids[learnt] if has_several else None,
        )
    return Predicted(
        values, test.label, {m: [s] for m, s in scores.items()}, [(found, rows)], len(learnt), {found.kind: 1}
    )


def by_folds(train: Labelled, kinds: dict[str, str], folds: int, repeats: int) -> Predicted:
    """Each customer of the file, by a model of the folds that it is not in.

    Raises KundbildError where there are more folds than customers of the rarer class.
    """
    from sklearn.model_selection import StratifiedKFold

    rarer = min(train.positives, train.rows - train.positives)
    if rarer < folds:
        raise KundbildError(
            f"{train.name} has {rarer} customers of the rarer answer: too few for {folds} folds",
            to_do="take a longer period, or fewer folds: --folds N",
        )
    values = train.values(kinds)
    scores: dict[str, list[NDArray[np.float64]]] = {MODEL: [], LOGISTIC: []}
    parts, chosen, most = [], Counter[str](), 0
    with single_threaded():
        for repeat in range(repeats):
            told = {model: np.zeros(train.rows) for model in scores}
            splits = StratifiedKFold(folds, shuffle=True, random_state=repeat).split(train.label, train.label)
            for inside, outside in splits:
                learnt = _at_most(inside, MOST_LEARNT)
                found, of_fold = _fitted(
                    _taken(values, learnt), kinds, train.label[learnt], _taken(values, outside), repeat
                )
                for model, array in told.items():
                    array[outside] = of_fold[model]
                chosen[found.kind] += 1
                most = max(most, len(learnt))
                if not repeat:
                    parts.append((found, outside))
            for model, array in told.items():
                scores[model].append(array)
    # each fold's own rate would differ by chance, against what happened in it
    scores[BASE_RATE] = [np.full(train.rows, train.positives / train.rows)]
    return Predicted(values, train.label, scores, parts, most, dict(chosen))


def _fitted(
    learnt: Values,
    kinds: dict[str, str],
    label: NDArray[Any],
    told: Values,
    seed: int,
    customers: NDArray[Any] | None = None,
) -> tuple[Classifier, dict[str, NDArray[np.float64]]]:
    """The model, and what it, a plain logistic regression and the base rate say."""
    found = fit(learnt, kinds, label, seed=seed, customers=customers)
    encoding, line = fit_baseline(learnt, kinds, label)
    plain = 1 / (1 + np.exp(-line.logit(encoding.plain(told))))
    rows = len(next(iter(told.values())))
    return found, {MODEL: found.predict(told), LOGISTIC: plain, BASE_RATE: np.full(rows, found.base_rate)}


def _taken(values: Values, rows: Rows) -> Values:
    return {column: array[rows] for column, array in values.items()}


def _at_most(rows: Rows, most: int) -> Rows:
    """A random part of the rows where they are more."""
    return rows if len(rows) <= most else np.sort(np.random.default_rng(0).choice(rows, most, replace=False))
