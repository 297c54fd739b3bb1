"""Settings of mappings: which columns of a raw table become which of a conformed entity.

Here: the shape of `maps` in `kundbild.toml`. Not here: all other settings (settings/__init__.py), or the SQL of it (transform/mapping_sql.py).
"""

from __future__ import annotations

from datetime import timedelta
from functools import cached_property, lru_cache
from typing import Literal

from pydantic import BaseModel, Field, model_validator

# What settings must know of entities before dbt's contracts are read; tests/structure/test_entities.py compares the two.
# Entities of which a row says what was sold: totals outlast the person
ACCOUNTING = ("invoices", "order_items", "orders")
# entities of which a row is a statement: it may grant or withdraw
STATEMENTS = ("consent_events", "email_events")
# entities of which a row hides somebody, or reserves them against marketing
REGISTERS = ("reservations", "address_updates")
# how long permissions, and what sources said, hold where nothing else is said (rule 15)
MAX_AGE = timedelta(hours=24)
MAX_AGE_HOURS = MAX_AGE // timedelta(hours=1)


@lru_cache(maxsize=1000)
def _columns_in(expression: str) -> tuple[str, ...]:
    from sqlglot import parse_one
    from sqlglot.errors import SqlglotError
    from sqlglot.expressions import Column

    try:
        tree = parse_one(expression, dialect="duckdb")
    except SqlglotError:
        return ()  # whoever checks it says so
    return tuple(dict.fromkeys(column.name for column in tree.find_all(Column)))


def columns_in(expression: str) -> list[str]:
    """The columns that an SQL expression names; none where it cannot be read."""
    return list(_columns_in(expression))


class ColumnMap(BaseModel, extra="forbid", frozen=True, populate_by_name=True):
    """Where one conformed column comes from, when a plain column name does not say enough."""

    column: str | list[str] | None = Field(default=None, description="of a key: several columns that together are one")
    sql: str | None = Field(
        default=None,
        description="instead of a column: an expression on the table's columns, as DuckDB's SQL: quantity * price",
    )
    aggregate: Literal["sum", "min", "max"] | None = Field(
        default=None, description="of rows that share the source_key: orders out of their lines; needs one_row_per_key"
    )
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

    @cached_property
    def columns(self) -> list[str]:
        """The table's columns that it reads."""
        if self.sql is not None:
            return columns_in(self.sql)
        return [self.column] if isinstance(self.column, str) else self.column or []

    @property
    def is_computed(self) -> bool:
        return self.sql is not None or self.aggregate is not None


class Lookup(BaseModel, extra="forbid", frozen=True):
    """Columns of another table of the source, beside the rows that refer to it by its key."""

    table: str
    by: dict[str, str] = Field(
        min_length=1, description="column of this table, or what an earlier lookup brought → column of the other one"
    )
    columns: dict[str, str] = Field(min_length=1, description="name here → column of the other table")
    aggregate: Literal["max", "min", "sum"] = Field(default="max", description="of several rows there that fit")
    where: str = Field(
        default="", description="a condition on the other table's columns, as SQL: other rows do not count"
    )
    first_by: list[str] = Field(
        default=[],
        description="in place of aggregate: of several rows there that fit, all columns are those of the first row by these, lowest and "
        "empty ones before",
    )

    @model_validator(mode="after")
    def _is_of_one_row_or_of_all(self) -> Lookup:
        if self.first_by and "aggregate" in self.model_fields_set:
            raise ValueError(f"the lookup in '{self.table}' says aggregate and first_by: say one of them")
        return self


class EntityMap(BaseModel, extra="forbid", frozen=True):
    """A raw table that only needs renaming, casting or constants to become a conformed entity."""

    entity: str
    name: str = Field(
        default="",
        description="tells several maps of one table to one entity apart: part of the keys of all but the first",
    )
    columns: dict[str, str | list[str] | ColumnMap]
    constants: dict[str, str | int | float | bool] = {}
    each: dict[str, dict[str, str]] = Field(
        default={},
        description="columns beside one another, each of which has a map of its own: column → constants, or columns in place of the map's; $column stands "
        "for it in the map",
    )
    where: str = Field(
        default="",
        description="a condition on the table's columns, as SQL: other rows are left out, and counted",
    )
    one_row_per_key: bool = Field(
        default=False, description="rows that share the source_key are one row (customers read out of an order list)"
    )
    lookups: list[Lookup] = []
    lines_of: str = Field(
        default="",
        description="the column of which rows are lines, as of an order: of several files with its lines the newest counts",
    )
    said_once: list[str] = Field(
        default=[], description="columns that only one of the lines says, and that are said of all; needs lines_of"
    )

    # of the whole: one of a column would be named in the place of its mistakes
    @model_validator(mode="after")
    def _columns_are_of_one(self) -> EntityMap:
        for target in self.columns:
            how = self.how(target)
            if how and (how.column is None) == (how.sql is None):
                raise ValueError(f"'{target}' says neither or both of column and sql: say either column or sql")
            if how and how.aggregate and how.formats:
                raise ValueError(
                    f"'{target}' says aggregate and formats: read the time in sql, as strptime(day, '%d.%m.%Y')"
                )
        if self.each:
            raise ValueError("each is of the configuration file, which makes a map of each column")
        if self.said_once and not self.lines_of:
            raise ValueError("said_once says no lines_of: name the column of which rows are lines")
        return self

    @property
    def read(self) -> list[str]:
        """The table's columns that it reads."""
        read = [c for name in self.columns if (how := self.how(name)) for c in how.columns]
        read += [*(columns_in(self.where) if self.where else []), *(c for one in self.lookups for c in one.by)]
        read += [self.lines_of] if self.lines_of else []
        return [c for c in dict.fromkeys(read) if c not in self.looked_up]

    @property
    def looked_up(self) -> dict[str, str]:
        """The columns that its lookups bring → the tables that they come from."""
        return {name: one.table for one in self.lookups for name in one.columns}

    @property
    def is_computed(self) -> bool:
        is_computed = any(how.is_computed for name in self.columns if (how := self.how(name)))
        return is_computed or bool(self.where or self.lookups or self.lines_of)

    def is_raw(self, column: str) -> bool:
        """Whether a conformed column is mapped, and from columns of the raw table alone, as they are."""
        how = self.how(column)
        return how is not None and not how.is_computed and {*how.columns}.isdisjoint(self.looked_up)

    def how(self, column: str) -> ColumnMap | None:
        """What a conformed column is read from; None where it is a constant or not mapped."""
        said = self.columns.get(column)
        return ColumnMap(column=said) if isinstance(said, str | list) else said
