-- who was granted something on a contact point, and whether that is their own record's, as it is written there
create or replace temp table granted_on as
select g.*, coalesce(p.email = g.contact_point or p.phone = g.contact_point, false) as is_own,
    case when p.phone = g.contact_point then coalesce(match_keys.country_code(p.country_code), '') else '' end as country_code
from (
    select person_system, person_key, contact_point, bool_or({{ is_number }}) as is_number
    from conformed.conformed_consent_events
    where status = 'granted' and deleted_at is null and person_key is not null and contact_point is not null group by all
) g
left join conformed.conformed_people p
    on p.source_system = g.person_system and p.source_key = g.person_key and p.deleted_at is null;
-- addresses that stand in a record's field beside others, or that are not certain
create or replace temp table unread_emails as
select p.email as written, p.source_system, p.source_key from identity.normalised_people n
join conformed.conformed_people p using (source_system, source_key) where n.email_key is null and contains(p.email, '@');
