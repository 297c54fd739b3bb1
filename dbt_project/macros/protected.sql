{#-
    Where an address register says that protected people live or lived (postal_key, city_key, street_marks): by their protected
    entries, and by every entry of somebody born on that day whose name is theirs, of whatever age. `told` are all entries.
-#}
{% macro registered_places(told) -%}
    select
        postal_key,
        {{ words_key("city") }} as city_key,
        {{ street_marks(words_key("street")) }} as street_marks,
        concat_ws(', ', street, city) as one_line
    from {{ told }} t
    where
        street is not null
        and (
            is_protected
            or exists (
                select 1
                from {{ told }} p
                where
                    p.is_protected
                    and p.birth_date = t.birth_date
                    and {{ have_common("p.family_forms", "t.family_forms") }}
                    and {{ have_common("p.given_forms", "t.given_forms") }}
            )
        )
{%- endmacro %}
