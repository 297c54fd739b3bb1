"""How a score treats groups by gender, age band and region. Here: the table. Not here: which columns tell a group (refused.py)."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

import numpy as np
from numpy.typing import NDArray

from orchestration.prediction.classify.features import MOST_CATEGORIES
from orchestration.prediction.classify.importance import FEWEST_OF_A_GROUP
from orchestration.prediction.classify.labelled import NUMBER, Labelled
from orchestration.prediction.classify.quality import auc
from orchestration.prediction.classify.refused import AGE

BANDS = (30, 45, 60)
BAND_NAMES = ["below 30", "30 to 44", "45 to 59", "60 and above"]
# an AUC of fewer of a class says nothing
_FEWEST_OF_A_CLASS = 10
_SMALL, UNKNOWN = "smaller groups", "not known"
_MEANS = ("mean_score", "share", "in_top_fifth")


def fairness_table(told: Labelled, columns: dict[str, str], score: NDArray[np.float64]) -> list[dict[str, Any]]:
    """Each group of at least 30 customers: what was said on average, what happened, how well it is ranked, who is in the top fifth."""
    # the best rank of a tie counts for all of it
    top = score >= np.quantile(score, 0.8)
    table = []
    for column, kind in columns.items():
        groups = _groups(told, column, kind)
        if groups is None:
            continue
        for group in sorted({str(g) for g in groups}):
            rows = groups == group
            label = told.label[rows]
            yes = int(label.sum())
            has_both = min(yes, len(label) - yes) >= _FEWEST_OF_A_CLASS
            if len(label) < FEWEST_OF_A_GROUP:
                continue
            table.append(
                {
                    "column": column,
                    "tells": kind,
                    "group": group,
                    "customers": len(label),
                    "mean_score": float(score[rows].mean()),
                    "share": yes / len(label),
                    "auc": auc(label, score[rows]) if has_both else None,
                    "in_top_fifth": float(top[rows].mean()),
                }
            )
    return table


def _groups(told: Labelled, column: str, kind: str) -> NDArray[Any] | None:
    """The group of each customer; small ones together. None where the values make no groups: dates, texts."""
    profile = told.profiles[column]
    if kind == AGE and profile.kind == NUMBER and profile.distinct > 10:
        # a year of birth is no age without the day of the score
        if profile.high is None or profile.high > 130:
            return None
        ages = told.values({column: NUMBER})[column]
        bands = np.array(BAND_NAMES)[np.searchsorted(BANDS, np.nan_to_num(ages), side="right")]
        groups = np.where(np.isnan(ages), UNKNOWN, bands)
    elif profile.distinct > MOST_CATEGORIES:
        return None
    else:
        written = told.raw[column].astype(str)
        groups = np.where((written == "") | (written == "nan"), UNKNOWN, written)
    names, places, counts = np.unique(groups, return_inverse=True, return_counts=True)
    return np.asarray(shown_names(names, counts, FEWEST_OF_A_GROUP)[places])


def shown_names(names: NDArray[Any], counts: NDArray[Any], fewest: int) -> NDArray[Any]:
    """The name under which each group is shown: those of fewer customers stand together, with the smallest other one where even so
    they are fewer."""
    shown = np.where(counts < fewest, _SMALL, names).astype(object)
    if 0 < counts[shown == _SMALL].sum() < fewest <= counts.max():
        # all customers less the other groups would tell of them
        smallest = np.argmin(np.where(counts < fewest, counts.max() + 1, counts))
        shown[(shown == _SMALL) | (np.arange(len(shown)) == smallest)] = f"{names[smallest]} and {_SMALL}"
    return np.asarray(shown)


def regrouped(table: Sequence[dict[str, Any]], fewest: int) -> list[dict[str, Any]]:
    """Rows of a table of groups, those of fewer customers together; what is of fewer even so is left out. `table` may leave out columns
    of fairness_table but column, group, customers."""
    told = []
    for column in dict.fromkeys(row["column"] for row in table):
        rows = [row for row in table if row["column"] == column]
        counts = np.array([row["customers"] for row in rows])
        names = shown_names(np.array([row["group"] for row in rows], dtype=object), counts, fewest)
        for name in sorted(set(names)):
            parts = [row for row, shown in zip(rows, names, strict=True) if shown == name]
            weights = [row["customers"] for row in parts]
            if sum(weights) < fewest:
                continue
            means = {c: float(np.average([p[c] for p in parts], weights=weights)) for c in _MEANS if c in parts[0]}
            # an AUC of two groups is not the mean of theirs
            of_one = parts[0] if len(parts) == 1 else parts[0] | ({"auc": None} if "auc" in parts[0] else {})
            told.append({**of_one, **means, "group": name, "customers": sum(weights)})
    return told
