"""Match keys: what two spellings of one value have in common. The one folding of names, emails, phones, places, births.

Everything that compares people or contact points uses these macros: Python and, by thin macros in
dbt_project/macros/engine/match_keys.sql, dbt. They stand in the schema `match_keys` of the warehouse
(`define_match_keys`; for dbt by the plugin in_dbt.py). Not here: who is one person (identity/), what a denial means (dbt).

**Certain keys and readings.** A field may hold several values, or one that cannot be read for certain. What is certain
identifies and permits; whatever it may be denies.

- `match_keys.email_key(s)`: the one address that a field names, null where that is not certain.
  `match_keys.email_readings(s)`: every address that it may name. A denial holds for whoever has any of its readings.
  `match_keys.denied_addresses(s)`: of a denial, addresses that are written in disguise too (`anna (at) x.se`, `anna%40x.se`), or
  with a mark (`-anna@x.se`, `anna@x.se.old`). `match_keys.withdrawn_addresses(s)`: of a contact point, words beside an address too.
  `match_keys.suppressed_addresses(s)`: of whoever may be somebody who was erased, in Latin letters for those that look like them too.
- `identity.phone_numbers`, one row per (phone, country_code) as `read_phones` was asked for it: `phone` as written,
  `country_code` = coalesce(match_keys.country_code(<as written>), ''). Columns: `phone_key` (E.164; the bare digits where no
  country is known; null where the field holds several numbers or none for certain), `is_certain` (`phone_key` is E.164 of
  the only number: permission needs it), `is_mobile`, `number_country` (alpha-2 of the certain number, 001 of no country),
  `readings` (every E.164 that it may be), `denies` and `denied_by`.
  A number written in a denial is about another written number where `list_has_any(denial.denies, other.denied_by)`.
  These tokens are the readings and, where the country or the number of one side is not certain, its national or last digits.
  For a set-wise join: `unnest(denies) = unnest(denied_by)`. A number that lacks its country is read in the default country
  and denies the same digits in every country.
- `is_junk(kind, key)` (junk.py): whether a key stands in for an address or number that somebody has not.
- `match_keys.record_key(s)`: a record's key at its source, whoever writes it (`703.0`, ` 703 `).
- `match_keys.words_key(s)` (names, streets, cities), `joined_key` (without spaces), `words_of` (list), `postal_key(s, country)`,
  `street_number(words_key)`, `street_marks(words_key)` with `same_street(marks, marks)`, `country_code(s)` (alpha-2 or null),
  `plausible_birth(date, today)`, `address_countries(s)` (list of alpha-2 that an address in one line names).
- Names by their sound (sounds.sql: Kristina, Christina) suppress, deny and hide; they join no records and permit nothing:
  `alike_name_keys`, `erased_name_keys` and, of a name without a birth date, `match_keys.alike_forms(s)`.
"""

from __future__ import annotations

import hashlib
from collections.abc import Sequence
from functools import cache
from pathlib import Path

import duckdb

from orchestration.core.sql_scripts import sql_script
from orchestration.core.written_months import read_time

_ROOM = Path(__file__).parent
_SCRIPTS = ("names", "sounds", "emails", "denied_emails", "places", "births", "phones")
# of domains that addresses here have
_ENDINGS = "se|no|dk|fi|com|net|org|nu|eu|info|is|ax|fo|gl|de|uk|fr|nl|pl|ee|lv|lt|es|it|ch|at|us|io|biz|me"


def define_match_keys(con: duckdb.DuckDBPyConnection) -> None:
    """Defines the macros for good in schema `match_keys`, unless the warehouse has just these."""
    # a statement that fails would end the caller's transaction
    is_there = con.execute(
        "select count(*) from duckdb_schemas() where database_name = current_database() and schema_name = 'match_keys'"
    ).fetchall()
    if is_there[0][0] and con.execute("select match_keys.definition()").fetchall() == [(digest(),)]:
        return
    con.execute("create schema if not exists match_keys")
    con.execute("create or replace macro match_keys.definition() as 'none yet'")
    con.execute(definitions(_SCRIPTS))
    con.execute(f"create or replace macro match_keys.definition() as '{digest()}'")


@cache
def definitions(scripts: tuple[str, ...]) -> str:
    """The SQL of the macros in these scripts."""
    codes, names = (f"'|{'|'.join(found)}|'" for found in _countries())
    return "\n".join(sql_script(__file__, name, codes=codes, countries=names, endings=_ENDINGS) for name in scripts)


