"""What no map reads of orders though it looks like money, or like a share of it: a person is to look whether revenue is right without it.

Not here: which columns are amounts that a map reads (entities.py), currencies of them (currencies.py).
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace

from orchestration.contracts.words import plain_words_for, words_of
from orchestration.proposals.columns import Column
from orchestration.proposals.entities import COUNTS
from orchestration.proposals.found import FoundTable
from orchestration.proposals.proposal import SOLD
from orchestration.proposals.sums_of_lines import PAID, SUM

# shorter ones begin and end other words by chance
_WITHIN = 5


def with_unread_amounts(tables: Sequence[FoundTable]) -> list[FoundTable]:
    """The tables; those of orders and their lines with a note that names the amounts and shares that none of their maps reads."""
    amounts = [f for table in tables for one in table.usable if one.entity == "orders" and (f := one.of("amount"))]
    # an order's own total says what the customer pays; of lines that are summed each cost is to be added
    totals = [f.columns[0] for f in amounts if not (f.sql or f.aggregate or f.columns[0] == SUM)]
    paid = [f for f in amounts if PAID in f.columns]
    return [_noted(table, totals[0] if totals and len(totals) == len(amounts) else "", bool(paid)) for table in tables]


def _noted(table: FoundTable, total: str, is_paid: bool) -> FoundTable:
    if not any(one.entity in SOLD for one in table.usable):
        return table
    names = [
        column.name
        for column in table.columns
        if column.name not in table.read
        and column.name not in table.withheld
        and _is_amount(column)
        and not _is_told(table, column)
    ]
    if not names:
        return table
    them, looks = (", ".join(names), "look like amounts or shares") if len(names) > 1 else (names[0], "looks like an amount or a share")  # fmt: skip
    told = f"{table.name}: {them}: no map reads what {looks} of an order, "
    if is_paid:
        told += "for revenue is what was paid"
    elif total:
        told += f"for revenue is {total}, the order's own total: look whether that includes it"
    else:
        told += "and revenue is without it"
    return replace(table, notes=(*table.notes, told))


def _is_told(table: FoundTable, column: Column) -> bool:
    """Whether a map tells already that it counts, and is no amount."""
    return any(note.startswith(f"{column.name}: {COUNTS}") for one in table.maps for note in one.notes)


def _is_amount(column: Column) -> bool:
    """Whether a column is of amounts: a currency stands beside its values, or they are numbers and its name has a word of money or shares."""
    is_share = bool(column.values) and all(value.rstrip().endswith("%") for value in column.values)
    if not column.filled or column.is_flag or not (column.is_number or is_share):
        return False
    return is_share or column.currency is not None or any(map(_says_money, words_of(column.name)))


def _says_money(word: str) -> bool:
    """Whether a word of a name is of money, or is made of one: fraktbelopp."""
    words = plain_words_for("money")
    return word in words or any(len(one) >= _WITHIN and (word.startswith(one) or word.endswith(one)) for one in words)
