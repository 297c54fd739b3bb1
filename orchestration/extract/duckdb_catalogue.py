"""What tables a DuckDB file has, with their columns, keys, foreign keys, and about how many rows. Not here: other databases (sql_catalogue.py)."""

from __future__ import annotations

import duckdb

from orchestration.core.warehouse import text
from orchestration.extract.sql_catalogue import TableThere

# what DuckDB calls types that have no plain value
_NESTED = ("STRUCT", "MAP", "LIST", "ARRAY", "UNION", "VARIANT")


def catalogue_of_duckdb(con: duckdb.DuckDBPyConnection, database: str) -> list[TableThere]:
    """Tables and views of a DuckDB file that is attached as `database`."""
    of = f"where database_name = {text(database)}"
    columns: dict[tuple[str, str], dict[str, str | None]] = {}
    for schema, table, column, kind in con.execute(
        f"select schema_name, table_name, column_name, data_type from duckdb_columns() {of} and not internal order by column_index"
    ).fetchall():
        columns.setdefault((schema, table), {})[column] = kind_of_duckdb(kind)
    keys: dict[tuple[str, str], tuple[str, ...]] = {}
    foreign: dict[tuple[str, str], dict[str, tuple[str, str]]] = {}
    for schema, table, kind, names, referred, of_it in con.execute(
        "select schema_name, table_name, constraint_type, constraint_column_names, referenced_table, referenced_column_names "
        f"from duckdb_constraints() {of}"
    ).fetchall():
        if kind == "PRIMARY KEY":
            keys[schema, table] = tuple(names)
        elif kind == "FOREIGN KEY" and len(names) == 1 and of_it:
            foreign.setdefault((schema, table), {})[names[0]] = (referred, of_it[0])
    tables = con.execute(
        f"select schema_name, table_name, false, estimated_size from duckdb_tables() {of} and not internal "
        f"union all select schema_name, view_name, true, null from duckdb_views() {of} and not internal order by all"
    ).fetchall()
    return [
        TableThere(t, columns.get((s, t), {}), "" if s == "main" else s, is_view, keys.get((s, t), ()), foreign.get((s, t), {}), rows)
        for s, t, is_view, rows in tables
    ]  # fmt: skip


def kind_of_duckdb(kind: str) -> str | None:
    """A type of DuckDB as a configuration declares it, VARCHAR for what it does not; None where it has no plain value."""
    kind = kind.upper()
    if kind.endswith("]") or kind.startswith(_NESTED) or kind in ("BLOB", "BIT", "GEOMETRY"):
        return None
    is_text = kind == "TIME" or kind.startswith(("ENUM", "UUID", "TIME ", "INTERVAL"))
    return "VARCHAR" if is_text else plain_kind(kind)


def plain_kind(kind: str) -> str:
    """A plain type of DuckDB, in capitals, as a configuration declares it."""
    if kind.startswith("TIMESTAMP"):
        return "TIMESTAMP"
    if "INT" in kind:
        return "BIGINT" if "HUGE" not in kind else "DECIMAL(38, 0)"
    return "DOUBLE" if kind in ("FLOAT", "REAL") else kind.replace(",", ", ") if kind.startswith("DECIMAL") else kind
