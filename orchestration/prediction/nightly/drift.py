"""Whether the customers and the scores of a night are still those of the fit. Here: their distributions, beside those of the first
night that the fit scored. Not here: who is told (predict.py), days that were learnt from beside the measured one (classify/)."""

from __future__ import annotations

import math
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Any

import duckdb
import numpy as np

from orchestration.core.warehouse import has_table, quote
from orchestration.prediction.classify.evaluation import MOVED
from orchestration.prediction.classify.features import psi_of_counts
from orchestration.prediction.warehouse.reasons import words_of

FEATURE, SCORE = "feature", "score"
# of fewer customers, chance alone moves a distribution
_LEAST_CUSTOMERS = 200
_KEPT_DAYS = 400
# the bounds of the tenths do not need more
_ENOUGH = 100_000
_TENTHS = [n / 10 for n in range(1, 10)]
_KNOWN = "select name, cuts, customers from scores.fit_bins where model = $1 and version = $2 and kind = $3"
_OF_A_SCORE = "(select customer_id, value from scores.customer_scores where score = $score)"
_LATEST = """
select kind, name, stability_index, has_moved from scores.score_drift
where version = $version and as_of = (select max(as_of) from scores.score_drift where version = $version) order by stability_index desc, name
"""
_FORGET = """
delete from scores.score_drift where model = $model and as_of >= $as_of or as_of < $as_of::timestamp - to_days($days::integer)
"""
_TOLD = 5


@dataclass(frozen=True)
class Drift:
    """How far a column or score is from the night of the fit: a population stability index, 0 where nothing moved."""

    kind: str
    name: str
    index: float
    has_moved: bool

    @property
    def words(self) -> str:
        return f"the score {self.name}" if self.kind == SCORE else words_of(self.name)


def note_features(con: duckdb.DuckDBPyConnection, select: str) -> None:
    """Says what a model reads of the customers that it scores: numbers, a row per `customer_id`. It is looked at after the scores."""
    con.execute(f"create or replace temp view scored_features as {select}")


def forget_features(con: duckdb.DuckDBPyConnection) -> None:
    con.execute("drop view if exists scored_features")


def note_drift(
    con: duckdb.DuckDBPyConnection, model: str, version: str, scores: Sequence[str], as_of: datetime
) -> list[Drift]:
    """Compares with the first night of the fit what `note_features` told and the scores that were written; of that night it keeps the
    distributions. Needs a transaction."""
    con.execute("delete from scores.fit_bins where model = $1 and version <> $2", [model, version])
    con.execute(_FORGET, {"model": model, "as_of": as_of, "days": _KEPT_DAYS})
    found = []
    if _has_features(con):
        columns = [str(c) for (c,) in con.execute("select column_name from (describe scored_features)").fetchall()]
        asked = {c: quote(c) for c in columns if c != "customer_id"}
        found += _compared(con, (model, version, FEATURE), "scored_features", asked, {}, as_of)
    for score in scores:
        found += _compared(con, (model, version, SCORE), _OF_A_SCORE, {score: "value"}, {"score": score}, as_of)
    return found


def drift_of(con: duckdb.DuckDBPyConnection, version: str | None) -> list[Drift]:
    """What the last night of a fit found, the largest first."""
    if not has_table(con, "scores", "score_drift"):
        return []
    return [Drift(*row) for row in con.execute(_LATEST, {"version": version}).fetchall()]


def told(model: str, found: Sequence[Drift]) -> str:
    """What the sum of the run says; "" where nothing moved."""
    moved = sorted((one for one in found if one.has_moved), key=lambda one: -one.index)
    if not moved:
        return ""
    named = ", ".join(f"{one.words} ({one.index:.2f})" for one in moved[:_TOLD])
    more = f" and {len(moved) - _TOLD} more" if len(moved) > _TOLD else ""
    return (
        f"The customers that {model} scores differ a lot from those of its fit: {named}{more}. In brackets: stability index, large from "
        f"{MOVED} on. Look whether a source changed; else fit anew: kundbild scores train"
    )


def _has_features(con: duckdb.DuckDBPyConnection) -> bool:
    return bool(
        con.execute("select 1 from duckdb_views() where view_name = 'scored_features' and temporary").fetchall()
    )


