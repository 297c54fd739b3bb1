"""What a CSV file is, from its start: compression, encoding, delimiter, column names. Here: telling apart, with what to do.

Not here: reading its rows (csv_files.py), or what DuckDB cannot read as it is (csv_copies.py).
"""

from __future__ import annotations

import codecs
import csv
import io
import unicodedata
import zlib
from typing import Any

from orchestration.core.errors import SourceError
from orchestration.core.settings import CsvDialect, Table
from orchestration.extract.delivered_file import Delivered
from orchestration.extract.unpacked import GZIP, MARKS

_OTHER_KINDS = {
    b"PAR1": ("a Parquet file", 'say format = "parquet" for the source'),
    b"PK\x03\x04": ("a ZIP archive or a spreadsheet", "export it as CSV, or unpack it"),
    b"\x28\xb5\x2f\xfd": ("compressed by zstd", "deliver it plain, or compressed by gzip"),
    b"BZh": ("compressed by bzip2", "deliver it plain, or compressed by gzip"),
}
_SNIFF_BYTES = 64 * 1024


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
    for _ in range(dialect.skip_lines):
        written = written.partition("\n")[2]
    quoting: dict[str, Any] = {"quotechar": dialect.quote} if dialect.quote else {"quoting": csv.QUOTE_NONE}
    lines = csv.reader(io.StringIO(written, newline=""), delimiter=dialect.delimiter, **quoting)
    first = next(lines, [])
    # a line end within a name is a space to whoever declares it
    names = [" ".join(part.split()) for part in first]
    if not dialect.has_header:
        if len(names) != len(table.columns):
            raise SourceError(
                f"source {source}, table {name}: a line has {len(names)} fields, not the {len(table.columns)} that are declared",
                where=f"{file.name}, line {dialect.skip_lines + 1}",
                to_do=f"the columns are {', '.join(table.columns)}: fix the export, or change them in the configuration",
            )
        return list(table.columns), 0
    if len(names) == 1:
        other = next((d for d in (";", "\t", ",", "|") if d != dialect.delimiter and d in names[0] + first[0]), None)
        if other:
            raise SourceError(
                f"source {source}, table {name}: the header is not separated by {dialect.delimiter!r} but seems to be by {other!r}",
                where=f"{file.name}, line {dialect.skip_lines + 1}",
                to_do=f'set csv = {{ delimiter = "{other}" }} for the source',
            )
    taken = lines.line_num
    if names[-1:] != [""]:
        return _as_declared(names, table), taken
    # the last row of a part of the file may be cut; the header may come again
    rows = [row for row in lines if row and row != first][: -1 if len(start) >= _SNIFF_BYTES else None]
    return _as_declared(names[: _fields(names, rows)], table), taken


def _fields(names: list[str], rows: list[list[str]]) -> int:
    """How many fields to read of a header that ends with delimiters. Where some row has none for its last empty names, and no row
    says anything there, they are left out: a reader takes a row's last empty fields for none, and not a missing one for empty."""
    if all(len(row) >= len(names) for row in rows):
        return len(names)
    return max((at for row in [names, *rows] for at, value in enumerate(row, start=1) if value.strip()), default=0)


def _as_declared(names: list[str], table: Table) -> list[str]:
    """The names with the case and the composed letters of those that are declared; a name that stands there exactly so is that one."""
    declared = {_alike(column): column for column in table.columns}
    return [name if (column := declared.get(_alike(name))) is None or column in names else column for name in names]


def _alike(name: str) -> str:
    return unicodedata.normalize("NFC", name).casefold()


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
