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
    {%- for column, people in {
        "discounted_share": "f.discounted_customer_count",
        "discount_mean_share": "f.discounted_customer_count",
        "returned_share": "f.returning_customer_count",
    }.items() %}
        case
            when
                f.customer_count >= {{ var("min_people") }}
                and ({{ people }} >= {{ var("min_people") }} or f.{{ column }} = 0)
                and not {{ is_few("f.customer_count - " ~ people) }}
            then f.{{ column }}
        end as {{ column }},
    {%- endfor %}
    {{ part_unless_few("f.first_buyer_count", "f.customer_count") }} as first_buyer_count,
    case
        when not {{ is_few("f.first_buyer_count") }} and not {{ is_few("f.customer_count - f.first_buyer_count") }}
        then {{ part_unless_few("f.came_back_count", "f.first_buyer_count") }}
    end as came_back_count,
    f.currency
from
    {{ ref("product_performance") }} f
    {{ joined_shown(["product_key"], is_key=true) }}
    {{ joined_shown(["product_name", "category"]) }}
