{#- ages at which a phase of life begins or ends, by the bands of age -#}
{%- set bands = var("insight").age_bands -%}
{%- set grown_up, young_until, senior_from = bands[0].below, bands[1].below, bands[-2].below -%}
{%- set bounds = var("life_phase_bounds") -%}
with
    -- nothing is inferred of who refused profiling (Art. 21), of protected people and of the dead
    people as (
        select
            c.customer_id,
            case when c.birth_date is not null then {{ age_in_years("c.birth_date", as_of()) }} end as age,
            coalesce(', ' || c.conflicting_fields || ',' like '%, birth_date,%', false) as is_age_doubtful
        from {{ ref("dim_customers") }} c
        where {{ may_be_profiled("c") }}
    ),
    households as (
        select m.customer_id, count(*) as people, count(*) filter (p.age < {{ grown_up }}) as children
        from {{ ref("bridge_household_customers") }} m
        join {{ ref("bridge_household_customers") }} o on o.household_id = m.household_id
        join people p on p.customer_id = o.customer_id
        group by m.customer_id
    ),
    -- with somebody of whom nothing may be inferred: nobody in it is said to live alone, nor with whom
    shared_households as (select customer_id from {{ ref("bridge_household_customers") }}),
    -- what only a public register says of somebody serves the law, not profiling (rule 22)
    events as (
        select
            customer_id,
            bool_or(
                event = 'moved' and happened_on > cast({{ as_of() }} as date) - {{ bounds.moved_days }}
            ) as has_moved,
            bool_or(is_by_birth) as has_birth,
            bool_or(
                event = 'household shrank' and happened_on > cast({{ as_of() }} as date) - {{ bounds.shrunk_days }}
            ) as has_shrunk
        from {{ ref("customer_life_events") }}
        where not is_by_register
        group by customer_id
    ),
    goods as (
        select o.customer_id, count(distinct cast(o.ordered_at as date)) as days
        from {{ ref("fct_order_items") }} i
        join
            {{ ref("fct_orders") }} o on o.source_system = i.source_system and o.source_key = i.order_key and o.is_order
        join
            {{ ref("dim_products") }} d
            on d.source_system = i.source_system
            and d.source_key = i.product_key
            and d.is_special_category is not true
        join {{ ref("life_phase_categories") }} g on g.category = lower(trim(d.category)) and g.says = 'children'
        where
            o.customer_id is not null
            and coalesce(i.net_amount > 0, true)
            and o.ordered_at > {{ as_of() }} - interval {{ bounds.goods_days }} day
            and {{ has_come("o.ordered_at") }}
        group by o.customer_id
    ),
    known as (
        select
            p.*,
            coalesce(h.people, 1) > 1 as is_shared,
            s.customer_id is null as is_alone,
            coalesce(h.children, 0) > 0 as has_children,
            coalesce(e.has_moved, false) as has_moved,
            coalesce(e.has_birth, false) as has_birth,
            coalesce(e.has_shrunk, false) as has_shrunk,
            coalesce(g.days >= {{ bounds.least_goods_days }}, false) as has_goods
        from people p
        left join households h on h.customer_id = p.customer_id
        left join shared_households s on s.customer_id = p.customer_id
        left join events e on e.customer_id = p.customer_id
        left join goods g on g.customer_id = p.customer_id
    ),
    phased as (
        select
            *,
            case
                when age < {{ grown_up }}
                then null
                when has_children
                then 'family with children'
                when age < {{ young_until }}
                then 'young adult'
                when age >= {{ senior_from }}
                then 'senior'
                when has_goods and age is not null
                then 'family with children'
                when is_shared and age is not null
                then 'shared home'
                -- without addresses no household is known
                when is_alone and age is not null and {{ is_delivered("addresses") }}
                then 'single home'
            end as life_phase
        from known
    )
select
    customer_id,
    life_phase,
    case
        when life_phase is null
        then null
        when age is null or is_age_doubtful
        then 'low'
        when life_phase = 'family with children'
        then case when has_children and has_goods then 'high' when has_children then 'medium' else 'low' end
        when life_phase in ('young adult', 'senior')
        then 'high'
        -- who else lives there may have changed with the move
        when life_phase = 'shared home'
        then case when has_moved then 'low' else 'medium' end
        -- that nobody is known to live with them does not say that nobody does, unless somebody left
        when has_shrunk and not has_moved
        then 'medium'
        else 'low'
    end as life_phase_confidence,
    case
        when life_phase is not null
        then
            concat_ws(
                '; ',
                case
                    when age is null
                    then 'age is not known'
                    when is_age_doubtful
                    then 'age by a birth date on which sources disagree'
                    else 'age by the birth date'
                end,
                case
                    when has_children
                    then 'a customer under age in the same household'
                    when is_shared
                    then 'another customer in the same household'
                    when is_alone
                    then 'nobody else is known in the household'
                end,
                case when has_children and has_birth then 'a child was born while they were a customer' end,
                case
                    when life_phase = 'family with children' and has_goods
                    then
                        'goods for children bought on {{ bounds.least_goods_days }} days or more of the last {{ bounds.goods_days }}'
                end,
                case when has_shrunk and life_phase = 'single home' then 'another customer left the household' end,
                case
                    when has_moved and life_phase in ('shared home', 'single home')
                    then 'moved within a year, and who else lives there may have changed'
                end
            )
    end as life_phase_reasons
from phased
