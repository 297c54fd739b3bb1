"""A disk that is full, and what is told of it and of other failures: in our own words, and no file is left half written."""

from __future__ import annotations

import errno
import io
import logging
import os
import resource
import subprocess
import sys
from itertools import repeat
from types import SimpleNamespace

import dagster as dg
import duckdb
import pytest

from orchestration.core.disk import DiskFullError, full_disk
from orchestration.core.errors import KundbildError
from orchestration.core.home import read_json, write_private
from orchestration.extract.unpacked import unreadable
from orchestration.run.launch import quiet_logs
from orchestration.run.outcome import reason_of


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
    said, is_disk_full = reason_of(event, tmp_path)
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
    said, is_disk_full = reason_of(event, tmp_path)
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
