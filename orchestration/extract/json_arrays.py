"""JSON Lines that are an array, one object a line: `[`, `{…},` … `{…}`, `]`. Its objects are rows, its brackets and commas are none.

Here: SQL on the temp table `json_rows`. Not here: reading and rejecting its lines (json_files.py).
"""

from __future__ import annotations

import duckdb

from orchestration.core.warehouse import scalar
from orchestration.extract.exact_numbers import exact

# JSON functions end a query at text that is not JSON
_IS_OBJECT = "case when json_valid({0}) then json_type({0}) = 'OBJECT' else false end"
_BESIDE = r"regexp_extract(line, '^\s*[\[,]?\s*(\{.*\})\s*(,|\]|\],)?\s*$', 1)"
# what stands on a line without an object
_BETWEEN = r"[\[\],\s]*[\[\],][\[\],\s]*"
# SQL: the object that a `line` is, and of a line of an array the one that stands in it; null where there is none
OBJECT = f"case when {_IS_OBJECT.format('line')} then {exact('line')}::json end"
OBJECT_OF_LINE = f"coalesce({OBJECT}, case when {_IS_OBJECT.format(_BESIDE)} then {exact(_BESIDE)}::json end)"


def drop_brackets(con: duckdb.DuckDBPyConnection) -> bool:
    """Deletes the lines of `json_rows` that hold nothing but brackets and commas. Whether there were such lines, and no others."""
    dropped = scalar(con, f"delete from json_rows where document is null and regexp_full_match(line, '{_BETWEEN}')")
    return bool(dropped) and not scalar(con, "select count(*) from json_rows where trim(line) <> ''")
