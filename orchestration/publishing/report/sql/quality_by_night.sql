-- a night that was held or broke off published nothing; the publication after it tells of it
with
    by_area as (
        select
            run_id,
            count(*) filter (area = 'sources' and affected_count > 0) as unread,
            cast(sum(affected_count) filter (area = 'set aside') as bigint) as set_aside
        from bi.data_quality_by_night
        group by run_id
    )
select
    n.described_at,
    n.outcome,
    n.passed_count as passed_checks,
    n.warned_count as warned_checks,
    n.failed_count as failed_checks,
    b.unread as unread_sources,
    b.set_aside as set_aside_count_rounded
from bi.data_quality_by_night n
join by_area b using (run_id)
where n.area = 'night' and n.described_at <= {{ as_of }} and n.described_at > {{ as_of }} - interval 30 days
