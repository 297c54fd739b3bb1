"""The books of a text file balance on lines: every line is a row, part of a row's text, a reject, or the file is refused.

A stray quote makes a reader take thousands of lines for one value, without an error. Not here: what else a line is
rejected for (csv_files.py).
"""

from __future__ import annotations

import hashlib
import re
from collections.abc import Iterator
from dataclasses import dataclass
from typing import Any

import duckdb

from orchestration.errors import SourceError
from orchestration.extract.unpacked import Unpacked
from orchestration.settings import Source, Table
from orchestration.warehouse import quote, scalar, text

_CHUNK_BYTES = 4 * 1024 * 1024
_C1 = bytes(range(0x80, 0xA0))
_OFFSET = re.compile(rb":\d\d(?:[.,]\d+)?[+-]\d\d")
_BLANK = re.compile(rb"\n(?=\r?\n)")
# so many lines in a row within one value that all look like rows are rows that a quote swallowed
_SWALLOWED = 2
_SWALLOWED_OF_TWO_COLUMNS = 5


@dataclass(frozen=True)
class Lines:
    """Lines of a text file; their ends are mixed when some are \\r\\n and some \\n. `blank` ones may be no row."""

    total: int = 0
    blank: int = 0
    has_mixed_ends: bool = False
    is_gzip: bool = False
    has_offsets: bool = False  # times with an offset: 02:00+02:00
    is_windows: bool = False  # bytes that latin-1 leaves to control characters, and Windows-1252 gives to letters
    utf_16: str = ""  # utf-16-le or utf-16-be
    damage: tuple[str, str] | None = None  # what is wrong with the file as a whole, and what to do


def read_through(system: Any, path: str, source: Source, table: Table) -> tuple[str, int, Lines]:
    """(SHA-256, bytes, lines) of a file, in one pass; lines are those of what a compressed file holds."""
    digest, size = hashlib.sha256(), 0
    encoding = (table.csv or source.csv).encoding
    with system.open(path, "rb") as handle:

        def chunks() -> Iterator[bytes]:
            nonlocal size
            while chunk := handle.read(_CHUNK_BYTES):
                digest.update(chunk)
                size += len(chunk)
                yield chunk

        if source.format == "parquet":
            for _ in chunks():
                pass
            return digest.hexdigest(), size, Lines()
        lines = _lines(chunks(), encoding if source.format == "csv" else "utf-8")
    return digest.hexdigest(), size, lines


def _lines(chunks: Iterator[bytes], encoding: str) -> Lines:
    unpacked = Unpacked(encoding)
    ends = returns = pairs = blank = 0
    last, is_windows, has_offsets = b"", False, False
    for raw in chunks:
        chunk = unpacked.feed(raw)
        if not chunk:
            continue
        is_windows = is_windows or (
            encoding in ("latin-1", "windows-1252") and len(chunk.translate(None, _C1)) < len(chunk)
        )
        has_offsets = has_offsets or _OFFSET.search(chunk) is not None
        ends += chunk.count(b"\n")
        returns += chunk.count(b"\r")
        pairs += chunk.count(b"\r\n") + (last[-1:] == b"\r" and chunk[:1] == b"\n")
        seam = last[-2:] + chunk
        if b"\n\n" in seam or b"\n\r\n" in seam:
            # what the seam repeats of the chunk before is no blank line by itself
            blank += len(_BLANK.findall(seam))
        last = seam[-2:]
    unpacked.close()
    separators = ends or returns
    total = separators + (last[-1:] not in (b"\n", b"\r", b""))
    return Lines(
        total, blank, 0 < pairs < ends, unpacked.is_gzip, has_offsets, is_windows, unpacked.utf_16, unpacked.damage
    )


def refuse_swallowed_lines(
    con: duckdb.DuckDBPyConnection,
    source: str,
    name: str,
    relation: str,
    lines: dict[str, tuple[Lines, int, int]],
    rejected: dict[str, tuple[int, int]],
    columns: list[str],
    delimiter: str,
) -> None:
    """Raises SourceError for the first file of which lines are missing among the rows of `relation`.

    `lines`: file → (its lines, those of its header, how many fields a line has). `rejected`: file → (lines that were rejected, the first of them).
    `columns` are those that hold text.
    """
    rows = dict(con.execute(f"select _source_file, count(*) from {relation} group by all").fetchall())
    for file, (there, header, width) in lines.items():
        broken, first_broken = rejected.get(file, (0, 0))
        missing = there.total - header - int(rows.get(file, 0)) - broken
        if missing <= there.blank:
            continue
        within = f"{relation} where _source_file = {text(file)}"
        ends = " + ".join(
            f"coalesce(length({quote(c)}) - length(replace({quote(c)}, chr(10), '')), 0)" for c in columns
        )
        missing -= int(scalar(con, f"select coalesce(sum({ends or 0}), 0) from {within}") or 0)
        swallowing = next((c for c in columns if _has_swallowed(con, within, c, width, delimiter)), None)
        if missing <= there.blank and not swallowing:
            continue
        near = f" (the first bad line is {first_broken:,})" if first_broken else ""
        about = f"a value of {swallowing} holds lines that look like rows" if swallowing else "lines are missing"
        raise SourceError(
            f"source {source}, table {name}: of {there.total:,} lines only {rows.get(file, 0):,} became rows and {broken:,} "
            f"rejects: {about}{near}; is there a stray quote, or a line of more than 16 MB?",
            where=file,
            to_do='mend the export and deliver it again, or say csv = { quote = "" } for the table if it quotes nothing',
        )


def _has_swallowed(con: duckdb.DuckDBPyConnection, within: str, column: str, width: int, delimiter: str) -> bool:
    """Whether some value of a column holds lines, one after another, with as many fields as a row has."""
    line_end = f"contains({quote(column)}, chr(10))"
    if width == 1:
        return bool(scalar(con, f"select count(*) from {within} and {line_end}"))
    least = _SWALLOWED_OF_TWO_COLUMNS if width == 2 else _SWALLOWED
    fields = f"length(line) - length(replace(line, {text(delimiter)}, '')) = {width - 1}"
    inner = f"string_split({quote(column)}, chr(10))[2:-2]"
    return bool(
        scalar(
            con,
            f"select count(*) from (select {inner} as inner_lines from {within} and {line_end}) "
            f"where len(inner_lines) >= {least} and len(list_filter(inner_lines, lambda line: {fields})) = len(inner_lines)",
        )
    )
