"""Whether a correction (Art. 16) would give somebody the name of another customer, with the same birth date or address: the next
night would make the two one.

Here: customers whose name goes with the corrected birth date or address, and did not before. Not here: addresses and numbers of
others (correction_checks.py), what a night joins by (identity/edges.py).
"""

from __future__ import annotations

from collections.abc import Mapping

import duckdb

from orchestration.core.warehouse import has_table
from orchestration.match_keys import all_names, birth, define_match_keys

_FIELDS = ("given_name", "family_name", "full_name", "birth_date", "street", "postal_code", "country_code")
# of a record: where its person lives, null where that is not known whole
_PLACE = (
    "match_keys.postal_key(postal_code, match_keys.country_code(country_code)) || '|' || match_keys.words_key(street)"
)
# a record of nobody's has what is corrected alone
_KEYS = f"""
create or replace temp table corrected_keys as
select flatten(list({all_names("given_name", "family_name", "full_name")})) as names,
    list(distinct {birth("birth_date")}) as births, list(distinct {_PLACE}) as places
from (
    select {{fields}} from (select 1) left join (
        select p.* from conformed.conformed_people p join identity.customer_source_records s using (source_system, source_key)
        where s.valid_to is null and s.customer_id = $customer
    ) on true
)
"""
_NAMESAKES = f"""
with near as materialized (
    select source_system, source_key, {all_names("given_name", "family_name", "full_name")} as names
    from conformed.conformed_people, corrected_keys k
    where deleted_at is null and (list_contains(k.births, {birth("birth_date")}) or list_contains(k.places, {_PLACE}))
)
select distinct s.customer_id from corrected_keys k, near n join identity.customer_source_records s using (source_system, source_key)
where s.valid_to is null and s.customer_id <> $customer and list_has_any(n.names, k.names)
"""
# somebody decided that they are two people: no night joins them
_TWO_PEOPLE = """
select o.customer_id from identity.decisions d
join identity.customer_source_records s on s.source_system = d.{one}_system and s.source_key = d.{one}_key and s.valid_to is null
join identity.customer_source_records o on o.source_system = d.{other}_system and o.source_key = d.{other}_key and o.valid_to is null
where d.verdict = 'different' and s.customer_id = $customer
"""


def new_namesakes(con: duckdb.DuckDBPyConnection, customer: str, values: Mapping[str, str | None]) -> set[str]:
    """Customers who have the name with the birth date, or with the address, that `customer` would have, and has not now."""
    asked = {field: value for field, value in values.items() if field in _FIELDS}
    if not any(asked.values()):
        return set()
    define_match_keys(con)
    found = _namesakes(con, customer, asked) - _namesakes(con, customer, {})
    if found and has_table(con, "identity", "decisions"):
        for one, other in (("left", "right"), ("right", "left")):
            found -= _customers(con, _TWO_PEOPLE.format(one=one, other=other), {"customer": customer})
    return found


def _namesakes(con: duckdb.DuckDBPyConnection, customer: str, corrected: Mapping[str, str | None]) -> set[str]:
    fields = ", ".join(
        f"${field}::varchar as {field}" if field in corrected else f"{field}::varchar as {field}" for field in _FIELDS
    )
    con.execute(_KEYS.format(fields=fields), {"customer": customer, **corrected})
    found = _customers(con, _NAMESAKES, {"customer": customer})
    con.execute("drop table corrected_keys")
    return found


def _customers(con: duckdb.DuckDBPyConnection, query: str, said: Mapping[str, str]) -> set[str]:
    return {found for (found,) in con.execute(query, said).fetchall()}
