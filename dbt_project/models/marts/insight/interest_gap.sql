{%- set insight = var("insight") %}
with
    -- a key that several systems use for products of different categories names none
    categories as (
        select source_key as product_key, min(category) as category
        from {{ ref("dim_products") }}
        where category is not null
        group by source_key
        having count(distinct category) = 1
    ),
    events as (
        select
            e.source_system || ':' || e.session_key as session_key,
            coalesce(s.customer_id, 'visitor:' || e.source_system || ':' || e.visitor_key) as person,
            s.customer_id,
            e.kind,
            e.occurred_at,
            {{ plain_word("coalesce(w.shown, e.term)") }} as term,
            c.category
        from {{ ref("conformed_web_events") }} e {{ join_customer() }}
        left join {{ source("identity", "shown_values") }} w on not w.is_key and w.value = e.term
        left join categories c on c.product_key = e.product_key
        where
            e.deleted_at is null
            and {{ is_of_somebody_free() }}
            -- an interest is an inference: who denied profiling has none
            and (s.customer_id is null or not {{ refuses_profiling("s.customer_id") }})
            and e.kind in ('search', 'product_view', 'add_to_cart')
            and e.occurred_at <= {{ as_of() }}
            and e.occurred_at > {{ as_of() }} - {{ days(insight["interest_days"]) }}
    ),
    searched as (
        select s.person, s.customer_id, s.term, s.occurred_at, f.kind, f.category
        from events s
        left join events f on f.session_key = s.session_key and f.kind <> 'search' and f.occurred_at >= s.occurred_at
        where s.kind = 'search' and s.person is not null
    ),
    signals as (
        select 'category' as interest_kind, category as interest, person, customer_id, kind, occurred_at
        from events
        where kind <> 'search' and category is not null and person is not null
        union all
        -- what is looked at after a search is what was sought
        select 'category', category, person, customer_id, 'search', occurred_at
        from searched
        where category is not null
        union all
        select 'search term', term, person, customer_id, coalesce(kind, 'nothing'), occurred_at
        from searched
        where term is not null
        union all
        select 'stated wish', answer, person, customer_id, 'nothing', submitted_at
        from {{ ref("stated_wishes") }}
        where submitted_at > {{ as_of() }} - {{ days(insight["interest_days"]) }}
    ),
    interests as (
        select
            interest_kind,
            interest,
            person,
            max(customer_id) as customer_id,
            min(occurred_at) as since,
            bool_or(kind = 'search') or interest_kind = 'search term' as has_searched,
            bool_or(kind in ('product_view', 'add_to_cart')) as has_viewed,
            bool_or(kind = 'add_to_cart') as has_carted
        from signals
        group by interest_kind, interest, person
    ),
    -- a term of few, or what few say that they want, may be what somebody is called
    told as (
        select
            *,
            case
                when
                    interest_kind <> 'category'
                    and count(*) over (partition by interest_kind, interest) < {{ var("min_people") }}
                then {{ lumped() }}
                else interest
            end as name
        from interests
    ),
    bought as (
        select o.customer_id, c.category, max(o.ordered_at) as last_at
        from {{ ref("fct_orders") }} o
        left join {{ ref("fct_order_items") }} i on i.source_system = o.source_system and i.order_key = o.source_key
        left join categories c on c.product_key = i.product_key
        where o.is_sale and o.customer_id is not null and o.ordered_at <= {{ as_of() }}
        group by 1, 2
    ),
    -- what is wanted may be a category that there is
    named as (select {{ plain_word("category") }} as name, max(category) as category from categories group by 1),
    bought_anything as (select customer_id, max(last_at) as last_at from bought group by customer_id),
    decided as (
        select
            t.*,
            coalesce(
                b.last_at,
                case
                    when t.interest_kind = 'search term' or t.interest_kind = 'stated wish' and n.category is null
                    then a.last_at
                end
            )
            >= t.since as has_bought
        from told t
        left join named n on t.interest_kind = 'stated wish' and n.name = t.interest
        left join
            bought b
            on b.customer_id = t.customer_id
            and b.category = case t.interest_kind when 'category' then t.interest when 'stated wish' then n.category end
        left join bought_anything a on a.customer_id = t.customer_id
    )
select
    interest_kind,
    name as interest,
    count(distinct person) as people_count,
    count(distinct case when not has_viewed then person end) as unviewed_people_count,
    count(distinct customer_id) as customer_count,
    count(distinct case when has_searched then customer_id end) as searched_count,
    count(distinct case when has_viewed then customer_id end) as viewed_count,
    count(distinct case when has_carted then customer_id end) as carted_count,
    count(distinct case when has_bought then customer_id end) as bought_count,
    count(distinct customer_id) - count(distinct case when has_bought then customer_id end) as never_bought_count
from decided
group by interest_kind, name
