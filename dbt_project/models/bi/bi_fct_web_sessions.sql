with
    {{ categories_of_many("fct_web_sessions", ["landing_channel", "campaign"], person="visitor_key") }},
    {{ flags_of_many("fct_web_sessions", ["is_bounce", "is_converted"], person="visitor_key") }}
select
    f.source_system,
    {{ shown("source_key") }} as source_key,
    c.customer_key,
    {{ analyst_time("f.started_at") }} as started_at,
    f.duration_seconds,
    f.page_views,
    {{ category("landing_channel") }} as landing_channel,
    {{ category("campaign") }} as campaign,
    {{ flag("is_bounce") }} as is_bounce,
    {{ flag("is_converted") }} as is_converted
from {{ ref("fct_web_sessions") }} f
left join
    {{ ref("dim_customers") }} c using (customer_id)
    {{ joined_shown(["source_key"], is_key=true) }}
    {{ joined_categories(["landing_channel", "campaign"]) }}
    {{ joined_of_many(["is_bounce", "is_converted"]) }}
