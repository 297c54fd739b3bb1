"""The one way to open `warehouse.duckdb`. Here: the connection and its settings. Not here: any table."""

from __future__ import annotations

import time
from collections.abc import Iterator, Sequence
from contextlib import contextmanager, suppress
from pathlib import Path
from typing import Any

import duckdb

from orchestration.core.cut_databases import cut, is_of_cut
from orchestration.core.disk import full_disk
from orchestration.core.errors import KundbildError, WarehouseBusyError
from orchestration.core.home import COMMAND_WAITS, Home
from orchestration.core.settings import Engine

# BI tools still carry DuckDB 1.5: what is published is written as that one reads it
PUBLISHED_STORAGE = "v1.5.0"
_LITTLE_MEMORY = "200MB"


def opening_settings(engine: Engine, home: Home) -> dict[str, Any]:
    """DuckDB settings that can be given when the file is opened."""
    return {
        "memory_limit": engine.memory_limit,
        "threads": engine.threads,
        "temp_directory": str(home.temporary),
        "preserve_insertion_order": False,
        "autoinstall_known_extensions": False,
        "autoload_known_extensions": False,
        # it joins each list of constants in an expression: hundreds of joins, and seconds, for a staging view of forty rows
        "disabled_optimizers": "in_clause",
    }


@contextmanager
def open_warehouse(
    home: Home, engine: Engine, *, patience: float = COMMAND_WAITS
) -> Iterator[duckdb.DuckDBPyConnection]:
    """A read-write connection, closed on the way out. Waits for another program that has the file open. Raises
    WarehouseBusyError or KundbildError with the cause, also where what is done inside needs more memory than it may use."""
    try:
        connection = _connect(home, patience)
        # the zone needs an extension that is only there once the file is open
        for name, value in {**opening_settings(engine, home), "TimeZone": "UTC"}.items():
            connection.execute(f"set global {name} = {_literal(value)}")
    except duckdb.IOException as error:
        if "lock" in str(error).lower():
            raise WarehouseBusyError(
                "another program has the warehouse open",
                where=str(home.warehouse),
                to_do="close it there; BI tools read published/, not the warehouse",
            ) from error
        if is_of_cut(error, home.warehouse):
            raise cut(home.warehouse) from error
        raise full_disk(error, home.root) or KundbildError(
            "the warehouse cannot be opened",
            where=f"{home.warehouse}: {error}",
            to_do="check its rights; where the file is broken, restore the newest backup and run again",
        ) from error
    home.warehouse.chmod(0o600)
    try:
        yield connection
    except duckdb.IOException as error:
        # blocks that lack between others are seen when they are read
        if is_of_cut(error, home.warehouse):
            raise cut(home.warehouse) from error
        raise
    except duckdb.OutOfMemoryException as error:
        raise full_disk(error, home.root) or KundbildError(
            f"DuckDB needs more than the {engine.memory_limit} of memory that it may use",
            where="[engine] memory_limit in kundbild.toml",
            to_do="raise it; what was begun is finished, or begun anew, by the next command",
        ) from error
    finally:
        connection.close()


def _connect(home: Home, patience: float) -> duckdb.DuckDBPyConnection:
    give_up = time.monotonic() + patience
    while True:
        try:
            return duckdb.connect(str(home.warehouse))
        except duckdb.IOException as error:
            if "lock" not in str(error).lower() or time.monotonic() >= give_up:
                raise
            time.sleep(0.1)


@contextmanager
def clock_of(connection: duckdb.DuckDBPyConnection, zone: str) -> Iterator[None]:
    """Inside, an instant that is cast to TIMESTAMP is the time of a zone's clock; outside it is UTC."""
    connection.execute(f"set TimeZone = {text(zone)}")
    try:
        yield
    finally:
        connection.execute("set TimeZone = 'UTC'")


@contextmanager
def transaction(connection: duckdb.DuckDBPyConnection) -> Iterator[None]:
    """All of what is done inside, or, where it raises, none."""
    connection.execute("begin")
    try:
        yield
        connection.execute("commit")
    except BaseException:
        # what failed may have ended it already, as a commit on a full disk does
        clear_up(connection, "rollback")
        raise


def give_memory_back(connection: duckdb.DuckDBPyConnection, engine: Engine) -> None:
    """DuckDB keeps pages that it read, up to its limit. What works beside it in this process gets their memory; tables in use stay."""
    clear_up(connection, f"set global memory_limit = {text(_LITTLE_MEMORY)}")
    connection.execute(f"set global memory_limit = {text(engine.memory_limit)}")


