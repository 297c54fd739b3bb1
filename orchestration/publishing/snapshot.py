"""A publication: one folder, made beside the others, verified, then switched to by one rename. All or nothing.

`published/current` is a link to the newest folder under `published/versions`; `published/kundbild.duckdb` and its
siblings lead through it. A reader keeps the files that it opened. Audiences and permissions are shown for MAX_AGE after their
night, and go from a publication when a newer one is there, and from all where a held night leaves them standing. Not here:
how (contactable.py), whether a night may be published (gate.py), who reads which file (grades.py), what stands and is whole
(versions.py).
"""

from __future__ import annotations

import json
import shutil
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from contextlib import suppress
from dataclasses import asdict, dataclass
from datetime import datetime
from pathlib import Path

import duckdb

from orchestration.contracts.audiences import AUDIENCE_ROWS
from orchestration.contracts.made_by import made_by
from orchestration.core.errors import KundbildError
from orchestration.core.home import READ_ONLY, Home, sync, write_private
from orchestration.core.settings.maps import MAX_AGE
from orchestration.core.warehouse import PUBLISHED_STORAGE, quote, text
from orchestration.publishing.contactable import Kept, empty, kept_apart, write_apart
from orchestration.publishing.grades import ANALYST, OPEN, OPEN_FOLDER, PARQUET_FOLDER, PEOPLE
from orchestration.publishing.versions import (
    MANIFEST,
    Publication,
    current,
    current_version,
    list_publications,
    standing_versions,
    unusable_parts,
)

# what a mart is made of tells readers nothing
_UNREAD = {"consent_inputs", "register_gaps"}


def publish(
    con: duckdb.DuckDBPyConnection,
    home: Home,
    run_id: str,
    moment: datetime,
    keep: int,
    *,
    known_until: datetime | None = None,
) -> Publication:
    """Publishes the warehouse as it stands. `con` is the open warehouse; `moment` names the version (UTC). Audiences are shown
    until `known_until` (UTC), where that is earlier than MAX_AGE after `moment`.

    Raises KundbildError when a copy differs from its original; readers then keep the last publication.
    """
    version = moment.strftime("%Y%m%dT%H%M%S") + f"-{run_id[:8]}"
    building = home.published / f".building-{version}"
    shutil.rmtree(building, ignore_errors=True)
    for folder in (building, building / OPEN_FOLDER):
        folder.mkdir(mode=0o700)
    # the catalogue is read before any copying: a look at it touches every file that is open, and one that is touched
    # can be neither written through to disk nor opened again to be verified
    shown, rounded = _tables(con, ANALYST.schemas), _tables(con, OPEN.schemas)
    # a fact that bi shows row for row is not published twice: customer_key joins it to the person. What bi shows of an answer of
    # `insight` is counts of it
    facts = {("marts", table.name) for table in shown if table.is_view}
    of_people = _tables(con, PEOPLE.schemas)
    people = [table for table in of_people if (table.schema, table.name) not in facts and table.name not in _UNREAD]
    shown_until = min(moment + MAX_AGE, known_until or datetime.max)
    copies: list[Callable[[duckdb.DuckDBPyConnection], dict[str, int]]] = [
        lambda cursor: _copy(cursor, building / ANALYST.file, shown),
        lambda cursor: _copy(cursor, building / PEOPLE.file, people, shown_until=shown_until),
        lambda cursor: _copy_parquet(cursor, building / PARQUET_FOLDER, shown),
        lambda cursor: _copy(cursor, building / OPEN.file, rounded),
        lambda cursor: _copy_parquet(cursor, building / OPEN_FOLDER / PARQUET_FOLDER, rounded),
    ]
    tables: dict[str, int] = {}
    # compressing keeps one core busy a file, however many there are
    with ThreadPoolExecutor() as pool:
        for counted in pool.map(lambda copy: copy(con.cursor()), copies):
            tables |= counted
    publication = Publication(version, run_id, moment.isoformat(timespec="seconds") + "Z", tables, made_by())
    write_private(building / MANIFEST, json.dumps(asdict(publication), indent=2))
    for path in building.rglob("*"):
        path.chmod(0o700 if path.is_dir() else READ_ONLY)
    versions = home.published / "versions"
    versions.mkdir(exist_ok=True, mode=0o700)
    for written in [*building.rglob("*"), building]:
        sync(written)
    building.rename(versions / version)
    switch(home, version)
    # nobody can go back to a broken one, and it holds people
    broken = [old for old in standing_versions(home) if unusable_parts(home, old)]
    for old in [*broken, *(one.version for one in list_publications(home)[keep:])]:
        if old != version:
            shutil.rmtree(versions / old, ignore_errors=True)
    close_older(home)
    return publication


