with
    -- a category that the answer names
    categories as (
        select distinct {{ plain_word("category") }} as answer
        from {{ ref("dim_products") }}
        where category is not null and is_special_category is not true
    ),
    people as (
        select question, answer, person, max(customer_id) as customer_id, min(submitted_at) as since
        from {{ ref("stated_wishes") }}
        where submitted_at > {{ as_of() }} - {{ days(var("insight")["interest_days"]) }}
        group by question, answer, person
    ),
    bought as (
        select o.customer_id, {{ plain_word("p.category") }} as answer, max(o.ordered_at) as last_at
        from {{ ref("fct_orders") }} o
        join {{ ref("fct_order_items") }} i on i.source_system = o.source_system and i.order_key = o.source_key
        join {{ ref("dim_products") }} p on p.source_system = i.source_system and p.source_key = i.product_key
        where
            o.is_sale
            and o.ordered_at <= {{ as_of() }}
            and o.customer_id in (select customer_id from people where customer_id is not null)
        group by 1, 2
    ),
    -- what few say may tell who says it; a question with one choice has a total, which less all other answers would
    -- tell it too
    answers as (select question, answer, count(*) as people from people group by question, answer),
    marked as (select *, {{ is_lumped(["question"], ["answer"]) }} as is_lumped from answers),
    told as (
        select p.*, m.is_lumped, case when m.is_lumped then {{ lumped() }} else p.answer end as shown_answer
        from people p
        join marked m on m.question = p.question and m.answer = p.answer
    ),
    decided as (
        select
            t.question,
            t.shown_answer,
            t.person,
            max(t.customer_id) as customer_id,
            -- several answers: some may be categories and others not
            case when not bool_or(t.is_lumped) then bool_or(c.answer is not null) end as is_category,
            coalesce(bool_or(b.last_at >= t.since), false) as has_bought
        from told t
        left join categories c on c.answer = t.shown_answer
        left join bought b on b.customer_id = t.customer_id and b.answer = c.answer
        group by 1, 2, 3
    )
select
    question,
    shown_answer as answer,
    bool_or(is_category) as is_category,
    count(*) as people_count,
    count(customer_id) as customer_count,
    case when bool_or(is_category) then count(customer_id) filter (has_bought) end as bought_count
from decided
group by question, shown_answer
