select signal, {{ rounded("count(*)") }} as customer_count from {{ ref("risk_signals") }} group by signal
