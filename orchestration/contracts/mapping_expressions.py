"""SQL expressions of a mapping (`sql`, `aggregate`, `where`) and its lookups: what they may say, checked at start.

Not here: the relation that computes them (mapping_relations.py), mapped columns that are only renamed (mapping_values.py), the
models (transform/mapping_sql.py).
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from typing import Any

import duckdb

from orchestration.core.settings import Table
from orchestration.core.settings.maps import REGISTERS, STATEMENTS, ColumnMap, EntityMap
from orchestration.core.warehouse import quote

Refuse = Callable[[str, str], Exception]
# SQL and its values → rows
Ask = Callable[[str, list[Any]], list[tuple[Any, ...]]]
WHERE = "_sql_where"
# erasure and suppression find people by the raw column of these
_WHO = (
    "contact_point", "email", "phone", "full_name", "given_name", "family_name", "birth_date", "country_code",
)  # fmt: skip
# of a statement: they hide no refusal
_OF_STATEMENTS = ("confirmed_at", "stated_at", "occurred_at")
# kinds of messages' events of which no row refuses anything
_REFUSES_NOTHING = ("sent", "delivered", "opened", "clicked", "bounced")
_TEMPLATE = ("{{", "{%", "{#")
# what DuckDB has for a function of the row's values, or for a column, and is of the moment or of the session
_CLOCKS = (
    "age of one time", "current_localtime", "current_localtimestamp", "current_time", "current_timestamp", "get_current_time", "localtime",
    "localtimestamp", "current_user", "current_role", "session_user", "user", "current_catalog",
)  # fmt: skip
_MANY_ROWS = {"unnest", "unlist", "generate_subscripts"}
_PSEUDO = {"_row_key": "VARCHAR", "_source_file": "VARCHAR"}


class Checker:
    """The engine that expressions are checked by: one for all of a configuration, for to start it takes longer than to ask it."""

    def __init__(self) -> None:
        self._con: duckdb.DuckDBPyConnection | None = None

    def __enter__(self) -> Checker:
        return self

    def __exit__(self, *error: object) -> None:
        if self._con:
            self._con.close()

    def ask(self, sql: str, values: list[Any]) -> list[tuple[Any, ...]]:
        if self._con is None:
            self._con = duckdb.connect(config={"enable_external_access": False, "threads": 1})
        return self._con.execute(sql, values).fetchall()


def computed_column(target: str) -> str:
    return f"_sql_{target}"


def unread_column(target: str) -> str:
    """Beside a computed column, or WHERE: whether its expression failed on the row's values."""
    return "_unread" + (WHERE if target == WHERE else computed_column(target))


def unread_columns(mapping: EntityMap) -> list[str]:
    """What of a mapping as it is written may be unread: its computed columns that have an expression, and WHERE for its conditions."""
    is_unsure = bool(mapping.where or any(one.where for one in mapping.lookups))
    hows = [(target, how) for target in mapping.columns if (how := mapping.how(target)) and how.is_computed]
    told = [target for target, how in hows if how.sql is not None or (how.aggregate and is_unsure)]
    return [*told, *([WHERE] if is_unsure else [])]


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


def is_left_out(mapping: EntityMap, of: str) -> list[str]:
    """SQL: whether `where` leaves a row out; empty where nothing says."""
    return [f"not {of}{quote(WHERE)}"] if mapping.where else []


def check_person_id(mapping: EntityMap, refuse: Refuse) -> None:
    """Raises what `refuse(what, to_do)` makes where people's id is no column of the table as it is: an erased person is known again by it."""
    how = mapping.how("person_id")
    is_as_it_is = how and mapping.is_raw("person_id") and not how.values and how.otherwise is None
    if mapping.entity == "people" and ("person_id" in mapping.constants or (how and not is_as_it_is)):
        raise refuse(
            "'person_id' is no column of the table as it is: erased people are known again by the column itself",
            "name one column",
        )


