"""CSV: typed reading by position. Not here: the header (csv_header.py), rejected lines (csv_rejects.py), which files are
new (delivered.py), or whether the books balance on lines (swallowed_lines.py).
"""

from __future__ import annotations

from contextlib import ExitStack
from dataclasses import replace
from itertools import groupby

import duckdb

from orchestration.core.settings import CsvDialect, Source, Table
from orchestration.core.warehouse import clear_up, quote, scalar, text
from orchestration.extract.batch import Batch
from orchestration.extract.budget import Budget
from orchestration.extract.csv_copies import readable
from orchestration.extract.csv_fractions import hold_fractions
from orchestration.extract.csv_header import read_header
from orchestration.extract.csv_rejects import drops_of, has_rejects, keep_rejects, rejected_lines
from orchestration.extract.delivered_file import Delivered, file_names, note_files, paths
from orchestration.extract.delivery_checks import refuse_cut
from orchestration.extract.merging import count
from orchestration.extract.raw_tables import check_contract, undeclared_before
from orchestration.extract.rejecting import is_whole_number
from orchestration.extract.repeated_headers import count_headers, is_header, note_headers, take_headers
from orchestration.extract.swallowed_lines import AGAIN, Read, refuse_swallowed_lines

MAX_LINE_BYTES = 16 * 1024 * 1024


def read_csv_files(
    con: duckdb.DuckDBPyConnection,
    source_name: str,
    source: Source,
    name: str,
    table: Table,
    files: list[Delivered],
    max_share: float,
    budget: Budget,
) -> Batch:
    """The rows of files, oldest first. Raises SourceError when a header breaks the contract."""
    folder = str(scalar(con, "select current_setting('temp_directory')"))
    csv = table.csv or source.csv
    with ExitStack() as held:
        held.callback(clear_up, con, *drops_of(AGAIN))
        read = [readable(source_name, name, file, csv, folder, budget, held.enter_context) for file in files]
        batch = _batch(con, source_name, source, name, table, read, max_share, held)
        return replace(batch, close=held.pop_all().close)


