"""What a delivered request ends, ends at once: also while it waits or is invalid, and before anybody is a customer.

Not here: which requests end something (delivered_requests.py, request_words.py), how it is noted (rights.py).
"""

from __future__ import annotations

from collections.abc import Sequence

import duckdb

from orchestration.privacy.delivered_requests import SOURCE, Asked
from orchestration.privacy.rights import withdraw, withdraw_point, withdraw_record
from orchestration.warehouse import scalar


def is_denied(request: Asked, customers: Sequence[str], noted: str, by_point: set[str], by_customer: set[str]) -> bool:
    """Whether what a request of an earlier night ends was ended then."""
    if request.ends is None:
        return True
    return (not request.point or noted in by_point) and (not customers or noted in by_customer)


def deny(con: duckdb.DuckDBPyConnection, request: Asked, customers: Sequence[str], noted: str) -> None:
    """What the request ends, ends now: for whoever has its address, or will have it, and for `customers`. Done once."""
    if request.ends is None:
        return
    if request.point:
        withdraw_point(con, request.point, request.received, noted, request.ends, "all")
    if not scalar(con, "select count(*) from identity.objections where request_id = $1", [noted]):
        for customer in customers:
            withdraw(con, customer, request.received, noted, request.ends, "all")


def deny_unknown(con: duckdb.DuckDBPyConnection, request: Asked) -> None:
    """The same where no night has made customers yet: by the address, and by the record."""
    if request.ends is None:
        return
    noted = f"{SOURCE}:{request.reference}"
    if request.point:
        withdraw_point(con, request.point, request.received, noted, request.ends, "all")
    for subject in request.subjects:
        if subject.source_record:
            withdraw_record(con, subject.source_record, request.received, noted, request.ends, "all")
