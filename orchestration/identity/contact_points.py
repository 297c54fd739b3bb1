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

# what stands in for a contact point is everybody's: what is said from it denies whom its key names, and nobody by the point
_DENIED_OF_JUNK = (
    "delete from denied_tokens where not starts_with(token, 'post:') "
    "and is_junk(case when contains(token, '@') then 'email' else 'phone' end, token)"
)
_ADDRESSES = """
select contact_point as written from {points}
union all select contact_point from granted_on where not is_own
union all select written from unread_emails
"""
# every address and number that a record was ever seen with: a source writes over what a withdrawal names, and it may come late
_HELD = "create table if not exists identity.held_points (person_system varchar not null, person_key varchar not null, token varchar not null);"
# `is_former`: the record had the point, or was granted something on it, and has another by now. Of a postal address, in which
# others live too, as of a former point: only a withdrawal that names nobody who is known speaks for all who have it
_HAS_OR_HAD = """(
    select token, person_system, person_key, false as is_former from having_it
    union all select token, person_system, person_key, true from identity.held_points
)"""
# the match keys of a record's name with its birth date, by its sound too
_NAMES = alike_name_keys("given_name", "family_name", "full_name", "birth_date::varchar")
# SQL: the records that a withdrawal, or a request that was noted here, names
_REFUSING = f"""(
    select person_system, person_key from {LEDGER} where person_key is not null
    union select source_system, source_key from identity.objections
)"""
# `ends_at`: until when a grant was one that was given after `given_after` (corrected_grants.py); null, it never was, for the
# reason of the seed permission_reasons. Made anew each night, and declared so that a home of an older shape has these columns
# before one
_VOID_GRANTS = "create table if not exists identity.void_grants (person_system varchar, person_key varchar, contact_point varchar, ends_at timestamp, given_after timestamp, reason_code varchar);"
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
    denied = (_LATER_ADDRESSES, sql_script(__file__, "contact_points_denied", points="later_points"), _DENIED_OF_JUNK)
    for statement in (*denied, sql_script(__file__, "contact_points_having"), _LATER_HOLDERS):
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
    for name in ("contact_points_withdrawn", "contact_points_denied", "contact_points_gone"):
        con.execute(sql_script(__file__, name, ledger=LEDGER, points="identity.withdrawn_points"))
    read_phones(con, "select phone, country_code from gone_people", default_country)
    con.execute(sql_script(__file__, "contact_points_denied_of_gone"))
    con.execute(_DENIED_OF_JUNK)
    for name in ("contact_points_having", "contact_points_held", "contact_points_holders", "contact_points_heirs"):
        con.execute(sql_script(__file__, name, has_or_had=_HAS_OR_HAD, refusing=_REFUSING, names=_NAMES))
    share_by_name(con, namesakes)
    con.execute(sql_script(__file__, "contact_points_holders_by_heirs"))
    con.execute(_VOID_GRANTS)
    con.execute(sql_script(__file__, "contact_points_void"))
    end_corrected_grants(con)
    share_refusals(con, _REFUSING, namesakes)
    forget_former_people(con)
    drop_tables(con, "absent_people", "gone_people", *_HELPING)
    return int(scalar(con, "select count(*) from identity.withdrawn_points"))


def _read_points(con: duckdb.DuckDBPyConnection, points: str) -> None:
    """Makes the temp tables `granted_on` and `unread_emails`, and `addresses_read` of both and of `points`, a table or more."""
    con.execute(sql_script(__file__, "contact_points_granted", is_number=is_channel_of("channel", PHONE)))
    read_addresses(con, _ADDRESSES.format(points=points))
