"""The pepper: a secret outside the warehouse, without which a keyed hash says nothing. Here: where it lies, and HMACs.

A plain hash of a phone or identity number falls to trying them all; this one does not. Not here: what is hashed.
"""

from __future__ import annotations

import hashlib
import hmac
import os
import secrets
from pathlib import Path

import duckdb

from orchestration.errors import KundbildError
from orchestration.warehouse import scalar

_CHECKED = "kundbild pepper"
_LEAST_CHARACTERS = 32
_BLOCK = 64
_DDL = """
create schema if not exists restricted;
create table if not exists restricted.pepper_check (keyed_hash varchar not null);
"""


def pepper_file() -> Path:
    """Where the pepper lies that no configuration gives: beside the user's own settings, not in the home folder."""
    return Path(os.environ.get("XDG_CONFIG_HOME") or Path.home() / ".config") / "kundbild" / "pepper"


def find_pepper(con: duckdb.DuckDBPyConnection, configured: str | None) -> str:
    """The pepper that this warehouse's hashes are made with; made, and noted, where nothing was hashed yet.

    Raises KundbildError where it is gone, open to others, or another one: with it nobody would be found again.
    """
    con.execute(_DDL)
    pepper = read_pepper(configured, is_known=bool(scalar(con, "select count(*) from restricted.pepper_check")))
    noted = con.execute("select keyed_hash from restricted.pepper_check").fetchall()
    own = keyed_hash(pepper, _CHECKED)
    if not noted:
        con.execute("insert into restricted.pepper_check values (?)", [own])
    elif noted != [(own,)]:
        raise KundbildError(
            "the pepper is not the one that this warehouse's hashes are made with",
            where="[privacy] pepper" if configured else str(pepper_file()),
            to_do="put back the one that it was built with; with another, nobody would be found again",
        )
    return pepper


def read_pepper(configured: str | None, *, is_known: bool) -> str:
    """The pepper, without a look at a warehouse; made where there is none, unless something `is_known` by it."""
    return configured or _read(is_known)


def _read(is_known: bool) -> str:
    path = pepper_file()
    if path.exists():
        if path.stat().st_mode & 0o077:
            raise KundbildError("others may read the pepper", where=str(path), to_do=f"chmod 600 {path}")
        pepper = path.read_text(encoding="utf-8").strip()
        if len(pepper) < _LEAST_CHARACTERS:
            raise KundbildError(
                f"the pepper has fewer than {_LEAST_CHARACTERS} characters",
                where=str(path),
                to_do="put back the one that the warehouse was built with",
            )
        return pepper
    if is_known:
        raise KundbildError(
            "the pepper that this warehouse's hashes are made with is gone",
            where=str(path),
            to_do='put it back from where you keep a copy, or set pepper = "${KUNDBILD_PEPPER}" below [privacy]',
        )
    pepper = secrets.token_hex(32)
    path.parent.mkdir(mode=0o700, parents=True, exist_ok=True)
    with os.fdopen(os.open(path, os.O_WRONLY | os.O_CREAT | os.O_EXCL, 0o600), "w", encoding="utf-8") as file:
        file.write(pepper + "\n")
    return pepper


def keyed_hash(pepper: str, value: str) -> str:
    """HMAC-SHA-256 of `value` under `pepper`, as 64 hexadecimal digits."""
    return hmac.new(pepper.encode(), value.encode(), hashlib.sha256).hexdigest()


def keyed_hash_sql(value: str) -> str:
    """SQL of `keyed_hash` of an expression of text; `hash_parameters` are to be bound to it, so that no log holds them."""
    return f"sha256($outer || unhex(sha256($inner || encode({value}))))"


def hash_parameters(pepper: str) -> dict[str, bytes]:
    """What RFC 2104 puts before the value: the key, padded to a block, with its two masks."""
    key = pepper.encode()
    key = (hashlib.sha256(key).digest() if len(key) > _BLOCK else key).ljust(_BLOCK, b"\0")
    return {"outer": bytes(byte ^ 0x5C for byte in key), "inner": bytes(byte ^ 0x36 for byte in key)}
