{{ config(materialized="table") }}

select
    source_system, source_key, spend_on, channel, campaign, spend as spend_amount, currency, impressions, reach, clicks
from {{ ref("conformed_ad_spend") }}
where deleted_at is null
