begin;
delete from identity.scored_pairs;
{{ insert_pairs }};
create or replace table identity.compared_people as from {{ work }}.compared_people;
delete from identity.calibration;
insert into identity.calibration values ({{ version }}, {{ records }}, {{ shift }}, {{ blocks }});
commit;
