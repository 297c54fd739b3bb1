begin;
delete from identity.scored_pairs where left_id in (from {{ work }}.stale) or right_id in (from {{ work }}.stale);
{{ insert_pairs }}
delete from identity.compared_people where unique_id in (from {{ work }}.stale);
insert into identity.compared_people from {{ work }}.changed_people;
commit;
