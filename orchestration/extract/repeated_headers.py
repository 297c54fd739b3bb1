"""A header line that comes again among the rows of a CSV file, as where exports are put behind one another: it is a reject.

It says nothing of anybody, so nothing of it is kept but the reason. Here: telling such a line from a row. Not here: the header
itself (csv_header.py), or other rejects (csv_rejects.py).
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence

import duckdb

from orchestration.contracts.reasons import set_aside_as
from orchestration.core.settings import CsvDialect
from orchestration.core.warehouse import scalar, text
from orchestration.extract.csv_rejects import drops_of, fields_of
from orchestration.extract.delivered_file import Delivered, file_names, paths
from orchestration.extract.swallowed_lines import AGAIN, Read

# reason_code of such a line
REPEATED = "header_again"
# each file may begin with a byte order mark, which then stands in mid-file
_MARK = "\ufeff"
_BLANKS = f" \t\r\n{_MARK}"


def is_header(
    con: duckdb.DuckDBPyConnection, names: Sequence[str], kinds: Sequence[str], nulls: Sequence[str], csv: CsvDialect
) -> str | None:
    """SQL on the columns c0, c1 … of a row as `kinds`: whether it is the header line. None where no row can be it: a name is no
    value of its column's type, so that its reader rejects the line, or one column alone is named."""
    if not _is_telling(names):
        return None
    typed = {at: kind for at, kind in enumerate(kinds) if kind.upper() != "VARCHAR"}
    casts = {at: f"try_cast({text(names[at])} as {kind})" for at, kind in typed.items()}
    if casts and scalar(con, f"select {' or '.join(f'{cast} is null' for cast in casts.values())}"):
        return None
    conditions = []
    for at, name in enumerate(names):
        if at in casts:
            is_name = f"c{at} = {casts[at]}"
        elif name in nulls:
            is_name = f"c{at} is null"
        else:
            # behind a mark a quote is a part of the value
            around = "" if at else csv.quote
            is_name = f"{_as_name(f'c{at}', around, has_blanks=' ' in name)} = {text(name.strip(around or None))}"
        conditions.append(f"coalesce({is_name}, false)")
    return f"({' and '.join(conditions)})"


def count_headers(
    con: duckdb.DuckDBPyConnection,
    read: Read,
    relation: str,
    rejected: Mapping[str, tuple[int, int, int]],
    nulls: Sequence[str],
    csv: CsvDialect,
) -> dict[str, int]:
    """File → rows that are the header and are not among the rows of `relation`. Reads again only files of which lines are left."""
    rows = dict(con.execute(f"select _source_file, count(*) from {relation} group by all").fetchall())
    files = [file for file in read.files if read.lines_left(file, rows, rejected) > 0]
    is_it = is_header(con, read.names, ["VARCHAR"] * len(read.names), nulls, csv)
    if not files or not is_it:
        return {}
    found = con.execute(
        f"select {file_names(files)}, count(*) from read_csv({paths(files)}, {read.as_text}) where {is_it} group by all"
    ).fetchall()
    for drop in drops_of(AGAIN):
        con.execute(drop)
    return {file: int(again) for file, again in found}


def take_headers(
    con: duckdb.DuckDBPyConnection, rejects: str, names: Sequence[str], csv: CsvDialect, files: list[Delivered]
) -> list[tuple[str, int | None]]:
    """(file, line) of each header line that read_csv rejected, which goes from its table `rejects`."""
    if not _is_telling(names):
        return []
    line = f"ltrim(any_value(csv_line), {text(_MARK)})"
    fields = f"list_transform({fields_of(line, csv)}, lambda f: {_as_name('f', has_blanks=True)})"
    # a writer may end it, and no row, with a delimiter
    is_it = f"written[:{len(names)}] = [{', '.join(map(text, names))}] and len(list_filter(written[{len(names) + 1}:], lambda f: f <> '')) = 0"
    con.execute(
        f"create or replace temp table headers_again as select scan_id, file_id, line from "
        f"(select scan_id, file_id, line, {fields} as written from {rejects} group by all) where {is_it}"
    )
    found = con.execute(
        f"select {file_names(files, 's.file_path')}, line from headers_again join {rejects}_scan s using (scan_id, file_id)"
    ).fetchall()
    con.execute(
        f"delete from {rejects} using headers_again h where {rejects}.scan_id = h.scan_id "
        f"and {rejects}.file_id = h.file_id and {rejects}.line = h.line"
    )
    con.execute("drop table headers_again")
    return [(str(file), int(line)) for file, line in found]


def note_headers(
    con: duckdb.DuckDBPyConnection, load_id: int, source: str, name: str, found: Sequence[tuple[str, int | None]]
) -> None:
    """Adds header lines, (file, line where it is known), to the rejects of a load."""
    if found:
        rows = ", ".join(f"({text(file)}, {'null' if line is None else line})" for file, line in found)
        con.execute(
            f"insert into fresh_rejects select {load_id}, {text(source)}, {text(name)}, file, line, null, {set_aside_as(REPEATED)}, null "
            f"from (values {rows}) as t(file, line)"
        )


def _is_telling(names: Sequence[str]) -> bool:
    # a row of one value may well be the name of its column
    return sum(name != "" for name in names) > 1


def _as_name(value: str, around: str = "", *, has_blanks: bool) -> str:
    """SQL: a value as a header's name is read (csv_header.py), without what may stand `around` it."""
    one_line = f"regexp_replace({value}, '\\s+', ' ', 'g')" if has_blanks else value
    return f"trim({one_line}, {text(_BLANKS + around)})"