@cache
def digest() -> str:
    """Of everything that keys depend on: where it is another, keys that were kept are made anew."""
    files = [*sorted(_ROOM.glob("*.py")), *sorted(_ROOM.glob("sql/*.sql")), _ROOM / "countries.csv"]
    return hashlib.sha256(b"".join(file.read_bytes() for file in files)).hexdigest()[:32]


def _countries() -> tuple[list[str], list[str]]:
    """(alpha-2 codes, "name=code" by folded names). A name of two countries is left out."""
    with duckdb.connect() as con:
        con.execute("create schema match_keys")
        con.execute(sql_script(__file__, "names"))
        con.execute(
            "create table named as from read_csv($1, header = true, all_varchar = true)", [str(_ROOM / "countries.csv")]
        )
        con.execute("insert into named select distinct country_code, country_code from named")
        codes = con.execute("select distinct country_code from named order by 1").fetchall()
        found = con.execute(
            "select match_keys.joined_key(name) || '=' || any_value(country_code) from named group by match_keys.joined_key(name) "
            "having count(distinct country_code) = 1 and regexp_full_match(match_keys.joined_key(name), '[a-z0-9]+') order by 1"
        ).fetchall()
    return [code for (code,) in codes], [name for (name,) in found]


def name_key(given: str, family: str, born: str) -> str:
    """SQL of the match key of a name with its birth date; null where a part is missing."""
    return f"match_keys.words_key({given}) || '|' || match_keys.words_key({family}) || '|' || {birth(born)}"


def name_keys(given: str, family: str, born: str) -> str:
    """SQL of a list: keys of any given name with any part of the family name, in either order; where both stand in one of
    the two columns, wherever they may part. Empty where a part is missing."""
    return _with_birth(_parted_names(given, family), born)


def _parted_names(given: str, family: str) -> str:
    parted = f"[match_keys.name_words({given}::varchar), match_keys.name_words(match_keys.without_additions({family}::varchar))]"
    return (
        f"list_transform([{parted}], lambda n: case when len(n[1]) > 0 and len(n[2]) > 0 then match_keys.parted_name_keys(n[1], n[2]) "
        f"else match_keys.whole_name_keys(concat_ws(' ', {given}, {family})) end)[1]"
    )


def _with_birth(names: str, born: str, formats: Sequence[str] = ()) -> str:
    return f"match_keys.with_birth({names}, {birth(born, formats)})"


def all_name_keys(given: str, family: str, full: str, born: str) -> str:
    """SQL of a list: those of the two names and of the whole one, whichever there is."""
    return _with_birth(all_names(given, family, full), born)


def all_names(given: str, family: str, full: str) -> str:
    """SQL of a list: the same without a birth date."""
    return f"list_distinct(list_concat({_parted_names(given, family)}, match_keys.whole_name_keys({full}::varchar)))"


def alike_name_keys(given: str, family: str, full: str, born: str, formats: Sequence[str] = ()) -> str:
    """SQL of a list: the same with the sound of each, for what denies or suppresses; `born` is read by `formats` first."""
    return _with_birth(f"match_keys.with_sounds({_latin_names(given, family, full)})", born, formats)


def erased_name_keys(given: str, family: str, full: str, born: str) -> str:
    """SQL of a list: by which somebody who is erased is known, the first letters of the given names too. A row is known by
    `alike_name_keys`: of two who share a letter, whose whole names it has are not one."""
    initials = (
        f"match_keys.initial_keys({given}::varchar, {family}::varchar), "
        f"match_keys.initial_keys(match_keys.given_of({full}::varchar), match_keys.family_of({full}::varchar))"
    )
    names = f"flatten([{_latin_names(given, family, full)}, {initials}])"
    return _with_birth(f"match_keys.with_sounds({names})", born)


def _latin_names(given: str, family: str, full: str) -> str:
    """SQL of a list: names as they are written, and with the Latin letters that those of other scripts look like."""
    looks = all_names(*(f"match_keys.latin_looks({name}::varchar)" for name in (given, family, full)))
    has_looks = f"match_keys.has_looks(concat_ws(' ', {given}, {family}, {full}))"
    return f"list_concat({all_names(given, family, full)}, case when {has_looks} then {looks} else []::varchar[] end)"


def birth(written: str, formats: Sequence[str] = ()) -> str:
    """SQL of a birth date as systems write it; in one of the source's own `formats` (strptime), where it has some and one fits."""
    found = [f"match_keys.written_birth({written}, current_date)"]
    for form in reversed(formats):
        read = f"{read_time(f'{written}::varchar', [form])}::date"
        read = f"match_keys.not_after({read}, current_date)" if "%y" in form else read
        found.insert(0, f"match_keys.plausible_birth({read}, current_date)")
    return f"coalesce({', '.join(found)})" if formats else found[0]
