"""A publication: one folder, made beside the others, verified, then switched to by one rename. All or nothing.

`published/current` is a link to the newest folder under `published/versions`; `published/kundbild.duckdb` and its
siblings lead through it. A reader keeps the files that it opened. Not here: whether a night may be published (gate.py).
"""

from __future__ import annotations

import json
import os
import shutil
from dataclasses import asdict, dataclass
from datetime import datetime
from pathlib import Path

import duckdb

from orchestration.errors import KundbildError
from orchestration.home import Home
from orchestration.warehouse import quote, scalar, text

# BI tools still carry DuckDB 1.5: newer storage would lock them out
STORAGE_VERSION = "v1.5.0"
BI_FILE = "kundbild.duckdb"
CUSTOMERS_FILE = "customers.duckdb"
PARQUET_FOLDER = "parquet"
_CUSTOMER_SCHEMAS = ("marts", "segments", "audiences")
_MANIFEST = "publication.json"


@dataclass(frozen=True)
class Publication:
    """What a publication holds. `tables` maps `schema.table` to rows."""

    version: str
    run_id: str
    published_at: str
    tables: dict[str, int]


def publish(con: duckdb.DuckDBPyConnection, home: Home, run_id: str, moment: datetime, keep: int) -> Publication:
    """Publishes the warehouse as it stands. `con` is the open warehouse; `moment` names the version (UTC).

    Raises KundbildError when a copy differs from its original; readers then keep the last publication.
    """
    version = moment.strftime("%Y%m%dT%H%M%S") + f"-{run_id[:8]}"
    building = home.published / f".building-{version}"
    shutil.rmtree(building, ignore_errors=True)
    building.mkdir(mode=0o700)
    tables = _copy(con, building / BI_FILE, ("bi",))
    _copy_parquet(con, building / PARQUET_FOLDER)
    tables |= _copy(con, building / CUSTOMERS_FILE, _CUSTOMER_SCHEMAS)
    publication = Publication(version, run_id, moment.isoformat(timespec="seconds") + "Z", tables)
    (building / _MANIFEST).write_text(json.dumps(asdict(publication), indent=2), encoding="utf-8")
    for path in building.rglob("*"):
        path.chmod(0o700 if path.is_dir() else 0o600)
    versions = home.published / "versions"
    versions.mkdir(exist_ok=True, mode=0o700)
    _to_disk(building)
    building.rename(versions / version)
    switch(home, version)
    for old in list_publications(home)[keep:]:
        if old.version != version:
            shutil.rmtree(versions / old.version, ignore_errors=True)
    return publication


def switch(home: Home, version: str) -> None:
    """Makes `version` the current publication, by one rename. Raises KundbildError when there is no such version."""
    if not (home.published / "versions" / version / _MANIFEST).is_file():
        there = ", ".join(p.version for p in list_publications(home)) or "none"
        raise KundbildError(f"there is no publication {version}", to_do=f"publications: {there}")
    _link(home.published / "current", Path("versions") / version)
    for name in (BI_FILE, CUSTOMERS_FILE, PARQUET_FOLDER):
        _link(home.published / name, Path("current") / name)


def current(home: Home) -> Publication | None:
    """The publication that readers see, or None before the first."""
    path = home.published / "current" / _MANIFEST
    return _read(path) if path.is_file() else None


def list_publications(home: Home) -> list[Publication]:
    """Every publication that is kept, newest first."""
    found = [_read(path) for path in (home.published / "versions").glob(f"*/{_MANIFEST}")]
    return sorted(found, key=lambda publication: publication.version, reverse=True)


def rollback(home: Home, version: str | None = None) -> Publication:
    """Switches to `version`, or to the one before the current. Raises KundbildError when there is none."""
    publications = list_publications(home)
    now = current(home)
    if version is None:
        older = [p.version for p in publications if now and p.version < now.version]
        if not older:
            raise KundbildError(
                "there is no earlier publication to go back to", to_do="`kundbild publish --list` shows them"
            )
        version = older[0]
    switch(home, version)
    publication = current(home)
    assert publication is not None
    return publication


def _copy(con: duckdb.DuckDBPyConnection, path: Path, schemas: tuple[str, ...]) -> dict[str, int]:
    counts: dict[str, int] = {}
    con.execute(f"attach {text(path)} as publication (storage_version {text(STORAGE_VERSION)})")
    try:
        for schema in schemas:
            con.execute(f"create schema publication.{quote(schema)}")
            for table in _tables(con, schema):
                name = f"{quote(schema)}.{quote(table)}"
                con.execute(f"create table publication.{name} as from {name}")
                _copy_comments(con, schema, table)
    finally:
        con.execute("detach publication")
    if Path(f"{path}.wal").exists():
        raise KundbildError("the publication was not written through to its file", where=str(path), to_do="run again")
    # read the copy back whole, from disk, and compare it with the original
    con.execute(f"attach {text(path)} as publication (read_only)")
    try:
        for schema in schemas:
            for table in _tables(con, schema):
                name = f"{quote(schema)}.{quote(table)}"
                there = con.execute(f"select count(*), bit_xor(hash(t)) from publication.{name} t").fetchall()[0]
                here = con.execute(f"select count(*), bit_xor(hash(t)) from {name} t").fetchall()[0]
                if here != there:
                    raise KundbildError(
                        f"the copy of {schema}.{table} differs from the warehouse",
                        where=str(path),
                        to_do="check the disk",
                    )
                counts[f"{schema}.{table}"] = int(there[0])
    finally:
        con.execute("detach publication")
    return counts


def _copy_comments(con: duckdb.DuckDBPyConnection, schema: str, table: str) -> None:
    comment = scalar(
        con,
        "select comment from duckdb_tables() where database_name = current_database() and schema_name = ? and table_name = ?",
        [schema, table],
    )
    if comment:
        con.execute(f"comment on table publication.{quote(schema)}.{quote(table)} is {text(comment)}")
    for column, said in con.execute(
        "select column_name, comment from duckdb_columns() where database_name = current_database() and schema_name = ? "
        "and table_name = ? and comment is not null",
        [schema, table],
    ).fetchall():
        con.execute(f"comment on column publication.{quote(schema)}.{quote(table)}.{quote(column)} is {text(said)}")


def _copy_parquet(con: duckdb.DuckDBPyConnection, folder: Path) -> None:
    folder.mkdir(mode=0o700)
    for table in _tables(con, "bi"):
        con.execute(f"copy bi.{quote(table)} to {text(folder / f'{table}.parquet')} (format parquet, compression zstd)")


def _tables(con: duckdb.DuckDBPyConnection, schema: str) -> list[str]:
    rows = con.execute(
        "select table_name from duckdb_tables() where database_name = current_database() and schema_name = ? "
        "and table_name not like '%\\_\\_dbt\\_%' escape '\\' order by 1",
        [schema],
    ).fetchall()
    return [name for (name,) in rows]


def _to_disk(folder: Path) -> None:
    """Flushes what was written, so that the rename never makes a half-written file current after a power cut."""
    for path in [*folder.rglob("*"), folder]:
        descriptor = os.open(path, os.O_RDONLY)
        try:
            os.fsync(descriptor)
        finally:
            os.close(descriptor)


def _link(link: Path, target: Path) -> None:
    fresh = link.with_name(f".{link.name}.link")
    fresh.unlink(missing_ok=True)
    fresh.symlink_to(target)
    fresh.replace(link)


def _read(path: Path) -> Publication:
    return Publication(**json.loads(path.read_text(encoding="utf-8")))
