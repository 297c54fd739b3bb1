-- What a few of the demo's people do that risk signals and life events find. By hashes of what is drawn already, so that no stream of
-- behaviour.py is another for it. `signals` has who does what: the truth about it.

create or replace table odd as
with adults as (
    select p.*, t.in_webshop, t.in_webshop or t.in_crm or t.in_club as has_phone, t.lived_until, t.is_business
    from person p join trait t using (person_id)
    where not p.is_minor and not p.is_protected and not p.is_deceased
), buyers as (
    select person_id, row_number() over (order by u(person_id, 'gives back')) <= ceil(count(*) over () * 0.025) as is_odd
    from adults semi join (select person_id from orders group by all having count(*) >= 8) using (person_id)
), sudden as (
    select person_id, row_number() over (order by u(person_id, 'all at once')) <= greatest(4, (select count(*) from person) // 200) as is_odd
    from adults anti join (from buyers where is_odd) using (person_id)
    where in_webshop and lived_until >= getvariable('final')
), strangers as (
    -- of a household one, and of a family name one: a family shares its number for other reasons
    select person_id, country_code from adults where has_phone and not is_business
    qualify row_number() over (partition by household_id order by person_id) = 1
        and row_number() over (partition by country_code, family_name order by u(person_id, 'one number')) = 1
), rings as (
    select person_id, country_code, (row_number() over (partition by country_code order by u(person_id, 'one number')) - 1) // 8 as ring
    from strangers
), born as (
    select c.person_id
    from person c join trait t using (person_id)
    where c.is_minor and not c.is_junior and (t.in_crm or t.in_club) and u(c.person_id, 'newborn') < 0.4
        and getvariable('as_of') - c.birth_on < 15 * 365
        -- no twin, and somebody at home is a customer long before
        and not exists (select 1 from person o where o.household_id = c.household_id and o.person_id <> c.person_id and o.birth_on = c.birth_on)
        and exists (
            select 1 from person o join trait ot using (person_id)
            where o.household_id = c.household_id and not o.is_minor and ot.joined_at + 160 * 86400 < t.joined_at
        )
)
select person_id, 'returns' as what, 0 as ring from buyers where is_odd
union all
select person_id, 'sudden orders', 0 from sudden where is_odd
union all
select person_id, 'shared identifiers', ring from rings
where ring < case country_code when 'SE' then 1 + (select count(*) from person) // 2000 when 'NO' then (select count(*) from person) // 2000 else 0 end
union all
select person_id, 'newborn', 0 from born;

-- most of what they order comes back
update orders set is_refunded = true
where person_id in (select person_id from odd where what = 'returns') and u(order_no, 'given back') < 0.8;

-- six orders within four days, the last ones before the first of three nights
insert into orders
select (select max(order_no) from orders) + row_number() over (order by person_id, n), person_id,
    getvariable('final') - (6 * 86400) + n * 43200 + (u(person_id, 'hour' || n) * 36000)::bigint, true, 0, 2,
    getvariable('final') - (6 * 86400) + n * 43200 + 2 * 86400 + 36000, false, getvariable('final') + 86400, 1
from odd, range(6) r (n)
where what = 'sudden orders';

insert into items
select order_no, 1, 1 + (u(order_no, 'odd product') * getvariable('products'))::bigint % getvariable('products'), 1, 0.0
from orders anti join (select distinct order_no from items) using (order_no);

update person set mobile = r.mobile
from (
    select o.person_id, first_value(p.mobile) over (partition by o.ring, p.country_code order by o.person_id) as mobile
    from odd o join person p using (person_id)
    where o.what = 'shared identifiers'
) r
where r.person_id = person.person_id;

-- born some weeks before they are signed up, when the others are customers already
update person set birth_on = date '1970-01-01' + (t.joined_at // 86400 - 20 - (u(t.person_id, 'weeks old') * 130)::int)::int
from trait t
where t.person_id = person.person_id and t.person_id in (select person_id from odd where what = 'newborn');
