"""Before a run begins and when it is ended: its moment, its memory, a full disk in words, child processes, messages."""

from __future__ import annotations

import errno
import io
import logging
import os
import resource
import signal
import subprocess
import sys
import time
from datetime import datetime, timedelta
from itertools import repeat
from types import SimpleNamespace

import dagster as dg
import duckdb
import psutil
import pytest

from orchestration.cli import console
from orchestration.core.clock import now
from orchestration.core.configuration import load_settings
from orchestration.core.disk import DiskFullError, full_disk
from orchestration.core.errors import ConfigurationError, KundbildError, WarehouseBusyError
from orchestration.core.home import read_json, write_private
from orchestration.core.settings import PROJECT_DIR, Settings, Source, Table
from orchestration.core.warehouse import open_warehouse
from orchestration.extract.extract import extract_source, prepare_raw
from orchestration.extract.unpacked import unreadable
from orchestration.run.doctor import examine
from orchestration.run.launch import Outcome, _add_check, _add_rows, _headlines, _of_all, _reason, quiet_logs
from orchestration.run.preflight import assert_can_start, assert_memory, assert_moment, moment_of, moment_of_night


def test_a_moment_with_an_offset_is_that_moment():
    assert moment_of("2026-11-01T03:00:00+01:00") == moment_of("2026-11-01 02:00") == datetime(2026, 11, 1, 2)
    assert moment_of("2026-11-01T02:00:00Z") == datetime(2026, 11, 1, 2)
    # the last two are no moment of a calendar: their offset takes them out of it
    for said in ("1/11/2026", "", "0001-01-01T00:00:00+05:00", "9999-12-31T23:00:00-05:00"):
        with pytest.raises(ConfigurationError, match="cannot be read"):
            moment_of(said)


def test_a_night_never_goes_back_and_never_into_the_future(warehouse):
    assert_moment(warehouse, datetime(2020, 1, 1))
    warehouse.execute("create schema ops; create table ops.clock as select timestamp '2026-01-02' as as_of")
    assert_moment(warehouse, datetime(2026, 1, 2))
    assert_moment(warehouse, None)
    with pytest.raises(KundbildError, match="the last one described 2026-01-02"):
        assert_moment(warehouse, datetime(2026, 1, 1))
    with pytest.raises(KundbildError, match="still to come"):
        assert_moment(warehouse, now() + timedelta(days=2))
    for end, match in (("0001-01-01", "before any source has data"), ("9999-12-31T23:59:59.999999", "still to come")):
        with pytest.raises(KundbildError, match=match):
            assert_moment(warehouse, moment_of(end))
    for con in (warehouse, None):  # a first night too
        with pytest.raises(KundbildError, match="still to come"):
            assert_moment(con, now() + timedelta(minutes=10))
    # an older version took a moment up to a day ahead: nights go on with it until it is past
    ahead = now().replace(microsecond=0) + timedelta(hours=20)
    warehouse.execute("update ops.clock set as_of = ?", [ahead])
    assert_moment(warehouse, None)
    assert moment_of_night(warehouse) == ahead
    # a night of the year 2999, by an older version, does not block the home for good
    warehouse.execute("update ops.clock set as_of = timestamp '2999-01-01'")
    assert_moment(warehouse, None)
    assert moment_of_night(warehouse) < now() + timedelta(minutes=1)


@pytest.mark.parametrize(("limit", "customers", "is_enough"), [("300MB", 20_000, False), ("300MB", 1_000, True), ("1200MB", 3_000_000, True), ("1GiB", 20_000, True)])  # fmt: skip
def test_memory_that_is_too_small_is_said_before_the_work(warehouse, limit, customers, is_enough):
    settings = load_settings(PROJECT_DIR / "kundbild.toml", {"KUNDBILD_HOME": "/nowhere"})
    settings = settings.model_copy(update={"engine": settings.engine.model_copy(update={"memory_limit": limit})})
    assert_memory(warehouse, settings)
    warehouse.execute("create schema identity; create table identity.customer_source_records as "
                      f"select range as customer_id, null::timestamp as valid_to from range({customers})")  # fmt: skip
    if is_enough:
        assert_memory(warehouse, settings)
        return
    with pytest.raises(KundbildError, match=f"{limit} of memory are too little for 20,000 customers") as told:
        assert_memory(warehouse, settings)
    assert 'memory_limit = "400MB"' in told.value.to_do


