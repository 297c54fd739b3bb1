"""JSON Lines, documents of JSON, and API pages that are kept as files: read row by row, so that a broken one costs only itself.

Not here: which files are new (delivered.py).
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Callable
from contextlib import ExitStack
from dataclasses import replace

import duckdb

from orchestration.contracts.reasons import set_aside_as
from orchestration.core.errors import SourceError
from orchestration.core.settings import Source, Table
from orchestration.core.warehouse import clear_up, quote, scalar, text
from orchestration.extract.batch import Batch
from orchestration.extract.budget import Budget
from orchestration.extract.csv_files import MAX_LINE_BYTES
from orchestration.extract.csv_rejects import code_of, drops_of
from orchestration.extract.delivered_file import Delivered, file_names, noting, paths
from orchestration.extract.delivery_checks import refuse_cut
from orchestration.extract.json_arrays import OBJECT, OBJECT_OF_LINE, drop_brackets
from orchestration.extract.json_documents import (
    form_of,
    pages_sql,
    refuse_broken,
    refuse_other_encodings,
    rows_of,
    without_lines,
)
from orchestration.extract.json_ends import with_even_ends
from orchestration.extract.kept_lines import kept_of_json
from orchestration.extract.left_out import LeftOut
from orchestration.extract.nested_rows import keys_sql, make_rows, unnest_rows, value_sql
from orchestration.privacy.intake.rejected_withdrawals import REPLACED

_DOCUMENTS = "select *, {document} as document from ({rows})"


def read_json_lines(
    con: duckdb.DuckDBPyConnection,
    source_name: str,
    source: Source,
    name: str,
    table: Table,
    files: list[Delivered],
    budget: Budget,
) -> Batch:
    with ExitStack() as held:
        folder = str(scalar(con, "select current_setting('temp_directory')"))
        read: list[tuple[str, Delivered]] = []
        for file in files:
            form = form_of(file)
            even = file if form else with_even_ends(source_name, name, file, folder, budget, held.enter_context)
            read.append((form, without_lines(file) if form else even))
        batch = _lines_batch(con, source_name, source, name, table, read)
        held.callback(batch.close)
        return replace(batch, close=held.pop_all().close)


def _lines_batch(
    con: duckdb.DuckDBPyConnection,
    source_name: str,
    source: Source,
    name: str,
    table: Table,
    read: list[tuple[str, Delivered]],
) -> Batch:
    files = [file for _, file in read]
    of_lines = [file for form, file in read if not form]
    zipped = {file.lines.is_gzip for file in of_lines}
    kinds = sorted({(form, file.lines.is_gzip) for form, file in read if form})
    parts = [rows_of([f for form, f in read if (form, f.lines.is_gzip) == kind], kind[0]) for kind in kinds]
    for number, is_gzip in enumerate(sorted(zipped)):
        group = [file for file in of_lines if file.lines.is_gzip == is_gzip]
        parts.append(
            f"select line, {file_names(group)} as _source_file from read_csv({paths(group)}, columns = {{'line': 'VARCHAR'}}, "
            f"delim = '\x1f', quote = '', escape = '', header = false, auto_detect = false, max_line_size = {MAX_LINE_BYTES}, "
            f"filename = '_path', hive_partitioning = false, compression = '{'gzip' if is_gzip else 'none'}', store_rejects = true, "
            f"rejects_table = 'rejects_{number}', rejects_scan = 'rejects_{number}_scan')"
        )

    def after(load_id: int) -> int:
        kept = kept_of_json("coalesce(e.csv_line, '')", source_name, name, table)
        for number in range(len(zipped)):
            con.execute(
                f"insert into fresh_rejects select {load_id}, {text(source_name)}, {text(name)}, {file_names(files, 's.file_path')}, "
                f"line, null, lower(e.error_type::varchar), {code_of('e.error_type')}, {kept} "
                f"from rejects_{number} e join rejects_{number}_scan s using (scan_id, file_id)"
            )
        rejected = reject_broken(con, source_name, name, table, load_id)
        noting(con, source_name, name, files)(load_id)
        return rejected

    def check(relation: str) -> None:
        rejected = Counter(_unreadable(con, files, len(zipped))) + Counter(_no_objects(con))
        refuse_cut(con, source_name, name, table, relation, files, rejected)

    with _json_rows(con, len(zipped)) as held:
        try:
            make_rows(con, _DOCUMENTS.format(document=OBJECT_OF_LINE, rows=" union all ".join(parts)))
        except (duckdb.Error, UnicodeDecodeError):
            refuse_broken(con, source_name, name, [(form, file) for form, file in read if form])
            raise
        _refuse_lost_lines(con, source_name, name, files, len(zipped))
        is_empty = drop_brackets(con) or all(file.size == 0 for file in files)
        is_empty |= unnest_rows(con, source_name, name, table)
        added, notes = _check(con, source_name, name, table, files, is_empty=is_empty)
        batch = _batch(table, source, files, added, after, check)
        return replace(batch, notes=notes, close=held.pop_all().close)


def read_json_pages(
    con: duckdb.DuckDBPyConnection, source_name: str, source: Source, name: str, table: Table, files: list[Delivered]
) -> Batch:
    """API pages kept as files: `{"data": [row, …]}` each, or as paging.rows says."""
    # DuckDB takes a buffer of this size for each file that it has open
    largest = max(file.size for file in files) + 1024
    at = source.paging_of(table).rows

    def after(load_id: int) -> int:
        rejected = reject_broken(con, source_name, name, table, load_id)
        noting(con, source_name, name, files)(load_id)
        return rejected

    def check(relation: str) -> None:
        refuse_cut(con, source_name, name, table, relation, files, _no_objects(con))

    with _json_rows(con) as held:
        # a page without a row has a line too, which goes once it is known to be a page
        try:
            make_rows(con, _DOCUMENTS.format(document=OBJECT, rows=f"select coalesce(row::varchar, 'null') as line, {file_names(files)} as _source_file, page_rows from "
                f"(select unnest(case when len(data) > 0 then data else [null] end) as row, len(data) as page_rows, _path from "
                f"({pages_sql(paths(files), at, largest)}))",
            ))  # fmt: skip
        except duckdb.Error:
            refuse_other_encodings(source_name, name, files)
            raise
        _refuse_no_pages(con, source_name, name, files, at)
        con.execute("delete from json_rows where page_rows = 0")
        unnest_rows(con, source_name, name, table)
        is_empty = not scalar(con, "select count(*) from json_rows")
        added, notes = _check(con, source_name, name, table, files, is_empty=is_empty)
        batch = _batch(table, source, files, added, after, check)
        return replace(batch, notes=notes, close=held.pop_all().close)


def _json_rows(con: duckdb.DuckDBPyConnection, readers: int = 0) -> ExitStack:
    """Drops the rows as text, and what so many readers rejected, when it is closed."""
    held = ExitStack()
    rejects = drops_of(*(f"rejects_{number}" for number in range(readers)))
    held.callback(clear_up, con, "drop table if exists json_rows", *rejects)
    return held


def _check(
    con: duckdb.DuckDBPyConnection, source: str, name: str, table: Table, files: list[Delivered], *, is_empty: bool
) -> tuple[list[str], list[str]]:
    """The columns beyond the declared ones, and what to tell of those that a file leaves out. Raises SourceError when nothing
    is a row, or a declared column is gone from a file: another file may have it, and rows of this one would lose it."""
    keys = f"select distinct _source_file, unnest({keys_sql(table)}) from json_rows where document is not null order by all"
    found: dict[str, list[str]] = {}
    for file, key in con.execute(keys).fetchall():
        found.setdefault(file, []).append(key)
    if not found and not is_empty:
        refuse_other_encodings(source, name, files)
        raise SourceError(
            f"source {source}, table {name}: no row is a JSON object",
            where=files[0].name,
            to_do="check that the file is of the declared format: each object on a line of its own, or a page whose rows are at paging.rows",
        )
    rows = dict(con.execute("select _source_file, count(document) from json_rows group by all").fetchall())
    left_out = LeftOut(con, source, name, table)
    added: set[str] = set()
    for delivered in files:
        if delivered.name in found:
            added.update(left_out.check(found[delivered.name], rows[delivered.name], delivered.name))
    return sorted(added), left_out.notes


def _refuse_no_pages(con: duckdb.DuckDBPyConnection, source: str, name: str, files: list[Delivered], at: str) -> None:
    pages = "select _source_file, count(*) = count(page_rows) from json_rows group by all"
    is_page = dict(con.execute(pages).fetchall())
    for file in files:
        if not is_page.get(file.name):
            raise SourceError(
                f"source {source}, table {name}: the file is not a page of rows",
                where=file.name,
                to_do=f"a page has its rows at {at} (paging.rows); was an error of the API kept as a page? deliver the page again",
            )


def _batch(
    table: Table,
    source: Source,
    files: list[Delivered],
    added: list[str],
    after: Callable[[int], int],
    check: Callable[[str], None],
) -> Batch:
    fields = ", ".join(json_field(c, t) for c, t in table.columns.items())
    return Batch(
        f"select {fields}, _source_file from json_rows where document is not null",
        table.columns, has_file=True, is_text=True, after=after, check=check, added=added, nulls=source.null_values,
        files=[file.name for file in files],
    )  # fmt: skip


def json_field(column: str, kind: str) -> str:
    """SQL: a column of `json_rows`, as text, or as JSON where it stays nested."""
    value = value_sql(column)
    if kind.upper().startswith("STRUCT") or kind.endswith("[]"):
        return f"nullif({value}::varchar, 'null')::json as {quote(column)}"
    return f"json_extract_string({value}, '$') as {quote(column)}"


# a line that is no row, but for blank ones
_IS_BROKEN = "document is null and trim(line) <> ''"


def _no_objects(con: duckdb.DuckDBPyConnection) -> dict[str, int]:
    """File → rows that are not JSON object."""
    return dict(con.execute(f"select _source_file, count(*) from json_rows where {_IS_BROKEN} group by all").fetchall())


def _unreadable(con: duckdb.DuckDBPyConnection, files: list[Delivered], readers: int) -> dict[str, int]:
    """File → lines that could not be read as text."""
    found: dict[str, int] = {}
    for number in range(readers):
        told = f"select {file_names(files, 's.file_path')}, count(distinct line) from rejects_{number} join rejects_{number}_scan s using (scan_id, file_id) group by all"
        found.update(con.execute(told).fetchall())
    return found


def reject_broken(con: duckdb.DuckDBPyConnection, source: str, name: str, table: Table, load_id: int) -> int:
    """Notes the rows of `json_rows` that are no object. Returns how many rows as a whole were rejected."""
    con.execute(
        f"insert into fresh_rejects select {load_id}, {text(source)}, {text(name)}, _source_file, null, null, "
        f"{set_aside_as('not_an_object')}, {kept_of_json('line', source, name, table)} from json_rows where {_IS_BROKEN}"
    )
    unread = f"load_id = {load_id} and column_name is null and reason_code <> {text(REPLACED)}"
    return int(scalar(con, f"select count(*) from fresh_rejects where {unread}"))


def _refuse_lost_lines(
    con: duckdb.DuckDBPyConnection, source: str, name: str, files: list[Delivered], readers: int
) -> None:
    rows = Counter(dict(con.execute("select _source_file, count(*) from json_rows group by all").fetchall()))
    rows.update(_unreadable(con, files, readers))
    for file in files:
        # a blank line is a row too
        if file.lines.total > rows[file.name]:
            raise SourceError(
                f"source {source}, table {name}: of {file.lines.total:,} lines only {rows[file.name]:,} could be read",
                where=file.name,
                to_do="is there a line of more than 16 MB? fix the export and deliver it again",
            )
