-- what a record that is gone said stands for whoever has its address or number by now, or its name and birth date: a migration
-- gives new keys, a merge another address. What names a record by its key in another spelling, or its system in another
-- case, stands for that record
create or replace table identity.heirs as
with records as (select source_system, source_key from identity.customer_source_records where valid_to is null),
unknown as (
    select person_system, person_key from {{ refusing }} l
    anti join records r on r.source_system = l.person_system and r.source_key = l.person_key
),
-- both sides in one place: names are slow to plan
named as materialized (
    select is_gone, source_system, source_key, birth_date, {{ names }} as names from (
        select true as is_gone, source_system, source_key, given_name, family_name, full_name, birth_date from gone_people
        union all
        select false, source_system, source_key, given_name, family_name, full_name, birth_date from conformed.conformed_people
        where deleted_at is null and birth_date in (select birth_date from gone_people)
    )
)
select d.gone_system, d.gone_key, h.person_system, h.person_key
from denied_tokens d join having_it h using (token) where d.gone_key is not null
union
select g.source_system, g.source_key, p.source_system, p.source_key
from named g join named p on g.is_gone and not p.is_gone and p.birth_date = g.birth_date and list_has_any(g.names, p.names)
union
select u.person_system, u.person_key, r.source_system, r.source_key from unknown u join records r
    on match_keys.record_key(r.source_key) = match_keys.record_key(u.person_key)
    and lower(r.source_system) = lower(match_keys.plain(u.person_system));
