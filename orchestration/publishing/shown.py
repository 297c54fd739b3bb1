"""Whether the last publication may go on showing audiences, after a night that published none.

Here: the rule by which an export is refused, kept by the file that BI reads as well. Not here: emptying the file
(snapshot.py), the 24 hours after a night (the publication's own views), exports (activation/export.py).
"""

from __future__ import annotations

from collections.abc import Sequence
from datetime import datetime

import duckdb

from orchestration.activation.export import assert_consent_passed
from orchestration.activation.statement_sources import assert_statements_known
from orchestration.errors import GateError
from orchestration.home import Home
from orchestration.publishing.snapshot import close_audiences
from orchestration.settings import Settings
from orchestration.warehouse import has_table


def close_stale_audiences(
    con: duckdb.DuckDBPyConnection, home: Home, settings: Settings, problems: Sequence[str], now: datetime
) -> str:
    """Empties the published audiences where the night was held (`problems`), its consent suite failed, or a source may hold
    withdrawals that are not known here. `now` is UTC, naive. Returns what to tell, empty where nothing was closed."""
    reason = "the night was held" if problems else ""
    try:
        if not reason and has_table(con, "ops", "check_results"):
            assert_consent_passed(con)
        if not reason:
            assert_statements_known(con, settings, now)
    except GateError as error:
        reason = str(error)
    if not reason or not close_audiences(home):
        return ""
    return f"The publication shows no audience any more until a night publishes again: {reason}"
