"""SIE 4, the file by which Swedish ledgers hand on their vouchers, as rows of CSV: one for each row of a voucher.

As its specification says ("SIE filformat", edition 4B): a record a line, begun by #, fields apart by blanks, text in quotes, a voucher's rows
in braces below it; IBM PC8 (code page 437). Of rows that were taken out (#BTRANS) only the place is kept, and one that was added (#RTRANS) stands again as #TRANS. What
people wrote of a voucher or row, and who entered it, is not read. Not here: which files are new (delivered.py), what rows mean (vendors/).
"""

from __future__ import annotations

import csv
import hashlib
import re
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import IO

from orchestration.core.errors import SourceError

COLUMNS = ["year_start", "series", "voucher_number", "voucher_date", "place", "account", "amount", "currency", "customer", "invoice", "company"]  # fmt: skip
# reserved dimensions of objects
_CUSTOMER, _INVOICE = "8", "10"
# a text in quotes, with \" for a quote within it; a list of objects; a brace; anything else up to a blank
_FIELD = re.compile(r'"((?:\\.|[^"\\])*)"|(\{(?:"(?:\\.|[^"\\])*"|[^{}"])*\})|([{}])|([^\s"{}]+)')
_TYPE = re.compile(r"#SIETYP\s+\"?4")


def is_sie(start: bytes) -> bool:
    """Whether a file is SIE of any type, by how it begins."""
    return start.removeprefix(b"\xef\xbb\xbf").lstrip()[:7].upper() == b"#FLAGGA"


def write_vouchers(path: str | Path, into: IO[str], check_time: Callable[[], None]) -> str:
    """Writes the vouchers' rows as CSV with commas, days as 2026-12-31. Returns the mark of the company. Raises SourceError where the file is no
    SIE of type 4, or is cut."""
    text = _decoded(Path(path).read_bytes())
    if not _TYPE.search(text):
        raise SourceError(
            "it is no SIE file of type 4, which alone has vouchers",
            where=str(path),
            to_do="export SIE type 4 (4E) with all vouchers of the year",
        )
    writer = csv.writer(into, lineterminator="\n")
    writer.writerow(COLUMNS)
    company = company_of(text)
    for number, row in enumerate(_rows(text, str(path))):
        if number % 10_000 == 0:
            check_time()
        writer.writerow([*row, company])
    return company


def company_of(text: str) -> str:
    """A mark of the company by its number and its name, `1a2b.3c4d`: short enough to tell of nobody whose number is that of a person, and long
    enough to tell two companies apart. Empty parts where the file does not say them."""
    said = {"#ORGNR": "", "#FNAMN": ""}
    for line in text.split("#VER", 1)[0].splitlines():
        fields = _fields(line)
        if fields and fields[0].upper() in said:
            said[fields[0].upper()] = _at(fields, 1)
    number = re.sub(r"\D", "", said["#ORGNR"])[-10:]
    return f"{_mark(number)}.{_mark(' '.join(said['#FNAMN'].casefold().split()))}"


def is_another(company: str, other: str) -> bool:
    """Whether two marks are of two companies: by their numbers, or by their names where one has no number."""
    (number, name), (others_number, others_name) = (mark.split(".") for mark in (company, other))
    if number and others_number:
        return number != others_number
    return bool(name and others_name and name != others_name)


def _mark(said: str) -> str:
    return hashlib.sha256(said.encode()).hexdigest()[:4] if said else ""


def _decoded(data: bytes) -> str:
    """Text in PC8, as the format says, or in UTF-8, as some programs write it all the same."""
    try:
        return data.decode("utf-8-sig")
    except UnicodeDecodeError:
        return data.decode("cp437")


def _rows(text: str, path: str) -> Iterator[list[str]]:
    year, currency = "", "SEK"
    voucher: list[str] | None = None
    is_open, place = False, 0
    for line in text.splitlines():
        fields = _fields(line)
        label = fields[0].upper() if fields else ""
        if label == "#RAR" and fields[1:2] == ["0"]:
            year = _day(_at(fields, 2))
        elif label == "#VALUTA":
            currency = _at(fields, 1) or currency
        elif label == "#VER":
            if is_open:
                raise _cut(path)
            voucher, place = [year, _at(fields, 1), _at(fields, 2), _day(_at(fields, 3))], 0
        elif label == "{" and voucher:
            is_open = True
        elif label == "}":
            if voucher and not is_open:
                raise _odd(path)
            voucher, is_open = None, False
        elif label == "#BTRANS" and voucher:
            # it keeps its place, and says nothing: the row that an earlier file had there would else stand beside the others, which moved up
            place += 1
            yield [*voucher, str(place), "", "", "", "", ""]
        elif label == "#TRANS":
            # left out, or read with its fields shifted, it would change what is owed, and nobody would know
            said = _at(fields, 2)
            if not (voucher and is_open and said.startswith("{") and said.endswith("}")):
                raise _odd(path)
            place += 1
            objects = _objects(said)
            yield [
                *voucher,
                str(place),
                _at(fields, 1),
                _at(fields, 3),
                currency,
                objects.get(_CUSTOMER, ""),
                objects.get(_INVOICE, ""),
            ]
    if is_open or voucher:
        raise _cut(path)


def _cut(path: str) -> SourceError:
    return SourceError("a voucher does not end: the file is cut", where=path, to_do="export it again")


def _odd(path: str) -> SourceError:
    return SourceError(
        "a voucher is not written as SIE says: { on a line of its own, rows as #TRANS account {objects} amount, and }",
        where=path,
        to_do="have whoever makes the program look at the file; nothing of it was read",
    )


def _fields(line: str) -> list[str]:
    return [
        objects or brace or plain or re.sub(r"\\(.)", r"\1", quoted)
        for quoted, objects, brace, plain in _FIELD.findall(line)
    ]


def _at(fields: list[str], place: int) -> str:
    return fields[place] if place < len(fields) else ""


def _objects(said: str) -> dict[str, str]:
    """Dimension → object, of a list as {1 "Nord" 8 "1001"}."""
    found = _fields(said.removeprefix("{").removesuffix("}"))
    return dict(zip(found[::2], found[1::2], strict=False))


def _day(written: str) -> str:
    return f"{written[:4]}-{written[4:6]}-{written[6:8]}" if len(written) == 8 and written.isdecimal() else written
