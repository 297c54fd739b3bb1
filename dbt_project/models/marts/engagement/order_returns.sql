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
            {{ line_amount("") }} as line_amount
        from {{ ref("conformed_order_items") }}
        where deleted_at is null
    ),
    touched as (
        select distinct source_system, order_key
        from lines
        where refunded_quantity > 0 or line_amount < 0 or quantity < 0
    ),
    summed as (
        select
            source_system,
            order_key,
            sum({{ line_refund("") }}) filter (quantity > 0 and line_amount >= 0) as refunded_amount,
            - sum(line_amount) filter (quantity < 0 or line_amount < 0) as negative_amount,
            sum(line_amount) filter (quantity > 0 and line_amount >= 0) as sold_amount,
            -- where lines have no price, their share of the units says what was given back
            sum(least(refunded_quantity, quantity)) filter (quantity > 0)
            / sum(quantity) filter (quantity > 0) as returned_share,
            sum(discount) filter (quantity > 0 and line_amount >= 0) as line_discount_amount,
            min(currency) as first_currency,
            max(currency) as last_currency
        from lines
        semi join touched using (source_system, order_key)
        group by source_system, order_key
    ),
    compared as (
        select s.*, coalesce(o.currency <> s.first_currency or o.currency <> s.last_currency, false) as is_foreign
        from summed s
        left join {{ ref("conformed_orders") }} o on o.source_system = s.source_system and o.source_key = s.order_key
    )
select
    source_system,
    order_key,
    cast(coalesce(refunded_amount, 0) as decimal(18, 2)) as refunded_amount,
    cast(coalesce(negative_amount, 0) as decimal(18, 2)) as negative_amount,
    cast(coalesce(sold_amount, 0) as decimal(18, 2)) as sold_amount,
    cast(coalesce(line_discount_amount, 0) as decimal(18, 2)) as line_discount_amount,
    cast(coalesce(returned_share, 0) as double) as returned_share,
    is_foreign,
    {{
        hashed(
            [
                "refunded_amount",
                "returned_share",
                "negative_amount",
                "sold_amount",
                "line_discount_amount",
                "is_foreign",
            ]
        )
    }} as digest
from compared
