"""Why somebody may be contacted, or may not: one customer, purpose and channel, now or at a time in the past.

Reads what dbt derived (marts.contact_permissions, marts.contact_permission_history). Not here: how permission is derived.
"""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime
from typing import Any

import duckdb

from orchestration.contracts.channels import channels
from orchestration.contracts.reasons import assert_codes_known, words
from orchestration.core.errors import KundbildError
from orchestration.core.warehouse import scalar
from orchestration.privacy.rights.subjects import Subject, customers_of

_NOW = """
select is_permitted, reason_code, reason, deciding_event, contact_point, decided_at from marts.contact_permissions
where customer_id = $customer and purpose = $purpose and channel = $channel
"""
_THEN = """
select is_permitted, reason_code, reason, deciding_event, contact_point, valid_from from marts.contact_permission_history
where customer_id = $customer and purpose = $purpose and channel = $channel and valid_from <= $at and coalesce(valid_to > $at, true)
"""
# the statement itself, with its evidence
_EVENT = """
select status, legal_basis, stated_at, confirmed_at, expires_at, wording_version, capture_source from conformed.conformed_consent_events
where source_system = $system and source_key = $key
"""


@dataclass(frozen=True)
class Decision:
    """Whether `customer_id` may be contacted for `purpose` on `channel` at `at`, and by what. `evidence` is the statement's."""

    customer_id: str
    purpose: str
    channel: str
    at: datetime
    is_permitted: bool
    reason_code: str
    reason: str
    deciding_event: str | None
    contact_point: str | None
    decided_at: datetime | None
    evidence: dict[str, Any]


def explain_permission(
    con: duckdb.DuckDBPyConnection, customer: str, purpose: str, channel: str, at: datetime | None = None
) -> Decision:
    """What the last night says; `at` (UTC, naive) asks what held then, by what had been said, registers apart.

    No row means no. Raises KundbildError where customer, purpose or channel are none.
    """
    found = customers_of(con, [Subject(customer=customer)])[0]
    if not found:
        raise KundbildError(
            "there is no such customer", to_do="`kundbild explain system:key` tells the id of a source record"
        )
    purposes = [name for (name,) in con.execute("select purpose from reference.purposes order by 1").fetchall()]
    for value, known, what in ((purpose, purposes, "purpose"), (channel, channels(), "channel")):
        if value not in known:
            raise KundbildError(f"{value!r} is no {what}", to_do=f"{what}s are {', '.join(known)}")
    assert_codes_known(con, "contact_permissions")
    as_of = scalar(con, "select as_of from ops.clock")
    asked = {"customer": found[0], "purpose": purpose, "channel": channel}
    rows = con.execute(_NOW, asked).fetchall() if at is None else con.execute(_THEN, asked | {"at": at}).fetchall()
    # what was said before and is not evidence is in no history
    none = "never_said" if at is None else "not_granted_before"
    nothing = f"{words(none)}: nobody may be contacted without permission"
    permitted, code, reason, event, point, since = rows[0] if rows else (False, none, nothing, None, None, None)
    return Decision(
        found[0],
        purpose,
        channel,
        at or as_of,
        permitted,
        code,
        reason,
        event,
        point,
        since,
        _evidence(con, event) if event else {},
    )


def _evidence(con: duckdb.DuckDBPyConnection, event: str) -> dict[str, Any]:
    system, _, key = event.partition(":")
    cursor = con.execute(_EVENT, {"system": system, "key": key})
    names = [column[0] for column in cursor.description or []]
    row = cursor.fetchone()
    return {name: value for name, value in zip(names, row, strict=True) if value is not None} if row else {}
