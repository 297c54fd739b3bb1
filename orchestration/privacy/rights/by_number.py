"""Whom a phone number names that a request gives: customers. Not here: addresses and records (subjects.py), people who are no
customers (named.py).
"""

from __future__ import annotations

import duckdb

from orchestration.core.settings.people import Person
from orchestration.match_keys.phones import default_country
from orchestration.privacy.intake.spelled_numbers import is_spelled, numbers_asked

# whoever has a number, or spoke of it
_BY_NUMBER = """
select o.customer_id from (from conformed.conformed_people where {is_theirs}) p
join owners o on o.source_system = p.source_system and o.source_key = p.source_key
union select o.customer_id from (from conformed.conformed_consent_events where {is_said}) e
join owners o on o.source_system = e.person_system and o.source_key = e.person_key order by all
"""


def customers_by_number(con: duckdb.DuckDBPyConnection, phone: str) -> list[str]:
    """Today's customers, in any reading of what is written in the fields of people and statements. Needs the temp table
    `owners` (subjects.py). Raises KundbildError, without the number, where it can be none."""
    country, numbers = default_country(con), f"select unnest({numbers_asked(con, phone)})"
    people = is_spelled(
        con, "conformed.conformed_people", Person(country_code="country_code"), "phone", country, numbers
    )
    said = is_spelled(con, "conformed.conformed_consent_events", Person(), "contact_point", country, numbers)
    query = _BY_NUMBER.format(is_theirs=people or "false", is_said=said or "false")
    return [customer for (customer,) in con.execute(query).fetchall()]
