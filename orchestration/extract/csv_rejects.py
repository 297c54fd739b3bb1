"""What is kept of a rejected CSV line: a row by its declared columns, so that a withdrawal in it can be read; and how many
lines were rejected; and what removes the tables that a read leaves of them.

Not here: which lines are rejected (csv_files.py), what a withdrawal is (privacy/intake/withdrawals.py).
"""

from __future__ import annotations

import re
from collections.abc import Sequence

import duckdb

from orchestration.core.settings import CsvDialect, Table
from orchestration.core.warehouse import text
from orchestration.extract.delivered import Delivered, file_names


def as_row(line: str, header: Sequence[str], table: Table, csv: CsvDialect) -> str:
    """SQL: an expression of a line as a JSON object of its declared columns; as it is where it has another number of
    fields than the header."""
    delimiter, mark = re.escape(csv.delimiter), re.escape(csv.quote)
    field = f"{delimiter}({mark}(?:[^{mark}]|{mark}{mark})*{mark}|[^{delimiter}]*)"
    written = f"{text(csv.delimiter)} || rtrim({line}, chr(13) || chr(10))"
    fields = f"regexp_extract_all({written}, {text(field)}, 1)"
    unquoted = (
        f"list_transform({fields}, lambda f: case when starts_with(f, {text(csv.quote)}) and length(f) > 1 "
        f"then replace(f[2:-2], {text(csv.quote * 2)}, {text(csv.quote)}) else f end)"
    )
    pairs = ", ".join(f"{text(c)}, ({unquoted})[{header.index(c) + 1}]" for c in table.columns if c in header)
    return f"case when len({fields}) = {len(header)} then json_object({pairs})::varchar else {line} end"


def drops_of(*rejects: str) -> list[str]:
    """Statements that drop what read_csv made for these rejects tables."""
    return [f"drop table if exists {table}{suffix}" for table in rejects for suffix in ("", "_scan")]


# errors of a row whose quotes are whole: it may be of several lines
WHOLE_QUOTES = "error_type in ('CAST', 'MISSING COLUMNS', 'TOO MANY COLUMNS')"


def rejected_lines(
    con: duckdb.DuckDBPyConnection, rejects: str, files: list[Delivered]
) -> dict[str, tuple[int, int, int]]:
    """File → (lines that were rejected, the first of them, rejects) of one rejects table."""
    per_reject = (
        f"select file_id, scan_id, line, max(case when {WHOLE_QUOTES} "
        f"then length(csv_line) - length(replace(csv_line, chr(10), '')) else 0 end) + 1 as lines from {rejects} group by all"
    )
    rows = con.execute(
        f"select {file_names(files, 's.file_path')}, sum(e.lines), min(e.line), count(*) from ({per_reject}) e "
        f"join {rejects}_scan s using (scan_id, file_id) group by all"
    ).fetchall()
    return {file: (int(lines), int(first), int(times)) for file, lines, first, times in rows}
