with
    nights as (
        select
            subject,
            described_at,
            record_count,
            affected_count,
            affected_share
        from bi.data_quality_by_night
        where area = 'records' and is_last_of_day and described_at <= {{ as_of }}
    ),
    before as (
        select subject, arg_max(affected_count, described_at) as affected_count
        from nights
        where described_at <= {{ as_of }} - interval 6 days
        group by subject
    )
select
    n.subject as lacking,
    n.record_count as people_rounded,
    n.record_count as customer_count_rounded,
    n.affected_count as affected_count_rounded,
    b.affected_count as a_week_ago_count_rounded,
    n.affected_share,
    n.record_count as affected_share_of_rounded
from nights n
left join before b using (subject)
qualify rank() over (order by n.described_at desc) = 1
