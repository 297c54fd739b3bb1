"""The first rows of a table, as the temp table `first_rows`, all text: of the newest file, a table of a database, the first page of an API.

Here: bringing them, without a word of a value in an error. Not here: what is wrong with them (first_rows.py, first_maps.py).
"""

from __future__ import annotations

import csv
import gzip
import io
import json
import tempfile
from dataclasses import dataclass, field
from itertools import islice
from pathlib import Path
from typing import Any

import duckdb
import pyarrow as pa
import sqlalchemy as sa

from orchestration.core.deadline import LateError
from orchestration.core.errors import KundbildError
from orchestration.core.settings import CsvDialect, Source, Table
from orchestration.core.warehouse import quote, text
from orchestration.extract.budget import Budget
from orchestration.extract.converted_files import copied_as, write_copy
from orchestration.extract.database_errors import DatabaseError
from orchestration.extract.database_urls import with_driver
from orchestration.extract.exact_numbers import exact
from orchestration.extract.json_columns import check_holders, fill_json_rows, holders_of, reads_within
from orchestration.extract.json_documents import other_encoding, pages_sql
from orchestration.extract.json_files import json_field
from orchestration.extract.nested_rows import flat_page, paths_of
from orchestration.extract.page_json import Exact
from orchestration.extract.parents import address, as_objects, carrying, first_endpoints, with_parent
from orchestration.extract.rest_look import Api
from orchestration.extract.server_processes import ServerProcesses
from orchestration.extract.sql_look import columns_there, first_rows, first_rows_of_duckdb
from orchestration.extract.stores import Store, oldest_first
from orchestration.extract.unpacked import GZIP
from orchestration.privacy.intake.entry_columns import unread_columns

ROWS = 1000
_START = 2 * 1024 * 1024
_BYTES, _SECONDS = 50_000_000, 15.0


@dataclass(frozen=True)
class Brought:
    """Where rows came from, whether they are all of the table, and columns that are there though they were not asked for."""

    where: str
    is_whole: bool
    unasked: set[str] = field(default_factory=set)


class UnreadableError(Exception):
    """Rows that cannot be brought. Its text is for people, and quotes no value; `to_do` says what to do."""

    def __init__(self, found: str, to_do: str) -> None:
        super().__init__(found)
        self.found, self.to_do = found, to_do


