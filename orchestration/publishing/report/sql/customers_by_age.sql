select age_band, count(*) as people, count(*) as customer_count
from bi.dim_customers
group by age_band
