"""Whether the last publication may go on showing audiences: after a night that published none, and after people's own words.

Here: the rules by which an export is refused, and leaves people out, kept by the file that BI reads as well; in doubt nothing is
shown; what an older publication may show that readers are put back to. Not here: emptying the file in time (contactable.py), exports (activation/export.py).
"""

from __future__ import annotations

from collections.abc import Sequence
from contextlib import suppress
from datetime import datetime

import duckdb

from orchestration.activation.export import assert_consent_passed, assert_published
from orchestration.activation.later_words import note_later_words, note_refused_points
from orchestration.activation.statement_sources import assert_statements_known
from orchestration.contracts.audiences import PREFIX
from orchestration.core.clock import now as time_now
from orchestration.core.errors import GateError, KundbildError, WarehouseBusyError
from orchestration.core.home import Home
from orchestration.core.settings import Engine, Settings
from orchestration.core.settings.maps import MAX_AGE
from orchestration.core.warehouse import has_table, open_warehouse
from orchestration.privacy.erasure.rewriting import Theirs, rewrite_publications
from orchestration.publishing.contactable import empty, leave_out
from orchestration.publishing.snapshot import close_audiences, rollback
from orchestration.publishing.versions import Publication, broken_versions, list_publications, standing_versions

# before the fingerprint of a publication whose audiences were closed after it
CLOSED = "closed "
_NOTE_CLOSED = (
    "update ops.publications set fingerprint = $closed || fingerprint where not starts_with(fingerprint, $closed)"
)


def close_stale_audiences(
    con: duckdb.DuckDBPyConnection,
    home: Home,
    settings: Settings,
    problems: Sequence[str],
    now: datetime,
    *,
    is_settled: bool = True,
) -> str:
    """Empties the published audiences where the run was held (`problems`), where it was to publish and neither did nor found
    nothing new (not `is_settled`), and where an export would be refused. `now` is UTC, naive.

    Returns what to tell, empty where nothing was closed. Raises whatever makes emptying the file fail.
    """
    reason = _why_stale(con, settings, problems, now, is_settled)
    return _close(con, home, reason) if reason else ""


def take_out_later_words(con: duckdb.DuckDBPyConnection, home: Home) -> str:
    """Takes whoever may not be written to any more, by what was said here since the night, out of the published audiences and
    permissions, as exports leave them out; where that cannot be worked out, closes all. Needs the lock, and no transaction.

    Returns what to tell, empty where all others stay. Raises whatever makes writing the file fail.
    """
    # older ones too: a night that was killed may have left one open
    versions = standing_versions(home)
    if not versions:
        return ""
    try:
        _note_denied(con)
        for version in versions:
            leave_out(con, home, version)
    except (duckdb.Error, KundbildError) as error:
        return _close(con, home, f"who is to leave them could not be worked out ({type(error).__name__})")
    return ""


# columns that tell where somebody is (dbt: dim_customers hides them)
_PLACES = (
    "street", "postal_code", "city", "county", "region", "preferred_store", "favourite_store",
    "purchasing_power", "economic_capital", "cultural_capital",
)  # fmt: skip
# a segment may be a place: its scheme does not say so
_SEGMENTS = {"scheme", "segment"}
_HIDDEN = """
create or replace temp table hidden_customers as
select customer_id, customer_key from identity.protected_customers left join identity.customer_keys using (customer_id)
where is_protected or is_deceased
"""


def go_back(home: Home, version: str | None) -> tuple[Publication, str]:
    """(The publication that readers see from now on, what could not be hidden in it.) Raises KundbildError where there is none,
    or a program has the warehouse open. Needs the lock."""
    problems: list[str] = []

    def hide(older: str) -> None:
        if not home.warehouse.exists():
            return
        try:
            # without the configuration: its secrets may not be at hand
            with open_warehouse(home, Engine()) as con:
                hide_protected(con, home, older)
        except WarehouseBusyError:
            raise
        except (KundbildError, duckdb.Error) as error:
            # readers are put back also where the warehouse is what is broken
            problems.append(
                f"the warehouse cannot be read ({type(error).__name__}): {older} may hold addresses of people who became protected or died since"
            )

    return rollback(home, version, hide), "; ".join(problems)


