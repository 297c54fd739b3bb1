"""What `kundbild scores list` and `show` tell: scores as they stand, how good they were, and on what they mostly go back. Not here:
printing, anybody's own score (insight/customer_picture.py)."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, field, replace
from datetime import datetime
from typing import Any

import duckdb

from orchestration.core.errors import KundbildError, did_you_mean
from orchestration.core.sql_scripts import sql_script
from orchestration.core.warehouse import has_table
from orchestration.prediction.classify.fairness import BAND_NAMES, BANDS, UNKNOWN, regrouped
from orchestration.prediction.classify.importance import FEWEST_OF_A_GROUP
from orchestration.prediction.nightly.drift import FEATURE, Drift, drift_of
from orchestration.prediction.nightly.estimators import About, Estimator
from orchestration.prediction.nightly.tables import about_of

# fits of which the quality is shown
_MOST_FITS = 12
_MEASURES = """
select version, as_of, measure, value, baseline_value, baseline, is_held_back, why from scores.score_quality
where score = $score qualify dense_rank() over (order by as_of desc, version desc) <= $most order by as_of desc, version desc, rowid
"""
# on a row of a score's cells: whether it is of few customers, or the smallest of the others where any is. The same for bi is the macro is_lumped
# (few.sql), which dbt alone can call
_IS_OF_FEW = "bool_or(customers < $few) over () and (customers < $few or row_number() over (partition by customers < $few order by customers, {}) = 1)"
# a customer has several reasons: those shown are no parts of a total
_REASONS = """
select reason, count(*) as customers from (select unnest(string_split(reasons, '; ')) as reason from scores.customer_scores where score = $score)
where reason <> '' group by 1 having count(*) >= $few order by 2 desc, 1
"""


@dataclass(frozen=True)
class Listed:
    """A score as it stands; `decided_by` measures the fit that scores. Where the newest fit is held back, `why` says so. `only_decile` is
    the one that all customers have, if they have one."""

    score: str
    title: str
    version: str | None
    as_of: datetime | None
    customers: int
    mean: float | None
    only_decile: int | None
    fitted_at: datetime | None
    is_held_back: bool
    why: str
    decided_by: str
    value: float | None
    baseline_value: float | None
    baseline: str

    @property
    def note(self) -> str:
        """Why nobody can say how good it is; empty where it was measured, or nobody has it."""
        if self.value is not None or not self.customers:
            return ""
        return (
            "not measured: its past is too short or of too few customers. A score without reasons is the share of all"
        )

    @property
    def note_of_deciles(self) -> str:
        """Why a condition on the decile does not choose; empty where customers have several."""
        if self.only_decile is None:
            return ""
        return (
            f"All customers have the same value, and with it the decile {self.only_decile}: a condition on the decile, as >= 8, is true of "
            "all of them or of none"
        )


@dataclass(frozen=True)
class Shown:
    """A score in full: `fits` are its newest fits with their measures, `tenths` (tenth, customers, lowest and highest value) those that are
    not of few, `outcomes` (outcome, customers, mean chance) of a score that chooses one of several, those of few as one. `about` is of the
    fit that scores, or else of the newest one; `groups` are those of tonight's scores by gender, age band and region; `drift` is what
    differs a lot from the night of the fit."""

    listed: Listed
    fits: list[dict[str, Any]]
    tenths: list[tuple[int, int, float, float]]
    reasons: list[tuple[str, int]]
    outcomes: list[tuple[str, int, float]] = field(default_factory=list)
    about: About = field(default_factory=About)
    groups: list[dict[str, Any]] = field(default_factory=list)
    drift: list[Drift] = field(default_factory=list)
    fewest_of_a_group: int = FEWEST_OF_A_GROUP


def list_scores(con: duckdb.DuckDBPyConnection, estimators: Sequence[Estimator]) -> list[Listed]:
    """Every score that a night made or tried. Raises KundbildError before the first night."""
    if not has_table(con, "scores", "customer_scores"):
        raise KundbildError("no night has scored customers yet", to_do="`kundbild run`")
    known = {score.name: score for estimator in estimators for score in estimator.scores}
    found = []
    for name, version, as_of, customers, mean, only_decile, fitted_at, is_held_back, why in con.execute(
        sql_script(__file__, "listed")
    ).fetchall():
        score = known.get(name)
        decided_by = score.decided_by if score else ""
        measured = con.execute(
            "select value, baseline_value, baseline from scores.score_quality where score = $1 and version = $2 and measure = $3",
            [name, version, decided_by],
        ).fetchall()
        value, simple, baseline = measured[0] if measured else (None, None, "")
        found.append(
            Listed(
                score=name,
                title=score.title if score else "",
                version=version,
                as_of=as_of,
                customers=customers,
                mean=mean,
                only_decile=only_decile,
                fitted_at=fitted_at,
                is_held_back=is_held_back,
                why=why,
                decided_by=decided_by,
                value=value,
                baseline_value=simple,
                baseline=baseline,
            )
        )
    return found


def show_score(con: duckdb.DuckDBPyConnection, estimators: Sequence[Estimator], name: str, few: int) -> Shown:
    """One score; what fewer than `few` customers have in common is left out. Raises KundbildError where there is no such score."""
    listed = {one.score: one for one in list_scores(con, estimators)}
    if name not in listed:
        near = did_you_mean(name, listed)
        raise KundbildError(f"there is no score {name}", to_do=near or f"scores: {', '.join(listed) or 'none'}")
    fewest = max(few, FEWEST_OF_A_GROUP)
    fits: dict[str, dict[str, Any]] = {}
    for version, as_of, measure, value, simple, baseline, is_held_back, why in con.execute(
        _MEASURES, {"score": name, "most": _MOST_FITS}
    ).fetchall():
        fit = fits.setdefault(
            version,
            {
                "version": version,
                "as_of": as_of,
                "baseline": baseline,
                "is_held_back": is_held_back,
                "why": why,
                "measures": {},
            },
        )
        fit["measures"][measure] = {"value": value, "baseline_value": simple}
    return Shown(
        listed[name],
        list(fits.values()),
        _cells(con, "tenths_shown", "decile", name, few),
        con.execute(_REASONS, {"score": name, "few": few}).fetchall(),
        _cells(con, "outcomes_shown", "outcome", name, few),
        _about(con, name, listed[name].version or next(iter(fits), ""), few, fewest),
        _groups_now(con, name, fewest),
        [
            one
            for one in drift_of(con, listed[name].version)
            if one.has_moved and (one.kind == FEATURE or one.name == name)
        ],
        fewest,
    )


def _cells(con: duckdb.DuckDBPyConnection, script: str, cell: str, score: str, few: int) -> list[Any]:
    told = sql_script(__file__, script, is_of_few=_IS_OF_FEW.format(cell))
    return con.execute(told, {"score": score, "few": few}).fetchall()


def _about(con: duckdb.DuckDBPyConnection, score: str, version: str, few: int, fewest: int) -> About:
    about = about_of(con, version, score) or About()
    return replace(
        about,
        curve=[one for one in about.curve if one[2] >= few],
        fairness=regrouped(about.fairness, fewest),
    )


def _groups_now(con: duckdb.DuckDBPyConnection, score: str, fewest: int) -> list[dict[str, Any]]:
    if not has_table(con, "marts", "dim_customers"):
        return []
    found = con.execute(
        sql_script(__file__, "groups_now"),
        {"score": score, "unknown": UNKNOWN, "bands": list(BANDS), "names": BAND_NAMES},
    ).fetchall()
    columns = ("column", "group", "customers", "mean_score", "in_top_fifth")
    return regrouped([dict(zip(columns, row, strict=True)) for row in found], fewest)
