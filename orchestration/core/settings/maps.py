"""Settings of mappings: which columns of a raw table become which of a conformed entity.

Here: the shape of `maps` in `kundbild.toml`. Not here: all other settings (settings/__init__.py), or the SQL of it (transform/mapping_sql.py).
"""

from __future__ import annotations

from typing import Literal

from pydantic import BaseModel, Field

# entities of which a row is a statement: it may grant or withdraw
STATEMENTS = ("consent_events", "email_events")
# entities of which a row hides somebody, or reserves them against marketing
REGISTERS = ("reservations", "address_updates")
# how long what is known of them holds, where nothing else is said (rule 15)
STATEMENT_HOURS = 24


class ColumnMap(BaseModel, extra="forbid", frozen=True, populate_by_name=True):
    """Where one conformed column comes from, when a plain column name does not say enough."""

    column: str | list[str] = Field(description="of a key: several columns that together are one")
    formats: list[str] = Field(default=[], description="strptime formats, tried in turn, for dates and timestamps")
    values: dict[str, str] = Field(
        default={}, description="source value → conformed value, compared without case and surrounding blanks"
    )
    otherwise: str | None = Field(
        default=None,
        alias="else",
        description="conformed value of every value that `values` does not name; they stay else",
    )
    decimal: Literal[",", "."] | None = Field(
        default=None,
        description="the decimal mark of amounts as people write them: 1 234,50 kr. Blanks, currencies and the other mark go",
    )
    ignore: list[str] = Field(default=[], description="source values whose rows are left out, and counted")
    on_bad: Literal["quarantine", "null"] = "quarantine"

    @property
    def columns(self) -> list[str]:
        return [self.column] if isinstance(self.column, str) else self.column


class EntityMap(BaseModel, extra="forbid", frozen=True):
    """A raw table that only needs renaming, casting or constants to become a conformed entity."""

    entity: str
    name: str = Field(
        default="",
        description="tells several maps of one table to one entity apart: part of the keys of all but the first",
    )
    columns: dict[str, str | list[str] | ColumnMap]
    constants: dict[str, str | int | float | bool] = {}
    one_row_per_key: bool = Field(
        default=False, description="rows that share the source_key are one row (customers read out of an order list)"
    )

    @property
    def read(self) -> list[str]:
        """The table's columns that it reads."""
        return list(dict.fromkeys(c for name in self.columns if (how := self.how(name)) for c in how.columns))

    def how(self, column: str) -> ColumnMap | None:
        """What a conformed column is read from; None where it is a constant or not mapped."""
        said = self.columns.get(column)
        return ColumnMap(column=said) if isinstance(said, str | list) else said
