with
    credited as (
        -- of the whole channel, less what bi may have rounded it up by
        select
            channel,
            replace(replace(model, '_', ' '), 'markov', 'Markov') as model,
            sum(credited_conversions) as purchases,
            greatest(max(customer_count), max(channel_customer_count) - {{ rounded_by }}) as customers
        from bi.attribution
        group by channel, model
    ),
    compared as (
        select
            *,
            min(purchases) over (partition by channel) as least,
            max(purchases) over (partition by channel) as most
        from credited
    )
-- all that say so: one of several alike would look like the only one
select
    channel,
    max(customers) as people,
    string_agg(model, ', ' order by model) filter (where purchases = least) as least_model,
    any_value(least) as least_count,
    string_agg(model, ', ' order by model) filter (where purchases = most) as most_model,
    any_value(most) as most_count
from compared
group by channel
-- where all agree there is nothing to show
having any_value(least) < any_value(most)
