with
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
    carts as (
        select
            c.customer_id,
            count(*) as abandoned_cart_count,
            {{ known_sum(in_company_currency("c.cart_amount", "c.currency", "x.exchange_rate")) }}
            as abandoned_cart_amount
        from {{ ref("fct_carts") }} c
        left join
            {{ ref("exchange_rates_by_day") }} x
            on x.currency = c.currency
            and x.rated_on = cast(coalesce(c.abandoned_at, c.created_at) as date)
        where c.customer_id is not null and {{ has_come("coalesce(c.abandoned_at, c.created_at)") }}
        group by c.customer_id
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
    surveys as (
        select
            customer_id,
            count(*) filter (submitted_at is not null) as survey_response_count,
            max(submitted_at) as last_answered_at
            {%- for score in ("nps", "csat", "ces") %}
                ,
                {{ latest(score, packed(["submitted_at", "source_system", "source_key"])) }} filter (
                    {{ score }} is not null
                ) as last_{{ score }},
                avg({{ score }}) as mean_{{ score }},
                sum({{ score }}) as {{ score }}_sum,
                count({{ score }}) as {{ score }}_count
            {%- endfor %}
        from {{ ref("fct_survey_responses") }}
        where customer_id is not null and {{ has_come("submitted_at") }}
        group by customer_id
    ),
    reviews as (
        select s.customer_id, count(*) as review_count, avg(e.rating) as mean_rating
        from {{ ref("conformed_reviews") }} e {{ join_customer() }}
        where s.customer_id is not null and e.deleted_at is null and {{ has_come("e.reviewed_at") }}
        group by s.customer_id
    ),
    -- the customer's own words; who may not be profiled has none there
    feedback as (
        select
            customer_id,
            count(distinct packed_key) as feedback_count,
            {{ latest("sentiment", packed(["written_at", "source_system", "source_key"])) }} as last_sentiment,
            {{ listed_once("theme") }} as feedback_themes
        from
            (
                select
                    customer_id,
                    kind || ':' || source_system || ':' || source_key as packed_key,
                    nullif(theme, 'none') as theme,
                    sentiment,
                    written_at,
                    source_system,
                    source_key
                from {{ ref("feedback_texts") }}
                where customer_id is not null
            )
        group by customer_id
    ),
    preferences as (
        select customer_id, {{ listed_once("question || ': ' || answer") }} as stated_preferences
        from {{ ref("stated_wishes") }}
        where is_newest and customer_id is not null
        group by customer_id
    ),
    subscriptions as (
        select
            customer_id,
            bool_or({{ is_to_come("cancelled_at") }}) as has_active_subscription,
            count(*) as subscription_count,
            sum(
                {{ days_between("started_at", "least(coalesce(cancelled_at, " ~ as_of() ~ "), " ~ as_of() ~ ")") }}
            ) as subscription_days,
            max(cancelled_at) filter (not {{ is_to_come("cancelled_at") }}) as last_cancelled_at
        from {{ ref("fct_subscriptions") }}
        where customer_id is not null and {{ has_come("started_at") }}
        group by customer_id
    ),
    usage as (
        select
            s.customer_id,
            count(*) filter (e.occurred_at > {{ as_of() }} - interval 30 day) as usage_count_30d,
            count(*) filter (
                e.occurred_at > {{ as_of() }} - interval 60 day and e.occurred_at <= {{ as_of() }} - interval 30 day
            ) as usage_count_30d_before,
            max(e.occurred_at) as last_used_at
        from {{ ref("conformed_usage_events") }} e {{ join_customer() }}
        where s.customer_id is not null and e.deleted_at is null and {{ has_come("e.occurred_at") }}
        group by s.customer_id
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
    ),
    households as (
        select m.customer_id, h.customer_count
        from {{ ref("bridge_household_customers") }} m
        join {{ ref("dim_households") }} h using (household_id)
    ),
    -- as audiences are: whom the law keeps out may not be contacted, whatever they said
    permissions as (
        select
            a.customer_id
            {%- for channel in ("email", "sms", "phone", "post") %}
                , bool_or(a.channel = '{{ channel }}' and a.is_permitted) as is_contactable_by_{{ channel }}
            {%- endfor %}
        from {{ ref("contact_permissions") }} a
        join {{ ref("purposes") }} p on p.purpose = a.purpose and p.is_marketing
        join {{ ref("dim_customers") }} d on d.customer_id = a.customer_id
        where
            a.purpose <> 'profiling'
            and not coalesce(d.is_protected, false)
            and not coalesce(d.is_deceased, false)
            and not coalesce(d.has_impossible_birth_date, false)
            and (
                not coalesce(d.is_minor_or_unknown_age, true)
                or d.birth_date is null
                and {{ unknown_age_is_adult("a.purpose") }}
            )
        group by a.customer_id
    ),
    scores as (
        select
            customer_id
            {%- for score in (
                "expected_purchases_12m",
                "expected_net_value_12m",
                "churn_shop",
                "lead_conversion",
                "uplift_campaign",
            ) %}, max(value) filter (score = '{{ score }}') as {{ score }} {%- endfor %}
            {%- for score in ("churn_contract", "answer_campaign") %}
                ,
                max(value) filter (score = '{{ score }}') as {{ score }},
                max(decile) filter (score = '{{ score }}') as {{ score }}_decile
            {%- endfor %},
            max(outcome) filter (score = 'next_category') as next_category,
            max(value) filter (score = 'next_category') as next_category_chance
        from {{ ref("customer_scores") }}
        group by customer_id
    ),
    life_events as (
        select
            customer_id,
            max(happened_on) filter (event = 'moved') as last_moved_on,
            max(happened_on) filter (event = 'household grew') as household_grew_on,
            max(happened_on) filter (event = 'household shrank') as household_shrank_on,
            max(happened_on) filter (event = 'new job') as new_job_on
        from {{ ref("customer_life_events") }}
        group by customer_id
    )
select
    c.customer_id,
    c.country_code,
    c.county,
    {{ age_band("c.birth_date") }} as age_band,
    coalesce(h.customer_count, 1) as household_customer_count,
    c.is_club_member,
    c.is_business,
    {% for channel in ("email", "sms", "phone", "post") -%}
        coalesce(a.is_contactable_by_{{ channel }}, false) as is_contactable_by_{{ channel }},
    {% endfor -%}
    c.first_seen_at,
    {{ days_between("least(c.first_seen_at, o.first_ordered_at)", as_of()) }} as relationship_days,
    -- where the first visit came from, unless an order is older
    case
        when f.customer_id is null
        then null
        when v.first_visited_at <= coalesce(o.first_ordered_at, v.first_visited_at)
        then v.first_landing_channel
        else o.first_order_channel
    end as acquisition_channel,
    f.region,
    f.company_customer_count,
    f.company_order_count,
    f.company_open_deal_count,
    f.company_won_deal_count,
    f.life_phase,
    f.life_phase_confidence,
    f.life_phase_reasons,
    l.last_moved_on,
    l.household_grew_on,
    l.household_shrank_on,
    l.new_job_on,
    coalesce(o.order_count, 0) as order_count,
    coalesce(o.order_count_365d, 0) as order_count_365d,
    coalesce(o.refunded_order_count, 0) as refunded_order_count,
    coalesce(o.discounted_order_count, 0) as discounted_order_count,
    -- nothing ordered is nothing; an amount without an exchange rate is not known
    cast(case when o.customer_id is null then 0 else o.gross_amount end as decimal(18, 2)) as gross_amount,
    cast(case when o.customer_id is null then 0 else o.refunded_amount end as decimal(18, 2)) as refunded_amount,
    cast(case when o.customer_id is null then 0 else o.net_amount end as decimal(18, 2)) as net_amount,
    cast(case when o.customer_id is null then 0 else o.net_amount end as decimal(18, 2)) as revenue_amount,
    cast(case when o.customer_id is null then 0 else o.discount_amount end as decimal(18, 2)) as discount_amount,
    o.margin_amount,
    cast(o.net_amount / nullif(o.order_count, 0) as decimal(18, 2)) as mean_order_amount,
    cast(o.refunded_amount / nullif(o.gross_amount, 0) as double) as refunded_share,
    '{{ var("currency") }}' as currency,
    o.first_ordered_at,
    o.last_ordered_at,
    {{ days_between("o.first_ordered_at", "o.last_ordered_at") }}
    / cast(nullif(o.order_count - 1, 0) as double) as mean_days_between_orders,
    case when f.customer_id is not null then o.favourite_store end as favourite_store,
    case when f.customer_id is not null then o.favourite_category end as favourite_category,
    coalesce(k.abandoned_cart_count, 0) as abandoned_cart_count,
    cast(
        case when k.customer_id is null then 0 else k.abandoned_cart_amount end as decimal(18, 2)
    ) as abandoned_cart_amount,
    coalesce(b.has_active_subscription, false) as has_active_subscription,
    coalesce(b.subscription_count, 0) as subscription_count,
    cast(coalesce(b.subscription_days, 0) as bigint) as subscription_days,
    b.last_cancelled_at as last_subscription_cancelled_at,
    coalesce(u.usage_count_30d, 0) as usage_count_30d,
    coalesce(u.usage_count_30d_before, 0) as usage_count_30d_before,
    coalesce(v.web_session_count, 0) as web_session_count,
    coalesce(v.web_session_count_90d, 0) as web_session_count_90d,
    coalesce(v.social_session_count, 0) as social_session_count,
    case when exists (select 1 from ad_channels) then coalesce(v.ad_session_count, 0) end as ad_session_count,
    cast(coalesce(v.page_view_count, 0) as bigint) as page_view_count,
    cast(coalesce(v.visit_seconds, 0) as bigint) as visit_seconds,
    cast(v.bounce_share as double) as bounce_share,
    v.last_visited_at,
    cast(coalesce(e.email_delivered_count, 0) as bigint) as email_delivered_count,
    cast(coalesce(e.email_opened_count, 0) as bigint) as email_opened_count,
    cast(coalesce(e.email_clicked_count, 0) as bigint) as email_clicked_count,
    cast(e.campaigns_read as double) / nullif(e.campaigns, 0) as email_read_share,
    cast(e.campaigns_clicked as double) / nullif(e.campaigns, 0) as email_click_share,
    e.last_clicked_at as last_email_clicked_at,
    coalesce(t.ticket_count, 0) as ticket_count,
    coalesce(t.open_ticket_count, 0) as open_ticket_count,
    t.mean_first_reply_hours,
    coalesce(i.interaction_count, 0) as interaction_count,
    coalesce(i.call_count, 0) as call_count,
    -- of the customer's own doing, or a talk with them
    greatest(
        o.last_ordered_at,
        v.last_visited_at,
        e.last_clicked_at,
        t.last_opened_at,
        i.last_occurred_at,
        r.last_answered_at,
        u.last_used_at
    ) as last_active_at,
    coalesce(r.survey_response_count, 0) as survey_response_count,
    {% for score in ("nps", "csat", "ces") -%}
        r.last_{{ score }},
        cast(r.mean_{{ score }} as double) as mean_{{ score }},
        -- against the mean of the answers before
        r.last_{{ score }}
        - (r.{{ score }}_sum - r.last_{{ score }})
        / cast(nullif(r.{{ score }}_count - 1, 0) as double) as {{ score }}_change,
    {% endfor -%}
    coalesce(w.review_count, 0) as review_count,
    cast(w.mean_rating as double) as mean_rating,
    coalesce(x.feedback_count, 0) as feedback_count,
    x.last_sentiment,
    x.feedback_themes,
    g.stated_preferences,
    q.expected_purchases_12m,
    cast(q.expected_net_value_12m as decimal(18, 2)) as expected_net_value_12m,
    q.churn_shop,
    q.churn_contract,
    q.churn_contract_decile,
    q.answer_campaign,
    q.answer_campaign_decile,
    q.lead_conversion,
    q.next_category,
    q.next_category_chance,
    q.uplift_campaign,
    c.conflicting_fields,
    nullif(
        concat_ws(
            ', ',
            case when c.full_name is null and (c.given_name is null or c.family_name is null) then 'name' end
            {%- for field in ("email", "phone", "birth_date", "postal_code", "country_code") %}
                , case when c.{{ field }} is null then '{{ field }}' end
            {%- endfor %}
        ),
        ''
    ) as missing_fields,
    d.address_confirmed_on,
    d.address_confirmed_by,
    d.address_source_count,
    d.address_disagreeing_systems
from {{ ref("dim_customers") }} c
left join {{ ref("customer_purchases") }} o using (customer_id)
left join visits v using (customer_id)
left join emails e using (customer_id)
left join carts k using (customer_id)
left join tickets t using (customer_id)
left join surveys r using (customer_id)
left join reviews w using (customer_id)
left join feedback x using (customer_id)
left join preferences g using (customer_id)
left join subscriptions b using (customer_id)
left join usage u using (customer_id)
left join interactions i using (customer_id)
left join households h using (customer_id)
left join permissions a using (customer_id)
left join scores q using (customer_id)
-- nothing is inferred of whom it lacks: who refused profiling (Art. 21), protected people and the dead
left join {{ ref("customer_profile") }} f using (customer_id)
left join life_events l using (customer_id)
left join {{ ref("customer_addresses") }} d using (customer_id)
