-- An order says that it was refunded, and a credit note says it again. First pairs of the same amount, oldest first;
-- then one note over several orders of a person in a row, or several notes over one order.
{%- set group = "source_system, person_system, person_key, currency" %}
with
    orders as (
        select
            e.source_system,
            e.source_key,
            e.person_system,
            e.person_key,
            e.currency,
            e.ordered_at,
            e.amount < 0 as is_note,
            cast({{ order_refunded(order_gross()) }} as decimal(18, 2)) as refunded,
            -- the note of a wholly returned order may leave out the freight
            case
                when e.amount >= 0 and r.is_wholly_returned and not r.is_foreign
                then r.refunded_amount + r.negative_amount
            end as goods_refunded
        from {{ ref("conformed_orders") }} e
        left join {{ ref("order_returns") }} r on r.source_system = e.source_system and r.order_key = e.source_key
        where
            e.deleted_at is null
            and e.person_key is not null
            and e.status is distinct from 'cancelled'
            and (e.amount < 0 or e.status = 'refunded' or e.refunded_amount > 0 or r.order_key is not null)
    ),
    numbered as (
        select *, row_number() over (partition by {{ group }}, refunded, is_note order by ordered_at, source_key) as nth
        from orders
        where refunded > 0
    ),
    pairs as (
        select n.source_system, n.source_key, o.source_key as order_key
        from numbered n
        join numbered o on o.refunded = n.refunded and o.nth = n.nth and {{ same_buyer("n", "o") }}
        where n.is_note and not o.is_note
    ),
    unpaired as (
        select
            n.*,
            count(*) over (partition by {{ group }}) as of_person,
            count(distinct is_note) over (partition by {{ group }}) as sides
        from numbered n
        where
            (n.source_system, n.source_key) not in (
                select source_system, source_key
                from pairs
                union all
                select source_system, order_key
                from pairs
            )
    ),
    rest as (
        select
            n.*,
            cast(n.ordered_at as date) as ordered_on,
            least(n.refunded, coalesce(n.goods_refunded, n.refunded)) as at_least,
            row_number() over (partition by {{ group }}, is_note order by ordered_at, source_key) as place
        from unpaired n
        where of_person <= {{ var("most_notes_of_a_person") }} and sides = 2
    ),
    runs as (
        select
            a.source_system,
            a.person_system,
            a.person_key,
            a.currency,
            a.is_note,
            a.place as first_place,
            b.place as last_place,
            a.ordered_on as first_on,
            b.ordered_on as last_on,
            sum(c.at_least) as at_least,
            sum(c.refunded) as at_most
        from rest a
        join
            rest b
            on b.is_note = a.is_note
            and b.place between a.place and a.place + {{ var("longest_run_of_notes") }}
            and {{ same_buyer("a", "b") }}
        join rest c on c.is_note = a.is_note and c.place between a.place and b.place and {{ same_buyer("a", "c") }}
        group by all
    ),
    fits as (
        select
            s.*,
            r.first_place,
            r.last_place,
            case when s.is_note then s.place else r.first_place end as first_note,
            case when s.is_note then s.place else r.last_place end as last_note,
            case when s.is_note then r.first_place else s.place end as first_order,
            case when s.is_note then r.last_place else s.place end as last_order,
            row_number() over (
                partition by s.source_system, s.source_key order by r.last_place - r.first_place, r.first_place
            ) as choice
        from rest s
        join
            runs r
            on r.is_note <> s.is_note
            and r.at_least <= s.refunded
            and r.at_most >= s.at_least
            and case when s.is_note then r.last_on <= s.ordered_on else s.ordered_on <= r.first_on end
            and {{ same_buyer("s", "r") }}
    ),
    chosen as (
        select *, row_number() over (partition by {{ group }} order by not is_note, place) as turn
        from fits
        where choice = 1
    ),
    -- no refund is said twice by one note, nor one note by two refunds
    kept as (
        select c.*
        from chosen c
        where
            not exists (
                select 1
                from chosen p
                where
                    p.turn < c.turn
                    and (
                        (p.first_note <= c.last_note and p.last_note >= c.first_note)
                        or (p.first_order <= c.last_order and p.last_order >= c.first_order)
                    )
                    and {{ same_buyer("c", "p") }}
            )
    )
select source_system, source_key, order_key
from pairs
union all
select n.source_system, n.source_key, o.source_key
from kept k
join rest n on n.is_note and n.place between k.first_note and k.last_note and {{ same_buyer("k", "n") }}
join rest o on not o.is_note and o.place = k.first_order and {{ same_buyer("k", "o") }}
