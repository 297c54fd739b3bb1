{%- set insight = var("insight") %}
with
    -- a key that several systems use for products of different categories names none, nor does one of a special
    -- category
    categories as (
        select source_key as product_key, min(category) as category
        from {{ ref("dim_products") }}
        where category is not null
        group by source_key
        having count(distinct {{ plain_word("category") }}) = 1 and bool_or(is_special_category) is not true
    ),
    events as (
        select
            e.source_system || ':' || e.session_key as session_key,
            coalesce(s.customer_id, 'visitor:' || e.source_system || ':' || e.visitor_key) as person,
            s.customer_id,
            e.kind,
            e.occurred_at,
            case when x.value is null then {{ plain_word("coalesce(w.shown, e.term)") }} end as term,
            e.result_count,
            c.category
        from {{ ref("conformed_web_events") }} e {{ join_customer() }}
        left join {{ source("identity", "shown_values") }} w on not w.is_key and w.value = e.term
        left join {{ source("identity", "special_values") }} x on x.value = e.term
        left join categories c on c.product_key = e.product_key
        where
            e.deleted_at is null
            and {{ is_of_somebody_free() }}
            -- an interest is an inference
            and (s.customer_id is null or {{ is_profiled("s.customer_id") }})
            and e.kind in ('search', 'product_view', 'add_to_cart')
            and e.occurred_at <= {{ as_of() }}
            and e.occurred_at > {{ as_of() }} - {{ days(insight["interest_days"]) }}
    ),
    searched as (
        select s.person, s.customer_id, s.term, s.result_count, f.kind, f.category
        from events s
        left join events f on f.session_key = s.session_key and f.kind <> 'search' and f.occurred_at >= s.occurred_at
        where s.kind = 'search' and s.person is not null
    ),
    signals as (
        select
            'category' as interest_kind,
            category as interest,
            category,
            person,
            customer_id,
            kind,
            cast(null as bigint) as result_count
        from events
        where kind <> 'search' and category is not null and person is not null
        union all
        -- what is looked at after a search is what was sought
        select 'category', category, category, person, customer_id, 'search', null
        from searched
        where category is not null
        union all
        select 'search term', term, category, person, customer_id, coalesce(kind, 'nothing'), result_count
        from searched
        where term is not null
    ),
    -- ever, in what is kept: whoever has one looks for another
    bought as (
        select distinct o.customer_id, c.category
        from {{ ref("fct_orders") }} o
        join {{ ref("fct_order_items") }} i on i.source_system = o.source_system and i.order_key = o.source_key
        join categories c on c.product_key = i.product_key
        where o.is_sale and o.customer_id is not null and o.ordered_at <= {{ as_of() }}
    ),
    interests as (
        select
            s.interest_kind,
            s.interest,
            s.person,
            max(s.customer_id) as customer_id,
            bool_or(s.kind = 'search') or s.interest_kind = 'search term' as has_searched,
            bool_or(s.kind in ('product_view', 'add_to_cart')) as has_viewed,
            bool_or(s.kind = 'add_to_cart') as has_carted,
            bool_or(s.result_count = 0) as has_no_results,
            bool_or(b.customer_id is not null) as has_bought
        from signals s
        left join bought b on b.customer_id = s.customer_id and b.category = s.category
        group by s.interest_kind, s.interest, s.person
    ),
    -- a term of few may be what somebody is called
    told as (
        select
            *,
            case
                when
                    interest_kind = 'search term'
                    and count(*) over (partition by interest_kind, interest) < {{ var("min_people") }}
                then {{ lumped() }}
                else interest
            end as name
        from interests
    ),
    -- a person may be in several terms of few
    by_person as (
        select
            interest_kind,
            name,
            person,
            max(customer_id) as customer_id,
            bool_or(not has_viewed) as has_not_viewed,
            bool_or(has_searched) as has_searched,
            bool_or(has_viewed) as has_viewed,
            bool_or(has_carted) as has_carted,
            bool_or(has_no_results) as has_no_results,
            bool_or(has_bought) as has_bought
        from told
        group by interest_kind, name, person
    )
select
    interest_kind,
    name as interest,
    count(*) as people_count,
    count(*) filter (has_not_viewed) as unviewed_people_count,
    case when count(has_no_results) > 0 then count(*) filter (has_no_results) end as no_results_people_count,
    count(customer_id) as customer_count,
    count(customer_id) filter (has_searched) as searched_count,
    count(customer_id) filter (has_viewed) as viewed_count,
    count(customer_id) filter (has_carted) as carted_count,
    count(customer_id) filter (has_bought) as bought_count,
    count(customer_id) filter (not has_bought) as never_bought_count
from by_person
group by interest_kind, name
