"""The register of requests: what stands in `restricted.rights_requests`, whose it is, and what became of it since.

Not here: noting a request (requests.py), until when it is to be answered (deadlines.py).
"""

from __future__ import annotations

from dataclasses import dataclass
from datetime import date, datetime

import duckdb

from orchestration.core.warehouse import scalar
from orchestration.privacy.rights.requests import CLOSED, State, prepare_requests
from orchestration.privacy.rights.subjects import OWNERS
from orchestration.privacy.secrets.pepper import Pepper


@dataclass(frozen=True)
class Request:
    """A row of the register of requests; `reference` is what the source that it came by calls it.

    `due_on` is a month after it was received, `extended_to` three where somebody extended it, `asked_by` who noted one that
    waits for a second person.
    """

    request_id: str
    kind: str
    received_at: datetime
    due_on: date
    state: str
    closed_at: datetime | None
    reference: str | None
    extended_to: date | None = None
    extension_ground: str | None = None
    asked_by: str | None = None

    @property
    def answer_by(self) -> date:
        return self.extended_to or self.due_on


def requests(con: duckdb.DuckDBPyConnection) -> list[Request]:
    """All of them, the newest first."""
    prepare_requests(con)
    rows = con.execute(
        "select request_id, kind, received_at, due_on, state, closed_at, reference, extended_to, extension_ground, asked_by "
        "from restricted.rights_requests order by received_at desc, request_id"
    ).fetchall()
    return [Request(*row) for row in rows]


def set_state(con: duckdb.DuckDBPyConnection, request: str, state: State, at: datetime) -> None:
    """What became of a request that is noted, by its id. `at` is UTC, naive."""
    con.execute(
        "update restricted.rights_requests set state = $state, closed_at = $closed where request_id = $request",
        {"state": state, "closed": at if state in CLOSED else None, "request": request},
    )


def waiting_request(con: duckdb.DuckDBPyConnection, subject: str) -> str:
    """The id of the erasure of `subject`, a keyed hash, that waits for a second person; "" where none does."""
    prepare_requests(con)
    sql = "select min(request_id) from restricted.rights_requests where kind = 'erase' and state = 'waiting' and subject = $1"
    return str(scalar(con, sql, [subject]) or "")


def customers_by_subject(con: duckdb.DuckDBPyConnection, pepper: Pepper, subject: str) -> list[str]:
    """Today's ids of the customer whose id, of today or before, `subject` is the keyed hash of."""
    con.execute(OWNERS)
    hashed = pepper.hashed_sql("'audit:' || id")
    rows = con.execute(
        f"select distinct customer_id from (select customer_id, {hashed} as keyed_hash from ("
        "select customer_id, customer_id as id from owners union select customer_id, own_id from owners "
        "union select customer_id, old_customer_id from identity.customer_id_redirects)) where keyed_hash = $subject order by 1",
        {"subject": subject, **pepper.parameters()},
    ).fetchall()
    return [customer for (customer,) in rows]
