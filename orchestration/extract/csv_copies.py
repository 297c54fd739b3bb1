r"""CSV that DuckDB cannot read as it is: from a copy in UTF-8 in which every line ends in \n.

A \r alone ends a line within a quoted text, and where no line of the file ends otherwise. Elsewhere the file is refused, for it may
be a part of a value too. Not here: counting lines (line_books.py), or the header (csv_header.py).
"""

from __future__ import annotations

import codecs
import gzip
import re
import tempfile
from collections.abc import Callable, Iterator
from dataclasses import replace
from typing import IO

from orchestration.core.errors import SourceError
from orchestration.core.settings import CsvDialect
from orchestration.extract.budget import Budget
from orchestration.extract.delivered_file import Delivered
from orchestration.extract.line_books import Lines, count_lines

# a byte that Windows-1252 leaves open stays what it is in latin-1
_WINDOWS = {byte: bytes([byte]).decode("cp1252", errors="ignore") or chr(byte) for byte in range(0x80, 0xA0)}
_COPIED_CHARACTERS = 4 * 1024 * 1024
_ENDS = re.compile(rb"\r+\n")
Readable = IO[bytes] | gzip.GzipFile


def readable(
    source: str,
    name: str,
    file: Delivered,
    csv: CsvDialect,
    folder: str,
    budget: Budget,
    keep: Callable[[IO[bytes]], IO[bytes]],
) -> Delivered:
    """The file, or its copy below a private folder, which `keep` is given to close. Raises SourceError where nothing tells which of
    its \r end a line."""
    if not _needs_copy(file.lines) and not csv.skip_lines:
        return file
    has_returns = file.lines.has_lone_returns or file.lines.is_old_mac
    quote = csv.quote.encode()

    def changed(handle: Readable) -> Iterator[bytes]:
        if not has_returns:
            yield from with_one_end(parts(handle)) if file.lines.has_mixed_ends else parts(handle)
            return
        may_end = file.lines.is_old_mac or not _ends_lines(parts(handle), quote)
        handle.seek(0)
        for part in _whole_ends(parts(handle)) if may_end else refusing(_whole_ends(parts(handle))):
            yield part.replace(b"\r", b"\n")

    def refusing(parts: Iterator[bytes]) -> Iterator[bytes]:
        return _refusing(source, name, file.name, parts, quote)

    def parts(handle: Readable) -> Iterator[bytes]:
        for part in _encoded(handle, csv.encoding, file.lines):
            budget.check(name)
            yield part

    def wanted(handle: Readable) -> Iterator[bytes]:
        return without_first(changed(handle), csv.skip_lines)

    copy = keep(copied(source, name, file, folder, budget, wanted))
    if not has_returns and not csv.skip_lines:
        return replace(file, read_from=copy.name)
    total, blank = count_lines(copy.name, lambda: budget.check(name))
    # the books are of the copy
    return replace(file, read_from=copy.name, lines=replace(file.lines, total=total, blank=blank))


def _needs_copy(lines: Lines) -> bool:
    """Whether DuckDB cannot read a file as it is: Windows-1252, big-endian UTF-16, padded gzip, or lines with different ends, which it
    reads only without looking at how many fields a row has."""
    is_uneven = lines.has_mixed_ends or lines.has_lone_returns or lines.is_old_mac
    return lines.is_windows or lines.utf_16 == "utf-16-be" or is_uneven or lines.is_padded


def copied(
    source: str,
    name: str,
    file: Delivered,
    folder: str,
    budget: Budget,
    changed: Callable[[Readable], Iterator[bytes]],
) -> IO[bytes]:
    """A copy of what a file holds, changed, below a private folder; it goes when it is closed."""
    copy = tempfile.NamedTemporaryFile(dir=folder)  # noqa: SIM115 it lives as long as its batch
    try:
        with file.opened(source, name) as plain:
            handle = gzip.GzipFile(fileobj=plain) if file.lines.is_gzip else plain
            for part in changed(handle):
                budget.check(name)
                copy.write(part)
        copy.flush()
    except BaseException:
        copy.close()  # which removes it
        raise
    return copy


def _encoded(handle: Readable, encoding: str, lines: Lines) -> Iterator[bytes]:
    """The bytes of a text as UTF-8. What is declared so stays as it is: a line that is none is rejected by its reader."""
    decode = codecs.getincrementaldecoder(lines.utf_16 or "latin-1")(errors="replace")
    while chunk := handle.read(_COPIED_CHARACTERS):
        if encoding == "utf-8":
            yield chunk
            continue
        read = decode.decode(chunk)
        yield (read if lines.utf_16 else read.translate(_WINDOWS)).encode()


def without_first(parts: Iterator[bytes], lines: int) -> Iterator[bytes]:
    """A text without its first lines."""
    for part in parts:
        rest = part
        while lines and rest:
            lines, rest = lines - (b"\n" in rest), rest.partition(b"\n")[2]
        yield rest


def with_one_end(parts: Iterator[bytes]) -> Iterator[bytes]:
    r"""Every \r\n as \n. Within a quoted text too: where a quote is stray, nothing tells what is within."""
    kept = b""
    for part in parts:
        joined = (kept + part).replace(b"\r\n", b"\n")
        kept = b"\r" if joined.endswith(b"\r") else b""  # its \n may come with the next part
        yield joined.removesuffix(kept)
    yield kept


def _refusing(source: str, name: str, file: str, parts: Iterator[bytes], quote: bytes) -> Iterator[bytes]:
    r"""The parts. Raises SourceError for a \r outside of quotes."""
    is_text, ends = False, 0
    for part in parts:
        at, is_text = _outside(part, quote, b"\r", is_text)
        if at is not None:
            line = ends + part.count(b"\n", 0, at) + part.count(b"\r", 0, at) + 1
            raise SourceError(
                f"source {source}, table {name}: a carriage return stands in line {line:,}, outside of quotes: it may end a "
                "row, or be a part of a value",
                where=file,
                to_do="export it with line ends of one kind, and with quotes around values that hold one; raw keeps what it had",
            )
        ends += part.count(b"\n") + part.count(b"\r")
        yield part


def _whole_ends(parts: Iterator[bytes]) -> Iterator[bytes]:
    r"""The parts with \n for every \r\n and \r\r\n; a \r that ends the file ends its last line."""
    kept = b""
    for part in parts:
        joined = _ENDS.sub(b"\n", kept + part)
        kept = joined[len(joined.rstrip(b"\r")) :]  # its \n may come with the next part
        yield joined.removesuffix(kept)
    yield b"\n" if kept else b""


def _ends_lines(parts: Iterator[bytes], quote: bytes) -> bool:
    r"""Whether a \n ends a line."""
    is_text = False
    for part in parts:
        at, is_text = _outside(part, quote, b"\n", is_text)
        if at is not None:
            return True
    return False


def _outside(part: bytes, quote: bytes, mark: bytes, is_text: bool) -> tuple[int | None, bool]:
    """(where the first `mark` outside of quotes stands, whether the part ends within quotes). `is_text`: it begins within."""
    seen = 0
    at = part.find(mark)
    while at >= 0:
        is_text ^= bool(quote) and part.count(quote, seen, at) % 2 == 1
        if not is_text:
            return at, is_text
        seen, at = at, part.find(mark, at + 1)
    is_text ^= bool(quote) and part.count(quote, seen) % 2 == 1
    return None, is_text
