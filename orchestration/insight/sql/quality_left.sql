-- Nights that nobody noted: of before this table, or ended by force after their first checks. A part that was run by hand ended
-- without a problem and published nothing: it is no night.
insert or ignore into ops.nights
select
    c.run_id,
    min(c.checked_at) as as_of,
    max(c.checked_at) as noted_at,
    case when any_value(p.run_id) is not null then 'published' when any_value(r.run_id) is not null then 'held' else 'broken off' end as outcome
from ops.check_results c
left join (select distinct run_id from ops.publications) p using (run_id)
left join ops.runs r using (run_id)
where c.run_id <> $run_id and c.run_id not in (select run_id from ops.nights)
group by c.run_id
having any_value(p.run_id) is not null or any_value(r.run_id) is null or bool_or(len(r.problems) > 0)
