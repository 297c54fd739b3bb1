"""SQL expressions of a mapping (`sql`, `aggregate`, `where`): what they may say, and the relation that computes them beside the raw columns.

Here: their check at start, and the relation. Not here: mapped columns that are only renamed (mapping_values.py), the models
(transform/mapping_sql.py).
"""

from __future__ import annotations

from collections.abc import Callable
from functools import cache

import duckdb

from orchestration.core.settings import Table
from orchestration.core.settings.maps import REGISTERS, STATEMENTS, ColumnMap, EntityMap
from orchestration.core.warehouse import key_text, quote

Refuse = Callable[[str, str], Exception]
_WHERE = "_sql_where"
# erasure and suppression find people by the raw column of these
_WHO = (
    "contact_point", "email", "phone", "full_name", "given_name", "family_name", "birth_date", "country_code", "postal_code", "street",
)  # fmt: skip
_TEMPLATE = ("{{", "{%", "{#")
_PSEUDO = {"_row_key": "VARCHAR", "_source_file": "VARCHAR"}


def computed_column(target: str) -> str:
    return f"_sql_{target}"


def resolved(mapping: EntityMap) -> EntityMap:
    """The mapping, whose computed columns are read by the names that they have in its relation."""
    if not mapping.is_computed:
        return mapping
    columns: dict[str, str | list[str] | ColumnMap] = {}
    for target, said in mapping.columns.items():
        how = mapping.how(target)
        is_computed = how is not None and how.is_computed
        update = {"column": computed_column(target), "sql": None, "aggregate": None}
        columns[target] = (
            ColumnMap.model_validate(how.model_dump(by_alias=True) | update) if how and is_computed else said
        )
    return mapping.model_copy(update={"columns": columns})


def relation(mapping: EntityMap, raw: str) -> str:
    """SQL: the raw table, with the mapping's computed columns. A sum of rows of which one has no value is none: it would be too small."""
    if not mapping.is_computed:
        return raw
    key = mapping.how("source_key")
    window = f"(partition by {key_text(key.columns)})" if key else "()"
    condition = f"coalesce(({mapping.where}), false)" if mapping.where else "true"
    stands = f"filter (where _deleted_at is null and {condition}) over {window}"
    added = []
    for target in mapping.columns:
        how = mapping.how(target)
        if not how or not how.is_computed:
            continue
        value = (
            f"({how.sql})"
            if how.sql is not None
            else key_text(how.columns)
            if len(how.columns) > 1
            else quote(how.columns[0])
        )
        if how.aggregate:
            value = f"case when count(*) {stands} = count({value}) {stands} then {how.aggregate}({value}) {stands} end"
        added.append(f"{value} as {quote(computed_column(target))}")
    added += [f"{condition} as {quote(_WHERE)}"] if mapping.where else []
    return f"(select *, rowid as rowid, {', '.join(added)} from {raw})"


def is_left_out(mapping: EntityMap, of: str) -> list[str]:
    """SQL: whether `where` leaves a row out; empty where nothing says."""
    return [f"not {of}{quote(_WHERE)}"] if mapping.where else []


def check_expressions(table: Table, mapping: EntityMap, refuse: Refuse) -> None:
    """Raises what `refuse(what, to_do)` makes where an expression is not one, reads what is not there, or could hide who somebody is or
    what they said."""
    if not mapping.is_computed:
        return
    if mapping.entity in (*STATEMENTS, *REGISTERS):
        raise refuse(
            f"a mapping to {mapping.entity} has sql, aggregate or where: a row that refuses could be left out or changed",
            "map its columns, with `values` where words differ",
        )
    for target in mapping.columns:
        how = mapping.how(target)
        if not how or not how.is_computed:
            continue
        if target.endswith("_key") or target in _WHO:
            raise refuse(f"'{target}' cannot be computed: people are found again by the column itself", "name a column")
        if how.aggregate and not mapping.one_row_per_key:
            raise refuse(
                f"'{target}' has aggregate, and the mapping not one_row_per_key",
                "add one_row_per_key = true to the mapping",
            )
        if how.sql is not None:
            _check(table, how.sql, f"'{target}'", refuse)
    if mapping.where:
        kind = _check(table, mapping.where, "'where'", refuse)
        if kind not in ("BOOLEAN", '"NULL"'):
            raise refuse(f"'where' is a value ({kind.lower()}), not true or false", "compare it: quantity > 0")


def _check(table: Table, expression: str, of: str, refuse: Refuse) -> str:
    """The type of an expression on the table's columns."""
    import sqlglot
    from sqlglot import expressions as sql
    from sqlglot.errors import SqlglotError

    if mark := next((mark for mark in _TEMPLATE if mark in expression), None):
        raise refuse(f"{of} holds {mark}, which dbt would read as its own", "write it without")
    try:
        trees = sqlglot.parse(expression, dialect="duckdb")
    except SqlglotError:
        raise refuse(f"{of} is not SQL: {expression}", "write one expression of DuckDB: quantity * price") from None
    if len(trees) != 1 or trees[0] is None:
        raise refuse(f"{of} is not one expression: {expression}", "write one: quantity * price")
    for node in trees[0].walk():
        if isinstance(node, sql.Query | sql.Subquery | sql.Window | sql.AggFunc | sql.Star | sql.Columns | sql.Placeholder | sql.Parameter | sql.DDL | sql.DML | sql.Command):  # fmt: skip
            raise refuse(
                f"{of} may not say {node.sql(dialect='duckdb', comments=False)}",
                "use the columns of one row; `aggregate` sums rows",
            )
    names = {"".join(f".{part.name}" for part in column.parts)[1:] for column in trees[0].find_all(sql.Column)}
    columns = {**table.columns, **_PSEUDO}
    if unknown := sorted(names - columns.keys()):
        raise refuse(
            f"{of} reads {unknown[0]}, which is not a column of the table",
            f"columns: {', '.join(columns)}; in quotes where a name has blanks",
        )
    with duckdb.connect(config={"enable_external_access": False}) as con:
        declared = ", ".join(f"{quote(column)} {kind}" for column, kind in columns.items())
        con.execute(f"create table declared ({declared})")
        try:
            described = con.execute(f"describe select ({expression}) as said from declared").fetchall()
        except duckdb.Error as error:
            raise refuse(
                f"{of} cannot be computed: {str(error).splitlines()[0]}",
                "compare and compute with values of the columns' types",
            ) from None
        called = {row[0] for row in con.execute("select distinct function_name from duckdb_functions() where function_type = 'scalar' and stability <> 'CONSISTENT'").fetchall()}  # fmt: skip
    if volatile := sorted(_functions(expression) & called):
        raise refuse(f"{of} calls {volatile[0]}, whose value differs from night to night", "use what the row says")
    return str(described[0][1])


@cache
def _functions(expression: str) -> frozenset[str]:
    """The functions that an expression calls, as DuckDB reads it."""
    import json

    with duckdb.connect() as con:
        (tree,) = con.execute("select json_serialize_sql(?)", [f"select {expression}"]).fetchall()[0]

    def walk(node: object) -> set[str]:
        if isinstance(node, list):
            return set().union(*map(walk, node)) if node else set()
        if not isinstance(node, dict):
            return set()
        own = {str(node["function_name"]).lower()} if "function_name" in node else set()
        return own.union(*map(walk, node.values()))

    return frozenset(walk(json.loads(tree)))
