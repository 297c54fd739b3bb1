-- Of each source: whether it could be read, how many rows were new or changed since the night before that counted them, and
-- when rows of it last came. Sources that are configured no more are told until their loads are.
insert or replace into ops.night_counts
with
    since as (
        select coalesce(max(n.noted_at), '-infinity'::timestamp) as moment
        from ops.nights n
        where n.run_id <> $run_id and exists (select 1 from ops.night_counts c where c.run_id = n.run_id and c.area = 'sources')
    ),
    came as (
        select
            l.source,
            coalesce(sum(l.inserted + l.updated + l.deleted) filter (l.loaded_at > s.moment), 0) as rows_new,
            max(l.loaded_at) filter (l.inserted + l.updated + l.deleted > 0) as newest_at
        from ops.loads l cross join since s
        group by l.source
    )
select
    $run_id, 'sources', s.source, 'new rows', cast(coalesce(c.rows_new, 0) as bigint), cast(not s.is_ok as bigint), c.newest_at
from ops.source_status s
left join came c using (source)
