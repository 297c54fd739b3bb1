select age_band, youngest_age as age_place, customer_count as people_rounded, customer_count as customer_count_rounded
from bi.customers_by_age
