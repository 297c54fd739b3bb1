"""What a CSV file is, from its start: compression, encoding, delimiter, column names. Here: telling apart, with what to do.

Not here: reading its rows (csv_files.py).
"""

from __future__ import annotations

import codecs
import csv
import gzip
import io
import tempfile
import zlib
from collections.abc import Callable, Iterator
from typing import IO, Any

from orchestration.core.errors import SourceError
from orchestration.core.settings import CsvDialect, Table
from orchestration.extract.budget import Budget
from orchestration.extract.delivered import Delivered
from orchestration.extract.line_books import Lines
from orchestration.extract.unpacked import GZIP, MARKS

_OTHER_KINDS = {
    b"PAR1": ("a Parquet file", 'say format = "parquet" for the source'),
    b"PK\x03\x04": ("a ZIP archive or a spreadsheet", "export it as CSV, or unpack it"),
    b"\x28\xb5\x2f\xfd": ("compressed by zstd", "deliver it plain, or compressed by gzip"),
    b"BZh": ("compressed by bzip2", "deliver it plain, or compressed by gzip"),
}
# a byte that Windows-1252 leaves open stays what it is in latin-1
_WINDOWS = {byte: bytes([byte]).decode("cp1252", errors="ignore") or chr(byte) for byte in range(0x80, 0xA0)}
_COPIED_CHARACTERS = 4 * 1024 * 1024
_SNIFF_BYTES = 64 * 1024
Readable = IO[bytes] | gzip.GzipFile


def read_header(source: str, name: str, file: Delivered, dialect: CsvDialect, table: Table) -> tuple[list[str], int]:
    """(column names, lines they take) of a file; of one without a header the declared names and 0. An empty name is "".

    Raises SourceError where the file is something else than CSV, in another encoding, or separated otherwise than declared.
    """
    with file.opened(source, name) as handle:
        start = handle.read(_SNIFF_BYTES)
    _refuse_other_kinds(source, name, file, start)
    if start.startswith(GZIP):
        start = zlib.decompressobj(wbits=31).decompress(start, _SNIFF_BYTES)
    found = "utf-8" if file.lines.is_utf_8 else _other_encoding(start, dialect.encoding)
    if found:
        raise SourceError(
            f"source {source}, table {name}: the file is {found.upper()}, not {dialect.encoding}",
            where=file.name,
            to_do=f'set csv = {{ encoding = "{found}" }}, or export it as {dialect.encoding.upper()}',
        )
    python = {"windows-1252": "cp1252", "utf-16": file.lines.utf_16}.get(dialect.encoding, dialect.encoding)
    written = start.decode(python, errors="replace").removeprefix("\ufeff")
    quoting: dict[str, Any] = {"quotechar": dialect.quote} if dialect.quote else {"quoting": csv.QUOTE_NONE}
    lines = csv.reader(io.StringIO(written, newline=""), delimiter=dialect.delimiter, **quoting)
    first = next(lines, [])
    # a line end within a name is a space to whoever declares it
    names = [" ".join(part.split()) for part in first]
    if not dialect.has_header:
        if len(names) != len(table.columns):
            raise SourceError(
                f"source {source}, table {name}: a line has {len(names)} fields, not the {len(table.columns)} that are declared",
                where=f"{file.name}, line 1",
                to_do=f"the columns are {', '.join(table.columns)}: mend the export, or change them in the configuration",
            )
        return list(table.columns), 0
    if len(names) == 1:
        other = next((d for d in (";", "\t", ",", "|") if d != dialect.delimiter and d in names[0] + first[0]), None)
        if other:
            raise SourceError(
                f"source {source}, table {name}: the header is not separated by {dialect.delimiter!r} but seems to be by {other!r}",
                where=f"{file.name}, line 1",
                to_do=f'set csv = {{ delimiter = "{other}" }} for the source',
            )
    return names, lines.line_num


def needs_copy(lines: Lines) -> bool:
    """Whether DuckDB cannot read a file as it is: Windows-1252, big-endian UTF-16, padded gzip, or lines with different ends, which it
    reads only without looking at how many fields a row has."""
    return lines.is_windows or lines.utf_16 == "utf-16-be" or lines.has_mixed_ends or lines.is_padded


def in_utf_8(source: str, name: str, file: Delivered, encoding: str, folder: str, budget: Budget) -> IO[bytes]:
    r"""A copy of a file in UTF-8 below a private folder; it goes when it is closed. Where line ends are mixed each is \n."""

    def changed(handle: Readable) -> Iterator[bytes]:
        parts = _encoded(handle, encoding, file.lines)
        return with_one_end(parts) if file.lines.has_mixed_ends else parts

    return copied(source, name, file, folder, budget, changed)


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


def with_one_end(parts: Iterator[bytes]) -> Iterator[bytes]:
    r"""Every \r\n as \n. Within a quoted text too: where a quote is stray, nothing tells what is within."""
    kept = b""
    for part in parts:
        joined = (kept + part).replace(b"\r\n", b"\n")
        kept = b"\r" if joined.endswith(b"\r") else b""  # its \n may come with the next part
        yield joined.removesuffix(kept)
    yield kept


def _refuse_other_kinds(source: str, name: str, file: Delivered, start: bytes) -> None:
    for magic, (what, to_do) in _OTHER_KINDS.items():
        if start.startswith(magic):
            raise SourceError(
                f"source {source}, table {name}: the file is {what}, not CSV", where=file.name, to_do=to_do
            )


def _other_encoding(start: bytes, declared: str) -> str | None:
    """The encoding that a file is in, where its start tells that it is another than `declared`."""
    if start[:2] in MARKS and declared != "utf-16":
        return "utf-16"
    if declared == "utf-16" or start.isascii():
        return None
    try:
        # the sniffed part may end within a letter
        codecs.getincrementaldecoder("utf-8")().decode(start)
    except UnicodeDecodeError:
        # one broken line among good ones is rejected as such: in UTF-8 every second byte of Nordic letters is this one
        is_latin = start.count(b"\xc3") * 4 < sum(byte > 0x7F for byte in start)
        return "latin-1" if declared == "utf-8" and is_latin else None
    return "utf-8" if declared in ("latin-1", "windows-1252") else None
