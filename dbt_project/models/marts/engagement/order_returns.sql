-- only orders with a line that was given back: few
with
    lines as (
        select
            source_system,
            order_key,
            quantity,
            coalesce(refunded_quantity, 0) as refunded_quantity,
            coalesce(discount, 0) as discount,
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
            sum(discount) filter (quantity > 0 and line_amount >= 0) as line_discount_amount
        from lines
        semi join touched using (source_system, order_key)
        group by source_system, order_key
    )
select
    source_system,
    order_key,
    cast(coalesce(refunded_amount, 0) as decimal(18, 2)) as refunded_amount,
    cast(coalesce(negative_amount, 0) as decimal(18, 2)) as negative_amount,
    cast(coalesce(sold_amount, 0) as decimal(18, 2)) as sold_amount,
    cast(coalesce(line_discount_amount, 0) as decimal(18, 2)) as line_discount_amount,
    cast(coalesce(returned_share, 0) as double) as returned_share,
    {{ hashed(["refunded_amount", "returned_share", "negative_amount", "sold_amount", "line_discount_amount"]) }}
    as digest
from summed
