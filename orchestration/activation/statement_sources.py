"""The sources that say who may be written to, and whether what they said is known up to today (rule 15).

Here: sources of consent, of email events and of people's requests; how old their last word may be. Not here: how old the
night may be (export.py).
"""

from __future__ import annotations

from datetime import datetime

import duckdb

from orchestration.contracts.audiences import MAX_AGE
from orchestration.core.errors import GateError
from orchestration.core.settings import Settings
from orchestration.core.warehouse import has_table, scalar
from orchestration.privacy.intake.request_words import SOURCE as REQUESTS

# of the newest run that looked
_NOT_FRESH = """
select 1 from ops.check_results
where stage = 'arrival' and check_name = 'is_fresh' and not passed and table_name = ?
    and run_id = (select arg_max(run_id, checked_at) from ops.check_results where stage = 'arrival')
"""


def statement_sources(settings: Settings) -> dict[str, list[str]]:
    """Source → its tables that say what people want: mapped to, or staged by hand for, consent and email events."""
    found: dict[str, list[str]] = {}
    for name, source in settings.enabled_sources.items():
        tables = {t for t, table in source.tables.items() if name == REQUESTS or table.holds_statements}
        if tables:
            found[name] = sorted(tables)
    return found


def assert_statements_known(con: duckdb.DuckDBPyConnection, settings: Settings, now: datetime) -> None:
    """Raises GateError, naming the source, where a withdrawal of the last 24 hours may be missing. `now` is UTC, naive."""
    status: dict[str, tuple[bool, datetime]] = {}
    if has_table(con, "ops", "source_status"):
        rows = con.execute("select source, is_ok, checked_at from ops.source_status").fetchall()
        status = {source: (is_ok, at) for source, is_ok, at in rows}
    for source, tables in statement_sources(settings).items():
        is_ok, at = status.get(source, (False, None))
        to_do = f"mend source {source} (`kundbild status` says what is wrong), then `kundbild run`"
        if at is None:
            raise GateError(f"source {source} was never read, and may hold withdrawals", to_do=to_do)
        if not is_ok:
            raise GateError(
                f"source {source} could not be read at {at:%Y-%m-%d %H:%M} UTC: withdrawals made since its last delivery are not known",
                to_do=to_do,
            )
        if now - at > MAX_AGE:
            hours = int((now - at).total_seconds() // 3600)
            raise GateError(
                f"source {source} was last read {hours} hours ago: withdrawals made since then are not known",
                to_do=to_do,
            )
        for table in tables:
            if con.execute(_NOT_FRESH, [f"raw_{source}.{table}"]).fetchall():
                spec = settings.enabled_sources[source]
                within = spec.fresh_within(spec.tables[table]) or 0
                raise GateError(
                    f"source {source} delivered nothing new of {table} for longer than {within:g} hours: withdrawals may be missing",
                    to_do=f"see that {source} delivers again, then `kundbild run`; where it delivers more seldom, say how often: "
                    f"fresh_within_hours below [sources.{source}.tables.{table}]",
                )


def statements_known_until(con: duckdb.DuckDBPyConnection, settings: Settings, now: datetime) -> datetime | None:
    """Until when the statements that are here count as all there are, UTC: `now` where they do not any more, None where no
    source delivers any."""
    try:
        assert_statements_known(con, settings, now)
    except GateError:
        return now
    sources = list(statement_sources(settings))
    oldest = (
        scalar(con, "select min(checked_at) from ops.source_status where list_contains($1, source)", [sources])
        if sources
        else None
    )
    return oldest + MAX_AGE if oldest else None
