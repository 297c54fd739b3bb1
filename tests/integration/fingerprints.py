"""What a warehouse holds, in one number a table: two that are equal were built to the same end."""

from __future__ import annotations

from tests.conftest import Kundbild

_TABLES = (
    "select table_schema, table_name from information_schema.tables where table_schema in ('conformed', 'marts', 'segments', 'insight', 'audiences', 'bi') "
    # each run is a night of it
    "and table_name <> 'data_quality_by_night' order by all"
)
# what a rebuild may number anew: loads stay, technical times of the build do not stand in these tables
_FINGERPRINT = "select count(*), bit_xor(hash(t)) from {name} t"


def fingerprints(kundbild: Kundbild) -> dict[str, tuple[int, int]]:
    with kundbild.warehouse() as con:
        names = [f'"{schema}"."{table}"' for schema, table in con.execute(_TABLES).fetchall()]
        return {name: con.execute(_FINGERPRINT.format(name=name)).fetchall()[0] for name in names}


def quality_of_nights(kundbild: Kundbild) -> list[tuple]:
    """Each night's rows of data_quality_by_night in the order of nights, but whether a later one of its day tells of it."""
    with kundbild.warehouse() as con:
        return con.execute(
            "select * exclude (is_last_of_day) from insight.data_quality_by_night order by described_at, run_id, area, source_system, subject"
        ).fetchall()
