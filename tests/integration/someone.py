"""A customer of the demo of whom much is known, and where something of them stands."""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path
from typing import Any

import duckdb

from tests.conftest import Kundbild


@dataclass
class Someone:
    """A customer of the demo: what is known of them."""

    customer_id: str
    contact: str
    email: str
    phone: str
    given_name: str
    family_name: str
    birth_date: str
    tokens: list[str]


_WHO = """
select s.customer_id, p.source_key, p.email, p.phone, p.given_name, p.family_name, p.birth_date::varchar,
    (select list(distinct lower(q.email)) from conformed.conformed_people q join identity.customer_source_records t using (source_system, source_key)
        where t.customer_id = s.customer_id and q.email is not null)
from conformed.conformed_people p join identity.customer_source_records s using (source_system, source_key)
join identity.normalised_people n using (source_system, source_key)
where p.source_system = 'crm' and p.email is not null and p.phone is not null and p.birth_date is not null and p.deleted_at is null
    and s.customer_id in (select customer_id from marts.fct_orders group by 1 having count(*) > 1)
    and s.customer_id in (select customer_id from identity.customer_source_records group by 1 having count(distinct source_system) > 2)
    and n.email_key in (select email_key from identity.normalised_people m join identity.customer_source_records u using (record_id)
        group by 1 having count(distinct u.customer_id) = 1)
    and n.phone_key in (select phone_key from identity.normalised_people m join identity.customer_source_records u using (record_id)
        group by 1 having count(distinct u.customer_id) = 1)
order by p.source_key
"""


def someone_of(demo: Kundbild) -> Someone:
    with demo.warehouse() as con:
        customer, contact, email, phone, given, family, born, emails = con.execute(_WHO).fetchall()[0]
    return Someone(customer, contact, email, phone, given, family, born, [*emails, customer])


def asked(demo: Kundbild) -> list[dict[str, Any]]:
    """Requests that were noted, without those that the demo's source delivered for the next night to take up."""
    return [request for request in demo.json("requests") if request["state"] != "received"]


def places(home: Path, tokens: list[str]) -> list[str]:
    """Where one of the tokens stands in a text that a database or Parquet file of the home folder holds."""
    found = []
    for path in sorted([home / "warehouse.duckdb", *home.glob("published/versions/*/*.duckdb")]):
        with duckdb.connect(str(path), read_only=True) as con:
            for schema, table in con.execute("select schema_name, table_name from duckdb_tables()").fetchall():
                rows = con.execute(
                    f'select count(*) from "{schema}"."{table}" t where exists (select 1 from unnest(?) w (word) where contains(lower(t::varchar), word))',
                    [tokens],
                ).fetchall()[0][0]
                found += [f"{path.name}: {schema}.{table}"] if rows else []
    for path in home.glob("published/versions/*/parquet/*.parquet"):
        sql = f"select count(*) from '{path}' t where exists (select 1 from unnest(?) w (word) where contains(lower(t::varchar), word))"
        found += [path.name] if duckdb.execute(sql, [tokens]).fetchall()[0][0] else []
    return found