def clear_up(connection: duckdb.DuckDBPyConnection, *statements: str) -> None:
    """Runs statements that clear up behind what may have failed: they raise nothing, for that error is the one to tell."""
    for statement in statements:
        # the first may be interrupted
        for _ in range(2):
            with suppress(duckdb.Error):
                connection.execute(statement)
                break


def drop_tables(connection: duckdb.DuckDBPyConnection, *tables: str) -> None:
    for table in tables:
        connection.execute(f"drop table {table}")


def scalar(connection: duckdb.DuckDBPyConnection, sql: str, parameters: Any = None) -> Any:
    """The first column of the one row of a query; None when there is none. Leaves no unfinished result behind."""
    rows = connection.execute(sql, parameters).fetchall()
    return rows[0][0] if rows else None


def count_rows(connection: duckdb.DuckDBPyConnection, relation: str, where: str) -> int:
    return int(scalar(connection, f"select count(*) from {relation} where {where}"))


def changed_rows(connection: duckdb.DuckDBPyConnection, statement: str) -> int:
    """Runs an insert, update or delete. Returns the rows that it changed."""
    return int(scalar(connection, statement))


def has_table(connection: duckdb.DuckDBPyConnection, schema: str, table: str) -> bool:
    """Whether the database in use has it."""
    found = _found(connection, schema, table)
    return found is not None and found.type == "TABLE_RELATION"


def columns_of(connection: duckdb.DuckDBPyConnection, schema: str, name: str) -> list[str]:
    """The columns of a table or view of the database in use, in their order; none where it is not there, or cannot be read."""
    found = _found(connection, schema, name)
    return [] if found is None else found.columns


def _found(connection: duckdb.DuckDBPyConnection, schema: str, name: str) -> duckdb.DuckDBPyRelation | None:
    """The table or view of that name, if a view can be read. Asked by name: `duckdb_tables()` and `duckdb_columns()` write down all of the catalogue
    for each question (of 260 tables 7 ms, where this is 0.7), and a statement on what is not there ends the transaction."""
    database = scalar(connection, "select current_database()")
    try:
        return connection.table(".".join(map(quote, (database, schema, name))))
    except (duckdb.CatalogException, duckdb.BinderException):
        return None


def has_relation(connection: duckdb.DuckDBPyConnection, schema: str, name: str) -> bool:
    """Whether the database in use has it, as a table or as a view."""
    found = (
        "select count(*) from information_schema.tables where table_catalog = current_database() "
        "and table_schema = $1 and table_name = $2"
    )
    return bool(scalar(connection, found, [schema, name]))


def rows_of_table(connection: duckdb.DuckDBPyConnection, schema: str, table: str) -> int | None:
    """Rows of a table; None of a view, and of what is not there."""
    if not has_table(connection, schema, table):
        return None
    return count_rows(connection, f"{quote(schema)}.{quote(table)}", "true")


def row_counts(connection: duckdb.DuckDBPyConnection) -> dict[str, int]:
    """Rows of every table, by `schema.table`, as the catalogue knows them."""
    tables = "select schema_name, table_name, estimated_size from duckdb_tables()"
    return {f"{schema}.{table}": int(rows) for schema, table, rows in connection.execute(tables).fetchall()}


def quote(name: str) -> str:
    """A name as an SQL identifier."""
    return '"' + name.replace('"', '""') + '"'


def key_text(columns: Sequence[str], of: str = "") -> str:
    """SQL: a key of one or several columns as text. Of several, `|` stands between them, escaped within; null where one is null."""
    if len(columns) == 1:
        return f"cast({of}{quote(columns[0])} as varchar)"
    escaped = [rf"replace(replace(cast({of}{quote(c)} as varchar), '\', '\\'), '|', '\|')" for c in columns]
    return "(" + " || '|' || ".join(escaped) + ")"


def json_path(column: str) -> str:
    """The path of a field of a JSON object, as DuckDB writes it."""
    escaped = column.replace("\\", "\\\\").replace('"', '\\"')
    return f'$."{escaped}"'


def text(value: str | Path) -> str:
    """A value as an SQL string literal."""
    return "'" + str(value).replace("'", "''") + "'"


def _literal(value: Any) -> str:
    return str(value).lower() if isinstance(value, bool) else str(value) if isinstance(value, int) else text(str(value))
