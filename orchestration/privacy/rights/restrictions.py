"""Restrictions (Art. 18): noted with each record of a customer, and lifted. Not here: what they hide (erasure.py)."""

from __future__ import annotations

from datetime import datetime

import duckdb

from orchestration.core.errors import KundbildError
from orchestration.core.warehouse import scalar
from orchestration.privacy.rights.requests import prepare_requests
from orchestration.privacy.rights.subjects import RECORDS_OF_CUSTOMER

_RESTRICT = (
    f"insert into identity.restrictions select source_system, source_key, $at, $request from ({RECORDS_OF_CUSTOMER})"
)
_FREE = f"delete from identity.restrictions where (source_system, source_key) in (select (source_system, source_key) from ({RECORDS_OF_CUSTOMER}))"
_FREE_NOBODYS = """
delete from identity.restrictions where request_id = $request
    and (source_system, source_key) not in (select (source_system, source_key) from identity.customer_source_records)
"""
_WAITS = f"""
select count(*) from identity.restrictions r join restricted.rights_requests q using (request_id)
join ({RECORDS_OF_CUSTOMER}) s using (source_system, source_key) where q.state = 'waiting'
"""


def restrict(con: duckdb.DuckDBPyConnection, customer: str, at: datetime, request: str) -> int:
    """Notes a restriction (Art. 18) with each of the customer's records. `at` is UTC, naive. Returns the records."""
    return int(scalar(con, _RESTRICT, {"customer": customer, "at": at, "request": request}))


def free(con: duckdb.DuckDBPyConnection, customer: str, at: datetime, request: str) -> int:
    """Lifts a customer's restriction. Returns the records. Raises KundbildError where it is an erasure's that waits."""
    if scalar(con, _WAITS, {"customer": customer}):
        raise KundbildError(
            "an erasure of them waits for a second person", to_do="`kundbild confirm REQUEST --refuse` lifts it too"
        )
    noted = f"select distinct request_id from identity.restrictions join ({RECORDS_OF_CUSTOMER}) using (source_system, source_key)"
    noted_by = con.execute(noted, {"customer": customer}).fetchall()
    freed = int(scalar(con, _FREE, {"customer": customer}))
    # asked for before they were a customer: by that it would come again
    for (one,) in noted_by:
        con.execute(_FREE_NOBODYS, {"request": one})
    return freed


def begun_restrictions(con: duckdb.DuckDBPyConnection) -> list[str]:
    """Customers whose data are restricted, where a restriction was noted and not carried through, as by a killed command."""
    prepare_requests(con)
    if not scalar(con, "select count(*) from restricted.rights_requests where kind = 'restrict' and state = 'open'"):
        return []
    whose = (
        "select distinct s.customer_id from identity.customer_source_records s join identity.restrictions r "
        "using (source_system, source_key) where s.valid_to is null order by 1"
    )
    return [customer for (customer,) in con.execute(whose).fetchall()]
