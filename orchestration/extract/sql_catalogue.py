"""What tables a database has: views too, with their columns, keys, foreign keys, and about how many rows.

Here: asking the database's own catalogue. Not here: that of a DuckDB file (duckdb_catalogue.py), their rows (sql_fetch.py), what they mean
(proposals/). The process that talks with a server starts with this module, so that it imports little.
"""

from __future__ import annotations

from contextlib import suppress
from dataclasses import dataclass, field
from typing import Any

import sqlalchemy as sa
from sqlalchemy.engine.reflection import Inspector

_MYSQL = ("mysql", "mariadb")
# of PostgreSQL: parts of a table are read with it, and what was never counted is -1
_COUNTED = {
    "postgresql": "select n.nspname, c.relname, c.reltuples, c.relispartition from pg_class c join pg_namespace n on n.oid = c.relnamespace",
    "mysql": "select table_schema, table_name, table_rows, 0 from information_schema.tables where table_schema = database()",
}  # fmt: skip
_SYSTEM_SCHEMAS = ("information_schema", "pg_catalog", "pg_toast", "mysql", "performance_schema", "sys")


@dataclass(frozen=True)
class TableThere:
    """A table or view. `columns` are DuckDB's types: empty where only the values tell, None where a column is binary or nested.
    `foreign` is column → (table, column); `rows` the database's own estimate. Can be sent to another process."""

    name: str
    columns: dict[str, str | None]
    schema: str = ""  # empty: the one in which names without a schema are looked for
    is_view: bool = False
    key: tuple[str, ...] = ()
    foreign: dict[str, tuple[str, str]] = field(default_factory=dict)
    rows: int | None = None

    @property
    def full_name(self) -> str:
        return f"{self.schema}.{self.name}" if self.schema else self.name


def catalogue(engine: sa.Engine) -> list[TableThere]:
    """The tables and views of every schema that is not the server's own."""
    inspector = sa.inspect(engine)
    counted = _counted(engine)
    found = []
    for schema in _schemas(inspector, engine.dialect.name):
        there = schema or inspector.default_schema_name or ""
        names = names_there(inspector, schema)
        for name, is_view in names.items():
            rows, is_part = counted.get((there, name), (None, False))
            if not is_part:
                found.append(_table(inspector, schema, name, is_view, rows))
    return found


def _schemas(inspector: Inspector, dialect: str) -> list[str | None]:
    if dialect != "postgresql":
        return [None]
    return [None, *other_schemas(inspector)]


def other_schemas(inspector: Inspector) -> list[str]:
    """The schemas beside the first one, without the server's own; of MariaDB and MySQL the other databases."""
    known = {*_SYSTEM_SCHEMAS, inspector.default_schema_name}
    return [s for s in inspector.get_schema_names() if s.rpartition(".")[2] not in known and not s.startswith("pg_")]


def names_there(inspector: Inspector, schema: str | None) -> dict[str, bool]:
    """The tables and views of a schema → whether it is a view."""
    return dict.fromkeys(inspector.get_table_names(schema), False) | dict.fromkeys(_views(inspector, schema), True)


def _views(inspector: Inspector, schema: str | None) -> list[str]:
    found = list(inspector.get_view_names(schema))
    with suppress(NotImplementedError):
        found += inspector.get_materialized_view_names(schema)
    return found


def _counted(engine: sa.Engine) -> dict[tuple[str, str], tuple[int | None, bool]]:
    """(schema, table) → about how many rows, and whether it is a part of another."""
    dialect = "mysql" if engine.dialect.name in _MYSQL else engine.dialect.name
    if dialect not in _COUNTED:
        return {}
    with engine.connect() as connection:
        rows: list[Any] = list(connection.exec_driver_sql(_COUNTED[dialect]))
    found: dict[tuple[str, str], tuple[int | None, bool]] = {}
    for schema, table, count, is_part in rows:
        found[str(schema), str(table)] = (int(count) if count is not None and count >= 0 else None, bool(is_part))
    return found


def _table(inspector: Inspector, schema: str | None, name: str, is_view: bool, rows: int | None) -> TableThere:
    described = []
    # a view whose tables are gone: a look at its rows says so
    with suppress(sa.exc.UnreflectableTableError, sa.exc.NoSuchTableError):
        described = inspector.get_columns(name, schema)
    columns = {column["name"]: kind_of(column["type"]) for column in described}
    if is_view:
        return TableThere(name, columns, schema or "", is_view=True, rows=rows or None)
    key = tuple(inspector.get_pk_constraint(name, schema).get("constrained_columns") or ())
    if not key:
        filled = {column["name"] for column in described if not column.get("nullable", True)}
        unique = [tuple(c for c in one["column_names"] if c) for one in inspector.get_unique_constraints(name, schema)]
        key = next((one for one in sorted(unique, key=len) if one and set(one) <= filled), ())
    foreign = {
        one["constrained_columns"][0]: (one["referred_table"], one["referred_columns"][0])
        for one in inspector.get_foreign_keys(name, schema)
        if len(one["constrained_columns"]) == 1 and one["referred_columns"]
    }
    return TableThere(name, columns, schema or "", False, key, foreign, rows)


def kind_of(kind: Any) -> str | None:
    """DuckDB's type for one of SQLAlchemy's."""
    if isinstance(kind, sa.JSON):
        return "JSON"
    if isinstance(kind, sa.LargeBinary | sa.ARRAY | sa.types._Binary):
        return None
    for of, duck in ((sa.Boolean, "BOOLEAN"), (sa.Integer, "BIGINT"), (sa.Float, "DOUBLE"), (sa.DateTime, "TIMESTAMP"), (sa.Date, "DATE")):  # fmt: skip
        if isinstance(kind, of):
            return duck
    if isinstance(kind, sa.Numeric):
        # without a precision it holds any number
        return f"DECIMAL({kind.precision}, {kind.scale or 0})" if kind.precision and kind.precision <= 38 else ""
    return "VARCHAR"
