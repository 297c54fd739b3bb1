"""Who was erased stays out: a list of keyed hashes, asked before a row enters the warehouse.

One JSON line an entry: keyed hash, kind, date, reason; nothing of it says whose it is. It lies in the home folder and, so
that it outlasts a backup that is put back, beside the user's own settings; what stands in either counts. The warehouse
counts the entries, so a list that lost some is noticed.
Not here: how a person is known again (suppressor.py), what erasure removes (erasure.py).
"""

from __future__ import annotations

import json
import os
import re
from collections.abc import Iterable
from dataclasses import asdict, dataclass, replace
from datetime import UTC, datetime
from pathlib import Path
from typing import Literal, get_args

import duckdb

from orchestration.core.errors import KundbildError
from orchestration.core.home import Home, put_in_place, write_private
from orchestration.core.sql_scripts import sql_script
from orchestration.core.warehouse import has_table, scalar
from orchestration.privacy.secrets.pepper import Pepper, pepper_file

# record: system:key · person_id: system:id, where the system keeps the person under it · own: system.column:value, as a visitor's cookie · name: given|family|birth date
Kind = Literal["record", "email", "phone", "name", "own", "person_id"]
_DDL = sql_script(__file__, "suppression")
_HASH = re.compile("[0-9a-f]{64}")
# the beginning of an entry, as a killed run leaves it: text without the brace that ends it
_HALF = re.compile(rb'\{(?:"[\x20-\x7c\x7e]*)?')


@dataclass(frozen=True)
class Suppressed:
    """An entry of the list. `kind` says what was hashed; a later entry with `is_lifted` takes an earlier one back.

    `secrets` is how many secrets of the pepper the hash is made with.
    """

    keyed_hash: str
    kind: Kind
    on: str
    reason: str
    is_lifted: bool = False
    secrets: int = 1


class SuppressionError(KundbildError):
    """The list cannot be read: who was erased would come back."""


class SuppressionList:
    """The list of one warehouse, in its two files, which only grow. `con` is the warehouse, which counts the entries."""

    def __init__(self, files: Iterable[Path], pepper: Pepper, con: duckdb.DuckDBPyConnection | None = None) -> None:
        self._files, self._pepper, self._con = tuple(files), pepper, con

    @classmethod
    def of(cls, con: duckdb.DuckDBPyConnection, home: Home, pepper: Pepper) -> SuppressionList:
        """The open warehouse's; a warehouse that is copied elsewhere brings its name, and with it its list."""
        con.execute(_DDL)
        if not scalar(con, "select count(*) from restricted.warehouse_id"):
            con.execute("insert into restricted.warehouse_id values (uuidv7()::varchar)")
        return cls(files_of(con, home), pepper, con)

    def entries(self) -> list[Suppressed]:
        """What stands in either file, in the order that it was written; under the pepper of today, whatever it was."""
        return list(dict.fromkeys(entry for path in self._files for entry in self._renewed_of(path)))

    def renew(self) -> None:
        """Writes anew the files whose entries are not under the pepper of today."""
        for path in self._files:
            if any(entry.secrets < self._pepper.count for entry in _entries_of(path)):
                fresh = path.with_suffix(".new")
                write_private(fresh, "".join(map(_line, self._renewed_of(path))))
                put_in_place(fresh, path)

    def last(self) -> dict[tuple[Kind, str], Suppressed]:
        """The last entry of each (kind, keyed hash)."""
        return {(entry.kind, entry.keyed_hash): entry for entry in self.entries()}

    def standing(self) -> set[tuple[Kind, str]]:
        """(kind, keyed hash) of whoever is out."""
        return {key for key, entry in self.last().items() if not entry.is_lifted}

    def add(self, values: Iterable[tuple[Kind, str]], reason: str, *, is_lifted: bool = False) -> int:
        """Writes the keyed hashes of (kind, match key) to both files. Returns how many were not there, or are lifted."""
        standing = self.standing()
        hashed = {(kind, self.hashed(kind, value)) for kind, value in values if value}
        fresh = [entry for entry in sorted(hashed) if (entry in standing) == is_lifted]
        today = datetime.now(UTC).date().isoformat()
        count = self._pepper.count
        before = self.entries()
        self._write([*before, *(Suppressed(hash_, kind, today, reason, is_lifted, count) for kind, hash_ in fresh)])
        if self._con and fresh:
            # an entry that was lost before stays missed: the mark goes on from itself, unless the list begins anew
            noted = marked(self._con) if before else 0
            self._mark(max(noted, len(before)) + len(fresh))
        return len(fresh)

    def fix(self) -> int:
        """Gives each file what only the other one has, and notes how many entries there are. Returns how many were lacking."""
        whole = self.entries()
        lacking = self._write(whole) if whole else 0
        if self._con and len(whole) > marked(self._con):
            self._mark(len(whole))
        return lacking

    def accept(self) -> tuple[int, int]:
        """Takes the list as it is for whole. Returns how many entries it had, as far as is known, and how many it has."""
        assert self._con, "only the list of an open warehouse is counted"
        known, there = marked(self._con), len(self.entries())
        self._mark(there)
        return max(known, there), there

    def _mark(self, entries: int) -> None:
        assert self._con
        # one statement: a kill leaves the mark as it was
        is_there = scalar(self._con, "select count(*) from restricted.suppression_mark")
        change = (
            "update restricted.suppression_mark set entries = $1"
            if is_there
            else "insert into restricted.suppression_mark values ($1)"
        )
        self._con.execute(change, [entries])

    def _write(self, whole: list[Suppressed]) -> int:
        """Writes to each file what it lacks of the whole list. Returns the most that one lacked."""
        lacked = 0
        for path in self._files:
            # what one file lacks, after a kill or a backup, the other one has
            there = set(self._renewed_of(path))
            lacking = [entry for entry in whole if entry not in there]
            lacked = max(lacked, len(lacking))
            lines = "".join(map(_line, lacking))
            path.parent.mkdir(mode=0o700, parents=True, exist_ok=True)
            with os.fdopen(os.open(path, os.O_RDWR | os.O_CREAT | os.O_APPEND, 0o600), "rb+") as file:
                content = file.read()
                # after half a line, a new one
                file.write(("" if not content or content.endswith(b"\n") else "\n").encode() + lines.encode())
                file.flush()
                os.fsync(file.fileno())
        return lacked

    def hashed(self, kind: Kind, value: str) -> str:
        return self._pepper.hashed(f"suppressed:{kind}:{value}")

    def hashed_sql(self, kind: Kind, value: str) -> str:
        """SQL of `hashed` of an expression; `parameters` are to be bound."""
        return self._pepper.hashed_sql(f"'suppressed:{kind}:' || {value}")

    def _renewed_of(self, path: Path) -> list[Suppressed]:
        count = self._pepper.count
        return [
            replace(entry, keyed_hash=self._pepper.renewed(entry.keyed_hash, entry.secrets), secrets=count)
            for entry in _entries_of(path)
        ]

    @property
    def parameters(self) -> dict[str, bytes]:
        return self._pepper.parameters()