def test_what_stands_in_brackets_in_a_message_is_printed(monkeypatch):
    text = io.StringIO()
    for name in ("out", "err"):
        monkeypatch.setattr(console, name, console.PlainConsole(file=text, width=500))
    outcome = Outcome("r", False, failed_sources={"crm": "see [sources.crm]"}, stale_since={"crm": "2026-01-01"})
    outcome.error, outcome.notes = "[engine] memory_limit is too small [/red]", ["a note of [privacy]"]
    outcome.failed_checks = ["ERROR raw/[x]: y"]
    console.print_outcome(outcome)
    for said in ("[sources.crm]", "[engine]", "[/red]", "[privacy]", "raw/[x]", "stale since 2026-01-01"):
        assert said in text.getvalue()


def test_a_log_that_a_full_disk_refuses_prints_no_traceback(tmp_path, capsys, monkeypatch):
    monkeypatch.setattr("logging.raiseExceptions", True)
    levels = {name: logging.getLogger(name).level for name in ("dagster", "dagster._core.execution.plan.active")}
    quiet_logs()
    for name, level in levels.items():
        logging.getLogger(name).setLevel(level)

    class Full(io.StringIO):
        def flush(self) -> None:
            raise OSError(errno.ENOSPC, "No space left on device")

    log = logging.Logger("of dbt")
    log.addHandler(logging.StreamHandler(Full()))
    log.warning("built a model")
    assert "Traceback" not in capsys.readouterr().err


def test_a_full_disk_is_called_so_with_its_file_system(tmp_path):
    said = full_disk(OSError(errno.ENOSPC, "No space left on device"), tmp_path)
    assert said and "the disk is full" in said.what and "MiB are left on the file system /" in said.what and said.to_do
    try:
        try:
            raise OSError(errno.EFBIG, "File too large")
        except OSError as error:
            raise RuntimeError("the copy failed") from error
    except RuntimeError as error:
        said = full_disk(error, tmp_path)
    assert said and "larger than this process may write" in said.what
    assert full_disk("sqlite3.OperationalError: database or disk is full", tmp_path)
    assert full_disk(ValueError("no"), tmp_path) is None and full_disk(OSError(errno.EACCES, "no"), tmp_path) is None


@pytest.mark.parametrize(
    ("built", "publication", "seen", "told"),
    [
        (75, "", 0, "Customers: 75 built, not published; nothing is published"),
        (75, "p/kundbild.duckdb", 60, "Customers: 75 built, not published; readers see 60"),
        (None, "", 0, "Customers: none built; nothing is published"),
    ],
)
def test_the_sum_of_a_held_night_says_what_was_built_and_what_readers_see(monkeypatch, built, publication, seen, told):
    text = io.StringIO()
    for name in ("out", "err"):
        monkeypatch.setattr(console, name, console.PlainConsole(file=text, width=500))
    outcome = Outcome("r", False, error="1 checks with severity ERROR failed", customers=seen, publication=publication)
    if built is not None:
        metadata = {"dagster/row_count": SimpleNamespace(value=built)}
        _add_rows(outcome, SimpleNamespace(asset_key=SimpleNamespace(path=["bi", "dim_customers"]), metadata=metadata))
    console.print_outcome(outcome)
    assert told in text.getvalue()
    assert outcome.as_dict()["customers_built"] == built
    # of a night that is published the two are one
    outcome.error, outcome.is_success = "", True
    console.print_outcome(outcome)
    assert f"Customers: {seen:,}   Checks" in text.getvalue() and "Report" not in text.getvalue()
    outcome.report = "p/[report].html"
    console.print_outcome(outcome)
    assert "Report: p/[report].html" in text.getvalue()


