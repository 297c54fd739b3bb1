"""Edges → clusters: connected components inside DuckDB. Here: `identity.record_clusters`. Not here: ids that last."""

from __future__ import annotations

import duckdb

from orchestration.warehouse import scalar

# the smallest record_id of a component is its cluster_id; it changes when records come and go, so it is no customer id
_COMPONENTS = """
create or replace table identity.record_clusters as
with recursive both_ways as materialized (
    select distinct left_id as id, right_id as neighbour from identity.edges where is_used
    union select distinct right_id, left_id from identity.edges where is_used
), component (id, cluster_id) using key (id) as (
    select id, least(id, min(neighbour)) from both_ways group by id
    union
    select b.neighbour, min(c.cluster_id)
    from component c join both_ways b on b.id = c.id join recurring.component there on there.id = b.neighbour
    where c.cluster_id < there.cluster_id
    group by b.neighbour
)
select p.record_id, coalesce(c.cluster_id, p.record_id) as cluster_id
from identity.normalised_people p left join component c on c.id = p.record_id
"""


def cluster_records(con: duckdb.DuckDBPyConnection) -> int:
    """Rebuilds `identity.record_clusters`, one row per standing record. Returns the clusters."""
    con.execute(_COMPONENTS)
    return int(scalar(con, "select count(distinct cluster_id) from identity.record_clusters"))
