"""What a steward decided: two records are one person, or are not. Here: `identity.decisions`, keyed on source keys.

A decision outlives every rerun and rebuild, and stands where its records are gone for a while. Not here: which pairs
are worth a look (review.py), how decisions join and part (edges.py, guard.py).
"""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass
from datetime import datetime
from typing import Literal

import duckdb

from orchestration.core.errors import KundbildError
from orchestration.core.sql_scripts import sql_script
from orchestration.core.warehouse import has_table, transaction
from orchestration.identity.touched import touch

Verdict = Literal["same", "different"]
Record = tuple[str, str]

_DDL = sql_script(__file__, "decisions")
# decisions whose two records stand tonight, as record ids
_STANDING = """
create or replace temp table standing_now as
select least(a.record_id, b.record_id) as left_id, greatest(a.record_id, b.record_id) as right_id, d.verdict
from identity.decisions d
join identity.normalised_people a on a.source_system = d.left_system and a.source_key = d.left_key
join identity.normalised_people b on b.source_system = d.right_system and b.source_key = d.right_key
"""
# what was decided, or taken back, touches both records
_OTHER = """
with other as (
    (from standing_now except from identity.standing_decisions) union all (from identity.standing_decisions except from standing_now)
)
select left_id from other union all select right_id from other
"""


@dataclass(frozen=True)
class Decision:
    """Two source records, (system, key) each, and what was decided of them."""

    left: Record
    right: Record
    verdict: Verdict
    note: str = ""

    def ordered(self) -> Decision:
        left, right = sorted((self.left, self.right))
        return Decision(left, right, self.verdict, self.note)


def parse_record(text: str) -> Record:
    """(system, key) of `system:key`. Raises KundbildError where it is none."""
    system, colon, key = text.strip().partition(":")
    if not (system and colon and key):
        raise KundbildError(f"{text!r} names no source record", to_do="write system:key, as in crm:1042")
    return system, key


def prepare_decisions(con: duckdb.DuckDBPyConnection) -> None:
    con.execute(_DDL)


def find_standing(con: duckdb.DuckDBPyConnection) -> None:
    """Rebuilds `identity.standing_decisions` (left_id < right_id, verdict): those whose two records are there.

    Touches the records of those that are new or stand no longer.
    """
    prepare_decisions(con)
    con.execute(_STANDING)
    with transaction(con):
        touch(con, _OTHER)
        con.execute("create or replace table identity.standing_decisions as from standing_now")


def decide(con: duckdb.DuckDBPyConnection, decisions: Iterable[Decision], by: str, at: datetime) -> int:
    """Stores decisions, all or none; a later one on the same pair replaces the earlier. Returns how many.

    Raises KundbildError where a record is not known, where both are one, or where decisions contradict each other.
    """
    prepare_decisions(con)
    fresh = [decision.ordered() for decision in decisions]
    for decision in fresh:
        if decision.left == decision.right:
            raise KundbildError(f"{_name(decision.left)} is named twice", to_do="name two records")
    _assert_known(con, {record for decision in fresh for record in (decision.left, decision.right)})
    with transaction(con):
        con.executemany(
            "insert or replace into identity.decisions values (?, ?, ?, ?, ?, ?, ?, ?)",
            [[*d.left, *d.right, d.verdict, at, by, d.note] for d in fresh],
        ) if fresh else None
        _assert_consistent(con)
    return len(fresh)


def forget(con: duckdb.DuckDBPyConnection, left: Record, right: Record) -> None:
    """Takes a decision back. Raises KundbildError where there is none."""
    prepare_decisions(con)
    left, right = sorted((left, right))
    gone = con.execute(
        "delete from identity.decisions where left_system = ? and left_key = ? and right_system = ? and right_key = ? returning 1",
        [*left, *right],
    ).fetchall()
    if not gone:
        raise KundbildError(
            f"nothing was decided of {_name(left)} and {_name(right)}",
            to_do="`kundbild review decisions` lists what was",
        )


def assert_people(con: duckdb.DuckDBPyConnection) -> None:
    """Raises KundbildError before the first night."""
    if not has_table(con, "conformed", "conformed_people"):
        raise KundbildError("no night has read people yet", to_do="`kundbild run`")


def _assert_known(con: duckdb.DuckDBPyConnection, records: set[Record]) -> None:
    assert_people(con)
    unknown = [
        record
        for record in sorted(records)
        if not con.execute(
            "select 1 from conformed.conformed_people where source_system = ? and source_key = ? limit 1", list(record)
        ).fetchall()
    ]
    if unknown:
        raise KundbildError(
            f"there is no record {', '.join(_name(record) for record in unknown[:5])}",
            to_do="records are named system:key, as in conformed people",
        )


def _assert_consistent(con: duckdb.DuckDBPyConnection) -> None:
    """Records that decisions unite, through others too, must not be held apart by another decision."""
    rows = con.execute(
        "select left_system, left_key, right_system, right_key, verdict from identity.decisions"
    ).fetchall()
    part: dict[Record, Record] = {}

    def root(record: Record) -> Record:
        while part.setdefault(record, record) != record:
            record = part[record]
        return record

    for *pair, verdict in rows:
        if verdict == "same":
            part[root((pair[0], pair[1]))] = root((pair[2], pair[3]))
    for *pair, verdict in rows:
        left, right = (pair[0], pair[1]), (pair[2], pair[3])
        if verdict == "different" and root(left) == root(right):
            raise KundbildError(
                f"{_name(left)} and {_name(right)} would be one person by some decisions and two by another",
                to_do="take one back with `kundbild review undo`; `kundbild review decisions` lists them",
            )


def _name(record: Record) -> str:
    return ":".join(record)
