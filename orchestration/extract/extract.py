"""Extracts one source: each table through its connector into raw. Here: the order of things and what a failure means.

Not here: how a connector reads, how a batch is merged, or when this runs.
"""

from __future__ import annotations

import time
from collections.abc import Callable, Iterable, Iterator
from contextlib import closing, contextmanager, nullcontext

import duckdb

from orchestration.core.disk import full_disk
from orchestration.core.errors import KundbildError, SourceError
from orchestration.core.home import Home
from orchestration.core.settings import Settings, Table
from orchestration.core.warehouse import transaction
from orchestration.extract import files, rest, sql
from orchestration.extract.batch import Batch
from orchestration.extract.budget import Budget
from orchestration.extract.landing import load
from orchestration.extract.raw_tables import ensure_raw, fit_raw
from orchestration.extract.read_again import is_read_again
from orchestration.extract.records import LoadCounts, next_load_id, prepare_ops, set_source_status, write_load
from orchestration.extract.server_processes import ServerProcesses
from orchestration.extract.unpacked import unreadable
from orchestration.privacy.erasure.known_again import forget_known_again
from orchestration.privacy.intake.statement_tables import note_statement_tables
from orchestration.privacy.intake.suppression import SuppressionList
from orchestration.privacy.intake.suppressor import Suppressor
from orchestration.privacy.rights.requests import prepare_requests
from orchestration.privacy.secrets.pepper import find_pepper

# what no source is to blame for: other sources would fail alike
_OURS = (KundbildError, MemoryError, duckdb.FatalException, duckdb.InternalException, duckdb.OutOfMemoryException)


def prepare_raw(con: duckdb.DuckDBPyConnection, settings: Settings) -> None:
    """Creates every raw table that the configuration names, empty where nothing was loaded yet."""
    prepare_ops(con)
    prepare_requests(con)
    for name, source in settings.enabled_sources.items():
        for table_name, table in source.tables.items():
            ensure_raw(con, name, table_name, table)


def extract_source(
    con: duckdb.DuckDBPyConnection,
    home: Home,
    settings: Settings,
    name: str,
    *,
    tables: Iterable[str] | None = None,
    reading: Callable[[str], None] = lambda table: None,
    loaded: Callable[[str, LoadCounts], None] = lambda table, counts: None,
    budget: Budget | None = None,
) -> dict[str, LoadCounts]:
    """Brings what is new in source `name` into raw, table by table; `reading` is told before each, `loaded` after. A further try
    is given the `budget` of the first.

    Returns the books of each table. A table that cannot be read costs only itself: the others are loaded first. Then
    raises SourceError, whose `tables` holds the error of each; the source's status says since when it is stale. Whatever
    else a driver raises is such a failure too; a full disk, exhausted memory or a broken warehouse is not.
    """
    source = settings.sources[name]
    wanted = set(tables) if tables is not None else set(source.tables)
    suppressor = _suppressor(con, home, settings)
    budget = budget or Budget(name, source.max_minutes)
    with budget.going_on(), ServerProcesses() as servers:
        books, failed = _extract_tables(con, home, settings, name, wanted, reading, loaded, suppressor, budget, servers)
    note_statement_tables(con, name, source)
    if suppressor.learned:
        forget_known_again(con, home, settings, suppressor.learned)
    if failed:
        together = _together(name, failed)
        set_source_status(con, name, False, str(together))
        raise together
    set_source_status(con, name, True)
    return books


def _extract_tables(
    con: duckdb.DuckDBPyConnection,
    home: Home,
    settings: Settings,
    name: str,
    wanted: set[str],
    reading: Callable[[str], None],
    loaded: Callable[[str, LoadCounts], None],
    suppressor: Suppressor,
    budget: Budget,
    servers: ServerProcesses,
) -> tuple[dict[str, LoadCounts], dict[str, SourceError]]:
    """The books of each table that was loaded, and the error of each that could not be."""
    books: dict[str, LoadCounts] = {}
    failed: dict[str, SourceError] = {}
    # consents first: a new one lets in again who was erased; then people, whose keys the other rows hang on
    for table_name, table in sorted(
        settings.sources[name].tables.items(), key=lambda item: (not _has_grants(item[1]), not _has_people(item[1]))
    ):
        if table_name not in wanted:
            continue
        try:
            budget.check(table_name)
            reading(table_name)
            began, asked = time.monotonic(), budget.requests
            books[table_name] = counts = _extract_table(
                con, home, settings, name, table_name, table, suppressor, budget, servers
            )
            counts.seconds, counts.requests = time.monotonic() - began, budget.requests - asked
        except SourceError as error:
            failed[table_name] = error
            if error.is_whole_source:
                break
            continue
        except Exception as error:
            failed[table_name] = _unforeseen(home, name, table_name, error)
            continue
        loaded(table_name, books[table_name])
    return books, failed


