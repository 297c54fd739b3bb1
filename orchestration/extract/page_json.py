"""The JSON of an API's answer, read so that a value that is none costs its row and not the page.

What no number can hold stays the text that it was (NaN, 1e400, 5,000 digits), and bytes that are not text become lone surrogates, which no
column takes. Not here: what becomes of the rows (pages.py), or fetching them (rest.py).
"""

from __future__ import annotations

import codecs
import json
import math
import re
from typing import Any

from orchestration.core.errors import SourceError, told_address
from orchestration.core.settings.paging import Paging
from orchestration.extract.paging import as_page, hides_the_next, value_at

# so many letters hold no more digits than a float does
_MOST_OF_A_FLOAT = 16
# Python refuses to read longer whole numbers, whose time grows with the square of their digits
_MAX_DIGITS = 4_000
_CODE = re.compile(r"[A-Za-z_]{1,60}")
_CHARSET = re.compile(r"charset\s*=\s*[\"']?([\w.:-]+)", re.IGNORECASE)


class UnreadableJsonError(ValueError):
    """An answer that is not JSON. Its text is a sentence for people, which quotes nothing of the answer."""


def parse(body: bytes, content_type: str) -> Any:
    """The value of an answer. Raises UnreadableJsonError."""
    encoding = _encoding(body, content_type)
    try:
        text = body.decode(encoding, "surrogateescape")
    except (UnicodeError, LookupError):  # codecs know encodings that are none of text
        raise UnreadableJsonError(f"its text is no {encoding}") from None
    try:
        return json.loads(text, parse_float=_float, parse_int=_int, parse_constant=str)
    except json.JSONDecodeError as error:
        is_cut = error.pos >= len(text.rstrip()) or error.msg.startswith("Unterminated")
        what = "breaks off" if is_cut else f"is broken ({error.msg} at character {error.pos:,})"
        raise UnreadableJsonError(f"its JSON {what}; it is {len(body):,} bytes long") from None
    except RecursionError:
        raise UnreadableJsonError("its JSON is nested too deep") from None


def page_of(response: Any, source: str, name: str, paging: Paging) -> dict[str, Any]:
    """An answer that is a page, as paging.as_page has it. Raises SourceError where it is none."""
    said = response.headers.get("Content-Type", "untyped")
    what, is_passing = f"the answer is not a page of rows but {said}", False
    try:
        answer = parse(response.content, said)
        page = as_page(answer, response.url, paging)
        if codes := _errors_in(answer, response):
            raise SourceError(
                f"source {source}, table {name}: the API answers errors to what it is asked ({codes})",
                where=told_address(response.url),
                to_do="check the body of the table, and what the token or key may read",
            )
        if page is not None:
            if hides_the_next(answer, paging):
                raise SourceError(
                    f"source {source}, table {name}: an answer has rows, and no value at {paging.at} by which the next page is asked for",
                    where=told_address(response.url),
                    to_do=f"check paging.at below [sources.{source}], or of the table: it names one value, and of the last row one that every row has",
                )
            return page
    except UnreadableJsonError as error:
        if response.content.lstrip()[:1] in (b"{", b"[") or b"\0" in response.content[:4]:
            what, is_passing = f"an answer cannot be read: {error}", True
    raise SourceError(
        f"source {source}, table {name}: {what}",
        where=told_address(response.url),
        to_do=f"the API must answer {_shape(paging)}; is a proxy or a login page in between?",
        is_passing=is_passing,
    )


def _errors_in(answer: Any, response: Any) -> str:
    """The codes of errors that an answer to a query has, beside rows or in their place; their texts may quote values."""
    errors = answer.get("errors") if isinstance(answer, dict) and response.request.method == "POST" else None
    if not errors or not isinstance(errors, list):
        return ""
    codes = {str(value_at(error, "extensions.code") or "") for error in errors}
    return ", ".join(sorted(code if _CODE.fullmatch(code) else "without a code" for code in codes))


def _shape(paging: Paging) -> str:
    return f'{{"{paging.rows}": [...]}}' if paging.rows else "[...]"


def _encoding(body: bytes, content_type: str) -> str:
    """JSON is UTF, whichever it begins with, unless the answer says another encoding."""
    said = _CHARSET.search(content_type)
    try:
        name = codecs.lookup(said.group(1)).name if said else "utf-8"
    except LookupError:
        name = "utf-8"
    return json.detect_encoding(body) if name.startswith("utf") else name


class Exact(float):
    """A number of more digits than a float holds, with all of them as `written`."""

    written: str
    # whether there is any in this process: most APIs answer none, and looking for one in every value takes a fifth of a page's time
    is_there = False

    def __new__(cls, written: str) -> Exact:
        number = super().__new__(cls, written)
        number.written = written
        Exact.is_there = True
        return number


def exact(value: Any) -> Any:
    """A value with numbers of many digits as text, which a decimal is read of."""
    if not Exact.is_there:
        return value
    if isinstance(value, Exact):
        return value.written
    if isinstance(value, dict):
        return {name: exact(part) for name, part in value.items()}
    return [exact(part) for part in value] if isinstance(value, list) else value


def _float(written: str) -> float | str:
    number = float(written)
    if not math.isfinite(number):
        return written
    return Exact(written) if len(written) > _MOST_OF_A_FLOAT and repr(number) != written else number


def _int(written: str) -> int | str:
    return int(written) if len(written) < _MAX_DIGITS else written
