select c.lifecycle_stage as stage, {{ columns }}
from bi.dim_customers c
-- some of a stage of few may not be profiled
where c.lifecycle_stage not in ('not profiled', {{ lumped }})
order by c.customer_key
