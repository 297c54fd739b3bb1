with {{ categories_of_many("fct_web_sessions", ["landing_channel", "campaign"], person="visitor_key") }}
select
    f.source_system,
    {{ shown("source_key") }} as source_key,
    c.customer_key,
    {{ analyst_time("f.started_at") }} as started_at,
    f.duration_seconds,
    f.page_views,
    {{ category("landing_channel") }} as landing_channel,
    {{ category("campaign") }} as campaign,
    f.is_bounce,
    f.is_converted
from {{ ref("fct_web_sessions") }} f
left join
    {{ ref("dim_customers") }} c using (customer_id)
    {{ joined_shown(["source_key"], is_key=true) }}
    {{ joined_categories(["landing_channel", "campaign"]) }}
