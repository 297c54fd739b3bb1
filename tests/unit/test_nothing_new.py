"""What makes a second run of a day publish anew although no source brought anything."""

from __future__ import annotations

from datetime import datetime, timedelta

import pytest

from orchestration.extract.records import prepare_ops
from orchestration.night import Night
from orchestration.settings import Settings, Source
from orchestration.transform import Dbt
from tests.unit.consent import ANNA, said

MORNING = datetime(2026, 6, 1, 8)


@pytest.fixture
def night(home, warehouse, tmp_path):
    """The run at a time of 1 June 2026, which loads nothing."""
    prepare_ops(warehouse)
    settings = Settings(company="T", sources={"crm": Source(connector="files", url=str(tmp_path), system="crm")})
    dbt = Dbt(settings, home)
    return lambda at: Night(home, settings, f"run at {at}", at, _dbt=dbt)


def test_a_grant_that_ends_or_begins_within_the_day_is_news_from_then_on(permitted, night, warehouse):
    ends, begins = MORNING + timedelta(hours=5), MORNING + timedelta(hours=9)
    permitted(
        [ANNA],
        consent_events=[
            said("anna", at="2026-01-01", expires_at=ends),
            said("anna", at=begins.isoformat(), purpose="offers", confirmed_at=begins),
        ],
    )
    published = MORNING
    night(published).note_published(warehouse)
    for moment in (ends, begins):
        assert night(published + timedelta(minutes=1)).is_nothing_new(warehouse)
        assert night(moment - timedelta(minutes=1)).is_nothing_new(warehouse)
        assert not night(moment).is_nothing_new(warehouse)
        assert not night(moment + timedelta(hours=1)).is_nothing_new(warehouse)
        published = moment + timedelta(hours=1)
        night(published).note_published(warehouse)
    assert night(published + timedelta(hours=2)).is_nothing_new(warehouse)
