"""How many of the first rows of a table are too old to be kept, for the doctor and a dry run. Not here: all rows (privacy/erasure/too_old.py)."""

from __future__ import annotations

import duckdb

from orchestration.core.clock import now
from orchestration.core.settings import Settings, Table
from orchestration.match_keys import define_match_keys
from orchestration.privacy.erasure.retention import cutoffs_on
from orchestration.privacy.erasure.too_old import keeping, too_old
from orchestration.run.findings import Finding
from orchestration.run.first_tables import Brought

# what a row has in raw beyond its columns: it came now, and its table has it still
_RAW = "(select *, cast(now() as timestamp) as _extracted_at, null::timestamp as _deleted_at, '' as _row_key from first_rows)"


def first_ages(con: duckdb.DuckDBPyConnection, what: str, table: Table, brought: Brought, settings: Settings) -> list[Finding]:  # fmt: skip
    """Of `first_rows`. Nothing of a table that lacks a column: that is told elsewhere."""
    define_match_keys(con)
    today = now().date()
    try:
        found = too_old(con, what, table, _RAW, cutoffs_on(today, settings), today)
    except duckdb.BinderException:
        return []
    more = (
        ""
        if brought.is_whole
        else "; rows that were not looked at may be older still: `kundbild preview` looks at all of the newest file"
    )
    own = settings.privacy.retention_days
    return [
        Finding(what, True, one.told("the first ").partition(": ")[2], f"{keeping([one], own)}{more}") for one in found
    ]
