{#-
    Withdrawals that others made from a contact point that somebody has or had, or that a record made which is gone, as CTEs
    `said_by_many`, `ended_grants` and `said_by_others`. Expects the CTEs `owners`, `withdrawn_points`, `heirs` and `denied_by`.
-#}
{% macro said_by_others(granted, withdrawn) -%}
    said_by_many as (
        select e.*
        from ({{ withdrawals(withdrawn) }}) e
        where e.contact_point in (select contact_point from withdrawn_points where is_of_many)
    ),
    -- a grant of whoever has such a contact point, and when it was first withdrawn from after that
    ended_grants as (
        select
            customer_id,
            contact_point,
            purpose,
            channel,
            min(case when customer_id is null then weighs_at end) over (
                partition by contact_point, purpose, channel
                order by weighs_at
                range between current row and unbounded following
            ) as weighs_at
        from
            (
                select null as customer_id, contact_point, purpose, channel, weighs_at
                from said_by_many
                union all
                select
                    w.customer_id,
                    w.contact_point,
                    e.purpose,
                    e.channel,
                    {{ first_moment("coalesce(e.confirmed_at, e.stated_at)") }}
                from {{ granted }} e
                join owners b on b.source_system = e.person_system and b.source_key = e.person_key
                join withdrawn_points w on w.customer_id = b.customer_id and w.is_of_many
                where e.status = 'granted' and e.deleted_at is null
            )
    ),
    said_by_others as (
        -- withdrawals from a contact point, of whoever has it
        select w.customer_id, e.purpose, e.channel, e.contact_point, e.effective_at, e.weighs_at, e.event_key, e.clock
        from ({{ withdrawals(withdrawn) }}) e
        join withdrawn_points w on w.contact_point = e.contact_point and not w.is_of_many
        left join owners b on b.source_system = e.person_system and b.source_key = e.person_key
        -- a point that they have no more may be somebody else's by now: of who it is that says so, only they are denied
        where
            w.customer_id is distinct from b.customer_id
            and (
                not w.is_former
                or not exists (
                    select 1
                    from {{ ref("bridge_customer_source_records") }} k
                    where k.source_system = e.person_system and k.source_key = e.person_key
                )
            )
        union all
        -- of many the last, and the first after each grant: no other changes what is permitted when
        select w.customer_id, e.purpose, e.channel, e.contact_point, e.effective_at, e.weighs_at, e.event_key, e.clock
        from
            (
                select
                    contact_point,
                    purpose,
                    channel,
                    {{ latest("effective_at", in_order("weighs_at", "true", "event_key")) }} as effective_at,
                    max(weighs_at) as weighs_at,
                    {{ latest("event_key", in_order("weighs_at", "true", "event_key")) }} as event_key,
                    {{ clock_of_several("clock") }} as clock
                from said_by_many
                group by 1, 2, 3
            ) e
        join withdrawn_points w on w.contact_point = e.contact_point
        union all
        select
            g.customer_id,
            g.purpose,
            g.channel,
            g.contact_point,
            min(e.effective_at),
            g.weighs_at,
            min(e.event_key),
            {{ clock_of_several("e.clock") }}
        from ended_grants g
        join
            said_by_many e
            on e.contact_point = g.contact_point
            and e.purpose = g.purpose
            and e.channel = g.channel
            and e.weighs_at = g.weighs_at
        where g.customer_id is not null
        group by 1, 2, 3, 4, 6
        union all
        select h.customer_id, e.purpose, e.channel, e.contact_point, e.effective_at, e.weighs_at, e.event_key, e.clock
        from ({{ withdrawals(withdrawn) }}) e
        join heirs h on h.gone_system = e.person_system and h.gone_key = e.person_key
        left join owners b on b.source_system = e.person_system and b.source_key = e.person_key
        where h.customer_id is distinct from b.customer_id
    )
{%- endmacro %}
