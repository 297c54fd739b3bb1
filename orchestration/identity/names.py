"""Names as written → parts that can be compared. Here: the temp table `written_names`, one row per way of writing one.

Titles and generations (Sr, Jr) are taken off, "Berg, Anna" is turned, short forms lead to the names that they stand
for, other scripts are spelled in Latin letters. Not here: which names are near (comparisons.py, vetoes.py).
"""

from __future__ import annotations

import re

import duckdb
import pyarrow as pa

from orchestration.core.sql_scripts import sql_script

# letters that are neither Latin nor marks: Latin letters end at U+024F, and again at U+1EFF
_FOREIGN = "[^\\x00-\\x{24F}\\x{1E00}-\\x{1EFF}\\p{P}\\p{Z}\\p{S}\\p{M}\\p{N}]"
_HAN = re.compile(r"[㐀-鿿]{2,4}")
_TITLES = "mr|mrs|ms|miss|dr|prof|professor|herr|fru|froken|hr"
_GENERATIONS = "sr|senior|jr|junior|ii|iii|iv"
# kinds of people records that are no natural person: their name is one
BUSINESS_KINDS = ("business", "company", "organization", "organisation")
LEGAL_FORMS = "aktiebolag|ab|as|asa|aps|a s|oy|oyj|ky|hb|kb|enskild firma|ek for|ltd|inc|gmbh|filial"

_DDL = sql_script(__file__, "names", titles=_TITLES)

_UNKNOWN = f"""
select distinct written from (select unnest([full_name, given_name, family_name]) as written from people_to_read)
where regexp_matches(written, '{_FOREIGN}') and written not in (select written from identity.latin_names)
"""

# one row per distinct (kind of holder, full, given, family) as written: names repeat, and taking them apart is dear
_NAMES = f"""
create or replace temp table written_names as
with written as (
    select distinct full_name, given_name, family_name,
        coalesce(lower(kind) in {BUSINESS_KINDS}, false) as is_business
    from people_to_read
), latin as (
    select w.*,
        regexp_replace(coalesce(f.latin, w.full_name), '\\(.*?\\)', ' ', 'g') as full_latin,
        coalesce(g.latin, w.given_name) as given_latin, coalesce(n.latin, w.family_name) as family_latin
    from written w
    left join identity.latin_names f on f.written = w.full_name
    left join identity.latin_names g on g.written = w.given_name
    left join identity.latin_names n on n.written = w.family_name
), turned as (
    -- "Berg, Anna" is Anna Berg; what follows the comma may be no more than Jr
    select *, case
        when contains(full_latin, ',') and not is_business
            and not regexp_matches(match_keys.folded(split_part(full_latin, ',', 2)), '^ ?(?:{_GENERATIONS}) ?$')
        then split_part(full_latin, ',', 2) || ' ' || split_part(full_latin, ',', 1) else full_latin end as full_turned
    from latin
), folded as (
    select *, match_keys.words_key(full_turned) as full_folded,
        match_keys.words_key(given_latin) as given_folded,
        match_keys.words_key(family_latin) as family_folded
    from turned
), bare as (
    select *, coalesce(
            nullif(regexp_extract(family_folded, ' ({_GENERATIONS})$', 1), ''),
            nullif(regexp_extract(given_folded, ' ({_GENERATIONS})$', 1), ''),
            nullif(regexp_extract(full_folded, ' ({_GENERATIONS})$', 1), '')) as generation,
        regexp_replace(identity.without_title(given_folded), ' (?:{_GENERATIONS})$', '') as given_bare,
        regexp_replace(family_folded, ' (?:{_GENERATIONS})$', '') as family_bare,
        regexp_replace(identity.without_title(full_folded), ' (?:{_GENERATIONS})$', '') as full_bare
    from folded
)
select full_name, given_name, family_name, is_business,
    case when not is_business then coalesce(given_bare, split_part(full_bare, ' ', 1)) end as given_key,
    case when is_business then coalesce(nullif(trim(regexp_replace(' ' || coalesce(full_bare, family_bare) || ' ', ' (?:{LEGAL_FORMS}) ', ' ', 'g')), ''), full_bare, family_bare)
        else coalesce(family_bare, nullif(split_part(full_bare, ' ', -1), full_bare)) end as family_key,
    case generation when 'senior' then 'sr' when 'junior' then 'jr' else generation end as generation
from bare
"""

# the names that a short form may stand for; a name that is none has no row
_SHORT_FORMS = "create or replace temp table short_forms as from match_keys.short_forms('reference.nicknames')"


def read_names(con: duckdb.DuckDBPyConnection) -> None:
    """Makes the temp tables `written_names` (the three names as written, is_business → given_key, family_key,
    generation) of the temp view `people_to_read`, and `short_forms` (given_word → given_forms).

    Needs the macro `identity.folded`. Names in other scripts are spelled once and remembered.
    """
    con.execute(_DDL)
    fresh = [written for (written,) in con.execute(_UNKNOWN).fetchall()]
    if fresh:
        spelled = pa.table({"written": fresh, "latin": [latin(written) for written in fresh]})
        con.register("spelled_names", spelled)
        con.execute("insert into identity.latin_names from spelled_names")
        con.unregister("spelled_names")
    con.execute(_NAMES)
    con.execute(_SHORT_FORMS)


def latin(written: str) -> str:
    """A name in another script, in Latin letters; a Chinese name as "family, given", for so it is written."""
    from anyascii import anyascii

    bare = re.sub(r"\s+", "", written)
    if _HAN.fullmatch(bare):
        return f"{anyascii(bare[0])}, {anyascii(bare[1:])}"
    return anyascii(written)
