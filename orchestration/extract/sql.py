"""The `sql` connector: any SQLAlchemy URL, fetched as Arrow. ADBC for SQLite and PostgreSQL (which COPYs), connectorx
for MySQL and MariaDB, SQLAlchemy's own cursor for the rest.

Not here: merging into raw (landing.py).
"""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

import duckdb
import pyarrow as pa
import sqlalchemy as sa

from orchestration.errors import SourceError
from orchestration.extract.landing import Batch
from orchestration.extract.raw_tables import check_contract, raw_name
from orchestration.privacy.entry import unread_columns
from orchestration.settings import Source, Table
from orchestration.warehouse import quote, scalar, text

_FETCH_ROWS = 50_000
# drivers that give every column one true type; from the others each value is cast on its own, and rejected alone
_TYPED = ("postgresql", "mysql", "mariadb")


@contextmanager
def read_table(
    con: duckdb.DuckDBPyConnection, source_name: str, source: Source, name: str, table: Table
) -> Iterator[Batch | None]:
    """The rows of one table changed since the last load, as a batch that lives inside the block; None: nothing changed.

    Raises SourceError when the database cannot be reached or a declared column is gone.
    """
    try:
        url = with_driver(sa.make_url(source.url))
    except sa.exc.ArgumentError as error:
        raise SourceError(
            f"source {source_name}: url is no SQLAlchemy URL", to_do="e.g. sqlite:///file.sqlite"
        ) from error
    if url.get_backend_name() == "sqlite" and not Path(url.database or "").is_file():
        raise SourceError(
            f"source {source_name}: the database file is missing", where=str(url.database), to_do="check url"
        )
    there = table.table or name
    engine = sa.create_engine(url, connect_args=_timeouts(url))
    try:
        found = {c["name"]: c["type"] for c in sa.inspect(engine).get_columns(there)}
        added = check_contract(source_name, name, table, list(found), f"{_safe(url)}, table {there}")
        unread = unread_columns(table, found)
        columns = {c: t for c, t in table.columns.items() if c not in unread}
        since = _since(con, source_name, name, table)
        dialect = engine.dialect.name
        sql = _select(engine, there, columns, found, table.cursor, since, as_text=dialect == "sqlite")
        with _arrow(url, engine, sql) as reader:
            con.register("fetched", reader)
            keys = None
            if table.find_deletions and table.key:
                with _arrow(
                    url, engine, _select(engine, there, table.key, found, None, None, as_text=True)
                ) as key_reader:  # noqa: F841 DuckDB finds it by its name
                    con.execute("create or replace temp table keys_there as from key_reader")
                keys = "from keys_there"
            names = ", ".join(quote(c) for c in columns)
            yield Batch(
                f"select {names} from fetched", columns, is_text=dialect not in _TYPED, keys_there=keys, added=added
            )
    except sa.exc.NoSuchTableError as error:
        raise SourceError(
            f"source {source_name}: there is no table {there}", where=_safe(url), to_do="check the table's name"
        ) from error
    except (sa.exc.SQLAlchemyError, RuntimeError, OSError) as error:
        raise SourceError(
            f"source {source_name}: the database cannot be read ({type(error).__name__})",
            where=_safe(url),
            to_do="check that it runs, and host, name and password in url",
            is_passing=True,
        ) from None  # a driver's own words may quote rows
    finally:
        con.execute("drop view if exists fetched")
        con.execute("drop table if exists keys_there")
        engine.dispose()


def with_driver(url: sa.URL) -> sa.URL:
    """The URL with the driver that is installed, where it names none."""
    drivers = {"postgresql": "postgresql+psycopg", "mysql": "mysql+pymysql", "mariadb": "mysql+pymysql"}
    return url.set(drivername=drivers.get(url.drivername, url.drivername))


def _since(con: duckdb.DuckDBPyConnection, source: str, name: str, table: Table) -> Any:
    if not table.cursor:
        return None
    return scalar(con, f"select max({quote(table.cursor)}) from {raw_name(source, name)}")


def _select(
    engine: sa.Engine, there: str, columns: Any, found: dict[str, Any], cursor: str | None, since: Any, *, as_text: bool
) -> str:
    schema, _, bare = there.rpartition(".")
    source = sa.table(bare, *[sa.column(c, found[c]) for c in found], schema=schema or None)
    # SQLite's columns hold anything: as text every value arrives, and what does not fit is rejected with its reason
    wanted = [sa.cast(source.c[c], sa.Text).label(c) if as_text else _plain(source.c[c]) for c in columns]
    query = sa.select(*wanted)
    if cursor and since is not None:
        # greater or equal: rows that share the last cursor value may have come later; unchanged ones drop out on merge
        query = query.where(source.c[cursor] >= since)
    return str(query.compile(engine, compile_kwargs={"literal_binds": True}))


def _plain(column: Any) -> Any:
    """Types that no Arrow driver maps are sent as text: numeric without scale, uuid, json, arrays."""
    known = (sa.Integer, sa.String, sa.Float, sa.Date, sa.DateTime, sa.Boolean)
    return (
        column
        if isinstance(column.type, known)
        else sa.cast(column, sa.Text if not isinstance(column.type, sa.Numeric) else sa.String(64)).label(column.name)
    )


@contextmanager
def _arrow(url: sa.URL, engine: sa.Engine, sql: str) -> Iterator[pa.RecordBatchReader]:
    backend = url.get_backend_name()
    if backend == "sqlite":
        import adbc_driver_sqlite.dbapi as sqlite_adbc

        with sqlite_adbc.connect(f"file:{url.database}?mode=ro") as connection, connection.cursor() as cursor:
            cursor.adbc_statement.set_options(**{"adbc.sqlite.query.batch_rows": str(_FETCH_ROWS)})
            cursor.execute(sql)
            yield cursor.fetch_record_batch()
    elif backend == "postgresql":
        import adbc_driver_postgresql.dbapi as postgres_adbc

        plain = url.set(drivername="postgresql").render_as_string(hide_password=False)
        with postgres_adbc.connect(plain) as connection, connection.cursor() as cursor:
            cursor.execute(sql)
            yield cursor.fetch_record_batch()
    elif backend in ("mysql", "mariadb"):
        import connectorx

        plain = url.set(drivername="mysql", query={}).render_as_string(hide_password=False)
        yield connectorx.read_sql(plain, sql, return_type="arrow_stream", batch_size=_FETCH_ROWS)
    else:
        with engine.connect() as plain_connection:
            result = plain_connection.execution_options(stream_results=True).execute(sa.text(sql))
            yield _from_cursor(result)


def _from_cursor(result: sa.CursorResult[Any]) -> pa.RecordBatchReader:
    schema = pa.schema([(key, pa.string()) for key in result.keys()])  # noqa: SIM118 a result is no dict

    def batches() -> Iterator[pa.RecordBatch]:
        while rows := result.fetchmany(_FETCH_ROWS):
            columns = zip(*rows, strict=True)
            yield pa.record_batch(
                [pa.array([None if v is None else str(v) for v in c], pa.string()) for c in columns], schema
            )

    return pa.RecordBatchReader.from_batches(schema, batches())


def _timeouts(url: sa.URL) -> dict[str, Any]:
    return {"postgresql": {"connect_timeout": 10}, "mysql": {"connect_timeout": 10}}.get(url.get_backend_name(), {})


def _safe(url: sa.URL) -> str:
    return text(url.render_as_string(hide_password=True)).strip("'")
