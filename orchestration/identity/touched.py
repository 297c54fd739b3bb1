"""Which records a night looks at anew: new, changed or gone ones, and those whose identifiers are worth something else.

`identity.touched_records` keeps them until the last table is up to date, so that the night after one that was killed
takes them up again. `identity.made_with` keeps a digest of all else that the tables were made with: where that is
another (settings, seeds, model, this code), everything is made anew. Not here: what is made of them.
"""

from __future__ import annotations

import hashlib
from functools import cache
from pathlib import Path

import duckdb

from orchestration.core.settings import Identity
from orchestration.core.sql_scripts import sql_script
from orchestration.core.warehouse import scalar
from orchestration.match_keys import digest as match_keys_digest

_DDL = sql_script(__file__, "touched")
_SEEDS = ("junk_identifiers", "identifier_overrides", "role_mailboxes", "nicknames")


def prepare_touched(con: duckdb.DuckDBPyConnection) -> None:
    con.execute(_DDL)


def touch(con: duckdb.DuckDBPyConnection, records: str) -> None:
    """`records` is a query of record ids."""
    con.execute(f"insert into identity.touched_records {records}")


def rest(con: duckdb.DuckDBPyConnection) -> None:
    """All tables are up to date: nothing is touched."""
    con.execute("delete from identity.touched_records")


def is_made_with(con: duckdb.DuckDBPyConnection, part: str, digest: str) -> bool:
    return bool(scalar(con, "select count(*) from identity.made_with where part = $1 and digest = $2", [part, digest]))


def note_made_with(con: duckdb.DuckDBPyConnection, part: str, digest: str) -> None:
    con.execute("insert or replace into identity.made_with values ($1, $2)", [part, digest])


def forget_made_with(con: duckdb.DuckDBPyConnection, *parts: str) -> None:
    """These parts are about to be made anew: a run that is killed meanwhile leaves that to the next."""
    con.execute("delete from identity.made_with where list_contains($parts, part)", {"parts": list(parts)})


def digest_of(con: duckdb.DuckDBPyConnection, settings: Identity, *more: object) -> str:
    """Of all that the identity tables depend on beside the records."""
    seeds = [scalar(con, f"select sum(hash(s)::hugeint)::varchar from reference.{seed} s") for seed in _SEEDS]
    said = (_code(), duckdb.__version__, settings.model_dump_json(), *seeds, *more)
    return hashlib.sha256(repr(said).encode()).hexdigest()[:32]


@cache
def _code() -> str:
    package = Path(__file__).parent
    files = [*sorted(package.glob("*.py")), *sorted(package.glob("sql/*.sql"))]
    return hashlib.sha256(b"".join(file.read_bytes() for file in files) + match_keys_digest().encode()).hexdigest()
