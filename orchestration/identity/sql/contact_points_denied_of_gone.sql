-- and all that a record had which withdrew and is gone
insert into denied_tokens
select null, source_system, source_key, unnest(match_keys.email_readings(email)) from gone_people
union
select null, g.source_system, g.source_key, unnest(n.denies) from gone_people g
join identity.phone_numbers n on n.phone = g.phone and n.country_code = coalesce(match_keys.country_code(g.country_code), '')
union
select null, g.source_system, g.source_key, h.token from gone_people g
join identity.held_points h on h.person_system = g.source_system and h.person_key = g.source_key;
-- a record that never was a customer's does not speak for all who share a mailbox or number of many
delete from denied_tokens where gone_key is not null
    and token in (select value_key from identity.identifiers where ignored_reason is not null)
    and (gone_system, gone_key) not in (
        select (source_system, source_key) from conformed.conformed_people
        union all select (person_system, person_key) from identity.former_people);
