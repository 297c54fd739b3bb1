-- The forecast of each customer of customer_counts as scores with their reasons. `forecast` has a row for each
-- customer number.
insert into scored (customer_id, score, value, lower, upper, reason_codes)
with
    usual as (
        select
            median(greatest(spent, 0) / (x + 1)) as amount,
            quantile_cont(x + 1, $often_share) as many
        from customer_counts
    ),
    known as (
        select
            c.customer,
            f.*,
            c.observed - c.t_x as silent_days,
            c.t_x / nullif(c.x, 0) as own_gap,
            c.x + 1 as purchases,
            c.observed,
            greatest(c.spent, 0) / (c.x + 1) as amount,
            u.amount as usual_amount,
            u.many
        from customer_counts c
        join forecast f on f.number = c.number
        cross join usual u
    ),
    explained as (
        select
            *,
            list_filter(
                [
                    case
                        when purchases = 1 and observed <= $new_days then 'new_customer'
                        when purchases = 1 and observed > $long_days then 'bought_once_long_ago'
                        when purchases = 1 then 'bought_once'
                        when silent_days > $overdue_times * greatest(own_gap, 1) and silent_days > $new_days then 'overdue'
                        else 'in_rhythm'
                    end,
                    case when purchases >= greatest(many, $often_least) then 'buys_often' end
                ],
                lambda r: r is not null
            ) as reasons,
            case
                when amount > $much_times * usual_amount then 'spends_more'
                when amount < usual_amount / $much_times then 'spends_less'
            end as of_amount
        from known
    )
select customer, 'expected_purchases_12m', expected_purchases, purchases_low, purchases_high, reasons
from explained
union all
select
    customer,
    'expected_net_value_12m',
    expected_value,
    null,
    null,
    case when of_amount is null then reasons else list_append(reasons, of_amount) end
from explained
anti join unknown_worth using (customer)
union all
select customer, 'churn_shop', chance_of_none, null, null, reasons
from explained
