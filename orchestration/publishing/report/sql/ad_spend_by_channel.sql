select
    coalesce(channel, 'unknown') as channel,
    currency,
    {{ metric_ad_spend }} as spend_amount,
    cast({{ metric_ad_impressions }} as bigint) as impression_count,
    cast({{ metric_ad_clicks }} as bigint) as click_count
from bi.ad_spend
where spend_on > cast({{ as_of }} as date) - interval 12 months and spend_on <= cast({{ as_of }} as date)
group by 1, 2
