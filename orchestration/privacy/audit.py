"""The audit log: what was done with people's data, when and by whom, in a chain that shows every later change.

One JSON line an entry, each with the keyed hash of itself and of the one before; `audit.head` says which is the last.
Without the pepper nobody makes a chain that holds. It names nobody: a person is a keyed hash, details are counts and
names of things. Not here: what is worth an entry.
"""

from __future__ import annotations

import fcntl
import getpass
import io
import json
import os
import re
from collections.abc import Iterator, Mapping
from dataclasses import asdict, dataclass
from datetime import UTC, datetime
from pathlib import Path

from orchestration.errors import KundbildError
from orchestration.home import Home
from orchestration.privacy.pepper import keyed_hash, read_pepper
from orchestration.settings import Privacy

_FIRST = "0" * 64
# names of things: versions, verdicts, models; nothing that a sentence or an address could be written in
_PLAIN = re.compile(r"[A-Za-z0-9][A-Za-z0-9_.:-]{0,63}")


@dataclass(frozen=True)
class Entry:
    """What was done. `subject` is the keyed hash of whom it is about, or empty; `chain` that of all this and the entry before."""

    number: int
    at: str
    actor: str
    action: str
    subject: str
    detail: dict[str, int | str]
    chain: str = ""


class AuditError(KundbildError):
    """The log is not what was written."""


def subject_hash(pepper: str, subject: str) -> str:
    """The keyed hash by which the log and the register of requests name a person."""
    return keyed_hash(pepper, f"audit:{subject}")


def audit_log(home: Home, settings: Privacy) -> AuditLog:
    """The home folder's log. Raises KundbildError where the pepper that it was written with is gone."""
    return AuditLog(home.audit_log, read_pepper(settings.pepper, is_known=home.audit_log.exists()))


class AuditLog:
    """The log in one file, which only grows."""

    def __init__(self, path: Path, pepper: str) -> None:
        self._path, self._pepper = path, pepper
        self._head = path.with_suffix(".head")

    def append(self, action: str, *, subject: str = "", detail: Mapping[str, int | str] | None = None) -> Entry:
        """Writes an entry to disk. `subject` is a customer id or a record as system:key: its keyed hash is kept.

        Raises ValueError where a detail is more than a number or the name of a thing.
        """
        plain = dict(detail or {})
        for name, value in plain.items():
            if not isinstance(value, int) and not _PLAIN.fullmatch(value):
                raise ValueError(f"the detail {name} of the audit entry {action} is more than the name of a thing")
        whom = self.keyed(subject) if subject else ""
        with os.fdopen(os.open(self._path, os.O_RDWR | os.O_CREAT | os.O_APPEND, 0o600), "rb+", buffering=0) as file:
            fcntl.flock(file, fcntl.LOCK_EX)
            number, chain = self._mended(file)
            now = datetime.now(UTC).isoformat(timespec="seconds").replace("+00:00", "Z")
            entry = self._chained(Entry(number + 1, now, getpass.getuser(), action, whom, plain), chain)
            file.write(json.dumps(asdict(entry), ensure_ascii=True).encode() + b"\n")
            os.fsync(file.fileno())
            self._write_head(entry)
        return entry

    def keyed(self, subject: str) -> str:
        """How the log names a person: who knows the customer id finds the entries, and nobody else does."""
        return subject_hash(self._pepper, subject)

    def entries(self) -> Iterator[Entry]:
        """Every entry in order. Raises AuditError at a line that is none."""
        if not self._path.exists():
            return
        for number, line in enumerate(self._path.read_text(encoding="utf-8").splitlines(), start=1):
            try:
                yield Entry(**json.loads(line))
            except (ValueError, TypeError):
                raise self._broken(number, "it is no entry") from None

    def verify(self) -> tuple[int, str]:
        """(entries, chain of the last). Raises AuditError at the first that was changed, moved, added or left out."""
        count, chain, before = 0, _FIRST, _FIRST
        for entry in self.entries():
            if entry.number != count + 1:
                raise self._broken(count + 1, f"it is numbered {entry.number}: an entry was moved, or left out")
            if self._chained(entry, chain).chain != entry.chain:
                raise self._broken(entry.number, "it, or one before it, is not what was written")
            count, before, chain = entry.number, chain, entry.chain
        last = self._read_head()
        # a run that was killed between an entry and the head leaves the head one behind; the next entry mends it
        if last != (count, chain) and last != (count - 1, before):
            raise self._broken(count + 1, f"the log should end with entry {last[0]}: entries are missing at its end")
        return count, chain

    def _mended(self, file: io.FileIO) -> tuple[int, str]:
        """(number, chain) of the last entry, after whatever a killed run left: half a line, or a head one behind."""
        content = file.read()
        whole = content.rfind(b"\n") + 1
        if whole < len(content):
            os.ftruncate(file.fileno(), whole)
        number, chain = self._read_head()
        lines = content[:whole].splitlines()
        if len(lines) == number + 1:
            last = Entry(**json.loads(lines[-1]))
            if last.number == number + 1 and self._chained(last, chain).chain == last.chain:
                return last.number, last.chain
        if len(lines) != number:
            raise self._broken(
                min(len(lines), number) + 1, "entries were taken out or added; nothing is written after them"
            )
        return number, chain

    def _chained(self, entry: Entry, before: str) -> Entry:
        content = json.dumps({**asdict(entry), "chain": before}, sort_keys=True)
        return Entry(**{**asdict(entry), "chain": keyed_hash(self._pepper, content)})

    def _read_head(self) -> tuple[int, str]:
        if not self._head.exists():
            return 0, _FIRST
        number, chain, proof = self._head.read_text(encoding="utf-8").split()
        if keyed_hash(self._pepper, f"head:{number}:{chain}") != proof:
            raise AuditError(
                "the audit log's head is not what was written", where=str(self._head), to_do="restore it from a backup"
            )
        return int(number), chain

    def _write_head(self, entry: Entry) -> None:
        proof = keyed_hash(self._pepper, f"head:{entry.number}:{entry.chain}")
        fresh = self._head.with_suffix(".head.new")
        with os.fdopen(os.open(fresh, os.O_WRONLY | os.O_CREAT | os.O_TRUNC, 0o600), "w") as file:
            file.write(f"{entry.number} {entry.chain} {proof}\n")
            file.flush()
            os.fsync(file.fileno())
        fresh.rename(self._head)

    def _broken(self, number: int, what: str) -> AuditError:
        return AuditError(
            f"the audit log does not hold at entry {number}: {what}",
            where=f"{self._path}, line {number}",
            to_do="compare it with a backup; who may write to the home folder?",
        )
