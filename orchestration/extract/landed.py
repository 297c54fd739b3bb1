"""What an API answered, as Parquet below a folder: its rows and its rejects as SQL, and those of a second read beside them.

Not here: fetching (rest.py), merging into raw (landing.py).
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path

import duckdb
import pyarrow as pa

from orchestration.contracts.reasons import UNKNOWN, set_aside_words
from orchestration.core.settings import Table
from orchestration.core.warehouse import quote, scalar, text
from orchestration.extract.pages import NOT_OF_TYPE, REJECTED_CODE, REJECTED_COLUMN, REJECTED_FOR, REJECTS, is_json
from orchestration.extract.raw_tables import raw_name


@dataclass(frozen=True)
class Landed:
    """`select` yields the declared columns of the rows. `read` yields all that was answered, with the columns `found`; "" where that is nothing."""

    select: str
    read: str
    found: frozenset[str]

    @classmethod
    def of(
        cls,
        con: duckdb.DuckDBPyConnection,
        folder: Path,
        name: str,
        columns: Mapping[str, str],
        schema: Mapping[str, pa.Field],
    ) -> Landed:
        """The packages of the endpoint `name` below the folder. `schema` has the columns as they travel."""
        files = sorted(folder.glob(f"raw/{name}/*.parquet"))
        if not files:
            nothing = ", ".join(f"null::{kind} as {quote(c)}" for c, kind in columns.items())
            return cls(f"select {nothing} where false", "", frozenset())
        read = f"read_parquet([{', '.join(text(file) for file in files)}], union_by_name = true)"
        found = frozenset(row[0] for row in con.execute(f"describe from {read}").fetchall())
        good = f"where {REJECTS} is null" if REJECTS in found else ""
        names = ", ".join(
            f"{quote(_as_written(c))}{'::json' if is_json(schema[c]) else ''} as {quote(c)}" for c in columns
        )
        return cls(f"select {names} from {read} {good}", read, found)

    def rejects(self, load_id: int, source: str, name: str) -> str:
        """A SELECT of the rejects, as `fresh_rejects` has them."""
        if REJECTS not in self.found:
            return "select * from fresh_rejects where false"
        # a package that a run of an older version left says no reason, or no code of it
        words, code = text(set_aside_words(NOT_OF_TYPE)), text(UNKNOWN)
        told = (
            f"{REJECTED_COLUMN}, coalesce({REJECTED_FOR}, {words})" if REJECTED_FOR in self.found else f"null, {words}"
        )
        told += f", coalesce({REJECTED_CODE}, {code})" if REJECTED_CODE in self.found else f", {code}"
        return (
            f"select {load_id}, {text(source)}, {text(name)}, null, null, {told}, {REJECTS} "
            f"from {self.read} where {REJECTS} is not null"
        )

    def misses_rows(self, con: duckdb.DuckDBPyConnection, source: str, name: str, table: Table) -> bool:
        """Whether raw has a row, not marked as gone, whose key was not answered."""
        is_same = " and ".join(
            f"try_cast(a.{quote(c)} as {table.columns[c]}) is not distinct from r.{quote(c)}" for c in table.key
        )
        missed = f"{raw_name(source, name)} r where r._deleted_at is null and not exists (select 1 from ({self.select}) a where {is_same})"
        return bool(scalar(con, f"select exists (select 1 from {missed})"))

    def with_what_is_only_in(self, again: Landed, key: list[str]) -> str:
        """A SELECT of these rows, and of those of a second read whose keys these do not have."""
        is_same = " and ".join(f"a.{quote(c)} is not distinct from f.{quote(c)}" for c in key)
        more = f"select * from ({again.select}) a where not exists (select 1 from ({self.select}) f where {is_same})"
        return f"select * from ({self.select}) union all {more}"


def _as_written(column: str) -> str:
    """The name of a column in the files that dlt writes: without quotes and line ends."""
    from dlt.common.normalizers.naming.direct import NamingConvention

    return NamingConvention().normalize_identifier(column)
