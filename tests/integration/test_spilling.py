"""dbt where a model needs more memory than it may have: it goes on on disk, and so does whatever comes after it."""

from __future__ import annotations

from pathlib import Path

from dbt.cli.main import dbtRunner

from orchestration.home import Home
from orchestration.settings import DBT_DIR


def test_models_that_spill_to_disk_stop_none_of_those_after_them(home: Home, tmp_path: Path, monkeypatch):
    project = tmp_path / "project"
    (project / "models").mkdir(parents=True)
    (project / "dbt_project.yml").write_text(
        "name: spilling\nprofile: kundbild\nmodels: {spilling: {+materialized: table}}\n"
    )
    (project / "models" / "much.sql").write_text(
        "select range as id, md5(range::varchar) as said from range(3000000) order by said"
    )
    (project / "models" / "after.sql").write_text("select count(*) as rows from {{ ref('much') }}")
    monkeypatch.setenv("KUNDBILD_HOME", str(home.root))
    monkeypatch.setenv("KUNDBILD_MEMORY_LIMIT", "100MB")
    where = ["--project-dir", str(project), "--profiles-dir", str(DBT_DIR), "--quiet"]
    done = dbtRunner().invoke(
        ["run", *where, "--target-path", str(tmp_path / "target"), "--log-path", str(tmp_path / "logs")]
    )
    assert done.success, done.exception or [result.message for result in done.result]
