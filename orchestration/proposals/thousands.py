"""Numbers as text of which each has three digits behind its one mark: 2.101 is two thousand where people write 2,1 for a fraction.

Here: columns that are read so, by what else the table says of its place: of a CSV file, or of texts in JSON and in databases. Not here:
which columns can be read either way (amounts.py).
"""

from __future__ import annotations

from collections.abc import Collection, Sequence
from dataclasses import replace

from orchestration.contracts.conformed import entities
from orchestration.core.settings import CsvDialect
from orchestration.proposals.columns import Column
from orchestration.proposals.proposal import Proposal

# decimal mark → what files of places that write the other one have: what parts their fields, and how their dates begin
_OTHER_PLACES = {".": (";", "%d."), ",": (",", "%m/")}
# of money: a fraction of three digits would lose one
_MONEY = "decimal(18, 2)"


def tells_decimal(columns: Sequence[Column], texts: Collection[str]) -> bool:
    """Whether a number that is written as text shows its decimal mark beyond doubt; `texts` are the columns of text."""
    fractions = [c for c in columns if c.name in texts and c.is_number and c.kind != "BIGINT"]
    return any(not c.is_ambiguous for c in fractions)


def with_thousands(columns: Sequence[Column], csv: CsvDialect | None = None) -> list[Column]:
    """The columns of a table of which no other number tells the decimal mark, where its fields or dates are those of a place that
    writes the other mark; of what is no CSV, where its dates are."""
    delimiter, start = _OTHER_PLACES[_decimal(csv)]
    is_other = csv is not None and csv.delimiter == delimiter
    if not is_other and not any(f.startswith(start) for c in columns for f in c.formats):
        return list(columns)
    return _as_thousands(columns, csv, {column.name for column in columns})


def with_thousands_of_money(
    columns: Sequence[Column], csv: CsvDialect | None, maps: Sequence[Proposal]
) -> list[Column]:
    """The columns, of which those that the maps take for money have no fraction of three digits."""
    of_money = {
        c for one in maps for f in one.filled if entities()[one.entity][f.target] == _MONEY for c in f.columns
    }  # fmt: skip
    return _as_thousands(columns, csv, of_money)


def _as_thousands(columns: Sequence[Column], csv: CsvDialect | None, names: Collection[str]) -> list[Column]:
    """As text, with the other mark before a fraction; they stay ambiguous."""
    other = "," if _decimal(csv) == "." else "."
    return [
        replace(c, kind="VARCHAR", money=other) if c.name in names and c.is_ambiguous and c.is_number and not c.money else c
        for c in columns
    ]  # fmt: skip


def _decimal(csv: CsvDialect | None) -> str:
    return csv.decimal if csv else "."
