"""What a recipient of exports has to remove again: contact points that left, and may no longer be used or kept (Art. 7(3), 19).

Here: which ones, out of what was noted when they left and what is permitted now, and the file. It is never refused: to remove
is lawful whatever the age of the night. Not here: the note itself (privacy/exported_points.py).
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime
from pathlib import Path

import duckdb

from orchestration.activation.later_words import note_later_words
from orchestration.errors import KundbildError
from orchestration.home import assert_may_write, write_private
from orchestration.match_keys import define_match_keys
from orchestration.privacy.exported_points import hashed_customer, hashed_point, note_told, point_key, prepare_points
from orchestration.privacy.exports import assert_recipient, prepare_exports
from orchestration.privacy.pepper import Pepper
from orchestration.spreadsheets import csv_text
from orchestration.warehouse import has_table, transaction

COLUMNS = ("reference", "contact_point", "reason")
ERASED, RESTRICTED, CHANGED, ENDED = "erased", "restricted", "changed", "not permitted"


@dataclass(frozen=True)
class Removals:
    """What one recipient has to remove from one audience; `by_reason` counts them, `standing` how many may stay."""

    audience: str
    recipient: str
    by_reason: Mapping[str, int]
    standing: int

    @property
    def count(self) -> int:
        return sum(self.by_reason.values())

    def __str__(self) -> str:
        to = f" --recipient {self.recipient}" if self.recipient else ""
        told = f"{self.count:,} contact points of exports of {self.audience} have to be removed by their recipient"
        return f"{told}: `kundbild audience removals {self.audience} --to FILE{to}`"


# every id that a customer has or had, with today's
_IDS = """
create or replace temp table known_ids as
select customer_id as id, customer_id from owners union select r.old_customer_id, r.customer_id from identity.customer_id_redirects r
"""
# contact points that the warehouse knows, as they would be written to
_KNOWN = {
    ("conformed", "conformed_people"): "select email as point from conformed.conformed_people union all select phone from conformed.conformed_people",
    ("identity", "phone_numbers"): "select phone_key from identity.phone_numbers",
    ("conformed", "conformed_consent_events"): "select contact_point from conformed.conformed_consent_events",
    ("marts", "contact_permissions"): "select contact_point from marts.contact_permissions",
}  # fmt: skip
_JUDGED = """
select e.reference, k.point, case
    when e.point_hash is null then '{erased}'
    when i.customer_id in (select customer_id from restricted_customers) then '{restricted}'
    when i.customer_id is null or k.point is null or l.customer_id is not null then '{changed}'
    when p.point_hash is null then '{ended}' end as reason
from restricted.exported_points e
left join (select {id_hash} as customer_hash, min(customer_id) as customer_id from known_ids group by 1) i on i.customer_hash = e.customer_hash
left join (select distinct customer_id from later_words where starts_with(reason, 'corrected')) l on l.customer_id = i.customer_id
left join known_points k on k.point_hash = e.point_hash
left join (
    select distinct customer_id, {permitted_hash} as point_hash
    from (select customer_id, {permitted_key} as key from marts.contact_permissions where is_permitted and purpose = $purpose and channel = $channel)
    where customer_id not in (select customer_id from later_words)
) p on p.customer_id = i.customer_id and p.point_hash = e.point_hash
where e.recipient = $recipient and e.audience = $audience and e.purpose = $purpose and e.channel = $channel
    and (e.told_at is null or $again)
