"""What stands: sources, failed checks, publication. Read from the warehouse's operational tables."""

from __future__ import annotations

from typing import Any

import duckdb

from orchestration.errors import KundbildError, WarehouseBusyError
from orchestration.night import home_and_config
from orchestration.publishing import snapshot


def read_status() -> dict[str, Any]:
    """Sources with their state, checks of the last run that failed, the current publication.

    Raises KundbildError when nothing ran yet, or while a run has the warehouse.
    """
    home, _ = home_and_config()
    if not home.warehouse.exists():
        raise KundbildError("nothing ran here yet", where=str(home.root), to_do="`kundbild run`")
    try:
        con = duckdb.connect(str(home.warehouse), read_only=True)
    except duckdb.IOException as error:
        raise WarehouseBusyError(
            "a run is going on", where=str(home.warehouse), to_do="try again when it has ended"
        ) from error
    with con:
        sources = con.execute(
            "select s.source, s.is_ok, s.checked_at::varchar, coalesce(s.message, ''), coalesce(sum(l.inserted + l.updated), 0) "
            "from ops.source_status s left join ops.loads l using (source) group by all order by 1"
        ).fetchall()
        try:
            failed = con.execute(
                "select severity, table_name, check_name from ops.check_results where not passed and run_id = "
                "(select arg_max(run_id, checked_at) from ops.check_results) order by severity, 2, 3"
            ).fetchall()
        except duckdb.CatalogException:
            failed = []
    publication = snapshot.current(home)
    return {
        "sources": [
            dict(zip(("source", "is_ok", "checked_at", "message", "rows"), row, strict=True)) for row in sources
        ],
        "failed_checks": [dict(zip(("severity", "table", "check"), row, strict=True)) for row in failed],
        "publication": {
            "version": publication.version,
            "run_id": publication.run_id,
            "rows": sum(publication.tables.values()),
        }
        if publication
        else None,
    }
