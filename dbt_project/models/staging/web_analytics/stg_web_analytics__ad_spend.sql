select
    spend_id as source_key,
    spend_on,
    channel,
    campaign,
    spend,
    currency,
    impressions,
    reach,
    clicks,
    {{
        staging_end(
            "web_analytics", [required("spend_on", "day"), ["spend < 0", "spend is negative", "out_of_range"]]
        )
    }}
from {{ source("web_analytics", "ad_spend") }}
