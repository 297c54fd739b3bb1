"""Records of people that stand in no conformed table, by what was set aside or rejected of them and what statements name.

Here: the temp table `absent_people`, for what these records refused: it is about whoever has what they had. Not here: who that
is (contact_points.py, shared_refusals.py), reading raw and rejected lines (privacy/intake).
"""

from __future__ import annotations

import duckdb

from orchestration.core.settings import Settings
from orchestration.core.sql_scripts import sql_script
from orchestration.core.warehouse import has_table, scalar, text
from orchestration.match_keys import birth
from orchestration.match_keys.phones import read_phones
from orchestration.privacy.intake.broken_lines import NUMBERED, points_beside
from orchestration.privacy.intake.raw_people import declared, is_person_record, note_raw_people
from orchestration.privacy.intake.withdrawals import LEDGER

# one row per record and contact point; `is_said`: a statement of the record names the point, not a row about the person
_DDL = """
create or replace temp table absent_people (
    source_system varchar, source_key varchar, given_name varchar, family_name varchar, full_name varchar, birth_date date,
    email varchar, phone varchar, country_code varchar, is_said boolean
)
"""
_SET_ASIDE = f"""
insert into absent_people
select distinct source_system, source_key, given_name, family_name, full_name, {birth("birth_date")}, point,
    match_keys.beside_addresses(point), country_code, false
from (select *, unnest(case when len(points) = 0 then [null] else points end) as point from set_aside_people)
"""
# a line of which no value can be told apart may be the record whose key stands in it
_IN_LINES = """
insert into absent_people
select {system}, source_key, null, null, null, null, point, match_keys.beside_addresses(point), null, false from ({points})
"""
# records that refused and that no conformed table has
_UNKNOWN = f"""
select distinct person_key as source_key from {LEDGER}
where person_key is not null and lower(match_keys.plain(person_system)) = lower({{system}})
    and match_keys.record_key(person_key) not in (
        select match_keys.record_key(source_key) from conformed.conformed_people where source_system = {{system}})
"""
# of events only those of whoever refused: most are of records that stand
_SAID = f"""
create or replace temp table said_of_absent as
with standing as (select source_system, source_key from conformed.conformed_people where deleted_at is null),
said as (
    select person_system, person_key, contact_point from conformed.conformed_consent_events
    union select person_system, person_key, contact_point from {LEDGER}
    union select person_system, person_key, contact_point from conformed.conformed_email_events
        where (person_system, person_key) in (select (person_system, person_key) from {LEDGER})
),
others as (
    select s.* from said s
    anti join standing p on p.source_system = s.person_system and p.source_key = s.person_key
    where trim(s.person_key) <> '' and s.contact_point is not null
),
-- a key in another spelling is of the record that stands
spelled as (
    select distinct lower(source_system) as system, match_keys.record_key(source_key) as record_key from standing
    where exists (from others)
)
select o.* from others o anti join spelled p
    on p.system = lower(match_keys.plain(o.person_system)) and p.record_key = match_keys.record_key(o.person_key)
"""
_NAMED_BY_STATEMENTS = sql_script(__file__, "absent_people_named_by_statements")
# statements write a key and a system in other spellings than the person's own row
_IN_OTHER_SPELLINGS = f"""
insert into absent_people
select l.person_system, l.person_key, a.* exclude (source_system, source_key)
from absent_people a
join (select distinct person_system, person_key from {LEDGER} where person_key is not null) l
    on match_keys.record_key(l.person_key) = match_keys.record_key(a.source_key)
    and lower(match_keys.plain(l.person_system)) = lower(match_keys.plain(a.source_system))
where (l.person_system, l.person_key) <> (a.source_system, a.source_key)
"""
_PHONES = "select phone, country_code from absent_people where regexp_matches(phone, '[0-9]')"
_NUMBER_OF = "n.phone = a.phone and n.country_code = coalesce(match_keys.country_code(a.country_code), '')"
_NOBODYS = (
    "(select coalesce(list(value_key), []::varchar[]) from identity.identifiers where ignored_reason is not null)"
)
# a mailbox or number of many is not the record's own because a statement names it
_FORGET_SHARED = f"""
delete from absent_people where is_said and rowid in (
    select a.rowid from absent_people a left join identity.phone_numbers n on {_NUMBER_OF}
    where list_has_any(match_keys.email_readings(a.email), {_NOBODYS}) or list_has_any(list_append(n.readings, n.phone_key), {_NOBODYS})
)
"""
_REMEMBER = f"""
insert into identity.held_points
select distinct h.source_system, h.source_key, h.token from (
    select source_system, source_key, unnest(match_keys.email_readings(email)) as token from absent_people
    union all
    select a.source_system, a.source_key, unnest(list_append(n.readings, n.phone_key)) from absent_people a
    join identity.phone_numbers n on {_NUMBER_OF}
) h
anti join identity.held_points o
    on o.person_system = h.source_system and o.person_key = h.source_key and o.token = h.token
where h.token is not null
"""


# those whose own row has an address or a number, no placeholder and none that many share: what they refused holds for whoever comes with it
_REACHABLE = """
create or replace temp table reachable_absent as
select distinct a.source_system, a.source_key from absent_people a
join identity.held_points h on h.person_system = a.source_system and h.person_key = a.source_key
where not a.is_said and not starts_with(h.token, 'post:')
    and not is_junk(case when contains(h.token, '@') then 'email' else 'phone' end, h.token)
    and h.token not in (select value_key from identity.identifiers where ignored_reason is not null and value_key is not null)
"""


def note_absent_people(con: duckdb.DuckDBPyConnection, default_country: str, settings: Settings | None) -> None:
    """Makes the temp tables `absent_people` and `reachable_absent`, and adds what these records have to `identity.held_points`,
    which it needs with the ledger and customers' identifiers. Without settings no raw table is read."""
    con.execute(_DDL)
    if settings:
        note_raw_people(
            con, settings, "set_aside_people", lambda source, person: "true", is_record=True, with_rejected=True
        )
        con.execute(_SET_ASIDE)
        con.execute("drop table set_aside_people")
    con.execute(_SAID)
    con.execute(_NAMED_BY_STATEMENTS)
    read_phones(con, _PHONES, default_country)
    con.execute(_FORGET_SHARED)
    con.execute(_IN_OTHER_SPELLINGS)
    con.execute(_REMEMBER)
    if settings:
        _note_lines(con, settings)
        read_phones(con, _PHONES, default_country)
    con.execute(_REACHABLE)


def _note_lines(con: duckdb.DuckDBPyConnection, settings: Settings) -> None:
    if not has_table(con, "quarantine", "rejected_rows"):
        return
    for source, name, person in declared(settings):
        if len(person.key_columns) != 1 or not is_person_record(settings.sources[source].tables[name], person):
            continue
        numbered = NUMBERED.format(source=text(source), table=text(name))
        lines = f"select content from {numbered} where content is not null and document is null"
        # most tables have none, and to plan how a line is read takes long
        if not scalar(con, f"select exists ({lines})"):
            continue
        system = text(person.system or source)
        con.execute(_IN_LINES.format(system=system, points=points_beside(lines, _UNKNOWN.format(system=system))))
