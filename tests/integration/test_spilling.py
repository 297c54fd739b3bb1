"""dbt where a model needs more memory than it may have: it goes on on disk, or once more by itself, and so does what follows.
And where a disk takes no more: that is told as of any other step."""

from __future__ import annotations

import resource
from pathlib import Path
from types import SimpleNamespace

import pytest

from orchestration.core.configuration import load_settings
from orchestration.core.disk import DiskFullError
from orchestration.core.home import Home
from orchestration.core.settings import DBT_DIR, PROJECT_DIR
from orchestration.transform import runner as transform
from orchestration.transform.runner import Dbt, TransformError

SPILLS = "select range as id, md5(range::varchar) as said from range(3000000) order by said"
# held in memory whole, and none of it can go to disk
HUGE, SMALL = (f"select list(range) as held from range({rows})" for rows in (100_000_000, 1_000))


@pytest.fixture
def dbt(home: Home, tmp_path: Path, monkeypatch: pytest.MonkeyPatch):
    """dbt on a project of two models, `much` and `after`, with the house's own profile and 100 MB."""
    project = tmp_path / "project"
    (project / "models").mkdir(parents=True)
    (project / "profiles.yml").write_text((DBT_DIR / "profiles.yml").read_text())
    (project / "dbt_project.yml").write_text("name: spilling\nprofile: kundbild\nmodels: {spilling: {+materialized: table}}\n")  # fmt: skip
    (project / "models" / "after.sql").write_text("select count(*) as rows from {{ ref('much') }}")
    settings = load_settings(PROJECT_DIR / "kundbild.toml", {"KUNDBILD_HOME": str(home.root)})
    settings = settings.model_copy(update={"engine": settings.engine.model_copy(update={"memory_limit": "100MB"})})
    monkeypatch.setattr(transform, "read_catalogue", lambda: None)
    monkeypatch.setattr(transform, "DBT_DIR", project)

    def of(much: str) -> Dbt:
        (project / "models" / "much.sql").write_text(much)
        return Dbt(settings, home)

    return of


def test_a_model_that_spills_to_disk_stops_none_of_those_after_it(dbt):
    dbt(SPILLS).build("much after")


def test_what_runs_out_of_memory_beside_others_is_built_once_more_by_itself(dbt):
    built = []

    def on_event(event) -> None:
        if event.info.name == "LogModelResult":
            built.append((event.data.node_info.node_name, event.data.status.split()[0].lower()))

    dbt("{% if target.threads > 1 %}" + HUGE + "{% else %}" + SMALL + "{% endif %}").build(
        "much after", on_event=on_event
    )
    assert built == [("much", "error"), ("much", "ok"), ("after", "ok")]


def test_what_runs_out_of_memory_by_itself_is_told_with_what_to_do(dbt):
    with pytest.raises(TransformError, match="Out of Memory Error") as failed:
        dbt(HUGE).build("much after")
    assert [failure.node for failure in failed.value.failures] == ["much"]
    assert "memory_limit" in failed.value.to_do


def test_a_model_whose_file_may_grow_no_more_is_told_as_a_full_disk(dbt, home: Home):
    before = resource.getrlimit(resource.RLIMIT_FSIZE)
    resource.setrlimit(resource.RLIMIT_FSIZE, (4_000_000, before[1]))
    try:
        with pytest.raises(DiskFullError) as failed:
            dbt("select range as id, md5(range::varchar) as said from range(1000000)").build("much after")
    finally:
        resource.setrlimit(resource.RLIMIT_FSIZE, before)
    assert "may write (3.8 MiB)" in failed.value.what and "ulimit" in failed.value.to_do


def test_a_model_that_finds_no_room_is_told_with_its_file_system_whichever_failed_first(dbt, home: Home, monkeypatch):
    said = {
        "tests": "Database Error in test t\n  Catalog Error: Table with name much does not exist",
        "much": "Runtime Error in model much (models/much.sql)\n  TransactionContext Error: Failed to commit: Could not write "
        f'file "{home.warehouse}.wal": No space left on device',
    }
    results = {
        name: SimpleNamespace(node=SimpleNamespace(name=name), status="error", message=message)
        for name, message in said.items()
    }
    built = dbt(SMALL)
    monkeypatch.setattr(built, "_build", lambda *_: results)
    with pytest.raises(DiskFullError, match="are left on the file system") as failed:
        built.build("much after")
    assert "make room" in failed.value.to_do
