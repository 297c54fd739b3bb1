select c.lifecycle_stage as stage, {{ columns }}
-- some of a stage of few may not be profiled
from bi.dim_customers c
where c.lifecycle_stage not in ('not profiled', 'several, some of few people')
order by c.customer_key
