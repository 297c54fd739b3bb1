"""Whether the last publication may go on showing audiences, after a night that published none.

Here: the rule by which an export is refused, kept by the file that BI reads as well; in doubt nothing is shown. Not here:
emptying the file (snapshot.py), the 24 hours after a night (the publication's own views), exports (activation/export.py).
"""

from __future__ import annotations

from collections.abc import Sequence
from contextlib import suppress
from datetime import datetime

import duckdb

from orchestration.activation.export import assert_consent_passed, assert_published
from orchestration.activation.statement_sources import assert_statements_known
from orchestration.errors import GateError
from orchestration.home import Home
from orchestration.publishing.snapshot import close_audiences
from orchestration.settings import Settings


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
    closed = close_without_looking(home, reason) if reason else ""
    if closed:
        # the publication is not what a run with nothing new would show: the next run publishes
        with suppress(duckdb.Error):
            con.execute("update ops.publications set fingerprint = ''")
    return closed


def close_without_looking(home: Home, reason: str = "the warehouse cannot be read") -> str:
    """Empties the published audiences. Returns what to tell, empty where there was no row."""
    if not close_audiences(home):
        return ""
    return f"The publication shows no audience any more until a night publishes again: {reason}"


def _why_stale(
    con: duckdb.DuckDBPyConnection, settings: Settings, problems: Sequence[str], now: datetime, is_settled: bool
) -> str:
    if problems:
        return "the night was held"
    if not is_settled:
        return "the night was not published"
    try:
        assert_consent_passed(con)
        assert_published(con)
        assert_statements_known(con, settings, now)
    except GateError as error:
        return str(error)
    except duckdb.Error as error:
        return f"whether it holds could not be looked up ({type(error).__name__})"
    return ""