def _compared(
    con: duckdb.DuckDBPyConnection,
    key: tuple[str, str, str],
    relation: str,
    asked: dict[str, str],
    values: dict[str, Any],
    as_of: datetime,
) -> list[Drift]:
    """Of each name (→ the column of the relation) the index; what the fit has no distribution of gets tonight's."""
    fitted = {name: (cuts, counts) for name, cuts, counts in con.execute(_KNOWN, list(key)).fetchall() if name in asked}
    cuts = {name: cut for name, (cut, _) in fitted.items()} | _cuts(
        con, relation, {n: c for n, c in asked.items() if n not in fitted}, values
    )
    now = _counts(con, relation, asked, cuts, values)
    if not now:
        return []
    for name in now.keys() - fitted.keys():
        # of few customers chance moves everything, and a bound is somebody's value
        if sum(now[name]) < _LEAST_CUSTOMERS:
            del now[name]
            continue
        con.execute("insert into scores.fit_bins values ($1, $2, $3, $4, $5, $6)", [*key, name, cuts[name], now[name]])
    model, version, kind = key
    found = []
    for name, counts in now.items():
        before = fitted[name][1] if name in fitted else counts
        index = psi_of_counts(before, counts)
        fewest = min(sum(before), sum(counts))
        # so much chance makes on average of two samples of one population
        by_chance = (len(counts) - 1) * (1 / max(sum(before), 1) + 1 / max(sum(counts), 1))
        has_moved = fewest >= _LEAST_CUSTOMERS and index - by_chance > MOVED
        con.execute(
            "insert into scores.score_drift values ($1, $2, $3, $4, $5, $6, $7, $8, $9)",
            [model, version, as_of, kind, name, index, has_moved, sum(counts), sum(before)],
        )
        found.append(Drift(kind, name, index, has_moved))
    return found


def _cuts(
    con: duckdb.DuckDBPyConnection, relation: str, asked: dict[str, str], values: dict[str, Any]
) -> dict[str, list[float]]:
    """Of each name the bounds of tonight's tenths, by a part of the customers where they are many."""
    if not asked:
        return {}
    ((rows,),) = con.execute(f"select count(*) from {relation}", values).fetchall()
    quantiles = ", ".join(
        f"quantile_disc(cast({column} as double), {_TENTHS}), min(cast({column} as double)), count({column})"
        for column in asked.values()
    )
    part = f"where hash(customer_id) % {rows // _ENOUGH + 1} = 0"
    ((*found,),) = con.execute(f"select {quantiles} from {relation} {part}", values).fetchall()
    return {name: _bounds(*found[3 * n : 3 * n + 3]) for n, name in enumerate(asked)}


def _bounds(tenths: list[float] | None, lowest: float | None, known: int) -> list[float]:
    """The tenths to a hundredth of their spread, and a bound below all of them: else what falls as a whole stays in the lowest group.
    Of few customers there are none, for they would be somebody's values: then it counts how many are known."""
    if not tenths or lowest is None or known < _LEAST_CUSTOMERS:
        return []
    spread = tenths[-1] - tenths[0] or abs(tenths[0]) or 1.0
    digits = 2 - math.floor(math.log10(spread))
    step = 10.0**-digits
    below = round((math.floor(lowest / step) - 1) * step, digits)
    if tenths[-1] == tenths[0]:
        # nearly all have it: a bound on the value itself would part it from the next night's by a rounding
        return sorted({below, round(tenths[0] - step, digits), round(tenths[0] + step, digits)})
    return sorted({below, *(round(cut, digits) for cut in tenths)})


def _counts(
    con: duckdb.DuckDBPyConnection,
    relation: str,
    asked: dict[str, str],
    cuts: dict[str, list[float]],
    values: dict[str, Any],
) -> dict[str, list[int]]:
    """Of each name how many customers lie up to each bound, above the last one, and are not known. {} where there are none."""
    if not asked:
        return {}
    counted = ", ".join(
        f"histogram(cast({column} as double), {cuts[name]}::double[]), count(*) - count({column})"
        for name, column in asked.items()
    )
    ((rows, *found),) = con.execute(f"select count(*), {counted} from {relation}", values).fetchall()
    return {
        name: [*((found[2 * n] or {}).get(cut, 0) for cut in (*cuts[name], np.inf)), found[2 * n + 1]]
        for n, name in enumerate(asked)
        if rows
    }
