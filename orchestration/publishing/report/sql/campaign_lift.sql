select
    case when breakdown = 'channel' then 'all by email' else value end as campaign,
    last_sent_on as sent_on,
    -- of each arm those who bought and those who did not: what is told below tells of all four
    case when lift is null then sent_count else fewest_count end as people,
    case when lift is null then sent_count else measured_sent_count end as sent_count,
    held_out_count,
    case
        when lift is not null then round(100 * measured_response_share)
        when least(response_share, 1 - response_share) * sent_count >= 10 then round(100 * response_share)
    end as bought_percent,
    round(100 * held_out_response_share) as held_out_bought_percent,
    case
        when lift is null then verdict
        when lift_low <= 0 and lift_high >= 0 then printf('cannot tell: %+.1f to %+.1f', 100 * lift_low, 100 * lift_high)
        else printf('%+.1f (%+.1f to %+.1f)', 100 * lift, 100 * lift_low, 100 * lift_high)
    end as lift_in_percentage_points
from bi.campaign_results
where outcome = 'purchase' and last_sent_on <= {{ as_of }}
qualify breakdown = 'channel' or row_number() over (partition by breakdown order by last_sent_on desc, value) <= 6
