"""Whom a withdrawal is about, by all that its contact point and its key may be read as; and grants on somebody else's point.

Here: `identity.withdrawn_points`, `point_holders`, `heirs` and `void_grants`, made anew each night, `held_points`, which
remembers, and the holders of points that were withdrawn from since. Not here: what is said (privacy/intake/withdrawals.py), what it
means (dbt: macros/statements.sql), whom none of it names (untied.py), who may be one person (shared_refusals.py).
"""

from __future__ import annotations

import duckdb

from orchestration.contracts.channels import PHONE, is_channel_of
from orchestration.core.settings import Settings
from orchestration.core.sql_scripts import sql_script
from orchestration.core.warehouse import drop_tables, scalar
from orchestration.identity.absent_people import note_absent_people
from orchestration.identity.corrected_grants import end_corrected_grants
from orchestration.identity.former_people import forget_former_people, keep_their_refusals
from orchestration.identity.shared_refusals import share_by_name, share_refusals
from orchestration.match_keys import alike_name_keys, define_match_keys
from orchestration.match_keys.addresses import read_addresses
from orchestration.match_keys.junk import define_junk
from orchestration.match_keys.phones import read_phones
from orchestration.privacy.intake.withdrawals import LEDGER
from orchestration.privacy.rights.requests import prepare_requests

# one number for all that was said from a contact point, by which a change is seen
_POINTS = f"""
create or replace table identity.withdrawn_points as
select p.contact_point, case when not is_junk('email', a.email_key) then a.email_key end as email_key,
    case when not is_junk('phone', n.phone_key) then n.phone_key end as phone_key, p.statements, p.digest,
    coalesce(a.addresses, []::varchar[]) as addresses,
    -- of a number whose digits are hidden (07011122xx) nobody is found
    coalesce(len(a.addresses) > 0, false) or coalesce(len(n.denies) > 0, false) and not regexp_matches(p.contact_point, '[0-9][ -]*[xX*•#]{{2}}|[xX*•#]{{2}}[ -]*[0-9]') as is_readable
from (
    select contact_point, count(*) as statements,
        sum(hash(l.source_system, coalesce(l.source_key, 'load ' || l.load_id), person_system, person_key, is_known, purpose,
            channel, stated_at, is_zoneless))::hugeint as digest
    from {LEDGER} l left join (
        select distinct source_system as person_system, source_key as person_key, true as is_known from identity.customer_source_records
    ) using (person_system, person_key)
    where contact_point is not null group by 1
) p
left join addresses_read a on a.written = p.contact_point
left join identity.phone_numbers n on n.phone = match_keys.beside_addresses(p.contact_point) and n.country_code = ''
"""
# records that are gone, whose key is another's, or that no conformed table has, and that a withdrawal names by their key, or by a
# contact point that they had. Expects `denied_tokens`
_REFUSING_ABSENT = f"""(
    select (person_system, person_key) from {LEDGER}
    union all select (h.person_system, h.person_key) from identity.held_points h join denied_tokens using (token))"""
