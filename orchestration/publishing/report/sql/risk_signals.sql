select signal, customer_count as people_rounded, customer_count as customer_count_rounded
from bi.risk_signals
where customer_count is not null
