"""The pepper: a secret outside the warehouse, without which a keyed hash says nothing. Here: HMACs, and whose pepper it is.

A plain hash of a phone or identity number falls to trying them all; this one does not. Not here: what is hashed.
"""

from __future__ import annotations

import hashlib
import hmac

import duckdb

from orchestration.errors import KundbildError

_CHECKED = "kundbild pepper"


def keyed_hash(pepper: str, value: str) -> str:
    """HMAC-SHA-256 of `value` under `pepper`, as 64 hexadecimal digits."""
    return hmac.new(pepper.encode(), value.encode(), hashlib.sha256).hexdigest()


def assert_same_pepper(con: duckdb.DuckDBPyConnection, pepper: str) -> None:
    """Notes at first use which pepper the warehouse's hashes are made with. Raises KundbildError where it is another."""
    con.execute(
        "create schema if not exists restricted; create table if not exists restricted.pepper_check (keyed_hash varchar not null)"
    )
    noted = con.execute("select keyed_hash from restricted.pepper_check").fetchall()
    own = keyed_hash(pepper, _CHECKED)
    if not noted:
        con.execute("insert into restricted.pepper_check values (?)", [own])
    elif noted != [(own,)]:
        raise KundbildError(
            "the pepper is not the one that this warehouse's hashes are made with",
            where="[privacy] pepper",
            to_do="set the one that it was built with; with another, nobody would be found again",
        )
