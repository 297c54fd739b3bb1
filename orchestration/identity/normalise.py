"""Match keys beside the originals: folded names, canonical email, E.164 phone. Here: `identity.normalised_people`.

Not here: comparing two people (edges.py).
"""

from __future__ import annotations

import duckdb
import pyarrow as pa

from orchestration.identity.names import BUSINESS_KINDS, read_names
from orchestration.identity.phones import phone_keys
from orchestration.warehouse import scalar

_FOLD = """
create or replace macro identity.folded(s) as
    regexp_replace(
        replace(replace(replace(replace(
            strip_accents(replace(replace(replace(replace(replace(replace(lower(trim(s)),
                'å', 'a'), 'ä', 'a'), 'æ', 'a'), 'ö', 'o'), 'ø', 'o'), 'ð', 'd')),
            'aa', 'a'), 'ae', 'a'), 'oe', 'o'), 'ue', 'u'),
        '[^\\p{L}\\p{N}]+', ' ', 'g');
create or replace macro identity.words_key(s) as nullif(trim(identity.folded(s)), '');
create or replace macro identity.postal_key(s) as nullif(regexp_replace(s, '[^0-9A-Za-z]', '', 'g'), '');
create or replace macro identity.street_number(street_key) as nullif(regexp_extract(street_key, '[0-9]+'), '');
-- an address without its +tag, out of "Anna Berg <anna@berg.se>" too, or null when it is none; for Gmail the dots before the @ do not count
create or replace temp macro bare_address(s) as lower(trim(coalesce(nullif(regexp_extract(s, '<([^<>]*@[^<>]*)>', 1), ''), s)));
create or replace temp macro untagged(s) as
    regexp_replace(nullif(regexp_extract(bare_address(s), '^[^@\\s]+@[^@\\s]+\\.[^@\\s]+$'), ''), '\\+[^@]*@', '@');
create or replace temp macro email_key(s) as
    case when untagged(s) similar to '[^@]+@(gmail|googlemail)\\.com' then replace(split_part(untagged(s), '@', 1), '.', '') || '@gmail.com'
        else untagged(s) end;
-- what is no birth date is none; a year of two digits is of this century where that makes ten years or more
create or replace temp macro plausible_birth(d) as case
    when year(d) < 100 then (d + to_years(case when year(d) + 2010 <= year(current_date) then 2000 else 1900 end))::date
    when year(d) >= 1880 and d <= current_date then d end;
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
with people as (
    select p.*, w.given_key, w.family_key, w.generation,
        identity.words_key(p.street) as street_key, identity.words_key(p.city) as city_key
    from conformed.conformed_people p
    left join written_names w on w.full_name is not distinct from p.full_name and w.given_name is not distinct from p.given_name
        and w.family_name is not distinct from p.family_name and w.is_business = coalesce(lower(p.kind) in {business_kinds}, false)
    where p.deleted_at is null
)
select
    hash(p.source_system, p.source_key) as record_id, p.source_system, p.source_key,
    nullif(p.given_key, '') as given_key, nullif(p.family_key, '') as family_key, p.generation,
    -- what the given name may stand for, itself too; null for the many that are no short form
    case when f.given_forms is not null then list_prepend(p.given_key, f.given_forms) end as given_forms,
    email_key(p.email) as email_key, n.phone_key, n.is_mobile as is_mobile,
    plausible_birth(p.birth_date) as birth_date, upper(p.country_code) as country_code,
    identity.postal_key(p.postal_code) as postal_key,
    p.street_key, p.city_key,
    identity.street_number(p.street_key) as street_number,
    -- sorted: a record is scored again where anything of it is another
    list_sort(list_distinct(string_split(nullif(trim(regexp_replace(concat_ws(' ', p.street_key, lower(p.postal_code), p.city_key), '[^\\p{{L}}\\p{{N}}]+', ' ', 'g')), ''), ' '))) as address_words,
    p.kind, p.created_at
from people p
left join short_forms f on f.given_word = split_part(p.given_key, ' ', 1)
left join identity.phone_numbers n on n.phone = p.phone and n.country_code = coalesce(upper(p.country_code), '')
"""


def normalise_people(con: duckdb.DuckDBPyConnection, default_country: str = "") -> int:
    """Rebuilds `identity.normalised_people`, one row per standing source record. Returns its rows.

    Phone numbers are parsed once per distinct (number, country) and remembered.
    """
    con.execute(_DDL)
    con.execute(_FOLD)
    read_phones(
        con, "select phone, country_code from conformed.conformed_people where deleted_at is null", default_country
    )
    read_names(con)
    con.execute(_PEOPLE.format(business_kinds=BUSINESS_KINDS))
    return int(scalar(con, "select count(*) from identity.normalised_people"))


def read_phones(con: duckdb.DuckDBPyConnection, numbers: str, default_country: str = "") -> None:
    """Adds to `identity.phone_numbers` what `numbers`, a query of (phone, country_code), has that was never read."""
    con.execute(_DDL)
    fresh = con.execute(
        f"select distinct phone, coalesce(upper(country_code), '') as country_code from ({numbers}) p "
        "where nullif(trim(phone), '') is not null and not exists (select 1 from identity.phone_numbers n "
        "where n.phone = p.phone and n.country_code = coalesce(upper(p.country_code), ''))"
    ).fetchall()
    if fresh:
        keys = phone_keys([(phone, country or default_country) for phone, country in fresh])
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
