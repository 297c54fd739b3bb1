"""Answers a question on metrics out of the publication's grade analyst, without groups of few people. Not here: what may be asked
(question.py), its SQL (statement.py), which groups are hidden (hidden_rows.py)."""

from __future__ import annotations

import re
from collections.abc import Sequence
from dataclasses import asdict, dataclass
from datetime import date, datetime
from decimal import Decimal
from typing import Any

from orchestration.contracts.made_by import made_by
from orchestration.contracts.metric_definitions import read_definitions, unit_of, unknown
from orchestration.core.configuration import home_and_config, load_privacy
from orchestration.core.errors import KundbildError
from orchestration.core.home import Home
from orchestration.core.warehouse import text
from orchestration.metrics.breakdowns import MOST_CELLS, breakdowns_of
from orchestration.metrics.compiler import Compiler, compiler, with_helpers
from orchestration.metrics.hidden_rows import hidden_rows
from orchestration.metrics.question import Question, read_question
from orchestration.metrics.statement import statement, values_of
from orchestration.metrics.told_people import rules_of
from orchestration.publishing.query import ask
from orchestration.publishing.versions import current_version, publication_of

_MOST_GROUPS = 5_000
_CUT = "a period that begins or ends within a month leaves out more groups: ask for whole months"
# named in an error
_MOST_VALUES = 20
# DuckDB's words for a table or column that is not there
_MISSING = re.compile(r"(Catalog|Binder) Error")
_TABLE = re.compile(r"\bbi\.(\w+)")
_ANEW = "`kundbild run --force` publishes anew"


@dataclass(frozen=True)
class Answer:
    """Rows by dimension, in the order of `columns`. `hidden` groups are not shown, for few people are in them or in one beside."""

    columns: tuple[str, ...]
    units: dict[str, str]
    rows: list[dict[str, Any]]
    hidden: int
    min_people: int
    publication: str
    notes: tuple[str, ...]

    @property
    def told(self) -> list[str]:
        """What is to be said beside the rows."""
        few = f"{self.hidden} groups are not shown: fewer than {self.min_people} people are in them, or in one beside"
        return [*([few] if self.hidden else []), *self.notes]

    def as_dict(self) -> dict[str, Any]:
        """What machines are told."""
        return {**asdict(self), "notes": self.told}


def answer(
    metrics: Sequence[str],
    *,
    by: Sequence[str] = (),
    where: Sequence[str] = (),
    first: str = "",
    last: str = "",
    grain: str = "",
    through: str = "metrics",
    seconds: float = 60,
    least: int = 0,
) -> Answer:
    """The metrics, group by group; it is noted who asked for which (`through` what). A group has `least` people at least, and those
    that the setting names. Raises KundbildError."""
    home, config = home_and_config()
    min_people = max(load_privacy(config).min_people, least)
    definitions, compiled = read_definitions(), compiler()
    question = read_question(
        definitions,
        compiled,
        metrics=metrics,
        by=by,
        where=where,
        first=first,
        last=last,
        grain=grain,
        night=_night(home),
    )
    rules = rules_of(question.metrics, definitions.metrics)
    tables = breakdowns_of(question, definitions.within)
    about = {"through": through, **{f"metric_{n}": m.name for n, m in enumerate(question.metrics, 1)}}
    sql = statement(question, rules, tables, compiled, _MOST_GROUPS)
    (names, told), publication = _ask(home, sql, seconds, about)
    rows = [dict(zip(names, row, strict=True)) for row in told]
    if rows and rows[0]["missing_values"]:
        raise _unknown_value(home, rows[0]["missing_values"][0], compiled, seconds, about)
    currency = str(rows[0]["company_currency"] or "") if rows else ""
    cells = [[row for row in rows if row["breakdown"] == n] for n in range(len(tables))]
    rows = [row for row in rows if row["is_group"]]
    if len(rows) > _MOST_GROUPS or any(len(found) > MOST_CELLS for found in cells):
        raise KundbildError(
            f"the answer has more than {_MOST_GROUPS:,} groups",
            to_do="ask by fewer dimensions, or for a shorter period",
        )
    every_rule = [*(rules_of([metric], definitions.metrics) for metric in question.metrics), rules]
    few, cut = hidden_rows(question, rows, list(zip(tables, cells, strict=True)), every_rule, min_people)
    hidden = few | cut
    columns = (*question.names, *(metric.name for metric in question.metrics))
    shown = [row for position, row in enumerate(rows) if position not in hidden]
    return Answer(
        columns=columns,
        units={metric.name: unit_of(metric, currency) for metric in question.metrics},
        rows=[dict(zip(columns, _shown(row, question), strict=True)) for row in shown],
        hidden=len(hidden),
        min_people=min_people,
        publication=publication,
        notes=(
            *question.notes,
            *_emptied(shown, question),
            *_undelivered(shown, question, with_helpers(sql), seconds, about),
            *([_CUT] if cut - few and question.period_grain in ("day", "week") else []),
        ),
    )


