"""What the bytes of a text file hold, chunk by chunk: gzip unpacked, UTF-16 as UTF-8, and what is damaged.

Here: telling damage with what to do. Not here: counting lines (line_books.py), or encodings of one byte a letter (csv_header.py).
"""

from __future__ import annotations

import codecs
import zlib
from collections.abc import Iterator

import duckdb

from orchestration.core.disk import is_full
from orchestration.core.errors import SourceError

# what DuckDB raises when a delivery is not what it should be
_UNREADABLE = (duckdb.InvalidInputException, duckdb.ConversionException, duckdb.OutOfRangeException, duckdb.IOException)
_NAMED = 3
GZIP = b"\x1f\x8b"
MARKS = {codecs.BOM_UTF16_LE: "utf-16-le", codecs.BOM_UTF16_BE: "utf-16-be"}
_AGAIN = "deliver it again, whole"
# Latin letters, digits and separators have a zero byte each: of a text in UTF-16 at least so large a share of one side is zero
_ZERO_SHARE = 0.2
_SNIFFED = 4096
_PART_BYTES = 4 * 1024 * 1024


def unreadable(source: str, table: str, error: duckdb.Error, files: list[str]) -> SourceError:
    """The error of a delivery that DuckDB cannot read: of the file that it names, else of the first of `files`.

    Raises `error` itself where it is none of the delivery.
    """
    told = str(error)
    if is_full(error):
        raise error
    if isinstance(error, duckdb.OutOfMemoryException):
        return SourceError(
            f"source {source}, table {table}: the delivery needs more memory than there is",
            where=_named(files),
            to_do="have it delivered in smaller files, with shorter lines, or give the run more memory; raw keeps what it had",
        )
    # damaged Parquet is an error of no kind of its own
    is_of_the_delivery = isinstance(error, _UNREADABLE) or type(error) is duckdb.Error
    if not is_of_the_delivery:
        raise error
    named = [file for file in files if file in told] or files
    # DuckDB's own text quotes values of the file: only the kind of error is told
    return SourceError(
        f"source {source}, table {table}: the delivery cannot be read ({type(error).__name__})",
        where=_named(named),
        to_do="check that the file is whole and of the declared format and encoding; raw keeps what it had",
    )


def _named(files: list[str]) -> str:
    return ", ".join(files[:_NAMED]) + (" …" if len(files) > _NAMED else "")


class Unpacked:
    """Feed it every chunk of a file, then close it. `damage` is (what is wrong, what to do), if anything is."""

    def __init__(self, encoding: str) -> None:
        self.damage: tuple[str, str] | None = None
        self.is_gzip = False
        self.is_padded = False  # zero bytes behind the end of gzip, which DuckDB does not read
        self.utf_16 = ""  # utf-16-le or utf-16-be, where the file is declared to be UTF-16
        self._is_wide = encoding == "utf-16"
        self._inflate: zlib._Decompress | None = None
        self._decode: codecs.IncrementalDecoder | None = None
        self._is_first = True
        self._size = 0

    def feed(self, chunk: bytes) -> Iterator[bytes]:
        """The text of a chunk in parts of bounded size, in UTF-8 where it is UTF-16. Nothing, once something is damaged.

        A small gzip file may hold more than memory does.
        """
        if self.damage:
            return
        if self._is_first and chunk.startswith(GZIP):
            self.is_gzip, self._inflate = True, zlib.decompressobj(wbits=31)
        self._is_first = False
        for plain in self._inflated(chunk) if self.is_gzip else [chunk]:
            part = self._decoded(plain) if self._is_wide else plain
            if part:
                yield part

    def close(self) -> None:
        if self.damage:
            return
        if self._inflate and not self._inflate.eof:
            self.damage = "the gzip file is cut", _AGAIN
        elif self._is_wide and self._size % 2:
            self.damage = "the file is UTF-16 and ends within a letter", _AGAIN

    def _inflated(self, chunk: bytes) -> Iterator[bytes]:
        while chunk:
            assert self._inflate
            if self._inflate.eof:
                self.is_padded = self.is_padded or chunk.startswith(b"\0")
                chunk = chunk.lstrip(b"\0")
                if not chunk:
                    break
                if not GZIP.startswith(chunk[:2]):
                    self.damage = "something stands behind the end of the gzip file", _AGAIN
                    break
                self._inflate = zlib.decompressobj(wbits=31)
            try:
                part = self._inflate.decompress(chunk, _PART_BYTES)
            except zlib.error:
                self.damage = "the gzip file is damaged", _AGAIN
                break
            chunk = self._inflate.unconsumed_tail or self._inflate.unused_data
            yield part

    def _decoded(self, plain: bytes) -> bytes:
        if self.damage:
            return b""
        if plain and not self._decode:
            self.utf_16 = _width(plain[:_SNIFFED])
            if not self.utf_16:
                self.damage = (
                    "the file is not UTF-16, as declared",
                    'set csv = { encoding = "utf-8" }, or what it is, for the table, or export it as UTF-16',
                )
                return b""
            self._decode = codecs.getincrementaldecoder(self.utf_16)(errors="replace")
        self._size += len(plain)
        return self._decode.decode(plain).encode() if self._decode else b""


def _width(start: bytes) -> str:
    """Which UTF-16 a text is in, by its mark or its zero bytes; nothing where it is none."""
    marked = MARKS.get(start[:2])
    if marked:
        return marked
    of_each_side = max(1, len(start) // 2)
    if start[1::2].count(0) >= _ZERO_SHARE * of_each_side:
        return "utf-16-le"
    return "utf-16-be" if start[0::2].count(0) >= _ZERO_SHARE * of_each_side else ""


def refuse_damaged(source: str, table: str, file: str, damage: tuple[str, str] | None) -> None:
    """Raises SourceError for a file that is damaged."""
    if damage:
        raise SourceError(
            f"source {source}, table {table}: {damage[0]}", where=file, to_do=f"{damage[1]}; raw keeps what it had"
        )
