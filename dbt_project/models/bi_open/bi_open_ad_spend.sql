with
    by_month as (
        select
            cast(date_trunc('month', spend_on) as date) as spend_month,
            channel,
            campaign,
            currency,
            cast(sum(spend_amount) as decimal(18, 2)) as spend_amount,
            sum(impressions) as impressions,
            sum(clicks) as clicks
        from {{ ref("bi_ad_spend") }}
        group by 1, 2, 3, 4
    )
select
    spend_month,
    channel,
    campaign,
    currency,
    spend_amount,
    {{ rounded("impressions") }} as impression_count,
    {{ rounded("clicks") }} as click_count
from by_month
