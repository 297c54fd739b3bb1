-- of the components that touched records are or were in; beside its cluster each record keeps its component, which the
-- cluster guard may have parted
create or replace temp table touched_components as
select distinct component_id from identity.record_clusters where record_id in (from identity.touched_records) or record_id in (
    select left_id from identity.edges where right_id in (from identity.touched_records)
    union all select right_id from identity.edges where left_id in (from identity.touched_records)
);
create or replace temp table touched_members as
select * from identity.normalised_people where record_id in (from identity.touched_records) or record_id in (
    select record_id from identity.record_clusters where component_id in (from touched_components)
);
create or replace temp table touched_edges as from identity.edges where left_id in (select record_id from touched_members);
create or replace temp view members as from touched_members;
create or replace temp view member_edges as from touched_edges;
