"""A run that could note nothing in the warehouse is told by the next status: a full disk, a kill."""

from __future__ import annotations

import errno
import json
import subprocess
import sys
from datetime import timedelta
from typing import Any

import duckdb
import pytest
from typer.testing import CliRunner

from orchestration.cli.app import app
from orchestration.core.clock import now
from orchestration.core.errors import KundbildError, WarehouseBusyError
from orchestration.core.settings import PROJECT_DIR
from orchestration.publishing.versions import MANIFEST
from orchestration.run.attempts import attempt, newest, unnoted
from orchestration.run.launch import run_nightly
from orchestration.run.status import note_run, read_status


@pytest.fixture
def ran(home, monkeypatch):
    """A home whose last run is green."""
    monkeypatch.setenv("KUNDBILD_HOME", str(home.root))
    monkeypatch.setenv("KUNDBILD_CONFIG", str(PROJECT_DIR / "kundbild.toml"))
    with duckdb.connect(str(home.warehouse)) as con:
        note_run(con, "green", [])
    return home


def failing(monkeypatch: pytest.MonkeyPatch, error: Exception) -> None:
    def fail(*_: Any, **__: Any) -> None:
        raise error

    monkeypatch.setattr("orchestration.run.launch._run", fail)
    monkeypatch.setattr("orchestration.run.launch._alert", lambda *_: "")


def test_a_run_that_finds_the_disk_full_is_told_by_status(ran, monkeypatch):
    failing(monkeypatch, OSError(errno.ENOSPC, "No space left on device"))
    with pytest.raises(KundbildError, match="the disk is full"):
        run_nightly()
    told = read_status()["unnoted_run"]
    assert "failed: the disk is full" in told and "make room there" in told
    shown = CliRunner().invoke(app, ["status"])
    assert "the disk is full" in " ".join(shown.stdout.split())
    # a run that noted its end since has taken it over
    with duckdb.connect(str(ran.warehouse)) as con:
        note_run(con, "later", [])
    assert read_status()["unnoted_run"] == ""


def test_a_first_run_that_failed_is_told_too(ran, monkeypatch):
    ran.warehouse.unlink()
    failing(monkeypatch, OSError(errno.ENOSPC, "No space left on device"))
    with pytest.raises(KundbildError):
        run_nightly()
    with pytest.raises(KundbildError, match="failed: the disk is full"):
        read_status()


def test_who_finds_another_run_at_work_is_no_run_that_failed(ran, monkeypatch):
    failing(monkeypatch, WarehouseBusyError("the warehouse is locked", where="", to_do="wait"))
    with pytest.raises(WarehouseBusyError):
        run_nightly()
    assert read_status()["unnoted_run"] == ""


def test_a_run_that_was_killed_noted_no_end_and_one_that_goes_on_is_not_over(home):
    code = (
        "import sys, time; from pathlib import Path; from orchestration.run.attempts import attempt; from orchestration.core.home import Home\n"
        "with attempt(Home(Path(sys.argv[1]))):\n    print('here', flush=True); time.sleep(120)\n"
    )
    run = subprocess.Popen([sys.executable, "-c", code, str(home.root)], stdout=subprocess.PIPE, text=True)
    assert run.stdout and run.stdout.readline() == "here\n"
    assert unnoted(home, None) == ""
    run.kill()
    run.wait()
    run.stdout.close()
    assert "noted no end" in unnoted(home, None)
    assert unnoted(home, {"ended_at": str(now() + timedelta(hours=1))}) == ""
    assert "noted no end" in unnoted(home, {"ended_at": str(now() - timedelta(hours=1))})
    with attempt(home) as mark:
        mark.end()
    assert unnoted(home, None) == ""


def test_the_mark_needs_no_room_once_it_is_there(home):
    with attempt(home) as mark, attempt(home) as inner:
        before = home.last_attempt.stat()
        inner.end()
        mark.end("no room: " + "ö" * 9000)
    after = home.last_attempt.stat()
    assert (after.st_ino, after.st_size, after.st_blocks) == (before.st_ino, before.st_size, before.st_blocks)
    assert after.st_mode & 0o077 == 0
    assert "failed: no room: ö" in unnoted(home, None)


@pytest.mark.parametrize("content", [b"", b"{", b"\xff\xfe", b"[1]", b"{}", b'{"sources": []}', None])
def test_a_status_that_cannot_be_read_is_no_first_run_and_what_else_is_known_is_told(ran, content):
    with attempt(ran) as mark:
        mark.end("no room")
    ran.audit_log.write_text('{"number": 1, "at": "2026-11-01T02:00:00Z", "action": "published"}\n')
    version = ran.published / "versions" / "v1"
    version.mkdir(parents=True)
    said = {"version": "v1", "run_id": "r", "published_at": "2026-11-01T02:00:00Z", "tables": {"bi.dim_customers": 7}}
    (version / MANIFEST).write_text(json.dumps(said))
    (ran.published / "current").symlink_to(version)
    if content is not None:
        ran.last_status.write_bytes(content)
    with ran.lock("run 12345678"):
        found = read_status()
    assert "run 12345678" in found["running"] and found["publication"]["rows"] == 7 and found["last_run"] is None
    told = " ".join(found["unread"])
    assert str(ran.last_status) in told and ("is not there" if content is None else "is cut, empty") in told
    assert "the newest run began at" in told and "failed: no room" in told
    assert "published, at 2026-11-01T02:00:00Z" in told
    shown = " ".join(CliRunner().invoke(app, ["status"]).stdout.split())
    assert "first run" not in shown


def test_only_a_home_without_a_status_and_a_publication_is_at_its_first_run(ran):
    with ran.lock("run 12345678"), pytest.raises(WarehouseBusyError, match=r"the first run is going on: .*12345678"):
        read_status()


@pytest.mark.parametrize(
    "content", [b"", b"{", b"\xff", b"[1]", b"{}", b'{"state": "began", "began_at": "x", "problem": ""}']
)
def test_a_mark_that_cannot_be_read_tells_of_no_run(ran, content):
    ran.last_attempt.write_bytes(content)
    assert unnoted(ran, None) == newest(ran) == ""
    assert read_status()["last_run"]["run_id"] == "green"


def test_a_warehouse_that_cannot_be_opened_is_not_told_as_one_in_use(ran):
    ran.warehouse.write_bytes(b"garbage" * 10_000)
    found = read_status()
    assert found["running"] == "" and "the warehouse; `kundbild doctor`" in found["unread"][0]