class FirstTables:
    """The tables of one source. Whoever opens this closes it."""

    def __init__(self, name: str, source: Source) -> None:
        self._name, self._source = name, source
        self._servers = ServerProcesses()
        # of all tables, which have one token then
        self._api: Api | None = None

    def __enter__(self) -> FirstTables:
        return self

    def __exit__(self, *_: object) -> None:
        self._servers.__exit__()

    def bring(self, con: duckdb.DuckDBPyConnection, name: str, table: Table) -> Brought | None:
        """None where there is nothing to look at: no file, a store that lies elsewhere, an API that does not answer. Raises UnreadableError."""
        con.execute("drop table if exists first_rows")
        look = {"files": self._of_files, "sql": self._of_database, "rest": self._of_api}[self._source.connector]
        return look(con, name, table)

    def _of_files(self, con: duckdb.DuckDBPyConnection, name: str, table: Table) -> Brought | None:
        store = Store.of(self._name, self._source)
        if store.is_copied:  # a look at files that lie elsewhere may take long
            return None
        files = oldest_first(store.listed(str(table.path)))
        if not files or store.why_no_file(files[-1][0]):
            return None
        path = Path(store.path(files[-1][0]))
        try:
            _load(con, self._source, table, path)
        except FileNotFoundError:
            return None
        except (KundbildError, duckdb.Error, ValueError, csv.Error, EOFError) as error:
            told = error.what if isinstance(error, KundbildError) else type(error).__name__
            if not path.exists():  # it went meanwhile
                return None
            is_json = self._source.format in ("jsonl", "json_pages")
            if is_json and (found := other_encoding(path)):
                raise UnreadableError(f"{path.name} {found}", "export it as UTF-8") from None
            raise UnreadableError(
                f"{path.name} cannot be read as {self._source.format} ({told})",
                "check format of the source" if is_json else "check format and csv of the source",
            ) from None
        return Brought(path.name, len(files) == 1 and _count(con) < ROWS)

    def _of_database(self, con: duckdb.DuckDBPyConnection, name: str, table: Table) -> Brought | None:
        there, url = table.table or name, with_driver(sa.make_url(self._source.url))
        unread = unread_columns(table, table.columns)
        try:
            if url.get_backend_name() == "duckdb":
                con.execute(f"attach if not exists {text(str(url.database))} as there (read_only)")
                full = ".".join(["there", *(quote(part) for part in there.split("."))])
                found = [row[0] for row in con.execute(f"describe {full}").fetchall()]
                is_flat, wanted = _wanted(table, found)
                is_whole = first_rows_of_duckdb(con, full, wanted, ROWS)
            else:
                found = columns_there(url, self._servers, there, _SECONDS)
                is_flat, wanted = _wanted(table, found)
                is_whole = first_rows(
                    con, url, self._servers, there, wanted, most_rows=ROWS, most_bytes=_BYTES, seconds=_SECONDS
                )  # fmt: skip
        except (DatabaseError, LateError, duckdb.Error) as error:
            told = (
                str(error)
                if isinstance(error, LateError)
                else error.name
                if isinstance(error, DatabaseError)
                else type(error).__name__
            )
            raise UnreadableError(
                f"table {there} cannot be read ({told})", "check the table's name, and that the name in url may read it"
            ) from None  # fmt: skip
        if not is_flat:
            con.execute("create temp table first_rows as from first_looked")
            return Brought(f"table {there}", is_whole, unread & set(found))
        try:
            check_holders(self._name, name, table, found, f"table {there}")
            fill_json_rows(con, self._name, name, table, "first_looked")
        except KundbildError as error:
            raise UnreadableError(error.what, error.to_do) from None
        read = ", ".join(json_field(c, kind) for c, kind in table.columns.items() if c not in unread)
        con.execute(
            f"create temp table first_rows as select columns(*)::varchar from (select {read} from json_rows where document is not null)"
        )
        con.execute("drop table json_rows")
        return Brought(f"table {there}", is_whole, unread)

    def _of_api(self, con: duckdb.DuckDBPyConnection, name: str, table: Table) -> Brought | None:
        if table.made:  # a look has no files made
            return None
        source, paging = self._source, self._source.paging_of(table)
        seconds = _SECONDS * max(1, len(source.tables))
        api = self._api = self._api or Api.of(self._name, source, Budget(self._name, seconds / 60))
        pages, came = [], []
        for endpoint, said in first_endpoints(api, source, name, table):
            pages = list(islice(api.pages(address(source, endpoint), paging, min(source.page_size, ROWS), table), 2))
            came += [with_parent(row, said, table) for row in as_objects(pages[0] if pages else [])]
        page = flat_page(came, carrying(table), self._name, name)
        rows = [row for row in page if isinstance(row, dict)][:ROWS]
        wanted = [c for c in table.columns if c not in unread_columns(table, table.columns)]
        values = {c: pa.array([_written(row.get(c)) for row in rows], pa.string()) for c in wanted}
        con.register("first_read", pa.table(values))
        con.execute("create temp table first_rows as from first_read")
        return Brought(
            f"the endpoint {(table.endpoint or name).partition('?')[0]}",
            len(pages) < 2 and not table.for_each,
            set(table.columns),
        )


def _wanted(table: Table, found: list[str]) -> tuple[bool, list[str]]:
    """Whether values lie within columns of the database, and the columns that a look reads."""
    is_flat = reads_within(table, found)
    needed = (
        holders_of(table, found)
        if is_flat
        else [c for c in table.columns if c not in unread_columns(table, table.columns)]
    )
    return is_flat, [c for c in found if c in needed]


