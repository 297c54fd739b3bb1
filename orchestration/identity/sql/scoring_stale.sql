create table {{ work }}.changed_people as from {{ work }}.compared_people
    where (unique_id, fingerprint) not in (select (unique_id, fingerprint) from identity.compared_people);
create table {{ work }}.stale as select unique_id from {{ work }}.changed_people union all
    select unique_id from compared_again where unique_id not in (select unique_id from {{ work }}.compared_people);
create view {{ work }}.standing_people as
    from identity.compared_people where unique_id not in (from {{ work }}.stale)
    union all from {{ work }}.changed_people;
