"""How a CSV file is written: encoding, separator, quote, decimal mark, where its header stands, whether it ends with totals.

Here: telling it from the file's start and end. Not here: reading its rows (extract/csv_files.py), what its columns hold (columns.py).
"""

from __future__ import annotations

import codecs
import csv
import io
import re
import zlib
from collections import Counter
from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Literal

from orchestration.contracts.words import concepts_of
from orchestration.core.settings import CsvDialect
from orchestration.extract.unpacked import GZIP, MARKS
from orchestration.proposals.last_lines import LOOKED_AT, NO_LAST_LINES, LastLines, last_lines

_START = 256 * 1024
_END = 16 * 1024
_CHUNK = 4 * 1024 * 1024
_LINES = 300
_SEPARATORS = (";", ",", "\t", "|")
_NUMBER = re.compile(r"^[-+]?\d[\d\s.,]*$|^$")
_COMMA_NUMBER = re.compile(r"^[-+]?\d[\d\s.\u00a0]*,\d{1,4}(?!\d)\D{0,5}$")
_POINT_NUMBER = re.compile(r"^[-+]?\d+\.\d+$")
# a mark that may part thousands tells nothing
_EITHER_NUMBER = re.compile(r"^[-+]?[1-9]\d{0,2}[.,]\d{3}$")
_VALUE = re.compile(r"@\S+\.\w|^\d{4}-\d\d-\d\d|^\d{1,2}[./]\d{1,2}[./]\d{2,4}")
# whether a header is of a table that is known as it is
IsKnown = Callable[[Sequence[str]], bool]
Encoding = Literal["utf-8", "windows-1252", "utf-16"]


@dataclass(frozen=True)
class Written:
    """A dialect; `header` is what the header names, and the names that columns get where there is none. `ends` are the lines at
    the end that are no rows; `is_decimal_told` is whether any number shows the decimal mark beyond doubt."""

    csv: CsvDialect
    header: tuple[str, ...]
    ends: LastLines = NO_LAST_LINES
    is_decimal_told: bool = True


def sniffed(path: Path, is_known: IsKnown = lambda names: False) -> Written | None:
    """How a file is written; None where it is no table of at least two columns and one row, or no text. A header that is known is one,
    whatever the lines below it are: some exports have further lines of labels there."""
    with path.open("rb") as handle:
        start = handle.read(_START)
    is_gzip = start.startswith(GZIP)
    plain = zlib.decompressobj(wbits=31).decompress(start, _START) if is_gzip else start
    encoding = _encoding(path, plain, is_gzip=is_gzip)
    if encoding is None:
        return None
    whole = len(plain) < _START
    rows_of = {d: _parsed(_decoded(plain, encoding), d, whole=whole) for d in _SEPARATORS}
    delimiter = max(_SEPARATORS, key=lambda d: _evenness(rows_of[d]))
    rows = rows_of[delimiter]
    if not rows:
        return None
    width = Counter(len(row) for row in rows if len(row) > 1).most_common(1)
    if not width:
        width, delimiter, rows = [(1, 0)], ",", rows_of[","]
        if len(rows) < 2:
            return None
    at = next((n for n, row in enumerate(rows) if len(row) == width[0][0] and _is_filled(row)), 0)
    names = [" ".join(name.split()) for name in rows[at]]
    has_header = is_known(names) or _is_header([name.strip() for name in rows[at]], rows[at + 1 :])
    if not has_header:
        names = [f"column_{n}" for n in range(1, len(names) + 1)]
    body = rows[at + 1 :] if has_header else rows[at:]
    decimal, is_told = _decimal(body)
    said = CsvDialect(
        delimiter=delimiter, encoding=encoding, decimal=decimal, has_header=has_header,
        skip_lines=_physical_lines(_decoded(plain, encoding), delimiter, at),
    )  # fmt: skip
    return Written(said, tuple(names), _last_lines(path, said, names, is_gzip=is_gzip), is_told)


