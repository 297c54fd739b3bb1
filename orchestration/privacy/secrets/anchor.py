"""How far a home folder's audit log had come, kept beside the pepper: what is put back, or deleted, in the home shows.

Here: `audit-<home>.anchor`, the number and chain of the last entry. Not here: the chain itself (audit/log.py).
"""

from __future__ import annotations

import hashlib
import json
from dataclasses import asdict, dataclass
from pathlib import Path

from orchestration.core.home import Home, put_in_place, write_private
from orchestration.privacy.secrets.pepper import pepper_file


@dataclass(frozen=True)
class Mark:
    """An entry of the log by its number, from 1, and its chain. Number 0: before the first."""

    number: int
    chain: str


class Anchor:
    """The mark of one log in one file. A log without an anchor, as of an older version, gets it with the next entry."""

    def __init__(self, path: Path) -> None:
        self.path = path

    @classmethod
    def of(cls, home: Home) -> Anchor:
        """A home folder's, by where it lies: a copy elsewhere has its own."""
        name = hashlib.sha256(str(home.root.resolve()).encode()).hexdigest()[:16]
        return cls(pepper_file().with_name(f"audit-{name}.anchor"))

    def read(self) -> Mark | None:
        """None where there is none. A file that cannot be read counts as a mark that no log reaches: fail closed."""
        if not self.path.exists():
            return None
        try:
            said = json.loads(self.path.read_text(encoding="utf-8"))
            return Mark(int(said["number"]), str(said["chain"]))
        except (ValueError, KeyError, TypeError):
            return Mark(0, "unreadable")

    def write(self, mark: Mark) -> None:
        self.path.parent.mkdir(mode=0o700, parents=True, exist_ok=True)
        fresh = self.path.with_suffix(".new")
        write_private(fresh, json.dumps(asdict(mark)) + "\n")
        put_in_place(fresh, self.path)
