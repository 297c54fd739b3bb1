"""Sheets of an Excel workbook (.xlsx) → CSV, which is read as any other. Here: cells as text: dates as ISO has them, numbers in full.

A workbook is a ZIP archive of XML, and holds a million rows a sheet at most. Not here: reading the CSV (csv_files.py); .xls, the format
before 2007, is not read.
"""

from __future__ import annotations

import csv
import re
import zipfile
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from datetime import datetime, timedelta
from itertools import chain, islice
from pathlib import Path
from typing import IO, Any
from xml.etree.ElementTree import ParseError, iterparse

from orchestration.core.errors import SourceError

_MAIN = "{http://schemas.openxmlformats.org/spreadsheetml/2006/main}"
_STRICT = "{http://purl.oclc.org/ooxml/spreadsheetml/main}"
# unpacked: more is a mistake, or made to fill the disk
_MOST_BYTES = 4 * 1024**3
# formats of numbers that Excel has by itself and that show a date or a time
_DATES = {*range(14, 23), *range(27, 37), *range(45, 48), *range(50, 59)}
_DAY_ZERO, _DAY_ZERO_1904 = datetime(1899, 12, 30), datetime(1904, 1, 1)
# rows of which the longest says how many columns there are
_FIRST = 100
_BOOLEANS = {"1": "true", "0": "false"}


def sheet_names(path: str | Path | IO[bytes], *, hidden: bool = False) -> list[str]:
    """The visible sheets, or the hidden ones, in their order. Raises SourceError where the file is not a workbook."""
    with _opened(path) as book:
        return [name for name, is_hidden, _ in _sheets(book) if is_hidden is hidden]


def write_sheet(path: str | Path, sheet: str | None, into: IO[str], check_time: Callable[[], None]) -> None:
    """Writes a sheet, the first one unless named, as CSV with commas. Raises SourceError where there is no such sheet."""
    with _opened(path) as book:
        sheets = {name: part for name, is_hidden, part in _sheets(book) if sheet or not is_hidden}
        if not sheets or (sheet and sheet not in sheets):
            raise SourceError(
                f"the workbook has no sheet {sheet or 'that is shown'}",
                where=str(path),
                to_do=f"sheets: {', '.join(sheets)}",
            )
        part = sheets[sheet] if sheet else next(iter(sheets.values()))
        shared, dates = _shared_texts(book), _date_styles(book)
        zero = _DAY_ZERO_1904 if _is_1904(book) else _DAY_ZERO
        writer = csv.writer(into, lineterminator="\n")
        # a blank row would be a blank line of a single column
        rows = (cells for cells in _rows(book, part, shared, dates, zero) if cells)
        start = list(islice(rows, _FIRST))
        # a workbook leaves out empty cells at the end of a row
        width = max(map(len, start), default=0)
        for number, cells in enumerate(chain(start, rows)):
            if number % 1000 == 0:
                check_time()
            writer.writerow(cells + [""] * (width - len(cells)))


@contextmanager
def _opened(path: str | Path | IO[bytes]) -> Iterator[zipfile.ZipFile]:
    try:
        with zipfile.ZipFile(path) as book:
            if sum(part.file_size for part in book.infolist()) > _MOST_BYTES:
                raise SourceError("the workbook holds more than 4 GB", where=str(path), to_do="export it as CSV")
            yield book
    except (zipfile.BadZipFile, KeyError, ParseError, EOFError):
        raise SourceError(
            "the file is not a whole Excel workbook (.xlsx)",
            where=str(path),
            to_do="save it again as .xlsx, without a password, or as CSV",
        ) from None


def _parts(book: zipfile.ZipFile, part: str, *tags: str) -> Iterator[Any]:
    """Elements of a part by their local names, as each ends; the caller clears what it has read."""
    with book.open(part) as handle:
        for _, element in iterparse(handle):
            if element.tag.removeprefix(_MAIN).removeprefix(_STRICT) in tags:
                yield element


def _sheets(book: zipfile.ZipFile) -> list[tuple[str, bool, str]]:
    """(name, whether it is hidden, part) of each sheet of cells."""
    targets = {}
    with book.open("xl/_rels/workbook.xml.rels") as handle:
        for _, element in iterparse(handle):
            if element.tag.endswith("Relationship") and element.get("Type", "").endswith("/worksheet"):
                target = element.get("Target", "")
                targets[element.get("Id")] = target.lstrip("/") if target.startswith("/") else f"xl/{target}"
    found = []
    for element in _parts(book, "xl/workbook.xml", "sheet"):
        link = next((value for key, value in element.attrib.items() if key.endswith("}id")), None)
        if link in targets:
            found.append((element.get("name", ""), element.get("state", "visible") != "visible", targets[link]))
    return found


