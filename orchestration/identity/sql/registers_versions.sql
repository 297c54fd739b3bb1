-- the newest version of each register against the last one that was whole, as far as can be told by its size
create table if not exists identity.register_versions (
    register varchar not null, version_on date not null, entries bigint not null, is_shrunk boolean not null, primary key (register, version_on)
);
insert or replace into identity.register_versions
select n.register, n.version_on, n.entries,
    coalesce(n.entries < (1 - n.max_shrink) * (
        select arg_max(l.entries, l.version_on) from identity.register_versions l
        where l.register = n.register and l.version_on < n.version_on and not l.is_shrunk
    ), false)
from (
    select register, version_on, count(*) as entries, max(max_shrink) as max_shrink
    from conformed.conformed_reservations r
    join (select register, max(max_shrink) as max_shrink from reference.register_rules group by register) using (register)
    where deleted_at is null
    group by register, version_on
    qualify row_number() over (partition by register order by version_on desc) = 1
) n;
