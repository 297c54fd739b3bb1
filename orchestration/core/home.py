"""The home folder: where everything that a run makes lies. Here: paths, the one writer's lock, the sweep, writing a file.

Not here: what is written there.
"""

from __future__ import annotations

import fcntl
import json
import os
import shutil
import tempfile
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

from orchestration.core.dagster_settings import FILE, put_aside, to_write
from orchestration.core.disk import full_disk
from orchestration.core.errors import KundbildError, WarehouseBusyError

# how long a command waits for another command, and a run for a command; nobody waits for a run
COMMAND_WAITS, RUN_WAITS = 10.0, 60.0
_RUN = "run "
_BETWEEN_TRIES = 0.1


@dataclass(frozen=True)
class Home:
    """Paths below `root`. The folder is private (0700): it holds the warehouse with all its personal data."""

    root: Path

    @property
    def warehouse(self) -> Path:
        return self.root / "warehouse.duckdb"

    @property
    def landing(self) -> Path:
        return self.root / "landing"

    @property
    def published(self) -> Path:
        return self.root / "published"

    @property
    def data_docs(self) -> Path:
        return self.root / "data_docs"

    @property
    def demo(self) -> Path:
        return self.root / "demo"

    @property
    def dagster(self) -> Path:
        return self.root / "dagster"

    @property
    def dbt_target(self) -> Path:
        return self.root / "dbt_target"

    @property
    def compiled_marts(self) -> Path:
        """What dbt made of the models of marts: plain SQL."""
        return self.dbt_target / "compiled" / "kundbild" / "models" / "marts"

    @property
    def mapped_models(self) -> Path:
        return self.root / "mapped_models"

    @property
    def identity_model(self) -> Path:
        return self.root / "identity_model.json"

    @property
    def audit_log(self) -> Path:
        return self.root / "audit.jsonl"

    @property
    def suppression(self) -> Path:
        return self.root / "suppression.jsonl"

    @property
    def subject_access(self) -> Path:
        """What was made for people who asked for their data, until it is sent."""
        return self.root / "subject_access"

    @property
    def superset(self) -> Path:
        """Superset's own settings, accounts and log; no rows of the publication."""
        return self.root / "superset"

    @property
    def erasure_mark(self) -> Path:
        """There while an erasure is not finished."""
        return self.root / "erasure.unfinished"

    @property
    def job_tokens(self) -> Path:
        """Digests of the tokens that stand (privacy/secrets/job_tokens.py)."""
        return self.root / "job_tokens.json"

    @property
    def refresh_tokens(self) -> Path:
        """The newest refresh token of each source whose API gives a new one with each answer (extract/kept_tokens.py)."""
        return self.root / "refresh_tokens"

    @property
    def last_status(self) -> Path:
        """What `kundbild status` says while the warehouse is in use: how things stood when the last run ended."""
        return self.root / "status.json"

    @property
    def last_attempt(self) -> Path:
        """That a run began, and how it ended where it could not note that in the warehouse (attempts.py)."""
        return self.root / "attempt.json"

    @property
    def temporary(self) -> Path:
        return self.root / "tmp"

    @property
    def lock_file(self) -> Path:
        return self.root / "lock"

    def prepare(self) -> Home:
        """Makes the folders. Raises KundbildError when the disk or the rights do not allow it."""
        try:
            self.root.mkdir(parents=True, exist_ok=True)
            self.root.chmod(0o700)
            for folder in (self.landing, self.published, self.dagster, self.dbt_target, self.temporary):
                folder.mkdir(exist_ok=True)
                folder.chmod(0o700)
            settings = to_write(self.dagster)
            if settings is not None:
                put_aside(self.dagster)
                write_private(self.dagster / FILE, settings)
        except OSError as error:
            if full := full_disk(error, self.root):
                raise full from error
            raise KundbildError(
                f"the home folder cannot be written: {error.strerror}",
                where=str(self.root),
                to_do="choose another with --home, or fix its rights",
            ) from error
        return self

    @contextmanager
    def lock(
        self, purpose: str, *, wait: float = COMMAND_WAITS, waiting: Callable[[str], None] = lambda holder: None
    ) -> Iterator[None]:
        """Holds the one writer's lock. It frees by itself when the process dies, kill -9 included.

        Waits up to `wait` seconds for a command that holds it, `waiting` is told for whom. Raises WarehouseBusyError,
        naming the holder and since when, when that takes longer, and at once when a run holds it.
        """
        descriptor = os.open(self.lock_file, os.O_RDWR | os.O_CREAT, 0o600)
        try:
            self._take(descriptor, wait, waiting)
            since = datetime.now(UTC).strftime("%Y-%m-%d %H:%M:%S UTC")
            os.ftruncate(descriptor, 0)
            os.pwrite(descriptor, f"process {os.getpid()} ({purpose}) since {since}\n".encode(), 0)
            os.fsync(descriptor)
            self.sweep()
            yield
        finally:
            os.close(descriptor)

    def _take(self, descriptor: int, wait: float, waiting: Callable[[str], None]) -> None:
        give_up = time.monotonic() + wait
        is_told = False
        while True:
            try:
                fcntl.flock(descriptor, fcntl.LOCK_EX | fcntl.LOCK_NB)
                return
            except BlockingIOError:
                holder = os.pread(descriptor, 200, 0).decode(errors="replace").strip() or "another process"
            if f"({_RUN}" in holder or time.monotonic() >= give_up:
                raise WarehouseBusyError(
                    f"the warehouse is locked by {holder}",
                    where=str(self.lock_file),
                    to_do="wait until it ends, or stop it; the lock frees by itself",
                )
            if not is_told:
                waiting(holder)
                is_told = True
            time.sleep(_BETWEEN_TRIES)

    def holder(self) -> str:
        """Who holds the lock, why and since when; "" where it is free."""
        if not self.lock_file.exists():
            return ""
        descriptor = os.open(self.lock_file, os.O_RDONLY)
        try:
            # shared: two that ask at once do not take each other for a holder
            fcntl.flock(descriptor, fcntl.LOCK_SH | fcntl.LOCK_NB)
            return ""
        except BlockingIOError:
            return os.pread(descriptor, 200, 0).decode(errors="replace").strip() or "another process"
        finally:
            os.close(descriptor)

    def sweep(self) -> None:
        """Removes what a killed run left: temporary files and half-made publications. Needs the lock."""
        shutil.rmtree(self.temporary, ignore_errors=True)
        self.temporary.mkdir(exist_ok=True)
        self.temporary.chmod(0o700)
        for left_over in self.published.glob(".building-*"):
            shutil.rmtree(left_over, ignore_errors=True)


