"""The night as a machine: who may ask while it runs, how it is stopped, and what a run that was stopped or failed leaves.

Not here: what alerts tell of a night (test_alerts_of_nights.py).
"""

from __future__ import annotations

import json
import signal
import subprocess
import sys
import time
from pathlib import Path
from types import SimpleNamespace

import duckdb
import pytest

from tests.conftest import NIGHT_2, Kundbild, changed_in_place
from tests.integration.tiny import in_dagster
from tests.warm import run_warm

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


HISTORY = ("history/runs.db", "history/runs/index.db", "schedules/schedules.db")
_IDS = "select customer_id, source_system, source_key from identity.customer_source_records order by all"


def publication(kundbild: Kundbild) -> Path:
    return (kundbild.home / "published" / "current").readlink()


def stop_two_runs(tiny: Kundbild, seen: SimpleNamespace) -> None:
    seen.stopped, seen.shown = [], [publication(tiny)]
    for number, step in ((signal.SIGINT, "extract"), (signal.SIGTERM, "transform")):
        run = tiny.start("run", "--force", "--as-of", NIGHT_2)
        run.wait_for(step)
        run.send_signal(number)
        seen.stopped.append(run.wait(20))
        seen.shown.append(publication(tiny))
    seen.believed = in_dagster(tiny, "print([run.status.value for run in instance.get_runs(limit=2)])")


