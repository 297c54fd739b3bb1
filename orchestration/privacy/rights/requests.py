"""Requests by which people use their rights: noted in `restricted.rights_requests`, which names nobody, and closed.

Not here: whom they are about (subjects.py), reading that register (register.py), until when they are to be answered (deadlines.py),
requests that a source delivers (orchestration/run/requests.py).
"""

from __future__ import annotations

from datetime import datetime
from typing import Literal

import duckdb

from orchestration.core.sql_scripts import sql_script
from orchestration.core.warehouse import scalar

Right = Literal["erase", "export", "restrict", "rectify", "object", "withdraw"]
# held: a person has to decide whom it is about · unknown: about nobody here, who asked is to be told so · open: begun, the next run finishes it ·
# unchecked: nobody has made sure yet that it comes from whom it says · invalid: it asks for nothing that can be done ·
# waiting: for a second person · received: before anybody was a customer, the next night takes it up · refused, withdrawn: closed by hand, by us or by who asked
State = Literal[
    "open", "held", "unknown", "done", "unchecked", "invalid", "waiting", "received", "refused", "withdrawn"
]
# a request in one of these has its end
CLOSED = ("done", "refused", "withdrawn")
# no night looks at these again: whoever comes to have an address later is not who asked then
SETTLED = (*CLOSED, "unknown")
_DDL = sql_script(__file__, "requests")
# Art. 12(3): one month after receipt
_DUE = "($received::timestamp + interval 1 month)::date"


def prepare_requests(con: duckdb.DuckDBPyConnection) -> None:
    con.execute(_DDL)


def note_request(
    con: duckdb.DuckDBPyConnection,
    kind: str,
    subject: str,
    received: datetime,
    state: State,
    *,
    reference: str | None = None,
    closed: datetime | None = None,
    asked_by: str | None = None,
) -> str:
    """Notes a request, or what became of the one that its source calls `reference`. Returns its id.

    `subject` is a keyed hash, `received` UTC, naive; it is closed as it is received unless `closed` says when.
    """
    prepare_requests(con)
    ended = (closed or received) if state in CLOSED else None
    said = {"kind": kind, "subject": subject, "state": state, "closed": ended, "asked_by": asked_by}
    if reference and scalar(con, "select count(*) from restricted.rights_requests where reference = $1", [reference]):
        return str(
            scalar(
                con,
                "update restricted.rights_requests set kind = $kind, subject = $subject, state = $state, closed_at = $closed, asked_by = $asked_by "
                "where reference = $reference returning request_id",
                {**said, "reference": reference},
            )
        )
    return str(
        scalar(
            con,
            "insert into restricted.rights_requests (request_id, kind, received_at, due_on, subject, state, closed_at, reference, asked_by) "
            f"values (uuidv7()::varchar, $kind, $received, {_DUE}, $subject, $state, $closed, $reference, $asked_by) returning request_id",
            {**said, "received": received, "reference": reference},
        )
    )


def close_requests(con: duckdb.DuckDBPyConnection, kind: Right, moment: datetime) -> None:
    """What was begun is done."""
    prepare_requests(con)
    con.execute(
        "update restricted.rights_requests set state = 'done', closed_at = $moment where kind = $kind and state = 'open'",
        {"kind": kind, "moment": moment},
    )
