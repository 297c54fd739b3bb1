"""What a night tells by alert, and in which words: a source that is gone, a run that cannot start, a disk without room.

Not here: how a night is stopped (test_machine.py), or when an alert is due (unit/run).
"""

from __future__ import annotations

import os
import resource
import shutil
import subprocess
from collections.abc import Iterator
from datetime import datetime
from pathlib import Path

import pytest

from orchestration.core.home import Home
from orchestration.core.migrations import opened
from orchestration.core.settings import Engine
from orchestration.privacy.rights.requests import note_request
from tests.conftest import NIGHT_2, Kundbild
from tests.integration.file_store import FileStore
from tests.integration.tiny import in_dagster, make_tiny
from tests.warm import run_warm
from tests.webhook import webhook


@pytest.mark.slow
def test_a_source_that_fails_is_not_fresh_and_is_told_since_when(tiny: Kundbild):
    """First its file is gone, then its store breaks off in mid-file; the others go on, and a night that can read it heals."""
    with webhook() as (url, told):
        tiny = make_tiny(tiny.home.parent, url)
        old, folder = (tiny.home / "published" / "current").readlink(), tiny.home.parent / "club"
        (folder / "members.csv").unlink()
        first = tiny.json("run", "--as-of", NIGHT_2, code=1)
        with opened(Home(tiny.home), Engine(), "test") as con:
            note_request(con, "erase", "0" * 64, datetime(2026, 1, 31), "held")
        for name, key in ((folder / "members.csv", 3), (tiny.home.parent / "list" / "people.csv", 4)):
            name.write_text(f"id,name,email\n1,Anna Berg,a@x.se\n2,Bo Ek,b@x.se\n{key},Cia Al,c{key}@x.se\n")
        store = FileStore(folder)
        tiny.config.write_text(tiny.config.read_text().replace(f'"{folder}"', f'"{store.url}"'))
        with store.serving():
            store.breaks_off = True
            second = tiny("run", "--as-of", "2026-11-03T02:00:00", code=1)
            new = (tiny.home / "published" / "current").readlink()
            lost = tiny.json("status")
            with tiny.warehouse() as con:
                people = con.execute("select source_system, source_key from conformed.conformed_people order by all")
                assert people.fetchall() == [("club", "1"), ("club", "2"), ("list", "1"), ("list", "2"), ("list", "4")]
            # of the two nights after the first, neither made what could not be read
            newest = (
                "runs = [run.run_id for run in instance.get_runs()]; "
                "newest = [instance.get_latest_materialization_event(dg.AssetKey(['raw', *key])) for key in "
                "(['club', 'members'], ['list', 'people'])]; print([runs.index(event.run_id) for event in newest])"
            )
            assert in_dagster(tiny, newest) == "[2, 0]"
            store.breaks_off = False
            third = tiny.json("run", "--as-of", "2026-11-04T02:00:00")
            healed = tiny.json("status")
    assert first["is_success"] and list(first["failed_sources"]) == ["club"]
    # whoever reads has what the others delivered
    assert new != old
    assert f"source club is stale since {first['stale_since']['club']}" in second.stderr
    assert "its file store does not answer" in second.stderr and "hemligt" not in second.stdout + second.stderr
    assert len(told) == 4 and all("club" in text and "could not be read" in text for text in told[:2])
    # a request of somebody that is past its day: in the sum, as a check, and by an alert of its own
    late = "1 overdue (the oldest was due on 2026-02-28)"
    assert all("found requests of people overdue" in text and late in text for text in told[2:])
    assert late in second.stdout and "WARN privacy/data_requests: requests_are_answered_in_time" in second.stdout
    sources = {source["source"]: source for source in lost["sources"]}
    assert not sources["club"]["is_ok"] and sources["club"]["since"] < sources["club"]["checked_at"]
    assert sources["list"]["is_ok"]
    assert third["failed_sources"] == {} and all(source["is_ok"] for source in healed["sources"])
    with tiny.warehouse() as con:
        people = con.execute(
            "select source_key from conformed.conformed_people where source_system = 'club' order by all"
        )
        assert people.fetchall() == [("1",), ("2",), ("3",)]
        told = "select outcome, affected_count from insight.data_quality_by_night where area = 'sources' and source_system = 'club' order by described_at"
        # behind those of the nights before
        assert con.execute(told).fetchall()[-3:] == [("published", 1), ("published", 1), ("published", 0)]


@pytest.fixture
def alerting(demo_copy: Kundbild, tmp_path: Path) -> Iterator[tuple[Kundbild, list[str]]]:
    """The demo with an address for alerts, and what that was told."""
    config = tmp_path / "alerting.toml"
    with webhook() as (url, told):
        config.write_text(f'{demo_copy.config.read_text()}\n[alerts]\nwebhook = "{url}"\n')
        yield Kundbild(demo_copy.home, config), told


