"""How an API pages, found by asking it: only what its answers prove is proposed.

Here: where rows are, what the number of rows is sent as, how the next page and changes are asked for. Not here: asking (extract/rest_look.py).
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass, replace
from typing import Any

from orchestration.contracts.words import words_of
from orchestration.core.settings import Source
from orchestration.core.settings.paging import Paging
from orchestration.extract.paging import ROWS, as_page, value_at
from orchestration.extract.rest_look import Answer, Api
from orchestration.proposals.document_pages import NAMES_OF_ROWS

_DEEP, _SMALL = 3, 2
PAGE_SIZE = int(Source.model_fields["page_size"].default)
# of an API that refuses so large a page
_FEWER = 100
_SIZES = ("limit", "per_page", "page_size", "pageSize", "pagesize", "size", "count", "$top", "first")
_URLS = (
    "next",
    "next_url",
    "nextUrl",
    "next_page_url",
    "nextPageUrl",
    "next_page",
    "@odata.nextLink",
    "href",
    "link",
    "nextLink",
)
_CURSORS = ("next_cursor", "nextCursor", "after", "cursor", "next_page_token", "nextPageToken", "next_token", "end_cursor", "endCursor", "next")  # fmt: skip
_SENT_AS = ("cursor", "after", "page_token", "pageToken", "starting_after", "next_token", "next_cursor", "page")
# words of headers with a cursor
_HEADED = {"cursor", "token", "next"}
# what the key of the last row is sent as
_LAST_AS = ("starting_after", "since_id", "after_id", "last_id")
_PAGES = ("page", "page_number", "pageNumber", "p")
_OFFSETS = ("offset", "skip", "start", "$skip", "startAt")
SINCE = (
    "updated_since", "updated_at_min", "modified_since", "modified_after", "updated_after", "since", "updated_from", "updatedSince",
    "changed_since", "updated_at_from",
)  # fmt: skip


@dataclass(frozen=True)
class FoundPaging:
    paging: Paging
    is_proved: bool  # of few rows nothing can be told
    page_size: int = PAGE_SIZE


def rows_at(answer: Any, endpoint: str) -> str | None:
    """Where an answer has its rows: the path of a list of objects. None where it has none."""
    if isinstance(answer, list):
        return "" if answer and all(isinstance(row, dict) for row in answer) else None
    found = [
        (path, value)
        for path, value in _within(answer)
        if isinstance(value, list) and value and isinstance(value[0], dict)
    ]

    def rank(one: tuple[str, list[Any]]) -> tuple[bool, int, int]:
        name = one[0].rpartition(".")[2]
        return name not in (*NAMES_OF_ROWS, endpoint), one[0].count("."), -len(one[1])

    return min(found, key=rank)[0] if found else None


def found_paging(api: Api, url: str, first: Answer, rows: str) -> FoundPaging:
    """How the endpoint pages whose first answer has its rows there."""
    found = _paging(api, url, first, rows)
    size = found.paging.size
    is_refused = bool(size) and not api.ask(url, {size: PAGE_SIZE}).is_ok
    return replace(found, page_size=_FEWER) if is_refused else found


def _paging(api: Api, url: str, first: Answer, rows: str) -> FoundPaging:
    all_rows = value_at(first.json, rows)
    size = _size(api, url, rows, len(all_rows))
    known = {size: _SMALL} if size else {}
    answer = api.ask(url, known) if size else first
    here = value_at(answer.json, rows)

    def proved(**how: Any) -> FoundPaging:
        return FoundPaging(Paging.model_validate({"rows": rows, "size": size, "since": "", **how}), is_proved=True)

    if answer.link:
        return proved(next="link")
    if at := _place(answer.json, _URLS, _is_address):
        return proved(next="url", at=at)

    def differs(parameters: dict[str, Any], than: Any = here) -> bool:
        there = _rows(api.ask(url, known | parameters), rows)
        return bool(there) and there != than

    for how, at, name, value in _cursors(answer, here, rows):
        if differs({name: value}):
            return proved(next=how, at=at, parameter=name)
    for name in _PAGES:
        if differs({name: 2}):
            number = 1 if not differs({name: 1}) else 0
            return proved(next="page", parameter=name, first=number)
    for name in _OFFSETS:
        if differs({name: len(here)}):
            return proved(next="offset", parameter=name)
    return replace(proved(next="none"), is_proved=len(all_rows) > _SMALL)


def _cursors(answer: Answer, here: Sequence[Any], rows: str) -> Iterator[tuple[str, str, str, Any]]:
    """(next, at, parameter, value) of cursors that an answer may have: in its body, in a header, as the key of its last row."""
    for at in _places(answer.json, _CURSORS, _is_value):
        for name in dict.fromkeys([at.rpartition(".")[2], *_SENT_AS]):
            yield "cursor", at, name, value_at(answer.json, at)
    for at, value in answer.headers.items():
        if _HEADED & set(words_of(at)) and value and not _is_address(value):
            for name in dict.fromkeys([*_SENT_AS, "_".join(words_of(at)[1:])]):
                yield "header", at, name, value
    if last := _last_id(here, rows):
        for name in _LAST_AS:
            yield "cursor", last[0], name, last[1]


def _last_id(here: Sequence[Any], rows: str) -> tuple[str, Any] | None:
    """(path, value) of the key of the last row."""
    value = here[-1].get("id") if here and isinstance(here[-1], dict) else None
    return (f"{rows}.-1.id".lstrip("."), value) if _is_value(value) else None


def changes_by(api: Api, url: str, paging: Paging, column: str, rows: Sequence[dict[str, Any]]) -> str:
    """What a moment is sent as so that only rows come that changed since. Empty where nothing is proved."""
    moments = sorted({str(row[column]) for row in rows if row.get(column)})
    if len(moments) < 2:
        return ""
    at = moments[-1][:19].replace(" ", "T")
    first = {paging.size: 100} if paging.size else {}
    everything = _rows(api.ask(url, first), paging.rows)
    if all(_moment(row, column) >= at for row in everything):
        return ""
    for name in SINCE:
        found = _rows(api.ask(url, first | {name: f"{at}Z"}), paging.rows)
        if found and all(_moment(row, column) >= at for row in found):
            return name
    return ""


def _moment(row: dict[str, Any], column: str) -> str:
    return str(row.get(column) or "")[:19].replace(" ", "T")


def _size(api: Api, url: str, rows: str, there: int) -> str:
    if there <= _SMALL:
        return ""
    return next((name for name in _SIZES if len(_rows(api.ask(url, {name: _SMALL}), rows)) == _SMALL), "")


def _rows(answer: Answer, rows: str) -> list[Any]:
    page = as_page(answer.json, answer.url, Paging(rows=rows)) if answer.is_ok else None
    return page[ROWS] if page else []


def _place(answer: Any, names: Sequence[str], fits: Any) -> str:
    return next(_places(answer, names, fits), "")


def _places(answer: Any, names: Sequence[str], fits: Any) -> Iterator[str]:
    """Where an answer has a value that fits, by its name or that of what holds it; the likeliest name first."""
    said = [(path, value) for path, value in _within(answer) if fits(value)]
    for name in names:
        for path, _ in said:
            last = path if path in names else path.rpartition(".")[2]
            if last == name and (name not in ("href", "link") or "next" in path):
                yield path


def _is_address(value: Any) -> bool:
    return isinstance(value, str) and value.startswith(("http://", "https://", "/", "?"))


def _is_value(value: Any) -> bool:
    return isinstance(value, str | int) and not isinstance(value, bool) and bool(value) and not _is_address(value)


def _within(answer: Any, path: str = "", deep: int = 0) -> Iterator[tuple[str, Any]]:
    if not isinstance(answer, dict) or deep > _DEEP:
        return
    for name, value in answer.items():
        yield (f"{path}.{name}" if path else name), value
        yield from _within(value, f"{path}.{name}" if path else name, deep + 1)
