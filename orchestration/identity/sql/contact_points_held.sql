insert into identity.held_points
select distinct h.person_system, h.person_key, h.token from (
    select person_system, person_key, token from having_it where contains(token, '@')
    union all select source_system, source_key, phone_key from identity.normalised_people where phone_key is not null
    -- a field of several numbers, or of one that is not certain
    union all select p.source_system, p.source_key, unnest(t.readings) from identity.normalised_people n
        join conformed.conformed_people p using (source_system, source_key)
        join identity.phone_numbers t on t.phone = p.phone and t.country_code = coalesce(n.country_code, '') where n.phone_key is null
    union all select person_system, person_key, unnest(list_append(readings, phone_key)) from granted_keys
    union all select person_system, person_key, unnest(places) from granted_keys
) h
anti join identity.held_points o on o.person_system = h.person_system and o.person_key = h.person_key and o.token = h.token
where h.token is not null
    -- a mailbox or number of many is not the own one of a record that does not stand, because a grant names it
    and ((h.person_system, h.person_key) in (select (source_system, source_key) from conformed.conformed_people where deleted_at is null)
        or h.token not in (select value_key from identity.identifiers where ignored_reason is not null));
-- what retention or an erasure took has no points either; what is gone at its source is a record until then
delete from identity.held_points where (person_system, person_key) not in (
    select (source_system, source_key) from conformed.conformed_people
    union all select (person_system, person_key) from identity.former_people
    union all select (source_system, source_key) from absent_people where not is_said
    union all select (person_system, person_key) from conformed.conformed_consent_events where person_key is not null);