def _is_header(names: list[str], body: list[list[str]]) -> bool:
    """Whether a line names columns. One of texts without a word that is known, above nothing but texts, may be about somebody. Blank
    names are of nothing: an index that a program wrote, columns at the end."""
    if any(name and (_NUMBER.match(name) or _VALUE.search(name)) for name in names):
        return False
    alike = zip(*(row[: len(names)] for row in body if len(row) >= len(names)), strict=False)
    columns = list(zip(names, alike, strict=False))
    if any(name and name in values for name, values in columns):
        return False
    is_known = any(concepts_of(name) for name in names)
    return (
        is_known or not body or any(_NUMBER.match(v) or _VALUE.search(v) for _, values in columns for v in values if v)
    )


def _is_filled(row: list[str]) -> bool:
    """Whether a row may be a header: most of its fields say something."""
    return sum(bool(value.strip()) for value in row) >= max(1, 0.6 * len(row))


def _encoding(path: Path, start: bytes, *, is_gzip: bool) -> Encoding | None:
    if start[:2] in MARKS or (
        len(start) > 20 and max(start[1:400:2].count(0), start[0:400:2].count(0)) > len(start[:400]) // 8
    ):
        return "utf-16"
    if b"\0" in start:
        return None
    decode = codecs.getincrementaldecoder("utf-8")()
    try:
        # the whole file: the first letter beyond ASCII may stand far behind its start
        for chunk in [start] if is_gzip else _chunks(path):
            decode.decode(chunk)
    except UnicodeDecodeError:
        return "windows-1252"
    return "utf-8"


def _chunks(path: Path) -> Iterator[bytes]:
    with path.open("rb") as handle:
        while chunk := handle.read(_CHUNK):
            yield chunk


def _decoded(data: bytes, encoding: Encoding) -> str:
    python = "cp1252" if encoding == "windows-1252" else encoding
    return data.decode(python, errors="replace").removeprefix("\ufeff").replace("\r\n", "\n").replace("\r", "\n")


def _parsed(text: str, delimiter: str, *, whole: bool) -> list[list[str]]:
    """Its first lines in fields, without blank ones. The last line of a part of a file may be cut."""
    rows: list[list[str]] = []
    try:
        for row in csv.reader(io.StringIO(text, newline=""), delimiter=delimiter):
            rows.append(row)
            if len(rows) > _LINES:
                break
    except csv.Error:
        return []
    if len(rows) <= _LINES and not whole:
        rows = rows[:-1]
    return [row for row in rows if any(value.strip() for value in row)]


def _evenness(rows: list[list[str]]) -> tuple[float, int]:
    """How well a separator explains the lines: the share of them with as many fields as most have, and how many these are."""
    counts = Counter(len(row) for row in rows if len(row) > 1)
    if not counts:
        return 0.0, 0
    fields, times = counts.most_common(1)[0]
    return round(times / len(rows), 1), fields


def _physical_lines(text: str, delimiter: str, at: int) -> int:
    """How many lines stand before the row that is the header; blank ones count, which a reader takes for lines too."""
    reader = csv.reader(io.StringIO(text, newline=""), delimiter=delimiter)
    seen, before = -1, 0
    for row in reader:
        seen += any(value.strip() for value in row)
        if seen == at:
            return before
        before = reader.line_num
    return 0


def _decimal(rows: list[list[str]]) -> tuple[Literal[".", ","], bool]:
    """The decimal mark, and whether any number tells it: one of three digits behind its one mark does not, and counts only where no
    other has a mark."""
    values = [value.strip() for row in rows for value in row]
    for told in (True, False):
        numbers = [value for value in values if bool(_EITHER_NUMBER.match(value)) is not told]
        commas = sum(bool(_COMMA_NUMBER.match(value)) for value in numbers)
        points = sum(bool(_POINT_NUMBER.match(value)) for value in numbers)
        if commas or points:
            return ("," if commas > points else "."), told
    return ".", False


def _last_lines(path: Path, said: CsvDialect, names: Sequence[str], *, is_gzip: bool) -> LastLines:
    """What its last lines are, where they are no rows."""
    if is_gzip:
        return NO_LAST_LINES
    with path.open("rb") as handle:
        handle.seek(0, 2)
        size = handle.tell()
        handle.seek(max(0, size - _END - size % 2))
        end = handle.read()
    lines = [line for line in _decoded(end, said.encoding).split("\n") if line.strip().strip(said.delimiter)]  # type: ignore[arg-type] # latin-1 is never found
    return last_lines([next(csv.reader([line], delimiter=said.delimiter), []) for line in lines[-LOOKED_AT:]], names)
