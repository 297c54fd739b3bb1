"""A look at the tables of a place: read by the readers of a night, every value as text. Here: file groups → columns and a relation to ask.

Not here: what the tables mean (entities.py).
"""

from __future__ import annotations

import tempfile
from collections.abc import Iterable, Iterator
from contextlib import closing, contextmanager, suppress
from dataclasses import dataclass, replace
from pathlib import Path

import duckdb

from orchestration.core.errors import SourceError
from orchestration.core.settings import CsvDialect, Source, Table
from orchestration.core.warehouse import quote, text
from orchestration.extract.batch import Batch
from orchestration.extract.budget import Budget
from orchestration.extract.csv_files import read_csv_files
from orchestration.extract.csv_header import read_header
from orchestration.extract.delivered_file import Delivered
from orchestration.extract.duckdb_catalogue import plain_kind
from orchestration.extract.json_documents import other_encoding
from orchestration.extract.line_books import read_through
from orchestration.extract.sheets import sheet_names, write_sheet
from orchestration.extract.sie import is_sie, write_vouchers
from orchestration.extract.store_copies import Copies
from orchestration.proposals.columns import Column, columns_of, nothing_words, sample
from orchestration.proposals.dialects import IsKnown, Written, sniffed
from orchestration.proposals.document_pages import lists_of_pages, reader_of, rows_of_pages, said_beside
from orchestration.proposals.last_lines import NO_LAST_LINES, LastLines, is_a_row
from orchestration.proposals.nested_kinds import (
    DEEP,
    is_list_of_objects,
    is_nested_kind,
    leaves_of,
    names_within,
    reached,
)
from orchestration.proposals.places import FileGroup, Place
from orchestration.proposals.thousands import tells_decimal, with_thousands

_MINUTES = 10.0
# of a file of SIE, where it says what it is
_HEAD = 200
_MEMORY, _THREADS = "700MB", 2
NULLS: list[str] = Source.model_fields["null_values"].default


@dataclass(frozen=True)
class Looked:
    """A table as it was found. `relation` can be asked while the look lasts."""

    group: FileGroup
    columns: list[Column]
    relation: str
    rows: int
    csv: CsvDialect | None = None
    is_decimal_told: bool = True  # whether numbers tell their decimal mark
    ends: LastLines = NO_LAST_LINES
    nothing: tuple[str, ...] = ()  # words for nothing beyond those that a source has by itself
    nested: tuple[str, ...] = ()  # columns whose values are lists or objects
    lists: tuple[str, ...] = ()  # of these, the lists of objects of JSON
    beside: tuple[str, ...] = ()  # names of nested values, and of everything within them
    unread: int = 0  # lines that have not the fields of the header
    pages: tuple[str, ...] = ()  # of documents of JSON: the lists that hold the rows; nothing else is looked at then
    doubled: tuple[str, ...] = ()  # columns of another's name, but for the case of its letters
    partial: tuple[str, ...] = ()  # columns that not every file has


@contextmanager
def looking() -> Iterator[duckdb.DuckDBPyConnection]:
    """A database for the look, of bounded memory, whose files go with it."""
    with tempfile.TemporaryDirectory(prefix="kundbild-look-") as folder:
        config: dict[str, str | bool | int | float | list[str]] = {
            "memory_limit": _MEMORY, "threads": _THREADS, "temp_directory": folder, "preserve_insertion_order": False,
            "autoinstall_known_extensions": False,
        }  # fmt: skip
        with duckdb.connect(config=config) as con:
            con.execute("set TimeZone = 'UTC'")
            yield con


@contextmanager
def look(
    con: duckdb.DuckDBPyConnection, name: str, place: Place, group: FileGroup, is_known: IsKnown = lambda names: False
) -> Iterator[Looked]:
    """Of a header that is known, rows are only counted. Raises SourceError where the files cannot be read as one table."""
    try:
        with _look(con, name, place, group, is_known) as found:
            yield found
    except FileNotFoundError:
        raise SourceError("the file is gone since it was listed", where=group.files[-1], to_do="try again") from None


@contextmanager
def _look(
    con: duckdb.DuckDBPyConnection, name: str, place: Place, group: FileGroup, is_known: IsKnown
) -> Iterator[Looked]:
    folder = con.execute("select current_setting('temp_directory')").fetchall()[0][0]
    budget = Budget(name, _MINUTES)
    Path(folder).mkdir(exist_ok=True)
    with closing(Copies(folder)) as copies:
        paths = [
            str(copies.take(place.store, file, group.table, budget))
            if place.store.is_copied
            else place.store.path(file)
            for file in group.files
        ]
        if group.format == "xlsx":
            paths = [_sheet(path, group.sheet, Path(folder) / f"{at}.csv") for at, path in enumerate(paths)]
        if group.format == "sie":
            paths = [_vouchers(path, Path(folder) / f"{at}.csv") for at, path in enumerate(paths)]
        if group.format in ("csv", "xlsx", "sie"):
            with _csv(con, name, group, paths, budget, is_known) as found:
                yield found
        else:
            yield _typed(con, group, paths, is_known)


