"""Dagster's event log, held open: what Dagster's own class gives, events seen while files are open, files let go."""

import threading
import time
from pathlib import Path

import dagster as dg
import psutil
import pytest
import sqlalchemy as sa

from orchestration.core import dagster_settings
from orchestration.core.dagster_settings import left_aside
from orchestration.core.errors import KundbildError
from orchestration.core.home import Home
from orchestration.core.settings import PROJECT_DIR
from orchestration.extract.records import STALE
from orchestration.run.dagster_instance import assert_usable, open_instance
from orchestration.run.launch import run_nightly
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


def test_dagsters_own_class_still_opens_a_file_for_every_statement(instance: dg.DagsterInstance, tmp_path: Path):
    """Where this fails, Dagster holds its files open itself: `defs/history.py`, which needs private names, may go."""
    from dagster._core.storage.event_log import SqliteEventLogStorage

    opened: list[object] = []

    def note(connection: object, _: object) -> None:
        opened.append(connection)

    def times(storage: dg.DagsterInstance | SqliteEventLogStorage) -> int:
        read = storage.all_logs if isinstance(storage, dg.DagsterInstance) else storage.get_logs_for_run
        assert not read("a-run")
        before = len(opened)
        for _ in range(5):
            assert not read("a-run")
        return len(opened) - before

    sa.event.listen(sa.pool.Pool, "connect", note)
    try:
        assert times(SqliteEventLogStorage(str(tmp_path / "theirs"))) >= 5
        assert times(instance) == 0
    finally:
        sa.event.remove(sa.pool.Pool, "connect", note)


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


FORMER = WHOLE.replace("orchestration.defs.history", "orchestration.history")
OWN = "retention:\n  schedule:\n    purge_after_days: 90\n"


@pytest.mark.parametrize(
    ("written", "today"),
    [
        (FORMER, WHOLE),
        (FORMER[: FORMER.index("compute_logs:")], WHOLE),
        (FORMER + OWN, WHOLE + OWN),
        (FORMER.replace("orchestration.history", "'orchestration.history' # ours"), WHOLE.replace("orchestration.defs.history", "'orchestration.defs.history' # ours")),
    ],
)  # fmt: skip
def test_a_home_whose_settings_name_a_module_that_has_moved_since_runs(tmp_path: Path, monkeypatch, written, today):
    home = Home(tmp_path / "home").prepare()
    monkeypatch.setenv("DAGSTER_HOME", str(home.dagster))
    file = home.dagster / "dagster.yaml"
    file.write_text(written)
    # what a run fixes by itself is not a fault of the home
    assert all(finding.is_ok for finding in examine_files(home))
    home.prepare()
    assert file.read_text() == today and not left_aside(home.dagster)
    with open_instance(home) as instance:
        assert run(instance)


def test_settings_cut_within_the_name_of_a_moved_module_are_damaged(tmp_path: Path):
    home = Home(tmp_path / "home").prepare()
    for length in range(len(FORMER[: FORMER.index("module:")]), len(FORMER) - 2, 7):
        (home.dagster / "dagster.yaml").write_text(FORMER[:length])
        home.prepare()
        assert (home.dagster / "dagster.yaml").read_text() == WHOLE, FORMER[:length]


def test_additions_that_dagster_takes_stand_in_nobodys_way(tmp_path: Path, monkeypatch):
    home = Home(tmp_path / "home").prepare()
    monkeypatch.setenv("DAGSTER_HOME", str(home.dagster))
    (home.dagster / "dagster.yaml").write_text(WHOLE + OWN)
    assert_usable(home)
    with open_instance(home) as instance:
        assert run(instance)


@pytest.mark.parametrize(
    ("added", "said"),
    [
        ("run_launcher:\n  module: gone_since.launching\n  class: Launcher\n", "gone_since.launching.Launcher"),
        ("run_launcher:\n  module: dagster\n  class: NoLauncher\n", "dagster.NoLauncher"),
        ("retention:\n  schedule:\n    purge_after_weeks: pass-word\n", "DagsterInvalidConfigError"),
    ],
)
def test_additions_with_which_dagster_cannot_start_are_told_by_the_doctor_and_by_a_run(
    tmp_path: Path, monkeypatch, added: str, said: str
):
    home = Home(tmp_path / "home").prepare()
    for name, value in {"HOME": home.root, "CONFIG": PROJECT_DIR / "kundbild.toml"}.items():
        monkeypatch.setenv(f"KUNDBILD_{name}", str(value))
    file = home.dagster / "dagster.yaml"
    file.write_text(WHOLE + added)
    (found,) = [finding for finding in examine_files(home) if not finding.is_ok]
    with pytest.raises(KundbildError) as caught:
        run_nightly()
    for told in (found.found, str(caught.value)):
        assert said in told and str(file) in told and "pass-word" not in told
    assert "fix what was added" in found.to_do and "fix what was added" in caught.value.to_do
    assert file.read_text() == WHOLE + added


def test_settings_that_only_a_start_shows_to_be_wrong_are_told_too(tmp_path: Path, monkeypatch):
    home = Home(tmp_path / "home").prepare()
    monkeypatch.setenv("DAGSTER_HOME", str(home.dagster))
    (home.dagster / "dagster.yaml").write_text(WHOLE.replace("  config:\n", "  config:\n    no_such: pass-word\n"))
    with pytest.raises(KundbildError, match="DagsterInvalidConfigError") as caught:
        open_instance(home)
    assert "pass-word" not in str(caught.value)
