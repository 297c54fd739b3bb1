"""The sources that say who may be written to, and whether what they said is known up to today (rule 15).

Here: sources of consent, of email events and of people's requests; how old their last word may be, by the night and by now; and
that none is gone unsaid. Not here: how old the night may be (export.py).
"""

from __future__ import annotations

from datetime import datetime, timedelta

import duckdb

from data_quality.suites.raw import is_by_cursor, newest
from orchestration.core.errors import GateError
from orchestration.core.settings import Settings
from orchestration.core.settings.maps import MAX_AGE
from orchestration.core.warehouse import has_table, quote, scalar
from orchestration.privacy.intake.statement_tables import missing_statement_tables, tables_of_statements

# of the newest run that looked
_NOT_FRESH = """
select 1 from ops.check_results
where stage = 'arrival' and check_name = 'is_fresh' and not passed and table_name = ?
    and run_id = (select arg_max(run_id, checked_at) from ops.check_results where stage = 'arrival')
"""

# more hours than that, a century, would lead beyond what a date can say
_LONGEST_HOURS = 1_000_000


def statement_sources(settings: Settings) -> dict[str, list[str]]:
    """Source → its tables that say what people want: mapped to, or staged by hand for, consent and email events."""
    found = {name: tables_of_statements(name, source) for name, source in settings.enabled_sources.items()}
    return {name: tables for name, tables in found.items() if tables}


def assert_statements_known(con: duckdb.DuckDBPyConnection, settings: Settings, now: datetime) -> None:
    """Raises GateError, naming the source, where a withdrawal of the last MAX_AGE may be missing. `now` is UTC, naive."""
    _assert_none_is_gone(con, settings)
    status: dict[str, tuple[bool, datetime]] = {}
    if has_table(con, "ops", "source_status"):
        rows = con.execute("select source, is_ok, checked_at from ops.source_status").fetchall()
        status = {source: (is_ok, at) for source, is_ok, at in rows}
    for source, tables in statement_sources(settings).items():
        is_ok, at = status.get(source, (False, None))
        to_do = f"fix source {source} (`kundbild status` says what is wrong), then `kundbild run`"
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
            spec = settings.enabled_sources[source]
            within = spec.fresh_within(spec.tables[table])
            until = _fresh_until(con, settings, source, table, at)
            # the night's own finding too: it may describe another moment than today's
            if (until and until < now) or con.execute(_NOT_FRESH, [f"raw_{source}.{table}"]).fetchall():
                raise GateError(
                    f"source {source} delivered nothing new of {table} for longer than {within or 0:g} hours: withdrawals may be missing",
                    to_do=f"see that {source} delivers again, then `kundbild run`; where it delivers less often, set "
                    f"fresh_within_hours below [sources.{source}.tables.{table}]",
                )


def _assert_none_is_gone(con: duckdb.DuckDBPyConnection, settings: Settings) -> None:
    """What a source said stands whether or not it is read; what it would say since nobody knows."""
    for source, table in missing_statement_tables(con, settings):
        raise GateError(
            f"source {source} delivered statements of people ({table}), and is no longer read: withdrawals made there since are not known",
            where="kundbild.toml",
            to_do=f"put it back or switch it on, then `kundbild run`; where it is gone for good, and nobody can say no there any more, "
            f'say so: retired_sources = ["{source}"], or ["{source}.{table}"] of the table alone, below [privacy]',
        )


def _fresh_until(
    con: duckdb.DuckDBPyConnection, settings: Settings, source: str, table: str, read_at: datetime
) -> datetime | None:
    """Until when a table of statements, read at `read_at`, is fresh by what came last; None where it need not be, or nothing came."""
    spec = settings.enabled_sources[source]
    declared, hours = spec.tables[table], spec.fresh_within(spec.tables[table])
    if not hours or not has_table(con, f"raw_{source}", table) or not has_table(con, "ops", "loaded_files"):
        return None
    came = newest(source, table, spec.connector, declared)
    last = scalar(con, f"select {came} from {quote(f'raw_{source}')}.{quote(table)}")
    if last is None:
        return None
    within = timedelta(hours=min(hours, _LONGEST_HOURS))
    # the source's clock goes with the night's, which may describe another moment than today's
    if is_by_cursor(declared):
        age = scalar(con, "select as_of from ops.clock") - last
        return read_at + max(within - max(age, timedelta()), timedelta())
    return last + within


def statements_known_until(con: duckdb.DuckDBPyConnection, settings: Settings, now: datetime) -> datetime | None:
    """Until when the statements that are here count as all there are, UTC: `now` where they do not any more, None where no
    source delivers any."""
    try:
        assert_statements_known(con, settings, now)
    except GateError:
        return now
    found = statement_sources(settings)
    if not found:
        return None
    read = dict(con.execute("select source, checked_at from ops.source_status").fetchall())
    fresh = [_fresh_until(con, settings, source, table, read[source]) for source in found for table in found[source]]
    return min([min(read[source] for source in found) + MAX_AGE, *filter(None, fresh)])
