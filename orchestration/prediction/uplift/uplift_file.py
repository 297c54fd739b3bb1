"""Who is moved by a campaign, out of a file of its customers. Here: options, the file, the finding. Not here: the learner, measures."""

from __future__ import annotations

from collections.abc import Collection
from dataclasses import asdict, dataclass, replace
from pathlib import Path
from typing import Any

import numpy as np
from numpy.typing import NDArray

from orchestration.core.errors import KundbildError
from orchestration.core.table_files import opened_table
from orchestration.prediction.classify.features import Features, auc_alone, choose_features
from orchestration.prediction.classify.labelled import Labelled, numbers_of, texts_of
from orchestration.prediction.classify.members import single_threaded
from orchestration.prediction.uplift.learner import Learner, Lifts, is_rate, learn_lift
from orchestration.prediction.uplift.lift import Lift, compare
from orchestration.prediction.uplift.lots import Lots, wider
from orchestration.prediction.uplift.qini import TENTHS, Qini, arms_of, qini, tenths

FOLDS = 5
_TABLE = "uplift_rows"
_WORDS = {"true": "1", "yes": "1", "y": "1", "t": "1", "false": "0", "no": "0", "n": "0", "f": "0"}
# what was known before the arms were drawn tells no arm: its AUC is .5, and leaves it by chance only so many standard errors
_ERRORS = 5.0


