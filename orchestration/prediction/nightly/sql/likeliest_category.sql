-- The likeliest next category of each customer who is asked about, by the weights of customers with as many purchases (category_weights). It
-- is one that the customer bought, or the likeliest of all by what was bought last: no other one can be likelier.
create or replace temp table likeliest_category as
with
    base as (
        select w.least, b.last_category, b.category, w.popular * b.popular as popular, w.follows * b.follows as follows
        from category_base b
        cross join category_weights w
        where b.category <> 0
    ),
    likeliest as (
        select *
        from base
        qualify row_number() over (partition by least, last_category order by popular + follows desc, category) = 1
    ),
    customers as (
        select c.*, w.least, w.own as weight
        from
            (
                select distinct o.customer, o.last_category, o.purchases
                from category_owned o
                semi join {{ asked }} a on a.customer = o.customer
            ) c
        asof join category_weights w on c.purchases >= w.least
    ),
    candidates as (
        select c.customer, l.category, l.popular, l.follows, 0 as own
        from customers c
        join likeliest l on l.least = c.least and l.last_category = c.last_category
        union all
        select c.customer, o.category, b.popular, b.follows, c.weight * o.times / c.purchases as own
        from customers c
        join category_owned o on o.customer = c.customer
        join base b on b.least = c.least and b.last_category = c.last_category and b.category = o.category
    ),
    chosen as (
        select *
        from candidates
        qualify row_number() over (partition by customer order by popular + follows + own desc, category) = 1
    )
select
    customer,
    category,
    popular + follows + own as value,
    list_transform(
        list_reverse_sort(
            list_filter(
                [
                    {share: own, code: 'bought_before'},
                    {share: follows, code: 'follows_the_last'},
                    {share: popular, code: 'popular'}
                ],
                lambda part: part.share >= $least_share * (popular + follows + own)
            )
        ),
        lambda part: part.code
    ) as reason_codes
from chosen
