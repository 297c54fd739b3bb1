-- what is said of rates, both ways round: one unit of currency costs so much of base, from a day until the next that
-- is said. The newest one goes on to hold, and is stale once it is older than max_rate_age_days
with
    said as (
        {% if var("feeds").get("exchange_rates") -%}
            select currency, coalesce(base_currency, '{{ var("currency") }}') as base, valid_on, rate
            from {{ ref("conformed_exchange_rates") }}
            where deleted_at is null
            {%- if var("exchange_rates") %}
                union all
                {{ configured_rates() }}
            {%- endif -%}
        {%- elif var("exchange_rates") -%}{{ configured_rates() }}
        {%- else -%}select currency, 'SEK' as base, valid_on, sek_per_unit as rate from {{ ref("exchange_rates") }}
        {%- endif %}
    ),
    both_ways as (
        select currency, base, coalesce(valid_on, date '0001-01-01') as valid_on, max(rate) as rate
        from
            (
                select currency, base, valid_on, rate
                from said
                where currency <> base
                union all
                select base, currency, valid_on, 1 / rate
                from said
                where currency <> base
            ) t
        group by 1, 2, 3
    ),
    spells as (
        select
            currency,
            base,
            rate,
            valid_on,
            lead(valid_on, 1, date '9999-12-31') over (partition by currency, base order by valid_on) as valid_until
        from both_ways
    ),
    wanted as (
        select currency, cast(ordered_at as date) as rated_on
        from {{ ref("conformed_orders") }}
        where currency is not null
        union
        select currency, cast(ordered_at as date)
        from {{ ref("conformed_order_items") }}
        where currency is not null and ordered_at is not null
        union
        -- a line in another currency than its order is of the order's day
        select i.currency, cast(o.ordered_at as date)
        from {{ ref("conformed_order_items") }} i
        join {{ ref("conformed_orders") }} o on o.source_system = i.source_system and o.source_key = i.order_key
        where i.currency <> o.currency
        union
        select currency, cast(coalesce(abandoned_at, created_at) as date)
        from {{ ref("conformed_carts") }}
        where currency is not null and coalesce(abandoned_at, created_at) is not null
        union
        select currency, spend_on
        from {{ ref("conformed_ad_spend") }}
        where currency is not null and spend_on is not null
    ),
    -- straight to the company's currency, or by way of one that both have a price in
    found as (
        select
            w.currency,
            w.rated_on,
            a.rate as rate,
            a.valid_on,
            0 as steps,
            a.base,
            {{ is_stale_rate("a", "w.rated_on") }} as is_stale
        from wanted w
        join spells a on a.currency = w.currency and w.rated_on >= a.valid_on and w.rated_on < a.valid_until
        where a.base = '{{ var("currency") }}'
        union all
        select
            w.currency,
            w.rated_on,
            a.rate / b.rate,
            least(a.valid_on, b.valid_on),
            1,
            a.base,
            {{ is_stale_rate("a", "w.rated_on") }} or {{ is_stale_rate("b", "w.rated_on") }}
        from wanted w
        join spells a on a.currency = w.currency and w.rated_on >= a.valid_on and w.rated_on < a.valid_until
        join
            spells b
            on b.currency = '{{ var("currency") }}'
            and b.base = a.base
            and w.rated_on >= b.valid_on
            and w.rated_on < b.valid_until
    ),
    best as (
        select
            currency,
            rated_on,
            {{ earliest("rate", packed(["steps", "days_ago", "base"])) }} as rate,
            {{ earliest("is_stale", packed(["steps", "days_ago", "base"])) }} as is_stale
        from (select *, {{ days_between("valid_on", "rated_on") }} as days_ago from found) t
        group by 1, 2
    )
select
    w.currency,
    w.rated_on,
    case when w.currency = '{{ var("currency") }}' then 1.0 else b.rate end as exchange_rate,
    w.currency <> '{{ var("currency") }}' and coalesce(b.is_stale, false) as is_stale
from wanted w
left join best b on b.currency = w.currency and b.rated_on = w.rated_on
