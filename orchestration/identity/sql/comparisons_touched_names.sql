-- names that are rare now and were not, or were and are not, are another thing to all who bear them
create or replace temp table touched_names as
select distinct given_key, family_key from identity.normalised_people where record_id in (from identity.touched_records)
union select given_key, family_key from identity.compared_people where unique_id in (from identity.touched_records);
create or replace temp table compared_again as
with counted as (
    select given_key, family_key, count(*) as records from identity.normalised_people
    semi join touched_names using (given_key, family_key) group by all
)
select distinct c.unique_id from identity.compared_people c join touched_names using (given_key, family_key)
left join counted n using (given_key, family_key)
where coalesce(c.is_rare, false) <> (coalesce(n.records, 0) <= {{ rare }})
union from identity.touched_records;
