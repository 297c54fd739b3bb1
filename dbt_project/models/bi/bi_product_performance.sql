{{ config(materialized="table") }}

{%- set told = [
    "order_count",
    "sold_units",
    "net_amount",
    "margin_amount",
    "p10_price_amount",
    "p50_price_amount",
    "p90_price_amount",
] %}
{#- what is told of a whole, and of whom it is a part -#}
{%- set parts = {
    "came_back": ("came_back_count", "first_buyer_count"),
    "discounted": ("discounted_customer_count", "customer_count"),
    "returned": ("returning_customer_count", "customer_count"),
} %}
-- of products with few buyers those may be told of which all came back, or nobody: no fair sample
with {{ fair_parts(ref("product_performance"), parts) }}
select
    f.source_system,
    {{ shown("product_key") }} as product_key,
    {{ shown("product_name") }} as product_name,
    {{ shown("category") }} as category,
    {{ unless_few("f.customer_count") }} as customer_count,
    {%- for column in told %}
        -- unknown buyers, who may all be one, fill up nothing
        case when f.customer_count >= {{ var("min_people") }} then f.{{ column }} end as {{ column }},
    {%- endfor %}
    {%- for column, name in {
        "discounted_share": "discounted",
        "discount_mean_share": "discounted",
        "returned_share": "returned",
    }.items() %}
        case
            when
                f.customer_count >= {{ var("min_people") }}
                and f.is_{{ name }}_shown
                and (f.{{ parts[name][0] }} >= {{ var("min_people") }} or f.{{ column }} = 0)
            then f.{{ column }}
        end as {{ column }},
    {%- endfor %}
    {{ part_unless_few("f.first_buyer_count", "f.customer_count") }} as first_buyer_count,
    case
        when not {{ is_few("f.customer_count - f.first_buyer_count") }} and f.is_came_back_shown then f.came_back_count
    end as came_back_count,
    f.currency
from fair f {{ joined_shown(["product_key"], is_key=true) }} {{ joined_shown(["product_name", "category"]) }}
