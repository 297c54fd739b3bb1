-- only orders with a line that was given back: few
with
    lines as (
        select
            source_system,
            order_key,
            quantity,
            coalesce(refunded_quantity, 0) as refunded_quantity,
            coalesce(discount, 0) as discount,
            currency,
            {{ line_amount("") }} as line_amount,
            -- where lines name products, one that names none is freight or a fee
            product_key is not null or count(product_key) over (partition by source_system, order_key) = 0 as is_goods
        from {{ ref("conformed_order_items") }}
        where deleted_at is null
    ),
    touched as (
        select distinct source_system, order_key
        from lines
        where refunded_quantity > 0 or line_amount < 0 or quantity < 0
    ),
    -- amounts of several currencies do not add up: each is worth what its rate and the order's say, if both are known
    rated as (
        select
            l.*,
            o.currency as order_currency,
            case
                when coalesce(l.currency, o.currency) = o.currency then 1 else x.exchange_rate / n.exchange_rate
            end as in_order_currency,
            count(distinct coalesce(l.currency, o.currency)) over (partition by l.source_system, l.order_key)
            > 1 as is_mixed
        from lines l
        semi join touched t on t.source_system = l.source_system and t.order_key = l.order_key
        left join {{ ref("conformed_orders") }} o on o.source_system = l.source_system and o.source_key = l.order_key
        left join
            {{ ref("exchange_rates_by_day") }} x on x.currency = l.currency and x.rated_on = cast(o.ordered_at as date)
        left join
            {{ ref("exchange_rates_by_day") }} n on n.currency = o.currency and n.rated_on = cast(o.ordered_at as date)
    ),
    converted as (
        select *, is_mixed and count(*) over o = count(in_order_currency) over o as is_converted
        from rated
        window o as (partition by source_system, order_key)
    ),
    factored as (
        select
            *,
            -- lines that are all in one other currency are their share of what was paid, whatever the rate
            case when is_converted then in_order_currency else 1 end as factor,
            order_currency is not null
            and coalesce(currency, order_currency) <> order_currency
            and not is_converted as is_foreign
        from converted
    ),
    -- a sum of decimals is the same in any order of its lines, one of doubles is not
    worth as (
        select
            *,
            cast(factor * line_amount as decimal(28, 6)) as amount,
            cast(factor * ({{ line_refund("") }}) as decimal(28, 6)) as refund,
            cast(factor * discount as decimal(28, 6)) as line_discount,
            quantity > 0 and line_amount >= 0 as is_sold,
            quantity < 0 or line_amount < 0 as is_negative
        from factored
    ),
    compared as (
        select
            source_system,
            order_key,
            coalesce(sum(refund) filter (is_sold), 0) as refunded_amount,
            coalesce(- sum(amount) filter (is_negative), 0) as negative_amount,
            coalesce(sum(amount) filter (is_sold), 0) as sold_amount,
            coalesce(sum(line_discount) filter (is_sold), 0) as line_discount_amount,
            -- where lines have no price, their share of the units says what was given back
            coalesce(
                sum(least(refunded_quantity, quantity)) filter (quantity > 0) / sum(quantity) filter (quantity > 0), 0
            ) as returned_share,
            bool_or(is_foreign) as is_foreign,
            bool_and(refunded_quantity >= quantity) filter (is_goods and is_sold) as is_each_returned,
            sum(amount) filter (is_goods and is_sold) as goods_amount,
            coalesce(sum(refund) filter (is_goods and is_sold), 0)
            - coalesce(sum(amount) filter (is_negative), 0) as goods_given_back
        from worth
        group by source_system, order_key
    ),
    decided as (
        select
            source_system,
            order_key,
            cast(refunded_amount as decimal(18, 2)) as refunded_amount,
            cast(negative_amount as decimal(18, 2)) as negative_amount,
            cast(sold_amount as decimal(18, 2)) as sold_amount,
            cast(line_discount_amount as decimal(18, 2)) as line_discount_amount,
            cast(returned_share as double) as returned_share,
            is_foreign,
            coalesce(
                is_each_returned or (goods_amount > 0 and goods_given_back >= goods_amount), false
            ) as is_wholly_returned
        from compared
    )
select
    *,
    {{
        hashed(
            [
                "refunded_amount",
                "returned_share",
                "negative_amount",
                "sold_amount",
                "line_discount_amount",
                "is_foreign",
                "is_wholly_returned",
            ]
        )
    }} as digest
from decided
