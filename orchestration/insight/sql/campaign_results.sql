-- Of each arm of each draw whose outcome is known: how many customers who may be profiled, and how many ordered within the days after. An order
-- counts from the day of the campaign on, as in what uplift_campaign learns (recipients_by_lot.sql).
with
    arms as (
        select *
        from campaign_arms
        semi join marts.customer_profile using (customer_id)
        where sent_at <= {{ until }}
    ),
    answered as (
        select
            a.draw,
            a.source_system,
            a.campaign_key,
            a.sent_at,
            a.is_held_out,
            exists (
                select 1
                from marts.fct_orders o
                where
                    o.customer_id = a.customer_id
                    and o.is_order
                    and o.ordered_at >= a.sent_at
                    and o.ordered_at < a.sent_at + interval {{ days }} day
            ) as is_ordered
        from arms a
    )
select
    coalesce(any_value(c.name), a.campaign_key) as campaign,
    a.campaign_key,
    a.sent_at,
    count(*) filter (a.is_held_out) as held_out,
    count(*) filter (a.is_held_out and a.is_ordered) as held_out_ordered,
    count(*) filter (not a.is_held_out) as treated,
    count(*) filter (not a.is_held_out and a.is_ordered) as treated_ordered
from answered a
left join
    conformed.conformed_campaigns c
    on c.source_system = a.source_system
    and c.source_key = a.campaign_key
    and c.deleted_at is null
group by a.draw, a.campaign_key, a.sent_at
having least(held_out, treated) >= {{ fewest }}
order by a.sent_at desc, campaign, a.draw