def sync(path: Path) -> None:
    """Flushes a file or a folder to disk, so that a rename never makes a half-written one current after a power cut."""
    descriptor = os.open(path, os.O_RDONLY)
    try:
        os.fsync(descriptor)
    finally:
        os.close(descriptor)


# of published files: no reader changes what the others read
READ_ONLY = 0o400


def put_in_place(fresh: Path, path: Path, mode: int = 0o600) -> None:
    """Puts a written file in another's place: on disk before its name is, and private."""
    fresh.chmod(mode)
    for target in (fresh, fresh.parent):
        sync(target)
    fresh.replace(path)
    sync(path.parent)


def assert_may_write(path: Path, *, overwrite: bool) -> None:
    """Raises KundbildError where `path` is a symbolic link or leads through a folder that is one, or is there and may not be
    overwritten: ask before the work. A file that somebody names goes where its name says."""
    for folder in path.parents:
        if folder.is_symlink():
            raise KundbildError(
                "the folder is a symbolic link", where=str(folder), to_do=f"name the folder itself: {folder.resolve()}"
            )
    _assert_no_link(path, overwrite=overwrite)


def _assert_no_link(path: Path, *, overwrite: bool) -> None:
    if not overwrite and (path.exists() or path.is_symlink()):
        raise KundbildError("the file is there already", where=str(path), to_do="name another, or say --overwrite")
    if path.is_symlink():
        raise KundbildError("the file is a symbolic link", where=str(path), to_do="name the file itself")


def write_private(path: Path, content: str | bytes, *, overwrite: bool = True) -> None:
    """Writes a file that only its owner may read: the whole of it, or, where that fails, none; never through a link.

    What it holds is written beside the file and renamed, so neither a full disk nor a kill leaves a cut file. The file beside it is
    always a new one: in a shared folder somebody else may have made one of its name, and would own what is written. What is no
    plain file (a pipe) is written to as it is. Raises KundbildError where the path is a symbolic link, a file is there
    and may not be overwritten, or the disk is full.
    """
    _assert_no_link(path, overwrite=overwrite)
    fresh: Path | None = None
    data = content.encode() if isinstance(content, str) else content
    try:
        if path.exists() and not path.is_file():
            path.write_bytes(data)
            return
        descriptor, beside = tempfile.mkstemp(prefix=f".{path.name}.", suffix=".part", dir=path.parent)
        fresh = Path(beside)
        with os.fdopen(descriptor, "wb") as file:
            file.write(data)
        put_in_place(fresh, path)
    except OSError as error:
        if fresh:
            fresh.unlink(missing_ok=True)
        raise full_disk(error, path.parent) or KundbildError(
            f"the file cannot be written: {error.strerror}", where=str(path), to_do="name another, or fix its rights"
        ) from error


def read_json(path: Path) -> Any:
    """What a JSON file holds; None where there is no file, or one that is cut: its maker makes it anew."""
    try:
        return json.loads(path.read_text(encoding="utf-8"))
    except (FileNotFoundError, ValueError):
        return None