@pytest.mark.parametrize(
    ("words", "limit", "free", "told"),
    [
        ("sqlite3.OperationalError: disk I/O error", 4 * 1024**2, 9 * 1024**3, "may write (4.0 MiB)"),
        ("sqlite3.OperationalError: database or disk is full", 4 * 1024**2, 9 * 1024**3, "may write (4.0 MiB)"),
        ("IO Error: Could not write file: File too large", 4 * 1024**2, 9 * 1024**3, "may write (4.0 MiB)"),
        ("IO Error: Could not write file: File too large", resource.RLIM_INFINITY, 9 * 1024**3, "than this process may write"),
        # the limit is not to blame where nothing is left, and where the system itself says why
        ("sqlite3.OperationalError: disk I/O error", 4 * 1024**2, 1024**2, "the disk is full: 1 MiB are left"),
        ("IO Error: No space left on device", 4 * 1024**2, 9 * 1024**3, "the disk is full"),
        ("OSError: Disk quota exceeded", resource.RLIM_INFINITY, 9 * 1024**3, "the quota on the file system"),
        ("sqlite3.OperationalError: disk I/O error", resource.RLIM_INFINITY, 9 * 1024**3, "did not accept what was written"),
        # nine tenths of what was left, which are free again once the statement has ended
        ("Out of Memory Error: failed to offload data block of size 256.0 KiB", resource.RLIM_INFINITY, 9 * 1024**3, "temporary files need more room"),
        ("Out of Memory Error: failed to offload data block of size 256.0 KiB", resource.RLIM_INFINITY, 1024**2, "the disk is full: 1 MiB are left"),
    ],
)  # fmt: skip
def test_a_write_that_fails_where_there_is_room_is_no_full_disk(tmp_path, monkeypatch, words, limit, free, told):
    monkeypatch.setattr("resource.getrlimit", lambda _: (limit, limit))
    monkeypatch.setattr("shutil.disk_usage", lambda _: SimpleNamespace(free=free))
    said = full_disk(words, tmp_path)
    assert said and told in said.what and said.to_do, said
    assert ("ulimit" in said.to_do) == ("may write" in told)


def test_every_table_of_a_source_that_could_not_be_read_is_told():
    failed: dict[str, list[str]] = {}
    errors = [str(KundbildError(f"source s, table t{n}: gone", where="here", to_do="look")) for n in range(7)]
    # a table that was not asked any more says what the source says
    for n, said in enumerate([*errors, errors[0], "source s: 2 tables cannot be read\n  " + "\n  ".join(errors[:2])]):
        key = SimpleNamespace(path=["raw", "s", f"t{n}"])
        _add_check(
            Outcome("r", True),
            SimpleNamespace(passed=False, check_name="was_extracted", asset_key=key, description=said),
            failed,
        )
    told = _of_all(failed["s"])
    assert [f"table t{n}: gone" in told for n in range(7)] == [True] * 5 + [False] * 2
    assert "and 2 more" in told and told.count("table t0") == 1 and told.count("to do: look") == 5
    assert _headlines(told).split("; ")[:2] == ["source s, table t0: gone", "source s, table t1: gone"]
    assert "look" not in _headlines(told) and "and 2 more" in _headlines(told)
    assert _of_all(errors[:1]) == errors[0] and "more" not in _of_all(errors[:5])


def test_duckdb_still_calls_a_full_disk_of_temporary_files_so(tmp_path, warehouse):
    """Its words are all that tells it from a lack of memory."""
    warehouse.execute(
        f"set temp_directory = '{tmp_path}/tmp'; set memory_limit = '60MB'; set max_temp_directory_size = '5MB'"
    )
    with pytest.raises(duckdb.OutOfMemoryException) as caught:
        warehouse.execute("create temp table t as select md5(range::varchar) as said from range(3000000) order by said")
    assert full_disk(caught.value, tmp_path)
    with pytest.raises(duckdb.OutOfMemoryException):
        raise unreadable("s", "t", caught.value, [])
    assert unreadable("s", "t", duckdb.OutOfMemoryException("could not allocate block"), [])


def raised_of(error: Exception) -> Exception:
    """As a step ends whose own error stands on another's."""
    try:
        raise error
    except Exception as cause:
        told = KundbildError("it cannot be written", to_do="see the log")
        told.__cause__ = cause
        return told


