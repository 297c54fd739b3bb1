with
    credited as (
        -- of the whole channel, less what bi may have rounded it up by
        select
            channel,
            model,
            sum(credited_conversions) as purchases,
            greatest(max(customer_count), max(channel_customer_count) - 5) as customers
        from bi.attribution
        group by channel, model
    )
select
    channel,
    max(customers) as people,
    replace(replace(arg_min(model, (purchases, model)), '_', ' '), 'markov', 'Markov') as least_model,
    min(purchases) as least_count,
    replace(replace(arg_max(model, (purchases, model)), '_', ' '), 'markov', 'Markov') as most_model,
    max(purchases) as most_count
from credited
group by channel
