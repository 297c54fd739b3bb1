{#-
    Codes of permission_reasons for a grant that does not count, by how near it comes to counting: of several grants the nearest
    is told.
-#}
{% macro grant_obstacles() -%}
    {{
        return(
            [
                "corrected",
                "grant_expired",
                "grant_to_come",
                "not_confirmed",
                "no_kept_sale",
                "soft_opt_in_off",
                "soft_opt_in_not_here",
                "other_legal_basis",
                "contact_point_not_theirs",
                "contact_point_unreadable",
                "contact_point_of_another_kind",
                "placeholder_contact_point",
                "no_evidence",
                "no_such_channel",
                "no_such_purpose",
            ]
        )
    }}
{%- endmacro %}

{#- SQL on a code of grant_obstacles: its place there. -#}
{% macro obstacle_order(code) -%}
    case
        {{ code }} {%- for obstacle in grant_obstacles() %} when '{{ obstacle }}' then {{ loop.index }} {%- endfor %}
    end
{%- endmacro %}

{#-
    SQL on a grant s and a purpose p, of which is_evidenced_grant() says no: the code of what it lacks. What cannot be looked up is
    told first, then the contact point, then the legal basis.
-#}
{% macro lack_of_evidence() -%}
    case
        when p.purpose is null
        then 'no_such_purpose'
        when s.channel is null or s.channel not in ({{ channels_where("true") }})
        then 'no_such_channel'
        when s.wording_version is null or s.contact_point is null or s.capture_source is null
        then 'no_evidence'
        when s.is_void
        then coalesce(s.void_code, 'no_evidence')
        when not {{ is_of_the_channels_kind() }}
        then 'contact_point_of_another_kind'
        when {{ is_on_the_purposes_basis() }}
        then 'not_confirmed'
        when {{ may_be_soft_opt_in() }}
        then '{{ "no_kept_sale" if var("soft_opt_in") else "soft_opt_in_off" }}'
        when lower(s.legal_basis) = 'soft opt-in'
        then 'soft_opt_in_not_here'
        else 'other_legal_basis'
    end
{%- endmacro %}
