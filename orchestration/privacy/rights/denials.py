"""What a delivered request ends, ends at once: also while it waits or is invalid, and before anybody is a customer.

Not here: which requests end something (delivered_requests.py, request_words.py), how it is noted (objections.py).
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, replace
from functools import cached_property

import duckdb

from orchestration.privacy.intake.withdrawals import LEDGER
from orchestration.privacy.rights.delivered_requests import Asked
from orchestration.privacy.rights.objections import withdraw, withdraw_point, withdraw_record
from orchestration.privacy.rights.requests import SETTLED
from orchestration.privacy.rights.subjects import Subject, customers_of

# of requests that a night looks at again
_STANDING = f"select request_id from restricted.rights_requests where reference is not null and not list_contains({list(SETTLED)}, state)"


@dataclass(frozen=True)
class Denials:
    """What is noted of requests that stand: (request, purpose, contact point), and (request, purpose, record as system:key)."""

    points: frozenset[tuple[str, ...]]
    records: frozenset[tuple[str, ...]]

    @classmethod
    def noted(cls, con: duckdb.DuckDBPyConnection) -> Denials:
        points = f"select distinct source_key, purpose, contact_point from {LEDGER} where entity = 'requests' and source_key in ({_STANDING})"
        records = (
            "select distinct request_id, purpose, source_system || ':' || source_key from identity.objections "
            f"where request_id in ({_STANDING})"
        )
        return cls(*(frozenset(con.execute(query).fetchall()) for query in (points, records)))

    @cached_property
    def _by_record(self) -> set[tuple[str, ...]]:
        return {(request, purpose) for request, purpose, _ in self.records}

    def cover(self, request: Asked, customers: Sequence[str], noted: str) -> bool:
        """Whether all that a request ends is noted: its address, its records, and some record of `customers`."""
        if request.ends is None:
            return True
        of_it = noted, request.ends
        return (
            (not request.point or (*of_it, request.point) in self.points)
            and all((*of_it, record) in self.records for record in request.records)
            and (not customers or of_it in self._by_record)
        )


def deny(con: duckdb.DuckDBPyConnection, request: Asked, customers: Sequence[str], noted: str) -> None:
    """Notes what the request ends, under the id `noted`: for whoever has its address or its record, or will have it, and for
    `customers`. What is noted already is not noted again."""
    if request.ends is None:
        return
    if request.point:
        withdraw_point(con, request.point, request.said_at, noted, request.ends, "all")
    for customer in customers:
        withdraw(con, customer, request.said_at, noted, request.ends, "all")
    for record in request.records:
        withdraw_record(con, record, request.said_at, noted, request.ends, "all")


def deny_beside(con: duckdb.DuckDBPyConnection, request: Asked, customers: Sequence[str], noted: str) -> None:
    """Of a request that restricts `customers`: denies its address where others have it, or nobody, and its records that
    nobody has yet. Whoever is restricted is denied until that is lifted, and no longer."""
    asked = [*request.subjects, *([Subject(email=request.point)] if request.point else [])]
    restricted = set(customers)
    beside = [
        subject
        for subject, found in zip(asked, customers_of(con, asked), strict=True)
        if not found or not restricted.issuperset(found)
    ]
    point = request.point if any(subject.email for subject in beside) else None
    deny(con, replace(request, subjects=tuple(beside), point=point), [], noted)
