{%- set insight = var("insight") %}
with
    clicks as (
        select customer_id, source_system, source_key, occurred_at, campaign_key
        from {{ ref("fct_email_events") }}
        where kind = 'clicked' and customer_id is not null
    ),
    touches as (
        -- an email visit soon after a click is the same touch, and the click says of which campaign
        select
            v.customer_id,
            v.started_at as touched_at,
            coalesce({{ unless_blank("v.landing_channel") }}, 'direct') as channel,
            coalesce({{ unless_blank("v.campaign") }}, 'none') as campaign,
            v.source_system || ':visit:' || v.source_key as touch_key
        from {{ ref("fct_web_sessions") }} v
        anti join
            clicks c
            on lower(trim(v.landing_channel)) = 'email'
            and c.customer_id = v.customer_id
            and c.occurred_at <= v.started_at
            and c.occurred_at >= v.started_at - {{ minutes(insight["same_visit_minutes"]) }}
        where v.customer_id is not null
        union all
        select
            e.customer_id,
            e.occurred_at,
            'email',
            coalesce({{ unless_blank("c.name") }}, e.campaign_key, 'none'),
            e.source_system || ':click:' || e.source_key
        from clicks e
        left join
            {{ ref("conformed_campaigns") }} c
            on c.source_system = e.source_system
            and c.source_key = e.campaign_key
            and c.deleted_at is null
    ),
    purchases as (
        select
            customer_id,
            source_system,
            source_key,
            ordered_at,
            net_amount,
            row_number() over each_one as path_number,
            lag(ordered_at) over each_one as previous_at
        from {{ ref("fct_orders") }}
        where is_sale and customer_id is not null and ordered_at <= {{ as_of() }}
        window each_one as (partition by customer_id order by ordered_at, source_system, source_key)
    ),
    ends as (
        select path_number, customer_id, source_system, source_key, ordered_at as ends_at, previous_at, net_amount
        from purchases
        where
            ordered_at > {{ as_of() }} - {{ days(insight["attribution_days"]) }}
            {% if not insight["repeat_purchases"] %} and path_number = 1 {% endif %}
        union all
        -- whoever never bought has a path too, to nothing: it tells what does not lead to a purchase
        select 0, t.customer_id, null, null, max(t.touched_at), null, null
        from touches t
        where
            t.touched_at <= {{ as_of() }}
            and t.touched_at > {{ as_of() }} - {{ days(insight["attribution_days"]) }}
            and not exists (select 1 from purchases p where p.customer_id = t.customer_id)
        group by t.customer_id
    )
select
    e.customer_id,
    e.path_number,
    row_number() over each_touch as touch_number,
    count(*) over (partition by e.customer_id, e.path_number) as touch_count,
    t.touched_at,
    coalesce(t.channel, 'untracked') as channel,
    coalesce(t.campaign, 'none') as campaign,
    coalesce(lower(t.channel), '') in ('direct', '(direct)', '(none)') as is_direct,
    e.path_number > 0 as is_converted,
    e.source_system as order_system,
    e.source_key as order_key,
    case when e.path_number > 0 then e.ends_at end as converted_at,
    e.net_amount
from ends e
left join
    touches t
    on t.customer_id = e.customer_id
    and t.touched_at <= e.ends_at
    and t.touched_at > e.ends_at - {{ days(insight["touch_window_days"]) }}
    and (e.previous_at is null or t.touched_at > e.previous_at)
where {{ is_profiled("e.customer_id") }}
window each_touch as (partition by e.customer_id, e.path_number order by t.touched_at, t.touch_key)
