with
    -- of each arm those who bought and those who did not: what is told below tells of all four
    counted as (
        select
            *,
            case when lift is null then least(response_share, 1 - response_share) * sent_count else fewest_count end as fewest
        from bi.campaign_results
        where outcome = 'purchase' and last_sent_on <= {{ as_of }}
    ),
    -- a campaign that by its size and the shares of all would rarely be of too few
    sized as (
        select
            c.*,
            c.breakdown = 'campaign'
            and case
                when c.lift is null
                then least(p.response_share, 1 - p.response_share) * c.sent_count
                else
                    least(
                        least(p.measured_response_share, 1 - p.measured_response_share) * c.measured_sent_count,
                        least(p.held_out_response_share, 1 - p.held_out_response_share) * c.held_out_count
                    )
            end
            >= {{ large }} as is_large
        from counted c
        left join (from counted where breakdown = 'channel') p on true
    ),
    -- hiding selects: campaigns are told alone where these are nearly all that are large enough, as in bi (least_told_share)
    chosen as (
        select
            *,
            is_large
            and fewest >= {{ k }}
            and count(*) filter (where is_large and fewest >= {{ k }}) over (partition by lift is null)
            >= {{ least_told }} * count(*) filter (where is_large) over (partition by lift is null) as is_alone
        from sized
    )
select
    case when breakdown = 'channel' then 'all by email' else value end as campaign,
    last_sent_on as sent_on,
    case when lift is null then sent_count else fewest_count end as people,
    case when lift is null then sent_count else measured_sent_count end as sent_count,
    held_out_count,
    case when lift is not null or fewest >= {{ k }} then sent.percent end as bought_percent,
    held_out.percent as held_out_bought_percent,
    case
        when lift is null then verdict
        when lift_low <= 0 and lift_high >= 0 then printf('cannot tell: %+.1f to %+.1f', 100 * lift_low, 100 * lift_high)
        else printf('%+.1f (%+.1f to %+.1f)', 100 * lift, 100 * lift_low, 100 * lift_high)
    end as lift_in_percentage_points
from
    chosen c,
    lateral (
        select {{ percent }} as percent
        from
            (
                select
                    if(c.lift is null, c.sent_count, c.measured_sent_count) as whole,
                    round(whole * if(c.lift is null, c.response_share, c.measured_response_share)) as part
            )
    ) sent,
    lateral (
        select {{ percent }} as percent
        from (select c.held_out_count as whole, round(whole * c.held_out_response_share) as part)
    ) held_out
where breakdown = 'channel' or is_alone
qualify breakdown = 'channel' or row_number() over (partition by breakdown order by last_sent_on desc, value) <= 6
