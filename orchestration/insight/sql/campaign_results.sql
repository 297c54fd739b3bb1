-- Of each arm of each lot, and whether its days are over: how many customers who may be profiled, and how many bought within the days after, as the
-- mart campaign_results has it: of which goods were kept, and in both arms from the first message of the lot on.
with
    answered as (
        select
            a.*,
            exists (
                select 1
                from marts.fct_orders o
                where
                    o.customer_id = a.customer_id
                    and o.is_sale
                    and o.ordered_at >= a.lot_at
                    and o.ordered_at < a.lot_at + interval {{ days }} day
            ) as has_bought
        from campaign_arms a
    )
select
    coalesce(any_value(c.name) filter (trim(c.name) <> ''), a.campaign_key) as campaign,
    a.campaign_key,
    min(a.lot_at) as sent_at,
    count(*) filter (a.is_held_out) as held_out,
    count(*) filter (a.is_held_out and a.has_bought) as held_out_bought,
    count(*) filter (not a.is_held_out) as treated,
    count(*) filter (not a.is_held_out and a.has_bought) as treated_bought,
    min(a.lot_at) <= {{ until }} as is_over
from answered a
left join
    conformed.conformed_campaigns c
    on c.source_system = a.source_system
    and c.source_key = a.campaign_key
    and c.deleted_at is null
group by a.lot, a.campaign_key
order by sent_at desc, campaign, a.lot