@dataclass(frozen=True)
class Uplift:
    """What was found. `lift` has one value for each row of `ids`, by a model that did not see the customer."""

    outcome: str
    kind: str
    customers: int
    treated: int
    mean: Lift
    qini: Qini
    tenths: list[dict[str, Any]]
    learnt_by: dict[str, int]
    features: Features
    left_out: dict[str, int]
    ids: NDArray[Any]
    lift: Lifts

    @property
    def verdict(self) -> str:
        if self.qini.low > 0:
            return "the ranking finds those who are moved better than chance"
        if self.qini.high < 0:
            return "the ranking is worse than chance: do not use it"
        return "cannot tell that the ranking is better than chance: choose by the mean lift alone"

    @property
    def ranks(self) -> NDArray[np.int64]:
        """1 is moved most."""
        rank = np.empty(len(self.lift), dtype=np.int64)
        rank[np.argsort(-self.lift, kind="stable")] = np.arange(1, len(self.lift) + 1)
        return rank

    def as_dict(self) -> dict[str, Any]:
        ranked = sorted(zip(self.ranks.tolist(), self.ids.tolist(), self.lift.tolist(), strict=True))
        return {
            "outcome": self.outcome,
            "kind": self.kind,
            "customer_count": self.customers,
            "treated": self.treated,
            "control": self.customers - self.treated,
            "mean_lift": asdict(self.mean),
            "qini": asdict(self.qini),
            "qini_by_lot": 0.0,
            "verdict": self.verdict,
            "tenths": self.tenths,
            "learnt_by": self.learnt_by,
            "features": self.features.kinds,
            "columns_left_out": self.features.left_out,
            "rows_left_out": self.left_out,
            "customers": [
                {"customer": customer, "rank": rank, "lift": lift, "tenth": (rank - 1) * TENTHS // len(ranked) + 1}
                for rank, customer, lift in ranked
            ],
        }


def uplift_of_file(
    path: Path, *, arm: str, control: str, outcome: str, id_column: str, without: Collection[str] = ()
) -> Uplift:
    """Ranks each customer of the file by the lift that a model of the other customers expects.

    Raises KundbildError where the file, a column or an arm is not there, or nothing is left to learn from.
    """
    options = {"--arm": arm, "--outcome": outcome, "--id": id_column}
    if len(set(options.values())) < len(options):
        raise KundbildError("arm, outcome and id are three columns", to_do="name another column")
    with opened_table(path, _TABLE, options.items(), row="customer") as con:
        texts, profiles = texts_of(con, _TABLE, (*options.values(),))
    written = np.char.lower(texts[outcome])
    values = numbers_of(np.array([_WORDS.get(str(w), str(w)) for w in written], dtype=str))
    left_out = {
        "no arm": texts[arm] == "",
        "no outcome": (texts[arm] != "") & (written == ""),
        "outcome is not a number": (texts[arm] != "") & (written != "") & np.isnan(values),
        "no customer": (texts[arm] != "") & ~np.isnan(values) & (texts[id_column] == ""),
    }
    taken = np.flatnonzero(~np.any(list(left_out.values()), axis=0))
    is_treated, said = texts[arm][taken] != control, values[taken]
    _assert_arms(path.name, arm, control, is_treated)
    table = Labelled(
        path.name,
        (said > 0).astype(np.int8),
        {c: texts[c][taken] for c in profiles},
        profiles,
        texts[id_column][taken],
        {reason: int(rows.sum()) for reason, rows in left_out.items() if rows.any()},
    )
    # rows of one customer are one person
    lots = Lots.of(np.zeros(len(said), dtype=np.int64), table.ids)
    features = _features(table, is_treated, without)
    lift, learners = _out_of_fold(table, features, is_treated, said, lots)
    off, on = arms_of(is_treated, said)
    times = wider(is_treated, said, lots)
    fewer = [replace(arm, customers=max(round(arm.customers / times), 2)) for arm in (off, on)]
    (mean,) = compare(fewer[0], fewer[1:], is_rate=is_rate(said))
    return Uplift(
        outcome,
        "rate" if is_rate(said) else "mean",
        len(said),
        int(is_treated.sum()),
        replace(mean, customers=on.customers),
        qini(lift, is_treated, said, lots=lots),
        tenths(lift, is_treated, said, is_rate=is_rate(said), lots=lots if is_rate(said) else None),
        {kind: sum(one.kind == kind for one in learners) for kind in {one.kind for one in learners}},
        features,
        table.left_out,
        table.ids,
        lift,
    )


def _features(table: Labelled, is_treated: NDArray[np.bool_], without: Collection[str]) -> Features:
    """The columns that were known before: one that tells the arm was written after the campaign, or the arms are not random."""
    found = choose_features(table, None, without=without)
    arm = is_treated.astype(np.int8)
    error = np.sqrt(len(arm) / (12.0 * max(int(arm.sum()), 1) * max(int((1 - arm).sum()), 1)))
    values = table.values(found.kinds)
    told = {c: auc_alone(v, arm) for c, v in values.items()}
    after = {c: f"tells the arm (AUC {a:.2f}): written after the campaign?" for c, a in told.items() if a > 0.5 + _ERRORS * error}  # fmt: skip
    kinds = {c: kind for c, kind in found.kinds.items() if c not in after}
    if not kinds:
        raise KundbildError(
            f"{table.name} has no column to learn from", to_do="add columns of what was known before the campaign"
        )
    return Features(kinds, {**found.left_out, **after}, found.fairness, found.leaks)


def _out_of_fold(
    table: Labelled, features: Features, is_treated: NDArray[np.bool_], outcome: NDArray[np.float64], lots: Lots
) -> tuple[Lifts, list[Learner]]:
    """Of each row what a learner of the other folds says; all rows of a customer are in one fold."""
    fold = lots.fold(FOLDS, np.random.default_rng(0))
    values = table.values(features.kinds)
    lift, learners = np.zeros(len(outcome)), []
    with single_threaded():
        for f in range(FOLDS):
            inside, outside = fold != f, fold == f
            if not outside.any():
                continue
            learner = learn_lift(
                {c: v[inside] for c, v in values.items()}, features.kinds, is_treated[inside], outcome[inside],
                lots=lots.taken(inside),
            )  # fmt: skip
            lift[outside] = learner.predict({c: v[outside] for c, v in values.items()})
            learners.append(learner)
    # learners of other folds differ by their means: only what a fold ranks is told, around the mean of all
    means = np.bincount(fold, weights=lift) / np.maximum(np.bincount(fold), 1)
    return lift - means[fold] + lift.mean(), learners


def _assert_arms(name: str, arm: str, control: str, is_treated: NDArray[np.bool_]) -> None:
    """Raises KundbildError where an arm has too few customers to be split."""
    for rows, told in ((~is_treated, f"the control {control!r}"), (is_treated, "any other value than the control")):
        if int(rows.sum()) < 2 * FOLDS:
            raise KundbildError(
                f"{int(rows.sum())} customers of {name} with an outcome have {told} in {arm}: {2 * FOLDS} are needed",
                to_do="name the column of the arms and the value of those who got nothing: --arm COLUMN --control VALUE",
            )
