"""The pepper: secrets outside the warehouse, without which a keyed hash says nothing. Here: where it lies, and HMACs.

A plain hash of a phone or identity number falls to trying them all; this one does not. A new secret is laid over the ones
before, so that every hash that is kept can be renewed without what it is of. Not here: what is hashed, rotation.py.
"""

from __future__ import annotations

import hashlib
import hmac
import os
import secrets
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path

import duckdb

from orchestration.core.errors import KundbildError
from orchestration.core.home import put_in_place, write_private
from orchestration.core.sql_scripts import sql_script
from orchestration.core.warehouse import scalar

_CHECKED = "kundbild pepper"
_LEAST_CHARACTERS = 32
_BLOCK = 64
# what a hash looks like, as a regular expression
KEYED_HASH = "[0-9a-f]{64}"
_DDL = sql_script(__file__, "pepper")
RENEW = "`kundbild pepper rotate` renews what an older one was used for"


@dataclass(frozen=True, repr=False)
class Pepper:
    """The secrets, the oldest first. A hash is HMAC-SHA-256 (RFC 2104) under each in turn, of the hash under the one before.

    Who has the older secrets alone makes no hash that is kept today.
    """

    secrets: tuple[str, ...]

    @property
    def count(self) -> int:
        return len(self.secrets)

    @property
    def check(self) -> str:
        """A hash that shows which secrets it was made with, and tells nothing of them."""
        return self.hashed(_CHECKED)

    def first(self, count: int) -> Pepper:
        """As it was when it had `count` secrets."""
        return Pepper(self.secrets[:count])

    def older(self) -> list[Pepper]:
        """As it was before each rotation, the oldest first."""
        return [self.first(count) for count in range(1, self.count)]

    def hashed(self, value: str) -> str:
        """The hash of `value`, as 64 hexadecimal digits."""
        return self.renewed(value, 0)

    def renewed(self, keyed_hash: str, count: int) -> str:
        """A hash that was made with the first `count` secrets, as it is with all."""
        for secret in self.secrets[count:]:
            keyed_hash = hmac.new(secret.encode(), keyed_hash.encode(), hashlib.sha256).hexdigest()
        return keyed_hash

    def hashed_sql(self, value: str) -> str:
        """SQL of `hashed` of an expression of text; `parameters` are to be bound to it, so that no log holds them."""
        return self.renewed_sql(value, 0)

    def renewed_sql(self, keyed_hash: str, count: int) -> str:
        """SQL of `renewed` of an expression; the `parameters` of the same count are to be bound to it."""
        for number in range(count, self.count):
            keyed_hash = f"sha256($outer_{number} || unhex(sha256($inner_{number} || encode({keyed_hash}))))"
        return keyed_hash

    def parameters(self, count: int = 0) -> dict[str, bytes]:
        """What RFC 2104 puts before the value: each key after the first `count`, padded to a block, with its two masks."""
        found = {}
        for number in range(count, self.count):
            key = self.secrets[number].encode()
            key = (hashlib.sha256(key).digest() if len(key) > _BLOCK else key).ljust(_BLOCK, b"\0")
            found[f"outer_{number}"] = bytes(byte ^ 0x5C for byte in key)
            found[f"inner_{number}"] = bytes(byte ^ 0x36 for byte in key)
        return found


def pepper_file() -> Path:
    """Where the pepper lies that no configuration gives: beside the user's own settings, not in the home folder."""
    return Path(os.environ.get("XDG_CONFIG_HOME") or Path.home() / ".config") / "kundbild" / "pepper"


def find_pepper(con: duckdb.DuckDBPyConnection, configured: Sequence[str]) -> Pepper:
    """The pepper that this warehouse's hashes are made with; made, and noted, where nothing was hashed yet.

    Raises KundbildError where it is gone, open to others, or another one, with which nobody would be found again; and where
    a secret was added that the hashes are not made with yet.
    """
    noted = noted_check(con)
    pepper = read_pepper(configured, is_known=bool(noted))
    if not noted:
        note_check(con, pepper)
    elif noted != pepper.check:
        where = "[privacy] pepper" if configured else str(pepper_file())
        if noted in [older.check for older in pepper.older()]:
            raise KundbildError("this warehouse's hashes are made with an older pepper", where=where, to_do=RENEW)
        raise KundbildError(
            "the pepper is not the one that this warehouse's hashes are made with",
            where=where,
            to_do="put back the one that it was built with; with another, nobody would be found again",
        )
    return pepper


def noted_check(con: duckdb.DuckDBPyConnection) -> str | None:
    """The check of the pepper that the warehouse's hashes are made with; None where nothing was hashed yet."""
    con.execute(_DDL)
    return scalar(con, "select any_value(keyed_hash) from restricted.pepper_check")


def note_check(con: duckdb.DuckDBPyConnection, pepper: Pepper) -> None:
    con.execute("delete from restricted.pepper_check")
    con.execute("insert into restricted.pepper_check values (?)", [pepper.check])


def read_pepper(configured: Sequence[str], *, is_known: bool) -> Pepper:
    """The pepper, without a look at a warehouse; made where there is none, unless something `is_known` by it."""
    return Pepper(tuple(configured) or _read(is_known))


def add_secret() -> Pepper:
    """Lays a new secret over the ones of the file, whole or not at all. Returns the pepper with it."""
    path = pepper_file()
    fresh = path.with_name("pepper.new")
    write_private(fresh, "".join(f"{secret}\n" for secret in (*_read(is_known=True), secrets.token_hex(32))))
    put_in_place(fresh, path)
    return Pepper(_read(is_known=True))


def _read(is_known: bool) -> tuple[str, ...]:
    path = pepper_file()
    if path.exists():
        if path.stat().st_mode & 0o077:
            raise KundbildError("others may read the pepper", where=str(path), to_do=f"chmod 600 {path}")
        found = tuple(filter(None, map(str.strip, path.read_text(encoding="utf-8").splitlines())))
        if not found or min(map(len, found)) < _LEAST_CHARACTERS:
            raise KundbildError(
                f"the pepper has fewer than {_LEAST_CHARACTERS} characters",
                where=str(path),
                to_do="put back the one that the warehouse was built with",
            )
        return found
    if is_known:
        raise KundbildError(
            "the pepper that this warehouse's hashes are made with is gone",
            where=str(path),
            to_do='put it back from where you keep a copy, or set pepper = "${KUNDBILD_PEPPER}" below [privacy]',
        )
    secret = secrets.token_hex(32)
    path.parent.mkdir(mode=0o700, parents=True, exist_ok=True)
    with os.fdopen(os.open(path, os.O_WRONLY | os.O_CREAT | os.O_EXCL, 0o600), "w", encoding="utf-8") as file:
        file.write(secret + "\n")
    return (secret,)
