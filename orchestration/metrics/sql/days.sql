-- the time spine of MetricFlow
create temp view days as
select cast(day as date) as day
from generate_series(timestamp '2000-01-01', timestamp '2100-01-01', interval 1 day) as series(day);
