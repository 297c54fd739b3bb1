"""Files as they lie at the source, and which of them were not loaded yet. Here: `ops.loaded_files`.

A file is known by its path below the source's url. What it holds was seen before only while that is the newest content
of its path: a file that goes back to earlier bytes is a new delivery. Not here: reading a file (files.py, csv_files.py,
json_files.py), counting its lines (line_books.py), or what a file that was moved takes along (moved_files.py).
"""

from __future__ import annotations

import glob
import hashlib
import re
from collections.abc import Callable
from dataclasses import dataclass, field
from datetime import datetime
from email.utils import parsedate_to_datetime
from typing import Any

import duckdb
import fsspec

from orchestration.errors import SourceError
from orchestration.extract.delivery_checks import is_companion, read_companion
from orchestration.extract.line_books import Lines, read_through
from orchestration.extract.moved_files import Known, adopt_bare_names, follow, moved_from
from orchestration.extract.records import now
from orchestration.settings import Source, Table
from orchestration.warehouse import text

_TIMES = ("mtime", "LastModified", "last_modified", "updated", "modified", "created")
_TAGS = ("ETag", "etag", "md5Hash", "content_md5", "checksum", "crc32c")


@dataclass(frozen=True)
class Delivered:
    """A file as it lies at the source. `path` is what fsspec opens, `name` its path below the source's url."""

    path: str
    name: str
    size: int
    modified_ns: int
    sha256: str
    lines: Lines = field(default_factory=Lines)
    read_from: str = ""  # a copy in another encoding, which is read in its place
    rows_told: int | None = None  # by the file beside it

    @property
    def pattern(self) -> str:
        """What DuckDB opens: in its paths, brackets and stars mean something."""
        return glob.escape(self.read_from or self.path)


@dataclass
class Deliveries:
    fresh: list[Delivered] = field(default_factory=list)  # to load, oldest first
    copies: list[Delivered] = field(default_factory=list)  # byte for byte what was loaded last
    unreadable: dict[str, str] = field(default_factory=dict)  # name → why it could not even be opened


def new_files(con: duckdb.DuckDBPyConnection, source_name: str, source: Source, name: str, table: Table) -> Deliveries:
    """The files of a table that raw does not show yet. Raises SourceError when there is none at all, or no way to them."""
    system, root = _file_system(source_name, source)
    protocol = system.protocol if isinstance(system.protocol, str) else system.protocol[0]
    is_local = protocol in ("file", "local")
    if not is_local and not con.filesystem_is_registered(protocol):
        con.register_filesystem(system)
    base = root.rstrip("/") + "/"
    found = {
        path.removeprefix(base): (path, info)
        for path, info in system.glob(glob.escape(base) + str(table.path), detail=True).items()
        if info.get("type") != "directory" and not is_companion(path, table)
    }
    adopt_bare_names(con, source_name, name, list(found))
    loaded = con.execute(
        "select file, size, modified_ns, sha256 from ops.loaded_files where source = ? and table_name = ? "
        "order by noted_at nulls first, load_id",
        [source_name, name],
    ).fetchall()
    if not found and (not table.optional or (table.optional == "before_first" and loaded)):
        raise SourceError(
            f"source {source_name}, table {name}: no file matches {table.path}",
            where=source.url.partition("?")[0],
            to_do="check that the export ran and that url and path are right",
        )
    newest = {file: Known(size, modified, sha) for file, size, modified, sha in loaded}
    by_bare_name = {(file, sha) for file, _, _, sha in loaded if "/" not in file}
    last = loaded[-1][3] if loaded else ""
    deliveries = Deliveries()
    for file, (path, info) in _oldest_first(found):
        size, modified = int(info.get("size") or 0), _modified(info)
        known = newest.get(file)
        if known and modified and (known.size, known.modified_ns) == (size, modified):
            continue
        try:
            digest, size, lines = read_through(system, path, source, table)
        except OSError as error:
            why = "is gone, or a link to nowhere" if isinstance(error, FileNotFoundError) else "cannot be opened"
            deliveries.unreadable[file] = f"the file {why}"
            continue
        rows_told, why_not = read_companion(system, path, table, digest)
        if why_not:
            deliveries.unreadable[file] = why_not
            continue
        delivered = Delivered(
            path if is_local else f"{protocol}://{path}", file, size, modified, digest, lines, rows_told=rows_told
        )
        seen = Known(size, modified, digest)
        old = None if table.key or known else moved_from(file, seen, newest, found)
        if old:
            follow(con, source_name, name, old, file)
            del newest[old]
        # merged again by key, an older delivery would bring old values back unless it is the newest word; without a key the
        # same bytes are other rows, but in the file that was moved
        is_copy = digest == last if table.key else bool(old)
        is_known_by_last_name = "/" in file and (file.rpartition("/")[2], digest) in by_bare_name
        if (known and known.sha256 == digest) or is_copy or is_known_by_last_name:
            deliveries.copies.append(delivered)
        else:
            deliveries.fresh.append(delivered)
            last = digest
        newest[file] = seen
    return deliveries


