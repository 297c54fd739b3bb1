"""People of whom a table has several rows: a column beside the key says who they are, and repeats.

Here: the note that each row is a person of its own. Not here: which column is the key (keys.py), who is one person (identity/).
"""

from __future__ import annotations

import re
from collections.abc import Sequence
from dataclasses import replace

from orchestration.proposals.columns import Column
from orchestration.proposals.found import FoundTable
from orchestration.proposals.proposal import Proposal

# customer_unique_id, master_customer_no, unikt_kundnr
_SAYS_WHO = re.compile(
    r"(?i)(?:^|[_ -])(?:uni(?:que|k|kt|kke)|master|golden)(?:[_ -]|id$|nr$)(?:.*(?:id|key|no|nr|nummer))?$"
)
# different values a row: fewer are groups of people; more may be one a row, for the estimate is off by a few per cent
_LEAST_SHARE, _MOST_SHARE = 0.1, 0.95


def with_repeats(tables: Sequence[FoundTable]) -> list[FoundTable]:
    """The tables; a map of people tells of a column that seems to say who somebody is, and that several rows share."""
    return [replace(table, maps=[_with_repeat(table, one) for one in table.maps]) for table in tables]


def _with_repeat(table: FoundTable, one: Proposal) -> Proposal:
    key = one.of("source_key")
    if one.entity != "people" or one.one_row_per_key or not key or len(key.columns) != 1:
        return one
    notes = [
        f"each {key.columns[0]} becomes a person. {column.name} repeats: {column.rows:,} rows have about {column.distinct:,} of it. "
        "Where it says who somebody is, join their rows before they are delivered: by it alone they are not known to be one"
        for column in table.columns
        if column.name not in key.columns and _SAYS_WHO.search(column.name) and _is_shared(column)
    ]
    return replace(one, notes=(*one.notes, *notes))


def _is_shared(column: Column) -> bool:
    return column.filled == column.rows and _LEAST_SHARE * column.rows < column.distinct < _MOST_SHARE * column.rows
