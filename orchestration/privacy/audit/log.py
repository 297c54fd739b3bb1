"""The audit log: what was done with people's data, when and by whom, in a chain that shows every later change.

One JSON line an entry, each with the keyed hash of itself and of the one before; `audit.head` says which is the last, and
so does an anchor outside the home folder (anchor.py). Without the pepper nobody makes a chain that holds. A new secret of the pepper seals what stands there: entries after
`pepper-rotated` are made with it. It names nobody: a person is a keyed hash, details are counts and names of things.
Not here: what is worth an entry, who runs this (asking.py), what a log says at a glance (glance.py).
"""

from __future__ import annotations

import errno
import fcntl
import io
import json
import os
import re
from collections.abc import Iterator, Mapping
from dataclasses import asdict, dataclass
from datetime import UTC, datetime
from pathlib import Path

from orchestration.core.errors import KundbildError
from orchestration.core.home import Home, put_in_place, write_private
from orchestration.core.settings import Privacy
from orchestration.privacy.audit.asking import actor
from orchestration.privacy.secrets.anchor import Anchor, Mark
from orchestration.privacy.secrets.pepper import RENEW, Pepper, pepper_file, read_pepper

_FIRST = "0" * 64
_ROTATED = "pepper-rotated"
# the log was put back, or deleted: entries that the anchor knows are missing
_SET_BACK, ACKNOWLEDGED = "audit-set-back", "audit-set-back-acknowledged"
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

    kind = "audit_log"


def subject_hash(pepper: Pepper, subject: str) -> str:
    """The keyed hash by which the log and the register of requests name a person."""
    return pepper.hashed(f"audit:{subject}")


def audit_log(home: Home, settings: Privacy) -> AuditLog:
    """The home folder's log. Raises KundbildError where the pepper that it was written with is gone."""
    anchor = Anchor.of(home)
    is_known = home.audit_log.exists() or anchor.path.exists()
    return AuditLog(home.audit_log, read_pepper(settings.pepper, is_known=is_known), anchor)


