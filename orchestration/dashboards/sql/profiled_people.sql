select coalesce(l.lifecycle_stage, 'in no segment') as stage, {{ columns }}
from marts.customer_360 c
left join segments.customer_lifecycle l on l.customer_id = c.customer_id
left join segments.customer_rfm r on r.customer_id = c.customer_id
join marts.customer_profile f on f.customer_id = c.customer_id
order by c.customer_id