def test_what_cannot_start_is_said_at_once_and_by_alert(alerting: tuple[Kundbild, list[str]]):
    demo, told = alerting
    warehouse = demo.home / "warehouse.duckdb"
    before = warehouse.read_bytes()
    early = demo("run", "--as-of", "2026-10-31T02:00:00", code=2)
    assert "the last one described 2026-11-01 02:00" in early.stderr and "Traceback" not in early.stderr
    # 01:00 UTC, an hour before the last night
    assert "2026-11-01 01:00 UTC" in demo("run", "--as-of", "2026-11-01T03:00:00+02:00", code=2).stderr
    assert "still to come" in demo("run", "--as-of", "2999-01-01", code=2).stderr
    assert "cannot be read" in demo("run", "--as-of", "yesterday", code=2).stderr
    assert warehouse.read_bytes() == before
    # a broken state file
    warehouse.write_bytes(before[:5000])
    broken = demo("run", code=2)
    assert "the warehouse file is truncated" in broken.stderr and "backup" in broken.stderr
    assert len(told) == 4 and all("could not start" in text for text in told)


def test_a_list_of_the_erased_and_a_model_that_cannot_be_read_refuse_a_run_by_name_and_alert(
    alerting: tuple[Kundbild, list[str]],
):
    """Nothing makes either anew: who was erased would come back, and other people would be one customer."""
    demo, told = alerting
    assert demo.json("status")["state_files"] == []
    loads = "select count(*) from ops.loads"
    with demo.warehouse() as con:
        before = con.execute(loads).fetchall()
    current = (demo.home / "published" / "current").readlink()
    demo("demo", "next")
    for name, content, line in (
        ("suppression.jsonl", b"\xff\xfegarbage\n", ", line 1"),
        ("suppression.jsonl", b'{"keyed_hash": 1}\n', ", line 1"),
        ("identity_model.json", b"\x80\x81", ""),
        ("identity_model.json", b"{", ""),
    ):
        path = demo.home / name
        path.write_bytes(content)
        refused = demo("run", code=2).stderr.replace("\n", "")
        assert f"{path}{line}" in refused and "backup" in refused and "Traceback" not in refused
        assert [one for one in demo.json("status")["state_files"] if f"{path}{line}" in one]
        findings = demo.json("doctor", code=1)
        assert [one for one in findings if not one["is_ok"] and f"{path}{line}" in one["found"]]
        assert path.read_bytes() == content
        path.unlink()
    with demo.warehouse() as con:
        assert con.execute(loads).fetchall() == before
    assert (demo.home / "published" / "current").readlink() == current
    assert len(told) == 4 and all("could not start" in text for text in told)
    assert "erased" in told[0] and "identity model" in told[3]


def test_a_lock_held_at_the_start_and_a_disk_without_room_are_told_by_alert(alerting: tuple[Kundbild, list[str]]):
    demo, told = alerting
    current = (demo.home / "published" / "current").readlink()
    with Home(demo.home).lock("run 12345678"):
        busy = demo("run", code=2)
    assert "(run 12345678)" in busy.stderr
    (said,) = told
    assert "could not start" in said and f"locked by process {os.getpid()} (run 12345678)" in said

    def limit() -> None:
        resource.setrlimit(resource.RLIMIT_FSIZE, (1_000_000, 1_000_000))

    full = subprocess.run(
        demo.command("run", "--as-of", NIGHT_2, "--force"), env=demo.environment(), capture_output=True, text=True, preexec_fn=limit, timeout=300, check=False
    )  # fmt: skip
    assert full.returncode == 2, full.stderr
    assert len(told) == 2 and "may write" in told[1] and ("failed" in told[1] or "could not start" in told[1]), told
    assert (demo.home / "published" / "current").readlink() == current


@pytest.mark.slow
def test_a_full_disk_is_named_and_with_space_back_the_home_runs(tiny: Kundbild, tmp_path: Path):
    """On a file system of its own; with so little left, the run ends at the start, and while it publishes."""
    disk = tmp_path / "disk"
    disk.mkdir()
    if subprocess.run(
        ["mount", "-t", "tmpfs", "-o", "size=200m", "tmpfs", str(disk)], check=False, capture_output=True
    ).returncode:
        pytest.skip("a file system cannot be mounted here")
    try:
        shutil.copytree(tiny.home, disk / "home", symlinks=True)
        filler = disk / "filler"
        for left in (50_000, 8_000_000, 16_000_000):
            with webhook() as (url, told):
                kundbild = make_tiny(disk, url)
                filler.write_bytes(bytes(shutil.disk_usage(disk).free - left))
                done = run_warm(
                    kundbild.command("run", "--as-of", NIGHT_2, "--force"), kundbild.environment(), timeout=300
                )
            said = done.stdout + done.stderr
            assert len(told) == 1 and "the disk is full" in told[0], told
            # where a step found no room, and where the run itself did
            assert done.returncode == 2, said[-3000:]
            assert f"left on the file system {disk}" in said and "make room there" in said, said[-3000:]
            assert "Traceback" not in said
            filler.unlink()
        assert kundbild.json("run", "--as-of", NIGHT_2, "--force")["is_clean"]
    finally:
        subprocess.run(["umount", str(disk)], check=False)