def damage(tiny: Kundbild, seen: SimpleNamespace) -> None:
    """What can be made anew is cut, and what Dagster knows of former runs is no database any more."""
    target, dagster = tiny.home / "dbt_target", tiny.home / "dagster"
    seen.cut = [target / "column_lineage.json", dagster / "dagster.yaml"]
    seen.cut += [target / "manifest.json", target / "partial_parse.msgpack", *target.glob("manifest-*.json")]
    seen.cut += list((tiny.home / "mapped_models").rglob("*.sql"))[:1]
    for path in seen.cut:
        path.write_bytes(b"" if path.suffix == ".yaml" else path.read_bytes()[: path.stat().st_size // 2])
    for name in HISTORY:
        path = dagster / name
        path.write_bytes(b"garbage" * 2000 if name.endswith("index.db") else path.read_bytes()[:9000])
    seen.damaged = tiny.json("status")["state_files"]
    with tiny.warehouse() as con:
        seen.ids = [con.execute(_IDS).fetchall()]


def run_while_others_ask(tiny: Kundbild, seen: SimpleNamespace) -> None:
    # a command, and then another program that has the file open, as the night begins
    holder = subprocess.Popen(
        [sys.executable, "-c", HOLDS, str(tiny.home)], stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True
    )
    assert holder.stdin and holder.stdout and holder.stdout.readline() == "held\n"
    run = tiny.start("run", "--force", "--as-of", NIGHT_2, "--json")
    run.wait_for("waiting")
    holder.stdin.write("\n")
    holder.stdin.flush()
    run.wait_for("extract")
    assert holder.wait(30) == 0
    seen.asked = []
    while run.poll() is None:
        seen.asked.append(
            (tiny.json("status"), run_warm(tiny.command("audience", "list"), tiny.environment(), timeout=60))
        )
        # the night needs the processor too
        time.sleep(3)
    assert run.wait() == 0, run.told
    seen.pid, seen.outcome = run.pid, json.loads(run.said)


@pytest.fixture(scope="module")
def next_night(first_tiny: Kundbild, tmp_path_factory: pytest.TempPathFactory) -> SimpleNamespace:
    """Two runs are told to stop, files are damaged, and the next run waits for who asks and is asked itself."""
    seen, tiny = SimpleNamespace(), first_tiny
    with changed_in_place(tiny.home.parent, tmp_path_factory.mktemp("next_night") / "changed"):
        stop_two_runs(tiny, seen)
        damage(tiny, seen)
        run_while_others_ask(tiny, seen)
        seen.shown.append(publication(tiny))
        seen.settings = (tiny.home / "dagster" / "dagster.yaml").read_text()
        seen.lineage = seen.cut[0].read_text()
        seen.half_written = list(tiny.home.rglob("*.part"))
        with tiny.warehouse() as con:
            seen.ids.append(con.execute(_IDS).fetchall())
        seen.runs = in_dagster(tiny, "print([run.status.value for run in instance.get_runs()])")
        seen.status, seen.screen = tiny.json("status"), tiny("status").stdout.replace("\n", "")
        # whoever starts the UI gets there by `prepare`
        (tiny.home / "dagster" / HISTORY[0]).write_bytes(b"")
        seen.prepared = tiny("prepare").stdout
        seen.runs_prepared = in_dagster(tiny, "print(len(instance.get_runs()))")
    return seen


@pytest.mark.slow
def test_a_night_waits_for_who_asks_and_who_asks_is_answered(next_night: SimpleNamespace):
    for _, asked in next_night.asked:
        # answered between two steps, or told who writes; the last one may come after the night
        is_told = f"locked by process {next_night.pid} (run " in asked.stderr and "since 20" in asked.stderr
        assert asked.returncode == 0 or is_told, asked.stderr
    answers = [answer for answer, _ in next_night.asked]
    assert any(f"process {next_night.pid} (run " in answer["running"] for answer in answers)
    assert all({s["source"] for s in answer["sources"]} == {"list", "club"} for answer in answers)
    assert next_night.status["running"] == ""


@pytest.mark.slow
def test_a_run_that_is_told_to_stop_ends_in_seconds_and_what_is_cut_is_made_anew(next_night: SimpleNamespace):
    assert next_night.stopped == [128 + signal.SIGINT, 128 + signal.SIGTERM]
    first, *stopped, last = next_night.shown
    assert stopped == [first, first] and last != first
    # Dagster does not believe that they still go on
    assert next_night.believed == "['CANCELED', 'CANCELED']"
    assert len(next_night.cut) > 5 and next_night.outcome["is_clean"]
    assert "enabled: false" in next_night.settings and json.loads(next_night.lineage)
    assert not next_night.half_written


@pytest.mark.slow
def test_a_run_history_that_cannot_be_read_is_put_aside_and_the_night_goes_on(next_night: SimpleNamespace):
    (told,) = [line for line in next_night.damaged if "damaged" in line and HISTORY[0] in line]
    assert all(name in told for name in HISTORY)
    assert next_night.outcome["is_clean"]
    (note,) = [note for note in next_night.outcome["notes"] if "run history" in note]
    assert all(f"{name}.damaged-" in note for name in HISTORY)
    assert next_night.ids[0] == next_night.ids[1]
    assert next_night.runs == "['SUCCESS']"
    (told,) = next_night.status["state_files"]
    assert "began anew" in told and "runs.db.damaged-" in told
    assert "runs.db.damaged-" in next_night.screen
    assert "begins anew" in next_night.prepared and next_night.runs_prepared == "0"


@pytest.mark.slow
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
    environment = tiny.environment(
        KUNDBILD_HOME=str(tiny.home), KUNDBILD_CONFIG=str(tiny.config), DAGSTER_HOME=str(tiny.home / "dagster")
    )
    done = run_warm(["-c", str(tiny.home / "dagster")], environment, timeout=300, script=script)
    assert done.returncode == 0, done.stderr[-3000:]
    assert json.loads(done.stdout.splitlines()[-1]) == [True, [True], 0]


def test_after_a_failed_run_status_says_why_and_the_log_is_where_it_says(demo_copy: Kundbild):
    with duckdb.connect(str(demo_copy.home / "warehouse.duckdb")) as con:
        con.execute(
            "insert into ops.table_counts select 'x', 'raw_crm.contacts', 100000, now()::timestamp + interval 1 hour"
        )
    shown = (demo_copy.home / "published" / "customers.duckdb").resolve()
    with duckdb.connect(str(shown), read_only=True) as con:
        assert con.execute("select count(*) > 0 from audience_rows.audience_newsletter_email").fetchall() == [(True,)]
    demo_copy("demo", "next")
    # what a run before left for who asks meanwhile is cut, and made anew by any run
    left = demo_copy.home / "status.json"
    left.write_bytes(left.read_bytes()[:100])
    outcome = demo_copy.json("run", "--as-of", NIGHT_2, code=1)
    assert not outcome["is_success"] and json.loads(left.read_text())["last_run"]
    # the check skips the publishing step: audiences of the night before are not left standing
    assert [note for note in outcome["notes"] if "shows no audience" in note]
    with duckdb.connect(str(shown), read_only=True) as con:
        assert con.execute("from audience_rows.audience_newsletter_email").fetchall() == []
    status = demo_copy.json("status")
    assert "keeps_its_volume" in status["last_run"]["problems"][0]
    assert "keeps_its_volume" in {check["check"] for check in status["failed_checks"]}
    assert "failed" in demo_copy("status").stdout
    assert (demo_copy.home / "dbt_target" / "logs" / "dbt.log").is_file()
