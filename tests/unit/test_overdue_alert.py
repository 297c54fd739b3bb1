"""Requests that are overdue are told of by Dagster's daemon, once a day, whether or not a night runs."""

from __future__ import annotations

import json
from collections.abc import Iterator
from datetime import timedelta
from http.server import BaseHTTPRequestHandler, HTTPServer
from threading import Thread

import dagster as dg
import pytest

from orchestration.defs.jobs import overdue_sensor
from orchestration.extract.records import now
from orchestration.operation_settings import Alerts
from orchestration.privacy.deadlines import close
from orchestration.privacy.rights import note_request
from orchestration.settings import Settings, Source
from orchestration.warehouse import open_warehouse

NOW = now()


@pytest.fixture
def received() -> Iterator[tuple[str, list[str]]]:
    """The URL of a webhook, and what it was told."""
    told: list[str] = []

    class Webhook(BaseHTTPRequestHandler):
        def do_POST(self) -> None:
            told.append(json.loads(self.rfile.read(int(self.headers["Content-Length"])))["text"])
            self.send_response(204)
            self.end_headers()

        def log_message(self, *_) -> None:
            pass

    with HTTPServer(("127.0.0.1", 0), Webhook) as server:
        Thread(target=server.serve_forever, daemon=True).start()
        yield f"http://127.0.0.1:{server.server_port}/", told
        server.shutdown()


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
    assert "found requests of people overdue" in told[0] and "1 overdue" in told[0]
    # one more that is overdue is told of the same day, and the first one not again until tomorrow
    with open_warehouse(home, settings.engine) as con:
        other = note_request(con, "export", "2" * 64, NOW - timedelta(days=50), "held")
    assert [tick(), tick()] == [1, 0]
    yesterday = (NOW.date() - timedelta(days=1)).isoformat()
    context.update_cursor(json.dumps({late: yesterday, other: NOW.date().isoformat()}))
    assert [tick(), tick()] == [1, 0]
    with open_warehouse(home, settings.engine) as con:
        for request in (late, other):
            close(con, request, "refused", NOW)
    context.update_cursor(json.dumps({late: yesterday}))
    assert tick() == 0 and json.loads(context.cursor) == {}


def test_what_could_not_be_sent_is_sent_the_next_time(home, received, tmp_path, monkeypatch):
    url, told = received
    monkeypatch.setenv("KUNDBILD_HOME", str(home.root))
    monkeypatch.setenv("KUNDBILD_CONFIG", str(tmp_path / "kundbild.toml"))
    source = Source(connector="files", url=str(tmp_path), system="crm")
    settings = Settings(company="T", sources={"crm": source}, alerts=Alerts(webhook="http://127.0.0.1:1/"))
    with open_warehouse(home, settings.engine) as con:
        note_request(con, "erase", "0" * 64, NOW - timedelta(days=60), "held")
    context = dg.build_sensor_context(instance=dg.DagsterInstance.ephemeral())
    overdue_sensor(settings)(context)
    assert told == [] and json.loads(context.cursor) == {}
    overdue_sensor(settings.model_copy(update={"alerts": Alerts(webhook=url)}))(context)
    assert len(told) == 1
