"""Edges → clusters: connected components inside DuckDB, those that touched records are in. Here: `identity.record_clusters`.

Not here: what makes a component too loose (guard.py), ids that last (ids.py).
"""

from __future__ import annotations

import duckdb

from orchestration.core.settings import Identity
from orchestration.core.sql_scripts import sql_script
from orchestration.core.warehouse import scalar, transaction
from orchestration.identity.guard import guard_clusters

# the smallest member of a component is its cluster_id; it changes when members come and go, so it is not a lasting id
_COMPONENTS = """
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


_NEAR = sql_script(__file__, "components_near")
_ALL = sql_script(__file__, "components_all")
_CLUSTERS = """
select c.record_id, c.cluster_id, w.cluster_id as component_id from member_clusters c join member_components w using (record_id)
"""
_REPLACE = sql_script(__file__, "components_replace", clusters=_CLUSTERS)
_PUT_OUT_OF_USE = """
update identity.edges e set is_used = false from cut_edges c where c.left_id = e.left_id and c.right_id = e.right_id
"""


def connected(*, edges: str, members: str, member: str) -> str:
    """SQL: ({member}, cluster_id). `edges` is a query of (left_id, right_id), `members` a table."""
    return _COMPONENTS.format(edges=edges, members=members, member=member)


def cluster_records(con: duckdb.DuckDBPyConnection, settings: Identity, *, everything: bool = True) -> int:
    """Brings `identity.record_clusters`, one row per standing record, and `identity.edges.is_used` up to date: for the
    components of touched records, or for all. Touches all records of these. Returns the clusters. Needs `veto_reason`.
    """
    con.execute(_ALL if everything else _NEAR)
    _connect_members(con, "member_edges", "member_components")
    cut = guard_clusters(con, settings)
    _connect_members(con, "member_edges anti join cut_edges using (left_id, right_id)", "member_clusters")
    with transaction(con):
        con.execute(f"create or replace table identity.record_clusters as {_CLUSTERS}" if everything else _REPLACE)
        if cut:
            con.execute(_PUT_OUT_OF_USE)
    return int(scalar(con, "select count(distinct cluster_id) from identity.record_clusters"))


def _connect_members(con: duckdb.DuckDBPyConnection, edges: str, into: str) -> None:
    query = connected(edges=f"select left_id, right_id from {edges}", members="members", member="record_id")
    con.execute(f"create or replace temp table {into} as {query}")
