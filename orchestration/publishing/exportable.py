"""Whether readers see the audiences that an export would write: an export gives nobody whom the publication does not show.

Not here: what must hold besides before a row leaves (activation/export.py), emptying publications (shown.py).
"""

from __future__ import annotations

import duckdb

from orchestration.core.errors import GateError
from orchestration.core.home import Home
from orchestration.core.warehouse import scalar
from orchestration.publishing.shown import CLOSED
from orchestration.publishing.versions import current_version, standing_versions

_NEWEST = "select coalesce(max_by(fingerprint, published_at), '') from ops.publications"


def assert_newest_shown(con: duckdb.DuckDBPyConnection, home: Home) -> None:
    """Raises GateError where readers were put back to an older publication, whose audiences are empty, or where the audiences of
    the newest were emptied. Says nothing before the first."""
    newest, shown = standing_versions(home)[:1], current_version(home)
    if shown and newest != [shown]:
        raise GateError(
            f"readers were put back to the publication {shown}, which shows no audience: an export gives what is published",
            where=str(home.published / "current"),
            to_do=f"`kundbild publish --version {newest[0]}` leads readers to the newest again; or `kundbild run`, where it publishes anew",
        )
    if str(scalar(con, _NEWEST)).startswith(CLOSED):
        raise GateError(
            "the audiences of the publication were emptied since its night: an export gives what is published",
            to_do="`kundbild run` publishes anew, and export after it",
        )