def switch(home: Home, version: str) -> None:
    """Makes `version` the current publication, by one rename. Raises KundbildError when there is no such version."""
    if unusable := unusable_parts(home, version):
        there = ", ".join(p.version for p in list_publications(home) if not unusable_parts(home, p.version)) or "none"
        broken = f": of it {', '.join(unusable)} is cut or gone" if version in standing_versions(home) else ""
        raise KundbildError(f"there is no publication {version}{broken}", to_do=f"publications: {there}")
    _link(home.published / "current", Path("versions") / version)
    for name in (ANALYST.file, PEOPLE.file, PARQUET_FOLDER, OPEN_FOLDER):
        _link(home.published / name, Path("current") / name)


def rollback(
    home: Home, version: str | None = None, hide: Callable[[str], object] = lambda version: None
) -> Publication:
    """Switches to `version`, or to the one before the current. Raises KundbildError when there is none.

    Audiences and permissions of any but the newest publication are emptied first: somebody may have withdrawn since; and `hide`
    gets its version. Needs the lock.
    """
    now = current_version(home)
    if version is None:
        older = [p.version for p in list_publications(home) if not now or p.version < now]
        older = [version for version in older if not unusable_parts(home, version)]
        if not older:
            raise KundbildError(
                "there is no earlier publication to go back to", to_do="`kundbild publish --list` shows them"
            )
        version = older[0]
    if version not in standing_versions(home)[:1] and not unusable_parts(home, version):
        # also where the newest is broken: what was said since stands only in that one
        empty(home, version)
        hide(version)
    switch(home, version)
    publication = current(home)
    assert publication is not None
    return publication


def close_older(home: Home) -> None:
    """Leaves no audience and no permission in publications that are older than the current: somebody may have said no since.
    What is closed already is looked at, and not written again. Needs the lock."""
    now = current_version(home)
    for older in standing_versions(home):
        if older < now:
            # a file that cannot be read shows nobody; one that cannot be written is tried again by the next night
            with suppress(duckdb.Error, OSError):
                empty(home, older)


def close_audiences(home: Home) -> bool:
    """Leaves no audience and no permission in any publication: they may not be used any more. Says whether there was any. Needs
    the lock. Raises what makes emptying one of them fail, behind the others."""
    is_any, failed = False, None
    for version in standing_versions(home):
        try:
            is_any = empty(home, version) or is_any
        except (duckdb.Error, KundbildError, OSError) as error:
            failed = failed or error
    if failed:
        raise failed
    return is_any


def _copy(
    con: duckdb.DuckDBPyConnection, path: Path, tables: list[_Table], *, shown_until: datetime | None = None
) -> dict[str, int]:
    """Copies tables and views into a new file, as tables. Returns the rows of each, as they lie on disk."""
    _write(con, path, tables, shown_until)
    if Path(f"{path}.wal").exists():
        raise KundbildError("the publication was not written through to its file", where=str(path), to_do="run again")
    return _verify(con, path, tables)


