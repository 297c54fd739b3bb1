{#- whose address no mart holds, in any form (rule 19) -#}
{%- set is_hidden = "(coalesce(r.is_protected, false) or coalesce(r.is_deceased, false))" -%}
with
    counted as (
        select
            b.customer_id,
            bool_or(p.company_key is not null) as is_business,
            coalesce(bool_or(p.kind = 'club member'), false) as is_club_member,
            -- one that was given and can be no birth date: it lies in the future, or too far back
            bool_or(
                p.birth_date is not null
                and {{ plausible_birth("p.birth_date", "cast(" ~ as_of() ~ " as date)") }} is null
            ) as is_born_impossibly,
            min(p.created_at) as first_seen_at,
            count(*) as source_record_count,
            count(distinct p.source_system) as source_system_count
        from {{ ref("bridge_customer_source_records") }} b
        join {{ ref("conformed_people") }} p on p.source_system = b.source_system and p.source_key = b.source_key
        where b.valid_to is null
        group by b.customer_id
    ),
    golden as (
        select
            n.*,
            {% for field in golden_fields() -%} g.{{ field }}.value as {{ field }}, {% endfor -%}
            nullif(
                concat_ws(
                    ', '
                    {%- for field in golden_fields() %}
                        , case when g.{{ field }}.is_conflicting then '{{ field }}' end
                    {%- endfor %}
                ),
                ''
            ) as conflicting_fields
        from counted n
        join {{ ref("golden_records") }} g using (customer_id)
    )
select
    g.customer_id,
    k.customer_key,
    g.full_name,
    g.given_name,
    g.family_name,
    g.email,
    g.phone,
    g.birth_date,
    g.gender,
    case when not {{ is_hidden }} then g.address.street end as street,
    case when not {{ is_hidden }} then g.address.postal_code end as postal_code,
    case when not {{ is_hidden }} then g.address.city end as city,
    g.country_code,
    m.county_name as county,
    case when not coalesce(r.is_protected, false) then g.preferred_store end as preferred_store,
    {{ if_delivered("is_business", "g.is_business") }},
    {{ if_delivered("is_club_member", "g.is_club_member") }},
    -- unknown age counts as a minor wherever it matters: default strict
    coalesce(
        {{ age_in_years("g.birth_date", as_of()) }} < coalesce(c.marketing_age, 18), true
    ) as is_minor_or_unknown_age,
    g.birth_date is null and g.is_born_impossibly as has_impossible_birth_date,
    coalesce(r.is_protected, false) as is_protected,
    coalesce(r.is_deceased, false) as is_deceased,
    g.conflicting_fields,
    g.first_seen_at,
    g.source_record_count,
    g.source_system_count
from golden g
cross join {{ deliveries() }} y
join {{ source("identity", "customer_keys") }} k using (customer_id)
left join {{ ref("protected_customers") }} r on r.customer_id = g.customer_id
left join {{ ref("country_rules") }} c on c.country_code = g.country_code
left join
    {{ ref("postal_codes") }} z
    on z.country_code = g.country_code
    and z.postal_code = {{ postal_key("g.address.postal_code", "g.country_code") }}
    and not {{ is_hidden }}
left join {{ ref("municipalities") }} m on m.country_code = z.country_code and m.municipality_code = z.municipality_code
