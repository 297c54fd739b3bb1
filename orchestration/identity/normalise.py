"""Match keys beside the originals, one row per source record. Here: `identity.normalised_people`.

A night reads only the records that are another than when they were read. Not here: comparing two people (edges.py).
"""

from __future__ import annotations

import duckdb

from orchestration.core.warehouse import has_table, scalar, transaction
from orchestration.identity.former_people import note_former_people
from orchestration.identity.names import BUSINESS_KINDS, read_names
from orchestration.identity.touched import touch
from orchestration.match_keys import define_match_keys
from orchestration.match_keys.person_ids import PEOPLE, person_id_key
from orchestration.match_keys.phones import read_phones
from orchestration.privacy.intake.national_id_hashes import prepare_national_ids

# record_id is a hash of the record's own key: the same record has the same number every night, whatever the order;
# source_hash is one of all that is read of it: of the birth date what is plausible tonight
_STANDING = f"""
select p.*, hash(p.source_system, p.source_key) as record_id,
    hash(p.kind, p.full_name, p.given_name, p.family_name, p.email, p.phone, match_keys.plausible_birth(p.birth_date, current_date), p.street, p.postal_code,
        p.city, p.country_code, p.created_at, p.person_id, n.country_code, n.keyed_hash) as source_hash
from {PEOPLE} p
left join restricted.national_ids n on n.source_system = p.source_system and n.source_key = p.source_key
where p.deleted_at is null
"""
_FRESH = f"""
create or replace temp table fresh_people as select s.* from ({_STANDING}) s
anti join identity.normalised_people n on n.record_id = s.record_id and n.source_hash = s.source_hash
"""
_GONE = """
select n.record_id from identity.normalised_people n anti join (
    select hash(source_system, source_key) as record_id from conformed.conformed_people where deleted_at is null) s using (record_id)
"""
# of people_to_read
_PEOPLE = f"""
with people as (
    select p.*, w.given_key, w.family_key, w.generation,
        match_keys.words_key(p.street) as street_key, match_keys.words_key(p.city) as city_key,
        match_keys.country_code(p.country_code) as country
    from people_to_read p
    left join written_names w on w.full_name is not distinct from p.full_name and w.given_name is not distinct from p.given_name
        and w.family_name is not distinct from p.family_name and w.is_business = coalesce(lower(p.kind) in {{business_kinds}}, false)
)
select
    p.record_id, p.source_hash, p.source_system, p.source_key,
    nullif(p.given_key, '') as given_key, nullif(p.family_key, '') as family_key, p.generation,
    -- what the given name may stand for, itself too; null for the many that are no short form
    case when f.given_forms is not null then list_prepend(p.given_key, f.given_forms) end as given_forms,
    match_keys.email_key(p.email) as email_key, n.phone_key, n.is_mobile as is_mobile,
    match_keys.plausible_birth(p.birth_date, current_date) as birth_date, p.country as country_code,
    match_keys.postal_key(p.postal_code, p.country) as postal_key,
    p.street_key, p.city_key, {person_id_key("p.person_id", "p.source_system")} as person_id_key,
    match_keys.street_number(p.street_key) as street_number,
    -- sorted: a record is scored again where anything of it is another
    list_sort(list_distinct(string_split(nullif(trim(regexp_replace(concat_ws(' ', p.street_key, match_keys.words_key(p.postal_code), p.city_key), '[^\\p{{{{L}}}}\\p{{{{N}}}}]+', ' ', 'g')), ''), ' '))) as address_words,
    p.kind, p.created_at
from people p
left join short_forms f on f.given_word = split_part(p.given_key, ' ', 1)
left join identity.phone_numbers n on n.phone = p.phone and n.country_code = coalesce(p.country, '')
"""


def normalise_people(con: duckdb.DuckDBPyConnection, default_country: str = "") -> int:
    """Rebuilds `identity.normalised_people`, one row per standing source record. Returns its rows.

    Phone numbers are parsed once per distinct (number, country) and remembered.
    """
    _prepare(con)
    con.execute(f"create or replace temp view people_to_read as {_STANDING}")
    _read(con, default_country)
    with transaction(con):
        is_known = has_table(con, "identity", "normalised_people")
        if is_known:
            con.execute("create or replace temp table replaced_people as from identity.normalised_people")
        con.execute(
            f"create or replace table identity.normalised_people as {_PEOPLE.format(business_kinds=BUSINESS_KINDS)}"
        )
        if is_known:
            note_former_people(con)
            con.execute("drop table replaced_people")
    return _records(con)


def normalise_changed(con: duckdb.DuckDBPyConnection, default_country: str = "") -> int:
    """Brings `identity.normalised_people` up to date: reads what is new or another, and touches it and what is gone.

    Leaves the temp table `replaced_people`: the rows as they were. Returns the table's rows.
    """
    _prepare(con)
    con.execute(_FRESH)
    con.execute("create or replace temp view people_to_read as from fresh_people")
    con.execute(
        "create or replace temp table replaced_people as from identity.normalised_people "
        f"where record_id in (select record_id from fresh_people union all {_GONE})"
    )
    touch(con, "select record_id from fresh_people union select record_id from replaced_people")
    _read(con, default_country)
    con.execute("delete from identity.normalised_people where record_id in (select record_id from replaced_people)")
    con.execute(f"insert into identity.normalised_people {_PEOPLE.format(business_kinds=BUSINESS_KINDS)}")
    note_former_people(con)
    return _records(con)


def _prepare(con: duckdb.DuckDBPyConnection) -> None:
    con.execute("create schema if not exists identity")
    define_match_keys(con)
    prepare_national_ids(con)


def _read(con: duckdb.DuckDBPyConnection, default_country: str) -> None:
    read_phones(con, "select phone, country_code from people_to_read", default_country)
    read_names(con)


def _records(con: duckdb.DuckDBPyConnection) -> int:
    return int(scalar(con, "select count(*) from identity.normalised_people"))
