{%- set systems = var("golden_record")["source_priority"] -%}

with
    confirmed as (
        select distinct 'email' as contact_point_type, {{ email_key("contact_point") }} as point_key
        from {{ ref("conformed_consent_events") }}
        where confirmed_at is not null and deleted_at is null and contact_point_type = 'email'
        union
        select 'phone', n.phone_key
        from {{ ref("conformed_consent_events") }} e
        join {{ source("identity", "phone_numbers") }} n on n.phone = e.contact_point
        where e.confirmed_at is not null and e.deleted_at is null and e.contact_point_type = 'phone' and n.is_certain
    ),
    junk as (select kind, value_key from {{ source("identity", "identifiers") }} where ignored_code = 'junk'),
    entries as ({{ register_entries() }}),
    registered as (
        select
            -- all given names of an entry, or one of them
            given_key,
            family_key,
            born_on,
            {{ latest("postal_key", packed(["effective_on", "source_key", "source_system"])) }} as postal_key,
            {{ latest("street_key", packed(["effective_on", "source_key", "source_system"])) }} as street_key,
            -- an entry of protected identity tells no address
            {{
                latest(
                    packed(["street", "postal_code", "city"]), packed(["effective_on", "source_key", "source_system"])
                )
            }} filter (
                where postal_code is not null and street is not null and not coalesce(is_protected, false)
            ) as address,
            max(effective_on) filter (
                where postal_code is not null and street is not null and not coalesce(is_protected, false)
            ) as effective_on,
            {{
                latest(
                    packed(["source_system", "source_key"]), packed(["effective_on", "source_key", "source_system"])
                )
            }} filter (
                where postal_code is not null and street is not null and not coalesce(is_protected, false)
            ) as entry
        from {{ each_of("entries", "given_keys", "given_key") }} e
        group by 1, 2, 3
    ),
    records as (
        select
            b.customer_id,
            p.source_system,
            p.source_key,
            p.source_system || ':' || p.source_key as record_key,
            coalesce(p.updated_at, p.created_at, p.extracted_at) as changed_at,
            p.full_name,
            p.given_name,
            p.family_name,
            case when je.value_key is null then p.email end as email,
            case when jp.value_key is null then p.phone end as phone,
            n.birth_date,
            p.gender,
            p.postal_code,
            {{ packed(["p.street", "p.postal_code", "p.city"]) }} as address,
            n.country_code,
            p.preferred_store,
            n.given_key,
            n.family_key,
            case when je.value_key is null then n.email_key end as email_key,
            case when jp.value_key is null then n.phone_key end as phone_key,
            n.birth_date as birth_key,
            n.postal_key,
            {% if systems -%}
                case
                    p.source_system
                    {%- for system in systems %}
                        when '{{ system }}' then {{ systems | length - loop.index0 }}
                    {%- endfor %}
                    else 0
                end
            {%- else %} 0
            {%- endif %} as source_priority,
            (
                {%- for field in golden_fields() if field != "address" %}
                    case when p.{{ field }} is not null then 1 else 0 end + {%- endfor %} case
                    when p.postal_code is not null
                    then 1
                    else 0
                end
            ) as filled_fields,
            (
                case when p.street is not null then 1 else 0 end
                + case when p.postal_code is not null then 1 else 0 end
                + case when p.city is not null then 1 else 0 end
            ) as address_parts,
            e.point_key is not null as is_confirmed_email,
            t.point_key is not null as is_confirmed_phone,
            r.born_on is not null as is_registered,
            r.address as registered_address,
            r.entry as registered_entry,
            cast(r.effective_on as timestamp) as registered_at,
            coalesce(r.postal_key = n.postal_key and r.street_key = n.street_key, false) as is_registered_address
        from {{ source("identity", "customer_source_records") }} b
        join {{ ref("conformed_people") }} p on p.source_system = b.source_system and p.source_key = b.source_key
        left join
            {{ source("identity", "normalised_people") }} n
            on n.source_system = b.source_system
            and n.source_key = b.source_key
        -- what stands in for an address or number is nobody's
        left join junk je on je.kind = 'email' and je.value_key = n.email_key
        left join junk jp on jp.kind = 'phone' and jp.value_key = n.phone_key
        left join confirmed e on e.contact_point_type = 'email' and e.point_key = n.email_key
        left join confirmed t on t.contact_point_type = 'phone' and t.point_key = n.phone_key
        left join
            registered r
            on r.born_on = n.birth_date
            and r.given_key = {{ words_key("p.given_name") }}
            and r.family_key = {{ joined_key("p.family_name") }}
        where b.valid_to is null
    ),
    -- an aggregate a field: with one long table of candidates and a window, the model takes 1.3 times as long
    won as (
        select
            customer_id,
            {% for field, about in golden_fields().items() -%}
                {{
                    latest(
                        record_of(
                            {
                                "value": field,
                                "source_system": "source_system",
                                "source_key": "source_key",
                                "changed_at": "changed_at",
                            }
                        ),
                        golden_rank(field),
                    )
                }} filter (where {{ about.said }}) as {{ field }},
                {% if about.key -%}
                    coalesce(
                        min({{ about.key }}) filter (where {{ about.said }})
                        <> max({{ about.key }}) filter (where {{ about.said }}),
                        false
                    )
                {%- else %} false
                {%- endif %} as is_{{ field }}_conflicting
                {{- "," if not loop.last }}
            {% endfor %},
            {{
                latest(
                    record_of(
                        {
                            "value": "registered_address",
                            "source_system": "registered_entry.source_system",
                            "source_key": "registered_entry.source_key",
                            "changed_at": "registered_at",
                        }
                    ),
                    packed(["registered_at", "record_key"]),
                )
            }} filter (where registered_at is not null) as registered
        from records
        group by customer_id
    )
select
    customer_id,
    {% for field in golden_fields() -%}
        case
            {% if field == "address" -%}
                -- the address register knows of a move before the customer tells; an older entry wins nothing
                when registered is not null and coalesce(registered.changed_at > address.changed_at, true)
                then
                    {{
                        record_of(
                            {
                                "value": "registered.value",
                                "source_system": "registered.source_system",
                                "source_key": "registered.source_key",
                                "changed_at": "registered.changed_at",
                                "is_conflicting": "is_address_conflicting",
                            }
                        )
                    }}
            {%- endif %}
            when {{ field }} is not null
            then
                {{
                    record_of(
                        {
                            "value": field ~ ".value",
                            "source_system": field ~ ".source_system",
                            "source_key": field ~ ".source_key",
                            "changed_at": field ~ ".changed_at",
                            "is_conflicting": "is_" ~ field ~ "_conflicting",
                        }
                    )
                }}
        end as {{ field }}
        {{- "," if not loop.last }}
    {% endfor %}
from won
