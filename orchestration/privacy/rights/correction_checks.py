"""Whether a correction (Art. 16) can stand: its values are what their fields hold, and are nobody else's.

Here: checks before a correction is noted. Not here: noting it (corrections.py), putting it in every night (dbt).
"""

from __future__ import annotations

import re
from collections.abc import Mapping
from datetime import date

import duckdb
import phonenumbers

from orchestration.core.errors import KundbildError
from orchestration.core.spreadsheets import is_formula
from orchestration.core.warehouse import drop_tables, has_table, scalar
from orchestration.match_keys import define_match_keys
from orchestration.match_keys.junk import define_junk
from orchestration.match_keys.phones import phone_keys, read_phones_apart
from orchestration.privacy.intake.national_ids_in_text import national_ids_in
from orchestration.privacy.intake.special_categories import categories_in
from orchestration.privacy.rights.namesakes import new_namesakes

_OLDEST = 1880
# as they are written: one address, one country
_EMAIL = re.compile(r"[^@\s,;<>\"]+@[^@\s,;<>\"]+\.[^@\s,;<>\".]{2,}")
_POSTAL = re.compile(r"(?:[A-Za-z]{1,3}[- ]?)?[0-9A-Za-z][0-9A-Za-z -]{1,9}")
# what no name, street or town has: an address, a link, a long number
_NO_NAME = re.compile(r"[@<>]|://|\d{5}")
_LETTER = re.compile(r"[^\W\d_]")
# what sources say of a gender, beside f and m: a free word could tell of somebody's sex life or health
_GENDERS = {
    "f", "m", "x", "d", "k", "n", "u", "w", "female", "male", "woman", "man", "girl", "boy", "other", "unknown", "unspecified", "diverse",
    "non-binary", "nonbinary", "kvinna", "kvinne", "kvinde", "nainen", "mies", "mand", "mann", "flicka", "pojke", "annat", "annan", "annen",
    "andet", "anden", "muu", "okänd", "ukjent", "ukendt", "tuntematon", "icke-binär", "ikke-binær", "muunsukupuolinen",
}  # fmt: skip
# a street may be named after a church or a hospital: it says nothing of who lives there
_STREET = re.compile(
    r"(?i)[\w' -]*?(?:gatan|gata|gate|gaten|gade|väg|vägen|vei|veien|veg|vegen|vej|vejen|gränd|plan|plats|torg|torget|plass|plads|allé|allén|"
    r"alle|alleen|backe|backen|stig|stigen|katu|tie|kuja|polku|tori|street|road|lane|avenue|square)\b\s*"
)
_NAMED = ("given_name", "family_name", "full_name", "street", "city")
_MOST_CHARACTERS = 200
# whatever a record of theirs may name, as a request finds it
_OTHERS = """
select distinct s.customer_id from conformed.conformed_people p
join identity.customer_source_records s using (source_system, source_key) {numbers}
where s.valid_to is null and s.customer_id <> $customer and list_has_any({readings}, $readings) order by 1
"""
_BY_PHONE = "join identity.phone_numbers n on n.phone = p.phone and n.country_code = coalesce(match_keys.country_code(p.country_code), '')"
_UNREAD_DATES = """
select distinct request_id, value from identity.corrections where field = 'birth_date' and value is not null and try_cast(value as date) is null
"""
_COUNTRY = """
select any_value(match_keys.country_code(p.country_code)) from conformed.conformed_people p
join identity.customer_source_records s on s.source_system = p.source_system and s.source_key = p.source_key and s.valid_to is null
where s.customer_id = $customer
"""


def checked_values(
    con: duckdb.DuckDBPyConnection, customer: str, values: Mapping[str, str | None]
) -> dict[str, str | None]:
    """The values as they are stored: in the form that the night casts. Raises KundbildError, without the value, where a value
    cannot be what its field holds; none (null) always can.

    A phone number without a country is read as one of the customer's.
    """
    define_match_keys(con)
    for field, value in values.items():
        problem = _problem(con, field, value, _country(con, customer, values)) if value is not None else None
        if problem:
            raise KundbildError(f"the {field.replace('_', ' ')} is none: {problem[0]}", to_do=problem[1])
    return {field: _as_stored(field, value) for field, value in values.items()}


def _as_stored(field: str, value: str | None) -> str | None:
    """A date that Python reads (20200101, 1980-W05-3) is none that the night can cast."""
    return date.fromisoformat(value).isoformat() if value is not None and field == "birth_date" else value


def rewrite_dates(con: duckdb.DuckDBPyConnection) -> list[str]:
    """Writes birth dates that an earlier version stored in another form as they are stored today. Returns the requests of those
    that are no date: a night takes them for unknown."""
    if not has_table(con, "identity", "corrections"):
        return []
    left: set[str] = set()
    for request, written in con.execute(_UNREAD_DATES).fetchall():
        try:
            said = {"request": request, "written": written, "stored": _as_stored("birth_date", written)}
        except ValueError:
            left.add(request)
            continue
        con.execute(
            "update identity.corrections set value = $stored where field = 'birth_date' and request_id = $request and value = $written",
            said,
        )
    return sorted(left)


