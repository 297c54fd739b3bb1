-- What a fit on purchases depends on. `silent_days` are those since the last purchase, `usual_gap` the mean of those
-- between two days
-- with one: a shop that sells every day and is silent for weeks is a source that fell silent.
select
    count(*) as days,
    coalesce(sum(hash(customer, day, amount, is_purchase)), 0) as digest,
    min(day) filter (is_purchase) as first_day,
    max(day) filter (is_purchase) as last_day,
    date_diff('day', min(day) filter (is_purchase), max(day) filter (is_purchase))
    / nullif(count(distinct day) filter (is_purchase) - 1, 0) as usual_gap
from purchase_days
