"""Which contact points a recipient still has from an export, so that it can be told to remove them again (Art. 7(3), 19).

Here: `restricted.exported_points`. A row is a random reference, which the exported file carries too, and keyed hashes of the
customer and the contact point. An erasure leaves the reference alone: it says nothing of anybody, and the recipient finds
the row by it. A row that was told goes after KEPT_DAYS. Not here: who may be written to, files (activation/).
"""

from __future__ import annotations

from collections.abc import Sequence
from datetime import datetime, timedelta

import duckdb
import pyarrow as pa

from orchestration.core.sql_scripts import sql_script
from orchestration.core.warehouse import has_table
from orchestration.match_keys import define_match_keys
from orchestration.privacy.secrets.pepper import Pepper

KEPT_DAYS = 31
_DDL = sql_script(__file__, "exported_points")
_CUSTOMER = "'exported:' || customer"
_POINT = "'exported-point:' || point_key"


def point_key(point: str) -> str:
    """SQL: how a contact point is compared: an address by its match key, a number by its end, other text in lower case."""
    digits = f"regexp_replace({point}, '[^0-9]', '', 'g')"
    return (
        f"case when contains({point}, '@') then coalesce(match_keys.email_key({point}), lower(trim({point}))) "
        f"when regexp_full_match({point}, '[-+0-9 ()/.]+') then right({digits}, 9) else lower(trim({point})) end"
    )


def prepare_points(con: duckdb.DuckDBPyConnection) -> None:
    con.execute(_DDL)


def hashed_customer(pepper: Pepper, column: str) -> str:
    """SQL: the keyed hash of a customer id; `pepper.parameters()` are to be bound."""
    return pepper.hashed_sql(_CUSTOMER.replace("customer", column))


def hashed_point(pepper: Pepper, key: str) -> str:
    """SQL: the keyed hash of a `point_key`; `pepper.parameters()` are to be bound."""
    return pepper.hashed_sql(_POINT.replace("point_key", key))


def note_points(
    con: duckdb.DuckDBPyConnection,
    pepper: Pepper,
    recipient: str,
    audience: str,
    asked: tuple[str, str],
    rows: Sequence[tuple[str, str]],
    at: datetime,
) -> list[str]:
    """Notes that the (customer id, contact point) of `rows` leave for `asked`, a purpose and a channel. Returns the
    reference of each, in their order; the same person and contact point keep theirs."""
    prepare_points(con)
    define_match_keys(con)
    leaving = pa.table(
        {
            "place": pa.array(range(len(rows)), pa.int64()),
            "customer": pa.array([customer for customer, _ in rows], pa.string()),
            "point": pa.array([point for _, point in rows], pa.string()),
        }
    )
    con.register("leaving_rows", leaving)
    con.execute(
        f"create or replace temp table leaving as select place, {hashed_customer(pepper, 'customer')} as customer_hash, "
        f"{hashed_point(pepper, 'key')} as point_hash from (select *, {point_key('point')} as key from leaving_rows)",
        pepper.parameters(),
    )
    con.unregister("leaving_rows")
    said = {"recipient": recipient, "audience": audience, "at": at}
    same = "e.recipient = $recipient and e.audience = $audience and e.customer_hash = l.customer_hash and e.point_hash = l.point_hash"
    con.execute(
        "insert into restricted.exported_points by name select distinct on (customer_hash, point_hash) $recipient as recipient, "
        "$audience as audience, $purpose as purpose, $channel as channel, uuid()::varchar as reference, customer_hash, point_hash, $at as exported_at "
        f"from leaving l where not exists (from restricted.exported_points e where {same})",
        {**said, "purpose": asked[0], "channel": asked[1]},
    )
    con.execute(
        "update restricted.exported_points e set exported_at = $at, told_at = null, purpose = $purpose, channel = $channel "
        f"from leaving l where {same}",
        {**said, "purpose": asked[0], "channel": asked[1]},
    )
    found = con.execute(
        f"select e.reference from leaving l join restricted.exported_points e on {same} order by l.place",
        {"recipient": recipient, "audience": audience},
    ).fetchall()
    con.execute("drop table leaving")
    return [reference for (reference,) in found]


def forget_points(con: duckdb.DuckDBPyConnection, pepper: Pepper) -> None:
    """Takes the hashes of whoever is noted to be erased; what the recipient was told of already goes whole."""
    if not has_table(con, "restricted", "exported_points"):
        return
    points = "(select kind, value from restricted.erasing_values where kind in ('email', 'phone') and not is_shared)"
    con.execute(
        "create or replace temp table forgotten as select reference from restricted.exported_points where customer_hash in "
        f"(select {hashed_customer(pepper, 'customer_id')} from restricted.erasing_customers) or point_hash in "
        f"(select {hashed_point(pepper, 'key')} from (select {point_key('value')} as key from {points}))",
        pepper.parameters(),
    )
    theirs = "reference in (select reference from forgotten)"
    con.execute(f"delete from restricted.exported_points where {theirs} and told_at is not null")
    con.execute(f"update restricted.exported_points set customer_hash = null, point_hash = null where {theirs}")
    con.execute("drop table forgotten")


def note_told(con: duckdb.DuckDBPyConnection, references: Sequence[str], at: datetime) -> None:
    """The recipient was told to remove these. Those of KEPT_DAYS ago go."""
    con.execute(
        "update restricted.exported_points set told_at = $at where told_at is null and list_contains($told::varchar[], reference)",
        {"at": at, "told": list(references)},
    )
    con.execute("delete from restricted.exported_points where told_at < $1", [at - timedelta(days=KEPT_DAYS)])
