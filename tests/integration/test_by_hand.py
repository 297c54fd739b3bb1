"""What a data engineer does by hand on the demo: doctor, dbt, and a part of the night."""

from __future__ import annotations

import json
import subprocess
import sys
from pathlib import Path

import pytest

from orchestration.core.settings import DBT_DIR
from tests.conftest import Kundbild
from tests.integration.tiny import in_dagster
from tests.warm import run_warm


def test_doctor_finds_everything_in_order(demo: Kundbild):
    assert all(f["is_ok"] for f in demo.json("doctor"))


def test_dbt_unit_tests_pass(demo_copy: Kundbild):
    done = demo_copy("dbt", "test", "--select", "resource_type:unit_test", "--no-use-colors")
    assert "ERROR=0" in done.stdout and "PASS=0" not in done.stdout
    passed = int(done.stdout.split("PASS=")[1].split()[0])
    assert passed >= 10


@pytest.mark.slow
def test_dbt_build_by_hand_works(demo_copy: Kundbild):
    done = subprocess.run(
        [
            str(Path(sys.executable).parent / "dbt"),
            "build",
            "--target-path",
            str(demo_copy.home / "by_hand"),
            "--no-use-colors",
        ],
        cwd=DBT_DIR,
        env=demo_copy.environment(
            KUNDBILD_HOME=str(demo_copy.home),
            KUNDBILD_MAPPED_MODELS="no_mapped_models",
            KUNDBILD_DBT_TARGET=str(demo_copy.home / "by_hand"),
        ),
        capture_output=True,
        text=True,
        check=False,
    )
    assert done.returncode == 0, done.stdout[-2000:]
    assert "ERROR=0" in done.stdout


def test_the_ui_is_told_rows_schema_and_column_lineage(demo: Kundbild):
    script = (
        "event = instance.get_latest_materialization_event(dg.AssetKey(['bi', 'fct_orders']))\n"
        "metadata = event.asset_materialization.metadata\n"
        "column = metadata['dagster/column_lineage'].value.deps_by_column['customer_key'][0]\n"
        "print(json.dumps([metadata['dagster/row_count'].value, column.asset_key.path, column.column_name]))"
    )
    rows, table, column = json.loads(in_dagster(demo, script))
    assert rows > 1000 and (table, column) == (["marts", "dim_customers"], "customer_key")


def test_a_part_can_be_run_alone(demo_copy: Kundbild):
    script = (
        "import dagster as dg, sys\n"
        "from orchestration.definitions import defs\n"
        "with dg.DagsterInstance.from_config(sys.argv[1]) as instance:\n"
        "    job = defs.resolve_implicit_global_asset_job_def()\n"
        "    for keys in (['raw/crm/contacts'], ['marts/customer_360', 'segments/customer_rfm']):\n"
        "        done = job.execute_in_process(instance=instance, asset_selection=[dg.AssetKey(k.split('/')) for k in keys])\n"
        "        made = sorted('/'.join(e.asset_key.path) for e in done.get_asset_materialization_events())\n"
        "        print(done.success, made)\n"
    )
    environment = demo_copy.environment(
        KUNDBILD_HOME=str(demo_copy.home),
        KUNDBILD_CONFIG=str(demo_copy.config),
        DAGSTER_HOME=str(demo_copy.home / "dagster"),
    )
    done = run_warm(["-c", str(demo_copy.home / "dagster")], environment, timeout=300, script=script)
    assert done.returncode == 0, done.stderr[-3000:]
    assert done.stdout.splitlines() == [
        "True ['raw/crm/contacts']",
        "True ['marts/customer_360', 'segments/customer_rfm']",
    ]
