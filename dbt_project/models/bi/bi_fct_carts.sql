with {{ categories_of_many("fct_carts", ["currency"]) }}
select
    f.source_system,
    {{ shown("source_key") }} as source_key,
    c.customer_key,
    {{ analyst_time("f.created_at") }} as created_at,
    {{ analyst_time("f.abandoned_at") }} as abandoned_at,
    {{ with_category("currency", "f.cart_amount") }} as cart_amount,
    {{ category("currency") }} as currency,
    f.item_count
from {{ ref("fct_carts") }} f
left join
    {{ ref("dim_customers") }} c using (
        customer_id
    ) {{ joined_shown(["source_key"], is_key=true) }} {{ joined_categories(["currency"]) }}