@pytest.mark.parametrize("is_raised", [True, False])
def test_why_a_step_fails_is_told_in_our_own_words_and_not_in_those_of_its_cause(tmp_path, is_raised):
    """A driver's words may quote rows."""

    @dg.asset
    def fails() -> None:
        error = ValueError("Anna Berg is not a number")
        raise raised_of(error) if is_raised else error

    job = dg.Definitions(assets=[fails]).resolve_implicit_global_asset_job_def()
    result = job.execute_in_process(raise_on_error=False)
    (event,) = [event for event in result.all_events if event.event_type_value == "STEP_FAILURE"]
    said, is_disk_full = _reason(event, tmp_path)
    assert not is_disk_full and "Anna" not in said
    assert ("it cannot be written" in said and "see the log" in said) if is_raised else said == "step fails: ValueError"


@pytest.mark.parametrize(
    "error",
    [
        lambda: raised_of(OSError(errno.ENOSPC, "No space left on device")),
        lambda: raised_of(duckdb.IOException("IO Error: Could not write file: No space left on device")),
        lambda: raised_of(duckdb.OutOfMemoryException("Out of Memory Error: failed to offload data block of size")),
        lambda: DiskFullError("the disk is full", where="/home", remedy="make room there"),
        lambda: duckdb.IOException("IO Error: Could not write file: File too large"),
    ],
)
@pytest.mark.parametrize("is_described", [False, True])
def test_a_step_that_fails_of_a_full_disk_says_so_whatever_was_made_of_it(tmp_path, error, is_described):
    """dbt's steps describe their failure; others raise what they met."""

    @dg.asset
    def fails() -> None:
        if not is_described:
            raise error()
        raise dg.Failure(description="dbt failed", allow_retries=False) from error()

    job = dg.Definitions(assets=[fails]).resolve_implicit_global_asset_job_def()
    result = job.execute_in_process(raise_on_error=False)
    (event,) = [event for event in result.all_events if event.event_type_value == "STEP_FAILURE"]
    said, is_disk_full = _reason(event, tmp_path)
    assert is_disk_full and ("make room" in said or "ulimit" in said), said


def test_a_file_is_written_whole_or_not_at_all(tmp_path):
    path = tmp_path / "state.json"
    write_private(path, "[1]")
    writes = (
        "import resource, signal, sys; from pathlib import Path; from orchestration.core.home import write_private\n"
        "signal.signal(signal.SIGXFSZ, signal.SIG_IGN); resource.setrlimit(resource.RLIMIT_FSIZE, (1000, 1000))\n"
        "write_private(Path(sys.argv[1]), '[' + '1,' * 5000 + '1]')\n"
    )
    done = subprocess.run([sys.executable, "-c", writes, str(path)], capture_output=True, text=True, check=False)
    assert done.returncode != 0 and "larger than this process may write" in done.stderr
    assert path.read_text() == "[1]" and [p.name for p in tmp_path.iterdir()] == ["state.json"]
    path.write_text("[1,")
    assert read_json(path) is None and read_json(tmp_path / "nowhere") is None


@pytest.mark.parametrize("names", ["guessed", "alike"])
def test_what_somebody_made_beside_a_file_is_never_written_to(tmp_path, monkeypatch, names):
    """In a shared folder another user owns what they made, and reads what is written into it."""
    path = tmp_path / "audience.csv"
    if names == "alike":
        monkeypatch.setattr("tempfile._get_candidate_names", lambda: repeat("0"))
    theirs = tmp_path / f".audience.csv.{'0' if names == 'alike' else os.getpid()}.part"
    theirs.write_text("theirs")
    theirs.chmod(0o666)
    if names == "alike":
        with pytest.raises(KundbildError, match="cannot be written"):
            write_private(path, "ours")
        assert not path.exists()
    else:
        write_private(path, "ours")
        assert path.read_text() == "ours" and path.stat().st_mode & 0o777 == 0o600
    assert theirs.read_text() == "theirs"


