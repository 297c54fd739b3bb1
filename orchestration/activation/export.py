"""An audience as a file for whoever sends: only while the permissions are fresh, and with a note of who was in it.

Here: `restricted.exports`, `restricted.export_members` (keyed hashes), by which an erasure tells who has to be told
(Art. 19). Not here: who is in an audience (dbt: marts/audiences).
"""

from __future__ import annotations

import csv
import io
from dataclasses import dataclass
from datetime import datetime, timedelta
from pathlib import Path

import duckdb

from orchestration.errors import GateError, KundbildError
from orchestration.home import write_private
from orchestration.privacy.exports import note_export
from orchestration.privacy.pepper import Pepper
from orchestration.warehouse import quote, scalar

MAX_AGE = timedelta(hours=24)
_PREFIX = "audience_"


@dataclass(frozen=True)
class Audience:
    """Its name, for which purpose and channel, and how many are in it."""

    name: str
    purpose: str
    channel: str
    customers: int


def audiences(con: duckdb.DuckDBPyConnection) -> list[Audience]:
    """Every audience that the last night made. Raises KundbildError before the first."""
    tables = con.execute("select table_name from duckdb_tables() where schema_name = 'audiences' order by 1").fetchall()
    if not tables:
        raise KundbildError("no night has made audiences yet", to_do="`kundbild run`")
    rules = {
        name: (purpose, channel)
        for name, purpose, channel in con.execute(
            "select audience, purpose, channel from reference.audience_rules"
        ).fetchall()
    }
    found = []
    for (table,) in tables:
        name = table.removeprefix(_PREFIX)
        found.append(Audience(name, *rules[name], int(scalar(con, f"select count(*) from audiences.{quote(table)}"))))
    return found


def export_audience(con: duckdb.DuckDBPyConnection, name: str, file: Path, pepper: Pepper, now: datetime) -> Audience:
    """Writes the audience as CSV (contact_point, given_name, country_code, purpose, channel, customer_id), private, and notes it.

    `now` is UTC, naive. Raises GateError where what is permitted was last worked out more than a day ago, or in a night
    that was not published; KundbildError where there is no such audience.
    """
    there = {audience.name: audience for audience in audiences(con)}
    if name not in there:
        raise KundbildError(f"there is no audience {name!r}", to_do=f"audiences are {', '.join(there)}")
    assert_fresh(con, now)
    columns = "contact_point, given_name, country_code, purpose, channel, customer_id"
    rows = con.execute(f"select {columns} from audiences.{quote(_PREFIX + name)} order by customer_id").fetchall()
    text = io.StringIO()
    writer = csv.writer(text, lineterminator="\n")
    writer.writerow(columns.split(", "))
    writer.writerows(rows)
    note_export(con, pepper, f"audience {name}", [row[-1] for row in rows], now)
    write_private(file, text.getvalue())
    return there[name]


# of the newest run that checked it
_FAILED = """
select table_name || ': ' || check_name from ops.check_results
where stage = 'consent' and not passed and severity = 'ERROR'
    and run_id = (select arg_max(run_id, checked_at) from ops.check_results where stage = 'consent')
order by 1
"""


def assert_fresh(con: duckdb.DuckDBPyConnection, now: datetime) -> None:
    """Raises GateError where permissions are older than MAX_AGE, the consent suite failed, or the night was not published."""
    as_of = scalar(con, "select as_of from ops.clock")
    published, checked = con.execute(
        "select (select max(published_at) from ops.publications), (select max(checked_at) from ops.check_results)"
    ).fetchall()[0]
    to_do = "`kundbild run`, and export after it"
    failed = con.execute(_FAILED).fetchall()
    if failed:
        raise GateError(
            f"the consent suite failed: {'; '.join(name for (name,) in failed)}",
            to_do="look at it in Data Docs (consent.html) or the Dagster UI; nobody may be written to until it passes",
        )
    # a night that is published is so after its last check
    if published is None or (checked is not None and checked > published):
        raise GateError("the last night was not published: nobody may be written to by it", to_do=to_do)
    if now - as_of > MAX_AGE:
        hours = int((now - as_of).total_seconds() // 3600)
        raise GateError(
            f"who may be written to was last worked out {hours} hours ago; after 24 it counts for nothing", to_do=to_do
        )
