"""The night as a machine: who may ask while it runs, how it is stopped, what a source that is gone leaves, in which words."""

from __future__ import annotations

import json
import os
import resource
import shutil
import signal
import subprocess
import sys
import threading
import time
from collections.abc import Iterator
from contextlib import contextmanager
from datetime import datetime
from http.server import BaseHTTPRequestHandler, HTTPServer
from pathlib import Path

import duckdb
import pytest

from orchestration.core.home import Home
from orchestration.core.migrations import opened
from orchestration.core.settings import Engine
from orchestration.privacy.rights.requests import note_request
from tests.conftest import NIGHT_1, NIGHT_2, Kundbild, changed_in_place
from tests.integration.file_store import FileStore
from tests.warm import run_warm

CONFIG = """
company = "Tiny [engine] Ltd"
[report]
after_publication = false
[schedule]
retries = 0
[alerts]
webhook = "{hook}"
[sources.list]
connector = "files"
url = "{folder}/list"
[sources.list.tables.people]
path = "people.csv"
key = ["id"]
columns = {{ id = "BIGINT", name = "VARCHAR", email = "VARCHAR" }}
[[sources.list.tables.people.maps]]
entity = "people"
columns = {{ source_key = "id", full_name = "name", email = "email" }}
[sources.club]
connector = "files"
url = "{folder}/club"
[sources.club.tables.members]
path = "members.csv"
key = ["id"]
columns = {{ id = "BIGINT", name = "VARCHAR", email = "VARCHAR" }}
[[sources.club.tables.members.maps]]
entity = "people"
columns = {{ source_key = "id", full_name = "name", email = "email" }}
"""


def make(folder: Path, hook: str = "http://127.0.0.1:9/hook") -> Kundbild:
    for name, table in (("list", "people"), ("club", "members")):
        (folder / name).mkdir(exist_ok=True)
        (folder / name / f"{table}.csv").write_text("id,name,email\n1,Anna Berg,a@x.se\n2,Bo Ek,b@x.se\n")
    (folder / "kundbild.toml").write_text(CONFIG.format(folder=folder, hook=hook))
    return Kundbild(folder / "home", folder / "kundbild.toml")


@pytest.fixture(scope="module")
def first(tmp_path_factory: pytest.TempPathFactory) -> Kundbild:
    """Two small sources after their first night."""
    kundbild = make(tmp_path_factory.mktemp("tiny"))
    assert kundbild.json("run", "--as-of", NIGHT_1)["is_clean"]
    return kundbild


@pytest.fixture
def tiny(first: Kundbild, tmp_path: Path) -> Iterator[Kundbild]:
    """The same, to be changed."""
    with changed_in_place(first.home.parent, tmp_path / "changed"):
        yield first


@contextmanager
def hook() -> Iterator[tuple[str, list[str]]]:
    """A webhook's URL, and the texts that it was sent."""
    told: list[str] = []

    class Handler(BaseHTTPRequestHandler):
        def do_POST(self) -> None:
            told.append(json.loads(self.rfile.read(int(self.headers["Content-Length"])))["text"])
            self.send_response(204)
            self.end_headers()

        def log_message(self, *arguments: object) -> None:
            pass

    server = HTTPServer(("127.0.0.1", 0), Handler)
    threading.Thread(target=server.serve_forever, daemon=True).start()
    try:
        yield f"http://127.0.0.1:{server.server_address[1]}/hook", told
    finally:
        server.shutdown()
        server.server_close()


HOLDS = """
import sys, time, duckdb
from pathlib import Path
from orchestration.core.home import Home
home = Home(Path(sys.argv[1]))
reader = duckdb.connect(str(home.warehouse), read_only=True)
with home.lock('looking'):
    print('held', flush=True)
    sys.stdin.readline()
time.sleep(4)
reader.close()
"""


