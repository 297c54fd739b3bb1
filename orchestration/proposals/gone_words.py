"""Columns that say by their names that rows are deleted or tests: `raderad`, `deleted_at`, `is_test`; and whether their days are plans.

Not here: what is made of them (gone_rows.py), words of values (columns.py).
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence

import duckdb

from orchestration.contracts.words import plain_words_for, words_of
from orchestration.core.warehouse import quote
from orchestration.core.written_months import read_time

_LEFT_OUT = ("deleted", "test_row")
# before it no row of such a system was deleted: 0001-01-01 stands for none
_EARLIEST = "1990-01-01"


def says_gone(name: str) -> bool:
    """Whether a name says that rows are deleted or tests."""
    return names_any(name, _LEFT_OUT)


def names_any(name: str, meanings: Sequence[str]) -> bool:
    """Whether a name says it, but for words of a time or a question around it: is_deleted, deleted_at."""
    words = words_of(name.rpartition(".")[2])
    whole = "".join(words)
    around = plain_words_for("when") | plain_words_for("question")
    while len(words) > 1 and words[0] in around:
        words = words[1:]
    while len(words) > 1 and words[-1] in around:
        words = words[:-1]
    return any(not {whole, "".join(words)}.isdisjoint(plain_words_for(meaning)) for meaning in meanings)


def planned(con: duckdb.DuckDBPyConnection, relation: str, times: Mapping[str, Sequence[str]]) -> set[str]:
    """Those of the columns of times that hold a day to come, or one that stands for none, in some row. `times` are column → its formats.

    A day more than now is none to come: a time may be of a zone that is ahead.
    """
    if not times:
        return set()
    asked = ", ".join(f"coalesce(bool_or({_is_no_past(name, formats)}), false)" for name, formats in times.items())
    (row,) = con.execute(f"select {asked} from {relation}").fetchall()
    return {name for name, is_plan in zip(times, row, strict=True) if is_plan}


def _is_no_past(name: str, formats: Sequence[str]) -> str:
    said = f"nullif(trim({quote(name)}), '')"
    read = read_time(said, formats) if formats else f"try_cast({said} as timestamptz)"
    day = f"cast({read} as timestamp)"
    until = "cast(now() as timestamp) + interval 1 day"
    return f"{said} is not null and not coalesce({day} between timestamp '{_EARLIEST}' and {until}, false)"
