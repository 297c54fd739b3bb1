"""Asking a publication for a report: a question is a script of `sql/`, an answer what may be told of it (rules.py).
What a metric counts, a script names by the metric.

The file is opened read-only and locked down. A question whose table is missing, or is of an older version of Kundbild, has no answer and
says why. Not here: which questions there are (sections.py).
"""

from __future__ import annotations

import re
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass, field
from datetime import datetime
from functools import cache, cached_property
from pathlib import Path
from typing import Any, Protocol

import duckdb

from orchestration.contracts.metric_definitions import read_definitions
from orchestration.core.sql_scripts import sql_script
from orchestration.core.warehouse import text
from orchestration.publishing.report.rules import limits, rest_of_scale, told

_TABLE = re.compile(r"\b(?:from|join)\s+(bi\.\w+)")
_OLDER = "an older version made it, and the next night makes it anew"
# metrics that are a mean of a scale: its ends
_SCALES = {"nps": (-100, 100), "csat": (1, 5), "ces": (1, 7), "ticket_satisfaction": (1, 5)}
# of a report's own process: the page and the charts are the rest of what it may use
_LOCKED: dict[str, Any] = {"memory_limit": "200MB", "threads": 2, "enable_external_access": False, "lock_configuration": True}  # fmt: skip


@dataclass(frozen=True)
class Question:
    """A script of `sql/`, and how its answer is told: `shares` and `order` are those of rules.told. `beside` is the module
    beside which the folder lies."""

    script: str
    order: str = "all"
    shares: Mapping[str, tuple[str, str]] = field(default_factory=dict)
    is_of_people: bool = True
    # rows that are a sample of many, as weeks or products are; not the few channels that a company has
    is_sample: bool = False
    # columns that are left out where no row has a value, as what a company has not set
    optional: tuple[str, ...] = ()
    beside: str = __file__


def read_script(name: str, as_of: datetime, k: int, min_people: int | None, *, beside: str = __file__) -> str:
    """A script of `sql/` beside a module, for a publication of a moment (UTC, naive), the fewest people of a figure and those that bi was
    made with."""
    moment = f"timestamp {text(as_of.isoformat(sep=' '))}"
    return sql_script(beside, name, as_of=moment, **limits(k, min_people), **_metrics())


@dataclass(frozen=True)
class Answer:
    """What a publication says. `lacks` says in words why there are no rows, where there are none, and `is_empty` that no source told
    of it; `sql` is the query as shown. `exact` has, row by row, each shown count and amount as (exact value, the step that it is rounded
    to): for changes in words, never shown. `as_of` is the moment that the publication describes (UTC, naive)."""

    tables: tuple[str, ...]
    sql: str = ""
    columns: tuple[str, ...] = ()
    rows: tuple[tuple[Any, ...], ...] = ()
    lacks: str = ""
    is_empty: bool = False
    exact: tuple[Mapping[str, tuple[float, float]], ...] = field(default=(), repr=False)
    as_of: datetime | None = None

    @property
    def records(self) -> list[dict[str, Any]]:
        return [dict(zip(self.columns, row, strict=True)) for row in self.rows]

    @property
    def first(self) -> dict[str, Any]:
        """The only row, or an empty one."""
        return self.records[0] if self.rows else {}


class Asks(Protocol):
    """What answers questions on one publication. `as_of` is the moment that it describes (UTC, naive), `k` the fewest people of a figure."""

    as_of: datetime
    k: int

    def ask(self, question: Question) -> Answer: ...


@dataclass
class Asked:
    """One publication, open."""

    con: duckdb.DuckDBPyConnection
    as_of: datetime
    k: int
    # what bi was made with, where that is known
    min_people: int | None = None

    @classmethod
    @contextmanager
    def open(
        cls, path: Path, as_of: datetime, k: int, temporary: Path, min_people: int | None = None
    ) -> Iterator[Asked]:
        """`temporary` is the folder for what does not fit into memory."""
        with duckdb.connect(str(path), read_only=True, config={**_LOCKED, "temp_directory": str(temporary)}) as con:
            yield cls(con, as_of, k, min_people)

    @cached_property
    def comments(self) -> dict[str, str]:
        """What each table is, as `schema.table`."""
        found = self.con.execute("select schema_name || '.' || table_name, comment from duckdb_tables()").fetchall()
        return {name: comment or "" for name, comment in found}

    def ask(self, question: Question) -> Answer:
        script = read_script(question.script, self.as_of, self.k, self.min_people, beside=question.beside)
        tables = tuple(dict.fromkeys(_TABLE.findall(script)))
        if missing := [table for table in tables if table not in self.comments]:
            return Answer(tables, lacks=f"The publication has no table {' and '.join(missing)}: {_OLDER}")
        try:
            columns = [column[0] for column in self.con.execute(f"from ({script}) limit 0").description or []]
            how: dict[str, Any] = {"shares": question.shares, "order": question.order, "is_of_people": question.is_of_people, "min_people": self.min_people, "is_sample": question.is_sample}  # fmt: skip
            sql = told(script, columns, self.k, **how)
            cursor = self.con.execute(told(script, columns, self.k, **how, is_exact=True))
            asked = [column[0] for column in cursor.description or []]
            found = [dict(zip(asked, row, strict=True)) for row in cursor.fetchall()]
        except duckdb.BinderException:
            return Answer(tables, lacks=f"The publication's {' and '.join(tables)} has other columns: {_OLDER}")
        if found:
            unset = {name for name in question.optional if all(row[name] is None for row in found)}
            shown = tuple(name for name in asked if not name.endswith(("_exact", "_step")) and name not in unset)
            rows = tuple(tuple(row[column] for column in shown) for row in found)
            return Answer(tables, sql, shown, rows, exact=tuple(_exact(row) for row in found), as_of=self.as_of)
        empty = [table for table in tables if not self.con.execute(f"from {table} limit 1").fetchall()]
        if empty:
            return Answer(
                tables, sql, lacks=f"{' and '.join(empty)} {'is' if len(empty) == 1 else 'are'} empty", is_empty=True
            )
        return Answer(tables, sql, lacks=f"Too few people: fewer than {self.k}, or none in the time that is shown")


@cache
def _metrics() -> dict[str, str]:
    """What a script may name as metric_<name>: the metric's aggregate, so that the report shows what `kundbild metrics query` answers. And
    rest_<name> of a metric that is a mean of a scale, for its column <name>_rest."""
    definitions = read_definitions()
    aggregates = {name: definitions.aggregate(name) for name, one in definitions.listed.items() if one.measure}
    rests = {f"rest_{name}": rest_of_scale(aggregates[name], *scale) for name, scale in _SCALES.items()}
    return {f"metric_{name}": aggregate for name, aggregate in aggregates.items()} | rests


def _exact(row: Mapping[str, Any]) -> dict[str, tuple[float, float]]:
    names = [column.removesuffix("_exact") for column in row if column.endswith("_exact")]
    return {name: (row[f"{name}_exact"], row[f"{name}_step"]) for name in names if row[f"{name}_exact"] is not None}
