"""An audience as a file for whoever sends: only while the permissions are fresh, and with a note of who was in it.

Here: what must hold before a row leaves. The note goes to `restricted.exports`, by which an erasure tells who has to be told
(Art. 19). Not here: who is in an audience (dbt: marts/audiences), which sources must be known (statement_sources.py), whom the
people's own words since the night leave out (later_words.py), what a recipient has to remove again (removals.py).
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass, field
from datetime import datetime
from pathlib import Path

import duckdb

from orchestration.activation.hold_out import assert_share, drawn
from orchestration.activation.later_words import note_later_words
from orchestration.activation.statement_sources import assert_statements_known
from orchestration.contracts.audiences import PERMISSION_CHECK, PREFIX, SCHEMA, audience_tables
from orchestration.contracts.reasons import assert_codes_known, words
from orchestration.core.errors import GateError, KundbildError
from orchestration.core.home import assert_may_write, write_private
from orchestration.core.settings import Settings
from orchestration.core.settings.maps import MAX_AGE, MAX_AGE_HOURS
from orchestration.core.spreadsheets import csv_text, is_formula
from orchestration.core.warehouse import quote, scalar, transaction
from orchestration.privacy.audit.exported_points import note_points
from orchestration.privacy.audit.exports import assert_recipient, note_export
from orchestration.privacy.secrets.pepper import Pepper

COLUMNS = ("contact_point", "given_name", "country_code", "purpose", "channel", "customer_id")
# by it the recipient finds the row again when it has to go (removals.py)
REFERENCE = "reference"


@dataclass(frozen=True)
class Audience:
    """Its name, for which purpose and channel (None where no rule says so), how many are in it, and of an export how many
    of them were left out, by reason, and `held_out` at random."""

    name: str
    table: str
    purpose: str | None
    channel: str | None
    customers: int
    left_out: dict[str, int] = field(default_factory=dict)
    held_out: int = 0


def audiences(con: duckdb.DuckDBPyConnection) -> list[Audience]:
    """Every audience that the last night made. Raises KundbildError before the first."""
    tables = audience_tables(con)
    if not tables:
        raise KundbildError("no night has made audiences yet", to_do="`kundbild run`")
    rules = {
        name: (purpose, channel)
        for name, purpose, channel in con.execute(
            "select audience, purpose, channel from reference.audience_rules"
        ).fetchall()
    }
    found = []
    for table in tables:
        name = table.removeprefix(PREFIX)
        count = int(scalar(con, f"select count(*) from {SCHEMA}.{quote(table)}"))
        found.append(Audience(name, table, *rules.get(name, (None, None)), count))
    return found


_MEMBERS = """
select {columns}, coalesce(w.reason_code, case
    when p.customer_id is null then 'no_longer_permitted' when p.expires_at <= $now then 'grant_expired_since'
end) as left_out
from {table} a
left join (select customer_id, min(reason_code) as reason_code from later_words group by 1) w on w.customer_id = a.customer_id
left join marts.contact_permissions p
    on p.customer_id = a.customer_id and p.purpose = a.purpose and p.channel = a.channel and p.contact_point = a.contact_point
    and p.is_permitted