class AuditLog:
    """The log in one file, which only grows."""

    def __init__(self, path: Path, pepper: Pepper, anchor: Anchor | None = None) -> None:
        self._path, self._pepper, self._anchor = path, pepper, anchor
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
            last = self._fixed(file)
            missing = self._missing(last)
            if missing:
                # the work goes on; that entries are missing stays in the log for good
                noted = self._add(file, last, _SET_BACK, "", {"missing_to": missing.number})
                last = Mark(noted.number, noted.chain)
            entry = self._add(file, last, action, whom, plain)
        return entry

    def _add(self, file: io.FileIO, last: Mark, action: str, whom: str, detail: dict[str, int | str]) -> Entry:
        now = datetime.now(UTC).isoformat(timespec="seconds").replace("+00:00", "Z")
        entry = _chained(Entry(last.number + 1, now, actor(), action, whom, detail), last.chain, self._pepper)
        line = json.dumps(asdict(entry), ensure_ascii=True).encode() + b"\n"
        if file.write(line) != len(line):
            # half a line is taken away by the next entry; the head must not count it
            raise OSError(errno.ENOSPC, os.strerror(errno.ENOSPC), str(self._path))
        os.fsync(file.fileno())
        self._write_head(entry)
        if self._anchor:
            self._anchor.write(Mark(entry.number, entry.chain))
        return entry

    def _missing(self, last: Mark) -> Mark | None:
        """The anchor, where the log does not hold the entry that it names; `last` is the log's."""
        mark = self._anchor.read() if self._anchor else None
        if mark is None or mark == last:
            return None
        lines = self._path.read_text(encoding="utf-8").splitlines() if self._path.exists() else []
        is_there = 0 < mark.number <= len(lines) and json.loads(lines[mark.number - 1]).get("chain") == mark.chain
        return None if is_there else mark

    def keyed(self, subject: str) -> str:
        """How the log names a person: who knows the customer id finds the entries, and nobody else does."""
        return subject_hash(self._pepper, subject)

    def names_of(self, subject: str) -> set[str]:
        """What the log calls a person, in entries of today and from before a rotation."""
        return {subject_hash(pepper, subject) for pepper in (*self._pepper.older(), self._pepper)}

    @property
    def is_renewed(self) -> bool:
        """Whether its end is made with the pepper of today."""
        return self._head_pepper() == self._pepper

    def renew(self) -> None:
        """Notes that the pepper was rotated, and goes on under it; nothing where it is so already, or nothing is noted.

        Raises AuditError where the log does not hold: a new pepper seals what stands there.
        """
        if not self._head.exists():
            return
        self.verify(to_be_renewed=True)
        if self.is_renewed:
            return
        last = list(self.entries())[-1]
        # a run that was killed between the entry and the head finds it there
        if last.detail.get("check") != self._pepper.check:
            last = AuditLog(self._path, self._head_pepper(), self._anchor).append(
                _ROTATED, detail={"check": self._pepper.check}
            )
        self._write_head(last)

    def entries(self) -> Iterator[Entry]:
        """Every entry in order. Raises AuditError at a line that is none."""
        if not self._path.exists():
            return
        for number, line in enumerate(self._path.read_text(encoding="utf-8").splitlines(), start=1):
            try:
                yield Entry(**json.loads(line))
            except (ValueError, TypeError):
                raise self._broken(number, "it is not an entry") from None

    def acknowledge(self, *, is_short: bool = False) -> int:
        """Notes that somebody looked into entries that are missing; `is_short`: others than the log itself knows of
        (orchestration/run/audit_gap.py). Returns how many times the log was set back."""
        times = self._unacknowledged()
        if self._missing(self._end()) or is_short:
            times += 1
        if times:
            self.append(ACKNOWLEDGED, detail={"times": times})
        return times

    def _unacknowledged(self) -> int:
        actions = [entry.action for entry in self.entries()]
        known = max((place for place, action in enumerate(actions) if action == ACKNOWLEDGED), default=-1)
        return actions[known + 1 :].count(_SET_BACK)

    def _end(self) -> Mark:
        entries = list(self.entries())
        return Mark(entries[-1].number, entries[-1].chain) if entries else Mark(0, _FIRST)

    def verify(self, *, to_be_renewed: bool = False) -> tuple[int, str]:
        """(entries, chain of the last). Raises AuditError at the first that was changed, moved, added or left out, where
        an older log was put back and nobody acknowledged it, and where the end is made with an older pepper, unless it is
        `to_be_renewed`.
        """
        count, chain, before = 0, _FIRST, _FIRST
        peppers = [*self._pepper.older(), self._pepper]
        checks = {pepper.check: pepper for pepper in peppers}
        made_with = None
        for entry in self.entries():
            if entry.number != count + 1:
                raise self._broken(count + 1, f"it is numbered {entry.number}: an entry was moved, or left out")
            # a log that was begun after a rotation was begun with the pepper of its day
            made_with = made_with or next(
                (p for p in peppers if _chained(entry, chain, p).chain == entry.chain), self._pepper
            )
            if _chained(entry, chain, made_with).chain != entry.chain:
                raise self._broken(entry.number, "it, or one before it, is not what was written")
            count, before, chain = entry.number, chain, entry.chain
            if entry.action == _ROTATED:
                made_with = checks.get(str(entry.detail.get("check")), made_with)
        last = self._read_head(self._head_pepper() if to_be_renewed else self._pepper)
        # a run that was killed between an entry and the head leaves the head one behind; the next entry fixes it
        if last != (count, chain) and last != (count - 1, before):
            raise self._broken(count + 1, f"the log should end with entry {last[0]}: entries are missing at its end")
        if not to_be_renewed:
            self._check_anchor(Mark(count, chain))
        return count, chain

    @property
    def path(self) -> Path:
        return self._path

    @property
    def is_anchored(self) -> bool:
        """Whether anything outside the home folder says how far the log had come."""
        return self._anchor is not None and self._anchor.path.exists()

    def _check_anchor(self, last: Mark) -> None:
        missing, times = self._missing(last), self._unacknowledged()
        if missing or times:
            said = f"it ends at {last.number}, and had come to {missing.number}" if missing else f"it was set back {times} times"  # fmt: skip
            raise AuditError(
                f"entries of the audit log are missing: {said}",
                where=str(self._path),
                to_do="put the newest log back; where a backup of the home folder was put back, or the folder made anew, "
                "`kundbild audit acknowledge` notes that you know",
            )

    def _fixed(self, file: io.FileIO) -> Mark:
        """The last entry, after whatever a killed run left: half a line, or a head one behind."""
        content = file.read()
        whole = content.rfind(b"\n") + 1
        if whole < len(content):
            os.ftruncate(file.fileno(), whole)
        number, chain = self._read_head(self._pepper)
        # counted, not taken apart: each look at people adds an entry
        lines = content.count(b"\n", 0, whole)
        if lines == number + 1:
            last = Entry(**json.loads(content[content.rfind(b"\n", 0, whole - 1) + 1 : whole]))
            if last.number == number + 1 and _chained(last, chain, self._pepper).chain == last.chain:
                return Mark(last.number, last.chain)
        if lines != number:
            raise self._broken(min(lines, number) + 1, "entries were taken out or added; nothing is written after them")
        return Mark(number, chain)

    def _read_head(self, pepper: Pepper) -> tuple[int, str]:
        """(number, chain) of the last entry. Raises AuditError where another pepper wrote it than `pepper`."""
        if not self._head.exists():
            return 0, _FIRST
        if self._head_pepper() != pepper:
            raise AuditError("the audit log is made with an older pepper", where=str(self._path), to_do=RENEW)
        number, chain, _ = self._head.read_text(encoding="utf-8").split()
        return int(number), chain

    def _head_pepper(self) -> Pepper:
        """With which pepper the head was written. Raises AuditError where with none."""
        if not self._head.exists():
            return self._pepper
        number, chain, proof = self._head.read_text(encoding="utf-8").split()
        for pepper in (self._pepper, *self._pepper.older()):
            if pepper.hashed(f"head:{number}:{chain}") == proof:
                return pepper
        raise AuditError(
            "the audit log's head is not what was written, or it was written with another pepper",
            where=str(self._head),
            to_do=f"put back the pepper that it was written with ({pepper_file()}), or restore the head from a backup",
        )

    def _write_head(self, entry: Entry) -> None:
        proof = self._pepper.hashed(f"head:{entry.number}:{entry.chain}")
        fresh = self._head.with_suffix(".head.new")
        write_private(fresh, f"{entry.number} {entry.chain} {proof}\n")
        put_in_place(fresh, self._head)

    def _broken(self, number: int, what: str) -> AuditError:
        return AuditError(
            f"the audit log does not hold at entry {number}: {what}",
            where=f"{self._path}, line {number}",
            to_do="compare it with a backup; who may write to the home folder?",
        )


def _chained(entry: Entry, before: str, pepper: Pepper) -> Entry:
    content = json.dumps({**asdict(entry), "chain": before}, sort_keys=True)
    return Entry(**{**asdict(entry), "chain": pepper.hashed(content)})
