{#- No two rows share the grain. Counts distinct hashes first; the dear grouping runs only where they fall short. -#}
{% test unique_grain(model, columns) %}
    select {{ columns | join(", ") }}, count(*) as row_count
    from {{ model }}
    where (select count(*) <> count(distinct {{ hashed(columns) }}) from {{ model }})
    group by {{ columns | join(", ") }}
    having count(*) > 1
{% endtest %}
