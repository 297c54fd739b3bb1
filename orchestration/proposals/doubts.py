"""Columns that can be read in two ways: a map that reads one is less sure, and says so.

Here: days and months, thousands and fractions. Not here: which columns these are (columns.py), doubts about a consent (consents.py).
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace

from orchestration.contracts.conformed import entities
from orchestration.proposals.columns import Column
from orchestration.proposals.proposal import Proposal

# below what counts as sure (block.py): most likely so, and as likely as not
TO_LOOK_AT, IN_DOUBT = 0.7, 0.5


def with_doubts(one: Proposal, columns: Sequence[Column]) -> Proposal:
    """The map, with a note for each column of times or numbers that may mean something else."""
    by_name = {column.name: column for column in columns}
    kinds = entities()[one.entity]
    read = dict.fromkeys(name for f in one.filled if not kinds[f.target].startswith("varchar") for name in f.columns)
    told = [_doubt(by_name[name]) for name in read if name in by_name and by_name[name].is_ambiguous]
    return replace(one, sureness=min(one.sureness, IN_DOUBT), notes=(*one.notes, *told)) if told else one


def _doubt(column: Column) -> str:
    if column.formats:
        return f"{column.name}: the day and the month may be the other way round: it is read as {column.formats[0]}"
    either = f"{column.name}: its mark may part thousands, or a fraction: it is read as"
    if column.money:
        return f'{either} thousands: where it is a fraction, say decimal = "{"." if column.money == "," else ","}"'
    return f"{either} a fraction: where it is of thousands, declare it as VARCHAR, and say the other mark in decimal"
