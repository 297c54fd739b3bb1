select
    week_on,
    grain as period,
    customer_count as people,
    customer_count as new_customer_count,
    reached_count,
    cast(round(100 * target_share) as bigint) as target_percent
from bi.north_star
where is_final
qualify row_number() over (order by week_on desc) <= 13
