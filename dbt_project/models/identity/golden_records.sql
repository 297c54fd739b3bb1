{%- set systems = var("golden_record")["source_priority"] -%}

with
    confirmed as (
        select distinct contact_point_type, lower(trim(contact_point)) as contact_point
        from {{ ref("conformed_consent_events") }}
        where confirmed_at is not null and deleted_at is null
    ),
    registered as (
        select
            {{ folded("given_name") }} as given_name,
            {{ folded("family_name") }} as family_name,
            birth_date,
            {{ latest("replace(postal_code, ' ', '')", packed(["effective_on", "source_key"])) }} as postal_code,
            {{ latest(folded("street"), packed(["effective_on", "source_key"])) }} as street,
            -- an entry of protected identity tells no address
            {{ latest(packed(["street", "postal_code", "city"]), packed(["effective_on", "source_key"])) }} filter (
                where postal_code is not null and street is not null and not coalesce(is_protected, false)
            ) as address,
            max(effective_on) filter (
                where postal_code is not null and street is not null and not coalesce(is_protected, false)
            ) as effective_on,
            {{ latest(packed(["source_system", "source_key"]), packed(["effective_on", "source_key"])) }} filter (
                where postal_code is not null and street is not null and not coalesce(is_protected, false)
            ) as entry
        from {{ ref("conformed_address_updates") }}
        where deleted_at is null and birth_date is not null and effective_on <= cast({{ as_of() }} as date)
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
            p.email,
            p.phone,
            p.birth_date,
            p.gender,
            p.postal_code,
            {{ packed(["p.street", "p.postal_code", "p.city"]) }} as address,
            p.country_code,
            p.preferred_store,
            n.given_key,
            n.family_key,
            n.email_key,
            n.phone_key,
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
            e.contact_point is not null as is_confirmed_email,
            t.contact_point is not null as is_confirmed_phone,
            r.birth_date is not null as is_registered,
            r.address as registered_address,
            r.entry as registered_entry,
            cast(r.effective_on as timestamp) as registered_at,
            coalesce(
                r.postal_code = replace(p.postal_code, ' ', '') and r.street = {{ folded("p.street") }}, false
            ) as is_registered_address
        from {{ source("identity", "customer_source_records") }} b
        join {{ ref("conformed_people") }} p on p.source_system = b.source_system and p.source_key = b.source_key
        left join
            {{ source("identity", "normalised_people") }} n
            on n.source_system = b.source_system
            and n.source_key = b.source_key
        left join confirmed e on e.contact_point_type = 'email' and e.contact_point = lower(trim(p.email))
        left join confirmed t on t.contact_point_type = 'phone' and t.contact_point = lower(trim(p.phone))
        left join
            registered r
            on r.birth_date = p.birth_date
            and r.given_name = {{ folded("p.given_name") }}
            and r.family_name = {{ folded("p.family_name") }}
        where b.valid_to is null
    ),
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
