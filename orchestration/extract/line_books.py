"""What a text file is made of, counted in one pass over its bytes: lines, blank ones, encodings, damage.

Not here: whether every line became a row, a part of one or a reject (swallowed_lines.py).
"""

from __future__ import annotations

import codecs
import hashlib
import re
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from pathlib import Path

from orchestration.core.settings import Source, Table
from orchestration.extract.unpacked import Unpacked

_CHUNK_BYTES = 4 * 1024 * 1024
_ONE_BYTE = ("latin-1", "windows-1252")
_C1 = bytes(range(0x80, 0xA0))
# 02:00+02:00, 02:00Z, 02:00 UTC, 02:00 Europe/Oslo. DuckDB reads no number behind a blank
_OFFSET = re.compile(rb":\d\d(?:[.,]\d+)?(?:[+-]\d\d| ?(?:Z\b|[A-Z]{3,5}\b|[A-Z][a-z]+/[A-Z]))")
# in any column: 4.6, 46e-1
_FRACTION = re.compile(rb"\.0*[1-9]|\d[eE]-\d")
_BLANK = re.compile(rb"\n(?=\r?\n)")


@dataclass(frozen=True)
class Lines:
    """Lines of a text file; their ends are mixed when some are \\r\\n and some \\n. `blank` ones may be no row."""

    total: int = 0
    blank: int = 0
    has_mixed_ends: bool = False
    is_gzip: bool = False
    has_offsets: bool = False  # times with an offset or a zone
    may_hold_fractions: bool = False
    is_windows: bool = False  # bytes that latin-1 leaves to control characters, and Windows-1252 gives to letters
    utf_16: str = ""  # utf-16-le or utf-16-be
    has_lone_returns: bool = False  # a \r in a text whose lines end otherwise
    is_old_mac: bool = False  # every line ends in \r
    is_padded: bool = False  # gzip with zero bytes behind it
    is_utf_8: bool = False  # letters beyond ASCII that UTF-8 writes so, though another encoding is declared
    damage: tuple[str, str] | None = None  # what is wrong with the file as a whole, and what to do


def read_through(path: str, source: Source, table: Table, check_time: Callable[[], None]) -> tuple[str, int, Lines]:
    """(SHA-256, bytes, lines) of a file of this machine, in one pass; lines are those of what a compressed file holds.

    `check_time` raises when the source's time is up.
    """
    digest, size = hashlib.sha256(), 0
    encoding = (table.csv or source.csv).encoding
    with Path(path).open("rb") as handle:

        def chunks() -> Iterator[bytes]:
            nonlocal size
            while chunk := handle.read(_CHUNK_BYTES):
                digest.update(chunk)
                size += len(chunk)
                check_time()
                yield chunk

        if source.format in ("parquet", "xlsx", "sie"):
            for _ in chunks():
                pass
            return digest.hexdigest(), size, Lines()
        lines = _lines(chunks(), encoding if source.format == "csv" else "utf-8", check_time)
    return digest.hexdigest(), size, lines


def count_lines(path: str, check_time: Callable[[], None]) -> tuple[int, int]:
    """(lines, blank ones) of a text in UTF-8."""
    with Path(path).open("rb") as handle:
        lines = _lines(iter(lambda: handle.read(_CHUNK_BYTES), b""), "utf-8", check_time)
    return lines.total, lines.blank


def _lines(chunks: Iterator[bytes], encoding: str, check_time: Callable[[], None]) -> Lines:
    unpacked = Unpacked(encoding)
    ends = returns = pairs = blank = 0
    # a letter of one byte is hardly ever UTF-8: the first one ends this
    utf_8 = codecs.getincrementaldecoder("utf-8")() if encoding in _ONE_BYTE else None
    has_letters = False
    last, is_windows, has_offsets, may_hold_fractions = b"", False, False, False
    for chunk in (part for raw in chunks for part in unpacked.feed(raw)):
        check_time()
        if utf_8:
            has_letters = has_letters or not chunk.isascii()
            utf_8 = utf_8 if _goes_on(utf_8, chunk) else None
        is_windows = is_windows or (encoding in _ONE_BYTE and len(chunk.translate(None, _C1)) < len(chunk))
        has_offsets = has_offsets or _OFFSET.search(chunk) is not None
        ends += chunk.count(b"\n")
        returns += chunk.count(b"\r")
        pairs += chunk.count(b"\r\n") + (last[-1:] == b"\r" and chunk[:1] == b"\n")
        seam = last[-2:] + chunk
        may_hold_fractions = may_hold_fractions or _FRACTION.search(seam) is not None
        if b"\n\n" in seam or b"\n\r\n" in seam:
            blank += len(_BLANK.findall(seam))
        # no more than a line end that may go on: what is repeated is not a blank line by itself
        last = seam[-2:] if seam.endswith(b"\n\r") else seam[-1:]
    unpacked.close()
    separators = ends or returns
    total = separators + (last[-1:] not in (b"\n", b"\r", b""))
    return Lines(
        total, blank, 0 < pairs < ends, unpacked.is_gzip, has_offsets, may_hold_fractions, is_windows, unpacked.utf_16,
        ends > 0 and pairs < returns, returns > 0 and not ends, unpacked.is_padded, bool(utf_8 and has_letters and _goes_on(utf_8, b"", is_last=True)), unpacked.damage,
    )  # fmt: skip


def _goes_on(decoder: codecs.IncrementalDecoder, chunk: bytes, *, is_last: bool = False) -> bool:
    """Whether a text is in the decoder's encoding so far."""
    try:
        decoder.decode(chunk, is_last)
    except UnicodeDecodeError:
        return False
    return True
