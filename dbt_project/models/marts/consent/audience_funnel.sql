-- from whoever matches an audience's rule down to who is in it: each customer counts in one row of a step
with
    candidates as ({{ audience_candidates() }}),
    counted as (
        select audience, is_permitted, reason_code, reason, left_out, count(*) as customers
        from candidates
        group by 1, 2, 3, 4, 5
    ),
    present as (
        {%- for audience in var("audiences") %}
            select '{{ audience.removeprefix("audience_") }}' as audience, count(*) as customers
            from {{ ref(audience) }} {{ "union all" if not loop.last }}
        {%- endfor %}
    ),
    steps as (
        select
            audience, 1 as step_order, 'matched' as step, '' as reason_code, null as reason, sum(customers) as customers
        from counted
        group by audience
        union all
        select audience, 2, 'not permitted', reason_code, reason, sum(customers)
        from counted
        where not is_permitted
        group by audience, reason_code, reason
        union all
        select audience, 3, 'permitted', '', null, sum(customers)
        from counted
        where is_permitted
        group by audience
        union all
        select audience, 4, 'kept out', left_out, null, sum(customers)
        from counted
        where is_permitted and left_out is not null
        group by audience, left_out
        union all
        -- a model may ask for more than its rule does
        select p.audience, 4, 'kept out', 'audience_model', null, coalesce(max(c.free), 0) - max(p.customers)
        from present p
        left join
            (
                select audience, sum(customers) as free
                from counted
                where is_permitted and left_out is null
                group by audience
            ) c
            on c.audience = p.audience
        group by p.audience
        having coalesce(max(c.free), 0) > max(p.customers)
        union all
        select audience, 5, 'in the audience', '', null, customers
        from present
        union all
        select
            a.audience,
            6,
            'not looked at',
            'restricted',
            null,
            -- one customer may have several records
            (select count(distinct customer_id) from {{ restricted_customers() }})
        from {{ ref("audience_rules") }} a
    )
select
    a.audience,
    a.purpose,
    a.channel,
    s.step_order,
    s.step,
    s.reason_code,
    coalesce(s.reason, w.reason, '') as reason,
    cast(s.customers as bigint) as customer_count
from steps s
join {{ ref("audience_rules") }} a on a.audience = s.audience
left join {{ ref("permission_reasons") }} w on w.reason_code = s.reason_code
