{#- The fields of a golden record: whether a record says one, what is compared to find out whether records disagree, and
    what makes it verified. Expects r (records) with the columns of golden_records. -#}
{% macro golden_fields() -%}
    {{
        return(
            {
                "full_name": {"said": "full_name is not null", "key": none, "verified": "is_registered"},
                "given_name": {"said": "length(given_name) > 1", "key": "given_key", "verified": "is_registered"},
                "family_name": {"said": "family_name is not null", "key": "family_key", "verified": "is_registered"},
                "email": {"said": "email like '%_@_%'", "key": "email_key", "verified": "is_confirmed_email"},
                "phone": {"said": "phone is not null", "key": "phone_key", "verified": "is_confirmed_phone"},
                "birth_date": {"said": "birth_date is not null", "key": "birth_key", "verified": "is_registered"},
                "gender": {"said": "gender is not null", "key": "gender", "verified": none},
                "address": {
                    "said": "postal_code is not null",
                    "key": "postal_key",
                    "verified": "is_registered_address",
                },
                "country_code": {"said": "country_code is not null", "key": "country_code", "verified": none},
                "preferred_store": {
                    "said": "preferred_store is not null",
                    "key": "preferred_store",
                    "verified": none,
                },
            }
        )
    }}
{%- endmacro %}

{#- What a field's values are ranked by, greatest first: its policy, then the later change, then the key, so that a rerun gives the same. -#}
{% macro golden_rank(field) -%}
    {%- set ranks = {
        "source_priority": "source_priority",
        "verified": golden_fields()[field].verified,
        "newest": "changed_at",
        "most_complete": "address_parts" if field == "address" else "filled_fields",
    } -%}
    {%- set chosen = [] -%}
    {%- for criterion in var("golden_record")["fields"][field] + ["newest"] -%}
        {%- if ranks[criterion] and ranks[criterion] not in chosen -%}
            {%- do chosen.append(ranks[criterion]) -%}
        {%- endif -%}
    {%- endfor -%}
    {{ return(packed(chosen + ["record_key"])) }}
{%- endmacro %}
