-- Rows of the file, those that are in no figure by why, refunds, and the first and last day.
select
    count(*) as rows,
    count(*) filter (customer is null) as without_customer,
    count(*) filter (customer is not null and written_day is null) as without_day,
    count(*) filter (customer is not null and written_day is not null and day is null) as unreadable_day,
    count(*) filter (customer is not null and day is not null and written_amount is null) as without_amount,
    count(*) filter (customer is not null and day is not null and written_amount is not null and amount is null) as unreadable_amount,
    count(*) filter (customer is not null and day is not null and amount < 0) as refunds,
    min(day) filter (customer is not null and amount is not null) as first_day,
    max(day) filter (customer is not null and amount is not null) as last_day
from read_rows
