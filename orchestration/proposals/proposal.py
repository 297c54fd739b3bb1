"""The shape of a proposal: one map of a table to an entity; and what it needs to know of the company. Not here: how it is found (entities.py), or written (block.py)."""

from __future__ import annotations

from collections.abc import Collection, Mapping
from dataclasses import dataclass, field
from typing import Any

# entities of what was sold
SOLD = ("orders", "order_items")


@dataclass(frozen=True)
class Filled:
    """One conformed column: what it is read from, how sure that is (0 to 1), and why."""

    target: str
    columns: tuple[str, ...]
    sureness: float
    why: str
    values: dict[str, str] = field(default_factory=dict)  # what the map says of them
    ignore: tuple[str, ...] = ()
    otherwise: str = ""  # what every other value means
    sql: str = ""  # an expression in place of a column, and of which rows of a key it is the sum
    aggregate: str = ""


@dataclass(frozen=True)
class Proposal:
    """One map of a table to an entity. `missing` are required columns that nothing fills: it would be refused."""

    entity: str
    filled: tuple[Filled, ...]
    sureness: float
    one_row_per_key: bool = False
    missing: tuple[str, ...] = ()
    constants: dict[str, str] = field(default_factory=dict)
    name: str = ""
    notes: tuple[str, ...] = ()  # what a person has to know or do
    lookups: tuple[Mapping[str, Any], ...] = ()  # as the map says them
    lines_of: str = ""  # the column of which rows are lines, and what one line says of all
    said_once: tuple[str, ...] = ()
    where: str = ""  # a condition, as SQL, on the columns beside it: other rows are left out
    where_columns: tuple[str, ...] = ()
    assumes_currency: bool = False  # that of the constants, for no column says one

    @property
    def read(self) -> set[str]:
        """The columns that it reads."""
        lines = {self.lines_of} if self.lines_of else set()
        return {*lines, *self.where_columns, *(column for filled in self.filled for column in filled.columns)}

    @property
    def looked_up(self) -> set[str]:
        """The columns that its lookups bring."""
        return {name for one in self.lookups for name in one["columns"]}

    def of(self, target: str) -> Filled | None:
        return next((one for one in self.filled if one.target == target), None)


@dataclass(frozen=True)
class Company:
    """What a company says of itself in kundbild.toml that a proposal needs: its currency, and the purposes that it named itself."""

    currency: str
    purposes: Collection[str] = ()
    is_currency_said: bool = True  # not the one that a company has unless it says another
