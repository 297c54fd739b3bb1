"""Segments as analysts see them: counts of many, also where rows are subtracted from each other."""

from __future__ import annotations

from datetime import datetime, timedelta

import pytest

from tests.unit.segments import Customer, Nights, compiled

START = datetime(2026, 1, 5, 3)
SOME = "other (small groups)"


@pytest.fixture(scope="session")
def models(tmp_path_factory) -> dict[str, str]:
    return compiled(tmp_path_factory)


@pytest.fixture
def nights(warehouse, models) -> Nights:
    return Nights(warehouse, models)


def _company(**counts: int) -> dict[str, Customer]:
    kinds = {"lead": Customer(), "active": Customer(2, 5), "risk": Customer(2, 300), "lapsed": Customer(2, 500)}
    return {f"{kind}{n}": kinds[kind] for kind, count in counts.items() for n in range(count)}


def _overview(nights: Nights, scheme: str = "lifecycle") -> dict[str, tuple]:
    rows = nights.con.execute(
        f"select segment, customer_count, customer_share, orders_per_customer, revenue_per_customer, customer_count_7d_ago, customer_count_28d_ago from ({nights.models['bi_segment_overview']}) where scheme = ?",
        [scheme],
    ).fetchall()
    return {row[0]: row[1:] for row in rows}


def test_the_overview_counts_and_compares_with_7_and_28_days_ago(nights):
    nights.night(START, _company(lead=10, active=10))
    nights.night(
        START + timedelta(days=25), _company(lead=10, active=5) | {f"active{n}": Customer(2, 300) for n in range(5, 10)}
    )
    assert _overview(nights) == {
        "lead": (10, 0.5, 0, 0, 10, None), "active": (5, 0.25, 2, 200, 10, None), "at risk": (5, 0.25, 2, 200, 0, None),
    }  # fmt: skip
    nights.night(START + timedelta(days=32), _company(lead=20))
    assert {segment: row[-2:] for segment, row in _overview(nights).items()} == {"lead": (10, 10), "active": (5, 10), "at risk": (5, 0)}  # fmt: skip


def test_few_are_one_row_with_the_next_smallest_and_whoever_is_in_no_segment_is_a_part_too(nights):
    nights.night(START, _company(lead=20, active=9, risk=7, lapsed=2))
    assert {segment: row[0] for segment, row in _overview(nights).items()} == {"lead": 20, "active": 10, SOME: 10}
    customers = {f"c{n}": Customer(nps=9 if n < 18 else 3 if n < 28 else None) for n in range(30)}
    nights.night(START + timedelta(days=1), customers)
    assert {segment: row[0] for segment, row in _overview(nights, "nps").items()} == {"promoter": 20, SOME: 10}


def test_a_past_of_few_is_not_told_by_the_rest_of_its_night_either(nights):
    nights.night(START, _company(lead=20, active=9, risk=2, lapsed=8))
    nights.night(START + timedelta(days=7), _company(lead=20, active=9, risk=9, lapsed=8))
    assert {segment: row[4] for segment, row in _overview(nights).items()} == {
        "lead": 20, "active": 10, "at risk": None, "lapsed": None,
    }  # fmt: skip


def test_a_scheme_of_few_customers_shows_no_number(nights):
    nights.night(START, _company(lead=3))
    assert _overview(nights)[SOME] == (None,) * 6


def test_all_customers_less_the_segments_tell_of_nobody_who_is_not_profiled(nights):
    """One of 31 objects: that is told neither by the counts of the segments, nor by a mean, whose denominator is a count."""
    company = _company(lead=12, active=11, risk=7) | {"risk7": Customer(3, 300)}
    told = []
    for refuses in (False, True):
        nights.night(START, company | {"risk8": Customer(2, 300, refuses=refuses)})
        told.append(_overview(nights))
    assert [{segment: row[:2] for segment, row in one.items()} for one in told] == [{"lead": (10, 0.33), "active": (10, 0.33), "at risk": (10, 0.33)}] * 2  # fmt: skip
    # of 17 orders by 8, and 1,700.00
    assert told[1]["at risk"][2:4] == (2.1, 213)


def _movements(nights: Nights) -> list[tuple]:
    return nights.con.execute(
        f"select from_segment, to_segment, week::varchar, customer_count from ({nights.models['bi_segment_movements']}) where scheme = 'lifecycle' order by all"
    ).fetchall()


def test_movements_are_of_many_and_rounded_and_a_first_night_has_none(nights):
    before = _company(active=20, risk=20)
    nights.night(START, before)
    assert _movements(nights) == []
    after = (
        before | {f"active{n}": Customer(2, 300) for n in range(12)} | {f"risk{n}": Customer(3, 1) for n in range(6)}
    )
    nights.night(START + timedelta(days=2), after | _company(lead=8))
    assert _movements(nights) == [
        ("active", "at risk", "2026-01-05", 10), ("at risk", "active", "2026-01-05", 5), ("in no segment", "lead", "2026-01-05", 10),
    ]  # fmt: skip
    # the next week three leave, and with them the next smallest way is told
    left = {name: customer for name, customer in after.items() if name not in ("risk19", "risk18", "risk17")}
    nights.night(
        START + timedelta(days=8), left | _company(lead=8) | {f"risk{n}": Customer(4, 1) for n in range(6, 14)}
    )
    assert [row for row in _movements(nights) if row[2] == "2026-01-12"] == [(SOME, SOME, "2026-01-12", 10)]
