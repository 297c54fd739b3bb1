select interest, customer_count as people, customer_count, viewed_count, carted_count, bought_count, never_bought_count
from bi.interest_gap
where interest_kind = 'category'
qualify row_number() over (order by never_bought_count desc nulls last, customer_count desc nulls last, interest) <= 10
