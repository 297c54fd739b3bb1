"""A look at a database that no configuration names yet: its URL, its tables, the first rows of one.

Nothing is written there, each look has an end, and no error holds a password. Not here: reading a source of the configuration (sql.py).
"""

from __future__ import annotations

import socket
import time
from collections.abc import Iterator, Sequence
from contextlib import closing, suppress
from pathlib import Path

import duckdb
import pyarrow as pa
import sqlalchemy as sa

from orchestration.core.deadline import LateError, within
from orchestration.core.errors import ConfigurationError, SourceError
from orchestration.core.settings import UNCLEAR_LOGIN, has_unclear_login
from orchestration.core.warehouse import quote, scalar
from orchestration.extract.budget import Budget
from orchestration.extract.database_errors import PASSING, DatabaseError, told
from orchestration.extract.database_failures import cause_of
from orchestration.extract.database_urls import with_driver
from orchestration.extract.duckdb_catalogue import kind_of_duckdb
from orchestration.extract.server_processes import ServerProcesses
from orchestration.extract.sql_catalogue import TableThere, catalogue
from orchestration.extract.sql_fetch import Database
from orchestration.extract.sql_statements import Query, limits

_PORTS = {"postgresql": 5432, "mysql": 3306, "mariadb": 3306, "mssql": 1433}
_LATE = "the database does not answer within {:.0f} seconds"
_IS_UP = "check that it runs, and host and port in the URL"


def clear_url(said: str) -> sa.URL:
    """Raises ConfigurationError, without a word of the URL, where it cannot be read."""
    if has_unclear_login(said, is_sql=True):
        raise ConfigurationError(f"the URL cannot be read: {UNCLEAR_LOGIN}", to_do="write it so, in quotes")
    try:
        return sa.make_url(said)
    except (sa.exc.ArgumentError, ValueError):
        raise ConfigurationError("the URL is not one of a database", to_do="write it as postgresql://user:password@host/database") from None  # fmt: skip


def tables_there(url: sa.URL, seconds: float) -> list[TableThere]:
    """Raises ConfigurationError where the database does not answer within so many seconds. Of a server and SQLite."""
    start = time.monotonic()
    try:
        if url.get_backend_name() == "sqlite":
            return within(seconds, lambda: _of_sqlite(url, seconds))
        # drivers wait where no time is up: in a process that is killed then
        with ServerProcesses() as servers:
            return servers.tables(with_driver(url), seconds)
    except (LateError, sa.exc.SQLAlchemyError, DatabaseError) as error:
        why = told(error)
        where = shown(url)
        if not isinstance(error, LateError) and (cause := cause_of(why, url)):
            raise ConfigurationError(cause[0], where=where, to_do=cause[1]) from None
        left = seconds - (time.monotonic() - start)
        is_late = isinstance(error, LateError) or left <= 0
        what, to_do = _LATE.format(seconds), _IS_UP
        if not is_late:
            with suppress(LateError):
                what, to_do = within(left, lambda: _unreached(url, left))
        raise ConfigurationError(f"{what} ({why.name})", where=where, to_do=to_do) from None


def _unreached(url: sa.URL, seconds: float) -> tuple[str, str]:
    """Why no connection comes about, and what to do: by whether anything listens there, for drivers say it in words, in many languages."""
    port = url.port or _PORTS.get(url.get_backend_name())
    if not url.host or not port:
        return "the database does not answer", _IS_UP
    try:
        socket.create_connection((url.host, port), timeout=seconds).close()
    except (socket.gaierror, UnicodeError):  # a..b cannot even be asked for
        return f"no computer is known as {url.host}", "check the host in the URL"
    except OSError as error:
        return f"nothing answers at port {port} of {url.host} ({type(error).__name__})", _IS_UP
    return (
        f"a server answers at port {port} of {url.host}, but lets nobody in so",
        "check the name of the database, the user and the password in the URL, and that the server lets this computer in",
    )


def shown(url: sa.URL) -> str:
    """The URL without what may be a secret."""
    return url.set(query={}).render_as_string(hide_password=True)


def _of_sqlite(url: sa.URL, seconds: float) -> list[TableThere]:
    # SQLite makes a file that is not there
    if not Path(url.database or "").is_file():
        raise ConfigurationError("there is no such file", where=str(url.database), to_do="check the path after --from")
    limited_url, arguments = limits(url, seconds)
    engine = sa.create_engine(limited_url, connect_args=arguments)
    try:
        return catalogue(engine)
    finally:
        engine.dispose()


def first_rows(
    con: duckdb.DuckDBPyConnection,
    url: sa.URL,
    servers: ServerProcesses,
    there: str,
    columns: Sequence[str],
    *,
    most_rows: int,
    most_bytes: int,
    seconds: float,
) -> bool:
    """The first rows of a table of a server or SQLite as the temp table `first_looked`, all text; whether these are all of them.

    Raises DatabaseError, or LateError where it takes longer than so many seconds.
    """
    budget = Budget(there, seconds / 60)
    read: list[int] = [0, 0]
    try:
        with (
            closing(Database(with_driver(url), there, budget, servers, con.interrupt)) as database,
            budget.interrupting(there, database.interrupt),
        ):
            found = database.columns(there)
            query = Query(there, list(columns), found, is_text=database.is_text, limit=most_rows + 1)
            with database.rows(query) as rows:
                parts = pa.RecordBatchReader.from_batches(rows.schema, _until(rows, read, most_bytes))
                con.register("looked_rows", parts)
                said = ", ".join(f"cast({quote(c)} as varchar) as {quote(c)}" for c in columns)
                con.execute(f"create or replace temp table first_looked as select {said} from looked_rows")
    except SourceError:
        raise LateError(f"it did not answer within {seconds:g} seconds") from None
    except (*PASSING, TypeError, ValueError, LookupError, duckdb.Error, pa.ArrowException) as error:
        raise told(error) from None  # a driver's own words may quote rows
    finally:
        con.execute("drop view if exists looked_rows")
    return read[0] <= most_rows and read[1] <= most_bytes


def columns_there(url: sa.URL, servers: ServerProcesses, there: str, seconds: float) -> list[str]:
    """The columns of a table of a server or SQLite. Raises DatabaseError or LateError."""
    budget = Budget(there, seconds / 60)
    try:
        with (
            closing(Database(with_driver(url), there, budget, servers, lambda: None)) as database,
            budget.interrupting(there, database.interrupt),
        ):
            return list(database.columns(there))
    except SourceError:
        raise LateError(f"it did not answer within {seconds:g} seconds") from None
    except PASSING as error:
        raise told(error) from None


def _until(rows: pa.RecordBatchReader, read: list[int], most_bytes: int) -> Iterator[pa.RecordBatch]:
    """The batches, up to so many bytes; how many rows and bytes came."""
    for batch in rows:
        read[0] += batch.num_rows
        read[1] += batch.nbytes
        yield batch
        if read[1] > most_bytes:
            return


def first_rows_of_duckdb(
    con: duckdb.DuckDBPyConnection, full_name: str, columns: Sequence[str], most_rows: int
) -> bool:
    """The first rows of a table of a DuckDB file that is attached, as first_rows has them; what is nested is JSON as text."""
    kinds = {row[0]: kind_of_duckdb(row[1]) for row in con.execute(f"describe {full_name}").fetchall()}
    said = ", ".join(f"{quote(c) if kinds[c] else f'to_json({quote(c)})'}::varchar as {quote(c)}" for c in columns)
    con.execute(f"create or replace temp table first_looked as select {said} from {full_name} limit {most_rows + 1}")
    return int(scalar(con, "select count(*) from first_looked")) <= most_rows
