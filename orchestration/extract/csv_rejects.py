"""What is kept of a rejected CSV line: a row by its declared columns, so that a withdrawal in it can be read.

Not here: which lines are rejected (csv_files.py), what a withdrawal is (privacy/withdrawals.py).
"""

from __future__ import annotations

import re
from collections.abc import Sequence

from orchestration.settings import CsvDialect, Table
from orchestration.warehouse import text


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
