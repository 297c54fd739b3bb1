"""Columns of a database that hold JSON or nested values: `customer.id` is a column, and the elements of a list within a row are rows of a
table of their own, as in answers of an API.

Here: rows of a database as `json_rows`, and what of them is a batch. Not here: values within a document (nested_rows.py), JSON files
(json_files.py), reading the database (sql.py, duckdb_files.py).
"""

from __future__ import annotations

from collections.abc import Collection, Iterable

import duckdb

from orchestration.core.errors import SourceError
from orchestration.core.settings import Source, Table
from orchestration.core.warehouse import clear_up, quote, text
from orchestration.extract.batch import Batch
from orchestration.extract.exact_numbers import exact
from orchestration.extract.json_files import json_field, reject_broken
from orchestration.extract.left_out import LeftOut
from orchestration.extract.merging import count
from orchestration.extract.nested import is_nested
from orchestration.extract.nested_rows import PLACE, carry, keys_sql, make_rows, paths_of, unnest_rows
from orchestration.extract.raw_tables import check_contract
from orchestration.privacy.intake.entry_columns import unread_columns

# how a table is read whose changes cannot be asked for
LIES_WITHIN = "whole: the cursor lies within a column of the database"


def reads_within(table: Table, found: Collection[str]) -> bool:
    """Whether values of the table lie within columns of the database, of which `found` are the names."""
    of_parts = any(_holder(path, found) != path for path in paths_of(table))
    return bool(table.rows_in or table.carried) or of_parts


def holders_of(table: Table, found: Collection[str]) -> list[str]:
    """The columns of the database that a table needs. A column that never enters raw is not read, unless it holds another value too."""
    return list(dict.fromkeys(_holder(path, found) for path in _paths(table)))


def cursor_there(table: Table, found: Collection[str]) -> str | None:
    """The column of the database that is the table's cursor; None where its values lie within another one, or it has none."""
    path = table.carried.get(table.cursor or "", table.cursor)
    return path if path in found else None


def check_holders(
    source: str, name: str, table: Table, found: list[str], where: str, before: Collection[str] | None = None
) -> list[str]:
    """The columns that the database has beyond those that are read. Raises SourceError where one of these is gone, or deletions are to be
    found by a key that lies within one."""
    if table.find_deletions and not {*table.key} <= {*found}:
        raise SourceError(
            f"source {source}, table {name}: its key lies within a column of the database, so rows that are gone cannot be found",
            to_do=f"take find_deletions out of [sources.{source}.tables.{name}]",
        )
    needed = holders_of(table, found)
    return check_contract(source, name, table.model_copy(update={"columns": dict.fromkeys(needed, "VARCHAR")}), found, where, before=before)  # fmt: skip


def batch_of_rows(
    con: duckdb.DuckDBPyConnection, source_name: str, source: Source, name: str, table: Table, relation: str, where: str
) -> Batch:
    """The rows of `relation`, which has the columns that holders_of names, as flat rows. Raises SourceError where a declared column is in
    no row.

    The batch lives as long as the temp table `json_rows`, which the caller drops.
    """
    fill_json_rows(con, source_name, name, table, relation)
    keys = f"select distinct unnest({keys_sql(table)}) from json_rows where document is not null order by all"
    found = [row[0] for row in con.execute(keys).fetchall()]
    left_out = LeftOut(con, source_name, name, table)
    rows = count(con, "json_rows")
    added = left_out.check(found, rows, where) if found else []
    unread = unread_columns(table, table.columns)
    columns = {column: kind for column, kind in table.columns.items() if column not in unread}
    fields = ", ".join(json_field(column, kind) for column, kind in columns.items())
    return Batch(
        f"select {fields} from json_rows where document is not null", columns, is_text=True, added=added, notes=left_out.notes,
        after=lambda load_id: reject_broken(con, source_name, name, table, load_id), nulls=source.null_values, null_keys=source.null_keys,
        close=lambda: clear_up(con, "drop table if exists json_rows"),
    )  # fmt: skip


def fill_json_rows(con: duckdb.DuckDBPyConnection, source_name: str, name: str, table: Table, relation: str) -> None:
    """Makes `json_rows` of a relation: a document of each row, or of each element of the list that holds the table's rows. A row with a
    column that is to hold JSON, and does not, has no document."""
    kinds = {row[0]: row[1].upper() for row in con.execute(f"describe select * from {relation}").fetchall()}
    within = within_of(table, kinds)
    held = [quote(c) for c, kind in kinds.items() if c in within and kind == "VARCHAR"]
    broken = " or ".join(f"coalesce(not json_valid(nullif(trim({c}), '')), false)" for c in held) or "false"
    document = ", ".join(f"{text(c)}, {_value(c, kind, c in within)}" for c, kind in kinds.items())
    # a reject is found again by what the table calls its columns
    as_text = ", ".join(f"{text(c)}, {quote(c)}::varchar" for c in kinds)
    as_text += "".join(
        f", {text(c)}, {quote(p)}::varchar" for c, p in table.carried.items() if p in kinds and c not in kinds
    )
    make_rows(
        con,
        f"select case when not ({broken}) then json_object({document}) end as document, "
        f"case when {broken} then json_object({as_text})::varchar end as line, null::varchar as _source_file from {relation}",
    )
    carry(con, table)
    unnest_rows(con, source_name, name, table)


def _paths(table: Table) -> Iterable[str]:
    """Where the values of the table lie."""
    unread = unread_columns(table, table.columns)
    if table.rows_in:
        yield table.rows_in
    else:
        yield from (column for column in table.columns if column not in table.carried and column not in unread)
    yield from (path for column, path in table.carried.items() if path != PLACE and column not in unread)


def _holder(path: str, found: Collection[str]) -> str:
    """The column of the database that holds a value. A column whose own name has dots counts first."""
    return path if path in found else path.partition(".")[0]


def within_of(table: Table, found: Collection[str]) -> set[str]:
    """The columns that hold JSON: values of the table lie within them, or they stay nested."""
    nested = {column for column, kind in table.columns.items() if is_nested(kind)}
    nested |= {path for column, path in table.carried.items() if column in nested}
    parts = {holder for path in _paths(table) if (holder := _holder(path, found)) != path}
    return parts | nested | ({_holder(table.rows_in, found)} if table.rows_in else set())


def _value(column: str, kind: str, is_within: bool) -> str:
    """SQL: a column as JSON. What is plain is text, as it is for every other loosely typed source."""
    if not is_within:
        return f"to_json({quote(column)}::varchar)"
    if kind == "VARCHAR":
        return exact(f"nullif(trim({quote(column)}), '')") + "::json"
    # a struct with a DECIMAL becomes a number of JSON
    json = quote(column) if kind == "JSON" else f"to_json({quote(column)})"
    return exact(f"{json}::varchar") + "::json"
