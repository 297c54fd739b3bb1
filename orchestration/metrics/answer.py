"""Answers a question on metrics out of the publication's grade analyst, without groups of few people. Not here: what may be asked
(question.py), which groups are hidden (few_groups.py)."""

from __future__ import annotations

import re
from collections.abc import Sequence
from dataclasses import asdict, dataclass
from datetime import date, datetime
from decimal import Decimal
from typing import Any

from orchestration.core.configuration import home_and_config, load_privacy
from orchestration.core.errors import KundbildError
from orchestration.core.home import Home
from orchestration.metrics.compiler import Compiler, compiler, with_helpers
from orchestration.metrics.definitions import Metric, parts_of, read_definitions, unit_of
from orchestration.metrics.few_groups import Group, hidden_groups
from orchestration.metrics.question import Question, read_question
from orchestration.publishing.query import ask
from orchestration.publishing.versions import current_version

_MOST_GROUPS = 5_000
# DuckDB's words for a table or column that is not there
_MISSING = re.compile(r"(Catalog|Binder) Error")


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
) -> Answer:
    """The metrics, group by group; it is noted who asked for which (`through` what). Raises KundbildError."""
    home, config = home_and_config()
    min_people = load_privacy(config).min_people
    definitions, compiled = read_definitions(), compiler()
    question = read_question(
        definitions, compiled, metrics=metrics, by=by, where=where, first=first, last=last, grain=grain
    )
    rules = _rules(question.metrics, definitions.metrics)
    about = {"through": through, **{f"metric_{n}": m.name for n, m in enumerate(question.metrics, 1)}}
    asked, publication = _ask(home, _sql(question, rules, compiled), seconds, about)
    if len(asked[1]) > _MOST_GROUPS:
        raise KundbildError(
            f"the answer has more than {_MOST_GROUPS:,} groups",
            to_do="ask by fewer dimensions, or for a shorter period",
        )
    dimensions = len(question.by)
    shown = dimensions + len(question.metrics)
    rows = asked[1]
    hidden = hidden_groups(
        [_group(dict(zip(asked[0], r, strict=True)), r[:dimensions], rules) for r in rows], min_people
    )
    columns = (*question.names, *(metric.name for metric in question.metrics))
    currency = str(rows[0][-1] or "") if rows else ""
    return Answer(
        columns=columns,
        units={metric.name: unit_of(metric, currency) for metric in question.metrics},
        rows=[
            dict(zip(columns, map(_plain, row[:shown]), strict=True)) for p, row in enumerate(rows) if p not in hidden
        ],
        hidden=len(hidden),
        min_people=min_people,
        publication=publication,
        notes=question.notes,
    )


def _ask(
    home: Home, sql: str, seconds: float, about: dict[str, str]
) -> tuple[tuple[list[str], list[tuple[Any, ...]]], str]:
    """The rows, and the publication that they are of."""
    while True:
        publication = current_version(home)
        try:
            asked = ask(with_helpers(sql), seconds, about=about)
        except KundbildError as error:
            if not _MISSING.match(error.what):
                raise
            raise KundbildError(
                "the publication does not hold what the metric is made of: it is older than the definition, or was made otherwise",
                to_do="`kundbild run --force` publishes anew",
            ) from error
        # readers were led to another one meanwhile: which was it?
        if current_version(home) == publication:
            return asked, publication


def _rules(metrics: Sequence[Metric], known: dict[str, Metric]) -> list[str]:
    """Whom the answer tells of: metrics that count people, and differences of two."""
    names = {metric.name for metric in metrics}
    implied = [known[told] for metric in metrics for beside, told in metric.implies.items() if beside in names]
    return list(dict.fromkeys(rule for metric in [*metrics, *implied] for rule in metric.people))


def _sql(question: Question, rules: Sequence[str], compiled: Compiler) -> str:
    """Dimensions, metrics, then counts of people (people__<metric>), and of those in the rows of a group that the conditions leave
    out (rest__<metric>): a group less its rest is a group too."""
    people = list(dict.fromkeys(part for rule in rules for part in parts_of(rule)))
    names = [metric.name for metric in question.metrics]
    where = [*question.conditions, *question.period]
    columns = [f"asked.{name}" for name in (*question.by, *names)]
    columns += [f"coalesce(asked.{name}, 0) as people__{name}" for name in people]
    parts = [f"asked as ({compiled.sql([*dict.fromkeys([*names, *people])], question.by, where)})"]
    joined = ""
    if question.conditions and people:
        opposite = f"not ({' and '.join(question.conditions)})"
        parts.append(f"rest as ({compiled.sql(people, question.by, [opposite, *question.period])})")
        columns += [f"coalesce(rest.{name}, 0) as rest__{name}" for name in people]
        same = " and ".join(f"asked.{name} is not distinct from rest.{name}" for name in question.by)
        joined = f"left join rest on {same or 'true'}"
    columns.append(f"{_CURRENCY} as company_currency")
    order = f"order by {', '.join(f'asked.{name}' for name in question.by)}" if question.by else ""
    return f"with {', '.join(parts)} select {', '.join(columns)} from asked {joined} {order} limit {_MOST_GROUPS + 1}"


# the company's, which every customer's row has
_CURRENCY = "(select max(currency) from bi.dim_customers)"


def _group(row: dict[str, Any], cell: tuple[Any, ...], rules: Sequence[str]) -> Group:
    counts = []
    for kind in ("people", "rest"):
        for rule in rules:
            parts = parts_of(rule)
            told = [row.get(f"{kind}__{part}", 0) for part in parts]
            counts.append(int(told[0] - sum(told[1:])))
    return Group(cell, tuple(counts))


def _plain(value: Any) -> Any:
    """As JSON has it: numbers as numbers, the start of a period as its day."""
    if isinstance(value, Decimal):
        return int(value) if value == value.to_integral_value() and value.as_tuple().exponent == 0 else float(value)
    if isinstance(value, datetime):
        return value.date().isoformat()
    return value.isoformat() if isinstance(value, date) else value
