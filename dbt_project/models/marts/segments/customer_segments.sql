{{ config(materialized="view") }}
select customer_id, scheme, segment, entered_at as since
from {{ ref("segment_membership_history") }}
where left_at is null
