-- to whom a channel is closed because nobody can tell whether a register closes it
with
    {{ asked_of_registers() }},
    {{ consent_owners() }},
    customers as (
        select o.customer_id, g.country_code.value as country_code
        from (select distinct customer_id from owners) o
        left join {{ ref("golden_records") }} g on g.customer_id = o.customer_id
    ),
    posted as (
        select distinct
            g.customer_id, c.country_code, g.contact_point, {{ address_countries("g.contact_point") }} as countries
        from granted g
        join customers c on c.customer_id = g.customer_id
        where g.channel = 'post'
    ),
    asked as (
        -- the registers of the customer's country, and of the country of a number or an address that was granted
        select customer_id, channel, null as contact_point, country_code, 'the country' as whose
        from customers
        cross join
            (
                select 'phone' as channel
                union all
                select 'post'
            ) c
        union
        select g.customer_id, 'phone', g.contact_point, t.number_country, 'the country of the number'
        from granted g
        join
            {{ source("identity", "phone_numbers") }} t
            on t.phone = g.contact_point
            and t.country_code = coalesce(g.country_code, '')
        where g.channel = 'phone' and t.is_certain
        union
        select customer_id, 'post', contact_point, country, 'the country of the address'
        from {{ each_of("posted", "countries", "country") }} p
        where country is distinct from country_code
    ),
    known as (select country_code, channel, max(register) as register from {{ ref("register_rules") }} group by 1, 2),
    by_address as ({{ registers_by_address() }}),
    looked_up as (
        -- a register that lists no numbers is asked for the phone by the customer's address too
        select a.customer_id, a.channel, a.contact_point, a.country_code, null as own_marks, k.register
        from asked a
        join known k on k.country_code = a.country_code and k.channel = a.channel
        where a.channel = 'post' or k.register in (select register from by_address)
        union
        -- an address in the customer's own country. Without a postal code it may be a record's street; without any
        -- number ("by letter") it means the record's address
        select
            p.customer_id,
            'post',
            p.contact_point,
            p.country_code,
            case
                when {{ is_empty_list(postal_keys_in("contact_point")) }}
                then {{ street_marks(words_key("contact_point")) }}
            end,
            k.register
        from posted p
        join known k on k.country_code = p.country_code and k.channel = 'post'
        where
            ({{ is_empty_list("countries") }} or {{ has_element("p.countries", "p.country_code") }})
            and {{ letters_and_digits("contact_point") }} != {{ letters("contact_point") }}
    ),
    found as (
        select
            a.customer_id,
            a.channel,
            a.contact_point,
            case
                when a.country_code is null
                then 'register_country_unknown'
                when k.country_code is null
                then 'no_register'
                else u.reason_code
            end as reason_code,
            case when k.country_code is null then a.whose else u.register end as about
        from asked a
        left join known k on k.country_code = a.country_code and k.channel = a.channel
        left join ({{ unknown_registers() }}) u on u.country_code = a.country_code and u.channel = a.channel
        where k.country_code is null or u.register is not null
        union all
        -- a register of addresses is asked with family name, street and postal code
        select l.customer_id, l.channel, l.contact_point, 'address_not_in_register_form', null
        from looked_up l
        where
            l.register is not null
            and l.customer_id in (select customer_id from granted where channel = l.channel)
            and not exists (
                select 1
                from addresses a
                where
                    a.customer_id = l.customer_id
                    and not {{ is_empty_list("a.family_forms") }}
                    and a.street_marks[1] is not null
                    and {{ is_postal_key("a.postal_key", "l.country_code") }}
                    -- another address of the customer is no answer for the one that was granted
                    and (
                        l.channel = 'phone'
                        or l.contact_point is null
                        or a.contact_point = l.contact_point
                        or {{ same_street("a.street_marks", "l.own_marks") }}
                    )
            )
    )
select
    customer_id, channel, contact_point, {{ earliest("reason_code", "reason") }} as reason_code, min(reason) as reason
from
    (
        select
            f.customer_id,
            f.channel,
            f.contact_point,
            f.reason_code,
            {{ reason_about("w.reason", "f.about") }} as reason
        from found f
        left join {{ ref("permission_reasons") }} w on w.reason_code = f.reason_code
    ) f
group by 1, 2, 3