_GONE = f"""
create or replace temp table gone_people as
select * from (
    select source_system, source_key, given_name, family_name, full_name, birth_date, email, phone, country_code
    from conformed.conformed_people where deleted_at is not null
    union all
    select person_system, person_key, given_key, family_key, null, birth_date, email_key, phone_key, country_code
    from identity.former_people where changed_at is not null
    union all
    select * exclude (is_said) from absent_people
)
where (source_system, source_key) in {_REFUSING_ABSENT}
"""
# all that a withdrawn point of `points` (contact_point, addresses) may be
_DENIED_POINTS = """
create or replace temp table denied_tokens as
select contact_point, null::varchar as gone_system, null::varchar as gone_key, unnest(addresses) as token from {points}
union all
select w.contact_point, null, null, unnest(n.denies) from {points} w
join identity.phone_numbers n on n.phone = match_keys.beside_addresses(w.contact_point) and n.country_code = ''
union all
select contact_point, null, null, unnest(match_keys.place_keys(contact_point)) from {points}
"""
# and all that a record had which withdrew and is gone
_DENIED_OF_GONE = """
insert into denied_tokens
select null, source_system, source_key, unnest(match_keys.email_readings(email)) from gone_people
union
select null, g.source_system, g.source_key, unnest(n.denies) from gone_people g
join identity.phone_numbers n on n.phone = g.phone and n.country_code = coalesce(match_keys.country_code(g.country_code), '')
union
select null, g.source_system, g.source_key, h.token from gone_people g
join identity.held_points h on h.person_system = g.source_system and h.person_key = g.source_key
"""
# what stands in for a contact point is everybody's: what is said from it denies whom its key names, and nobody by the point
_DENIED_OF_JUNK = (
    "delete from denied_tokens where not starts_with(token, 'post:') "
    "and is_junk(case when contains(token, '@') then 'email' else 'phone' end, token)"
)
# nor does a record that never was a customer's speak for all who share a mailbox or number of many
_DENIED_OF_MANY = """
delete from denied_tokens where gone_key is not null
    and token in (select value_key from identity.identifiers where ignored_reason is not null)
    and (gone_system, gone_key) not in (
        select (source_system, source_key) from conformed.conformed_people
        union all select (person_system, person_key) from identity.former_people)
"""
# who was granted something on a contact point, and whether that is their own record's, as it is written there
_GRANTED = """
create or replace temp table granted_on as
select g.*, coalesce(p.email = g.contact_point or p.phone = g.contact_point, false) as is_own,
    case when p.phone = g.contact_point then coalesce(match_keys.country_code(p.country_code), '') else '' end as country_code
from (
    select person_system, person_key, contact_point, bool_or({is_number}) as is_number
    from conformed.conformed_consent_events
    where status = 'granted' and deleted_at is null and person_key is not null and contact_point is not null group by all
) g
left join conformed.conformed_people p
    on p.source_system = g.person_system and p.source_key = g.person_key and p.deleted_at is null
"""
# addresses that stand in a record's field beside others, or that are not certain
_UNREAD_EMAILS = """
create or replace temp table unread_emails as
select p.email as written, p.source_system, p.source_key from identity.normalised_people n
join conformed.conformed_people p using (source_system, source_key) where n.email_key is null and contains(p.email, '@')
"""
_ADDRESSES = """
select contact_point as written from {points}
union all select contact_point from granted_on where not is_own
union all select written from unread_emails
"""
# a contact point tells no country: a number that needs one is read as the company's own
_GRANTED_KEYS = """
create or replace temp table granted_keys as
select g.*, a.email_key, n.phone_key, n.readings, n.denied_by, match_keys.place_keys(g.contact_point) as places from granted_on g
left join addresses_read a on a.written = g.contact_point
left join identity.phone_numbers n on n.phone = g.contact_point and n.country_code = '' and not contains(g.contact_point, '@')
where not g.is_own
"""
_HAVING = """
create or replace temp table having_it as
select email_key as token, source_system as person_system, source_key as person_key
from identity.normalised_people where email_key is not null
union all
-- a field of several addresses, or of one that is not certain
select unnest(a.addresses), p.source_system, p.source_key from unread_emails p join addresses_read a using (written)
union all
select unnest(a.addresses), g.person_system, g.person_key
from granted_keys g join addresses_read a on a.written = g.contact_point where contains(g.contact_point, '@')
union all
select unnest(n.denied_by), p.source_system, p.source_key from conformed.conformed_people p
join identity.phone_numbers n on n.phone = p.phone and n.country_code = coalesce(match_keys.country_code(p.country_code), '')
where p.deleted_at is null and exists (select 1 from denied_tokens where not contains(token, '@'))
union all
select unnest(denied_by), person_system, person_key from granted_keys
union all
select unnest(places), person_system, person_key from granted_keys
union all
select 'post:' || postal_key || ':' || unnest(match_keys.house_keys(match_keys.street_marks(street_key), street_key)), source_system, source_key
from identity.normalised_people
where postal_key in (select split_part(token, ':', 2) from denied_tokens where starts_with(token, 'post:'))
"""
# every address and number that a record was ever seen with: a source writes over what a withdrawal names, and it may come late
_HELD = "create table if not exists identity.held_points (person_system varchar not null, person_key varchar not null, token varchar not null);"
_REMEMBER = """
insert into identity.held_points
select distinct h.person_system, h.person_key, h.token from (
    select person_system, person_key, token from having_it where contains(token, '@')
    union all select source_system, source_key, phone_key from identity.normalised_people where phone_key is not null
    -- a field of several numbers, or of one that is not certain
    union all select p.source_system, p.source_key, unnest(t.readings) from identity.normalised_people n
        join conformed.conformed_people p using (source_system, source_key)
        join identity.phone_numbers t on t.phone = p.phone and t.country_code = coalesce(n.country_code, '') where n.phone_key is null
    union all select person_system, person_key, unnest(list_append(readings, phone_key)) from granted_keys
    union all select person_system, person_key, unnest(places) from granted_keys
) h
anti join identity.held_points o on o.person_system = h.person_system and o.person_key = h.person_key and o.token = h.token
where h.token is not null
    -- a mailbox or number of many is not the own one of a record that does not stand, because a grant names it
    and ((h.person_system, h.person_key) in (select (source_system, source_key) from conformed.conformed_people where deleted_at is null)
        or h.token not in (select value_key from identity.identifiers where ignored_reason is not null))
"""
# what retention or an erasure took has no points either; what is gone at its source is a record until then
_FORGET = """
delete from identity.held_points where (person_system, person_key) not in (
    select (source_system, source_key) from conformed.conformed_people
    union all select (person_system, person_key) from identity.former_people
    union all select (source_system, source_key) from absent_people where not is_said
    union all select (person_system, person_key) from conformed.conformed_consent_events where person_key is not null)
"""
# `is_former`: the record had the point, or was granted something on it, and has another by now. Of a postal address, in which
# others live too, as of a former point: only a withdrawal that names nobody who is known speaks for all who have it
_HAS_OR_HAD = """(
    select token, person_system, person_key, false as is_former from having_it
    union all select token, person_system, person_key, true from identity.held_points
)"""
_HOLDERS = f"""
create or replace table identity.point_holders as
select w.contact_point, w.statements, w.digest, h.person_system, h.person_key,
    bool_and(h.is_former or starts_with(token, 'post:')) as is_former
from denied_tokens d join {_HAS_OR_HAD} h using (token)
join identity.withdrawn_points w on w.contact_point = d.contact_point
group by all
"""
# a postal address is read where somebody has it: other text may look like one
_READ_PLACES = f"""
update identity.withdrawn_points w set is_readable = true where not is_readable and exists (
    select 1 from denied_tokens d join {_HAS_OR_HAD} h using (token) where d.contact_point = w.contact_point and starts_with(token, 'post:'))
"""