def _extract_table(
    con: duckdb.DuckDBPyConnection,
    home: Home,
    settings: Settings,
    name: str,
    table_name: str,
    table: Table,
    suppressor: Suppressor,
    budget: Budget,
    servers: ServerProcesses,
) -> LoadCounts:
    # of rows with one key the last of the newest file counts: readers keep the order
    con.execute("set preserve_insertion_order = true")
    read_from: list[str] = []
    try:
        with transaction(con):
            fit_raw(con, name, table_name, table)
        # DuckDB reads files itself, and asks no clock meanwhile
        with (
            budget.interrupting(table_name, con.interrupt),
            _batch(con, home, settings, name, table_name, table, budget, servers) as batch,
        ):
            if batch is not None:
                read_from = batch.files
                pepper = find_pepper(con, settings.privacy.pepper) if table.national_id else None
                try:
                    counts = load(con, name, table_name, table, batch, settings, pepper, suppressor)
                except SourceError:
                    # what is refused is asked for anew: left there, it would count among the rows of the next answer
                    if settings.sources[name].connector == "rest":
                        rest.forget_landed(home, name, table_name)
                    raise
            else:
                counts = LoadCounts()
                write_load(con, next_load_id(con), name, table_name, counts)
    except duckdb.Error as error:
        raise unreadable(name, table_name, error, read_from) from None
    finally:
        con.execute("set preserve_insertion_order = false")
    if settings.sources[name].connector == "rest":
        rest.forget_landed(home, name, table_name)
    is_read_again(con, name, table_name)
    return counts


def _unforeseen(home: Home, name: str, table_name: str, error: Exception) -> SourceError:
    """What a driver or a parser raised that nobody foresaw, as a failure of its source. Raises `error` where it is none."""
    if isinstance(error, _OURS) or full_disk(error, home.root):
        raise error
    # its own words may quote rows or hold a password
    return SourceError(
        f"source {name}, table {table_name}: it cannot be read ({type(error).__name__}); raw keeps what it had",
        to_do="check what the source answers for this table, and its declaration; report the name of the error if both are right",
    )


def _together(name: str, failed: dict[str, SourceError]) -> SourceError:
    """One error for all tables that failed; of one table it is its own."""
    first = next(iter(failed.values()))
    if len(failed) == 1:
        first.tables = failed
        return first
    what = f"source {name}: {len(failed)} tables cannot be read\n" + "\n".join(
        f"  {error}" for error in failed.values()
    )
    error = SourceError(what, is_passing=any(error.is_passing for error in failed.values()))
    error.tables = failed
    return error


def _has_grants(table: Table) -> bool:
    return any(person.grant for person in table.whose)


def _has_people(table: Table) -> bool:
    return any(person.key and person.key_columns == table.key for person in table.whose)


def _suppressor(con: duckdb.DuckDBPyConnection, home: Home, settings: Settings) -> Suppressor:
    pepper = find_pepper(con, settings.privacy.pepper)
    return Suppressor(SuppressionList.of(con, home, pepper), settings.identity.default_country)


@contextmanager
def _batch(
    con: duckdb.DuckDBPyConnection,
    home: Home,
    settings: Settings,
    name: str,
    table_name: str,
    table: Table,
    budget: Budget,
    servers: ServerProcesses,
) -> Iterator[Batch | None]:
    batch: Batch | None
    source, share = settings.sources[name], settings.quality.max_reject_share
    if source.connector == "sql":
        with sql.read_table(con, name, source, table_name, table, share, budget, servers) as batch:
            yield batch
    elif source.connector == "rest":
        with closing(rest.read_endpoint(con, home, name, source, table_name, table, share, budget)) as batch:
            yield batch
    else:
        found = files.read_files(con, name, source, table_name, table, share, budget)
        with closing(found) if found else nullcontext() as batch:
            yield batch
