"""Which columns of a labelled table a model learns from. Here: the choice, each with its reason, and signs of leakage.

Not here: what a name forbids (refused.py), how a value becomes a number for the model (encoding.py).
"""

from __future__ import annotations

import re
from collections.abc import Collection, Sequence
from dataclasses import dataclass, field
from typing import Any

import numpy as np
from numpy.typing import NDArray

from orchestration.core.errors import KundbildError
from orchestration.prediction.classify.labelled import NUMBER, Labelled, Profile
from orchestration.prediction.classify.quality import auc
from orchestration.prediction.classify.refused import fairness_kind, refusal

# a category of more values than this is a text: a model would learn single customers by heart
MOST_CATEGORIES = 50
# what predicts so well by itself was most likely written after the fact
LEAK_AUC = 0.97
_ID_NAME = re.compile(r"(?i)(?:^|[\W_])(?:id|key|uuid|guid|nr|no|number|ref|reference)$|[a-z](?:Id|ID|Key|Number|Nr)$")


@dataclass(frozen=True)
class Features:
    """Columns → number or category; those left out by reason; those only for the fairness table, by what they tell."""

    kinds: dict[str, str]
    left_out: dict[str, str]
    fairness: dict[str, str]
    leaks: dict[str, float] = field(default_factory=dict)


def choose_features(
    train: Labelled, test: Labelled | None, *, without: Collection[str] = (), keep: Collection[str] = ()
) -> Features:
    """The features of the training table. `keep` are columns that stay although they look like leakage.

    Raises KundbildError where `without` or `keep` names no column, `keep` one that is refused for another reason,
    or nothing is left to learn from.
    """
    for option, named in (("--without", without), ("--keep", keep)):
        if unknown := sorted(set(named) - set(train.profiles)):
            raise KundbildError(
                f"{train.name} has no column {unknown[0]}", to_do=f"name a column of the file: {option} COLUMN"
            )
    kinds: dict[str, str] = {}
    left_out: dict[str, str] = {}
    fairness: dict[str, str] = {}
    leaks: dict[str, float] = {}
    for name, profile in train.profiles.items():
        reason = "left out by --without" if name in without else refusal(name)
        if not reason and (kind := fairness_kind(name)):
            fairness[name] = kind
            reason = f"{kind}: for the fairness table only"
        reason = reason or _unusable(profile, train.rows)
        if not reason and test is not None and name not in test.profiles:
            reason = f"is in {train.name} only: not known when the score is made"
        if not reason and name not in keep:
            alone = auc_alone(train.values({name: profile.kind})[name], train.label)
            if alone >= LEAK_AUC and train.positives >= 10:
                leaks[name] = alone
                reason = f"leakage: predicts by itself with AUC {alone:.3f}; was it written after the fact?"
        if reason:
            left_out[name] = reason
        else:
            kinds[name] = profile.kind
    if test is not None:
        left_out |= {name: f"is in {test.name} only" for name in test.profiles if name not in train.profiles}
        fairness = {name: kind for name, kind in fairness.items() if name in test.profiles}
    if refused := [name for name in keep if name in left_out]:
        raise KundbildError(
            f"{refused[0]} is not learnt from: {left_out[refused[0]]}",
            to_do="--keep is for what looks like a leak only",
        )
    if not kinds:
        raise KundbildError(
            f"{train.name} has no column to learn from: " + "; ".join(f"{n} ({r})" for n, r in left_out.items()),
            to_do="add columns of what was known before: tenure, orders, contract",
        )
    return Features(kinds, left_out, fairness, leaks)


def _unusable(profile: Profile, rows: int) -> str | None:
    if not profile.filled:
        return "is empty"
    if profile.distinct == 1 and profile.filled == rows:
        return "has the same value in every row"
    if profile.kind == NUMBER:
        is_dense = profile.high is not None and profile.low is not None and profile.high - profile.low < 2 * rows
        is_own = profile.distinct >= 0.99 * profile.filled and profile.whole == profile.numbers and rows >= 50
        if is_own and (_ID_NAME.search(profile.name) or is_dense):
            return "looks like an id: every row has its own whole number"
        return None
    if profile.dates >= 0.98 * profile.filled:
        return "is a date: give days since or until, as of the day of the score"
    if profile.distinct > MOST_CATEGORIES:
        return f"is text with {profile.distinct:,} different values"
    return None


def auc_alone(values: NDArray[Any], label: NDArray[np.int8]) -> float:
    """How well a column alone tells yes from no: of a number by its order, of a category by rates learnt on the other half."""
    if values.dtype.kind == "f":
        by_gap = auc(label, np.isnan(values).astype(float))
        known = ~np.isnan(values)
        by_order = auc(label[known], values[known]) if known.mean() > 0.5 else 0.5
        # nan: one of the two classes is missing among the known
        return max((max(x, 1 - x) for x in (by_gap, by_order) if not np.isnan(x)), default=0.5)
    rates = np.zeros(len(values))
    base = label.mean()
    half = np.random.default_rng(0).permutation(len(values)) % 2
    _, codes = np.unique(values, return_inverse=True)
    for side in (0, 1):
        learnt, told = half != side, half == side
        count = np.bincount(codes[learnt], minlength=codes.max() + 1)
        yes = np.bincount(codes[learnt], weights=label[learnt], minlength=codes.max() + 1)
        rates[told] = ((yes + base) / (count + 1))[codes[told]]
    return auc(label, rates)


def psi(train: NDArray[Any], test: NDArray[Any]) -> float:
    """Population stability index between two samples of a column: above .1 it moved, above .25 a lot."""
    if train.dtype.kind == "f":
        cuts = np.unique(np.nanquantile(train, np.linspace(0.1, 0.9, 9))) if not np.isnan(train).all() else np.array([])
        codes = [np.where(np.isnan(v), len(cuts) + 1, np.searchsorted(cuts, v, side="right")) for v in (train, test)]
    else:
        levels = np.unique(train)
        codes = [np.where(np.isin(v, levels), np.searchsorted(levels, v), len(levels)) for v in (train, test)]
    most = int(max(codes[0].max(initial=0), codes[1].max(initial=0))) + 1
    return psi_of_counts(*(np.bincount(c, minlength=most) for c in codes))


def psi_of_counts(before: Sequence[int] | NDArray[Any], after: Sequence[int] | NDArray[Any]) -> float:
    """The same of two samples that are counted in the same groups."""
    a, b = ((np.asarray(n) + 0.5) / (np.sum(n) + 0.5 * len(n)) for n in (before, after))
    return float(((a - b) * np.log(a / b)).sum())
