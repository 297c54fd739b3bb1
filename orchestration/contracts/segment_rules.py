"""The rules of segments: seed segment_rules and [segments] in kundbild.toml, each condition read and checked before it is SQL of a model.

Here: what a condition may read and say. Not here: who is in a segment (dbt: macros/segments.sql), what a purpose may read of other
models (privacy/audit/purposes.py).
"""

from __future__ import annotations

import re
from collections.abc import Iterable
from dataclasses import asdict, dataclass
from functools import cache
from typing import TYPE_CHECKING, Any

import duckdb

from orchestration.contracts.deliveries import CUSTOMER_360, CUSTOMER_PROFILE, CUSTOMER_RFM, delivered_by
from orchestration.contracts.model_files import model_file
from orchestration.contracts.seeds import seed
from orchestration.core.errors import ConfigurationError, did_you_mean
from orchestration.core.settings import Settings
from orchestration.core.settings.privacy import Privacy
from orchestration.core.warehouse import quote, text

if TYPE_CHECKING:
    from sqlglot.expressions import Expr

SEED = "seed segment_rules"
# what a segment is made for: purpose_categories says which kinds of data it may read
PURPOSE = "profiling"
# where a condition's columns come from: the model's file, and its alias in macros/segments.sql
_MODELS = ((CUSTOMER_360, "c"), (CUSTOMER_RFM, "r"), (CUSTOMER_PROFILE, "f"))
# coarse words that are made of what may not be read, for customers who may be profiled
_IN_ITS_PLACE = {
    "county": "region is made of it.",
    "country_code": "region is made of it.",
    "age_band": "life_phase is made of it.",
}
_SINCE = "days_since_"
_VALUE_OF = re.compile(r"^\{(\w+)\}$")
_MOST_SIGNS = 2000
_NAME = re.compile(r"^[a-z0-9][a-z0-9_ ]*$")
_WORDS = "and, or, not, =, <>, <, <=, >, >=, +, -, *, /, between, in (values), like, is null, case, abs, coalesce, greatest, least, lower, upper, round"
_ALLOWED = (
    "Abs", "Add", "And", "Between", "Boolean", "Case", "Coalesce", "Column", "Div", "EQ", "GT", "GTE", "Greatest", "Identifier", "If",
    "In", "Is", "LT", "LTE", "Least", "Like", "Literal", "Lower", "Mul", "NEQ", "Neg", "Not", "Null", "Or", "Paren", "Round",
    "Sub", "Upper",
)  # fmt: skip


@dataclass(frozen=True)
class Readable:
    """A column that a condition may read. `of` is its model's alias; `since`, where it is days since a time, that column;
    `delivered_by` are entities without which it is empty: any of them makes it known."""

    name: str
    of: str
    kind: str
    since: str = ""
    delivered_by: tuple[str, ...] = ()


@dataclass(frozen=True)
class SegmentRule:
    """One rule. `condition` and `value` are SQL on `columns`; `value` is the segment's name, or what names it."""

    scheme: str
    segment: str
    condition: str
    value: str
    columns: tuple[str, ...]
    description: str


def segment_variables(settings: Settings) -> dict[str, list[Any]]:
    """dbt's vars: the rules in their order, the columns that they read, and the seed's schemes that are switched off. Raises
    ConfigurationError as segment_rules does."""
    rules, readable = segment_rules(settings), readable_columns()
    used = sorted({column for rule in rules for column in rule.columns})
    return {
        "segment_rules": [asdict(rule) | {"columns": list(rule.columns)} for rule in rules],
        "segment_columns": [
            {"name": c.name, "of": c.of, "kind": c.kind, "since": c.since} for c in map(readable.__getitem__, used)
        ],
        "segments_off": sorted(schemes_off(settings.privacy)),
    }


def segment_rules(settings: Settings) -> list[SegmentRule]:
    """Every rule, by scheme, in the order in which they are tried: the seed's, then those of the configuration.

    Rules of the seed on columns that `[privacy] not_for_segments` names are left out. Raises ConfigurationError naming the rule whose
    condition cannot be read, or reads such a column, and what it may say.
    """
    rules = [rule for rule in _rules_of_the_seed() if not switched_off(rule.columns, settings.privacy)]
    for name, segment in settings.segments.items():
        where = f"[segments.{name}] in kundbild.toml"
        rule = checked(segment.scheme or name, name, segment.where, segment.description, where)
        assert_confirmed(rule, settings, where)
        rules.append(rule)
    return sorted(rules, key=lambda rule: rule.scheme)


