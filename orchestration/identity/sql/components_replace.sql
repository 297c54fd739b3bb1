delete from identity.record_clusters where record_id in (from identity.touched_records) or component_id in (from touched_components);
insert into identity.record_clusters {{ clusters }};
insert into identity.touched_records select record_id from touched_members;
update identity.edges set is_used = true where not is_used and left_id in (select record_id from touched_members);
