"""What is in no mart, told: by table and reason, with numbers. Reads quarantine.set_aside, withdrawals that name nobody
and entries of registers that cannot be read, and amounts that are in doubt (doubtful_amounts.py).

Here: reading, telling, acknowledging. Not here: why rows are set aside (dbt_project), or what holds a publication
(data_quality/suites/set_aside.py).
"""

from __future__ import annotations

from dataclasses import dataclass

import duckdb

from orchestration.core.clock import now
from orchestration.core.errors import KundbildError
from orchestration.core.warehouse import has_table, scalar, text
from orchestration.extract.records import prepare_ops
from orchestration.identity.unread_entries import PREFIX
from orchestration.privacy.intake.person_id_columns import NUMBERS_AS_ID, told_of
from orchestration.run.doubtful_amounts import WHAT, doubtful_amounts

_WHAT = {
    "rejected": "could not be read",
    "duplicate": "came twice",
    "shared key": "share a key",
    "ignored": "ignored",
    "withdrawal": "withdrawals set aside",
    "about nobody": "withdrawals are about nobody known",
    "grant": "grants set aside",
    "register": "entries of a register set aside: whoever they are about may be in an audience",
    "number as id": "values do not enter",
    "register line": "lines of a register could not be read: whoever they are about may be in an audience",
    **WHAT,
}


@dataclass(frozen=True)
class SetAside:
    """Rows of one table that are in no mart, for one reason."""

    source: str
    table: str
    kind: str
    reason: str
    rows: int
    acknowledged: int
    came: int

    def __str__(self) -> str:
        share = f" of {self.came:,} ({self.rows / self.came:.1%})" if self.came else ""
        seen = f", {self.acknowledged:,} acknowledged" if self.acknowledged else ""
        return (
            f"{self.source} {self.table}: {self.rows:,}{share} {_WHAT.get(self.kind, 'set aside')}: {self.reason}{seen}"
        )


def read_set_aside(con: duckdb.DuckDBPyConnection) -> list[SetAside]:
    """Everything, statements first, then by number. Before the first night that knows the table no more than what extraction emptied."""
    emptied = _numbers_as_ids(con)
    if not has_table(con, "quarantine", "set_aside"):
        return emptied
    rows = con.execute(
        "select source_system, table_name, kind, reason, row_count, acknowledged_count, of_count from quarantine.set_aside "
        "order by kind <> 'withdrawal', kind <> 'grant', kind in ('duplicate', 'ignored'), row_count desc, 1, 2, 4"
    ).fetchall()
    nobodys = _about_nobody(con)
    # a register's lines are told there
    of_registers = {(one.source, one.table) for one in nobodys if one.kind == "register line"}
    others = [
        one for row in rows if (one := SetAside(*row)).kind != "rejected" or (one.source, one.table) not in of_registers
    ]
    return emptied + nobodys + others + [SetAside(*told) for told in doubtful_amounts(con)]


def _numbers_as_ids(con: duckdb.DuckDBPyConnection) -> list[SetAside]:
    """Columns of people's ids that held national identity numbers, as the last load of each table met them."""
    if not has_table(con, "ops", "removed_values"):
        return []
    return [
        SetAside(source, table, "number as id", told_of(column, values), values, 0, 0)
        for source, table, column, values, _ in con.execute(f"{NUMBERS_AS_ID} order by all").fetchall()
    ]


def _about_nobody(con: duckdb.DuckDBPyConnection) -> list[SetAside]:
    """Withdrawals of the ledger that name nobody (identity/untied.py), and entries of registers (identity/unread_entries.py)."""
    if not has_table(con, "identity", "untied_withdrawals"):
        return []
    rows = con.execute(
        f"select w.source_system, w.entity, w.reason, case when starts_with(w.digest, '{PREFIX}') then 'register line' else 'about nobody' end, "
        "count(*), count(a.digest), coalesce(any_value(b.raw_count), 0) "
        "from identity.untied_withdrawals w left join quarantine.books b on b.source_system = w.source_system and b.entity = w.entity "
        "left join ops.acknowledged a using (digest) "
        "group by 1, 2, 3, 4 order by all"
    ).fetchall()
    return [
        SetAside(source, entity, kind, reason, count, seen, came)
        for source, entity, reason, kind, count, seen, came in rows
    ]


def acknowledge(con: duckdb.DuckDBPyConnection, source: str, entity: str, key: str | None, note: str) -> int:
    """Notes that somebody saw to set-aside rows: all of an entity, or one. A row that comes again is new; of a
    withdrawal that names nobody only one with other content is. Returns how many.

    Raises KundbildError where there is none.
    """
    prepare_ops(con)
    found = f"from ({set_aside_rows(con)}) where source_system = {text(source)} and entity = {text(entity)}"
    found += f" and source_key = {text(key)}" if key is not None else ""
    if not scalar(con, f"select count(*) {found}"):
        raise KundbildError(
            f"nothing of {source} {entity} is set aside" + (" under that key" if key is not None else ""),
            to_do="`kundbild quarantine list` says what is",
        )
    noted = "insert or ignore into ops.acknowledged select distinct digest, $1, $2 "
    return int(scalar(con, noted + found, [now(), note]))


def set_aside_rows(con: duckdb.DuckDBPyConnection) -> str:
    """SQL: (source_system, entity, source_key, digest, kind, reason) of every row that can be acknowledged; `digest` is what
    ops.acknowledged knows it by."""
    columns = "source_system, entity, source_key"
    found = [
        f"select {columns}, {digest} as digest, {kind} as kind, reason from {schema}.{table}"
        for schema, table, digest, kind in (
            (
                "quarantine",
                "quarantined_rows",
                "md5(concat_ws('|', source_system, entity, load_id, source_key))",
                "kind",
            ),
            (
                "identity",
                "untied_withdrawals",
                "digest",
                f"case when starts_with(digest, '{PREFIX}') then 'register' else 'withdrawal' end",
            ),
        )
        if has_table(con, schema, table)
    ]
    nothing = "select null as source_system, null as entity, null as source_key, null as digest, null as kind, null as reason where false"
    return " union all ".join(found) or nothing
