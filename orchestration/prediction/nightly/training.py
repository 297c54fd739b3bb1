"""Fits that somebody asks for, before the nightly would make them. Here: which, and what became of each. Not here: the decision whether
a fit is used (fitting.py); the next run scores by it."""

from __future__ import annotations

import time
from collections.abc import Callable, Sequence
from dataclasses import dataclass, field
from datetime import datetime

import duckdb

from orchestration.core.errors import KundbildError, did_you_mean
from orchestration.core.settings import ScoreSettings
from orchestration.core.warehouse import has_table, scalar
from orchestration.prediction.nightly.estimators import Estimator, Measure
from orchestration.prediction.nightly.fitting import fit_anew, learnt_from
from orchestration.prediction.nightly.tables import measures_of, prepare_scores, standing_fit
from orchestration.prediction.warehouse.known import shared_past

Progress = Callable[[str], None]


@dataclass(frozen=True)
class Trained:
    """What became of a model: `held_back` says by score why the fit is not used for it, `why_not` why there is none. `measures` are those
    that decide, of the fit, `last` those of the one that scored before."""

    model: str
    version: str = ""
    is_used: bool = False
    held_back: dict[str, str] = field(default_factory=dict)
    why_not: str = ""
    measures: list[Measure] = field(default_factory=list)
    last: list[Measure] = field(default_factory=list)
    seconds: float = 0.0

    def __str__(self) -> str:
        if self.why_not:
            return f"{self.model}: no fit: {self.why_not}"
        against = "; ".join(f"{score}: {why}" for score, why in self.held_back.items())
        if not self.is_used:
            return f"{self.model}: {self.version} is held back ({against}): the last fit goes on"
        without = f", but for {against}" if against else ""
        return f"{self.model}: the next run scores by {self.version}{without}"


def train(
    con: duckdb.DuckDBPyConnection,
    estimators: Sequence[Estimator],
    settings: ScoreSettings,
    names: Sequence[str] = (),
    tell: Progress = lambda _: None,
) -> list[Trained]:
    """Fits the models of these names, or of scores of these names, or all, as of the last night. Scores stay until the next run.

    Raises KundbildError where a name is not known, scores are switched off, or no night has run.
    """
    if not settings.enabled:
        raise KundbildError(
            "scores are switched off", where="[scores] enabled", to_do="set it to true, and `kundbild run`"
        )
    chosen = chosen_of(estimators, names)
    as_of = scalar(con, "select max(as_of) from ops.clock") if has_table(con, "ops", "clock") else None
    if as_of is None or not has_table(con, "marts", "customer_profile"):
        raise KundbildError("no night has built the marts yet", to_do="`kundbild run`")
    prepare_scores(con)
    found = []
    with shared_past(con):
        for number, estimator in enumerate(chosen, start=1):
            tell(f"{number} of {len(chosen)}: {estimator.name}")
            found.append(_trained(con, estimator, settings, as_of))
    return found


def chosen_of(estimators: Sequence[Estimator], names: Sequence[str]) -> list[Estimator]:
    """The estimators that are named, by themselves or by a score of theirs; all where none is. Raises KundbildError for another name."""
    known = {name: one for one in estimators for name in (one.name, *(score.name for score in one.scores))}
    for name in names:
        if name not in known:
            models = ", ".join(one.name for one in estimators)
            raise KundbildError(
                f"there is no model or score {name}", to_do=did_you_mean(name, known) or f"models: {models}"
            )
    wanted = {known[name].name for name in names}
    return [one for one in estimators if not wanted or one.name in wanted]


def _trained(con: duckdb.DuckDBPyConnection, estimator: Estimator, settings: ScoreSettings, as_of: datetime) -> Trained:
    start = time.perf_counter()
    inputs = learnt_from(con, estimator, as_of)
    before = standing_fit(con, estimator.name)
    last = measures_of(con, before.version) if before else []
    version, held_back, why_not = fit_anew(con, estimator, inputs, settings, as_of)
    if why_not:
        return Trained(estimator.name, why_not=why_not)
    standing = standing_fit(con, estimator.name)
    told = {(score.name, score.decided_by) for score in estimator.scores}
    now = measures_of(con, version)
    return Trained(
        estimator.name,
        version,
        is_used=standing is not None and standing.version == version,
        held_back=held_back,
        measures=[m for m in now if (m.score, m.measure) in told],
        last=[m for m in last if (m.score, m.measure) in told],
        seconds=time.perf_counter() - start,
    )
