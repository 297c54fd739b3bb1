"""Dagster's event log, held open: what Dagster's own class gives, events seen while files are open, files let go."""

import threading
import time
from pathlib import Path

import dagster as dg
import psutil
import pytest

from orchestration.core import dagster_settings
from orchestration.core.dagster_settings import left_aside
from orchestration.core.home import Home
from orchestration.extract.records import STALE
from orchestration.run.state_files import examine_files


@dg.asset
def one() -> None: ...


@dg.asset_check(asset=one)
def holds() -> dg.AssetCheckResult:
    return dg.AssetCheckResult(passed=True)


DEFS = dg.Definitions(assets=[one], asset_checks=[holds])


@pytest.fixture
def instance(tmp_path: Path, monkeypatch: pytest.MonkeyPatch):
    home = Home(tmp_path / "home").prepare()
    monkeypatch.setenv("DAGSTER_HOME", str(home.dagster))
    with dg.DagsterInstance.from_config(str(home.dagster)) as instance:
        yield instance


def run(instance: dg.DagsterInstance) -> str:
    result = DEFS.resolve_implicit_global_asset_job_def().execute_in_process(instance=instance)
    assert result.success
    return result.run_id


def test_events_lie_where_dagsters_own_class_looks(instance: dg.DagsterInstance):
    from dagster._core.storage.event_log import SqliteEventLogStorage

    run_id = run(instance)
    ours = [e.get_dagster_event().event_type_value for e in instance.all_logs(run_id) if e.is_dagster_event]
    storage = SqliteEventLogStorage(str(Path(instance.root_directory) / "history" / "runs"))
    theirs = [e.get_dagster_event().event_type_value for e in storage.get_logs_for_run(run_id) if e.is_dagster_event]
    assert ours == theirs and "ASSET_MATERIALIZATION" in ours and "ASSET_CHECK_EVALUATION" in ours
    assert instance.get_latest_materialization_event(one.key).run_id == run_id


def test_an_event_is_seen_while_the_run_goes_on(instance: dg.DagsterInstance):
    """The UI's page of a run is told by the file system; of files that are held open, only the log beside them changes."""
    run_id, seen = run(instance), threading.Event()
    storage = instance.event_log_storage
    cursor = storage.get_records_for_run(run_id).cursor

    def callback(entry, _) -> None:
        if entry.message == "news":
            seen.set()

    instance.watch_event_logs(run_id, cursor, callback)
    time.sleep(0.5)  # the file system's watch begins in a thread of its own
    instance.report_engine_event("news", run_id=run_id, job_name="j")
    assert seen.wait(10)
    instance.end_watch_event_logs(run_id, callback)


def test_few_files_are_held_open(instance: dg.DagsterInstance):
    from orchestration.defs import history

    storage = instance.event_log_storage
    storage = getattr(storage, "_storage", storage)
    for number in range(history._MOST_OPEN + 5):
        assert not storage.get_logs_for_run(f"run-{number}")
    assert len(storage._engines) <= history._MOST_OPEN and "index" in storage._engines


def test_what_was_not_brought_up_to_date_is_observed_and_not_materialized(instance: dg.DagsterInstance):
    """A table whose source could not be read must not count as fresh; what reads it goes on."""

    @dg.multi_asset(specs=[dg.AssetSpec("read"), dg.AssetSpec("unread")])
    def extract():
        yield dg.MaterializeResult("read", metadata={"dagster/row_count": 1})
        yield dg.MaterializeResult("unread", metadata={"dagster/row_count": 1, STALE: True})

    @dg.asset(deps=["read", "unread"])
    def built() -> None: ...

    job = dg.Definitions(assets=[extract, built]).resolve_implicit_global_asset_job_def()
    assert job.execute_in_process(instance=instance).success
    made = {name: instance.get_latest_materialization_event(dg.AssetKey(name)) for name in ("read", "unread", "built")}
    assert made["read"] and made["built"] and made["unread"] is None
    seen = instance.fetch_observations(dg.AssetKey("unread"), limit=5).records
    assert [
        record.asset_observation.metadata["dagster/row_count"].value for record in seen if record.asset_observation
    ] == [1]


def test_a_step_starts_no_process_that_could_outlive_it(instance: dg.DagsterInstance):
    children: list[str] = []

    @dg.asset
    def looks() -> None:
        children.extend(child.name() for child in psutil.Process().children(recursive=True))

    assert (
        dg.Definitions(assets=[looks])
        .resolve_implicit_global_asset_job_def()
        .execute_in_process(instance=instance)
        .success
    )
    assert "tail" not in children


def test_settings_of_dagster_that_an_older_version_wrote_are_renewed_and_changed_ones_stay(tmp_path: Path):
    home = Home(tmp_path / "home").prepare()
    file = home.dagster / "dagster.yaml"
    text = file.read_text()
    file.write_text(text[: text.index("compute_logs:")])
    home.prepare()
    assert file.read_text() == text
    own = (
        text.replace("run_monitoring:\n", "run_monitoring:\n  max_runtime_seconds: 7200\n")
        + "retention:\n  schedule:\n    purge_after_days: 90\n"
    )
    file.write_text(own)
    home.prepare()
    assert file.read_text() == own and not left_aside(home.dagster)


WHOLE = dagster_settings.SETTINGS


@pytest.mark.parametrize(
    "damaged",
    [
        *(WHOLE[:length] for length in (1, 9, 28, 30, 80, 100, 150, 180, len(WHOLE) - 60, len(WHOLE) - 40, len(WHOLE) - 2)), WHOLE.replace("false", "true", 1), "- a\n", "\0" * 80,
        WHOLE.replace("telemetry", "telemtry"), WHOLE[:150] + "\0" * 80,
    ],
)  # fmt: skip
def test_settings_of_dagster_that_are_damaged_are_put_aside_told_and_made_anew(tmp_path: Path, damaged):
    home = Home(tmp_path / "home").prepare()
    file = home.dagster / "dagster.yaml"
    file.write_text(damaged)
    assert not examine_files(home)[0].is_ok
    home.prepare()
    assert file.read_text() == WHOLE
    (aside,) = left_aside(home.dagster)
    assert (home.dagster / aside).read_text() == damaged
    told = examine_files(home)[0]
    assert told.is_ok and aside in told.found
