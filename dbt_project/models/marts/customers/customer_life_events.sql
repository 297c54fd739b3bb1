{%- set job_attribute = var("insight").job_attribute -%}
with
    -- nothing is inferred of who refused profiling (Art. 21), of protected people and of the dead, nor of
    -- others by them
    people as (
        select c.customer_id, c.birth_date, c.first_seen_at
        from {{ ref("dim_customers") }} c
        where {{ may_be_profiled("c") }}
    ),
    {{ addresses_told() }},
    whole_addresses as (
        select *, postal_key || '|' || street_key as address_key
        from addresses_told
        where street_key is not null and told_on is not null
    ),
    by_address as (
        select
            customer_id,
            address_key,
            min(told_on) as first_on,
            max(told_on) as last_on,
            bool_and(is_dated) as is_dated,
            count(distinct told_by) filter (not is_register) as system_count,
            bool_or(is_register) as is_registered,
            {{ listed_once("told_by") }} as told_by
        from whole_addresses
        group by customer_id, address_key
    ),
    moves as (
        -- a register's day is that of the move; its first word of somebody is one only where another address is older
        select distinct t.customer_id, t.told_on as happened_on, t.told_by, true as is_by_register
        from whole_addresses t
        join by_address o on o.customer_id = t.customer_id and o.address_key <> t.address_key and o.first_on < t.told_on
        where t.is_register
        union all
        -- one system may hold the address of a summer house: two say so, later than any says
        -- another. A record keeps the day of its last change alone: where long after the old
        -- address was last said, nobody knows when they moved
        select n.customer_id, n.first_on, n.told_by, false
        from by_address n
        join by_address o on o.customer_id = n.customer_id and o.address_key <> n.address_key
        where n.system_count > 1 and not n.is_registered and n.is_dated
        group by n.customer_id, n.first_on, n.told_by
        having
            bool_and(o.is_dated)
            and max(o.last_on) < n.first_on
            and max(o.last_on) >= n.first_on - {{ var("most_move_days") }}
    ),
    known as (
        select customer_id, min(valid_from) as since
        from {{ source("identity", "customer_source_records") }}
        group by customer_id
    ),
    -- two who live together, whatever the household's id became meanwhile
    pairs as (
        select
            m.customer_id,
            o.customer_id as other_id,
            min(greatest(m.valid_from, o.valid_from)) as began_at,
            case
                when count(*) = count(least(m.valid_to, o.valid_to)) then max(least(m.valid_to, o.valid_to))
            end as ended_at
        from {{ source("identity", "household_members") }} m
        join
            {{ source("identity", "household_members") }} o
            on o.household_id = m.household_id
            and o.customer_id <> m.customer_id
            and o.valid_from < coalesce(m.valid_to, timestamp '9999-01-01')
            and m.valid_from < coalesce(o.valid_to, timestamp '9999-01-01')
        group by 1, 2
    ),
    households as (
        select
            r.*,
            p.birth_date as other_birth_date,
            me.first_seen_at,
            mine.since as known_since,
            theirs.since as other_known_since
        from pairs r
        join people me on me.customer_id = r.customer_id
        join people p on p.customer_id = r.other_id
        join known mine on mine.customer_id = r.customer_id
        join known theirs on theirs.customer_id = r.other_id
    ),
    jobs as (
        select
            s.customer_id,
            e.observed_at,
            e.source_system,
            e.value,
            lag(e.value) over (
                -- two sources that disagree are no new job each time that one says its own again
                partition by s.customer_id, e.source_system order by e.observed_at, e.source_key
            ) as value_before
        from {{ ref("conformed_person_attributes") }} e {{ join_customer() }}
        where
            s.customer_id is not null
            and e.deleted_at is null
            and e.value is not null
            and e.observed_at <= {{ as_of() }}
            and e.name = {{ "'" ~ job_attribute ~ "'" if job_attribute else "null" }}
    ),
    events as (
        select customer_id, 'moved' as event, happened_on, told_by, is_by_register, false as is_by_birth
        from moves
        union all
        -- a child that was born while the customer was one
        select customer_id, 'household grew', other_birth_date, 'birth date', false, true
        from households
        where ended_at is null and other_birth_date > cast(first_seen_at as date)
        union all
        -- who is a customer for the first time may have lived there all along
        select customer_id, 'household grew', cast(began_at as date), 'household', false, false
        from households
        where
            ended_at is null
            and known_since < began_at
            and other_known_since < began_at
            and not coalesce(other_birth_date > cast(first_seen_at as date), false)
        union all
        select customer_id, 'household shrank', cast(ended_at as date), 'household', false, false
        from households
        where ended_at is not null
        union all
        select customer_id, 'new job', cast(observed_at as date), source_system, false, false
        from jobs
        where {{ words_key("value") }} <> {{ words_key("value_before") }}
    )
select
    e.customer_id,
    e.event,
    e.happened_on,
    {{ listed_once("e.told_by") }} as told_by,
    bool_and(e.is_by_register) as is_by_register,
    bool_or(e.is_by_birth) as is_by_birth
from events e
join people p on p.customer_id = e.customer_id
where e.happened_on <= cast({{ as_of() }} as date)
group by e.customer_id, e.event, e.happened_on