def hide_protected(con: duckdb.DuckDBPyConnection, home: Home, version: str) -> None:
    """Empties what an older publication tells of where somebody is whose identity is protected, or who is dead, by now
    (rule 19). Needs the lock."""
    if not has_table(con, "identity", "protected_customers"):
        return
    con.execute(_HIDDEN)

    def theirs(_: str, columns: set[str]) -> Theirs | None:
        places = tuple(sorted(columns & set(_PLACES)))
        keys = sorted(columns & {"customer_id", "customer_key"})
        where = " or ".join(f"{key} in (select {key} from hidden_customers where {key} is not null)" for key in keys)
        if keys and columns >= _SEGMENTS:
            return Theirs(f"({where})")
        return Theirs(f"({where})", emptied=places) if places and keys else None

    rewrite_publications(con, home, theirs, version)


# (table of an audience or null, purpose, channel): whatever anybody may be contacted for, or might but for a register: the
# history knows no register
_ASKED = """
select $prefix || audience, purpose, channel from reference.audience_rules
union all select distinct null, purpose, channel from marts.contact_permissions
"""


def _note_denied(con: duckdb.DuckDBPyConnection) -> None:
    """Makes the temp table `denied` that contactable.leave_out reads."""
    con.execute(
        "create or replace temp table denied (audience varchar, purpose varchar, channel varchar, customer_id varchar)"
    )
    note_refused_points(con)
    for table, purpose, channel in con.execute(_ASKED, {"prefix": PREFIX}).fetchall():
        note_later_words(con, (purpose, channel), (table or "").removeprefix(PREFIX), time_now(), are_points_noted=True)
        con.execute(
            "insert into denied select distinct $table, $purpose, $channel, customer_id from later_words",
            {"table": table, "purpose": purpose, "channel": channel},
        )


def _close(con: duckdb.DuckDBPyConnection, home: Home, reason: str) -> str:
    closed = close_without_looking(home, reason)
    if closed:
        # the publication is not what a run with nothing new would show: the next run that may show audiences publishes
        with suppress(duckdb.Error):
            con.execute(_NOTE_CLOSED, {"closed": CLOSED})
    return closed


def close_without_looking(home: Home, reason: str = "the warehouse cannot be read") -> str:
    """Empties the published audiences. Returns what to tell, empty where there was no row."""
    if not close_audiences(home):
        return ""
    return f"The publication shows no audience any more until a night publishes again: {reason}"


def close_outdated(home: Home, at: datetime) -> str:
    """Empties the published audiences and permissions whose night is too long ago at `at` (UTC, naive), where no run holds the
    home: their views show none any more, and no row is to lie there for whoever reads past them. Returns what was done in words."""
    last = (at - MAX_AGE).isoformat()
    # of broken ones nobody knows when they were published
    outdated = [one.version for one in list_publications(home) if one.published_at < last] + broken_versions(home)
    if not outdated:
        return "no night is too long ago"
    try:
        with home.lock("closing audiences", wait=0):
            emptied = [version for version in outdated if empty(home, version)]
    except WarehouseBusyError:
        return "a run or a command has the home"
    return f"publications whose audiences were emptied: {', '.join(emptied) or 'none'}"


def _why_stale(
    con: duckdb.DuckDBPyConnection, settings: Settings, problems: Sequence[str], now: datetime, is_settled: bool
) -> str:
    if problems:
        return "the night was held"
    if not is_settled:
        return "the night was not published"
    try:
        assert_consent_passed(con)
        assert_statements_known(con, settings, now)
        assert_published(con)
    except GateError as error:
        return str(error)
    except duckdb.Error as error:
        return f"whether it holds could not be looked up ({type(error).__name__})"
    return ""