def _line(entry: Suppressed) -> str:
    return json.dumps(asdict(entry)) + "\n"


def files_of(con: duckdb.DuckDBPyConnection, home: Home) -> tuple[Path, ...]:
    """The files of the open warehouse's list; only the home's where the warehouse has no name yet."""
    if not has_table(con, "restricted", "warehouse_id"):
        return (home.suppression,)
    names = [name for (name,) in con.execute("select id from restricted.warehouse_id").fetchall()]
    return (home.suppression, *(pepper_file().with_name(f"suppression-{name}.jsonl") for name in names))


def copies() -> list[Path]:
    """The lists beside the user's own settings, of whatever warehouse."""
    return sorted(pepper_file().parent.glob("suppression-*.jsonl"))


def holds_entries(files: Iterable[Path]) -> bool:
    return any(_entries_of(path) for path in files)


def marked(con: duckdb.DuckDBPyConnection) -> int:
    """How many entries the warehouse knows of; 0 where an older version made it."""
    if not has_table(con, "restricted", "suppression_mark"):
        return 0
    return scalar(con, "select coalesce(max(entries), 0) from restricted.suppression_mark")


def count_entries(files: Iterable[Path]) -> tuple[int, list[Path]]:
    """(entries that stand in any of the files, files that lack some of them), without the pepper."""
    found = {path: set(_entries_of(path)) for path in files}
    whole: set[Suppressed] = set().union(*found.values())
    if len({entry.secrets for entry in whole}) > 1:
        # a rotation was killed, or an older copy put back: one entry has two hashes, and the files cannot be compared
        return max(map(len, found.values())), []
    return len(whole), [path for path, entries in found.items() if entries != whole]


def assert_readable(files: Iterable[Path]) -> None:
    """Raises SuppressionError where a line of one is not an entry."""
    for path in files:
        _entries_of(path)


def _entries_of(path: Path) -> list[Suppressed]:
    """A file's entries; half a line, which a killed run leaves, is none: its entry comes again. Raises SuppressionError at any
    other line: what it said would count for nothing."""
    found = []
    for number, line in enumerate(path.read_bytes().split(b"\n") if path.exists() else [], start=1):
        if not line or _HALF.fullmatch(line):
            continue
        entry = _entry(line)
        if entry is None:
            raise SuppressionError(
                "the list of who was erased cannot be read: nothing is extracted or published, for they would come back",
                where=f"{path}, line {number}",
                to_do="restore the newest backup of this file; the list lies in the home folder and beside the pepper, and either "
                "holds all of it",
            )
        found.append(entry)
    return found


def _entry(line: bytes) -> Suppressed | None:
    try:
        entry = Suppressed(**json.loads(line))
    except (ValueError, TypeError):
        return None
    is_whole = isinstance(entry.keyed_hash, str) and _HASH.fullmatch(entry.keyed_hash) and entry.kind in get_args(Kind)
    is_whole = is_whole and isinstance(entry.is_lifted, bool) and isinstance(entry.secrets, int)
    return entry if is_whole else None