def _file_system(source_name: str, source: Source) -> tuple[Any, str]:
    try:
        return fsspec.core.url_to_fs(source.url)
    except (ImportError, ValueError):
        protocol = source.url.partition("://")[0]
        package = {"s3": "s3fs", "gs": "gcsfs", "gcs": "gcsfs", "abfs": "adlfs", "az": "adlfs", "sftp": "paramiko"}
        raise SourceError(
            f"source {source_name}: nothing here can read {protocol}://",
            to_do=f"install {package.get(protocol, 'the fsspec package for it')} into the environment: pip install "
            f"{package.get(protocol, '…')}",
        ) from None


def _oldest_first(found: dict[str, Any]) -> list[tuple[str, Any]]:
    """By the numbers in their names (export_9 before export_10); where names are unlike, by when they were written."""

    def natural(file: str) -> list[Any]:
        return [int(part) if part.isdigit() else part for part in re.split(r"(\d+)", file)]

    is_numbered = len({re.sub(r"\d+", "0", file) for file in found}) <= 1
    return sorted(
        found.items(), key=lambda item: (0 if is_numbered else _modified(item[1][1]), natural(item[0]), item[0])
    )


def _modified(info: dict[str, Any]) -> int:
    """When a file was written, in ns; where the store does not say, a number that changes with its etag; 0: nothing is known."""
    for key in _TIMES:
        value = info.get(key)
        if isinstance(value, datetime):
            return int(value.timestamp() * 1e9)
        if isinstance(value, int | float) and value:
            return int(value * 1e9)
        if isinstance(value, str):
            try:
                return int(datetime.fromisoformat(value).timestamp() * 1e9)
            except ValueError:
                try:
                    return int(parsedate_to_datetime(value).timestamp() * 1e9)
                except ValueError:
                    continue
    tag = next((info[key] for key in _TAGS if info.get(key)), None)
    return int(hashlib.sha256(str(tag).encode()).hexdigest()[:15], 16) if tag else 0


def file_names(files: list[Delivered], path: str = "_path") -> str:
    """SQL: the name of the file that `path` is. All of `files` lie below one url."""
    named = f"substr({path}, {len(files[0].path) - len(files[0].name) + 1})"
    copies = "".join(f" when {text(file.read_from)} then {text(file.name)}" for file in files if file.read_from)
    return f"case {path}{copies} else {named} end" if copies else named


def paths(files: list[Delivered]) -> str:
    """SQL: the list of files, for DuckDB's readers."""
    return "[" + ", ".join(text(file.pattern) for file in files) + "]"


def note_file(con: duckdb.DuckDBPyConnection, source: str, table: str, file: Delivered, load_id: int) -> None:
    con.execute(
        "insert or replace into ops.loaded_files (source, table_name, file, size, modified_ns, sha256, load_id, noted_at) "
        "values (?, ?, ?, ?, ?, ?, ?, ?)",
        [source, table, file.name, file.size, file.modified_ns, file.sha256, load_id, now()],
    )


def noting(con: duckdb.DuckDBPyConnection, source: str, name: str, files: list[Delivered]) -> Callable[[int], int]:
    """What a batch does when its rows are in: note its files, reject nothing."""

    def after(load_id: int) -> int:
        for file in files:
            note_file(con, source, name, file, load_id)
        return 0

    return after
