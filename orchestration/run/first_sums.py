"""How many of the first rows of a table a night would set aside, all reasons together. Not here: which do not fit (first_rows.py, first_maps.py)."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass

import duckdb

from orchestration.core.warehouse import text
from orchestration.run.findings import Finding


@dataclass(frozen=True)
class Misfit:
    """Rows that do not fit: whether a night accepts so many, what, what to do; and the SQL of which these are, where a night sets them aside,
    with the reason in a few words."""

    is_few: bool
    problem: str
    to_do: str
    rows: str = ""
    reason: str = ""


def summed(
    con: duckdb.DuckDBPyConnection, what: str, kept: str | None, where: str, misfits: Sequence[Misfit],
    are_few: Callable[[int, int], bool],
) -> Finding:  # fmt: skip
    """How many of `first_rows` would be set aside, each by the first reason that it has, and how many the mapping leaves out: those that
    are not `kept`, None where that cannot be asked."""
    if kept is None:
        told = f"how many rows of {where} would be set aside is not known: `where` needs the types of its columns"
        return Finding(what, True, told, "`kundbild preview` tells it")
    reasons: dict[str, list[str]] = {}
    for one in misfits:
        if one.rows:
            reasons.setdefault(one.reason, []).append(one.rows)
    cases = [f"when {' or '.join(rows)} then {text(reason)}" for reason, rows in reasons.items()]
    why = f"case when not ({kept}) then '' {' '.join(cases)} else 'kept' end"
    counts = dict(con.execute(f"select {why}, count(*) from first_rows group by 1").fetchall())
    rows, left_out = sum(counts.values()), counts.get("", 0)
    by_reason = [f"{reason} ({counts[reason]:,})" for reason in reasons if reason in counts]
    aside = rows - left_out - counts.get("kept", 0)
    told = f"{aside:,} of the first {rows:,} rows of {where} would be set aside"
    told += f": {', '.join(by_reason)}" if aside else ""
    told += f"; the mapping leaves {left_out:,} out" if left_out else ""
    to_do = "mend what is told of it above, or see that so many may be missing" if aside else ""
    return Finding(what, are_few(aside, rows), told, to_do)
