"""The SQL of a question: its metrics, and beside them whom they tell of. Not here: running it (answer.py), SQL of metrics (compiler.py)."""

from __future__ import annotations

from collections.abc import Sequence
from itertools import combinations

from orchestration.contracts.metric_definitions import parts_of
from orchestration.core.warehouse import text
from orchestration.metrics.breakdowns import Breakdown, cell_of, sql_of
from orchestration.metrics.compiler import Compiler
from orchestration.metrics.question import Question

# the company's, which every customer's row has
_CURRENCY = "(select max(currency) from bi.dim_customers)"
PEOPLE = "people"


def kinds_of(question: Question) -> list[str]:
    """The prefixes of the counts: of the group, and of each of its rests."""
    return [PEOPLE, *(f"rest{n}" for n in range(len(_rests(question))))]


def statement(
    question: Question, rules: Sequence[str], tables: Sequence[Breakdown], compiled: Compiler, most: int
) -> str:
    """Dimensions, metrics, then counts of people (people__<metric>), and of those in the rows of a group that the conditions leave
    out (rest<n>__<metric>): a group less its rest is a group too. Then the company's currency and the values of conditions that
    there are not, in a list; a row without a group has `is_group` null. After them the cells of the tables, with `breakdown` not null."""
    people = list(dict.fromkeys(part for rule in rules for part in parts_of(rule)))
    names = [metric.name for metric in question.metrics]
    hiding = [metric.hidden_if for metric in question.metrics if metric.hidden_if]
    where = [*question.conditions, *question.period]
    columns = [f"asked.{name}" for name in (*question.by, *names)]
    columns += [f"coalesce(asked.{name}, 0) as {PEOPLE}__{name}" for name in people]
    columns += [f"asked.{name} as hiding__{name}" for name in dict.fromkeys(hiding)]
    asked = compiled.sql([*dict.fromkeys([*names, *people, *hiding])], question.by, where)
    parts = [f"asked as (select true as is_group, * from ({asked}) told)"]
    joined = ""
    for kind, conditions in zip(kinds_of(question)[1:], _rests(question) if people else (), strict=False):
        parts.append(f"{kind} as ({compiled.sql(people, question.by, [*conditions, *question.period])})")
        columns += [f"coalesce({kind}.{name}, 0) as {kind}__{name}" for name in people]
        same = " and ".join(f"asked.{name} is not distinct from {kind}.{name}" for name in question.by)
        joined += f" left join {kind} on {same or 'true'}"
    columns += ["asked.is_group", f"{cell_of(question.by, 'asked')} as cell", f"{_CURRENCY} as company_currency"]
    columns.append(f"{_missing(question, compiled)} as missing_values")
    order = f"order by {', '.join(f'asked.{name}' for name in question.by)}" if question.by else ""
    columns.append("cast(null as integer) as breakdown")
    told = (
        f"with {', '.join(parts)} select {', '.join(columns)} from (values (true)) one(is_one) left join asked on true"
        f"{joined} {order} limit {most + 1}"
    )
    beside = [sql_of(n, table, question, people, compiled) for n, table in enumerate(tables) if people]
    return " union all by name ".join(f"from ({sql})" for sql in [told, *beside])


def values_of(dimension: str, compiled: Compiler) -> str:
    """Every value of a dimension, as text."""
    return (
        f"select distinct cast({dimension} as varchar) as v from ({compiled.sql([], [dimension], [])}) dimension_values"
        f" where {dimension} is not null"
    )


def _rests(question: Question) -> list[list[str]]:
    """Conditions of what is left out: an answer with some of the conditions, or none, less the answer with all of them."""
    conditions = question.conditions
    rests = []
    for kept in range(len(conditions)):
        for chosen in combinations(range(len(conditions)), kept):
            left_out = " and ".join(c for n, c in enumerate(conditions) if n not in chosen)
            rests.append([*(conditions[n] for n in chosen), f"not ({left_out})"])
    return rests


def _missing(question: Question, compiled: Compiler) -> str:
    """Which values of the conditions no row has, as <dimension>=<value>. A dimension without any value has no source yet."""
    tests = [
        f"select '{dimension}=' || wanted.v as v from (values {', '.join(f'({text(v)})' for v in values)}) wanted(v)"
        f" where wanted.v not in ({values_of(dimension, compiled)}) and exists ({values_of(dimension, compiled)})"
        for dimension, values in question.values
        if values
    ]
    return f"(select list(v) from ({' union all '.join(tests)}) missing)" if tests else "null"
