"""Until when a request is to be answered (Art. 12(3)): overdue ones, an extension by two months, closing by hand.

Here: the clock of `restricted.rights_requests`. Not here: what a right asks for, noting a request (requests.py).
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import date, datetime
from typing import Literal, get_args

import duckdb

from orchestration.core.errors import KundbildError
from orchestration.privacy.rights.register import Request, requests
from orchestration.privacy.rights.requests import prepare_requests

# the two grounds of Art. 12(3); words of one's own could name somebody
Ground = Literal["complexity", "number"]
End = Literal["done", "refused", "withdrawn"]
SOON_DAYS = 7
# the check of each night that warns of overdue ones
ANSWERED_IN_TIME = "requests_are_answered_in_time"
# the regulation applies since then: an earlier day is a slip
_RIGHTS_SINCE = date(2018, 5, 25)
# what only a run or a second person ends
_GOING_ON = ("open", "waiting")


@dataclass(frozen=True)
class Deadlines:
    """How many requests that stand are `overdue` or due within SOON_DAYS, and when the oldest overdue one was due."""

    overdue: int
    soon: int
    oldest_due_on: date | None

    def __str__(self) -> str:
        said = []
        if self.overdue:
            said.append(f"{self.overdue:,} overdue (the oldest was due on {self.oldest_due_on})")
        if self.soon:
            said.append(f"{self.soon:,} due within {SOON_DAYS} days")
        return f"Requests to answer: {', '.join(said)}; see `kundbild requests`" if said else ""


def deadlines(con: duckdb.DuckDBPyConnection, today: date) -> Deadlines:
    """Of every request that is not closed, in whatever state it is."""
    prepare_requests(con)
    rows = con.execute(
        "select count(*) filter (due < $today), count(*) filter (due between $today and $today + $soon), min(due) filter (due < $today) "
        "from (select coalesce(extended_to, due_on) as due from restricted.rights_requests where closed_at is null)",
        {"today": today, "soon": SOON_DAYS},
    ).fetchall()
    return Deadlines(*rows[0])


def overdue(con: duckdb.DuckDBPyConnection, today: date) -> list[str]:
    """The ids of requests that are past their day, the oldest first."""
    prepare_requests(con)
    rows = con.execute(
        "select request_id from restricted.rights_requests where closed_at is null and coalesce(extended_to, due_on) < $1 "
        "order by coalesce(extended_to, due_on), request_id",
        [today],
    ).fetchall()
    return [str(request) for (request,) in rows]


def to_tell(overdue_now: Sequence[str], told_on: Mapping[str, str], today: date) -> list[str]:
    """Of overdue requests those that nobody was told of today; `told_on` is request → day."""
    return [request for request in overdue_now if told_on.get(request) != today.isoformat()]


def request_named(con: duckdb.DuckDBPyConnection, name: str) -> Request:
    """The request with that id, the end of one, or that reference of its source. Raises KundbildError where none or several are."""
    found = [
        request for request in requests(con) if request.reference == name or (len(name) >= 4 and request.request_id.endswith(name))
    ]  # fmt: skip
    if len(found) != 1:
        said = "more than one request is" if found else "no request is"
        raise KundbildError(f"{said} named {name!r}", to_do="`kundbild requests` lists them; give the whole id")
    return found[0]


def extend(con: duckdb.DuckDBPyConnection, name: str, ground: str, at: datetime) -> Request:
    """Gives a request two months more, once, within its first month. Returns it as it is then. `at` is UTC, naive."""
    if ground not in get_args(Ground):
        raise KundbildError(
            f"{ground!r} is not a ground to extend a request", to_do=f"say --because {' or '.join(get_args(Ground))}"
        )
    request = _standing(con, name)
    if request.extended_to:
        raise KundbildError(
            f"the request was extended to {request.extended_to} already",
            to_do="answer it by then: there is one extension",
        )
    if request.due_on < at.date():
        raise KundbildError(
            f"the request was due on {request.due_on}: a month after it was received it can no longer be extended",
            to_do="answer it now, and tell the person why it is late",
        )
    con.execute(
        "update restricted.rights_requests set extended_to = (received_at + interval 3 month)::date, extension_ground = $ground "
        "where request_id = $request",
        {"ground": ground, "request": request.request_id},
    )
    return request_named(con, request.request_id)


def close(con: duckdb.DuckDBPyConnection, name: str, end: str, at: datetime) -> Request:
    """Ends a request that was answered otherwise than by a command. Returns it as it is then. `at` is UTC, naive."""
    if end not in get_args(End):
        raise KundbildError(f"{end!r} is not an end of a request", to_do=f"say --as {', '.join(get_args(End))}")
    request = _standing(con, name)
    if request.state in _GOING_ON:
        raise KundbildError(
            f"the request is {request.state}",
            to_do="`kundbild confirm` answers it" if request.state == "waiting" else "the next `kundbild run` ends it",
        )
    con.execute(
        "update restricted.rights_requests set state = $end, closed_at = $at where request_id = $request",
        {"end": end, "at": at, "request": request.request_id},
    )
    return request_named(con, request.request_id)


def _standing(con: duckdb.DuckDBPyConnection, name: str) -> Request:
    request = request_named(con, name)
    if request.closed_at:
        raise KundbildError(
            f"the request is closed: {request.state}", to_do="`kundbild requests` lists those that stand"
        )
    return request


def received_on(said: str, at: datetime) -> datetime:
    """When a request came, of a date as YYYY-MM-DD, or now (`at`, UTC, naive) where none is said."""
    if not said:
        return at
    try:
        on = date.fromisoformat(said)
    except ValueError:
        raise KundbildError(f"{said!r} is not a date", to_do="write --received 2026-05-31") from None
    if on > at.date():
        raise KundbildError(f"the request cannot have come on {on}, which is not yet", to_do="look at --received")
    if on < _RIGHTS_SINCE:
        raise KundbildError(
            f"the request cannot have come on {on}: the rights are there since {_RIGHTS_SINCE}",
            to_do="look at --received",
        )
    return datetime(on.year, on.month, on.day)
