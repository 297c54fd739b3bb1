"""What two spellings of one value have in common, as SQL macros: folded words, canonical email, plausible birth date.

People are matched by these, registers are looked up by them, and suppression knows an erased person by them again.
Not here: phone numbers (phones.py), names (identity/names.py).
"""

from __future__ import annotations

import duckdb

_MACROS = """
create schema if not exists identity;
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


def define_match_keys(con: duckdb.DuckDBPyConnection) -> None:
    """Defines the macros: those of schema identity for good, the others for this connection."""
    con.execute(_MACROS)


# a birth date as systems write them
_DATE_FORMATS = ["%Y-%m-%d", "%d.%m.%Y", "%d/%m/%Y", "%d-%m-%Y", "%Y%m%d"]


def name_key(given: str, family: str, birth: str) -> str:
    """SQL of the match key of a name with its birth date; null where a part is missing."""
    date = f"coalesce(try_cast({birth} as date), try_strptime({birth}::varchar, {_DATE_FORMATS})::date)"
    return f"identity.words_key({given}) || '|' || identity.words_key({family}) || '|' || plausible_birth({date})"
