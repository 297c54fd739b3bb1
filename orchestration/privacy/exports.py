"""Who was in a file that left: keyed hashes, so that an erasure can say which exports held the person (Art. 19).

Here: `restricted.exports`, `restricted.export_members`. Not here: what is exported (activation/).
"""

from __future__ import annotations

from collections.abc import Sequence
from datetime import datetime

import duckdb

from orchestration.privacy.pepper import Pepper
from orchestration.warehouse import scalar, transaction

_DDL = """
create schema if not exists restricted;
create table if not exists restricted.exports (export_id varchar primary key, what varchar not null, exported_at timestamp not null);
create table if not exists restricted.export_members (export_id varchar not null, keyed_hash varchar not null);
"""
_MEMBER = "'exported:' || customer"


def note_export(
    con: duckdb.DuckDBPyConnection, pepper: Pepper, what: str, customers: Sequence[str], at: datetime
) -> str:
    """Notes that `customers` (ids) left in `what` at `at` (UTC, naive). Returns the export's id."""
    con.execute(_DDL)
    with transaction(con):
        export = str(
            scalar(
                con,
                "insert into restricted.exports values (uuidv7()::varchar, $what, $at) returning export_id",
                {"what": what, "at": at},
            )
        )
        con.execute(
            f"insert into restricted.export_members select $export, {pepper.hashed_sql(_MEMBER)} from (select unnest($customers::varchar[]) as customer)",
            {"export": export, "customers": list(customers), **pepper.parameters()},
        )
    return export


def exports_with(con: duckdb.DuckDBPyConnection, pepper: Pepper, customers: Sequence[str]) -> list[str]:
    """The exports that held one of `customers` (today's and old ids), as "when: what", the newest first."""
    con.execute(_DDL)
    rows = con.execute(
        "select strftime(e.exported_at, '%Y-%m-%d %H:%M') || ': ' || e.what from restricted.exports e where e.export_id in ("
        f"select m.export_id from restricted.export_members m where m.keyed_hash in (select {pepper.hashed_sql(_MEMBER)} from (select unnest($customers::varchar[]) as customer))) "
        "order by e.exported_at desc, e.export_id",
        {"customers": list(customers), **pepper.parameters()},
    ).fetchall()
    return [said for (said,) in rows]
