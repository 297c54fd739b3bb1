with
    nights as (
        select
            subject,
            described_at,
            record_count,
            affected_count
        from bi.data_quality_by_night
        where area = 'records' and described_at <= {{ as_of }}
    ),
    before as (
        select subject, arg_max(affected_count, described_at) as affected_count
        from nights
        where described_at <= {{ as_of }} - interval 6 days
        group by subject
    )
select n.subject as lacking, n.record_count as people, n.record_count as customer_count, n.affected_count, b.affected_count as a_week_ago_count
from nights n
left join before b using (subject)
qualify rank() over (order by n.described_at desc) = 1