def _is_1904(book: zipfile.ZipFile) -> bool:
    return any(element.get("date1904") in ("1", "true") for element in _parts(book, "xl/workbook.xml", "workbookPr"))


def _shared_texts(book: zipfile.ZipFile) -> list[str]:
    if "xl/sharedStrings.xml" not in book.namelist():
        return []
    found = []
    for element in _parts(book, "xl/sharedStrings.xml", "si"):
        found.append(_text(element))
        element.clear()
    return found


def _text(element: Any) -> str:
    """The text of a string, whose runs may have formats of their own; how it is pronounced (rPh) is none of it."""

    def runs(of: Any) -> Iterator[str]:
        for child in of:
            tag = child.tag.rpartition("}")[2]
            if tag == "t":
                yield child.text or ""
            elif tag != "rPh":
                yield from runs(child)

    # a character that XML cannot hold is written as _x000D_
    return re.sub(r"_x([0-9A-Fa-f]{4})_", lambda found: chr(int(found[1], 16)), "".join(runs(element)))


def _date_styles(book: zipfile.ZipFile) -> set[int]:
    """Which styles of cells show a number as a date or a time."""
    if "xl/styles.xml" not in book.namelist():
        return set()
    own: dict[int, str] = {}
    styles: list[int] = []
    for element in _parts(book, "xl/styles.xml", "numFmt", "cellXfs"):
        if element.tag.endswith("numFmt"):
            own[int(element.get("numFmtId", 0))] = element.get("formatCode", "")
        else:
            styles = [int(style.get("numFmtId", 0)) for style in element]
    return {at for at, code in enumerate(styles) if (_shows_date(own[code]) if code in own else code in _DATES)}


def _shows_date(code: str) -> bool:
    # without texts in quotes, colours and currencies in brackets, and signs that are escaped
    plain = re.sub(
        r'"[^"]*"|\[(?!h+\]|m+\]|s+\])[^\]]*\]|\\.|_.', "", code.split(";", maxsplit=1)[0], flags=re.IGNORECASE
    )
    return bool(re.search(r"[ymdhs]", plain, flags=re.IGNORECASE)) and "General" not in code


def _rows(book: zipfile.ZipFile, part: str, shared: list[str], dates: set[int], zero: datetime) -> Iterator[list[str]]:
    """The rows as texts, each as long as its last cell that says something."""
    for row in _parts(book, part, "row"):
        cells: list[str] = []
        for cell in row:
            if (at := _column(cell.get("r", ""), len(cells))) >= len(cells):
                cells += [""] * (at - len(cells))
                cells.append(_value(cell, shared, dates, zero))
        row.clear()
        while cells and not cells[-1]:
            cells.pop()
        yield cells


def _column(reference: str, following: int) -> int:
    """The place of a cell, from 0: AB12 is in column 27. One without a reference stands behind the one before."""
    letters = re.match("[A-Z]+", reference)
    if not letters:
        return following
    at = 0
    for letter in letters[0]:
        at = at * 26 + ord(letter) - 64
    return at - 1


def _value(cell: Any, shared: list[str], dates: set[int], zero: datetime) -> str:
    kind = cell.get("t", "n")
    if kind == "inlineStr":
        return _text(cell)
    said = next((child.text or "" for child in cell if child.tag.endswith("}v")), "")
    if kind == "s":
        return shared[int(said)] if said else ""
    if kind == "b":
        return _BOOLEANS.get(said, said)
    if kind == "d":
        return said.replace("T", " ")
    if kind != "n" or not said:
        return said
    if int(cell.get("s", 0)) in dates:
        return _moment(float(said), zero)
    return _number(said)


def _number(said: str) -> str:
    """A number in full, without the noise of its last bits: 0.1 is stored as 0.10000000000000001."""
    number = float(said)
    if number.is_integer() and abs(number) < 1e15:
        return str(int(number))
    short = f"{number:.15g}"
    return short if "e" not in short else f"{number:.15f}".rstrip("0").rstrip(".") if abs(number) < 1e15 else said


def _moment(days: float, zero: datetime) -> str:
    try:
        at = zero + timedelta(seconds=round(days * 86400))
    except OverflowError:
        return str(days)
    if 0 <= days < 1:
        return f"{at:%H:%M:%S}"
    return f"{at:%Y-%m-%d}" if not (at.hour or at.minute or at.second) else f"{at:%Y-%m-%d %H:%M:%S}"
