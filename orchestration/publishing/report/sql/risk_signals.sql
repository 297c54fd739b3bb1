select signal, customer_count as people, customer_count
from bi.risk_signals
where customer_count is not null
