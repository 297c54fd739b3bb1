"""What a recipient of exports has to remove again: contact points that left, and may no longer be used or kept (Art. 7(3), 19).

Here: which ones, out of what was noted when they left and what is permitted now, and the file. It is never refused: to remove
is lawful whatever the age of the night. Not here: the note itself (privacy/audit/exported_points.py), who an audience keeps out whatever
they permitted (kept_out.py).
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from datetime import datetime
from pathlib import Path

import duckdb

from orchestration.activation.kept_out import note_kept_out
from orchestration.activation.later_words import note_later_words
from orchestration.contracts.channels import ADDRESS, is_channel_of
from orchestration.contracts.reasons import assert_codes_known
from orchestration.core.errors import KundbildError
from orchestration.core.home import assert_may_write, write_private
from orchestration.core.settings import Privacy
from orchestration.core.spreadsheets import csv_text
from orchestration.core.warehouse import has_table, scalar, transaction
from orchestration.match_keys import define_match_keys
from orchestration.privacy.audit.exported_points import (
    hashed_customer,
    hashed_point,
    note_told,
    point_key,
    prepare_points,
)
from orchestration.privacy.audit.exports import assert_recipient, prepare_exports
from orchestration.privacy.secrets.pepper import Pepper

COLUMNS = ("reference", "contact_point", "reason")
ERASED, RESTRICTED, CHANGED, ENDED = "erased", "restricted", "changed", "not permitted"
# one word for protected, deceased and under age: which of them it is, is not the recipient's to know
KEPT_OUT = "kept out"

# reference, contact point where it is known here, reason
Row = tuple[str, str | None, str]


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


# every id that a customer has or had, hashed as exports are, with today's
_IDS = """
create or replace temp table known_ids as
select {hashed} as customer_hash, min(customer_id) as customer_id from (
    select customer_id as id, customer_id from owners union select r.old_customer_id, r.customer_id from identity.customer_id_redirects r
) group by 1
"""
_HOLDERS = """
create or replace temp table holders as
select e.reference, e.point_hash, i.customer_id, r.customer_id is not null as is_restricted, l.customer_id is not null as is_corrected
from restricted.exported_points e
left join known_ids i on i.customer_hash = e.customer_hash
left join (
    select distinct o.customer_id from identity.restrictions join owners o using (source_system, source_key)
) r on r.customer_id = i.customer_id
left join (
    select customer_id from later_words where reason_code = 'corrected'
    union select customer_id from marts.contact_permissions where purpose = $purpose and channel = $channel and reason_code = 'corrected'
) l on l.customer_id = i.customer_id
where e.recipient = $recipient and e.audience = $audience and e.purpose = $purpose and e.channel = $channel
    and (e.told_at is null or $again)
"""
# who has no permission on that contact point now, or may be in no audience; hashes are made of those alone who were exported
_ENDED = """
create or replace temp table ended as
select h.*, k.customer_id is not null as is_kept_out from holders h
left join kept_out k on k.customer_id = h.customer_id and not k.is_refusal
anti join (
    select customer_id, {hashed} as point_hash from (
        select p.customer_id, {key} as key from marts.contact_permissions p semi join holders using (customer_id)
        where p.is_permitted and (p.expires_at <= $now) is not true and p.purpose = $purpose and p.channel = $channel
            and p.customer_id not in (select customer_id from later_words union all select customer_id from kept_out)
    )
) p on p.customer_id = h.customer_id and p.point_hash = h.point_hash and not h.is_restricted
"""
# their contact points as the warehouse still knows them, by customer
_KNOWN = {
    ("conformed", "conformed_people"): "select o.customer_id, unnest([p.email, p.phone]) as point from conformed.conformed_people p "
    "join owners o using (source_system, source_key)",
    ("identity", "phone_numbers"): "select o.customer_id, n.phone_key from conformed.conformed_people p join owners o using (source_system, source_key) "
    "join identity.phone_numbers n on n.phone = p.phone and n.country_code = coalesce(match_keys.country_code(p.country_code), '')",
    ("conformed", "conformed_consent_events"): "select o.customer_id, e.contact_point from conformed.conformed_consent_events e "
    "join owners o on o.source_system = e.person_system and o.source_key = e.person_key",
    ("marts", "contact_permissions"): "select customer_id, contact_point from marts.contact_permissions",
}  # fmt: skip
_POINTS = """
create or replace temp table known_points as
select customer_id, {hashed} as point_hash, min(point) as point from (
    select customer_id, point, {key} as key from ({known}) k(customer_id, point) semi join ended using (customer_id)
) where key is not null group by customer_id, key
"""
# no street of a protected person leaves once more
_JUDGED = f"""
select e.reference, case when not (e.is_kept_out and {{goes_to_an_address}}) then k.point end, case
    when e.point_hash is null then '{ERASED}'
    when e.is_restricted then '{RESTRICTED}'
    when e.is_kept_out then '{KEPT_OUT}'
    when k.point is null or e.is_corrected then '{CHANGED}'
    else '{ENDED}' end as reason
