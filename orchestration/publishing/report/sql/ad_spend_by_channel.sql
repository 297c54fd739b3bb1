select
    coalesce(channel, 'unknown') as channel,
    currency,
    sum(spend_amount) as spend_amount,
    cast(sum(impressions) as bigint) as impression_count,
    cast(sum(clicks) as bigint) as click_count
from bi.ad_spend
where spend_on > cast({{ as_of }} as date) - interval 12 months and spend_on <= cast({{ as_of }} as date)
group by 1, 2