def _rules_of_the_seed() -> list[SegmentRule]:
    rows = sorted(seed("segment_rules"), key=lambda row: (row["scheme"], int(row["rule_order"])))
    return [
        checked(row["scheme"], row["segment"], row["condition"], row["description"], f"{SEED}, {row['scheme']}, {row['segment']}")
        for row in rows
    ]  # fmt: skip


def assert_confirmed(rule: SegmentRule, settings: Settings, where: str) -> None:
    """Raises ConfigurationError where a rule reads what `[privacy] not_for_segments` names, or is of a scheme that is made of it: what that
    scheme held is deleted each night. `where` says whose rule it is."""
    off = switched_off(rule.columns, settings.privacy)
    off += [f"the scheme {rule.scheme}"] if rule.scheme in schemes_off(settings.privacy) else []
    if off:
        raise ConfigurationError(
            f"no segment may be made of {', '.join(off)}", where=where, to_do="[privacy] not_for_segments names it: ask the data protection officer"
        )  # fmt: skip


def schemes_off(privacy: Privacy) -> set[str]:
    """Schemes of the seed that are made of what `[privacy] not_for_segments` names."""
    return (
        {rule.scheme for rule in _rules_of_the_seed() if switched_off(rule.columns, privacy)}
        if privacy.not_for_segments
        else set()
    )


def switched_off(columns: Iterable[str], privacy: Privacy) -> list[str]:
    """Those of the columns that `[privacy] not_for_segments` names: with a name its confidence and reasons, which tell the same."""
    off = privacy.not_for_segments
    return sorted(column for column in {*columns} if any(f"{column}_".startswith(f"{name}_") for name in off))


@cache
def readable_columns() -> dict[str, Readable]:
    """What a condition may read, by name: columns whose kind of data the purpose may read, without ids; and the days since a time."""
    allowed = {row["category"] for row in seed("purpose_categories") if row["purpose"] == PURPOSE} - {"pseudonym"}
    found: dict[str, Readable] = {}
    for path, alias in _MODELS:
        for column in model_file(path)["models"][0]["columns"]:
            name, kind = column["name"], column["data_type"]
            if column["config"]["meta"]["personal"] not in allowed:
                continue
            needs = delivered_by(path).get(name, ())
            found.setdefault(name, Readable(name, alias, kind, delivered_by=needs))
            if kind == "timestamp" and name.endswith("_at"):
                since = f"{_SINCE}{name.removesuffix('_at')}"
                found.setdefault(since, Readable(since, alias, "bigint", name, needs))
    return found


@cache
def _withheld_columns() -> dict[str, str]:
    """The kind of data of each column that the models have and no condition may read, ids aside."""
    return {
        column["name"]: column["config"]["meta"]["personal"]
        for path, _ in _MODELS
        for column in model_file(path)["models"][0]["columns"]
        if column["name"] not in readable_columns()
        and column["config"]["meta"]["personal"] not in ("pseudonym", "none")
    }


@cache
def checked(scheme: str, segment: str, condition: str, description: str, where: str) -> SegmentRule:
    """The rule, its condition as SQL that holds nothing else. Raises ConfigurationError; `where` says whose rule it is."""
    named = _VALUE_OF.match(segment)
    for name in (scheme, *(() if named else (segment,))):
        if not _NAME.match(name):
            raise ConfigurationError(
                f"'{name}' names no scheme or segment", where=where, to_do="use a-z, 0-9, _ and blanks; {column} for a value"
            )  # fmt: skip
    try:
        tree = _parsed(condition, where)
        sql = _without_division_by_zero(tree).sql(dialect="duckdb", comments=False)
    except RecursionError as error:
        raise ConfigurationError(
            "the condition has too many brackets", where=where, to_do="make several segments of it"
        ) from error
    columns = {column.name for column in _columns(tree)} | ({named[1]} if named else set())
    unknown = sorted(columns - readable_columns().keys())
    if unknown and (kind := _withheld_columns().get(unknown[0])):
        raise ConfigurationError(
            f"no segment may read {unknown[0]}: {PURPOSE} may not read data of the kind {kind} (seed purpose_categories)",
            where=where,
            to_do=f"{_IN_ITS_PLACE.get(unknown[0], 'the data protection officer decides what it may read.')} columns: {_listed()}",
        )
    if unknown:
        raise ConfigurationError(f"there is no column {unknown[0]} for segments", where=where, to_do=_to_do(unknown[0]))
    _bound(sql, where)
    value = f"cast({named[1]} as varchar)" if named else text(segment)
    return SegmentRule(scheme, segment, sql, value, tuple(sorted(columns)), description)


