"""Who was in a file that left: keyed hashes, so that an erasure can say which exports held the person (Art. 19).

Here: `restricted.exports`, `restricted.export_members`, and `restricted.held_out`: who was left out of an audience's file at random. Not here: what is exported (activation/), which contact points a
recipient has to remove again (exported_points.py).
"""

from __future__ import annotations

import hashlib
import re
from collections.abc import Sequence
from datetime import date, datetime

import duckdb

from orchestration.core.errors import KundbildError
from orchestration.core.sql_scripts import sql_script
from orchestration.core.warehouse import changed_rows, has_table, scalar, text
from orchestration.privacy.audit.exported_points import hashed_customer
from orchestration.privacy.secrets.pepper import Pepper

_DDL = sql_script(__file__, "exports")
_RECIPIENT = re.compile(r"[A-Za-z0-9][A-Za-z0-9_.-]{0,63}")


def prepare_exports(con: duckdb.DuckDBPyConnection) -> None:
    con.execute(_DDL)


def assert_recipient(recipient: str) -> None:
    """Raises KundbildError where a recipient's name is more than the name of a thing: it stands in logs."""
    if recipient and not _RECIPIENT.fullmatch(recipient):
        raise KundbildError(
            "a recipient's name holds only letters, digits, dots, hyphens and underscores",
            to_do="write --recipient mailer",
        )


def content_hash(pepper: Pepper, content: bytes) -> str:
    """The keyed hash by which a file that is found somewhere is known again."""
    return pepper.hashed(f"content:{hashlib.sha256(content).hexdigest()}")


def note_export(
    con: duckdb.DuckDBPyConnection,
    pepper: Pepper,
    what: str,
    customers: Sequence[str],
    at: datetime,
    *,
    recipient: str = "",
    content: bytes | None = None,
    held_out: Sequence[str] = (),
) -> str:
    """Notes that `customers` (ids) left in `what` at `at` (UTC, naive), in a file of that `content`, and left `held_out`
    out of it. Returns the export's id.

    To be called in the transaction in which the file is written.
    """
    prepare_exports(con)
    noted = {"what": what, "at": at, "recipient": recipient or None}
    hashed = content_hash(pepper, content) if content is not None else None
    export = str(
        scalar(
            con,
            "insert into restricted.exports (export_id, what, exported_at, recipient, content_hash) "
            "values (uuidv7()::varchar, $what, $at, $recipient, $hashed) returning export_id",
            {**noted, "hashed": hashed},
        )
    )
    for table, noted_there in (("export_members", customers), ("held_out", held_out)):
        con.execute(
            f"insert into restricted.{table} select $export, {hashed_customer(pepper, 'customer')} from (select unnest($customers::varchar[]) as customer)",
            {"export": export, "customers": list(noted_there), **pepper.parameters()},
        )
    return export


def exports_with(con: duckdb.DuckDBPyConnection, pepper: Pepper, customers: Sequence[str]) -> list[str]:
    """The exports that held one of `customers` (today's and old ids), as "when: what to recipient", the newest first."""
    prepare_exports(con)
    rows = con.execute(
        "select strftime(e.exported_at, '%Y-%m-%d %H:%M') || ': ' || e.what || coalesce(' to ' || e.recipient, '') "
        "from restricted.exports e where e.export_id in ("
        f"select m.export_id from restricted.export_members m where m.keyed_hash in (select {hashed_customer(pepper, 'customer')} from (select unnest($customers::varchar[]) as customer))) "
        "order by e.exported_at desc, e.export_id",
        {"customers": list(customers), **pepper.parameters()},
    ).fetchall()
    return [said for (said,) in rows]


def held_out_of(con: duckdb.DuckDBPyConnection, pepper: Pepper, customers: Sequence[str]) -> list[tuple[str, datetime]]:
    """(what, when) of the exports that left out at random one of `customers` (today's and old ids), the newest first."""
    prepare_exports(con)
    return con.execute(
        "select e.what, e.exported_at from restricted.exports e semi join (from restricted.held_out h where h.keyed_hash in "
        f"(select {hashed_customer(pepper, 'customer')} from (select unnest($customers::varchar[]) as customer))) h using (export_id) "
        "order by e.exported_at desc, e.export_id",
        {"customers": list(customers), **pepper.parameters()},
    ).fetchall()


def forget_members(con: duckdb.DuckDBPyConnection, before: date) -> dict[str, int]:
    """Forgets who was in, or was held out of, exports of before the day; that they were made stays. Needs a transaction. Returns the rows by
    table."""
    old = f"export_id in (select export_id from restricted.exports where exported_at < date {text(before.isoformat())})"
    return {
        f"restricted.{table}": changed_rows(con, f"delete from restricted.{table} where {old}")
        for table in ("export_members", "held_out")
        if has_table(con, "restricted", table)
    }
