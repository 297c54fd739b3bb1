"""Files as they lie at the source, and which of them were not loaded yet. Here: `ops.loaded_files`.

Not here: reading a file (files.py, csv_files.py, json_files.py).
"""

from __future__ import annotations

import hashlib
from collections.abc import Callable
from dataclasses import dataclass
from typing import IO

import duckdb
import fsspec

from orchestration.errors import SourceError
from orchestration.settings import Source, Table

_CHUNK_BYTES = 4 * 1024 * 1024


@dataclass(frozen=True)
class Delivered:
    """A file as it lies at the source. `path` is what DuckDB opens; line ends are mixed when some are \\r\\n and some \\n."""

    path: str
    size: int
    modified_ns: int
    sha256: str
    has_mixed_line_ends: bool = False


def new_files(
    con: duckdb.DuckDBPyConnection, source_name: str, source: Source, name: str, table: Table
) -> tuple[list[Delivered], list[Delivered]]:
    """(files to load, byte-for-byte copies of loaded ones), in the order of their names."""
    system, root = fsspec.core.url_to_fs(source.url)
    is_local = "file" in (system.protocol if isinstance(system.protocol, tuple) else (system.protocol,))
    if not is_local:
        con.register_filesystem(system)
    found = system.glob(f"{root.rstrip('/')}/{table.path}", detail=True)
    if not found and not table.optional:
        raise SourceError(
            f"source {source_name}, table {name}: no file matches {table.path}",
            where=source.url,
            to_do="check that the export ran and that url and path are right",
        )
    loaded = con.execute(
        "select file, size, modified_ns, sha256 from ops.loaded_files where source = ? and table_name = ?",
        [source_name, name],
    ).fetchall()
    seen = {(file, size, modified) for file, size, modified, _ in loaded}
    hashes = {sha for *_, sha in loaded}
    fresh: list[Delivered] = []
    copies: list[Delivered] = []
    for path, info in sorted(found.items()):
        if info.get("type") == "directory":
            continue
        modified = int(float(info.get("mtime") or 0) * 1e9)
        if (file_name(path), info["size"], modified) in seen:
            continue
        with system.open(path, "rb") as handle:
            digest, is_mixed = _read_through(handle)
        opened = (
            path
            if is_local
            else f"{system.protocol if isinstance(system.protocol, str) else system.protocol[0]}://{path}"
        )
        file = Delivered(opened, info["size"], modified, digest, is_mixed)
        (copies if digest in hashes else fresh).append(file)
        hashes.add(digest)
    return fresh, copies


def _read_through(handle: IO[bytes]) -> tuple[str, bool]:
    """(SHA-256, whether line ends are mixed) of a file, in one pass."""
    digest, ends, returns, last = hashlib.sha256(), 0, 0, b""
    while chunk := handle.read(_CHUNK_BYTES):
        digest.update(chunk)
        ends += chunk.count(b"\n")
        returns += chunk.count(b"\r\n") + (last == b"\r" and chunk[:1] == b"\n")
        last = chunk[-1:]
    return digest.hexdigest(), 0 < returns < ends


def file_name(path: str) -> str:
    return path.rsplit("/", 1)[-1]


def note_file(con: duckdb.DuckDBPyConnection, source: str, table: str, file: Delivered, load_id: int) -> None:
    con.execute(
        "insert or replace into ops.loaded_files values (?, ?, ?, ?, ?, ?, ?)",
        [source, table, file_name(file.path), file.size, file.modified_ns, file.sha256, load_id],
    )


def noting(con: duckdb.DuckDBPyConnection, source: str, name: str, files: list[Delivered]) -> Callable[[int], int]:
    """What a batch does when its rows are in: note its files, reject nothing."""

    def after(load_id: int) -> int:
        for file in files:
            note_file(con, source, name, file, load_id)
        return 0

    return after
