select c.lifecycle_stage as stage, {{ columns }}
from bi.dim_customers c
where c.lifecycle_stage <> 'not profiled'
order by c.customer_key
