with
    matched as (
        select
            n.source_system, n.source_key, k.register, 'phone' as channel, k.version_on, k.source_key as reservation_key
        from {{ source("identity", "reservation_keys") }} k
        join {{ source("identity", "normalised_people") }} n on n.phone_key = k.phone_key

        union all

        select
            n.source_system, n.source_key, k.register, 'post' as channel, k.version_on, k.source_key as reservation_key
        from {{ source("identity", "reservation_keys") }} k
        join
            {{ source("identity", "normalised_people") }} n
            -- spelled as it may be, with a flat behind it or not: in doubt the channel is closed
            on replace(n.family_key, ' ', '') = replace(k.family_key, ' ', '')
            and n.postal_key = k.postal_key
            and left(n.street_key, 3) = left(k.street_key, 3)
            and coalesce(n.street_number, '') = coalesce(k.street_number, '')
    )
select
    b.customer_id,
    m.channel,
    m.register,
    max(m.version_on) as version_on,
    {{ latest("m.reservation_key", packed(["m.version_on", "m.reservation_key"])) }} as reservation_key
from matched m
join {{ ref("register_rules") }} r on r.register = m.register and r.channel = m.channel
join
    {{ ref("bridge_customer_source_records") }} b
    on b.source_system = m.source_system
    and b.source_key = m.source_key
    and b.valid_to is null
group by 1, 2, 3