# the match keys of a record's name with its birth date, by its sound too
_NAMES = alike_name_keys("given_name", "family_name", "full_name", "birth_date::varchar")
# SQL: the records that a withdrawal, or a request that was noted here, names
_REFUSING = f"""(
    select person_system, person_key from {LEDGER} where person_key is not null
    union select source_system, source_key from identity.objections
)"""
# what a record that is gone said stands for whoever has its address or number by now, or its name and birth date: a migration
# gives new keys, a merge another address. What names a record by its key in another spelling, or its system in another
# case, stands for that record
_HEIRS = f"""
create or replace table identity.heirs as
with records as (select source_system, source_key from identity.customer_source_records where valid_to is null),
unknown as (
    select person_system, person_key from {_REFUSING} l
    anti join records r on r.source_system = l.person_system and r.source_key = l.person_key
),
-- both sides in one place: names are slow to plan
named as materialized (
    select is_gone, source_system, source_key, birth_date, {_NAMES} as names from (
        select true as is_gone, source_system, source_key, given_name, family_name, full_name, birth_date from gone_people
        union all
        select false, source_system, source_key, given_name, family_name, full_name, birth_date from conformed.conformed_people
        where deleted_at is null and birth_date in (select birth_date from gone_people)
    )
)
select d.gone_system, d.gone_key, h.person_system, h.person_key
from denied_tokens d join having_it h using (token) where d.gone_key is not null
union
select g.source_system, g.source_key, p.source_system, p.source_key
from named g join named p on g.is_gone and not p.is_gone and p.birth_date = g.birth_date and list_has_any(g.names, p.names)
union
select u.person_system, u.person_key, r.source_system, r.source_key from unknown u join records r
    on match_keys.record_key(r.source_key) = match_keys.record_key(u.person_key)
    and lower(r.source_system) = lower(match_keys.plain(u.person_system))
"""
# who has the key by now is denied under it
_NOT_HEIRS = """
delete from identity.heirs h using identity.former_people f
where h.gone_system = f.person_system and h.gone_key = f.person_key and h.person_system = f.person_system and h.person_key = f.record_key
"""
# whoever a record that is gone stands for had what it had
_HOLDERS_BY_HEIRS = """
insert into identity.point_holders
select p.contact_point, any_value(p.statements), any_value(p.digest), h.person_system, h.person_key, true
from identity.point_holders p
join gone_people g on g.source_system = p.person_system and g.source_key = p.person_key
join identity.heirs h on h.gone_system = p.person_system and h.gone_key = p.person_key
anti join identity.point_holders o
    on o.contact_point = p.contact_point and o.person_system = h.person_system and o.person_key = h.person_key
group by p.contact_point, h.person_system, h.person_key
"""
# `ends_at`: until when a grant was one that was given after `given_after` (corrected_grants.py); null, it never was, for the
# reason of the seed permission_reasons. Made anew each night, and declared so that a home of an older shape has these columns
# before one
_VOID_GRANTS = "create table if not exists identity.void_grants (person_system varchar, person_key varchar, contact_point varchar, ends_at timestamp, given_after timestamp, reason_code varchar);"
_VOID = sql_script(__file__, "contact_points_void")
# contact points that were withdrawn from here since the night keyed them
_LATER_POINTS = f"""
create or replace temp table later_points as
select distinct contact_point, null::varchar[] as addresses from {LEDGER}
where source_system = 'kundbild' and contact_point is not null
    and contact_point not in (select contact_point from identity.withdrawn_points)
"""
_LATER_ADDRESSES = """
update later_points set addresses = a.addresses from addresses_read a where a.written = contact_point
"""
_KNOWN_HOLDERS = """
create or replace temp table later_holders as
select contact_point, person_system, person_key from identity.point_holders
"""
_LATER_HOLDERS = f"""{_KNOWN_HOLDERS} union
select d.contact_point, h.person_system, h.person_key from denied_tokens d join {_HAS_OR_HAD} h using (token)
"""
_HELPING = ("granted_on", "unread_emails", "addresses_read", "granted_keys", "denied_tokens", "having_it")


