"""Memberships of segments, kept from night to night in identity.segment_memberships: no rebuild of the marts changes them.

Here: the table, and what a published night changes in it. Not here: who is in a segment since when (dbt: segment_changes).
"""

from __future__ import annotations

import duckdb

from orchestration.core.warehouse import has_table, transaction

_DDL = """
create table if not exists identity.segment_memberships (
    customer_id varchar not null, scheme varchar not null, segment varchar not null, entered_at timestamp not null, left_at timestamp
);
"""
_REPLACED = """
delete from identity.segment_memberships where (customer_id, scheme) in (select (customer_id, scheme) from identity.segment_changes)
"""
_KEPT = """
insert into identity.segment_memberships
select customer_id, scheme, segment, entered_at, left_at from identity.segment_changes where segment is not null
"""


def prepare_memberships(con: duckdb.DuckDBPyConnection) -> None:
    """Makes the table where there is none yet."""
    con.execute("create schema if not exists identity")
    con.execute(_DDL)


def keep_memberships(con: duckdb.DuckDBPyConnection) -> None:
    """Takes in what tonight changed, in one transaction. Doing it again changes nothing; where nothing changed, nothing is written."""
    prepare_memberships(con)
    if not has_table(con, "identity", "segment_changes"):
        return
    with transaction(con):
        con.execute(_REPLACED)
        con.execute(_KEPT)
