{{ fact_config("web_sessions") }}

select
    e.source_system,
    e.source_key,
    s.customer_id,
    e.person_system,
    e.person_key,
    e.visitor_key,
    e.started_at,
    e.duration_seconds,
    e.page_views,
    e.landing_channel,
    e.campaign,
    e.is_bounce,
    e.is_converted,
    e.load_id
from {{ ref("conformed_web_sessions") }} e {{ join_customer() }}
where e.deleted_at is null and {{ is_of_somebody_free() }} {{ changed_since_last_run() }}
