-- whom a register closes a channel to: by the record's number or address, and by the one that was granted
with
    {{ asked_of_registers() }},
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
    by_address as ({{ registers_by_address() }}),
    matched as (
        -- a number that is not certain, on either side, is asked for by its last digits too: in doubt the channel is
        -- closed
        select n.customer_id, k.register, 'phone' as channel, k.version_on, k.source_key as reservation_key
        from {{ each_of(source("identity", "reservation_keys"), "denies", "token") }} k
        join {{ each_of("numbers", "denied_by", "token") }} n on n.token = k.token

        union all

        -- a register that lists no numbers closes the phone by the address too
        select
            n.customer_id,
            k.register,
            unnest(
                case when k.register in (select register from by_address) then ['post', 'phone'] else ['post'] end
            ) as channel,
            k.version_on,
            k.source_key as reservation_key
        from {{ each_of(source("identity", "reservation_keys"), "family_forms", "family_form") }} k
        join
            {{ each_of("addresses", "family_forms", "family_form") }} n
            -- of one family name: at one address, a part of it is enough (von Essen, Essen; Berg-Lund, Lund). The
            -- street
            -- may be spelled otherwise and stand behind c/o or a flat
            on n.family_form = k.family_form
            and n.postal_key = k.postal_key
            and {{ same_street("n.street_marks", "k.street_marks") }}
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
