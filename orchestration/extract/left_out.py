"""Declared columns that no row of a delivery in JSON has: whoever writes JSON may leave out what is null.

Such a column is read as null, and told, unless something says that it was removed or renamed. Not here: formats whose
columns stand there whether they are filled or not (raw_tables.py).
"""

from __future__ import annotations

import json
from functools import cache, cached_property

import duckdb

from orchestration.core.errors import SourceError
from orchestration.core.settings import Table
from orchestration.core.warehouse import quote, scalar
from orchestration.extract.raw_tables import check_contract, raw_name, raw_types, told_key, undeclared_before
from orchestration.extract.stores import some_of

# so unlikely must it be that as many rows as came are empty by chance, by what raw has of the column
_BY_CHANCE = 0.001
# names of columns that an error tells
_MOST_NAMED = 8
# so few rows tell nothing of a column
_FEW_ROWS = 20


class LeftOut:
    """What one load leaves out. Ask it for each file or page."""

    def __init__(self, con: duckdb.DuckDBPyConnection, source: str, name: str, table: Table) -> None:
        self.con, self.source, self.name, self.table = con, source, name, table
        self._found: dict[str, dict[str, int]] = {}  # column → file or page → rows
        self._filled = cache(self._share_filled)  # asked page by page

    def check(self, found: list[str], rows: int, where: str) -> list[str]:
        """The columns beyond the declared ones. `found` are those that stand in any of `rows` rows.

        Raises SourceError as check_contract does, where a column that is missing is a key or a cursor, was filled so often
        that as many empty rows are no chance, or may have a new name; and where a register or a statement lacks any. Columns of
        `filled_only` are never missing.
        """
        found = [*found, *(c for c in self.table.filled_only if c not in found)]
        missing = [c for c in self.table.columns if c not in found]
        if found and len(missing) == len(self.table.columns):
            raise self._all_missing(found, where)
        empty = [] if self._is_strict(found, missing) else [c for c in missing if not self._is_needed(c, rows)]
        added = check_contract(self.source, self.name, self.table, [*found, *empty], where, told_key, self._before)
        for column in empty:
            seen = self._found.setdefault(column, {})
            seen[where] = seen.get(where, 0) + rows
        return added

    @property
    def notes(self) -> list[str]:
        return [
            f"column {column} stands in none of {sum(seen.values()):,} rows of {some_of(list(seen))}: read as empty"
            for column, seen in self._found.items()
        ]

    def _is_strict(self, found: list[str], missing: list[str]) -> bool:
        """Whether no column may be left out: of whoever said no, or is protected, an empty one may say yes."""
        table = self.table
        is_of_people = table.holds_statements or table.is_register or table.is_address_register
        if not missing or is_of_people or len(missing) == len(table.columns):
            return True
        # a name that was never seen may be a new one of the column
        return any(c not in table.columns and told_key(c) not in (self._before or ()) for c in found)

    def _all_missing(self, found: list[str], where: str) -> SourceError:
        there = list(dict.fromkeys(map(told_key, found)))
        named = ", ".join(there[:_MOST_NAMED]) + (
            f" and {len(there) - _MOST_NAMED} more" if len(there) > _MOST_NAMED else ""
        )
        told = f" = {json.dumps(there[0], ensure_ascii=False)}" if len(there) == 1 else ""
        return SourceError(
            f"source {self.source}, table {self.name}: none of its columns is there; each object has {named}",
            where=where,
            to_do=f"where its rows are a list within each, say rows_in{told} below "
            f"[sources.{self.source}.tables.{self.name}]; else the columns are {', '.join(self.table.columns)}: fix them, or the export",
        )

    def _is_needed(self, column: str, rows: int) -> bool:
        table = self.table
        identity = [table.national_id.column] if table.national_id else []
        if column in [*table.key, table.cursor, *identity]:
            return True
        return rows >= _FEW_ROWS and (1 - self._filled(column)) ** rows < _BY_CHANCE

    @cached_property
    def _before(self) -> set[str] | None:
        return undeclared_before(self.con, self.source, self.name)

    def _share_filled(self, column: str) -> float:
        """The share of raw's rows that have a value; none of a column that raw does not keep."""
        if column not in raw_types(self.con, self.source, self.name):
            return 0.0
        share = f"select count({quote(column)}) / count(*) from {raw_name(self.source, self.name)} where _deleted_at is null"
        return float(scalar(self.con, share) or 0)