def test_a_child_ends_with_its_parent_however_that_ends():
    child = (
        "import sys, time; from orchestration.core.stopping import end_with_parent\n"
        "end_with_parent(int(sys.argv[1])); print('here', flush=True); time.sleep(120)\n"
    )
    parent = (
        "import os, subprocess, sys\n"
        "child = subprocess.Popen([sys.executable, '-c', sys.argv[1], str(os.getpid())], stdout=subprocess.PIPE, text=True)\n"
        "child.stdout.readline(); print(child.pid, flush=True); child.wait()\n"
    )
    run = subprocess.Popen([sys.executable, "-c", parent, child], stdout=subprocess.PIPE, text=True)
    assert run.stdout
    number = int(run.stdout.readline())
    run.send_signal(signal.SIGKILL)
    run.wait()
    for _ in range(100):
        if not psutil.pid_exists(number) or psutil.Process(number).status() == psutil.STATUS_ZOMBIE:
            return
        time.sleep(0.1)
    os.kill(number, signal.SIGKILL)
    raise AssertionError("the child lives on")


def test_a_query_that_runs_for_ever_is_ended_by_a_signal():
    stuck = (
        "import duckdb; from orchestration.core.stopping import stops_at_once\n"
        "with stops_at_once(lambda name: print('told by', name, flush=True)), duckdb.connect() as con:\n"
        "    print('here', flush=True)\n"
        "    con.execute('select count(*) from range(10000000) a, range(10000000) b where hash(a.range + b.range) = 0')\n"
    )
    run = subprocess.Popen([sys.executable, "-c", stuck], stdout=subprocess.PIPE, text=True)
    assert run.stdout and run.stdout.readline() == "here\n"
    time.sleep(0.5)
    run.send_signal(signal.SIGTERM)
    assert run.wait(10) == 128 + signal.SIGTERM
    assert run.stdout.read() == "told by SIGTERM\n"


@pytest.mark.parametrize("left", [0.1, 0.5, 0.9])
@pytest.mark.parametrize("is_killed", [True, False])
def test_a_warehouse_that_is_cut_is_named_at_start_and_by_the_doctor(home, monkeypatch, left, is_killed):
    monkeypatch.setenv("KUNDBILD_HOME", str(home.root))
    monkeypatch.setenv("KUNDBILD_CONFIG", str(PROJECT_DIR / "kundbild.toml"))
    settings = load_settings(PROJECT_DIR / "kundbild.toml", {"KUNDBILD_HOME": str(home.root)})

    def start():
        with open_warehouse(home, settings.engine) as con:
            assert_can_start(con, home, settings, None)

    # a catalogue that lies before most of the rows, as in a home that grew
    fill = "create or replace table rows_{0} as select range, md5(range::varchar) as word from range({1})"
    with duckdb.connect(str(home.warehouse)) as con:
        con.execute(fill.format(0, 10))
    with duckdb.connect(str(home.warehouse)) as con:
        con.execute(fill.format(1, 400_000))
    # what a killed run left is whole
    program = f"import duckdb, os; con = duckdb.connect({str(home.warehouse)!r}); con.execute({fill.format(2, 1000)!r}); os._exit(1)"
    subprocess.run([sys.executable, "-c", program], check=False)
    if not is_killed:
        start()
    else:
        assert home.warehouse.with_name("warehouse.duckdb.wal").exists()
    assert {finding.what: finding for finding in examine()}["warehouse"].is_ok
    os.truncate(home.warehouse, int(home.warehouse.stat().st_size * left))
    found = {finding.what: finding for finding in examine()}["warehouse"]
    with pytest.raises(KundbildError, match="the warehouse file is truncated") as caught:
        start()
    assert caught.value.where == str(home.warehouse) and "restore the newest backup" in caught.value.to_do
    assert not found.is_ok and str(home.warehouse) in found.found and "restore the newest backup" in found.to_do


