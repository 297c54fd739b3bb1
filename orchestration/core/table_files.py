"""A table in a file of the user's own: CSV, TSV, Parquet or JSON Lines. Here: opening it. Not here: sources of a night (extract/)."""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from contextlib import contextmanager
from pathlib import Path

import duckdb

from orchestration.core.errors import KundbildError

_READERS = {
    ".csv": "read_csv($path, all_varchar = true, header = true)",
    ".tsv": "read_csv($path, all_varchar = true, header = true, delim = '\t')",
    ".parquet": "read_parquet($path)",
    ".jsonl": "read_json($path)",
    ".json": "read_json($path)",
}


@contextmanager
def opened_table(
    path: Path, table: str, columns: Iterable[tuple[str, str]], *, row: str
) -> Iterator[duckdb.DuckDBPyConnection]:
    """A connection that has the file as the temporary table `table`. `row` says what one row is.

    `columns` has each option that names a column with what the user gave.
    Raises KundbildError where the file cannot be read, has no rows, or lacks one of the columns.
    """
    reader = _READERS.get(path.suffix.lower())
    if reader is None:
        raise KundbildError(f"{path.name} is not a file that is read here", to_do=f"write one of {', '.join(_READERS)}")
    if not path.is_file():
        raise KundbildError(f"there is no file {path}", to_do=f"name a file of {row}s")
    with duckdb.connect() as con:
        try:
            con.execute(f"create temp table {table} as from {reader}", {"path": str(path)})
        except duckdb.Error as error:
            # DuckDB quotes the line that it could not read: it is of a customer
            raise KundbildError(
                f"{path.name} cannot be read as {path.suffix[1:].upper()} ({type(error).__name__})",
                to_do=f"write one row a {row}, and a first line of column names",
            ) from None
        there = [str(name) for (name,) in con.execute(f"select column_name from (describe {table})").fetchall()]
        for option, column in columns:
            if column not in there:
                raise KundbildError(
                    f"{path.name} has no column {column}: it has {', '.join(there[:20])}",
                    to_do=f"name a column as the file's first line does: {option} COLUMN",
                )
        if not con.execute(f"select 1 from {table} limit 1").fetchall():
            raise KundbildError(f"{path.name} has no rows", to_do=f"write one row a {row}")
        yield con