def _without_division_by_zero(tree: Expr) -> Expr:
    """What is divided by 0 is not known: DuckDB says of 0 / 0 that it is greater than any number."""
    from sqlglot.expressions import Div, Literal, Nullif, Paren

    # what is divided within is done first: the divisor is a copy
    for division in reversed(list(tree.find_all(Div))):
        divisor = division.expression.copy()
        division.set("expression", Nullif(this=Paren(this=divisor), expression=Literal.number(0)))
    return tree


def _columns(tree: Expr) -> list[Expr]:
    from sqlglot.expressions import Column

    return list(tree.find_all(Column))


def _parsed(condition: str, where: str) -> Expr:
    import sqlglot
    from sqlglot.errors import SqlglotError
    from sqlglot.expressions import Column

    if not condition.strip():
        raise ConfigurationError("the condition is empty", where=where, to_do="for example: order_count >= 3")
    if len(condition) > _MOST_SIGNS:
        raise ConfigurationError(
            f"the condition is longer than {_MOST_SIGNS:,} signs", where=where, to_do="make several segments of it"
        )
    try:
        trees = sqlglot.parse(condition, dialect="duckdb")
    except SqlglotError as error:
        said = next(
            (e.get("description") for e in getattr(error, "errors", []) if e.get("description")), "it ends too early"
        )
        raise ConfigurationError(
            f"the condition is not SQL: {said}", where=where, to_do=f"for example: order_count >= 3. Allowed: {_WORDS}"
        ) from error  # fmt: skip
    if len(trees) != 1 or trees[0] is None:
        raise ConfigurationError(
            "the condition is not one condition", where=where, to_do="join conditions with and, or"
        )
    tree = trees[0]
    for node in tree.walk():
        kind = type(node).__name__
        is_table_column = isinstance(node, Column) and len(node.parts) > 1
        if kind not in _ALLOWED or is_table_column or node.args.get("query") or node.args.get("unnest"):
            raise ConfigurationError(
                f"a condition may not say: {node.sql(dialect='duckdb', comments=False)}", where=where, to_do=f"allowed: {_WORDS}"
            )  # fmt: skip
    return tree


def _bound(sql: str, where: str) -> None:
    """Raises ConfigurationError where DuckDB cannot say of a customer whether the condition holds."""
    with _typed().cursor() as con:
        try:
            # the value too: a text that is not a number fails where it is compared
            kind, _ = con.execute(
                f"select typeof(asked), asked from (select ({sql}) as asked from readable)"
            ).fetchall()[0]
        except duckdb.Error as error:
            said = str(error).splitlines()[0]
            raise ConfigurationError(
                f"the condition cannot be asked: {said}", where=where, to_do="compare a column with a value of its type"
            ) from error  # fmt: skip
    if kind not in ("BOOLEAN", '"NULL"'):
        raise ConfigurationError(
            f"the condition is a value ({kind.lower()}), not true or false", where=where, to_do="compare it: order_count >= 3"
        )  # fmt: skip


@cache
def _typed() -> duckdb.DuckDBPyConnection:
    """A database whose only table is `readable`: a row of every column, with a value, for the null of a type is compared with anything."""
    values = {"boolean": "true", "timestamp": "timestamp '2000-01-01'", "date": "date '2000-01-01'", "varchar": "'x'"}
    row = ", ".join(
        f"cast({values.get(column.kind, '1')} as {column.kind}) as {quote(name)}"
        for name, column in readable_columns().items()
    )
    con = duckdb.connect()
    con.execute(f"create table readable as select {row}")
    return con


def _listed() -> str:
    return ", ".join(sorted(readable_columns()))


def _to_do(unknown: str) -> str:
    return f"{did_you_mean(unknown, readable_columns())} columns: {_listed()}".strip()
