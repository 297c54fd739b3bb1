delete from identity.former_people o using identity.normalised_people n
where o.changed_at is null and n.source_system = o.person_system and n.source_key = o.record_key and {{ is_same }};
update identity.former_people o set changed_at = $at from identity.normalised_people n
where o.changed_at is null and n.source_system = o.person_system and n.source_key = o.record_key;
