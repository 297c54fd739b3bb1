"""Dagster's databases that cannot be read are put aside and begun anew; nothing but what they held is lost."""

from __future__ import annotations

import sqlite3
from pathlib import Path

import dagster as dg
import pytest

from orchestration.core.errors import KundbildError
from orchestration.core.home import Home
from orchestration.core.settings import PROJECT_DIR
from orchestration.run.doctor import examine
from orchestration.run.launch import _broken
from orchestration.run.run_history import damaged, put_aside

HEADS = ("history/runs.db", "history/runs/index.db", "schedules/schedules.db")


@dg.asset
def one() -> None: ...


def night(home: Home) -> tuple[str, int]:
    """(id of a new run, how many runs Dagster knows)."""
    with dg.DagsterInstance.from_config(str(home.dagster)) as instance:
        result = (
            dg.Definitions(assets=[one]).resolve_implicit_global_asset_job_def().execute_in_process(instance=instance)
        )
        assert result.success and instance.get_latest_materialization_event(one.key)
        return result.run_id, len(instance.get_runs())


@pytest.fixture
def dagster_home(home: Home, monkeypatch: pytest.MonkeyPatch) -> Home:
    """A home after one run."""
    monkeypatch.setenv("DAGSTER_HOME", str(home.dagster))
    monkeypatch.setenv("KUNDBILD_HOME", str(home.root))
    monkeypatch.setenv("KUNDBILD_CONFIG", str(PROJECT_DIR / "kundbild.toml"))
    assert night(home)[1] == 1
    return home


def flipped(content: bytes) -> bytes:
    """Whole at its beginning, so that it can be opened."""
    half = len(content) // 2 // 4096 * 4096
    return content[:half] + b"\xff" * 8192 + content[half + 8192 :]


BREAKS = {
    "empty": lambda content: b"",
    "a byte": lambda content: content[:1],
    "within the header": lambda content: content[:60],
    "half": lambda content: content[: len(content) // 2],
    "another file": lambda content: b"{}\n" * 400,
    "overwritten in its middle": flipped,
}


@pytest.mark.parametrize("how", BREAKS)
@pytest.mark.parametrize("name", HEADS)
def test_a_database_that_cannot_be_read_is_put_aside_and_a_run_goes_on(dagster_home: Home, name: str, how: str):
    assert damaged(dagster_home) == [] == put_aside(dagster_home)
    path = dagster_home.dagster / name
    broken = BREAKS[how](path.read_bytes())
    path.write_bytes(broken)
    assert damaged(dagster_home) == [name]
    with dagster_home.lock("test"):
        (told,) = put_aside(dagster_home)
    assert f"{name}.damaged-" in told and "Nothing else is lost" in told
    (aside,) = path.parent.glob("*.damaged-*")
    assert aside.read_bytes() == broken and not path.exists()
    # what a run needs is made anew; of the run before only the list of runs knew
    assert night(dagster_home)[1] == (1 if name == "history/runs.db" else 2)
    assert damaged(dagster_home) == []


def test_the_log_of_one_run_costs_only_itself(dagster_home: Home):
    (log,) = [path for path in (dagster_home.dagster / "history" / "runs").glob("*.db") if path.name != "index.db"]
    log.write_bytes(log.read_bytes()[:5000])
    name = str(log.relative_to(dagster_home.dagster))
    assert damaged(dagster_home) == [name]
    (told,) = put_aside(dagster_home)
    assert "the log of a former run" in told
    assert night(dagster_home)[1] == 2
    # a run that begins has an empty file for a moment
    log.write_bytes(b"")
    assert damaged(dagster_home) == []


def test_the_doctor_names_what_is_damaged_and_what_was_put_aside(dagster_home: Home):
    found = {finding.what: finding for finding in examine()}
    assert "run history" not in found
    path = dagster_home.dagster / "history" / "runs.db"
    path.write_bytes(path.read_bytes()[:9000])
    before = sorted(dagster_home.dagster.rglob("*"))
    finding = {finding.what: finding for finding in examine()}["run history"]
    assert not finding.is_ok and "history/runs.db" in finding.found and "kundbild run" in finding.to_do
    assert sorted(dagster_home.dagster.rglob("*")) == before
    put_aside(dagster_home)
    finding = {finding.what: finding for finding in examine()}["run history"]
    assert finding.is_ok and "history/runs.db.damaged-" in finding.found and "delete" in finding.to_do


def test_a_database_in_use_is_not_taken_for_a_damaged_one(dagster_home: Home):
    for name in HEADS:
        con = sqlite3.connect(dagster_home.dagster / name, isolation_level=None)
        con.execute("begin exclusive")
        try:
            assert damaged(dagster_home) == []
        finally:
            con.close()


def test_damage_that_the_start_of_a_run_does_not_look_for_is_put_aside_when_the_run_fails_on_it(dagster_home: Home):
    path = dagster_home.dagster / HEADS[1]
    path.write_bytes(flipped(path.read_bytes()))
    assert put_aside(dagster_home, most=0) == []
    with pytest.raises(sqlite3.DatabaseError) as raised:
        _read_all(path)
    wrapped = RuntimeError("sqlalchemy")
    wrapped.__cause__ = raised.value
    told = _broken(wrapped, dagster_home)
    assert isinstance(told, KundbildError) and "index.db.damaged-" in told.what and "again" in told.to_do
    # any other error is told as it was, and nothing is moved
    assert "stopped unexpectedly (ValueError)" in _broken(ValueError("no"), dagster_home).what


def _read_all(path: Path) -> None:
    con = sqlite3.connect(path)
    try:
        for (table,) in con.execute("select name from sqlite_master where type = 'table'").fetchall():
            con.execute(f'select * from "{table}"').fetchall()
    finally:
        con.close()
