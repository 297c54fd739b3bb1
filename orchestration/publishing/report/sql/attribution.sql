select
    channel,
    max(customer_count) as people,
    sum(credited_conversions) filter (where model = 'first') as first_count,
    sum(credited_conversions) filter (where model = 'last') as last_count,
    sum(credited_conversions) filter (where model = 'linear') as linear_count,
    sum(credited_conversions) filter (where model = 'markov') as markov_count,
    sum(spend_amount) filter (where model = 'markov') as spend_amount,
    -- what was spent is of nobody
    0 as spend_amount_largest
from bi.attribution
group by channel
