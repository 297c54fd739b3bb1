{{ config(materialized="table") }}

select
    f.source_system,
    {{ shown("source_key") }} as source_key,
    f.spend_on,
    {{ shown("channel") }} as channel,
    {{ shown("campaign") }} as campaign,
    f.spend as spend_amount,
    f.currency,
    f.impressions,
    f.reach,
    f.clicks
from
    {{ ref("conformed_ad_spend") }} f
    {{ joined_shown(["source_key"], is_key=true) }}
    {{ joined_shown(["channel", "campaign"]) }}
where f.deleted_at is null