order by 3, 1
"""


def pending(con: duckdb.DuckDBPyConnection, pepper: Pepper) -> list[Removals]:
    """Of every audience and recipient that has contact points of an export."""
    exported = _exported(con)
    if not exported:
        return []
    _note_known_points(con, pepper)
    return [
        _counted(audience, recipient, _judged(con, pepper, audience, recipient, is_again=False))
        for audience, recipient in exported
    ]


def write_removals(
    con: duckdb.DuckDBPyConnection,
    pepper: Pepper,
    audience: str,
    recipient: str,
    file: Path,
    now: datetime,
    *,
    is_again: bool = False,
    overwrite: bool = False,
) -> Removals:
    """Writes what the recipient has to remove since it was last told, as CSV (COLUMNS), private, and notes that it is told.

    `is_again` also what it was told of lately. Raises KundbildError where it got nothing of that audience.
    """
    assert_recipient(recipient)
    assert_may_write(file, overwrite=overwrite)
    exported = _exported(con)
    if (audience, recipient) not in exported:
        there = ", ".join(f"{name}{f' to {whom}' if whom else ''}" for name, whom in exported) or "none yet"
        raise KundbildError(
            f"no export of the audience {audience} to {recipient or 'a recipient without a name'} is noted",
            to_do=f"exports: {there}; `kundbild audience export` notes them",
        )
    _note_known_points(con, pepper)
    judged = _judged(con, pepper, audience, recipient, is_again=is_again)
    rows = [row for row in judged if row[2]]
    with transaction(con):
        note_told(con, [reference for reference, _, _ in rows], now)
        write_private(file, csv_text(COLUMNS, rows), overwrite=overwrite)
    return _counted(audience, recipient, judged)


def _counted(audience: str, recipient: str, judged: list[tuple[str, str | None, str | None]]) -> Removals:
    reasons = Counter(reason for _, _, reason in judged if reason)
    return Removals(audience, recipient, dict(sorted(reasons.items())), sum(reason is None for *_, reason in judged))


def _exported(con: duckdb.DuckDBPyConnection) -> list[tuple[str, str]]:
    prepare_points(con)
    prepare_exports(con)
    # what was told is not kept for good; exports of before there were references have no content hash
    return con.execute(
        "select audience, recipient from restricted.exported_points union "
        "select replace(what, 'audience ', ''), coalesce(recipient, '') from restricted.exports where content_hash is not null order by all"
    ).fetchall()


def _judged(
    con: duckdb.DuckDBPyConnection, pepper: Pepper, audience: str, recipient: str, *, is_again: bool
) -> list[tuple[str, str | None, str | None]]:
    """(reference, contact point where it is known here, reason, or None where it may stay), by reason."""
    if not has_table(con, "marts", "contact_permissions"):
        raise KundbildError("no night has worked out permissions yet", to_do="`kundbild run`")
    told = {"audience": audience, "recipient": recipient}
    asked = con.execute(
        "select distinct purpose, channel from restricted.exported_points where audience = $audience and recipient = $recipient",
        told,
    ).fetchall()
    found: list[tuple[str, str | None, str | None]] = []
    for purpose, channel in asked:
        note_later_words(con, (purpose, channel))
        con.execute(_IDS)
        con.execute(
            "create or replace temp table restricted_customers as select distinct o.customer_id from identity.restrictions "
            "join owners o using (source_system, source_key)"
        )
        sql = _JUDGED.format(
            erased=ERASED, restricted=RESTRICTED, changed=CHANGED, ended=ENDED, id_hash=hashed_customer(pepper, "id"),
            permitted_hash=hashed_point(pepper, "key"), permitted_key=point_key("contact_point"),
        )  # fmt: skip
        said = {**told, "purpose": purpose, "channel": channel, "again": is_again, **pepper.parameters()}
        found += con.execute(sql, said).fetchall()
        con.execute("drop table known_ids; drop table restricted_customers; drop table owners")
    return found


def _note_known_points(con: duckdb.DuckDBPyConnection, pepper: Pepper) -> None:
    define_match_keys(con)
    parts = [sql for (schema, table), sql in _KNOWN.items() if has_table(con, schema, table)]
    con.execute(
        f"create or replace temp table known_points as select {hashed_point(pepper, 'key')} as point_hash, min(point) as point from "
        f"(select point, {point_key('point')} as key from ({' union all '.join(parts)})) where key is not null group by key",
        pepper.parameters(),
    )