where a.purpose = $purpose and a.channel = $channel
order by a.customer_id
"""


def export_audience(
    con: duckdb.DuckDBPyConnection,
    name: str,
    file: Path,
    pepper: Pepper,
    now: datetime,
    settings: Settings,
    *,
    overwrite: bool = False,
    recipient: str = "",
    hold_out: float = 0.0,
    note: Callable[[int], object] = lambda customers: None,
) -> Audience:
    """Writes the audience as CSV (COLUMNS, REFERENCE), private, and notes it. Returns it as it was written. `hold_out` is the share
    of the customers that a lot leaves out of the file (hold_out.py); who they are is noted too.

    Whoever objected or was restricted since the night, or whose grant ended since, is left out. `now` is UTC, naive. `note` is given the number of
    customers before the file is written: what it cannot note does not leave. Raises GateError where what is
    permitted was last worked out more than a day ago, in a night that was not published, without a consent check of this
    audience, or without a source of withdrawals; KundbildError where there is no such audience, or the file cannot be made.
    """
    assert_recipient(recipient)
    assert_share(hold_out)
    assert_may_write(file, overwrite=overwrite)
    there = {audience.name: audience for audience in audiences(con)}
    if name not in there:
        raise KundbildError(f"there is no audience {name!r}", to_do=f"audiences are {', '.join(there)}")
    audience = there[name]
    if audience.purpose is None or audience.channel is None:
        raise GateError(
            f"no rule says for which purpose and channel the audience {name} is",
            where="seed audience_rules",
            to_do="add a row for it: audience, purpose, channel; then `kundbild run`",
        )
    # a run where nothing is new does not publish only because of a source of statements that is stale: that is what to fix
    assert_statements_known(con, settings, now)
    assert_fresh(con, now)
    assert_checked(con, audience)
    # what earlier exports have to remove is asked right after
    assert_codes_known(con, "contact_permissions")
    asked = (audience.purpose, audience.channel)
    members, left_out = _members(con, name, audience.table, asked, now)
    lot = drawn(con, pepper, f"{name}:{recipient}:{now:%Y-%m-%d}", [str(row[-1]) for row in members], hold_out)
    rows = [row for row in members if str(row[-1]) not in lot]
    is_written = False
    try:
        with transaction(con):
            points = [(str(row[-1]), str(row[0])) for row in rows]
            references = note_points(con, pepper, recipient, name, asked, points, now)
            text = csv_text((*COLUMNS, REFERENCE), [(*row, ref) for row, ref in zip(rows, references, strict=True)])
            customers = [customer for customer, _ in points]
            content = text.encode()
            note_export(
                con,
                pepper,
                f"audience {name}",
                customers,
                now,
                recipient=recipient,
                content=content,
                held_out=sorted(lot),
            )
            note(len(rows))
            write_private(file, text, overwrite=overwrite)
            is_written = True
    except BaseException:
        # nothing leaves of which nobody could say whom it held
        if is_written:
            file.unlink(missing_ok=True)
        raise
    return Audience(name, audience.table, *asked, len(rows), left_out, len(lot))


def _members(
    con: duckdb.DuckDBPyConnection, audience: str, table: str, asked: tuple[str, str], now: datetime
) -> tuple[list[tuple[object, ...]], dict[str, int]]:
    """The rows that may leave, and how many may not, by the words of the reason."""
    note_later_words(con, asked, audience, now)
    members = _MEMBERS.format(columns=", ".join(f"a.{column}" for column in COLUMNS), table=f"{SCHEMA}.{quote(table)}")
    rows: list[tuple[object, ...]] = []
    left_out: dict[str, int] = {}
    for *row, reason_code in con.execute(members, {"purpose": asked[0], "channel": asked[1], "now": now}).fetchall():
        # an address may not be changed on its way out, and a spreadsheet would run it
        why = reason_code or ("formula_address" if is_formula(row[0]) else None)
        if why:
            left_out[words(why)] = left_out.get(words(why), 0) + 1
        else:
            rows.append(tuple(row))
    return rows, left_out


# of the newest run that checked it
_FAILED = """
select table_name || ': ' || check_name from ops.check_results
where stage = 'consent' and not passed and severity = 'ERROR'
    and run_id = (select arg_max(run_id, checked_at) from ops.check_results where stage = 'consent')
order by 1
"""
_CHECKED = """
select count(*) from ops.check_results where stage = 'consent' and table_name = ? and check_name = ? and passed
    and run_id = (select arg_max(run_id, checked_at) from ops.check_results where stage = 'consent')
"""


def assert_checked(con: duckdb.DuckDBPyConnection, audience: Audience) -> None:
    """Raises GateError where no consent check of the newest run passed this audience."""
    if not scalar(con, _CHECKED, [f"{SCHEMA}.{audience.table}", PERMISSION_CHECK]):
        raise GateError(
            f"no consent check of the newest run looked at the audience {audience.name}: it may hold anybody",
            to_do="make it a dbt model in dbt_project/models/marts/audiences with a rule in the seed audience_rules; then `kundbild run`",
        )


def assert_consent_passed(con: duckdb.DuckDBPyConnection) -> None:
    """Raises GateError where the consent suite of the newest run that it belonged to failed."""
    failed = con.execute(_FAILED).fetchall()
    if failed:
        raise GateError(
            f"the consent suite failed: {'; '.join(name for (name,) in failed)}",
            to_do="look at it in Data Docs (consent.html) or the Dagster UI; nobody may be written to until it passes",
        )


# whether the newest publication was made after every check, and of every load that changed a row
_IS_PUBLISHED = """
select coalesce(max(published_at) >= coalesce((select max(checked_at) from ops.check_results), '-infinity'), false)
    and max_by(load_id, published_at)
        >= coalesce((select max(load_id) from ops.loads where inserted + updated + deleted > 0), 0)
from ops.publications
"""


def assert_published(con: duckdb.DuckDBPyConnection) -> None:
    """Raises GateError where something was checked or loaded after the newest publication: a withdrawal that was loaded
    is not in what may be used."""
    if not scalar(con, _IS_PUBLISHED):
        raise GateError(
            "the last night was not published: nobody may be written to by it",
            to_do="`kundbild run`, and export after it",
        )


def assert_fresh(con: duckdb.DuckDBPyConnection, now: datetime) -> None:
    """Raises GateError where permissions are older than MAX_AGE, the consent suite failed, or the night was not published."""
    as_of = scalar(con, "select as_of from ops.clock")
    to_do = "`kundbild run`, and export after it"
    assert_consent_passed(con)
    assert_published(con)
    if now - as_of > MAX_AGE:
        hours = int((now - as_of).total_seconds() // 3600)
        raise GateError(
            f"permissions were last computed {hours} hours ago; they are valid for {MAX_AGE_HOURS}", to_do=to_do
        )
