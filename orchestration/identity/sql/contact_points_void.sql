-- a grant is no evidence on a point that stands in for none, that cannot be read for certain, or that only others have
create or replace temp table void_points as
with standing as (
    select s.customer_id, n.email_key, n.phone_key from identity.normalised_people n
    join identity.customer_source_records s
        on s.source_system = n.source_system and s.source_key = n.source_key and s.valid_to is null
),
keyed as (
    select person_system, person_key, contact_point, email_key as match_key from granted_keys where email_key is not null
    union all select person_system, person_key, contact_point, phone_key from granted_keys where phone_key is not null
),
owned as (
    select email_key as match_key, customer_id from standing where email_key in (select match_key from keyed)
    union select phone_key, customer_id from standing where phone_key in (select match_key from keyed)
)
select k.person_system, k.person_key, k.contact_point, 'contact_point_not_theirs' as reason_code from keyed k
join owned h using (match_key)
left join identity.customer_source_records s
    on s.source_system = k.person_system and s.source_key = k.person_key and s.valid_to is null
group by all having not bool_or(h.customer_id is not distinct from s.customer_id)
union
select person_system, person_key, contact_point, 'placeholder_contact_point' from keyed where is_junk(case when contains(match_key, '@') then 'email' else 'phone' end, match_key)
union
select p.source_system, p.source_key,
    unnest(list_filter([case when is_junk('email', n.email_key) then p.email end, case when is_junk('phone', n.phone_key) then p.phone end], lambda point: point is not null)),
    'placeholder_contact_point'
from conformed.conformed_people p
join identity.normalised_people n on n.source_system = p.source_system and n.source_key = p.source_key
where is_junk('email', n.email_key) or is_junk('phone', n.phone_key)
union
-- what stands in for a number may be one in no country, as 0000000
select g.person_system, g.person_key, g.contact_point, case when coalesce(len(n.readings), 0) = 0 and is_junk('phone', match_keys.digits_in(g.contact_point))
    then 'placeholder_contact_point' else 'contact_point_unreadable' end
from granted_on g
left join identity.phone_numbers n on n.phone = g.contact_point and n.country_code = g.country_code
where g.is_number and not contains(g.contact_point, '@') and not coalesce(n.is_certain, false)
union
-- several addresses in one text, or none, the record's own too: whoever sends to it writes to all of them
select g.person_system, g.person_key, g.contact_point, 'contact_point_unreadable' from granted_on g
left join identity.normalised_people n on g.is_own and n.source_system = g.person_system and n.source_key = g.person_key
where contains(g.contact_point, '@') and (
    len(g.contact_point) - len(replace(g.contact_point, '@', '')) > 1
    or n.email_key is null and (g.is_own or match_keys.email_key(g.contact_point) is null));
delete from identity.void_grants;
insert into identity.void_grants by name
-- of several reasons the one that says most
select person_system, person_key, contact_point,
    min_by(reason_code, list_position(['placeholder_contact_point', 'contact_point_not_theirs', 'contact_point_unreadable'], reason_code)) as reason_code
from void_points group by all;
drop table void_points;
