delete from leaving_people o using identity.normalised_people n
where n.source_system = o.person_system and n.source_key = o.record_key and {{ is_same }};
delete from identity.former_people f using leaving_people l where f.person_system = l.person_system and f.person_key = l.person_key;
insert into identity.former_people
select person_system, person_key, record_key, {{ columns }}, case when is_changed then $at end, false from leaving_people;
