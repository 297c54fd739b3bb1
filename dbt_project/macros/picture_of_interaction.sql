{#- CTEs of customer_360, of one row a customer: visits, messages, talks and social networks. -#}
{% macro picture_of_interaction() -%}
    -- of systems that call a channel otherwise than the visits do, nothing is known: google and campaign may be one
    ad_channels as (
        select {{ plain_word("channel") }} as channel
        from {{ ref("conformed_ad_spend") }}
        where deleted_at is null and {{ has_come("spend_on") }}
        intersect
        select {{ plain_word("landing_channel") }}
        from {{ ref("fct_web_sessions") }}
        where {{ plain_word("landing_channel") }} is not null and {{ has_come("started_at") }}
    ),
    social_channels as (
        select 'social' as channel
        union
        select {{ plain_word("network") }}
        from {{ ref("conformed_social_engagements") }}
        where deleted_at is null and {{ has_come("occurred_at") }}
    ),
    visits as (
        select
            customer_id,
            count(*) as web_session_count,
            count(*) filter (
                {{ plain_word("landing_channel") }} in (select channel from ad_channels)
            ) as ad_session_count,
            count(*) filter (
                {{ plain_word("landing_channel") }} in (select channel from social_channels)
            ) as social_session_count,
            count(*) filter (started_at > {{ as_of() }} - interval 90 day) as web_session_count_90d,
            sum(page_views) as page_view_count,
            sum(duration_seconds) as visit_seconds,
            avg(case when is_bounce then 1.0 when not is_bounce then 0.0 end) as bounce_share,
            min(started_at) as first_visited_at,
            max(started_at) as last_visited_at,
            {{ earliest("landing_channel", packed(["started_at", "source_system", "source_key"])) }}
            as first_landing_channel
        from {{ ref("fct_web_sessions") }}
        where customer_id is not null and {{ has_come("started_at") }}
        group by customer_id
    ),
    messages as (
        select
            customer_id,
            campaign_key,
            count(*) filter (kind = 'delivered') as delivered,
            count(*) filter (kind = 'opened') as opened,
            count(*) filter (kind = 'clicked') as clicked,
            max(occurred_at) filter (kind = 'clicked') as last_clicked_at,
            -- mail programs and spam filters open a message as it comes in
            {{ is_read() }} as is_read
        from {{ ref("fct_email_events") }}
        where customer_id is not null and {{ has_come("occurred_at") }}
        group by customer_id, campaign_key
    ),
    emails as (
        select
            customer_id,
            sum(delivered) as email_delivered_count,
            sum(opened) as email_opened_count,
            sum(clicked) as email_clicked_count,
            count(*) filter (delivered > 0 and campaign_key is not null) as campaigns,
            count(*) filter (delivered > 0 and campaign_key is not null and is_read) as campaigns_read,
            count(*) filter (delivered > 0 and campaign_key is not null and clicked > 0) as campaigns_clicked,
            max(last_clicked_at) as last_clicked_at
        from messages
        group by customer_id
    ),
    tickets as (
        select
            customer_id,
            count(*) as ticket_count,
            count(*) filter ({{ is_to_come("solved_at") }}) as open_ticket_count,
            -- of decimals: doubles add up to another sum in another order
            avg(cast(first_reply_hours as decimal(18, 4))) filter (
                {{ has_come("first_reply_at") }}
            ) as mean_first_reply_hours,
            max(opened_at) as last_opened_at
        from {{ ref("fct_tickets") }}
        where customer_id is not null and {{ has_come("opened_at") }}
        group by customer_id
    ),
    interactions as (
        select
            customer_id,
            count(*) as interaction_count,
            count(*) filter (channel in ('call', 'phone')) as call_count,
            max(occurred_at) as last_occurred_at
        from {{ ref("fct_interactions") }}
        where customer_id is not null and {{ has_come("occurred_at") }}
        group by customer_id
    )
{%- endmacro %}
