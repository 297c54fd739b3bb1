select s.customer_id, {{ days_between("c.last_ordered_at", as_of()) }} as days_since_order, s.segment as lifecycle_stage
from {{ ref("customer_segments") }} s
join {{ ref("customer_360") }} c on c.customer_id = s.customer_id
where s.scheme = 'lifecycle'