def _write(con: duckdb.DuckDBPyConnection, path: Path, tables: list[_Table], shown_until: datetime | None) -> None:
    copy = quote(f"publication_{path.stem}")
    con.execute(f"attach {text(path)} as {copy} (storage_version {text(PUBLISHED_STORAGE)})")
    try:
        for schema in dict.fromkeys(table.schema for table in tables if not table.kept):
            con.execute(f"create schema {copy}.{quote(schema)}")
        write_apart(con, copy, [table.kept for table in tables if table.kept], shown_until or datetime.min)
        for table in tables:
            if not table.kept:
                con.execute(f"create table {copy}.{table.quoted} as from {table.quoted}")
            kind = "view" if table.kept else "table"
            if table.comment:
                con.execute(f"comment on {kind} {copy}.{table.quoted} is {text(table.comment)}")
            for column, comment in table.column_comments:
                con.execute(f"comment on column {copy}.{table.quoted}.{quote(column)} is {text(comment)}")
        # closing the file writes it through too, but not where something else touches it at that moment: this waits
        con.execute(f"force checkpoint {copy}")
    finally:
        con.execute(f"detach {copy}")


def _verify(con: duckdb.DuckDBPyConnection, path: Path, tables: list[_Table]) -> dict[str, int]:
    """Reads the copy back whole, from disk, and compares it with the original."""
    counts: dict[str, int] = {}
    copy = quote(f"publication_{path.stem}")
    con.execute(f"attach {text(path)} as {copy} (read_only)")
    try:
        for table in tables:
            copied = f"({table.kept.rows(copy)})" if table.kept else f"{copy}.{table.quoted}"
            rows, digest = _digest(con, copied)
            if _digest(con, table.quoted) != (rows, digest):
                raise KundbildError(
                    f"the copy of {table.schema}.{table.name} differs from the warehouse",
                    where=str(path),
                    to_do="check the disk",
                )
            counts[f"{AUDIENCE_ROWS if table.kept else table.schema}.{table.name}"] = rows
    finally:
        con.execute(f"detach {copy}")
    return counts


def _digest(con: duckdb.DuckDBPyConnection, relation: str) -> tuple[int, int | None]:
    """(rows, a hash of all of them in any order)."""
    rows, digest = con.execute(f"select count(*), bit_xor(hash(t)) from {relation} t").fetchall()[0]
    return rows, digest


def _copy_parquet(con: duckdb.DuckDBPyConnection, folder: Path, tables: list[_Table]) -> dict[str, int]:
    folder.mkdir(mode=0o700)
    for table in tables:
        path = folder / f"{table.name}.parquet"
        con.execute(f"copy {table.quoted} to {text(path)} (format parquet, compression zstd)")
    return {}


@dataclass(frozen=True)
class _Table:
    """A table or view to publish, with what is said of it and of its columns."""

    schema: str
    name: str
    is_view: bool
    comment: str | None
    column_comments: list[tuple[str, str]]
    kept: Kept | None

    @property
    def quoted(self) -> str:
        return f"{quote(self.schema)}.{quote(self.name)}"


def _tables(con: duckdb.DuckDBPyConnection, schemas: tuple[str, ...]) -> list[_Table]:
    here = "database_name = current_database() and schema_name = ?"
    found = []
    for schema in schemas:
        rows = con.execute(
            f"select table_name as name, false, comment from duckdb_tables() where {here} and name not like '%\\_\\_dbt\\_%' escape '\\' "
            f"union all select view_name, true, comment from duckdb_views() where {here} order by 1",
            [schema, schema],
        ).fetchall()
        said: dict[str, list[tuple[str, str | None]]] = {}
        for table, column, comment in con.execute(
            f"select table_name, column_name, comment from duckdb_columns() where {here} order by column_index",
            [schema],
        ).fetchall():
            said.setdefault(table, []).append((column, comment))
        for name, is_view, comment in rows:
            columns = tuple(column for column, _ in said[name])
            told = [(column, of) for column, of in said[name] if of is not None]
            found.append(_Table(schema, name, is_view, comment, told, kept_apart(con, schema, name, columns)))
    return found


def _link(link: Path, target: Path) -> None:
    fresh = link.with_name(f".{link.name}.link")
    fresh.unlink(missing_ok=True)
    fresh.symlink_to(target)
    fresh.replace(link)