def test_a_night_waits_for_who_asks_and_who_asks_is_answered(tiny: Kundbild):
    # a command, and then another program that has the file open, as the night begins
    holder = subprocess.Popen(
        [sys.executable, "-c", HOLDS, str(tiny.home)], stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True
    )
    assert holder.stdin and holder.stdout and holder.stdout.readline() == "held\n"
    run = tiny.start("run", "--force", "--as-of", NIGHT_2)
    run.wait_for("waiting")
    holder.stdin.write("\n")
    holder.stdin.flush()
    run.wait_for("extract")
    assert holder.wait(30) == 0
    answers = []
    while run.poll() is None:
        answers.append(tiny.json("status"))
        asked = run_warm(tiny.command("audience", "list"), tiny.environment(), timeout=60)
        # answered between two steps, or told who writes; the last one may come after the night
        is_told = f"locked by process {run.pid} (run " in asked.stderr and "since 20" in asked.stderr
        assert asked.returncode == 0 or is_told, asked.stderr
        # the night needs the processor too
        time.sleep(1)
    assert run.wait() == 0, run.told
    assert any(f"process {run.pid} (run " in answer["running"] for answer in answers)
    assert all({s["source"] for s in answer["sources"]} == {"list", "club"} for answer in answers)
    assert tiny.json("status")["running"] == ""


def in_dagster(kundbild: Kundbild, script: str) -> str:
    """What a script prints that has the home's Dagster as `instance`."""
    whole = f"import dagster as dg, json, sys\nwith dg.DagsterInstance.from_config(sys.argv[1]) as instance:\n    {script}\n"
    done = subprocess.run(
        [sys.executable, "-c", whole, str(kundbild.home / "dagster")],
        env=kundbild.environment(DAGSTER_HOME=str(kundbild.home / "dagster")),
        capture_output=True,
        text=True,
        check=True,
    )
    return done.stdout.splitlines()[-1]


