"""Match keys beside the originals: folded names, canonical email, E.164 phone. Here: `identity.normalised_people`.

Not here: comparing two people (edges.py).
"""

from __future__ import annotations

import duckdb
import phonenumbers
import pyarrow as pa

from orchestration.warehouse import scalar

_FOLD = """
create or replace macro identity.folded(s) as
    regexp_replace(
        replace(replace(replace(replace(
            strip_accents(replace(replace(replace(replace(replace(replace(lower(trim(s)),
                'å', 'a'), 'ä', 'a'), 'æ', 'a'), 'ö', 'o'), 'ø', 'o'), 'ð', 'd')),
            'aa', 'a'), 'ae', 'a'), 'oe', 'o'), 'ue', 'u'),
        '[^\\p{L}\\p{N}]+', ' ', 'g');
-- address without its +tag, or null when it is none; for Gmail the dots before the @ do not count
create or replace temp macro untagged(s) as
    regexp_replace(nullif(regexp_extract(lower(trim(s)), '^[^@\\s]+@[^@\\s]+\\.[^@\\s]+$'), ''), '\\+[^@]*@', '@');
create or replace temp macro email_key(s) as
    case when untagged(s) similar to '[^@]+@(gmail|googlemail)\\.com' then replace(split_part(untagged(s), '@', 1), '.', '') || '@gmail.com'
        else untagged(s) end;
"""

_DDL = """
create schema if not exists identity;
create table if not exists identity.phone_numbers (
    phone varchar not null, country_code varchar not null, phone_key varchar, is_mobile boolean,
    primary key (phone, country_code)
);
"""

# record_id is a hash of the record's own key: the same record has the same number every night, whatever the order
_PEOPLE = """
create or replace table identity.normalised_people as
select
    hash(p.source_system, p.source_key) as record_id, p.source_system, p.source_key,
    nullif(trim(identity.folded(coalesce(p.given_name, split_part(trim(p.full_name), ' ', 1)))), '') as given_key,
    nullif(trim(identity.folded(coalesce(p.family_name, nullif(split_part(trim(p.full_name), ' ', -1), trim(p.full_name))))), '') as family_key,
    email_key(p.email) as email_key, n.phone_key, n.is_mobile as is_mobile,
    p.birth_date, upper(p.country_code) as country_code,
    nullif(regexp_replace(p.postal_code, '[^0-9A-Za-z]', '', 'g'), '') as postal_key,
    nullif(trim(identity.folded(p.street)), '') as street_key, nullif(trim(identity.folded(p.city)), '') as city_key,
    p.kind, p.created_at
from conformed.conformed_people p
left join identity.phone_numbers n on n.phone = p.phone and n.country_code = coalesce(upper(p.country_code), '')
where p.deleted_at is null
"""


def normalise_people(con: duckdb.DuckDBPyConnection, default_country: str = "") -> int:
    """Rebuilds `identity.normalised_people`, one row per standing source record. Returns its rows.

    Phone numbers are parsed once per distinct (number, country) and remembered.
    """
    con.execute(_DDL)
    con.execute(_FOLD)
    fresh = con.execute(
        "select distinct phone, coalesce(upper(country_code), '') as country_code from conformed.conformed_people p "
        "where nullif(trim(phone), '') is not null and deleted_at is null and not exists (select 1 from identity.phone_numbers n "
        "where n.phone = p.phone and n.country_code = coalesce(upper(p.country_code), ''))"
    ).fetchall()
    if fresh:
        keys = [phone_key(phone, country or default_country) for phone, country in fresh]
        parsed = pa.table(
            {
                "phone": [phone for phone, _ in fresh],
                "country_code": [country for _, country in fresh],
                "phone_key": pa.array([key for key, _ in keys], pa.string()),
                "is_mobile": pa.array([mobile for _, mobile in keys], pa.bool_()),
            }
        )
        con.register("parsed_phones", parsed)
        con.execute("insert into identity.phone_numbers from parsed_phones")
        con.unregister("parsed_phones")
    con.execute(_PEOPLE)
    return int(scalar(con, "select count(*) from identity.normalised_people"))


def phone_key(phone: str, country: str) -> tuple[str | None, bool | None]:
    """(E.164, is it a mobile) of a number as written in `country` (ISO alpha-2 or empty); (None, None) when impossible."""
    try:
        number = phonenumbers.parse(phone, country or None)
    except phonenumbers.NumberParseException:
        return None, None
    if not phonenumbers.is_possible_number(number):
        return None, None
    kind = phonenumbers.number_type(number)
    is_mobile = kind in (phonenumbers.PhoneNumberType.MOBILE, phonenumbers.PhoneNumberType.FIXED_LINE_OR_MOBILE)
    return phonenumbers.format_number(number, phonenumbers.PhoneNumberFormat.E164), is_mobile
