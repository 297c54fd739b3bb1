"""Customer ids that last: opaque, carried from night to night by mutual greatest overlap, every change an event.

Here: `identity.customer_source_records` (with history), `customer_identity_events`, `customer_id_redirects`.
"""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime

import duckdb

from orchestration.core.sql_scripts import sql_script
from orchestration.core.warehouse import has_table, scalar, transaction
from orchestration.identity.touched import rest

_DDL = sql_script(__file__, "ids")

# last records of customers that were retired since readers saw them: where such a record comes back, its id does not change
_RETURNED = """
create or replace temp table returned_records as
select record_id, customer_id from (
    from identity.customer_source_records where record_id in (select record_id from movable_clusters)
    qualify row_number() over (partition by record_id order by valid_to is null desc, valid_to desc, valid_from desc) = 1
)
where valid_to is not null
    and customer_id in (select from_customer_id from identity.customer_identity_events where kind = 'retired' and recorded_at > $published)
    and customer_id not in (select customer_id from identity.customer_source_records where valid_to is null)
"""
# a returned record is owned as if it had never left; a merge or a split of its customer is an event, with a redirect
_OWNED = """
create or replace temp view owned_records as
select record_id, customer_id, false as is_returned from movable_records
union all select record_id, customer_id, true from returned_records
"""
# an old id goes to the cluster that holds most of its records, if it is also that cluster's greatest part; the older id on ties
_ASSIGN = """
create or replace temp table assigned as
with overlap as (
    select c.cluster_id, s.customer_id, count(*) as shared
    from movable_clusters c
    join owned_records s on s.record_id = c.record_id
    group by all
), best_cluster as (
    select * from overlap qualify row_number() over (partition by customer_id order by shared desc, cluster_id) = 1
), kept as (
    select cluster_id, customer_id from best_cluster
    qualify row_number() over (partition by cluster_id order by shared desc, customer_id) = 1
)
select d.cluster_id, coalesce(k.customer_id, uuidv7()::varchar) as customer_id, k.customer_id is null as is_fresh
from (select distinct cluster_id from movable_clusters) d left join kept k using (cluster_id)
"""

_MOVES = """
create or replace temp table moves as
select coalesce(c.record_id, s.record_id) as record_id, p.source_system, p.source_key,
    case when s.is_returned and s.customer_id = a.customer_id then null else s.customer_id end as old_customer_id,
    a.customer_id as customer_id, a.is_fresh
from movable_clusters c
join identity.normalised_people p using (record_id)
join assigned a using (cluster_id)
full join owned_records s on s.record_id = c.record_id
where s.is_returned or s.customer_id is distinct from a.customer_id
"""

# of records that came to a customer: the strongest edge to those that it has had before, else to others that came
_EDGES = """
create or replace temp table joining_edges as
with came as (select * from moves where customer_id is not null and not (old_customer_id is null and is_fresh)),
ends as (
    select left_id as record_id, right_id as other_id, rule, weight from identity.edges where is_used and left_id in (select record_id from came)
    union all select right_id, left_id, rule, weight from identity.edges where is_used and right_id in (select record_id from came)
)
select m.old_customer_id, m.customer_id,
    arg_max(e.rule || ', ' || m.source_system || ':' || m.source_key || ' and ' || p.source_system || ':' || p.source_key,
        (o.record_id is null, e.weight, -e.record_id::hugeint, -e.other_id::hugeint, e.rule)) as edge
from came m
join ends e on e.record_id = m.record_id
join identity.normalised_people p on p.record_id = e.other_id
join movable_clusters c on c.record_id = e.other_id
join assigned a on a.cluster_id = c.cluster_id and a.customer_id = m.customer_id
left join moves o on o.record_id = e.other_id
where o.record_id is null or o.old_customer_id is distinct from m.old_customer_id
group by all
"""

