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
    found as (
        select
            a.customer_id,
            a.channel,
            a.contact_point,
            case
                when a.country_code is null
                then a.whose || ', and with it the register, is not known'
                when k.country_code is null
                then 'no register of ' || a.whose || ' is known'
                else 'the register ' || u.register
            end as reason
        from asked a
        left join known k on k.country_code = a.country_code and k.channel = a.channel
        left join ({{ unknown_registers() }}) u on u.country_code = a.country_code and u.channel = a.channel
        where k.country_code is null or u.register is not null
        union all
        -- a register of addresses is asked with family name, street and postal code
        select c.customer_id, 'post', c.contact_point, 'the address cannot be looked up in the register'
        from asked c
        join known k on k.country_code = c.country_code and k.channel = 'post' and k.register is not null
        where
            c.channel = 'post'
            and c.customer_id in (select customer_id from granted where channel = 'post')
            and not exists (
                select 1
                from addresses a
                where
                    a.customer_id = c.customer_id
                    and a.family_key is not null
                    and a.street_marks[1] is not null
                    and {{ is_postal_key("a.postal_key", "c.country_code") }}
            )
    )
select customer_id, channel, contact_point, min(reason) as reason
from found
group by 1, 2, 3