def test_a_run_that_is_told_to_stop_ends_in_seconds_and_what_is_cut_is_made_anew(tiny: Kundbild):
    before = (tiny.home / "published" / "current").readlink()
    for number, step in ((signal.SIGINT, "extract"), (signal.SIGTERM, "transform")):
        run = tiny.start("run", "--force", "--as-of", NIGHT_2)
        run.wait_for(step)
        run.send_signal(number)
        assert run.wait(20) == 128 + number
        assert (tiny.home / "published" / "current").readlink() == before
    # Dagster does not believe that they still go on
    assert (
        in_dagster(tiny, "print([run.status.value for run in instance.get_runs(limit=2)])")
        == "['CANCELED', 'CANCELED']"
    )
    target = tiny.home / "dbt_target"
    cut = [target / "column_lineage.json", tiny.home / "dagster" / "dagster.yaml", tiny.home / "status.json"]
    cut += [target / "manifest.json", target / "partial_parse.msgpack", *target.glob("manifest-*.json")]
    cut += list((tiny.home / "mapped_models").rglob("*.sql"))[:1]
    assert len(cut) > 6
    for path in cut:
        path.write_bytes(b"" if path.suffix == ".yaml" else path.read_bytes()[: path.stat().st_size // 2])
    assert tiny.json("run", "--as-of", NIGHT_2, "--force")["is_clean"]
    assert (tiny.home / "published" / "current").readlink() != before
    assert "enabled: false" in (tiny.home / "dagster" / "dagster.yaml").read_text()
    for path in cut[0], cut[2]:
        json.loads(path.read_text())
    assert not list(tiny.home.rglob("*.part"))


def test_a_run_history_that_cannot_be_read_is_put_aside_and_the_night_goes_on(tiny: Kundbild):
    dagster = tiny.home / "dagster"
    names = ("history/runs.db", "history/runs/index.db", "schedules/schedules.db")
    ids = "select customer_id, source_system, source_key from identity.customer_source_records order by all"
    with tiny.warehouse() as con:
        before = con.execute(ids).fetchall()
    for name in names:
        path = dagster / name
        path.write_bytes(b"garbage" * 2000 if name.endswith("index.db") else path.read_bytes()[:9000])
    (told,) = [line for line in tiny.json("status")["state_files"] if "damaged" in line]
    assert all(name in told for name in names)
    outcome = tiny.json("run", "--as-of", NIGHT_2, "--force")
    assert outcome["is_clean"]
    (note,) = [note for note in outcome["notes"] if "run history" in note]
    assert all(f"{name}.damaged-" in note for name in names)
    with tiny.warehouse() as con:
        assert con.execute(ids).fetchall() == before
    assert in_dagster(tiny, "print([run.status.value for run in instance.get_runs()])") == "['SUCCESS']"
    (told,) = tiny.json("status")["state_files"]
    assert "began anew" in told and "runs.db.damaged-" in told
    assert "runs.db.damaged-" in tiny("status").stdout.replace("\n", "")
    # whoever starts the UI gets there by `prepare`
    (dagster / names[0]).write_bytes(b"")
    assert "begins anew" in tiny("prepare").stdout
    assert in_dagster(tiny, "print(len(instance.get_runs()))") == "0"


def test_a_source_that_fails_is_not_fresh_and_is_told_since_when(tiny: Kundbild):
    """First its file is gone, then its store breaks off in mid-file; the others go on, and a night that can read it heals."""
    with hook() as (url, told):
        tiny = make(tiny.home.parent, url)
        folder = tiny.home.parent / "club"
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


def test_what_cannot_start_is_said_at_once_and_by_alert(tiny: Kundbild):
    with hook() as (url, told):
        tiny = make(tiny.home.parent, url)
        before = tiny.home.joinpath("warehouse.duckdb").read_bytes()
        early = tiny("run", "--as-of", "2026-10-31T02:00:00", code=2)
        assert "the last one described 2026-11-01 02:00" in early.stderr and "Traceback" not in early.stderr
        # 01:00 UTC, an hour before the last night
        assert "2026-11-01 01:00 UTC" in tiny("run", "--as-of", "2026-11-01T03:00:00+02:00", code=2).stderr
        assert "still to come" in tiny("run", "--as-of", "2999-01-01", code=2).stderr
        assert "cannot be read" in tiny("run", "--as-of", "yesterday", code=2).stderr
        assert tiny.home.joinpath("warehouse.duckdb").read_bytes() == before
        # a broken state file
        tiny.home.joinpath("warehouse.duckdb").write_bytes(before[:5000])
        broken = tiny("run", code=2)
        assert "the warehouse file is truncated" in broken.stderr and "backup" in broken.stderr
    assert len(told) == 4 and all("could not start" in text for text in told)


def test_a_list_of_the_erased_and_a_model_that_cannot_be_read_refuse_a_run_by_name_and_alert(tiny: Kundbild):
    """Nothing makes either anew: who was erased would come back, and other people would be one customer."""
    with hook() as (url, told):
        tiny = make(tiny.home.parent, url)
        assert tiny.json("status")["state_files"] == []
        loads = "select count(*) from ops.loads"
        with tiny.warehouse() as con:
            before = con.execute(loads).fetchall()
        current = (tiny.home / "published" / "current").readlink()
        (tiny.home.parent / "list" / "people.csv").write_text("id,name,email\n9,Nio Ny,n@x.se\n")
        for name, content, line in (
            ("suppression.jsonl", b"\xff\xfegarbage\n", ", line 1"),
            ("suppression.jsonl", b'{"keyed_hash": 1}\n', ", line 1"),
            ("identity_model.json", b"\x80\x81", ""),
            ("identity_model.json", b"{", ""),
        ):
            path = tiny.home / name
            path.write_bytes(content)
            refused = tiny("run", code=2).stderr.replace("\n", "")
            assert f"{path}{line}" in refused and "backup" in refused and "Traceback" not in refused
            assert [one for one in tiny.json("status")["state_files"] if f"{path}{line}" in one]
            findings = tiny.json("doctor", code=1)
            assert [one for one in findings if not one["is_ok"] and f"{path}{line}" in one["found"]]
            assert path.read_bytes() == content
            path.unlink()
        with tiny.warehouse() as con:
            assert con.execute(loads).fetchall() == before
    assert (tiny.home / "published" / "current").readlink() == current
    assert len(told) == 4 and all("could not start" in text for text in told)
    assert "erased" in told[0] and "identity model" in told[3]


def test_a_lock_held_at_the_start_and_a_disk_without_room_are_told_by_alert(tiny: Kundbild):
    with hook() as (url, told):
        tiny = make(tiny.home.parent, url)
        with Home(tiny.home).lock("run 12345678"):
            busy = tiny("run", code=2)
        assert "(run 12345678)" in busy.stderr
        (said,) = told
        assert "could not start" in said and f"locked by process {os.getpid()} (run 12345678)" in said

        def limit() -> None:
            resource.setrlimit(resource.RLIMIT_FSIZE, (1_000_000, 1_000_000))

        full = subprocess.run(
            tiny.command("run", "--as-of", NIGHT_2, "--force"), env=tiny.environment(), capture_output=True, text=True, preexec_fn=limit, timeout=300, check=False
        )  # fmt: skip
        assert full.returncode == 2, full.stderr
        assert len(told) == 2 and "may write" in told[1] and ("failed" in told[1] or "could not start" in told[1]), told


def test_a_check_of_dbt_runs_alone(tiny: Kundbild):
    """As in the UI: one check is chosen, and no asset."""
    script = (
        "import dagster as dg, json, sys\n"
        "from orchestration.definitions import defs\n"
        "job = defs.resolve_implicit_global_asset_job_def()\n"
        "asset = dg.AssetKey(['marts', 'dim_customers'])\n"
        "keys = [k for k in job.asset_layer.asset_graph.asset_check_keys if k.asset_key == asset and 'unique_grain' in k.name]\n"
        "job = job.get_subset(asset_selection=set(), asset_check_selection=set(keys[:1]))\n"
        "with dg.DagsterInstance.from_config(sys.argv[1]) as instance:\n"
        "    done = job.execute_in_process(instance=instance, raise_on_error=False)\n"
        "checks = [check.passed for check in done.get_asset_check_evaluations()]\n"
        "print(json.dumps([done.success, checks, len(done.get_asset_materialization_events())]))\n"
    )
    done = subprocess.run(
        [sys.executable, "-c", script, str(tiny.home / "dagster")],
        env=tiny.environment(
            KUNDBILD_HOME=str(tiny.home), KUNDBILD_CONFIG=str(tiny.config), DAGSTER_HOME=str(tiny.home / "dagster")
        ),
        capture_output=True,
        text=True,
        check=False,
    )
    assert done.returncode == 0, done.stderr[-3000:]
    assert json.loads(done.stdout.splitlines()[-1]) == [True, [True], 0]


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
            with hook() as (url, told):
                kundbild = make(disk, url)
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


def test_after_a_failed_run_status_says_why_and_the_log_is_where_it_says(tiny: Kundbild):
    with duckdb.connect(str(tiny.home / "warehouse.duckdb")) as con:
        con.execute(
            "insert into ops.table_counts select 'x', 'raw_list.people', 1000, now()::timestamp + interval 1 hour"
        )
    shown = (tiny.home / "published" / "customers.duckdb").resolve()
    shown.chmod(0o600)
    with duckdb.connect(str(shown)) as con:
        con.execute("insert into audience_rows.audience_newsletter_email by name select 'c1' as customer_id")
    (tiny.home.parent / "list" / "people.csv").write_text(
        "id,name,email\n1,Anna Berg,a@x.se\n2,Bo Ek,b@x.se\n3,C,c@x.se\n"
    )
    outcome = tiny.json("run", "--as-of", NIGHT_2, code=1)
    assert not outcome["is_success"]
    # the check skips the publishing step: audiences of the night before are not left standing
    assert [note for note in outcome["notes"] if "shows no audience" in note]
    with duckdb.connect(str(shown), read_only=True) as con:
        assert con.execute("from audience_rows.audience_newsletter_email").fetchall() == []
    status = tiny.json("status")
    assert "keeps_its_volume" in status["last_run"]["problems"][0]
    assert "keeps_its_volume" in {check["check"] for check in status["failed_checks"]}
    assert "failed" in tiny("status").stdout
    assert (tiny.home / "dbt_target" / "logs" / "dbt.log").is_file()
