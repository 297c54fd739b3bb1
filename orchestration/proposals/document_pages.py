"""Files of JSON that are pages: one object, `{"customers": [...], "total": 2}`, whose lists hold the rows.

Here: telling a page from a row with a list, by the names beside it. Not here: reading pages (extract/json_files.py), lists within rows
(nested_parts.py).
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from pathlib import Path

import duckdb

from orchestration.contracts.words import words_of
from orchestration.core.warehouse import text
from orchestration.extract.json_documents import is_object
from orchestration.proposals.nested_kinds import is_list_of_objects, is_nested_kind, leaves_of, reached

# names of lists that say nothing about their rows
NAMES_OF_ROWS = ("data", "items", "results", "records", "value", "rows", "list", "entries", "content")
# a name with one of these is of a page, whatever else is in it
_OF_A_PAGE = {
    "page",
    "pages",
    "next",
    "previous",
    "prev",
    "request",
    "cursor",
    "limit",
    "offset",
    "total",
    "count",
    "per",
    "api",
    "version",
    "has",
    "links",
    "meta",
    "pagination",
    "exported",
    "generated",
    "fetched",
    "timestamp",
    "took",
    "etag",
}
# what tells one row from another
_OF_A_ROW = {"id", "ids", "key", "uuid", "guid", "email", "mail", "number", "no", "nr", "name", "sku", "code", "handle"}


def reader_of(paths: Sequence[str]) -> str:
    """SQL: documents of JSON with the types that fit all of them, each as large as its file."""
    listed = ", ".join(text(path) for path in paths)
    largest = max(16 * 1024 * 1024, *(Path(path).stat().st_size + 1024 for path in paths))
    return f"read_json([{listed}], sample_size = -1, union_by_name = true, hive_partitioning = false, maximum_object_size = {largest})"


def lists_of_pages(
    con: duckdb.DuckDBPyConnection, reader: str, paths: Sequence[str], kinds: Mapping[str, str]
) -> tuple[str, ...]:
    """Where documents of these types have lists of rows; none where they are rows themselves, as an order with its lines is: it has what
    tells one row from another, or what it says beside its lists is not the same in all of them."""
    leaves = leaves_of(kinds, deep=1)
    found = tuple(path for path, kind in leaves.items() if is_list_of_objects(kind))
    beside = [
        path
        for path, kind in leaves.items()
        if not is_nested_kind(kind) and _holder(path) in ("", *map(_holder, found))
    ]
    if any(_is_of_a_row(path) for path in beside) or not all(map(is_object, paths)):
        return ()
    return () if found and _differ(con, reader, kinds) else found


def said_beside(kinds: Mapping[str, str], lists: Sequence[str]) -> list[str]:
    """What documents say beside their lists of rows, without what is of a page."""
    return [path for path in leaves_of(kinds) if path not in lists and not _is_of_a_page(path)]


def _differ(con: duckdb.DuckDBPyConnection, reader: str, kinds: Mapping[str, str]) -> bool:
    """Whether several documents say different things beside their lists."""
    said = [path for path, kind in leaves_of(kinds).items() if not is_nested_kind(kind) and not _is_of_a_page(path)]
    if not said:
        return False
    each = [
        f"min(cast({at} as varchar)) is distinct from max(cast({at} as varchar))"
        for at in (reached(path, kinds) for path in said)
    ]
    (row,) = con.execute(f"select {', '.join(each)} from {reader}").fetchall()
    return any(row)


def rows_of_pages(con: duckdb.DuckDBPyConnection, reader: str, at: str) -> str:
    """SQL: the rows of the list at a place of each document."""
    kinds = dict(con.execute(f"select column_name, column_type from (describe from {reader})").fetchall())
    return f"(select unnest(page_row) from (select unnest({reached(at, kinds)}) as page_row from {reader}))"


def _holder(path: str) -> str:
    return path.rpartition(".")[0]


def _is_of_a_page(path: str) -> bool:
    return any(not _OF_A_PAGE.isdisjoint(words_of(part)) for part in path.split("."))


def _is_of_a_row(path: str) -> bool:
    words = set(words_of(path.rpartition(".")[2]))
    return bool(words & _OF_A_ROW) and not words & _OF_A_PAGE