@pytest.mark.parametrize("left", [0.0, 0.3, 0.6, 0.9, 1.0])
def test_a_wal_that_is_cut_loses_whole_loads_which_come_again(home, tmp_path, left):
    lines = [f"{n},{'N' * 50}" for n in range(200)]
    for file in ("a_1.csv", "a_2.csv"):
        (tmp_path / file).write_text("\n".join(["id,name", *lines]) + "\n")
        lines = [line + "x" for line in lines]
    table = Table(columns={"id": "BIGINT", "name": "VARCHAR"}, key=["id"], path="a_*.csv")
    source = Source(connector="files", url=str(tmp_path), tables={"t": table})
    settings = Settings(company="T", sources={"s": source})
    whole, wal = home.warehouse, home.warehouse.with_name("warehouse.duckdb.wal")
    with open_warehouse(home, settings.engine) as con:
        prepare_raw(con, settings)
        con.execute("checkpoint")
        extract_source(con, home, settings, "s")
        killed = whole.read_bytes(), wal.read_bytes()
    whole.write_bytes(killed[0])
    wal.write_bytes(killed[1][: int(len(killed[1]) * left)])
    with open_warehouse(home, settings.engine) as con:
        assert_can_start(con, home, settings, None)
        found = [con.execute(f"select count(*) from {t}").fetchall()[0][0] for t in ("raw_s.t", "ops.loaded_files")]
        assert found in ([0, 0], [200, 2])
        extract_source(con, home, settings, "s")
        assert con.execute("select count(*), min(length(name)) from raw_s.t").fetchall() == [(200, 51)]


def test_the_lock_says_who_holds_it_since_when_and_a_run_is_not_waited_for(home):
    with home.lock("run 12345678"):
        assert home.holder().startswith(f"process {os.getpid()} (run 12345678) since 20")
        since = time.monotonic()
        with pytest.raises(WarehouseBusyError, match="since 20"), home.lock("another", wait=30):
            pass
        assert time.monotonic() - since < 5
    assert home.holder() == ""
    with home.lock("looking"):
        waited: list[str] = []
        with pytest.raises(WarehouseBusyError), home.lock("another", wait=0.3, waiting=waited.append):
            pass
        assert len(waited) == 1 and "(looking)" in waited[0]


def test_the_doctor_looks_at_state_files_and_at_the_warehouse(home, monkeypatch):
    monkeypatch.setenv("KUNDBILD_HOME", str(home.root))
    monkeypatch.setenv("KUNDBILD_CONFIG", str(PROJECT_DIR / "kundbild.toml"))
    with duckdb.connect(str(home.warehouse)):
        pass
    home.last_status.write_text("{}")
    found = {finding.what: finding for finding in examine()}
    assert found["state files"].is_ok and found["warehouse"].is_ok
    with duckdb.connect(str(home.warehouse)) as con:
        con.execute(
            "create schema identity; create table identity.withdrawals (source_system varchar, is_zoneless boolean)"
        )
        con.execute("insert into identity.withdrawals values ('registers', true), ('crm', true), ('survey', false)")
    # crm states its zone; of withdrawals that are in the ledger since before, it has no doubt either
    zones = {finding.what: finding for finding in examine()}["time zones"]
    assert not zones.is_ok and zones.found.endswith(": registers") and "timezone" in zones.to_do
    home.last_status.write_text('{"sources": [')
    (home.dagster / "dagster.yaml").write_text("")
    home.warehouse.write_bytes(b"no database")
    found = {finding.what: finding for finding in examine()}
    assert "status.json, dagster.yaml" in found["state files"].found and found["state files"].to_do
    assert not found["warehouse"].is_ok and "backup" in found["warehouse"].to_do


@pytest.mark.parametrize(
    ("raised", "is_broken"),
    [
        (duckdb.IOException("Could not read enough bytes"), True), (duckdb.SerializationException("x"), True),
        (duckdb.Error("Corrupt database file"), True), (duckdb.InternalException("x"), True),
        (duckdb.ParserException("Unknown unit"), False), (duckdb.BinderException("no column"), False),
        (duckdb.CatalogException("no table"), False), (duckdb.OutOfMemoryException("x"), False),
        (duckdb.IOException("Could not set lock on file"), False), (duckdb.ConversionException("x"), False),
    ],
)  # fmt: skip
def test_the_doctor_calls_a_sound_warehouse_no_broken_one(home, monkeypatch, raised, is_broken):
    monkeypatch.setenv("KUNDBILD_HOME", str(home.root))
    monkeypatch.setenv("KUNDBILD_CONFIG", str(PROJECT_DIR / "kundbild.toml"))
    with duckdb.connect(str(home.warehouse)):
        pass

    def fail(*_: object) -> None:
        raise raised

    monkeypatch.setattr("orchestration.run.doctor.assert_memory", fail)
    found = {finding.what: finding for finding in examine()}["warehouse"]
    assert ("backup" in found.to_do and "restore" in found.to_do) == is_broken, found
