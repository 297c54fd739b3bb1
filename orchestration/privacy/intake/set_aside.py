"""Rows in quarantine whose raw row is gone leave quarantine too, so that the books balance.

Retention and erasure delete from raw; a row that staging had set aside stands in no conformed table. Not here: what goes.
"""

from __future__ import annotations

import duckdb

from orchestration.core.warehouse import has_table, scalar, text

_STAGED = (
    "select view_name from duckdb_views() where database_name = current_database() and schema_name = 'staging' "
    "and regexp_matches(view_name, '^stg_.+__.+$') order by 1"
)


def staged_pairs(con: duckdb.DuckDBPyConnection) -> list[tuple[str, str]]:
    """(source, entity) of every staging view that earlier nights left."""
    names = [view.removeprefix("stg_") for (view,) in con.execute(_STAGED).fetchall()]
    return [(source, entity) for source, _, entity in (name.partition("__") for name in names)]


def forget_set_aside(con: duckdb.DuckDBPyConnection, source: str, entity: str) -> int:
    """Deletes quarantined rows of (source, entity) that staging, which reads raw, no longer has. Returns how many."""
    if not has_table(con, "quarantine", "quarantined_rows"):
        return 0
    staged = f'staging."stg_{source}__{entity}"'
    set_aside = f"entity = {text(entity)} and source_system = {text(source)}"
    keyless = "starts_with(source_key, 'without a key, load ')"
    keyed = scalar(
        con,
        f"delete from quarantine.quarantined_rows where {set_aside} and not {keyless} and source_key not in "
        f"(select source_key from {staged} where source_key in (select source_key from quarantine.quarantined_rows where {set_aside}))",
    )
    # rows without a key are numbered within their load: as many stay as the load still has
    numbered = scalar(
        con,
        f"delete from quarantine.quarantined_rows q where {set_aside} and {keyless} and "
        "try_cast(regexp_extract(source_key, 'row ([0-9]+)$', 1) as bigint) > "
        f"(select count(*) from {staged} s where s.source_key is null and s.load_id = q.load_id)",
    )
    return int(keyed) + int(numbered)
