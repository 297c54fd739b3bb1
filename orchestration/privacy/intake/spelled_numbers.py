"""Raw rows that name one of some phone numbers, in any spelling, alone or beside others. Not here: whose numbers they are."""

from __future__ import annotations

import duckdb

from orchestration.core.errors import KundbildError
from orchestration.core.settings.people import Person
from orchestration.core.warehouse import drop_tables, quote, text
from orchestration.match_keys.phones import default_country as country_of_last_night
from orchestration.match_keys.phones import read_phones_apart


def numbers_asked(con: duckdb.DuckDBPyConnection, written: str) -> list[str]:
    """What a number that somebody is said to have is, E.164, or all that it may be; without a country it is read as the last
    night read such numbers. Raises KundbildError, without the number, where it can be none."""
    con.execute("create or replace temp table asked_number as select $1::varchar as phone", [written])
    country = country_of_last_night(con)
    read_phones_apart(con, "select phone, null as country_code from asked_number", country, "phones_of_number")
    found = con.execute("select phone_key, readings from phones_of_number").fetchall()
    drop_tables(con, "asked_number", "phones_of_number")
    certain = [key for key, _ in found if key and key.startswith("+")]
    numbers = certain or [number for _, readings in found for number in readings]
    if not numbers:
        raise KundbildError(
            "the phone number cannot be read", to_do="write it with its country, as --phone '+46 70 123 45 67'"
        )
    return numbers


def is_spelled(
    con: duckdb.DuckDBPyConnection, raw: str, person: Person, column: str, default_country: str, numbers: str
) -> str:
    """SQL: whether `column` of a row of the relation `raw` names one of `numbers`, a query of one column, E.164; empty where
    no row does."""
    country = (
        f"coalesce(match_keys.country_code({quote(person.country_code)}::varchar), '')" if person.country_code else "''"
    )
    # by their last digits there are few to be read, and of these only those that are the number itself
    candidates = (
        f"select distinct {quote(column)}::varchar as phone, {country} as country_code from {raw} r "
        f"where exists (select 1 from ({numbers}) v(number) where match_keys.has_phone_tail(r.{quote(column)}::varchar, v.number))"
    )
    read_phones_apart(con, candidates, default_country, "raw_phones")
    spelled = con.execute(
        "select phone, country_code from raw_phones "
        f"where list_has_any(list_append(readings, phone_key), (select coalesce(list(number), []::varchar[]) from ({numbers}) v(number)))"
    ).fetchall()
    con.execute("drop table raw_phones")
    listed = ", ".join(f"({text(written)}, {text(code)})" for written, code in spelled)
    return f"({quote(column)}::varchar, {country}) in ({listed})" if spelled else ""
