"""What a new segment would hold, and what the segments that are there hold: few people are not counted."""

from __future__ import annotations

from datetime import datetime, timedelta

import pytest

from orchestration.contracts.segment_rules import checked
from orchestration.core.errors import KundbildError
from orchestration.insight.segment_counts import segment_counts, try_segment
from tests.unit.segments import Customer, Nights, compiled

START = datetime(2026, 1, 5, 3)
LEAST = 5


@pytest.fixture(scope="module")
def models(tmp_path_factory) -> dict[str, str]:
    return compiled(tmp_path_factory)


@pytest.fixture
def nights(warehouse, models) -> Nights:
    nights = Nights(warehouse, models)
    stages = "select customer_id, segment as lifecycle_stage from segments.customer_segments where scheme = 'lifecycle'"
    warehouse.execute(f"create view segments.customer_lifecycle as {stages}")
    return nights


def _rule(condition: str):
    return checked("own", "own", condition, "", "--where")


def _company(**more: Customer) -> dict[str, Customer]:
    customers = {f"lead{n}": Customer() for n in range(6)} | {f"active{n}": Customer(n, 5) for n in range(2, 12)}
    return customers | {f"no{n}": Customer(20, 5, refuses=True) for n in range(7)} | more


def test_a_trial_counts_who_may_be_profiled_and_what_they_are_in(nights):
    nights.night(START, _company(**{f"other{n}": Customer(3, 5) for n in range(4)}))
    trial = try_segment(nights.con, _rule("order_count >= 4 and days_since_last_ordered < 30"), LEAST)
    assert (trial.customers, trial.of) == (8, 20)
    found = {(one.scheme, one.segment): (one.customers, one.share) for one in trial.overlaps}
    assert found["lifecycle", "active"] == (8, 1.0) and ("lifecycle", "lead") not in found
    assert try_segment(nights.con, _rule("order_count > 99"), LEAST).customers == 0

    # the mart is the one answer to who may be profiled: who is not in it is not counted, whatever stage they have
    nights.con.execute("delete from marts.customer_profile where customer_id in ('active4', 'lead1')")
    trial = try_segment(nights.con, _rule("order_count >= 4 and days_since_last_ordered < 30"), LEAST)
    assert (trial.customers, trial.of) == (7, 18)


def test_few_are_told_as_few_and_their_overlaps_not_at_all(nights):
    nights.night(START, _company())
    trial = try_segment(nights.con, _rule("order_count >= 9"), LEAST)
    assert (trial.customers, trial.overlaps) == (None, [])
    mixed = try_segment(nights.con, _rule("order_count >= 9 or order_count = 0"), LEAST)
    # all are in one of the two: of 9 less 6 leads anybody would tell three
    assert mixed.customers == 9
    assert {(one.segment, one.customers, one.share) for one in mixed.overlaps if one.scheme == "lifecycle"} == {
        ("lead", None, None),
        ("active", None, None),
    }
    # `segments` tells of 10 active: less 8 anybody would tell two, and 16 less the other 8 tells the 8
    many = _company(**{f"more{n}": Customer(region="Lund") for n in range(8)})
    nights.night(START + timedelta(days=1), many)
    near = try_segment(nights.con, _rule("order_count >= 4 or region = 'Lund'"), LEAST)
    assert near.customers == 16
    assert {one.segment: one.customers for one in near.overlaps if one.scheme == "lifecycle"} == {
        "lead": None,
        "active": None,
    }
    nights.night(START + timedelta(days=2), _company())
    # nor is all but two of everybody told
    assert try_segment(nights.con, _rule("order_count < 10"), LEAST).customers is None


def test_the_total_less_the_listed_tells_of_no_few(nights):
    nights.night(START, _company(late=Customer(2, 300)))
    found = {one.segment: one for one in segment_counts(nights.con, LEAST) if one.scheme == "lifecycle"}
    told = {segment: (one.customers, one.share) for segment, one in found.items()}
    assert told == {"active": (10, 10 / 17), "lead": (None, None), "at risk": (None, None)}
    # those who come may be all who are in it, and who was in it less those who went is who stays
    leads = {f"lead{n}": Customer(2, 300) for n in range(6)} | {"late": Customer()}
    nights.night(START + timedelta(days=1), _company(**leads))
    found = {one.segment: one for one in segment_counts(nights.con, LEAST) if one.scheme == "lifecycle"}
    moved = {segment: (one.customers, one.entered, one.left) for segment, one in found.items()}
    assert moved == {"active": (10, 0, 0), "lead": (None, None, None), "at risk": (None, None, None)}
    # who is in no segment hides the few as another one would
    regions = {f"lead{n}": Customer(region="Skåne" if n < 5 else "Lund") for n in range(6)}
    nights.night(START + timedelta(days=2), _company(late=Customer(2, 300), **regions))
    found = {one.segment: one.customers for one in segment_counts(nights.con, LEAST) if one.scheme == "region"}
    assert found == {"Skåne": 5, "Lund": None}


def test_the_list_tells_since_when_and_who_came_and_went_with_the_last_night(nights):
    nights.night(START, _company())
    nights.night(START + timedelta(days=1), _company(**{f"lead{n}": Customer(2, 300) for n in range(6)}))
    found = {one.segment: one for one in segment_counts(nights.con, LEAST) if one.scheme == "lifecycle"}
    assert (found["lead"].customers, found["lead"].left, found["lead"].entered) == (0, 6, 0)
    assert (found["at risk"].customers, found["at risk"].share, found["at risk"].entered) == (6, 6 / 16, 6)
    assert found["at risk"].since == START + timedelta(days=1) and found["active"].since == START
    assert (found["active"].entered, found["active"].left) == (0, 0)


def test_before_a_night_built_segments_it_says_so(warehouse):
    with pytest.raises(KundbildError, match="no night has built segments"):
        segment_counts(warehouse, LEAST)
