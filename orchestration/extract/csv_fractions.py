"""Whether files hold fractions where whole numbers are declared. A reader rounds them, 4.6 into 5, without an error.

Not here: rejecting such rows (rejecting.py).
"""

from __future__ import annotations

from collections.abc import Sequence

import duckdb

from orchestration.core.warehouse import scalar
from orchestration.extract.csv_rejects import drops_of
from orchestration.extract.delivered_file import Delivered, paths
from orchestration.extract.rejecting import is_fraction, is_whole_number


def hold_fractions(
    con: duckdb.DuckDBPyConnection, files: list[Delivered], kinds: Sequence[str], as_text: str, rejects: str
) -> bool:
    """Whether a column c0, c1 … of `kinds` that is a whole number holds a fraction. Reads files only where bytes of one
    may be one; `as_text` are read_csv's options for all columns as text, with the table `rejects`."""
    doubtful = [file for file in files if file.lines.may_hold_fractions]
    whole = [f"({is_fraction(f'c{at}')})" for at, kind in enumerate(kinds) if is_whole_number(kind)]
    if not doubtful or not whole:
        return False
    found = scalar(
        con, f"select coalesce(bool_or({' or '.join(whole)}), false) from read_csv({paths(doubtful)}, {as_text})"
    )
    for drop in drops_of(rejects):
        con.execute(drop)
    return bool(found)
