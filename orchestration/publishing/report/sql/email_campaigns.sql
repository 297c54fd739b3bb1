select
    coalesce(campaign_name, campaign_key) as campaign,
    cast(sent_at as date) as sent_on,
    delivered_count as people,
    delivered_count,
    read_count,
    clicked_count,
    unsubscribed_count
from bi.email_campaigns
where sent_at <= {{ as_of }}
qualify row_number() over (order by sent_at desc, campaign_key) <= 6