from ended e left join known_points k on k.customer_id = e.customer_id and k.point_hash = e.point_hash
order by 3, 1
"""


def pending(
    con: duckdb.DuckDBPyConnection,
    pepper: Pepper,
    privacy: Privacy,
    now: datetime,
    only: tuple[str, str] | None = None,
) -> list[Removals]:
    """Of every audience and recipient that has contact points of an export, or of `only` one such pair; `now` is UTC, naive."""
    return [
        Removals(
            audience, recipient, *_counted(*_judged(con, pepper, privacy, audience, recipient, now, is_again=False))
        )
        for audience, recipient in _exported(con)
        if only in (None, (audience, recipient))
    ]


def write_removals(
    con: duckdb.DuckDBPyConnection,
    pepper: Pepper,
    privacy: Privacy,
    audience: str,
    recipient: str,
    file: Path,
    now: datetime,
    *,
    is_again: bool = False,
    overwrite: bool = False,
    note: Callable[[int], object] = lambda removals: None,
) -> Removals:
    """Writes what the recipient has to remove since it was last told, as CSV (COLUMNS), private, and notes that it is told.

    `is_again` also what it was told of lately. `note` is given the number of removals before the file is written. Raises
    KundbildError where it got nothing of that audience.
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
    rows, standing = _judged(con, pepper, privacy, audience, recipient, now, is_again=is_again)
    with transaction(con):
        note_told(con, [reference for reference, _, _ in rows], now)
        note(len(rows))
        write_private(file, csv_text(COLUMNS, rows), overwrite=overwrite)
    return Removals(audience, recipient, *_counted(rows, standing))


def _counted(rows: list[Row], standing: int) -> tuple[dict[str, int], int]:
    return dict(sorted(Counter(reason for _, _, reason in rows).items())), standing


def _exported(con: duckdb.DuckDBPyConnection) -> list[tuple[str, str]]:
    prepare_points(con)
    prepare_exports(con)
    # what was told is not kept for good; exports of before there were references have no content hash
    return con.execute(
        "select audience, recipient from restricted.exported_points union "
        "select replace(what, 'audience ', ''), coalesce(recipient, '') from restricted.exports where content_hash is not null order by all"
    ).fetchall()


def _judged(
    con: duckdb.DuckDBPyConnection,
    pepper: Pepper,
    privacy: Privacy,
    audience: str,
    recipient: str,
    now: datetime,
    *,
    is_again: bool,
) -> tuple[list[Row], int]:
    """What has to be removed, by reason, and how many contact points may stay."""
    if not has_table(con, "marts", "contact_permissions"):
        raise KundbildError("no night has computed permissions yet", to_do="`kundbild run`")
    assert_codes_known(con, "contact_permissions")
    define_match_keys(con)
    told = {"audience": audience, "recipient": recipient}
    asked = con.execute(
        "select distinct purpose, channel from restricted.exported_points where audience = $audience and recipient = $recipient",
        told,
    ).fetchall()
    known = " union all ".join(sql for (schema, table), sql in _KNOWN.items() if has_table(con, schema, table))
    hashed_key = hashed_point(pepper, "key")
    found: list[Row] = []
    standing = 0
    for purpose, channel in asked:
        about = {"purpose": purpose, "channel": channel}
        note_later_words(con, (purpose, channel), audience, now)
        con.execute(_IDS.format(hashed=hashed_customer(pepper, "id")), pepper.parameters())
        con.execute(_HOLDERS, {**told, **about, "again": is_again})
        note_kept_out(con, audience, purpose, privacy)
        ended = _ENDED.format(hashed=hashed_key, key=point_key("p.contact_point"))
        con.execute(ended, {**about, "now": now, **pepper.parameters()})
        con.execute(_POINTS.format(hashed=hashed_key, key=point_key("point"), known=known), pepper.parameters())
        rows = con.execute(
            _JUDGED.format(goes_to_an_address=is_channel_of("$channel", ADDRESS)), {"channel": channel}
        ).fetchall()
        standing += int(scalar(con, "select count(*) from holders")) - len(rows)
        found += rows
    return found, standing
