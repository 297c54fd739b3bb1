"""Files written anew without what was deleted from them: DuckDB leaves the bytes of deleted rows where they were.

Here: the warehouse's file and the publications'. Each is replaced by one rename; a reader keeps the file that it opened.
Not here: what is deleted (erasure.py).
"""

from __future__ import annotations

import json
import os
from collections.abc import Callable
from pathlib import Path

import duckdb

from orchestration.errors import KundbildError
from orchestration.home import Home
from orchestration.settings import Engine
from orchestration.warehouse import PUBLISHED_STORAGE, open_warehouse, quote, scalar, text

# statements that rid a table (catalog, schema, table) of whom it is to be rid of
Deletions = Callable[[duckdb.DuckDBPyConnection, str, str, str], list[str]]
# what a table is counted by before and after
_ROWS = "select schema_name, table_name, estimated_size from duckdb_tables() where database_name = $catalog and not temporary order by all"


def rewrite_warehouse(home: Home, engine: Engine, compression: str = "auto") -> None:
    """Copies the warehouse into a fresh file and puts that in its place. Needs the lock, and the warehouse closed.

    Raises KundbildError where a table of the copy has other rows: the warehouse then stays as it was.
    """
    fresh = home.temporary / "warehouse.fresh.duckdb"
    fresh.unlink(missing_ok=True)
    with open_warehouse(home, engine) as con:
        catalog = str(scalar(con, "select current_database()"))
        con.execute(f"set force_compression = {text(compression)}")
        con.execute(f"attach {text(fresh)} as fresh; copy from database {quote(catalog)} to fresh")
        _assert_same(con, catalog, "fresh", home.warehouse)
        con.execute("detach fresh")
    _replace(fresh, home.warehouse)
    Path(f"{home.warehouse}.wal").unlink(missing_ok=True)


def rewrite_publications(con: duckdb.DuckDBPyConnection, home: Home, deletions: Deletions) -> list[str]:
    """Rids every publication that is kept of whom `deletions` name. Returns the versions that held somebody of them."""
    held = []
    for folder in sorted((home.published / "versions").glob("*")):
        changed = [_rewrite_database(con, home, path, deletions) for path in sorted(folder.glob("*.duckdb"))]
        changed += [_rewrite_parquet(con, path, deletions) for path in sorted(folder.glob("parquet/*.parquet"))]
        if any(changed):
            held.append(folder.name)
            _recount(con, folder)
    return held


def _rewrite_database(con: duckdb.DuckDBPyConnection, home: Home, path: Path, deletions: Deletions) -> bool:
    """In a copy beside it, so that readers never see it half done. Says whether anything was to be deleted."""
    fresh, last = home.temporary / f"{path.name}.copy", home.temporary / f"{path.name}.fresh"
    for left_over in (fresh, last):
        left_over.unlink(missing_ok=True)
    con.execute(f"attach {text(path)} as published (read_only); attach {text(fresh)} as rid")
    try:
        con.execute("copy from database published to rid")
        changed = 0
        for schema, table, _ in con.execute(_ROWS, {"catalog": "rid"}).fetchall():
            for statement in deletions(con, "rid", schema, table):
                changed += int(scalar(con, statement))
        if changed:
            con.execute(f"attach {text(last)} as last (storage_version {text(PUBLISHED_STORAGE)})")
            con.execute("copy from database rid to last; detach last")
    finally:
        con.execute("detach published; detach rid")
        fresh.unlink(missing_ok=True)
    if changed:
        _replace(last, path)
    return bool(changed)


def _rewrite_parquet(con: duckdb.DuckDBPyConnection, path: Path, deletions: Deletions) -> bool:
    con.execute(f"create or replace temp table {quote(path.stem)} as from read_parquet({text(path)})")
    changed = sum(int(scalar(con, statement)) for statement in deletions(con, "temp", "main", path.stem))
    if changed:
        fresh = path.with_suffix(".fresh")
        con.execute(f"copy temp.main.{quote(path.stem)} to {text(fresh)} (format parquet, compression zstd)")
        _replace(fresh, path)
    con.execute(f"drop table temp.main.{quote(path.stem)}")
    return bool(changed)


def _recount(con: duckdb.DuckDBPyConnection, folder: Path) -> None:
    """The manifest's rows of each table, as they are now."""
    manifest = folder / "publication.json"
    if not manifest.exists():
        return
    said = json.loads(manifest.read_text(encoding="utf-8"))
    for path in sorted(folder.glob("*.duckdb")):
        con.execute(f"attach {text(path)} as published (read_only)")
        for schema, table, rows in con.execute(_ROWS, {"catalog": "published"}).fetchall():
            said["tables"][f"{schema}.{table}"] = rows
        con.execute("detach published")
    fresh = manifest.with_suffix(".fresh")
    fresh.write_text(json.dumps(said, indent=2), encoding="utf-8")
    _replace(fresh, manifest)


def _assert_same(con: duckdb.DuckDBPyConnection, catalog: str, copy: str, where: Path) -> None:
    def rows(of: str) -> list[tuple[str, str, int]]:
        tables = con.execute(_ROWS, {"catalog": of}).fetchall()
        return [
            (schema, table, int(scalar(con, f"select count(*) from {quote(of)}.{quote(schema)}.{quote(table)}")))
            for schema, table, _ in tables
        ]

    if rows(catalog) != rows(copy):
        raise KundbildError(
            "the warehouse's copy has other rows than the warehouse",
            where=str(where),
            to_do="check the disk; the warehouse is as it was, and the next run tries again",
        )


def _replace(fresh: Path, path: Path) -> None:
    """Puts a written file in another's place: on disk before its name is, and private."""
    fresh.chmod(0o600)
    for target in (fresh, fresh.parent):
        _sync(target)
    fresh.replace(path)
    _sync(path.parent)


def _sync(path: Path) -> None:
    descriptor = os.open(path, os.O_RDONLY)
    try:
        os.fsync(descriptor)
    finally:
        os.close(descriptor)
