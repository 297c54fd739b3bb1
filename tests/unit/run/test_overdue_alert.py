"""Requests that are overdue are told of by Dagster's daemon, once a day, whether or not a night runs."""

from __future__ import annotations

import json
from collections.abc import Iterator
from datetime import timedelta

import dagster as dg
import pytest

from orchestration.core.clock import now
from orchestration.core.migrations import opened
from orchestration.core.settings import Settings, Source
from orchestration.core.settings.operation import Alerts, Engine
from orchestration.core.warehouse import open_warehouse
from orchestration.defs.jobs import overdue_sensor
from orchestration.privacy.rights.deadlines import close
from orchestration.privacy.rights.requests import note_request
from orchestration.run.overdue import tell_overdue
from tests.webhook import webhook

NOW = now()


@pytest.fixture
def received() -> Iterator[tuple[str, list[str]]]:
    with webhook() as found:
        yield found


def test_the_daemon_tells_of_each_overdue_request_once_a_day(home, received, tmp_path, monkeypatch):
    url, told = received
    monkeypatch.setenv("KUNDBILD_HOME", str(home.root))
    monkeypatch.setenv("KUNDBILD_CONFIG", str(tmp_path / "kundbild.toml"))
    source = Source(connector="files", url=str(tmp_path), system="crm")
    settings = Settings(company="T", sources={"crm": source}, alerts=Alerts(webhook=url))
    sensor = overdue_sensor(settings)
    context = dg.build_sensor_context(instance=dg.DagsterInstance.ephemeral())

    def tick() -> int:
        before = len(told)
        sensor(context)
        return len(told) - before

    home.warehouse.unlink(missing_ok=True)
    assert tick() == 0 and not home.warehouse.exists()
    with open_warehouse(home, settings.engine) as con:
        late = note_request(con, "erase", "0" * 64, NOW - timedelta(days=60), "held")
        note_request(con, "erase", "1" * 64, NOW, "held")
    with home.lock("a night"):
        assert tick() == 0
    assert [tick(), tick()] == [1, 0]
    assert told[0].startswith("Kundbild of T: requests of people are overdue. ") and "1 overdue" in told[0]
    # one more that is overdue is told of the same day, and the first one not again until tomorrow
    with open_warehouse(home, settings.engine) as con:
        other = note_request(con, "export", "2" * 64, NOW - timedelta(days=50), "held")
    assert [tick(), tick()] == [1, 0]
    yesterday = (NOW.date() - timedelta(days=1)).isoformat()
    context.update_cursor(json.dumps({"webhook": {late: yesterday, other: NOW.date().isoformat()}}))
    assert [tick(), tick()] == [1, 0]
    # as an earlier version remembered it
    context.update_cursor(json.dumps(dict.fromkeys((late, other), NOW.date().isoformat())))
    assert tick() == 0
    context.update_cursor(json.dumps({late: yesterday, other: NOW.date().isoformat()}))
    assert [tick(), tick()] == [1, 0]
    with open_warehouse(home, settings.engine) as con:
        for request in (late, other):
            close(con, request, "refused", NOW)
    context.update_cursor(json.dumps({"webhook": {late: yesterday}}))
    assert tick() == 0 and json.loads(context.cursor) == {"webhook": {}}


@pytest.fixture
def late_home(home, tmp_path):
    """A home with a request that is overdue, and settings with the alerts that are given."""
    source = Source(connector="files", url=str(tmp_path), system="crm")
    with open_warehouse(home, Engine()) as con:
        note_request(con, "erase", "0" * 64, NOW - timedelta(days=60), "held")
    return home, lambda **alerts: Settings(company="T", sources={"crm": source}, alerts=Alerts(**alerts))


def test_a_place_that_is_dead_is_told_the_next_time_and_the_others_once_a_day(late_home, received):
    home, with_alerts = late_home
    url, told = received
    half_dead = with_alerts(webhook=url, email_to=["a@example.com"], smtp_port=1)
    remembered, said = tell_overdue(home, half_dead, "", NOW)
    assert len(told) == 1 and "email: ConnectionRefusedError" in said
    remembered, said = tell_overdue(home, half_dead, remembered, NOW)
    assert len(told) == 1 and "email: ConnectionRefusedError" in said
    for dead in ("http://127.0.0.1:1/", "no address"):
        remembered, _ = tell_overdue(home, with_alerts(webhook=dead), "", NOW)
        tell_overdue(home, with_alerts(webhook=url), remembered, NOW)
    assert len(told) == 3


def test_a_home_of_a_newer_version_is_left_as_it_is(home, received):
    url, told = received
    settings = Settings(
        company="T", sources={"s": Source(connector="files", url="/", system="crm")}, alerts={"webhook": url}
    )
    with opened(home, Engine(), "a newer version") as con:
        con.execute("update ops.home set program = 'newer', schema_version = 999")
        before = con.execute("select table_schema, table_name from information_schema.tables order by all").fetchall()
    remembered, said = tell_overdue(home, settings, "{}", NOW)
    assert remembered == "{}" and "a newer version of Kundbild built this home" in said
    with open_warehouse(home, Engine()) as con:
        after = con.execute("select table_schema, table_name from information_schema.tables order by all").fetchall()
    assert after == before and not told
