{{ fact_config("order_items") }}

with
    priced as (
        select
            e.*,
            coalesce(e.refunded_quantity, 0) as given_back,
            {{ line_amount() }} as line_amount,
            coalesce(e.currency, o.currency) as line_currency,
            coalesce(o.ordered_at, e.ordered_at) as sold_at,
            case when o.deleted_at is not null then 'cancelled' else o.status end as order_status,
            coalesce(e.unit_cost, p.unit_cost) as known_unit_cost,
            case
                when e.unit_cost is not null
                then coalesce(e.currency, o.currency)
                when p.unit_cost is not null
                then p.currency
            end as cost_currency
        from {{ ref("conformed_order_items") }} e
        left join {{ ref("conformed_orders") }} o on o.source_system = e.source_system and o.source_key = e.order_key
        left join
            {{ ref("conformed_products") }} p on p.source_system = e.source_system and p.source_key = e.product_key
        where
            e.deleted_at is null
            {% if is_incremental() %}
                and (
                    e.load_id > (select coalesce(max(load_id), 0) from {{ this }})
                    -- what became of the order, and rates that came since
                    or (e.source_system, e.order_key) in (
                        select source_system, source_key
                        from {{ ref("conformed_orders") }}
                        where load_id > (select coalesce(max(load_id), 0) from {{ this }})
                        union all
                        select source_system, source_key
                        from {{ ref("quarantined_rows") }}
                        where entity = 'orders'
                    )
                    -- what the product costs by now
                    or (e.source_system, e.product_key) in (
                        select source_system, source_key
                        from {{ ref("conformed_products") }}
                        where load_id > (select coalesce(max(load_id), 0) from {{ this }})
                        union all
                        select source_system, source_key
                        from {{ ref("quarantined_rows") }}
                        where entity = 'products'
                    )
                    or (e.source_system, e.source_key) in (
                        select t.source_system, t.source_key
                        from {{ this }} t
                        where
                            {{ has_another_rate("t.sold_at") }}
                            or {{ has_another_rate("t.sold_at", "t.cost_currency", "t.cost_exchange_rate") }}
                    )
                )
            {% endif %}
    ),
    parted as (
        select
            e.*,
            x.exchange_rate,
            case
                when e.order_status = 'cancelled' or e.line_amount < 0 or e.quantity < 0 then 0 else e.line_amount
            end as gross,
            case
                when e.order_status = 'cancelled'
                then 0
                when e.line_amount < 0 or e.quantity < 0
                then - e.line_amount
                when e.order_status = 'refunded'
                then e.line_amount
                when e.given_back = 0
                then 0
                else {{ line_refund() }}
            end as refunded,
            -- what was given back is on the shelf again
            case
                when e.order_status in ('cancelled', 'refunded') or e.line_amount < 0 and e.quantity >= 0
                then 0
                when e.quantity < 0
                then e.quantity
                else e.quantity - least(e.given_back, e.quantity)
            end as kept_quantity,
            c.exchange_rate as cost_rate
        from priced e
        left join
            {{ ref("exchange_rates_by_day") }} x
            on x.currency = e.line_currency
            and x.rated_on = cast(e.sold_at as date)
        left join
            {{ ref("exchange_rates_by_day") }} c
            on c.currency = e.cost_currency
            and c.rated_on = cast(e.sold_at as date)
    ),
    converted as (
        select
            e.*,
            {{ in_company_currency("e.gross", "e.line_currency", "e.exchange_rate") }} as gross_amount,
            {{ in_company_currency("e.refunded", "e.line_currency", "e.exchange_rate") }} as refunded_amount,
            case
                when e.kept_quantity = 0
                then 0
                else
                    {{
                        in_company_currency(
                            "cast(e.kept_quantity * e.known_unit_cost as decimal(18, 2))",
                            "e.cost_currency",
                            "e.cost_rate",
                        )
                    }}
            end as cost_amount
        from parted e
    )
select
    e.source_system,
    e.source_key,
    e.order_key,
    e.order_status,
    e.product_key,
    e.ordered_at,
    e.sold_at,
    e.quantity,
    e.unit_price as unit_price_amount,
    e.discount as discount_amount,
    e.line_amount,
    e.line_currency as currency,
    e.exchange_rate,
    cast(e.given_back as decimal(18, 6)) as refunded_quantity,
    e.gross_amount,
    e.refunded_amount,
    cast(e.gross_amount - e.refunded_amount as decimal(18, 2)) as net_amount,
    e.cost_currency,
    e.cost_rate as cost_exchange_rate,
    cast(e.cost_amount as decimal(18, 2)) as cost_amount,
    cast(e.gross_amount - e.refunded_amount - e.cost_amount as decimal(18, 2)) as margin_amount,
    e.load_id
from converted e
