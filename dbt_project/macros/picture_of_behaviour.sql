{#- CTEs of customer_360, of one row a customer: carts, subscriptions and use; orders are in customer_purchases. -#}
{% macro picture_of_behaviour() -%}
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
            and x.rated_on = cast(c.abandoned_at as date)
        -- one that is not left yet may still be ordered
        where c.customer_id is not null and c.abandoned_at is not null and {{ has_come("c.abandoned_at") }}
        group by c.customer_id
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
    )
{%- endmacro %}