def check_expressions(tables: Mapping[str, Table], table: Table, mapping: EntityMap, refuse: Refuse, ask: Ask) -> None:
    """Raises what `refuse(what, to_do)` makes where an expression is not one, reads what is not there, or could hide who somebody is or
    what they said. `tables` are those of the source, for lookups; `ask` is a Checker's."""
    if not mapping.is_computed:
        return
    computed = [target for target in mapping.columns if (how := mapping.how(target)) and how.is_computed]
    is_more = bool(mapping.where or mapping.lookups or mapping.lines_of)
    is_harmless = mapping.entity == "email_events" and mapping.constants.get("kind") in _REFUSES_NOTHING
    if (
        mapping.entity in (*STATEMENTS, *REGISTERS)
        and not is_harmless
        and (is_more or not {*computed} <= {*_OF_STATEMENTS})
    ):
        raise refuse(
            f"a mapping to {mapping.entity} has sql, aggregate, where, lookups or lines_of: a row that refuses could be left out or changed",
            "map its columns, with `values` where words differ",
        )
    kinds = {**table.columns, **_PSEUDO, **_looked_up(tables, table, mapping, refuse, ask)}
    if unknown := [c for c in (mapping.lines_of, *mapping.said_once) if c and c not in table.columns]:
        raise refuse(
            f"lines_of or said_once names '{unknown[0]}', which is not a column of the table",
            f"columns: {', '.join(table.columns)}",
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
        kind = (
            _check(kinds, how.sql, f"'{target}'", refuse, ask) if how.sql is not None else kinds.get(how.columns[0], "")
        )
        if how.aggregate == "sum":
            _check_sum(kind, f"'{target}'", refuse, ask)
    if mapping.where:
        _check_condition(kinds, mapping.where, "'where'", refuse, ask)


def _looked_up(
    tables: Mapping[str, Table], table: Table, mapping: EntityMap, refuse: Refuse, ask: Ask
) -> dict[str, str]:
    """The types of the columns that lookups bring."""
    found: dict[str, str] = {}
    for one in mapping.lookups:
        other = tables.get(one.table)
        if other is None:
            raise refuse(
                f"a lookup reads '{one.table}', which is not a table of the source", f"tables: {', '.join(tables)}"
            )
        # what an earlier lookup brought may lead on to a further table
        named = [(c, table) for c in one.by if c not in found] + [
            (c, other) for c in (*one.by.values(), *one.columns.values(), *one.first_by)
        ]
        if wrong := next((c for c, of in named if c not in of.columns), None):
            raise refuse(
                f"the lookup in '{one.table}' names '{wrong}', which is not a column there",
                f"columns of {one.table}: {', '.join(other.columns)}",
            )
        if taken := next((c for c in one.columns if c in table.columns or c in found), None):
            raise refuse(
                f"the lookup in '{one.table}' brings '{taken}', which is there already", "give it another name"
            )
        if one.where:
            _check_condition(
                {**other.columns, **_PSEUDO}, one.where, f"'where' of the lookup in '{one.table}'", refuse, ask
            )
        for name, column in one.columns.items():
            if one.aggregate == "sum":
                _check_sum(other.columns[column], f"'{name}' of the lookup in '{one.table}'", refuse, ask)
        found |= {name: other.columns[column] for name, column in one.columns.items()}
    return found


def _check_sum(kind: str, of: str, refuse: Refuse, ask: Ask) -> None:
    """A sum of what cannot be added would stop the model, and all of its rows."""
    if kind in ("", '"NULL"'):
        return
    try:
        ask(f"describe select sum(said) from (select cast(null as {kind}) as said)", [])
    except duckdb.Error:
        raise refuse(
            f"{of} sums values of the type {kind.lower()}",
            'say the type that the column has: types = { total = "DECIMAL(18, 2)" }, or sql = "try_cast(total as decimal(18, 2))"',
        ) from None


def _check_condition(columns: Mapping[str, str], condition: str, of: str, refuse: Refuse, ask: Ask) -> None:
    kind = _check(columns, condition, of, refuse, ask)
    if kind not in ("BOOLEAN", '"NULL"'):
        raise refuse(f"{of} is a value ({kind.lower()}), not true or false", "compare it: quantity > 0")


def _check(columns: Mapping[str, str], expression: str, of: str, refuse: Refuse, ask: Ask) -> str:
    """The type of an expression on columns of these types."""
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
    if unknown := sorted(names - columns.keys()):
        raise refuse(
            f"{of} reads {unknown[0]}, which is not a column of the table",
            f"columns: {', '.join(columns)}; in quotes where a name has blanks",
        )
    declared = ", ".join(f"cast(null as {kind}) as {quote(column)}" for column, kind in columns.items())
    try:
        described = ask(f"describe select ({expression}) as said from (select {declared})", [])
    except duckdb.Error as error:
        raise refuse(
            f"{of} cannot be computed: {str(error).splitlines()[0]}",
            "compare and compute with values of the columns' types",
        ) from None
    called = sorted(_functions(expression, ask) - {column.lower() for column in columns})
    if many := [function for function in called if function in _MANY_ROWS]:
        raise refuse(f"{of} calls {many[0]}, which makes several rows of one", "use what the row says")
    changing = "select function_name from duckdb_functions() where function_type = 'scalar' and stability <> 'CONSISTENT' and list_contains(?, function_name) order by 1 limit 1"
    volatile = [function for function in called if function in _CLOCKS]
    if called and (volatile := volatile or [row[0] for row in ask(changing, [called])]):
        raise refuse(f"{of} calls {volatile[0]}, whose value differs from night to night", "use what the row says")
    return str(described[0][1])


def _functions(expression: str, ask: Ask) -> set[str]:
    """The functions that an expression calls, and what it names as columns, as DuckDB reads it."""
    import json

    ((tree,),) = ask("select json_serialize_sql(?)", [f"select {expression}"])

    def walk(node: object) -> set[str]:
        if isinstance(node, list):
            return set().union(*map(walk, node)) if node else set()
        if not isinstance(node, dict):
            return set()
        own = {str(node["function_name"]).lower()} if "function_name" in node else set()
        if own == {"age"} and len(node.get("arguments") or node.get("children") or []) == 1:
            own = {"age of one time"}
        # current_date is written as a column is
        if node.get("class") == "COLUMN_REF" and len(node["column_names"]) == 1:
            own = {str(node["column_names"][0]).lower()}
        return own.union(*map(walk, node.values()))

    return walk(json.loads(str(tree)))
