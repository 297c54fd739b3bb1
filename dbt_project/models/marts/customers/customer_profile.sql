{#- ages at which a phase of life begins or ends, by the bands of age -#}
{%- set bands = var("age_bands") -%}
{%- set grown_up, young_until, senior_from = bands[0].below, bands[1].below, bands[-2].below -%}
with
    -- nothing is inferred of who refused profiling (Art. 21), of protected people and of the dead
    people as (
        select
            c.customer_id,
            c.county as region,
            case when c.birth_date is not null then {{ age_in_years("c.birth_date", as_of()) }} end as age,
            coalesce(', ' || c.conflicting_fields || ',' like '%, birth_date,%', false) as is_age_doubtful
        from {{ ref("dim_customers") }} c
        where {{ may_be_profiled("c") }}
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
    ),
    households as (
        select m.customer_id, count(*) as people, count(*) filter (p.age < {{ grown_up }}) as children
        from {{ ref("bridge_household_customers") }} m
        join {{ ref("bridge_household_customers") }} o on o.household_id = m.household_id
        join people p on p.customer_id = o.customer_id
        group by m.customer_id
    ),
    phased as (
        select
            p.*,
            coalesce(h.people, 1) > 1 as is_shared,
            coalesce(h.children, 0) > 0 as has_children,
            case
                when p.age < {{ grown_up }}
                then null
                when h.children > 0
                then 'family with children'
                when p.age < {{ young_until }}
                then 'young adult'
                when p.age >= {{ senior_from }}
                then 'senior'
                when h.people > 1
                then 'shared home'
                when p.age is not null
                then 'single home'
            end as life_phase
        from people p
        left join households h on h.customer_id = p.customer_id
    )
select
    p.customer_id,
    p.region,
    e.company.customer_count as company_customer_count,
    cast(e.company.order_count as bigint) as company_order_count,
    e.company.open_deal_count as company_open_deal_count,
    e.company.won_deal_count as company_won_deal_count,
    p.life_phase,
    case
        when p.life_phase is null
        then null
        -- that nobody is known to live with them does not say that nobody does
        when p.age is null or p.is_age_doubtful or p.life_phase = 'single home'
        then 'low'
        when p.life_phase in ('young adult', 'senior')
        then 'high'
        else 'medium'
    end as life_phase_confidence,
    case
        when p.life_phase is not null
        then
            concat_ws(
                '; ',
                case
                    when p.age is null
                    then 'age is not known'
                    when p.is_age_doubtful
                    then 'age by a birth date on which sources disagree'
                    else 'age by the birth date'
                end,
                case
                    when p.has_children
                    then 'a customer under age in the same household'
                    when p.is_shared
                    then 'another customer in the same household'
                    else 'nobody else is known in the household'
                end
            )
    end as life_phase_reasons,
    a.purchasing_power,
    a.purchasing_power_confidence,
    a.purchasing_power_reasons,
    a.economic_capital,
    a.economic_capital_reasons,
    a.cultural_capital,
    a.cultural_capital_reasons
from phased p
left join {{ ref("customer_places") }} a on a.customer_id = p.customer_id
left join employers e on e.customer_id = p.customer_id
