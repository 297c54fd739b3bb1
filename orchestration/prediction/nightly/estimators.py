"""What an estimator of the nightly is. Here: its interface, and how it says what it found. Not here: any estimator, or what is done with their scores (predict.py)."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import datetime
from typing import Any, Protocol

import duckdb
import pyarrow as pa

# makes it: what a fit says of customers, before deciles, words and who may be profiled
SCORED = "scored"
SCORED_DDL = f"""
create or replace temp table {SCORED} (
    customer_id varchar, score varchar, value double, lower double, upper double, reason_codes varchar[], outcome varchar
)
"""

# standard errors that a 95 % interval is wide
_WIDE = 3.92


def write_scored(con: duckdb.DuckDBPyConnection, score: str, rows: pa.Table) -> None:
    """Adds rows of a score (customer_id, and further columns of SCORED) to it."""
    con.register("told", rows)
    try:
        con.execute(f"insert into {SCORED} by name select $1 as score, * from told", [score])
    finally:
        con.unregister("told")


@dataclass(frozen=True)
class Score:
    """A score: `decided_by` is the measure by which a new fit is held back."""

    name: str
    title: str
    decided_by: str
    is_lower_better: bool = True


@dataclass(frozen=True)
class Measure:
    """How good a score was on customers or a time that its fit did not see, beside a simple rule. `error` is the standard error of the
    difference; None where that is not known, as of few customers: then the measure holds nothing back."""

    score: str
    measure: str
    value: float | None
    baseline_value: float | None = None
    error: float | None = None


def error_of(low: float, high: float) -> float:
    """The standard error of a measure whose 95 % interval this is."""
    return (high - low) / _WIDE


@dataclass(frozen=True)
class About:
    """What the card of a score says of a fit beside its measures: counts and shares, no customer. `data` says from what it learnt, and on
    what it was measured; `curve` has (mean score, mean of what happened, customers) of groups by score, `important` the columns that it
    rests on, `fairness` groups by gender, age and region on the measured past (classify/fairness.py); `is_by_rule` where a simple rule
    replaces the model."""

    data: list[str] = field(default_factory=list)
    curve: list[tuple[float, float, int]] = field(default_factory=list)
    important: list[dict[str, Any]] = field(default_factory=list)
    fairness: list[dict[str, Any]] = field(default_factory=list)
    limits: list[str] = field(default_factory=list)
    is_by_rule: bool = False


@dataclass(frozen=True)
class Fit:
    """What was learned. `content` is all that scoring needs, as JSON, without personal data; `baselines` are the simple rules by
    score, in words. Where nothing can be learned, `why_not` says why. `about` is told by score."""

    content: dict[str, Any]
    measures: list[Measure]
    baselines: Mapping[str, str]
    why_not: str = ""
    about: Mapping[str, About] = field(default_factory=dict)


class Estimator(Protocol):
    """One model of one or more scores. `shape` is of a fit's content: a fit of another one is made anew. `marts` are the tables of the
    schema that it reads beside customer_profile; none of them may be made of scores. `reasons` are the words for its codes."""

    @property
    def name(self) -> str: ...

    @property
    def shape(self) -> int: ...

    @property
    def marts(self) -> tuple[str, ...]: ...

    @property
    def scores(self) -> tuple[Score, ...]: ...

    @property
    def reasons(self) -> Mapping[str, str]: ...

    def inputs(self, con: duckdb.DuckDBPyConnection, as_of: datetime) -> str:
        """A digest of what a fit depends on; "" where there is nothing to learn from. It is asked first on a connection: what it makes
        of temporary tables is there for the fit and the scores."""

    def fit(self, con: duckdb.DuckDBPyConnection, as_of: datetime) -> Fit:
        """Learns from who may be profiled (marts.customer_profile) and what happened by then. Never fails for want of data."""

    def score(self, con: duckdb.DuckDBPyConnection, content: Mapping[str, Any], as_of: datetime) -> None:
        """Fills the temporary table SCORED, which is there and empty: the most important reason comes first. `outcome` is what the value is
        the chance of, where a score chooses one of several, as a category; else null."""
