"""Edges → clusters: connected components inside DuckDB. Here: `identity.record_clusters`. Not here: ids that last."""

from __future__ import annotations

import duckdb

from orchestration.warehouse import scalar

# the smallest member of a component is its cluster_id; it changes when members come and go, so it is no lasting id
_COMPONENTS = """
create or replace table {into} as
with recursive edges as materialized ({edges}), both_ways as materialized (
    select left_id as id, right_id as neighbour from edges
    union select right_id, left_id from edges
), component (id, cluster_id) using key (id) as (
    select id, least(id, min(neighbour)) from both_ways group by id
    union
    select b.neighbour, min(c.cluster_id)
    from component c join both_ways b on b.id = c.id join recurring.component there on there.id = b.neighbour
    where c.cluster_id < there.cluster_id
    group by b.neighbour
)
select m.{member}, coalesce(c.cluster_id, m.{member}) as cluster_id
from {members} m left join component c on c.id = m.{member}
"""


def connect(con: duckdb.DuckDBPyConnection, *, edges: str, members: str, member: str, into: str) -> None:
    """Rebuilds the table `into` ({member}, cluster_id). `edges` is a query of (left_id, right_id), `members` a table."""
    con.execute(_COMPONENTS.format(edges=edges, members=members, member=member, into=into))


def cluster_records(con: duckdb.DuckDBPyConnection) -> int:
    """Rebuilds `identity.record_clusters`, one row per standing record. Returns the clusters."""
    connect(
        con,
        edges="select left_id, right_id from identity.edges where is_used",
        members="identity.normalised_people",
        member="record_id",
        into="identity.record_clusters",
    )
    return int(scalar(con, "select count(distinct cluster_id) from identity.record_clusters"))
