{{ config(materialized="table") }}

select
    f.source_system,
    {{ shown("product_key") }} as product_key,
    {{ shown("other_product_key") }} as other_product_key,
    f.pair_order_count,
    f.customer_count,
    f.support_share,
    f.confidence_share,
    f.lift
from {{ ref("product_affinity") }} f {{ joined_shown(["product_key", "other_product_key"], is_key=true) }}
-- a pair of few customers is not told of. Pairs are a ranked list and no sample: rare products stand in it only where
-- they go together often
where not {{ is_few("f.customer_count") }} and f.customer_count > 0