def _ask(
    home: Home, sql: str, seconds: float, about: dict[str, str]
) -> tuple[tuple[list[str], list[tuple[Any, ...]]], str]:
    """The rows, and the publication that they are of."""
    while True:
        publication = current_version(home)
        others = _made_otherwise(home, publication, with_helpers(sql))
        try:
            asked = ask(with_helpers(sql), seconds, about=about)
        except KundbildError as error:
            if not _MISSING.match(error.what):
                raise
            raise KundbildError(
                "the publication does not hold what the metric is made of: it is older than the definition, or was made otherwise",
                to_do=_ANEW,
            ) from error
        # readers were led to another one meanwhile: which was it?
        if current_version(home) == publication:
            # a column of the same name may mean something else there
            if others:
                raise KundbildError(
                    f"another version of Kundbild made {', '.join(others)} of the publication: the metric could be wrong by it",
                    to_do=_ANEW,
                )
            return asked, publication


def _made_otherwise(home: Home, version: str, sql: str) -> list[str]:
    """Tables of the query that the publication has by other SQL than this version's."""
    publication = publication_of(home, version)
    held, now = publication.made_by if publication else {}, made_by()
    return sorted(f"bi.{table}" for table in set(_TABLE.findall(sql)) & now.keys() if held.get(table) != now[table])


def _night(home: Home) -> date | None:
    """The day of the publication, which its name begins with."""
    try:
        return datetime.strptime((current_version(home) or "")[:8], "%Y%m%d").date()
    except ValueError:
        return None


def _unknown_value(
    home: Home, missing: str, compiled: Compiler, seconds: float, about: dict[str, str]
) -> KundbildError:
    """Of a condition on a value that no row has: an answer without rows would not tell that it is misspelt."""
    dimension, _, value = missing.partition("=")
    (_, found), _ = _ask(home, f"{values_of(dimension, compiled)} order by 1", seconds, about)
    values = [row[0] for row in found]
    some = f"values are {', '.join(values)}" if len(values) <= _MOST_VALUES else ""
    return unknown(f"value of {dimension.partition('__')[2]}", value, values, some)


def _is_emptied(row: dict[str, Any], hidden_if: str) -> bool:
    """True if one contributing group is hidden; the total would reveal it."""
    return bool(hidden_if and row[f"hiding__{hidden_if}"])


def _shown(row: dict[str, Any], question: Question) -> list[Any]:
    numbers = [None if _is_emptied(row, metric.hidden_if) else row[metric.name] for metric in question.metrics]
    return [_plain(value) for value in (*(row[name] for name in question.by), *numbers)]


def _emptied(rows: Sequence[dict[str, Any]], question: Question) -> list[str]:
    return [
        f"{metric.name} is empty where a number of few people would be in it"
        for metric in question.metrics
        if any(_is_emptied(row, metric.hidden_if) for row in rows)
    ]


def _undelivered(
    rows: Sequence[dict[str, Any]], question: Question, sql: str, seconds: float, about: dict[str, str]
) -> list[str]:
    """Of metrics without a number in any row: which of the tables that they are made of no source delivers."""
    blank = [metric.name for metric in question.metrics if rows and all(row[metric.name] is None for row in rows)]
    if not blank:
        return []
    entities = sorted({table.removeprefix("fct_") for table in _TABLE.findall(sql)})
    asked = f"select entity from bi.delivered_entities where not is_delivered and entity in ({', '.join(map(text, entities))}) order by 1"
    try:
        _, found = ask(asked, seconds, about=about)
    except KundbildError as error:
        # an older publication does not say
        if not _MISSING.match(error.what):
            raise
        return []
    lacking = " or ".join(entity.replace("_", " ") for (entity,) in found)
    return (
        [f"{', '.join(blank)} {'is' if len(blank) == 1 else 'are'} empty: no source delivers {lacking}"]
        if lacking
        else []
    )


def _plain(value: Any) -> Any:
    """As JSON has it: numbers as numbers, the start of a period as its day."""
    if isinstance(value, Decimal):
        return int(value) if value == value.to_integral_value() and value.as_tuple().exponent == 0 else float(value)
    if isinstance(value, datetime):
        return value.date().isoformat()
    return value.isoformat() if isinstance(value, date) else value
