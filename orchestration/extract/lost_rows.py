"""Whether a source has lost so many rows that it is likelier broken than right. Then raw keeps what it had.

Not here: marking the rows that are gone (merging.py), or rows that were rejected (delivery_checks.py).
"""

from __future__ import annotations

from collections.abc import Sequence

import duckdb

from orchestration.core.errors import SourceError
from orchestration.core.warehouse import scalar, text
from orchestration.extract.merging import count, gone_by_file, same_key
from orchestration.extract.raw_tables import raw_name

# below so many rows a table may lose any share of them in a night
_FEW_ROWS = 20
_RIGHTLY = "if so many are rightly gone, set max_volume_drop = 1 below [quality] for one night"


def standing(con: duckdb.DuckDBPyConnection, target: str, but: str = "") -> int:
    """Rows of a raw table `r` that are not deleted, with more conditions in `but`."""
    return int(scalar(con, f"select count(*) from {target} r where r._deleted_at is null {but}"))


def refuse_a_fall(
    con: duckdb.DuckDBPyConnection,
    source: str,
    name: str,
    keys_there: str,
    max_drop: float,
    before: int,
    key: Sequence[str] = (),
    file: str = "",
) -> None:
    """Raises SourceError when the source has so few rows left, or so few of raw's keys, that it is likelier broken than right.

    `before`: the rows that stood in raw before this load.
    """
    refuse_few(source, name, count(con, f"({keys_there})"), max_drop, before, file)
    if not key or not before or max_drop >= 1:
        return
    # as many keys as ever, and yet other ones: renumbered, or written in another way
    equal = same_key("there", "r", list(key))
    lost = f"and not exists (select 1 from ({keys_there}) there where {equal})"
    found = before - standing(con, raw_name(source, name), lost)
    if found < _least(before, max_drop):
        raise SourceError(
            f"source {source}, table {name}: of the {before:,} keys that raw has it answers only {max(found, 0):,}; "
            "raw keeps what it had",
            to_do=f"check whether the key ({', '.join(key)}) is written or counted otherwise there now; {_RIGHTLY}",
        )


def refuse_emptied(
    con: duckdb.DuckDBPyConnection, source: str, name: str, files: Sequence[str], keys_there: str, max_drop: float
) -> None:
    """Raises SourceError where a file without a key, which replaces what it brought, came again without a row."""
    target, among = raw_name(source, name), f"_source_file in ({', '.join(map(text, files))})"
    gone = gone_by_file(con, target, ["_row_key"], keys_there, among)
    for file, rows in gone.items():
        if rows == standing(con, target, f"and _source_file = {text(file)}"):
            refuse_few(source, name, 0, max_drop, rows, file)


def refuse_few(source: str, name: str, left: int, max_drop: float, before: int, file: str = "") -> None:
    """Raises SourceError where so few of the rows that there were are left that the source is likelier broken than right."""
    if before and max_drop < 1 and (not left or left < _least(before, max_drop)):
        raise SourceError(
            f"source {source}, table {name}: it answers {left:,} rows, where there were {before:,}; raw keeps what it had",
            where=file,
            to_do=f"check the source; {_RIGHTLY}",
        )


def _least(before: int, max_drop: float) -> float:
    return (1 - max_drop) * before if before >= _FEW_ROWS else 0
