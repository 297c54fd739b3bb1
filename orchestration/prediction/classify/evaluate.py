"""How well a label of a user's own file can be predicted. Here: options and both files.

Not here: fitting, the finding (evaluation.py), measures.
"""

from __future__ import annotations

from collections.abc import Collection
from dataclasses import replace
from functools import reduce
from pathlib import Path
from typing import Any

import numpy as np
from numpy.typing import NDArray

from orchestration.core.errors import KundbildError
from orchestration.prediction.classify.evaluation import Evaluation, evaluation_of
from orchestration.prediction.classify.features import choose_features
from orchestration.prediction.classify.labelled import Labelled, read_labelled
from orchestration.prediction.classify.predictions import by_folds, by_test

FOLDS = 5
_BETWEEN = "\x1f"


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
    return evaluation_of(
        learnt,
        told,
        features,
        predicted,
        label=label,
        id_column=id_column,
        folds=folds,
        repeats=repeats,
        in_both=in_both,
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
