-- a view: the checks of the night that publishes it end after the marts are built
{{ config(materialized="view") }}

with
    checks as (
        select
            run_id,
            table_name,
            count(*) filter (passed) as passed_count,
            count(*) filter (not passed and severity = 'WARN') as warned_count,
            count(*) filter (not passed and severity <> 'WARN') as failed_count
        from {{ source("ops", "check_results") }}
        group by 1, 2
    ),
    told as (
        select
            run_id,
            'night' as area,
            null as source_system,
            'all checks' as subject,
            coalesce(sum(passed_count), 0) as passed_count,
            coalesce(sum(warned_count), 0) as warned_count,
            coalesce(sum(failed_count), 0) as failed_count,
            null as record_count,
            null as affected_count,
            null as newest_at
        from {{ source("ops", "nights") }}
        left join checks using (run_id)
        group by 1
        union all
        select run_id, 'checks', null, table_name, passed_count, warned_count, failed_count, null, null, null
        from checks
        union all
        select
            run_id, area, nullif(source_system, ''), subject, null, null, null, record_count, affected_count, newest_at
        from {{ source("ops", "night_counts") }}
    )
select
    n.run_id,
    cast(n.as_of as date) as night_on,
    n.as_of as described_at,
    row_number() over (
        partition by cast(n.as_of as date), t.area, t.source_system, t.subject order by n.as_of desc, n.noted_at desc
    )
    = 1 as is_last_of_day,
    n.outcome,
    t.area,
    t.source_system,
    t.subject,
    cast(t.passed_count as bigint) as passed_count,
    cast(t.warned_count as bigint) as warned_count,
    cast(t.failed_count as bigint) as failed_count,
    cast(t.record_count as bigint) as record_count,
    cast(t.affected_count as bigint) as affected_count,
    cast(t.newest_at as timestamp) as newest_at
from told t
join {{ source("ops", "nights") }} n using (run_id)
