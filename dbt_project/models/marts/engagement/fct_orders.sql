{{ fact_config("orders") }}

{%- set lines_say_another_thing %}
    -- lines that were given back since, a rate that came since, a refund that is said twice by now
    or (e.source_system, e.source_key) in (
        select t.source_system, t.source_key
        from {{ this }} t
        left join {{ ref("order_returns") }} n on n.source_system = t.source_system and n.order_key = t.source_key
        left join {{ ref("credit_notes") }} c on c.source_system = t.source_system and c.source_key = t.source_key
        where
            t.returns_digest is distinct from n.digest
            or t.credited_order_key is distinct from c.order_key
            or {{ has_another_rate("t.ordered_at") }}
    )
{%- endset %}
with
    priced as (
        select
            e.*,
            s.customer_id,
            {{ is_order() }} as is_order,
            cast({{ order_gross() }} as decimal(18, 2)) as gross,
            cast(
                case when c.order_key is not null then 0 else {{ order_refunded(order_gross()) }} end as decimal(18, 2)
            ) as refunded,
            c.order_key as credited_order_key,
            r.digest as returns_digest,
            coalesce(r.is_wholly_returned, false) as is_wholly_returned,
            x.exchange_rate
        from {{ ref("conformed_orders") }} e {{ join_customer() }}
        left join {{ ref("order_returns") }} r on r.source_system = e.source_system and r.order_key = e.source_key
        left join {{ ref("credit_notes") }} c on c.source_system = e.source_system and c.source_key = e.source_key
        left join
            {{ ref("exchange_rates_by_day") }} x on x.currency = e.currency and x.rated_on = cast(e.ordered_at as date)
        where e.deleted_at is null {{ changed_since_last_run(lines_say_another_thing) }}
    ),
    converted as (
        select
            e.*,
            {{ in_company_currency("e.amount", "e.currency", "e.exchange_rate") }} as base_amount,
            {{ in_company_currency("e.gross", "e.currency", "e.exchange_rate") }} as gross_amount,
            {{ in_company_currency("e.refunded", "e.currency", "e.exchange_rate") }} as refunded_base_amount
        from priced e
    )
select
    e.source_system,
    e.source_key,
    e.customer_id,
    e.person_system,
    -- sold to somebody, of whom nothing is told while they are restricted
    case when {{ is_of_somebody_free() }} then e.person_key end as person_key,
    e.ordered_at,
    e.status as order_status,
    e.is_order,
    e.is_order and e.gross > e.refunded and not e.is_wholly_returned as is_sale,
    e.amount as order_amount,
    e.discount as discount_amount,
    e.currency,
    e.exchange_rate,
    e.base_amount,
    e.gross_amount,
    e.refunded_base_amount as refunded_amount,
    cast(e.gross_amount - e.refunded_base_amount as decimal(18, 2)) as net_amount,
    e.channel,
    e.campaign_key,
    e.store,
    e.delivered_at,
    e.credited_order_key,
    e.returns_digest,
    e.load_id
from converted e