def _batch(
    con: duckdb.DuckDBPyConnection,
    source_name: str,
    source: Source,
    name: str,
    table: Table,
    files: list[Delivered],
    max_share: float,
    held: ExitStack,
) -> Batch:
    """The batch of files that DuckDB can read as they are; `held` takes what is to be dropped behind it."""
    csv = table.csv or source.csv
    headers = {file.name: read_header(source_name, name, file, csv, table) for file in files}
    added: set[str] = set()
    before = undeclared_before(con, source_name, name)
    for file in files:
        where = f"{file.name}, line {csv.skip_lines + 1}"
        added.update(check_contract(source_name, name, table, headers[file.name][0], where, before=before))
    runs = groupby(
        files,
        key=lambda file: (
            tuple(headers[file.name][0]),
            file.lines.is_gzip and not file.read_from,
            bool(file.read_from),
            file.lines.has_offsets,
        ),
    )
    groups: list[tuple[list[str], bool, Read, str]] = []
    has_fractions = False
    for (names, is_gzip, is_copy, has_offsets), run in runs:
        group = list(run)
        how = f", compression = '{'gzip' if is_gzip else 'none'}', encoding = '{_encoding(csv, is_copy)}'"
        as_text = _options(csv, ["VARCHAR"] * len(names), source.null_values, AGAIN) + how
        kinds = [table.columns.get(c, "VARCHAR") for c in names]
        has_fractions = has_fractions or hold_fractions(con, group, kinds, as_text, AGAIN)
        read = Read(group, list(names), {f.name: headers[f.name][1] for f in group}, as_text)
        groups.append((kinds, has_offsets, read, how))
    held.callback(clear_up, con, *drops_of(*(f"rejects_{number}" for number in range(len(groups)))))
    selects: list[str] = []
    may_repeat: list[Read] = []
    readers = [read for _, _, read, _ in groups]
    for number, (declared, has_offsets, read, how) in enumerate(groups):
        # what is read as text is cast value by value: a reader would round fractions
        kinds = [
            "VARCHAR" if has_fractions and is_whole_number(kind) else _read_as(kind, has_offsets) for kind in declared
        ]
        options = _options(csv, kinds, source.null_values, f"rejects_{number}") + how
        # what was read with its offset; the cursor keeps it until it is told which row is newer, but of statements, which
        # are read by the clock before
        kept = None if table.holds_statements else table.cursor
        local = " at time zone current_setting('TimeZone')"
        wanted = [
            f"c{read.names.index(c)}{local if _read_as(kind, has_offsets) != kind and c != kept else ''} as {quote(c)}"
            for c, kind in table.columns.items()
        ]
        selects.append(
            f"select {', '.join(wanted)}, {file_names(list(read.files))} as _source_file "
            f"from read_csv({paths(list(read.files))}, {options})"
        )
        is_it = is_header(con, read.names, kinds, source.null_values, csv)
        if is_it:
            selects[-1] += f" where not {is_it}"
            may_repeat.append(read)

    came = 0
    rejecting: list[int] = []
    repeated: dict[str, int] = {}

    def check(relation: str) -> None:
        nonlocal came
        came = count(con, relation)
        rejected: dict[str, tuple[int, int, int]] = {}
        # most files have none, and each further statement on an empty table costs its planning
        rejecting[:] = [number for number in range(len(readers)) if has_rejects(con, f"rejects_{number}")]
        for number in rejecting:
            rejected.update(rejected_lines(con, f"rejects_{number}", files))
        for read in may_repeat:
            repeated.update(count_headers(con, read, relation, rejected, source.null_values, csv))
        for file, rows in repeated.items():
            lines, first, times = rejected.get(file, (0, 0, 0))
            rejected[file] = lines + rows, first, times + rows
        for reader in readers:
            refuse_swallowed_lines(con, source_name, name, table, relation, reader, rejected, csv)
        refuse_cut(
            con, source_name, name, table, relation, files, {file: found for file, (found, _, _) in rejected.items()}
        )

    def after(load_id: int) -> int:
        again: list[tuple[str, int | None]] = [(file, None) for file, rows in repeated.items() for _ in range(rows)]
        for number in rejecting:
            again += take_headers(con, f"rejects_{number}", readers[number].names, csv, files)
        note_headers(con, load_id, source_name, name, again)
        rejected = len(again)
        for number in rejecting:
            rejected += keep_rejects(
                con, number, readers[number].names, load_id, source_name, name, table, max_share, came, files, csv
            )
        note_files(con, source_name, name, [(file, load_id) for file in files])
        return rejected

    return Batch(
        " union all ".join(selects), table.columns, has_file=True, is_text=has_fractions, after=after, check=check, added=sorted(added),
        files=[file.name for file in files],
    )  # fmt: skip


def _options(csv: CsvDialect, kinds: list[str], nulls: list[str], rejects: str) -> str:
    """read_csv's options. Columns are known by position: names may be empty, doubled, or differ by case alone."""
    declared = ", ".join(f"'c{at}': {text(kind)}" for at, kind in enumerate(kinds))
    return (
        f"columns = {{{declared}}}, header = {str(csv.has_header).lower()}, auto_detect = false, delim = {text(csv.delimiter)}, "
        f"quote = {text(csv.quote)}, escape = {text(csv.quote)}, "
        f"decimal_separator = {text(csv.decimal)}, max_line_size = {MAX_LINE_BYTES}, filename = '_path', "
        f"nullstr = [{', '.join(map(text, nulls))}], hive_partitioning = false, strict_mode = true, "
        f"store_rejects = true, rejects_table = '{rejects}', rejects_scan = '{rejects}_scan'"
    )


def _read_as(kind: str, has_offsets: bool) -> str:
    # DuckDB reads a TIMESTAMP without its offset; with one it takes twice the time
    return "TIMESTAMPTZ" if has_offsets and kind.upper() in ("TIMESTAMP", "DATETIME") else kind


def _encoding(csv: CsvDialect, is_copy: bool) -> str:
    if is_copy:
        return "utf-8"
    return "latin-1" if csv.encoding == "windows-1252" else csv.encoding