def note_holders_of_today(con: duckdb.DuckDBPyConnection) -> None:
    """Makes the temp table `later_holders` (contact_point, person_system, person_key): who has a contact point that was
    withdrawn from, one withdrawn from since the last night included. Needs the tables of key_withdrawn_points."""
    define_match_keys(con)
    define_junk(con)
    con.execute(_LATER_POINTS)
    if not scalar(con, "select count(*) from later_points"):
        con.execute(_KNOWN_HOLDERS)
        con.execute("drop table later_points")
        return
    con.execute(_HELD)
    _read_points(con, "later_points")
    numbers = (
        "select match_keys.beside_addresses(contact_point) as phone, '' as country_code from later_points "
        "where regexp_matches(match_keys.beside_addresses(contact_point), '[0-9]')"
    )
    read_phones(con, numbers)
    denied = (_LATER_ADDRESSES, _DENIED_POINTS.format(points="later_points"), _DENIED_OF_JUNK)
    for statement in (*denied, _GRANTED_KEYS, _HAVING, _LATER_HOLDERS):
        con.execute(statement)
    drop_tables(con, "later_points", *_HELPING)


def key_withdrawn_points(
    con: duckdb.DuckDBPyConnection, default_country: str, namesakes: int = 1, settings: Settings | None = None
) -> int:
    """Rebuilds the four tables, and adds to `held_points`. Needs the ledger of withdrawals, people with their keys and
    customers; `namesakes` is the greatest number of customers of one name who share refusals; `settings` say which raw tables
    hold people, those that were set aside too. Returns the contact points that somebody withdrew from."""
    define_match_keys(con)
    define_junk(con)
    prepare_requests(con)
    _read_points(con, f"{LEDGER} where contact_point is not null")
    read_phones(
        con,
        f"select match_keys.beside_addresses(contact_point) as phone, '' as country_code from (select distinct contact_point from {LEDGER}) "
        "where regexp_matches(match_keys.beside_addresses(contact_point), '[0-9]') "
        "union select contact_point, country_code from granted_on where not contains(contact_point, '@')",
        default_country,
    )
    con.execute(_HELD)
    keep_their_refusals(con)
    note_absent_people(con, default_country, settings)
    for statement in (_POINTS, _DENIED_POINTS.format(points="identity.withdrawn_points"), _GONE):
        con.execute(statement)
    read_phones(con, "select phone, country_code from gone_people", default_country)
    having = (_DENIED_OF_GONE, _DENIED_OF_JUNK, _DENIED_OF_MANY, _GRANTED_KEYS, _HAVING, _REMEMBER, _FORGET)
    for statement in (*having, _HOLDERS, _READ_PLACES, _HEIRS):
        con.execute(statement)
    share_by_name(con, namesakes)
    for statement in (_NOT_HEIRS, _HOLDERS_BY_HEIRS, _VOID_GRANTS, _VOID):
        con.execute(statement)
    end_corrected_grants(con)
    share_refusals(con, _REFUSING, namesakes)
    forget_former_people(con)
    drop_tables(con, "absent_people", "gone_people", *_HELPING)
    return int(scalar(con, "select count(*) from identity.withdrawn_points"))


def _read_points(con: duckdb.DuckDBPyConnection, points: str) -> None:
    """Makes the temp tables `granted_on` and `unread_emails`, and `addresses_read` of both and of `points`, a table or more."""
    con.execute(_GRANTED.format(is_number=is_channel_of("channel", PHONE)))
    con.execute(_UNREAD_EMAILS)
    read_addresses(con, _ADDRESSES.format(points=points))