def _problem(con: duckdb.DuckDBPyConnection, field: str, value: str, country: str) -> tuple[str, str] | None:
    """(what is wrong, what to do); None where it can stand."""
    if unsafe := _unsafe(field, value):
        return unsafe
    if field == "birth_date":
        try:
            born = date.fromisoformat(value)
        except ValueError:
            return "it is not a date", "write it as 1985-03-12"
        if not born.year >= _OLDEST or born > date.today():
            return "nobody who lives was born then", "check the year"
    if field == "email" and (
        not _EMAIL.fullmatch(value) or scalar(con, "select match_keys.email_key($1)", [value]) is None
    ):
        return "it is not one address", "write one address, as anna@berg.se"
    if field == "phone" and not _is_phone(value, country):
        return "no such number can be", "write it with its country, as +46 70 123 45 67"
    if field == "country_code" and value not in phonenumbers.SUPPORTED_REGIONS:
        return "it is not a country", "write its two letters in capitals (ISO 3166), as SE"
    if field == "postal_code" and not (_POSTAL.fullmatch(value) and any(c.isdigit() for c in value)):
        return "it is not a postal code", "write it without the town, as 114 55"
    if field in _NAMED and (_NO_NAME.search(value) or not _LETTER.search(value)):
        return "it holds an address, a number or no letter", "write the name alone"
    if field == "gender" and value.lower() not in _GENDERS:
        return "it is no word that a source has for it", "write f, m or other, or nothing"
    if field in _NAMED and _tells(_STREET.sub(" ", value) if field == "street" else value):
        # raw has no such words either: nobody is to read here what was kept out there
        return (
            "it reads as health, faith or another special category, or as an identity number (Art. 9, 87)",
            "write the name alone; one that only reads so is fixed in the system that it comes from",
        )
    if field in ("email", "phone") and _is_junk(con, field, value, country):
        return "it stands in for one that somebody has not", "write their own, or nothing"
    return None


def _unsafe(field: str, value: str) -> tuple[str, str] | None:
    if len(value) > _MOST_CHARACTERS or not value.isprintable():
        return "it is too long, or holds characters that cannot be printed", "write it as one line"
    # a number may begin with +
    if field != "phone" and is_formula(value):
        return "a spreadsheet would run it as a formula", "write it without the sign in front"
    return None


def _tells(value: str) -> bool:
    """Whether it tells of a special category, or is an identity number."""
    return bool(categories_in(value)) or any(national_ids_in(value))


def _is_junk(con: duckdb.DuckDBPyConnection, field: str, value: str, country: str) -> bool:
    define_junk(con)
    key = (
        scalar(con, "select match_keys.email_key($1)", [value])
        if field == "email"
        else phone_keys([(value, country)])[0][0]
    )
    return bool(scalar(con, "select is_junk($1, $2)", [field, key]))


def _is_phone(value: str, country: str) -> bool:
    try:
        return phonenumbers.is_possible_number(phonenumbers.parse(value, country or None))
    except phonenumbers.NumberParseException:
        return False


def _country(con: duckdb.DuckDBPyConnection, customer: str, values: Mapping[str, str | None]) -> str:
    return values.get("country_code") or scalar(con, _COUNTRY, {"customer": customer}) or ""


def others_with(con: duckdb.DuckDBPyConnection, customer: str, values: Mapping[str, str | None]) -> list[str]:
    """Other customers who have, or may have, the address or number that `customer` would get, in a field that names several too, or
    the name with the birth date or the address: a person has to decide whose it is."""
    if not has_table(con, "conformed", "conformed_people"):
        return []
    define_match_keys(con)
    found = new_namesakes(con, customer, values)
    if email := values.get("email"):
        readings = scalar(con, "select match_keys.email_readings($1)", [email])
        query = _OTHERS.format(numbers="", readings="match_keys.email_readings(p.email)")
        found |= {c for (c,) in con.execute(query, {"customer": customer, "readings": readings}).fetchall()}
    if (phone := values.get("phone")) and has_table(con, "identity", "phone_numbers"):
        country = _country(con, customer, values)
        ((key, _),) = phone_keys([(phone, country)])
        con.execute(
            "create or replace temp table corrected as select $1::varchar as phone, $2::varchar as country_code",
            [phone, country],
        )
        read_phones_apart(con, "from corrected", country, "corrected_phones")
        readings = scalar(con, "select list_append(readings, $1) from corrected_phones", [key])
        drop_tables(con, "corrected", "corrected_phones")
        query = _OTHERS.format(numbers=_BY_PHONE, readings="list_append(n.readings, n.phone_key)")
        found |= {c for (c,) in con.execute(query, {"customer": customer, "readings": readings}).fetchall()}
    return sorted(found)
