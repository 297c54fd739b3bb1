"""Objections (Art. 21) and withdrawals of consent: noted with each record of a customer, or with an address, a number or a record.

Not here: what they deny (dbt), those that a delivered request makes (denials.py).
"""

from __future__ import annotations

from datetime import datetime

import duckdb

from orchestration.core.warehouse import scalar
from orchestration.privacy.intake.spelled_numbers import numbers_asked
from orchestration.privacy.intake.withdrawals import LEDGER, prepare_withdrawals
from orchestration.privacy.rights.subjects import RECORDS_OF_CUSTOMER, Subject, record_of

# of `theirs` (source_system, source_key); what one request says of a record is noted once
_OBJECT = """
insert into identity.objections by name
with theirs as ({theirs})
select source_system, source_key, $at as stated_at, $request as request_id, $purpose as purpose, $channel as channel from theirs t
where not exists (
    select 1 from identity.objections o where o.request_id = $request and o.source_system = t.source_system
        and o.source_key = t.source_key and o.purpose = $purpose and o.channel = $channel)
"""


def object_to_marketing(
    con: duckdb.DuckDBPyConnection, customer: str, at: datetime, request: str, purpose: str = "direct_marketing"
) -> int:
    """Notes an objection (Art. 21) with each of the customer's records, so that it stands through merges and splits: to all
    direct marketing, or to one purpose alone, as profiling.

    `at` is UTC, naive. Returns the records.
    """
    return withdraw(con, customer, at, request, purpose, "all")


def withdraw(
    con: duckdb.DuckDBPyConnection, customer: str, at: datetime, request: str, purpose: str, channel: str
) -> int:
    """Notes a withdrawal of consent with each of the customer's records; `all` is any purpose or channel. Returns them."""
    said = {"customer": customer, "at": at, "request": request, "purpose": purpose, "channel": channel}
    return int(scalar(con, _OBJECT.format(theirs=RECORDS_OF_CUSTOMER), said))


def withdraw_point(
    con: duckdb.DuckDBPyConnection, point: str, at: datetime, request: str, purpose: str, channel: str
) -> None:
    """Notes that somebody withdrew by an address or a number: whoever has it, or will have it, is denied (withdrawals.py)."""
    prepare_withdrawals(con)
    con.execute(
        f"insert into {LEDGER} by name select 'requests' as entity, 'kundbild' as source_system, false as is_zoneless, $request as source_key, "
        "$point as contact_point, $purpose as purpose, $channel as channel, $at as stated_at, true as is_certain, 0 as load_id "
        f"where not exists (select 1 from {LEDGER} w where w.entity = 'requests' and w.source_key = $request and w.contact_point = $point "
        "and w.purpose = $purpose and w.channel = $channel)",
        {"request": request, "point": point, "purpose": purpose, "channel": channel, "at": at},
    )


def withdraw_record(
    con: duckdb.DuckDBPyConnection, record: str, at: datetime, request: str, purpose: str, channel: str
) -> None:
    """Notes that whoever has a record (system:key), or will have it, withdrew."""
    system, key = record_of(record)
    said = {"system": system, "key": key, "at": at, "request": request, "purpose": purpose, "channel": channel}
    con.execute(_OBJECT.format(theirs="select $system as source_system, $key as source_key"), said)


def withdraw_by(
    con: duckdb.DuckDBPyConnection, subject: Subject, at: datetime, request: str, purpose: str, channel: str
) -> None:
    """Notes that whoever has the subject's address, number or record, or will have it, withdrew; of a customer's id nothing."""
    if subject.email:
        withdraw_point(con, subject.email, at, request, purpose, channel)
    if subject.phone:
        # as what it may be here: the country of numbers without one may be another some day
        for number in numbers_asked(con, subject.phone):
            withdraw_point(con, number, at, request, purpose, channel)
    if subject.source_record:
        withdraw_record(con, subject.source_record, at, request, purpose, channel)


def withdraw_restricted(con: duckdb.DuckDBPyConnection, at: datetime, request: str) -> None:
    """Notes of every record that a request restricts that its owner withdrew from all: who asks to be erased objects too."""
    theirs = "select distinct source_system, source_key from identity.restrictions where request_id = $request"
    con.execute(_OBJECT.format(theirs=theirs), {"at": at, "request": request, "purpose": "all", "channel": "all"})
