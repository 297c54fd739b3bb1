with
    {{ picture_of_interaction() }},
    {{ picture_of_behaviour() }},
    {{ picture_of_attitude() }},
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
    -- customer_attributes has those of every other name
    described as (
        select
            customer_id
            {%- for column, name in var("insight").descriptive_attributes.items() %}
                ,
                max(attribute_value) filter (attribute_name = '{{ name }}') as {{ column }},
                max(origin) filter (attribute_name = '{{ name }}') as {{ column }}_origin,
                max(age_days) filter (attribute_name = '{{ name }}') as {{ column }}_age_days
            {%- endfor %}
        from {{ ref("customer_attributes") }}
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
    {{ if_delivered("household_customer_count", "coalesce(h.customer_count, 1)") }},
    c.is_club_member,
    c.is_business,
    {% for channel in ("email", "sms", "phone", "post") -%}
        coalesce(a.is_contactable_by_{{ channel }}, false) as is_contactable_by_{{ channel }},
    {% endfor -%}
    c.first_seen_at,
    {{ days_between("least(c.first_seen_at, o.first_ordered_at)", as_of()) }} as relationship_days,
    -- where the first visit came from, unless an order is older. The first of whoever is older than the visits that are
    -- kept may be gone: another one would take its place night by night
    case
        when f.customer_id is null
        then null
        when
            {{ is_delivered("web_sessions") }}
            and least(c.first_seen_at, o.first_ordered_at) <= {{ kept_since("behaviour") }}
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
    {% for column in var("insight").descriptive_attributes -%}
        z.{{ column }}, z.{{ column }}_origin, z.{{ column }}_age_days,
    {% endfor -%}
    {{
        counts_if_delivered(
            "o", ["order_count", "order_count_365d", "refunded_order_count", "discounted_order_count"]
        )
    }},
    {{ amounts_if_delivered("o", ["gross_amount", "refunded_amount", "net_amount", "discount_amount"]) }},
    {{ if_delivered("revenue_amount", "case when o.customer_id is null then 0 else o.net_amount end") }},
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
    {{ counts_if_delivered("k", ["abandoned_cart_count"]) }},
    {{ amounts_if_delivered("k", ["abandoned_cart_amount"]) }},
    {{ counts_if_delivered("b", ["has_active_subscription"], otherwise="false") }},
    {{ counts_if_delivered("b", ["subscription_count", "subscription_days"]) }},
    b.last_cancelled_at as last_subscription_cancelled_at,
    {{ counts_if_delivered("u", ["usage_count_30d", "usage_count_30d_before"]) }},
    {{ counts_if_delivered("v", ["web_session_count", "web_session_count_90d", "social_session_count"]) }},
    {{
        if_delivered(
            "ad_session_count",
            "case when exists (select 1 from ad_channels) then coalesce(v.ad_session_count, 0) end",
        )
    }},
    {{ counts_if_delivered("v", ["page_view_count", "visit_seconds"]) }},
    cast(v.bounce_share as double) as bounce_share,
    v.last_visited_at,
    {{ counts_if_delivered("e", ["email_delivered_count", "email_opened_count", "email_clicked_count"]) }},
    cast(e.campaigns_read as double) / nullif(e.campaigns, 0) as email_read_share,
    cast(e.campaigns_clicked as double) / nullif(e.campaigns, 0) as email_click_share,
    e.last_clicked_at as last_email_clicked_at,
    {{ counts_if_delivered("t", ["ticket_count", "open_ticket_count"]) }},
    t.mean_first_reply_hours,
    {{ counts_if_delivered("i", ["interaction_count", "call_count"]) }},
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
    {{ counts_if_delivered("r", ["survey_response_count"]) }},
    {% for score in ("nps", "csat", "ces") -%}
        r.last_{{ score }},
        cast(r.mean_{{ score }} as double) as mean_{{ score }},
        -- against the mean of the answers before
        r.last_{{ score }}
        - (r.{{ score }}_sum - r.last_{{ score }})
        / cast(nullif(r.{{ score }}_count - 1, 0) as double) as {{ score }}_change,
    {% endfor -%}
    {{ counts_if_delivered("w", ["review_count"]) }},
    cast(w.mean_rating as double) as mean_rating,
    -- who may not be profiled may have written: that is not known here, and not 0
    {{ if_delivered("feedback_count", "case when f.customer_id is not null then coalesce(x.feedback_count, 0) end") }},
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
cross join {{ deliveries() }} y
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
left join described z using (customer_id)
left join {{ ref("customer_addresses") }} d using (customer_id)
