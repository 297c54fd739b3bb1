"""What tells the rows of a table apart. Here: proving a key on every row. Not here: which columns are likely to be one (entities.py)."""

from __future__ import annotations

from collections.abc import Sequence
from itertools import combinations

import duckdb

from orchestration.core.warehouse import quote
from orchestration.proposals.columns import Column

_SINGLES, _PAIRED = 4, 4
# an estimate of how many values there are is off by a few per cent
_ABOUT = 0.85


def proved_key(
    con: duckdb.DuckDBPyConnection, relation: str, columns: Sequence[Column], likely: Sequence[str]
) -> tuple[str, ...]:
    """The first of the likely columns, then of pairs of them, of which no two rows have the same values and none is empty. Nothing: there is none.

    Other columns are not tried: names or amounts are different by chance until tomorrow.
    """
    by_name = {column.name: column for column in columns}
    whole = [by_name[name] for name in likely if by_name[name].filled == by_name[name].rows and by_name[name].rows]
    singles = [column for column in whole if column.distinct >= _ABOUT * column.rows][:_SINGLES]
    for column in singles:
        if _is_unique(con, relation, [column.name], column.rows):
            return (column.name,)
    for one, two in combinations(whole[:_PAIRED], 2):
        if one.distinct * two.distinct >= _ABOUT * one.rows and _is_unique(
            con, relation, [one.name, two.name], one.rows
        ):
            return tuple(column.name for column in columns if column in (one, two))
    return ()


def _is_unique(con: duckdb.DuckDBPyConnection, relation: str, names: list[str], rows: int) -> bool:
    # as many hashes as rows: then no two values are the same
    said = ", ".join(quote(name) for name in names)
    (found,) = con.execute(f"select count(distinct hash({said})) from {relation}").fetchall()
    return bool(found[0] == rows)
