-- whom a register closes a channel to: by the record's number or address, and by the one that was granted
with
    owned as (
        select b.customer_id, n.*
        from {{ ref("bridge_customer_source_records") }} b
        join
            {{ source("identity", "normalised_people") }} n
            on n.source_system = b.source_system
            and n.source_key = b.source_key
        where b.valid_to is null
    ),
    granted as (
        select o.customer_id, o.country_code, o.family_key, e.contact_point, e.channel
        from {{ ref("conformed_consent_events") }} e
        join owned o on o.source_system = e.person_system and o.source_key = e.person_key
        where e.deleted_at is null and e.status = 'granted' and e.contact_point is not null
    ),
    written as (
        select o.customer_id, p.phone, o.country_code
        from owned o
        join {{ ref("conformed_people") }} p on p.source_system = o.source_system and p.source_key = o.source_key
        where p.phone is not null
        union
        select customer_id, contact_point, country_code
        from granted
        where channel != 'post'
    ),
    numbers as (
        select w.customer_id, t.denied_by
        from written w
        join
            {{ source("identity", "phone_numbers") }} t
            on t.phone = w.phone
            and t.country_code = coalesce(w.country_code, '')
    ),
    addresses as (
        select customer_id, {{ joined_key("family_key") }} as family_key, postal_key, street_key
        from owned
        where postal_key is not null
        union
        select customer_id, {{ joined_key("family_key") }}, postal_key, {{ words_key("contact_point") }}
        from
            {{
                each_of(
                    "(select *, " ~ postal_keys_in("contact_point") ~ " as postal_keys from granted)",
                    "postal_keys",
                    "postal_key",
                )
            }} g
        where channel = 'post'
    ),
    matched as (
        -- a number that is not certain, on either side, is asked for by its last digits too: in doubt the channel is
        -- closed
        select n.customer_id, k.register, 'phone' as channel, k.version_on, k.source_key as reservation_key
        from {{ each_of(source("identity", "reservation_keys"), "denies", "token") }} k
        join {{ each_of("numbers", "denied_by", "token") }} n on n.token = k.token

        union all

        select n.customer_id, k.register, 'post' as channel, k.version_on, k.source_key as reservation_key
        from {{ source("identity", "reservation_keys") }} k
        join
            addresses n
            -- the street may be spelled otherwise and stand behind c/o or a flat
            on n.family_key = k.family_key
            and n.postal_key = k.postal_key
            and {{ same_street(street_marks("n.street_key"), "k.street_marks") }}
    )
select
    m.customer_id,
    m.channel,
    m.register,
    max(m.version_on) as version_on,
    {{ latest("m.reservation_key", packed(["m.version_on", "m.reservation_key"])) }} as reservation_key
from matched m
join {{ ref("register_rules") }} r on r.register = m.register and r.channel = m.channel
group by 1, 2, 3