_EVENTS = """
insert into identity.customer_identity_events
    (occurred_at, run_id, kind, from_customer_id, to_customer_id, record_count, reason, recorded_at, edge)
with gone as (
    select distinct old_customer_id from moves where old_customer_id is not null
        and old_customer_id not in (select customer_id from assigned)
), flows as (
    select old_customer_id, customer_id, bool_or(is_fresh) as is_fresh, count(*) as record_count from moves group by all
)
select $at, $run_id,
    case
        when f.old_customer_id is null and f.is_fresh then 'created'
        when f.customer_id is null and g.old_customer_id is not null then 'retired'
        when f.customer_id is null then 'record left'
        when f.old_customer_id is null then 'record joined'
        when g.old_customer_id is not null then 'merged'
        when f.is_fresh then 'split'
        else 'moved'
    end,
    f.old_customer_id, f.customer_id, f.record_count,
    case
        when f.old_customer_id is null and f.is_fresh then 'new records that match no customer'
        when f.customer_id is null then 'the records are gone at their source'
        when f.old_customer_id is null and f.customer_id in (select customer_id from returned_records)
            then 'the records came back to their source'
        when f.old_customer_id is null then 'new records that match'
        when g.old_customer_id is not null then 'their records now match'
        when f.is_fresh then 'the records match no longer'
        else 'the records match another customer better'
    end,
    now()::timestamp,
    j.edge
from flows f left join gone g using (old_customer_id)
left join joining_edges j on j.customer_id = f.customer_id and j.old_customer_id is not distinct from f.old_customer_id
"""

_CLOSE = """
update identity.customer_source_records s set valid_to = $at
from moves m where s.valid_to is null and m.record_id = s.record_id and m.old_customer_id = s.customer_id
"""
_OPEN = """
insert into identity.customer_source_records
select customer_id, record_id, source_system, source_key, $at, null from moves where customer_id is not null
"""
# an old id resolves to the customer that took most of it in, through later merges too; a retired id redirects nowhere
_REDIRECTS = """
insert or replace into identity.customer_id_redirects
select from_customer_id, arg_max(to_customer_id, record_count), $at from identity.customer_identity_events
where kind = 'merged' and run_id = $run_id and occurred_at = $at group by from_customer_id
"""
_FOLLOW = """
update identity.customer_id_redirects r set customer_id = n.customer_id
from identity.customer_id_redirects n where n.old_customer_id = r.customer_id
"""


@dataclass(frozen=True)
class IdChanges:
    """What a night did to the ids: customers now, and how many old ids merged, split or moved (`changed`)."""

    customers: int
    created: int
    changed: int
    retired: int


def prepare_ids(con: duckdb.DuckDBPyConnection) -> None:
    """Makes the tables of customers where there are none yet."""
    con.execute("create schema if not exists identity")
    con.execute(_DDL)


def carry_ids(con: duckdb.DuckDBPyConnection, run_id: str, moment: object, *, everything: bool = True) -> IdChanges:
    """Gives every cluster, or those of touched records, its lasting id and records what changed, in one transaction.

    Nothing is touched any more after it. `moment` is UTC, naive.
    """
    prepare_ids(con)
    touched = "record_id in (from identity.touched_records)"
    con.execute(
        sql_script(
            __file__,
            "ids_movable",
            only="" if everything else f"where {touched}",
            only_standing="" if everything else f"and {touched}",
        )
    )
    con.execute(_RETURNED, {"published": last_published(con)})
    con.execute(_OWNED)
    with transaction(con):
        for statement in (_ASSIGN, _MOVES, _EDGES):
            con.execute(statement)
        con.execute(_EVENTS, {"at": moment, "run_id": run_id})
        con.execute(_CLOSE, {"at": moment})
        con.execute(_OPEN, {"at": moment})
        con.execute(_REDIRECTS, {"at": moment, "run_id": run_id})
        con.execute(_FOLLOW)
        rest(con)
    counts = con.execute(
        "select (select count(distinct customer_id) from identity.customer_source_records where valid_to is null), count(*) filter (kind = 'created'), "
        "count(distinct from_customer_id) filter (kind in ('merged', 'split', 'moved')), count(*) filter (kind = 'retired') "
        "from identity.customer_identity_events where run_id = $run_id and occurred_at = $at",
        {"run_id": run_id, "at": moment},
    ).fetchall()[0]
    return IdChanges(*(int(count) for count in counts))


def last_published(con: duckdb.DuckDBPyConnection) -> datetime:
    """When readers got the newest publication; before the first one, a time before all others."""
    if not has_table(con, "ops", "publications"):
        return datetime(1970, 1, 1)
    return con.execute("select coalesce(max(published_at), 'epoch') from ops.publications").fetchall()[0][0]


def events_since(con: duckdb.DuckDBPyConnection, moment: object) -> int:
    """How many changes of ids were recorded after `moment`, UTC, naive."""
    prepare_ids(con)
    return int(
        scalar(
            con,
            "select count(*) from identity.customer_identity_events where recorded_at > $moment",
            {"moment": moment},
        )
    )
