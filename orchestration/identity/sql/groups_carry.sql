-- as customer ids are carried: by mutual greatest overlap, the older id on ties; a group that ended after the newest
-- publication is owned by its last members as if it had never ended
create or replace temp table assigned_groups as
with clusters as (
    select *, count(*) over (partition by cluster_id) as members from group_clusters
), standing as (
    select {{ group_id }} as group_id, {{ member }} as member from {{ table }} where valid_to is null
), owned as (
    from standing
    union all (
        select {{ group_id }}, {{ member }} from {{ table }}
        where valid_to > $published and {{ group_id }} not in (select group_id from standing) and {{ member }} not in (select member from standing)
        qualify valid_to = max(valid_to) over (partition by {{ group_id }})
    )
), overlap as (
    select c.cluster_id, s.group_id, count(*) as shared from clusters c
    join owned s on s.member = c.{{ member }} where c.members between {{ least }} and {{ most }} group by all
), best_cluster as (
    select * from overlap qualify row_number() over (partition by group_id order by shared desc, cluster_id) = 1
), kept as (
    select cluster_id, group_id from best_cluster qualify row_number() over (partition by cluster_id order by shared desc, group_id) = 1
), fresh as (
    select d.cluster_id, coalesce(k.group_id, uuidv7()::varchar) as group_id
    from (select distinct cluster_id from clusters where members between {{ least }} and {{ most }}) d left join kept k using (cluster_id)
)
select c.{{ member }} as member, f.group_id from clusters c join fresh f using (cluster_id);
update {{ table }} set valid_to = $at where valid_to is null and ({{ group_id }}, {{ member }}) not in (select (group_id, member) from assigned_groups);
insert into {{ table }} select group_id, member, $at, null from assigned_groups
where (group_id, member) not in (select ({{ group_id }}, {{ member }}) from {{ table }} where valid_to is null);
drop table assigned_groups;
