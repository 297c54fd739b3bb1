"""The night as a machine: who may ask while it runs, how it is stopped, and what a run that was stopped or failed leaves.

Not here: what alerts tell of a night (test_alerts_of_nights.py).
"""

from __future__ import annotations

import json
import signal
import subprocess
import sys
import time

import duckdb

from tests.conftest import NIGHT_2, Kundbild
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
