"""How many customers are in which segment, and how many a new one would hold, as the last night left the warehouse.

Here: reading it; counts of few people are not told. Not here: who is in a segment (dbt), the rules (contracts/segment_rules.py).
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime

import duckdb

from orchestration.contracts.segment_rules import SegmentRule, readable_columns
from orchestration.core.errors import KundbildError
from orchestration.core.sql_scripts import sql_script
from orchestration.core.warehouse import has_relation, quote

# a scheme and a segment of it
_Place = tuple[str, str]


@dataclass(frozen=True)
class SegmentCount:
    """A segment: customers in it, since when anybody was in it, and who came and went with the last night. None: a few, or the
    smallest of the others of a scheme with a few; of whom is not counted nobody is told to come or go, for that may be all of them."""

    scheme: str
    segment: str
    customers: int | None
    share: float | None
    since: datetime
    entered: int | None
    left: int | None


@dataclass(frozen=True)
class Overlap:
    """How many of a new segment's customers are in one that is there, and which share of the new one that is. None: a few, all
    but a few of the one that is there, or the smallest of the others of a scheme with such a one."""

    scheme: str
    segment: str
    customers: int | None
    share: float | None


@dataclass(frozen=True)
class Trial:
    """What a new segment would hold, of how many customers who may be profiled. None: a few, or all but a few."""

    customers: int | None
    of: int
    overlaps: Sequence[Overlap]


def segment_counts(con: duckdb.DuckDBPyConnection, least: int) -> list[SegmentCount]:
    """Every segment, the largest of each scheme first; `least` is [privacy] min_people. Raises KundbildError before a night built them."""
    _assert_built(con)
    rows = con.execute(sql_script(__file__, "segment_counts")).fetchall()
    told = _told(
        {(scheme, segment): customers for scheme, segment, customers, *_ in rows}, rows[0][3] if rows else 0, least
    )
    return [
        SegmentCount(
            scheme, segment, many, _share(many, of), since,
            *(None if many is None else _unless_few(moved, least) for moved in (entered, left)),
        )
        for scheme, segment, _, of, since, entered, left in rows
        for many in [told[scheme, segment]]
    ]  # fmt: skip


def try_segment(con: duckdb.DuckDBPyConnection, rule: SegmentRule, least: int) -> Trial:
    """What a rule would hold. Raises KundbildError before a night built what it reads."""
    _assert_built(con)
    columns = [readable_columns()[name] for name in rule.columns]
    shown = ", ".join(
        f"date_diff('day', c.{quote(c.since)}, (select as_of from ops.clock)) as {quote(c.name)}"
        if c.since
        else f"{c.of}.{quote(c.name)} as {quote(c.name)}"
        for c in columns
    )
    script = sql_script(__file__, "segment_trial", columns=f", {shown}" if shown else "", condition=rule.condition)
    (customers, of, *_), *rows = con.execute(script).fetchall()
    held = None if _is_few(of - customers, least) else _unless_few(customers, least)
    shared = {(scheme, segment): both for both, _, scheme, segment, _ in rows}
    # `segments` tells how large each is: less whom both hold it tells of who is in it alone
    beside = {(scheme, segment): size - both for both, _, scheme, segment, size in rows}
    told = _told(shared, customers, least, beside)
    overlaps = [Overlap(scheme, segment, both, _share(both, held)) for (scheme, segment), both in told.items()]
    return Trial(held, of, overlaps if held else [])


def _told(
    counts: Mapping[_Place, int], total: int, least: int, beside: Mapping[_Place, int] | None = None
) -> dict[_Place, int | None]:
    """{(scheme, segment): customers}, None for those of few, or `beside` few whom the count less another one would tell of, and for
    the smallest of the others where the total less what a scheme tells, with who is in none of it, would tell of them. Not the
    macro is_lumped (few.sql): its cells make up the total; here some customers are in none, and where they are enough they hide the few."""
    hidden = {place for cells in (counts, beside or {}) for place, many in cells.items() if _is_few(many, least)}
    for scheme in {scheme for scheme, _ in counts}:
        of_scheme = {place: many for place, many in counts.items() if place[0] == scheme}
        rest = total - sum(of_scheme.values())
        if rest < least and (_is_few(rest, least) or hidden & of_scheme.keys()):
            others = [(many, place) for place, many in of_scheme.items() if many >= least and place not in hidden]
            hidden |= {place for _, place in sorted(others)[:1]}
    return {place: None if place in hidden else many for place, many in counts.items()}


def _assert_built(con: duckdb.DuckDBPyConnection) -> None:
    if not has_relation(con, "segments", "segment_membership_history"):
        raise KundbildError("no night has built segments yet", to_do="`kundbild run`")


def _unless_few(count: int, least: int) -> int | None:
    return None if _is_few(count, least) else count


def _is_few(count: int, least: int) -> bool:
    return 0 < count < least


def _share(part: int | None, of: int | None) -> float | None:
    return None if part is None or not of else part / of
