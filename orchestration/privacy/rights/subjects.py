"""Whom a request is about: the customers that an id, an address, a number or a record names.

Not here: people who are no customers (named.py), what a number may be (by_number.py).
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

import duckdb

from orchestration.core.errors import KundbildError
from orchestration.core.warehouse import has_table
from orchestration.match_keys import define_match_keys
from orchestration.privacy.intake.suppressor import Suppressor
from orchestration.privacy.rights.by_number import customers_by_number
from orchestration.privacy.rights.requests import State

# the customer's records, of today and those that were last theirs: what is gone at its source may come again
RECORDS_OF_CUSTOMER = """
select source_system, source_key from (
    from identity.customer_source_records
    where (source_system, source_key) in (select (source_system, source_key) from identity.customer_source_records where customer_id in ({ids}))
    qualify row_number() over (partition by source_system, source_key order by valid_to is null desc, valid_from desc, valid_to desc) = 1
) where customer_id in ({ids})
""".format(
    ids="select $customer union all select old_customer_id from identity.customer_id_redirects where customer_id = $customer"
)
# every record with the customer that has it, or had it last, by the id then and by today's
OWNERS = """
create or replace temp table owners as
select l.source_system, l.source_key, l.customer_id as own_id, coalesce(r.customer_id, l.customer_id) as customer_id from (
    from identity.customer_source_records
    qualify row_number() over (partition by source_system, source_key order by valid_to is null desc, valid_from desc, valid_to desc) = 1
) l left join identity.customer_id_redirects r on r.old_customer_id = l.customer_id
"""
_FOUND = """
select a.place, o.customer_id from asked a join owners o on o.own_id = a.customer
union select a.place, o.customer_id from asked a join owners o on o.customer_id = a.customer
-- an id whose records are all another customer's by now
union select a.place, o.customer_id from asked a join identity.customer_id_redirects r on r.old_customer_id = a.customer
    join owners o on o.customer_id = r.customer_id
union select a.place, o.customer_id from asked a join owners o on o.source_system = a.source_system and o.source_key = a.source_key
-- any address that a field may name: of a field with several, each
union select a.place, o.customer_id from (select place, unnest(match_keys.email_readings(email)) as reading from asked) a
    join (select source_system, source_key, unnest(match_keys.email_readings(email)) as reading from conformed.conformed_people) p using (reading)
    join owners o on o.source_system = p.source_system and o.source_key = p.source_key
union select a.place, o.customer_id from (select place, unnest(match_keys.email_readings(email)) as reading from asked) a
    join (select person_system, person_key, unnest(match_keys.email_readings(contact_point)) as reading from conformed.conformed_consent_events) e
        using (reading)
    join owners o on o.source_system = e.person_system and o.source_key = e.person_key
order by all
"""
# of records that nobody has so written: in another spelling (dbt: identity.heirs)
_SPELLED = """
select a.place, o.customer_id from asked a
join owners o on lower(o.source_system) = lower(match_keys.plain(a.source_system)) and match_keys.record_key(o.source_key) = match_keys.record_key(a.source_key)
where list_contains($places, a.place) order by all
"""
# how the command line says whom a request is about
WAYS = "--customer ID, --email ADDRESS, --phone NUMBER or --source-record system:key"


@dataclass(frozen=True)
class Subject:
    """Whom a request is about, in one of four ways of saying it."""

    customer: str | None = None
    email: str | None = None
    source_record: str | None = None
    phone: str | None = None

    def __post_init__(self) -> None:
        if sum(value is not None for value in (self.customer, self.email, self.source_record, self.phone)) != 1:
            raise KundbildError("name the person it is about, in one way", to_do=f"give {WAYS}")

    @property
    def said(self) -> str:
        """What the audit log hashes: who knows it finds the entries again."""
        return self.customer or self.email or self.source_record or self.phone or ""


def customers_of(con: duckdb.DuckDBPyConnection, subjects: Sequence[Subject]) -> list[list[str]]:
    """Of each subject the customers that it names: today's, or who had the record last. Raises KundbildError before the
    first night, and where a source record is none."""
    if not has_table(con, "identity", "customer_source_records"):
        raise KundbildError("no night has made customers yet", to_do="`kundbild run`")
    define_match_keys(con)
    con.execute(OWNERS)
    con.execute(
        "create or replace temp table asked (place bigint, customer varchar, email varchar, source_system varchar, source_key varchar)"
    )
    rows = [
        [place, s.customer, s.email, *(record_of(s.source_record) if s.source_record else (None, None))]
        for place, s in enumerate(subjects)
    ]
    con.executemany("insert into asked values (?, ?, ?, ?, ?)", rows) if rows else None
    found: list[list[str]] = [[] for _ in subjects]
    for place, customer in con.execute(_FOUND).fetchall():
        found[place].append(customer)
    left = [place for place, subject in enumerate(subjects) if subject.source_record and not found[place]]
    for place, customer in con.execute(_SPELLED, {"places": left}).fetchall() if left else []:
        found[place].append(customer)
    for place, subject in enumerate(subjects):
        if subject.phone is not None:
            found[place] = customers_by_number(con, subject.phone)
    return found


def record_of(written: str) -> tuple[str, str]:
    """(system, key) of a source record as it is said. Raises KundbildError where it is none."""
    system, _, key = (part.strip() for part in written.partition(":"))
    if not (system and key):
        raise KundbildError(f"{written!r} names no source record", to_do="write system:key, as in crm:1042")
    return system, key


def state_of(customers: Sequence[str]) -> State:
    """What becomes of a request about whoever was found."""
    return "done" if len(customers) == 1 else "held" if customers else "unknown"


def suppressed_customers(con: duckdb.DuckDBPyConnection, suppressor: Suppressor) -> list[str]:
    """Customers who are on the suppression list by any of their records: they came back with a backup."""
    there = has_table(con, "conformed", "conformed_people") and has_table(con, "identity", "customer_source_records")
    if not there or not suppressor.find_people(con):
        return []
    con.execute(OWNERS)
    known = (
        "select distinct o.customer_id from owners o join known_again k using (source_system, source_key) order by 1"
    )
    return [customer for (customer,) in con.execute(known).fetchall()]
