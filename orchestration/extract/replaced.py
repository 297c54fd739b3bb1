"""Statements that another row of their key replaces before the ledger of withdrawals has read them.

Raw holds one row for each key, and the ledger reads raw once a night. A row that says no and is replaced earlier, by a
row of the same delivery or by the next delivery, is kept as rejected lines are, and the ledger reads it there. Rows that
grant are not kept. Not here: which row of a key stands (merging.py), reading what is kept (privacy/intake/rejected_withdrawals.py).
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

import duckdb

from orchestration.contracts.reasons import set_aside_as
from orchestration.core.settings import Source, Table
from orchestration.core.warehouse import quote, text
from orchestration.extract.raw_tables import raw_name
from orchestration.privacy.intake.entry_columns import kept_columns
from orchestration.privacy.intake.line_readers import Reader, readers_of
from orchestration.privacy.intake.rejected_withdrawals import REPLACED
from orchestration.privacy.intake.withdrawals import prepare_withdrawals, read_until


@dataclass(frozen=True)
class Replaced:
    """The replaced statements of one load. `refuses` is SQL on a raw row, `read_until` the newest load that the ledger has read."""

    source: str
    name: str
    table: Table
    columns: Sequence[str]
    refuses: str
    read_until: int

    @staticmethod
    def of(con: duckdb.DuckDBPyConnection, name: str, source: Source, table_name: str, table: Table) -> Replaced | None:
        """None for a table that holds no statements, or has no key."""
        if not table.holds_statements or not table.key:
            return None
        prepare_withdrawals(con)
        con.execute("drop table if exists replaced_statements")
        of = list(readers_of(name, source, table_name, table))
        kept = kept_columns(table)
        until = min((read_until(con, reader.entity, name) for reader in of), default=0)
        return Replaced(name, table_name, table, tuple(kept), " or ".join(map(_refuses, of)) or "false", until)

    def take(self, con: duckdb.DuckDBPyConnection, rows: str, *, is_raw: bool = False) -> None:
        """Notes those of `rows`, about to be deleted, that may say no; of raw's those that the ledger has not read."""
        unread = f" and _load_id > {self.read_until}" if is_raw else ""
        names = ", ".join(quote(c) for c in [*self.columns, "_load_id", "_source_file"])
        con.execute(
            f"create temp table if not exists replaced_statements as select {names} from {raw_name(self.source, self.name)} limit 0"
        )
        con.execute(
            f"insert into replaced_statements by name select {names} from {rows} where ({self.refuses}){unread}"
        )

    def keep(self, con: duckdb.DuckDBPyConnection) -> None:
        """Moves what was noted to the rejected rows, but for rows that raw has just so."""
        if not con.execute("select 1 from duckdb_tables() where table_name = 'replaced_statements'").fetchall():
            return
        same = " and ".join(f"r.{quote(c)} is not distinct from t.{quote(c)}" for c in self.columns)
        content = ", ".join(f"{text(c)}: {quote(c)}" for c in self.columns)
        con.execute(
            f"insert into fresh_rejects select distinct _load_id, {text(self.source)}, {text(self.name)}, _source_file, null, null, "
            f"{set_aside_as(REPLACED)}, to_json({{{content}}})::varchar from replaced_statements t "
            f"anti join {raw_name(self.source, self.name)} r on {same}"
        )
        con.execute("drop table replaced_statements")


def _refuses(reader: Reader) -> str:
    return f"not coalesce({reader.granted}, false)"
