{#- a point of more people than this is a switchboard or a placeholder, and tells nothing of any of them -#}
{%- set most = var("insight")["risk_most_sharing"] -%}
with
    -- nothing is inferred of who may not be profiled, nor of others by them; colleagues share a company's mailbox
    people as (
        select c.customer_id
        from {{ ref("dim_customers") }} c
        where {{ may_be_profiled("c") }} and not coalesce(c.is_business, false)
    ),
    written as (
        select
            n.customer_id,
            n.email_key,
            n.phone_key,
            n.family_key,
            -- empty where either is not known
            n.postal_key || '|' || n.street_key as address_key
        from ({{ normalised_records() }}) n
        join people p on p.customer_id = n.customer_id
    ),
    points as (
        select customer_id, 'email address' as kind, email_key as point
        from written
        where email_key is not null
        union
        select customer_id, 'phone number', phone_key
        from written
        where phone_key is not null
    ),
    -- noreply@, 0700 000 000, info@: whoever has them has nothing to do with the others
    nobodys as (
        select case kind when 'email' then 'email address' else 'phone number' end as kind, value_key as point
        from {{ source("identity", "identifiers") }}
        where ignored_code in ('junk', 'role_mailbox', 'override')
    ),
    of_several as (
        select p.kind, p.point
        from points p
        anti join nobodys n on n.kind = p.kind and n.point = p.point
        group by p.kind, p.point
        having count(*) > 1 and count(*) <= {{ most }}
    ),
    shared as (select p.* from points p join of_several s on s.kind = p.kind and s.point = p.point),
    pairs as (
        select a.customer_id, o.customer_id as other_id, a.kind
        from shared a
        join shared o on o.kind = a.kind and o.point = a.point and o.customer_id <> a.customer_id
    ),
    -- whoever has one of these in common may be one family, whatever households are known
    ties as (
        select customer_id, 'address' as kind, address_key as tie
        from written
        where address_key is not null
        union
        select customer_id, 'family name', family_key
        from written
        where family_key is not null
    ),
    related as (
        select distinct p.customer_id, p.other_id
        from pairs p
        join ties a on a.customer_id = p.customer_id
        join ties o on o.customer_id = p.other_id and o.kind = a.kind and o.tie = a.tie
    ),
    homes as (select distinct customer_id from ties where kind = 'address'),
    -- two households, or two who are known to live in other places: of whom neither is known, nothing is said
    apart as (
        select p.*
        from pairs p
        left join {{ ref("bridge_household_customers") }} h on h.customer_id = p.customer_id
        left join {{ ref("bridge_household_customers") }} g on g.customer_id = p.other_id
        left join homes m on m.customer_id = p.customer_id
        left join homes n on n.customer_id = p.other_id
        where
            case
                when h.household_id is not null and g.household_id is not null
                then h.household_id <> g.household_id
                else m.customer_id is not null and n.customer_id is not null
            end
    )
select a.customer_id, count(distinct a.other_id) as sharing_customer_count, {{ listed_once("a.kind") }} as shared_points
from apart a
anti join related r on r.customer_id = a.customer_id and r.other_id = a.other_id
group by a.customer_id
