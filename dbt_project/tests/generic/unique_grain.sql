{#-
    No two rows share the grain. Counts distinct hashes first; the dear grouping runs only where they fall short.
    by_load: only rows of loads that were not published yet are looked at, against themselves and the older ones.
-#}
{% test unique_grain(model, columns, by_load=false) %}
    {%- set grain = columns | join(", ") %}
    {%- if by_load %}
        select {{ grain }}, count(*) as row_count
        from {{ model }}
        where
            (
                select count(*) <> count(distinct {{ hashed(columns) }})
                from {{ model }}
                where load_id > {{ published_load() }}
            )
            or (
                select count(*) > 0
                from {{ model }}
                where
                    load_id <= {{ published_load() }}
                    and {{ hashed(columns) }} in (
                        select {{ hashed(columns) }}
                        from {{ model }}
                        where load_id > {{ published_load() }} and {{ published_load() }} > 0
                    )
            )
        group by {{ grain }}
        having count(*) > 1
    {%- else %}
        select {{ grain }}, count(*) as row_count
        from {{ model }}
        where (select count(*) <> count(distinct {{ hashed(columns) }}) from {{ model }})
        group by {{ grain }}
        having count(*) > 1
    {%- endif %}
{% endtest %}
