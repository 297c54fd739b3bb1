"""The home folder: where everything that a run makes lies. Here: paths, the one writer's lock, the sweep.

Not here: what is written there.
"""

from __future__ import annotations

import errno
import fcntl
import os
import shutil
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path

from orchestration.errors import KundbildError, WarehouseBusyError

# nothing is reported to anybody, and nobody is asked for a newsletter
# monitoring is what ends a run that outlasts its timeout
_DAGSTER_SETTINGS = """\
telemetry:
  enabled: false
nux:
  enabled: false
run_monitoring:
  enabled: true
event_log_storage:
  module: orchestration.history
  class: HeldOpenEventLogStorage
  config:
    dagster_home:
      env: DAGSTER_HOME
"""


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
    def erasure_mark(self) -> Path:
        """There while an erasure is not finished."""
        return self.root / "erasure.unfinished"

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
            settings = self.dagster / "dagster.yaml"
            if not settings.exists():
                settings.write_text(_DAGSTER_SETTINGS, encoding="utf-8")
        except OSError as error:
            raise KundbildError(
                f"the home folder cannot be written: {error.strerror}",
                where=str(self.root),
                to_do="choose another with --home, or mend its rights",
            ) from error
        return self

    @contextmanager
    def lock(self, purpose: str) -> Iterator[None]:
        """Holds the one writer's lock. It frees by itself when the process dies, kill -9 included.

        Raises WarehouseBusyError, naming the holder, when another process has it.
        """
        descriptor = os.open(self.lock_file, os.O_RDWR | os.O_CREAT, 0o600)
        try:
            try:
                fcntl.flock(descriptor, fcntl.LOCK_EX | fcntl.LOCK_NB)
            except BlockingIOError:
                holder = os.read(descriptor, 200).decode(errors="replace").strip() or "another process"
                raise WarehouseBusyError(
                    f"the warehouse is locked by {holder}",
                    where=str(self.lock_file),
                    to_do="wait until it ends, or stop it; the lock frees by itself",
                ) from None
            os.ftruncate(descriptor, 0)
            os.write(descriptor, f"process {os.getpid()} ({purpose})\n".encode())
            os.fsync(descriptor)
            self.sweep()
            yield
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


def put_in_place(fresh: Path, path: Path) -> None:
    """Puts a written file in another's place: on disk before its name is, and private."""
    fresh.chmod(0o600)
    for target in (fresh, fresh.parent):
        sync(target)
    fresh.replace(path)
    sync(path.parent)


def write_private(path: Path, text: str, *, overwrite: bool = True) -> None:
    """Writes a file that only its owner may read, also where it was there before; never through a symbolic link.

    Raises KundbildError where the path is a link, or a file is there and may not be overwritten.
    """
    may = os.O_TRUNC if overwrite else os.O_EXCL
    try:
        descriptor = os.open(path, os.O_WRONLY | os.O_CREAT | os.O_NOFOLLOW | may, 0o600)
    except FileExistsError:
        raise KundbildError(
            "the file is there already", where=str(path), to_do="name another, or say --overwrite"
        ) from None
    except OSError as error:
        if error.errno == errno.ELOOP:
            raise KundbildError("the file is a symbolic link", where=str(path), to_do="name the file itself") from error
        raise KundbildError(
            f"the file cannot be written: {error.strerror}", where=str(path), to_do="name another, or mend its rights"
        ) from error
    with os.fdopen(descriptor, "w", encoding="utf-8", newline="") as file:
        os.fchmod(file.fileno(), 0o600)
        file.write(text)
