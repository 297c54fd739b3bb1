with
    -- nothing is inferred of who refused profiling (Art. 21), of protected people and of the dead
    people as (
        select c.customer_id, c.county as region from {{ ref("dim_customers") }} c where {{ may_be_profiled("c") }}
    ),
    orders as (
        select customer_id, count(*) as order_count
        from {{ ref("fct_orders") }}
        where customer_id is not null and is_order and {{ has_come("ordered_at") }}
        group by customer_id
    ),
    staff as (
        select distinct b.company_id, p.customer_id
        from {{ ref("bridge_company_source_records") }} b
        join
            {{ ref("conformed_people") }} e
            on e.source_system = b.source_system
            and e.company_key = b.source_key
            and e.deleted_at is null
        join
            {{ ref("bridge_customer_source_records") }} s
            on s.source_system = e.source_system
            and s.source_key = e.source_key
            and s.valid_to is null
        join people p on p.customer_id = s.customer_id
    ),
    deals as (
        select
            b.company_id,
            count(*) filter (e.closed_at is null or e.closed_at > {{ as_of() }}) as open_deal_count,
            count(*) filter (e.is_won and {{ has_come("e.closed_at") }}) as won_deal_count
        from {{ ref("conformed_deals") }} e
        join
            {{ ref("bridge_company_source_records") }} b
            on b.source_system = e.source_system
            and b.source_key = e.company_key
        where e.deleted_at is null and {{ is_of_somebody_free() }} and {{ has_come("e.opened_at") }}
        group by b.company_id
    ),
    companies as (
        select
            s.company_id,
            count(*) as customer_count,
            coalesce(sum(o.order_count), 0) as order_count,
            coalesce(max(d.open_deal_count), 0) as open_deal_count,
            coalesce(max(d.won_deal_count), 0) as won_deal_count
        from staff s
        left join orders o on o.customer_id = s.customer_id
        left join deals d on d.company_id = s.company_id
        group by s.company_id
    ),
    employers as (
        select
            s.customer_id,
            {{
                latest(
                    record_of(
                        {
                            "customer_count": "k.customer_count",
                            "order_count": "k.order_count",
                            "open_deal_count": "k.open_deal_count",
                            "won_deal_count": "k.won_deal_count",
                        }
                    ),
                    packed(["k.customer_count", "k.order_count", "k.company_id"]),
                )
            }} as company
        from staff s
        join companies k on k.company_id = s.company_id
        group by s.customer_id
    )
select
    p.customer_id,
    p.region,
    e.company.customer_count as company_customer_count,
    {{ if_delivered("company_order_count", "e.company.order_count") }},
    {{ if_delivered("company_open_deal_count", "e.company.open_deal_count") }},
    {{ if_delivered("company_won_deal_count", "e.company.won_deal_count") }},
    h.life_phase,
    h.life_phase_confidence,
    h.life_phase_reasons,
    a.purchasing_power,
    a.purchasing_power_confidence,
    a.purchasing_power_reasons,
    a.economic_capital,
    a.economic_capital_reasons,
    a.cultural_capital,
    a.cultural_capital_reasons
from people p
cross join {{ deliveries() }} y
left join {{ ref("customer_life_phase") }} h on h.customer_id = p.customer_id
left join {{ ref("customer_places") }} a on a.customer_id = p.customer_id
left join employers e on e.customer_id = p.customer_id
