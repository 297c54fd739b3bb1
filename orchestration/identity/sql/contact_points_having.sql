-- a contact point tells no country: a number that needs one is read as the company's own
create or replace temp table granted_keys as
select g.*, a.email_key, n.phone_key, n.readings, n.denied_by, match_keys.place_keys(g.contact_point) as places from granted_on g
left join addresses_read a on a.written = g.contact_point
left join identity.phone_numbers n on n.phone = g.contact_point and n.country_code = '' and not contains(g.contact_point, '@')
where not g.is_own;
create or replace temp table having_it as
select email_key as token, source_system as person_system, source_key as person_key
from identity.normalised_people where email_key is not null
union all
-- a field of several addresses, or of one that is not certain
select unnest(a.addresses), p.source_system, p.source_key from unread_emails p join addresses_read a using (written)
union all
select unnest(a.addresses), g.person_system, g.person_key
from granted_keys g join addresses_read a on a.written = g.contact_point where contains(g.contact_point, '@')
union all
select unnest(n.denied_by), p.source_system, p.source_key from conformed.conformed_people p
join identity.phone_numbers n on n.phone = p.phone and n.country_code = coalesce(match_keys.country_code(p.country_code), '')
where p.deleted_at is null and exists (select 1 from denied_tokens where not contains(token, '@'))
union all
select unnest(denied_by), person_system, person_key from granted_keys
union all
select unnest(places), person_system, person_key from granted_keys
union all
select 'post:' || postal_key || ':' || unnest(match_keys.house_keys(match_keys.street_marks(street_key), street_key)), source_system, source_key
from identity.normalised_people
where postal_key in (select split_part(token, ':', 2) from denied_tokens where starts_with(token, 'post:'));