@contextmanager
def _csv(
    con: duckdb.DuckDBPyConnection, name: str, group: FileGroup, paths: list[str], budget: Budget, is_known: IsKnown
) -> Iterator[Looked]:
    written = sniffed(Path(paths[-1]), is_known)
    if written is None:
        raise SourceError(f"source {name}: the file is not a table", where=group.files[-1], to_do="leave it out")
    if group.format == "xlsx":  # numbers of cells have a point, whatever stands in texts
        plain = CsvDialect(has_header=written.csv.has_header, skip_lines=written.csv.skip_lines)
        written = replace(written, csv=plain, is_decimal_told=True)
    nulls = list(NULLS)
    with suppress(duckdb.Error):
        con.execute("drop view if exists looked")
    files = _delivered(group, paths, written, budget)
    names = _names(written)
    partial = _partial(name, group, files, written, names)
    names = [one for one in names if one not in partial]
    batch = _batch(con, name, group, files, written, names, nulls, budget)
    try:
        con.execute(f"create or replace temp view looked as {batch.select}")
        if is_known(names):
            counted = _counted(con, names)
            yield Looked(group, counted, "looked", counted[0].rows, written.csv, ends=written.ends, unread=_unread(con))
            return
        sample(con, "looked")
        nothing = nothing_words(con, names)
        relation = "looked"
        said = [text(word) for word in nothing]
        where = is_a_row(written.ends, names, is_text=True)
        if nothing or where:
            one = f"case when trim({{0}}) not in ({', '.join(said)}) then {{0}} end as {{0}}" if said else "{0}"
            columns = ", ".join(one.format('"' + n.replace('"', '""') + '"') for n in names)
            con.execute(
                f"create or replace temp view looked_at as select {columns} from looked where {where or 'true'}"
            )
            relation = "looked_at"
            sample(con, relation)
        found = columns_of(con, relation, names, written.csv.decimal)
        found = found if written.is_decimal_told else with_thousands(found, written.csv)
        doubled = tuple(name for name in written.header if name and name not in (*names, *partial))
        yield Looked(
            group, found, relation, found[0].rows, written.csv, written.is_decimal_told, written.ends, tuple(nothing), unread=_unread(con),
            doubled=doubled, partial=partial,
        )  # fmt: skip
    finally:
        batch.close()


def _unread(con: duckdb.DuckDBPyConnection) -> int:
    """Lines of the files that the reader rejected. What they say stays there."""
    tables = con.execute(
        "select table_name from duckdb_tables() where regexp_full_match(table_name, 'rejects_[0-9]+')"
    ).fetchall()
    lines = [
        f"select distinct s.file_path, e.line from {t} e join {t}_scan s using (scan_id, file_id)" for (t,) in tables
    ]
    return int(con.execute(f"select count(*) from ({' union '.join(lines)})").fetchall()[0][0]) if lines else 0


def sheets_of(place: Place, group: FileGroup, *, hidden: bool = False) -> list[str]:
    """The sheets of the newest workbook that are shown, or that are not. Raises SourceError where it is not one."""
    with place.store.system.open(place.store.path(group.files[-1]), "rb") as handle:
        return sheet_names(handle, hidden=hidden)


def _sheet(path: str, sheet: str | None, copy: Path) -> str:
    with copy.open("w", encoding="utf-8", newline="") as into:
        write_sheet(path, sheet, into, lambda: None)
    return str(copy)


def _vouchers(path: str, copy: Path) -> str:
    with Path(path).open("rb") as handle:
        if not is_sie(handle.read(_HEAD)):
            raise SourceError(
                "it is no SIE file, which begins with #FLAGGA", where=Path(path).name, to_do="leave it out"
            )
    with copy.open("w", encoding="utf-8", newline="") as into:
        write_vouchers(path, into, lambda: None)
    return str(copy)


def _names(written: Written) -> list[str]:
    """The columns that can be declared: named, and told apart without case."""
    seen: set[str] = set()
    found = []
    for name in written.header:
        if name and name.casefold() not in seen:
            seen.add(name.casefold())
            found.append(name)
    return found


