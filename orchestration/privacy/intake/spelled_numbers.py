"""Raw rows that name one of some phone numbers, in any spelling, alone or beside others. Not here: whose numbers they are."""

from __future__ import annotations

import duckdb

from orchestration.core.settings.people import Person
from orchestration.core.warehouse import quote, text
from orchestration.match_keys.phones import read_phones_apart


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
        f"where exists (select 1 from ({numbers}) v(number) where contains(match_keys.digits_in(r.{quote(column)}::varchar), right(v.number, 7)))"
    )
    read_phones_apart(con, candidates, default_country, "raw_phones")
    spelled = con.execute(
        "select phone, country_code from raw_phones "
        f"where list_has_any(list_append(readings, phone_key), (select coalesce(list(number), []::varchar[]) from ({numbers}) v(number)))"
    ).fetchall()
    con.execute("drop table raw_phones")
    listed = ", ".join(f"({text(written)}, {text(code)})" for written, code in spelled)
    return f"({quote(column)}::varchar, {country}) in ({listed})" if spelled else ""
