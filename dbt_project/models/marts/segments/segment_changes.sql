-- Nothing is written for a customer and scheme in which nothing changed. Until the night is published, the memberships
-- that are kept (identity.segment_memberships) stand as they are: a night that is held leaves no trace in them
with
    {{ placed_customers() }},
    -- interests of before that tell of a special category (Art. 9)
    special as (select value from {{ source("identity", "special_values") }}),
    kept_digests as (
        select
            customer_id,
            sum({{ segment_digest("scheme", "segment") }}) filter (left_at is null) as digest,
            -- a night that is run again at the same moment takes back what it wrote
            bool_or(entered_at >= {{ as_of() }} or coalesce(left_at >= {{ as_of() }}, false)) as is_again,
            bool_or({{ is_expired_membership("left_at") }}) as is_expired,
            bool_or({{ is_switched_off("scheme") }}) as has_switched_off,
            bool_or(x.value is not null) as has_special_category
        from {{ source("identity", "segment_memberships") }} m
        left join special x on x.value = m.segment and m.scheme = 'interest'
        group by customer_id
    ),
    -- customers of whom anything may change
    near as (
        select distinct coalesce(d.customer_id, k.customer_id) as customer_id
        from kept_digests k
        left join placed p on p.customer_id = k.customer_id
        left join {{ source("identity", "customer_id_redirects") }} d on d.old_customer_id = k.customer_id
        where
            d.customer_id is not null
            or k.is_again
            or k.is_expired
            or k.digest is distinct from p.digest
            or {{ is_not_profiled("k.customer_id") }}
            or k.has_switched_off
            or k.has_special_category
    ),
    placed_near as (select p.* from placed p join near n on n.customer_id = p.customer_id),
    state as ({{ segments_of("placed_near") }}),
    -- of whom nothing is kept
    placed_first as (
        select p.*
        from placed p
        left join kept_digests k on k.customer_id = p.customer_id
        left join near n on n.customer_id = p.customer_id
        where k.customer_id is null and n.customer_id is null
    ),
    kept as (
        -- an id that was merged away leads to the customer; rows of restricted people stay as they are
        select
            n.customer_id,
            m.customer_id as kept_id,
            m.scheme,
            m.segment,
            m.entered_at,
            m.left_at,
            {{ is_not_profiled("n.customer_id") }}
            or {{ is_switched_off("m.scheme") }}
            or x.value is not null as refuses,
            {{ is_expired_membership("m.left_at") }} as is_expired
        from {{ source("identity", "segment_memberships") }} m
        left join {{ source("identity", "customer_id_redirects") }} d on d.old_customer_id = m.customer_id
        join near n on n.customer_id = coalesce(d.customer_id, m.customer_id)
        left join special x on x.value = m.segment and m.scheme = 'interest'
        where {{ is_free("n.customer_id") }}
    ),
    touched as (
        select customer_id, scheme
        from kept
        where kept_id <> customer_id or refuses or is_expired or entered_at >= {{ as_of() }} or left_at >= {{ as_of() }}
        union
        select coalesce(s.customer_id, k.customer_id), coalesce(s.scheme, k.scheme)
        from state s
        full join
            (select customer_id, scheme, segment from kept where left_at is null) k
            on k.customer_id = s.customer_id
            and k.scheme = s.scheme
        where s.segment is distinct from k.segment
    ),
    theirs as (
        select
            k.customer_id,
            k.kept_id,
            k.scheme,
            k.segment,
            k.entered_at,
            case when k.left_at < {{ as_of() }} then k.left_at end as left_at
        from kept k
        join touched t on t.customer_id = k.customer_id and t.scheme = k.scheme
        where not k.refuses and not k.is_expired and k.entered_at < {{ as_of() }}
    ),
    {{ segment_spells() }}
select
    p.customer_id,
    p.scheme,
    p.segment,
    p.entered_at,
    case
        when p.left_at is null and p.segment is distinct from s.segment then {{ as_of() }} else p.left_at
    end as left_at
from spells p
left join state s on s.customer_id = p.customer_id and s.scheme = p.scheme
union all
select s.customer_id, s.scheme, s.segment, {{ as_of() }}, cast(null as timestamp)
from touched t
join state s on s.customer_id = t.customer_id and s.scheme = t.scheme
left join spells p on p.customer_id = s.customer_id and p.scheme = s.scheme and p.left_at is null
where s.segment is distinct from p.segment
union all
-- what was kept of them goes
select distinct k.kept_id, k.scheme, cast(null as varchar), cast(null as timestamp), cast(null as timestamp)
from kept k
join touched t on t.customer_id = k.customer_id and t.scheme = k.scheme
union all
select customer_id, scheme, segment, {{ as_of() }}, cast(null as timestamp)
from ({{ segments_of("placed_first") }}) f
