"""Whether the audit log is there for what the home did: publications, exports and people's requests each leave an entry.

Here: a log that is gone, or that began long after them, as where a folder was copied without it. Not here: the chain of the entries
that are there, and the anchor beside the pepper, which only a folder that was not moved has (privacy/audit/log.py).
"""

from __future__ import annotations

from datetime import datetime, timedelta

import duckdb

from orchestration.core.home import Home
from orchestration.core.warehouse import has_table, scalar
from orchestration.privacy.audit.glance import first_entry_at, has_entry
from orchestration.privacy.audit.log import ACKNOWLEDGED
from orchestration.publishing.versions import standing_versions

# a first run that takes long publishes before its first entry
_LATE = timedelta(days=2)
_TABLES = (("ops", "publications"), ("restricted", "exports"), ("restricted", "rights_requests"))
TO_DO = (
    "put the log back from a backup (audit.jsonl and audit.head); where a home of before the log, or one that was copied without it, "
    "is meant, `kundbild audit acknowledge` notes that you know"
)


def why_short(con: duckdb.DuckDBPyConnection | None, home: Home) -> str:
    """What of the home's work the log says nothing of; "" where it begins in time, or somebody acknowledged it. `con` is the
    warehouse, None where there is none."""
    began = first_entry_at(home.audit_log)
    if began is None:
        done = _done(con, home)
        return f"there is no audit log, and the home has {' and '.join(done)}" if done else ""
    first = _first_published(con)
    if first and began - first > _LATE and not has_entry(home.audit_log, ACKNOWLEDGED):
        return (
            f"the audit log begins at {began:%Y-%m-%d %H:%M} UTC, and the home published at {first:%Y-%m-%d %H:%M} UTC"
        )
    return ""


def _done(con: duckdb.DuckDBPyConnection | None, home: Home) -> list[str]:
    counts = [
        (int(scalar(con, f"select count(*) from {schema}.{table}")), table.replace("_", " "))
        for schema, table in _TABLES
        if con and has_table(con, schema, table)
    ]
    # of a warehouse that is gone the published files are left
    found = counts if con else [(len(standing_versions(home)), "publications")]
    return [f"{number:,} {what}" for number, what in found if number]


def _first_published(con: duckdb.DuckDBPyConnection | None) -> datetime | None:
    if not con or not has_table(con, "ops", "publications"):
        return None
    found: datetime | None = scalar(con, "select min(published_at) from ops.publications")
    return found
