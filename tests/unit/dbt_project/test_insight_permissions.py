"""How many may be contacted, week by week: by hand-written histories, against what one counts by hand."""

from __future__ import annotations

from datetime import date, datetime

import pytest

from tests.unit.compiled import compiled_models
from tests.unit.dbt_project.insight import Marts


@pytest.fixture(scope="module")
def models(tmp_path_factory) -> dict[str, str]:
    return compiled_models(tmp_path_factory, ("permission_trend", "bi_permission_trend"))


@pytest.fixture
def marts(warehouse, models) -> Marts:
    return Marts(warehouse, models, ("contact_permission_history",))


def turn(customer: str, at: str, is_permitted: bool, **more) -> dict:
    return {
        "customer_id": customer,
        "purpose": "newsletter",
        "channel": "email",
        "valid_from": datetime.fromisoformat(at),
        "is_permitted": is_permitted,
    } | more


def test_nothing_said_is_no_row(marts):
    assert marts.rows("permission_trend") == []


def test_permissions_are_counted_at_the_end_of_each_week(marts):
    """As of Monday 2026-06-01; the week before began on 2026-05-25."""
    marts.add("marts.contact_permission_history",
              turn("c1", "2020-01-01", True), turn("c1", "2026-05-24T23:59", False), turn("c1", "2026-05-25", True),
              # another address, and a refusal of who never agreed, change nothing
              turn("c2", "2026-05-11", True, contact_point="a@x.se"), turn("c2", "2026-05-26", True, contact_point="b@x.se"),
              turn("c3", "2026-05-12", False), turn("c4", "2026-05-31T23:00", True), turn("c5", "2026-06-02", True),
              turn("c6", "2026-05-13", True, channel="sms"))  # fmt: skip
    found = marts.by("permission_trend", "channel", "week_on")
    assert len(found) == 2 * 53

    def week(on: date, channel: str = "email") -> tuple:
        row = found[channel, on]
        return row["permitted_count"], row["gained_count"], row["lost_count"], row["is_final"]

    assert week(date(2025, 6, 2)) == (1, 0, 0, True)
    assert week(date(2026, 5, 11)) == (2, 1, 0, True)
    assert week(date(2026, 5, 18)) == (1, 0, 1, True)
    assert week(date(2026, 5, 25)) == (3, 2, 0, True)
    assert week(date(2026, 6, 1)) == (3, 0, 0, False)
    assert week(date(2026, 5, 11), "sms") == (1, 1, 0, True)


def test_analysts_see_rounded_counts(marts):
    marts.add(
        "marts.contact_permission_history",
        *(turn(f"c{n}", "2026-05-11", True) for n in range(13)),
        *(turn(f"c{n}", "2026-05-20", False) for n in range(4)),
    )
    marts.build("permission_trend")
    found = marts.by("bi_permission_trend", "week_on")
    columns = ("permitted_count", "gained_count", "lost_count")
    assert [found[date(2026, 5, 11)][c] for c in columns] == [15, 15, 0]
    assert [found[date(2026, 5, 18)][c] for c in columns] == [10, 0, None]
