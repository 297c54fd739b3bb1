"""How systems misspell people. Here: one table of records, each a person as one system has them. Not here: the truth.

All randomness is `hash(key, salt, seed)`: the same record is spelled the same way every night, whatever the order.
"""

from __future__ import annotations

import duckdb

from orchestration.core.sql_scripts import sql_script
from orchestration.demo.names import SHORT_FORMS

MACROS = sql_script(__file__, "mess_macros")

# one row per record: who it is about, in which system, and since when
_RECORDS = """
create or replace table record_of as
with wanted as (
    select person_id, 'webshop' as system, 0 as copy, t.joined_at + 0 as created_at
    from trait t where in_webshop
    union all select person_id, 'webshop', 1, t.joined_at + 120 * 86400 from trait t
    where in_webshop and u(person_id, 'second account') < 0.08
    union all select person_id, 'crm', 0, t.joined_at + (u(person_id, 'crm') * 40 * 86400)::bigint from trait t
    where in_crm or in_club or is_business
    union all select person_id, 'crm', 1, t.joined_at + 200 * 86400 from trait t
    where in_crm and u(person_id, 'second card') < 0.04
    union all select person_id, 'email', 0, t.subscribed_at from trait t where in_email
    union all select person_id, 'survey', 0, t.joined_at + 86400 from trait t where in_survey
)
select
    system, row_number() over (partition by system order by created_at, person_id, copy) + 1000 as key,
    person_id, copy, created_at::bigint as created_at, system || ':' || person_id || ':' || copy as draw
from wanted;
"""

_SPELLED = """
create or replace table record as
with drawn as (
    select r.*, p.* exclude (person_id), t.in_club, t.is_business, s.short_form,
        getvariable('final') - p.moved_days_ago * 86400 as moved_at,
        u(draw, 'g') as ug, u(draw, 'f') as uf, u(draw, 'e') as ue, u(draw, 'p') as up, u(draw, 'b') as ub, u(draw, 'a') as ua
    from record_of r join person p using (person_id) join trait t using (person_id) left join short_forms s using (given_name)
), states as (
    select *,
        moved_days_ago > 0 and created_at < moved_at as saw_move, u(draw, 'stale') < 0.5 as is_stale,
        case when u(draw, 'touched') < 0.6
            then created_at + (u(draw, 'touched at') * greatest(getvariable('final') - created_at, 0))::bigint end as touched_at,
        case when u(draw, 'deleted') < 0.03
            then created_at + 86400 + (u(draw, 'deleted at') * greatest(getvariable('final') - created_at - 86400, 0))::bigint
        end as deleted_at
    from drawn
)
select
    system, key, person_id, copy, draw, created_at, deleted_at, touched_at, in_club, is_business, gender, country_code,
    household_id, birth_on, is_protected, saw_move and not is_stale as is_updated_after_move, moved_at,
    case when ug < 0.03 then typo(given_name, draw, 'tg') when ug < 0.05 then left(given_name, 1)
        when ug < 0.12 then folded(given_name) when ug < 0.14 then upper(given_name)
        when ug < 0.15 and system <> 'email' then family_name when ug between 0.15 and 0.2 then coalesce(short_form, given_name)
        else given_name end as given_name,
    case when ug between 0.14 and 0.15 and system <> 'email' then given_name
        when former_name is not null and u(draw, 'former') < 0.5 then former_name
        when uf < 0.035 then typo(family_name, draw, 'tf') when uf < 0.12 then folded(family_name)
        when uf < 0.14 then lower(family_name) else family_name end as family_name,
    case when ue < 0.004 then 'test@test.com' when system not in ('email', 'survey') and ue < 0.12 then null
        when ue < 0.30 then second_email when ue < 0.33 then upper(email)
        when ue < 0.345 then replace(email, '@', '+shop@') when ue < 0.36 then typo(email, draw, 'te')
        when ue < 0.37 then ' ' || email || ' ' else email end as email,
    case when system in ('email', 'survey') or up < 0.22 then null when up < 0.226 then '0700000000'
        when up < 0.23 then right(mobile, 7) -- as within one area
        when up < 0.5 then mobile
        when up < 0.75 and country_code = 'SE' then '0' || substr(mobile, 4, 2) || '-' || substr(mobile, 6, 3) || ' ' || substr(mobile, 9)
        when up < 0.75 and country_code = 'FI' then '0' || substr(mobile, 5, 2) || ' ' || substr(mobile, 7)
        when up < 0.75 then substr(mobile, 4, 2) || ' ' || substr(mobile, 6, 2) || ' ' || substr(mobile, 8)
        else replace(mobile, '+', '00') end as phone,
    case when system in ('email', 'survey') or ub < 0.35 then null
        when ub < 0.37 and day(birth_on) <= 12 then strftime(birth_on, '%Y-%d-%m') else strftime(birth_on, '%Y-%m-%d') end as birth_text,
    case when is_protected and system <> 'webshop' then null
        when ua < 0.04 then typo(street, draw, 'ta') when ua < 0.10 then folded(street)
        when ua < 0.13 then street || ' lgh ' || (1001 + 100 * (u(draw, 'floor') * 4)::int) else street end as street,
    postal_code, city, old_street, old_postal_code, old_city, saw_move and is_stale as keeps_old_address
from states;
"""


def spell_records(con: duckdb.DuckDBPyConnection) -> None:
    """Makes `record` from `person` and `trait`. Variables `seed` and `final` (s since 1970) must be set."""
    con.execute(_RECORDS)
    con.execute("create or replace temp table short_forms (given_name varchar, short_form varchar)")
    con.executemany("insert into short_forms values (?, ?)", list(SHORT_FORMS.items()))
    con.execute(_SPELLED)


# the record as its system has it at a moment, with the time of its last change
STATE = """
select r.* exclude (street, postal_code, city, old_street, old_postal_code, old_city, deleted_at, birth_text),
    coalesce(f.replacement, birth_text) as birth_text,
    case when keeps_old_address or (is_updated_after_move and moved_at >= $cutoff) then old_street else street end as street,
    case when keeps_old_address or (is_updated_after_move and moved_at >= $cutoff) then old_postal_code else postal_code end
        as postal_code,
    case when keeps_old_address or (is_updated_after_move and moved_at >= $cutoff) then old_city else city end as city,
    case when deleted_at < $cutoff then deleted_at end as deleted_at,
    greatest(r.created_at,
        case when is_updated_after_move and moved_at < $cutoff and moved_at > r.created_at then moved_at else r.created_at end,
        case when touched_at < $cutoff then touched_at else r.created_at end,
        case when deleted_at < $cutoff then deleted_at else r.created_at end) as updated_at,
    case when touched_at < $cutoff then 1 else 0 end as version
from record r
left join fault f on f.system = r.system and f.source_table in ('contacts', 'customers') and f.source_key = r.key
where r.created_at < $cutoff
"""


def state_sql(system: str, since: int, cutoff: int) -> str:
    """SELECT over `record`: the rows of `system` changed in [since, cutoff), as they stand at `cutoff`."""
    return (
        f"select * from ({STATE.replace('$cutoff', str(cutoff))}) where system = '{system}' and updated_at >= {since}"
    )
