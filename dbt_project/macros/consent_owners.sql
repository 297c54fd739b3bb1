{#-
    The customer of each record, as CTE `owners`: the one that has it, or had it last. With `touched`, a table of ids, theirs
    only.
-#}
{% macro consent_owners(touched=none) -%}
    owners as (
        select coalesce(r.customer_id, b.customer_id) as customer_id, b.source_system, b.source_key, b.is_standing
        from
            (
                select customer_id, source_system, source_key, true as is_standing
                from {{ ref("bridge_customer_source_records") }}
                where valid_to is null
                union all
                select
                    {{ latest("g.customer_id", packed(["g.valid_from", "g.customer_id"])) }},
                    g.source_system,
                    g.source_key,
                    false
                from {{ ref("bridge_customer_source_records") }} g
                left join
                    {{ ref("bridge_customer_source_records") }} s
                    on s.source_system = g.source_system
                    and s.source_key = g.source_key
                    and s.valid_to is null
                where g.valid_to is not null and s.source_key is null
                group by g.source_system, g.source_key
            ) b
        left join {{ ref("customer_id_redirects") }} r on r.old_customer_id = b.customer_id
        {%- if touched %}
            where coalesce(r.customer_id, b.customer_id) in (select customer_id from {{ touched }})
        {%- endif %}
    )
{%- endmacro %}