def _written(value: Any) -> str | None:
    if isinstance(value, Exact):
        return value.written
    return value if value is None or isinstance(value, str) else json.dumps(value)


def _count(con: duckdb.DuckDBPyConnection) -> int:
    return int(con.execute("select count(*) from first_rows").fetchall()[0][0])


def _load_nested(con: duckdb.DuckDBPyConnection, source: Source, table: Table, path: Path) -> None:
    """The first rows of JSON of which values lie deeper, as a night has them."""
    reader = f"(select {exact('json::varchar')} as json from read_json_objects({text(str(path))}))"
    if source.format == "json_pages":
        pages = pages_sql(text(str(path)), source.paging_of(table).rows, path.stat().st_size + 1024)
        reader = f"(select unnest(data) as json from ({pages}))"
    came = [json.loads(row) for (row,) in con.execute(f"select json from {reader} limit {ROWS}").fetchall() if row]
    rows = [row for row in flat_page(came, table, "", path.name) if isinstance(row, dict)][:ROWS]
    names = list(dict.fromkeys(name for row in rows for name in row))
    con.register("first_read", pa.table({n: pa.array([_written(r.get(n)) for r in rows], pa.string()) for n in names}))
    con.execute("create temp table first_rows as from first_read")


def _load(con: duckdb.DuckDBPyConnection, source: Source, table: Table, path: Path) -> None:
    """The first rows as the temp table `first_rows`, all text."""
    if source.format == "json_pages" or (source.format == "jsonl" and (table.rows_in or paths_of(table))):
        _load_nested(con, source, table, path)
        return
    if source.format in ("jsonl", "parquet"):
        reader = (
            f"read_parquet({text(str(path))})"
            if source.format == "parquet"
            else f"read_json({text(str(path))}, maximum_depth = 2)"
        )
        con.execute(f"create temp table first_rows as select columns(*)::varchar from {reader} limit {ROWS}")
        return
    dialect = table.csv or source.csv
    if source.format in ("xlsx", "sie"):
        dialect = copied_as(source, table)
        with tempfile.TemporaryFile("w+", encoding="utf-8", newline="") as copy:
            write_copy(source, table, path, copy, lambda: None)
            copy.seek(0)
            start = copy.read(_START)
    else:
        start = _decoded(path, dialect)
    quoting: dict[str, Any] = {"quotechar": dialect.quote} if dialect.quote else {"quoting": csv.QUOTE_NONE}
    lines = start.splitlines(keepends=True)[dialect.skip_lines :]
    rows = list(
        islice(csv.reader(io.StringIO("".join(lines), newline=""), delimiter=dialect.delimiter, **quoting), ROWS + 1)
    )
    if len(start) >= _START and len(rows) <= ROWS:
        rows = rows[:-1]  # the last one may be cut
    names = [" ".join(part.split()) for part in rows.pop(0)] if dialect.has_header and rows else list(table.columns)
    seen: dict[str, int] = {}
    for at, column in enumerate(names):
        if column and column.casefold() not in {one.casefold() for one in seen}:
            seen[column] = at
    rows = [row for row in rows if any(value.strip() for value in row)]
    columns = {column: [row[at] if at < len(row) else None for row in rows] for column, at in seen.items()}
    con.register("first_read", pa.table({column: pa.array(values, pa.string()) for column, values in columns.items()}))
    con.execute("create temp table first_rows as from first_read")


def _decoded(path: Path, dialect: CsvDialect) -> str:
    with path.open("rb") as handle:
        is_gzip = handle.read(2) == GZIP
        handle.seek(0)
        data = gzip.GzipFile(fileobj=handle).read(_START) if is_gzip else handle.read(_START)
    python = {"latin-1": "cp1252", "windows-1252": "cp1252"}.get(dialect.encoding, dialect.encoding)
    return data.decode(python, errors="replace").removeprefix("\ufeff")
