{{ config(materialized="view") }}

{% for field in golden_fields() -%}
    select
        customer_id,
        '{{ field }}' as field,
        {% if field == "address" -%}
            concat_ws(', ', address.value.street, address.value.postal_code, address.value.city)
        {%- else -%} cast({{ field }}.value as varchar)
        {%- endif %} as value,
        {{ field }}.source_system as source_system,
        {{ field }}.source_key as source_key,
        {{ field }}.changed_at as changed_at,
        {{ field }}.is_conflicting as is_conflicting
    from {{ ref("golden_records") }}
    where {{ field }} is not null {{ "union all" if not loop.last }}
{% endfor %}
