"""CSV that people open in a spreadsheet: no cell of it is read as a formula. Not here: CSV that only programs read."""

from __future__ import annotations

import csv
import io
import re
from collections.abc import Iterable, Sequence

# what a spreadsheet takes for the start of a formula (OWASP: CSV injection), of full width too; its own import trims blanks
# and what is not seen first
_FORMULA = re.compile(r"^[\s\x00-\x1f\u200b-\u200f\u2060\ufeff]*[=+\-@＝＋－＠\t\r]|^[\t\r\n]")
# a Nordic spreadsheet takes ; for the separator of columns, and then no quote that does not begin a line: within a cell, what
# stands behind a separator or a line end begins a cell of its own
_INNER = re.compile(
    r"""([;\t|\r\n]\s*)(?=["\s\x00-\x1f\u200b-\u200f\u2060\ufeff]*[=+\-@＝＋－＠])(?!\+[0-9]{6,15}\s*(?:[;\t|\r\n]|$))"""
)
# written by nobody but a phone: a spreadsheet reads a number, and runs nothing
_PHONE = re.compile(r"\+[0-9]{6,15}")


def is_formula(value: object) -> bool:
    """Whether a spreadsheet may run the text, or a part of it. A phone number in international form is a number, and no formula."""
    return isinstance(value, str) and (_starts(value) or bool(_INNER.search(value)))


def _starts(value: str) -> bool:
    return bool(_FORMULA.match(value)) and not _PHONE.fullmatch(value)


def neutral(value: object) -> object:
    """The value as a spreadsheet shows it and never runs it: what may start a formula gets an apostrophe in front."""
    if not isinstance(value, str):
        return value
    return ("'" if _starts(value) else "") + _INNER.sub(r"\1'", value)


def csv_text(header: Sequence[str], rows: Iterable[Sequence[object]]) -> str:
    """Header and rows as CSV, each cell neutral."""
    text = io.StringIO()
    # a cell is quoted where it holds a character of the line end: both, or a lone one would begin a row
    writer = csv.writer(text, lineterminator="\r\n")
    writer.writerow(header)
    writer.writerows([neutral(value) for value in row] for row in rows)
    return text.getvalue()