def _delivered(group: FileGroup, paths: list[str], written: Written, budget: Budget) -> list[Delivered]:
    table = Table(columns=dict.fromkeys(_names(written), "VARCHAR"), csv=written.csv, path=group.glob)
    source = Source(connector="files", url="/", csv=written.csv)
    files = []
    for path in paths:
        digest, size, lines = read_through(path, source, table, lambda: budget.check(group.table))
        files.append(Delivered(path, Path(path).name, size, 0, digest, lines))
    return files


def _partial(
    name: str, group: FileGroup, files: list[Delivered], written: Written, names: list[str]
) -> tuple[str, ...]:
    """The columns of the newest file that another lacks, where the files have most columns in common: a night reads what all have."""
    if not written.csv.has_header:
        return ()
    table = Table(columns=dict.fromkeys(names, "VARCHAR"), csv=written.csv)
    headers = [set(read_header(name, group.table, file, written.csv, table)[0]) for file in files[:-1]]
    lacking = tuple(one for one in names if not all(one in header for header in headers))
    return lacking if 2 * len(lacking) <= len(names) else ()


def _batch(
    con: duckdb.DuckDBPyConnection,
    name: str,
    group: FileGroup,
    files: list[Delivered],
    written: Written,
    names: list[str],
    nulls: list[str],
    budget: Budget,
) -> Batch:
    """The rows as the reader of a night has them, every value as text."""
    table = Table(columns=dict.fromkeys(names, "VARCHAR"), csv=written.csv, path=group.glob)
    source = Source(connector="files", url="/", csv=written.csv, null_values=nulls)
    return read_csv_files(con, name, source, group.table, table, files, 1.0, budget)


def _counted(con: duckdb.DuckDBPyConnection, names: Iterable[str]) -> list[Column]:
    """Columns of which nothing but the rows is asked."""
    rows = int(con.execute("select count(*) from looked").fetchall()[0][0])
    return [Column(name, "VARCHAR", rows, 0, 0) for name in names]


def _typed(con: duckdb.DuckDBPyConnection, group: FileGroup, paths: list[str], is_known: IsKnown) -> Looked:
    """Of formats that have types of their own: they are read by DuckDB, every row of JSON looked at."""
    listed = ", ".join(text(path) for path in paths)
    reader = (
        f"read_parquet([{listed}], union_by_name = true, hive_partitioning = false)"
        if group.format == "parquet"
        else reader_of(paths)
    )
    try:
        if group.rows:
            reader = rows_of_pages(con, reader, group.rows)
        types = dict(con.execute(f"select column_name, column_type from (describe from {reader})").fetchall())
    except duckdb.Error as error:
        others = [said for path in paths if group.format != "parquet" and (said := other_encoding(path))]
        why = (
            f"the file {others[0]}" if others else f"the file cannot be read as {group.format} ({type(error).__name__})"
        )
        to_do = "export it as UTF-8" if others else "leave it out, or export it anew"
        raise SourceError(why, where=group.files[-1], to_do=to_do) from None
    pages = lists_of_pages(con, reader, paths, types) if group.format != "parquet" and not group.rows else ()
    if pages:
        return Looked(group, [], "", 0, pages=pages, beside=tuple(said_beside(types, pages)))
    # of JSON a night reads paths
    leaves = leaves_of(types, deep=0 if group.format == "parquet" or is_known(list(types)) else DEEP)
    nested = tuple(c for c, kind in leaves.items() if is_nested_kind(kind))
    plain = {c: kind for c, kind in leaves.items() if c not in nested}
    if not plain:
        raise SourceError(
            "the file has no column of plain values", where=group.files[-1], to_do="leave it out, or export it flat"
        )
    con.execute(f"create or replace temp view looked_typed as from {reader}")
    select = ", ".join(f"cast({reached(c, types)} as varchar) as {quote(c)}" for c in plain)
    con.execute(f"create or replace temp view looked as select {select} from looked_typed")
    if is_known(list(types)):
        columns = _counted(con, types)
        return Looked(group, columns, "looked", columns[0].rows)
    sample(con, "looked")
    known = {c: plain_kind(kind.upper()) for c, kind in plain.items() if kind.upper() != "VARCHAR"}
    found = columns_of(con, "looked", list(plain), known=known)
    is_told = tells_decimal(found, {*plain} - {*known})
    found = found if is_told else with_thousands(found)
    if group.format == "parquet":
        found = [replace(column, own_kind=known.get(column.name, "VARCHAR")) for column in found]
    lists = tuple(c for c in nested if is_list_of_objects(leaves[c]) and group.format != "parquet")
    beside = tuple(names_within(con, {c: leaves[c] for c in nested}, types))
    return Looked(
        group, found, "looked", found[0].rows, is_decimal_told=is_told, nested=nested, lists=lists, beside=beside
    )
