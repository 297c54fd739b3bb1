"""Pages of an API by `paging`: an answer's rows and what it says of the next page, and dlt's paginator that asks for it.

Not here: fetching (rest.py), what a row holds (pages.py).
"""

from __future__ import annotations

import copy
import functools
import math
from calendar import timegm
from collections.abc import Mapping
from datetime import datetime
from typing import TYPE_CHECKING, Any
from urllib.parse import urljoin

from orchestration.core.settings import Table
from orchestration.core.settings.paging import ForEach, Paging

if TYPE_CHECKING:
    from dlt.sources.helpers.rest_client.paginators import BasePaginator

# where a page has its rows and the next one, once it is brought to one shape
ROWS, NEXT, PAGES = "data", "next", "pages"
# whether an answer has the place where the next page stands
IS_SAID = "is_said"
# beside a cursor that is always there
_IS_MORE = ("has_more", "hasMore", "has_next", "hasNext", "has_next_page", "hasNextPage")


def value_at(answer: Any, path: str) -> Any:
    """What an answer has at a path of names with dots, of a list by a number; None where it has nothing there."""
    if not path:
        return answer
    for name in [path] if isinstance(answer, dict) and path in answer else path.split("."):
        if isinstance(answer, list) and is_place(name):
            answer = answer[int(name)] if -len(answer) <= int(name) < len(answer) else None
        else:
            answer = answer.get(name) if isinstance(answer, dict) else None
    return answer


def has_place(value: Any, path: str) -> bool:
    """Whether a row has something at a path, or says that it has nothing there: null in place of what holds it, or a list, of which
    each row has other elements."""
    for name in [path] if isinstance(value, dict) and path in value else path.split("."):
        if not isinstance(value, dict):
            return value is None or isinstance(value, list)
        if name not in value:
            return False
        value = value[name]
    return True


def says_place(answer: Any, path: str) -> bool:
    """Whether an answer has something at a path as value_at reads it, or says that it has nothing there: null, or a list without elements."""
    for name in [path] if isinstance(answer, dict) and path in answer else path.split("."):
        if answer is None or (answer == [] and is_place(name)):
            return True
        if isinstance(answer, list):
            if not is_place(name) or not -len(answer) <= int(name) < len(answer):
                return False
            answer = answer[int(name)]
        elif isinstance(answer, dict) and name in answer:
            answer = answer[name]
        else:
            return False
    return True


def is_place(name: str) -> bool:
    """Whether a part of a path is a place in a list: 0 is the first, -1 the last one."""
    return name.removeprefix("-").isdecimal()


def as_page(answer: Any, url: str, paging: Paging) -> dict[str, Any] | None:
    """{data: rows, next: address or cursor of the next page or None}; None where an answer has no rows at that place."""
    rows = value_at(answer, paging.rows)
    rows = _plain(rows) if paging.typed == "tryton" else rows
    if isinstance(rows, dict) and paging.next == "none" and paging.rows:
        rows = [rows]
    if not isinstance(rows, list):
        return None
    found: Any = _said_next(answer, paging)
    if not found or _says(answer, paging, is_more=False) or isinstance(found, dict | list | bool):
        found = None
    elif paging.next == "url":
        found = urljoin(url, str(found))
    is_said = bool(paging.at) and says_place(answer, paging.at)
    return {ROWS: rows, NEXT: found, IS_SAID: is_said} | (
        {PAGES: value_at(answer, paging.pages)} if paging.pages else {}
    )


def _plain(value: Any) -> Any:
    """A value of Tryton's JSON-RPC, whose objects name their class, as plain JSON: a time in UTC, a date, a decimal. Bytes are nothing.

    An object of any other class stays one: where it does not fit, its row is set aside, and counted."""
    if isinstance(value, list):
        return [_plain(one) for one in value]
    if not isinstance(value, dict):
        return value
    match value.get("__class__"):
        case "Decimal":
            return value.get("decimal")
        case "date":
            return "{year:04}-{month:02}-{day:02}".format_map(value)
        case "datetime":
            return "{year:04}-{month:02}-{day:02}T{hour:02}:{minute:02}:{second:02}.{microsecond:06}".format_map(value)
        case "timedelta":
            return value.get("seconds")
        case "time":
            return "{hour:02}:{minute:02}:{second:02}.{microsecond:06}".format_map(value)
        case "bytes":
            return None
        case None:
            return {name: _plain(one) for name, one in value.items()}
    return value


def hides_the_next(answer: Any, paging: Paging) -> bool:
    """Whether an answer with rows has, in place of the next page, what nobody can ask with: an object or a list, no key of its last
    row, or nothing where it says that there is more. Taken for an end, it would leave all further rows out."""
    found = _said_next(answer, paging)
    if _says(answer, paging, is_more=False) or not value_at(answer, paging.rows):
        return False
    if paging.at and paging.next != "header" and not found and _says(answer, paging, is_more=True):
        return True
    is_of_last_row = paging.at.startswith(f"{paging.rows}.-1.".removeprefix("."))
    return bool(found) if isinstance(found, dict | list) else is_of_last_row and found in (None, "")


def _said_next(answer: Any, paging: Paging) -> Any:
    return value_at(answer, paging.at) if paging.at and paging.next != "header" else None


def _says(answer: Any, paging: Paging, *, is_more: bool) -> bool:
    """Whether it says beside the next page that there is one, or that there is none."""
    around = value_at(answer, paging.at.rpartition(".")[0]) if "." in paging.at else answer
    return any(
        value_at(place, flag) is is_more for place in (answer, around) for flag in _IS_MORE if isinstance(place, dict)
    )


def written_since(paging: Paging, at: datetime | float) -> str:
    """A time in UTC, or a number, as the API is asked for what changed since it."""
    if not isinstance(at, datetime):
        return str(math.floor(at))
    return at.strftime(paging.since_as.replace("%s", str(timegm(at.timetuple()))))


def requested(
    paging: Paging, said: Mapping[str, Any], body: dict[str, Any] | None
) -> tuple[dict[str, Any], dict[str, Any] | None]:
    """The parameters of an address and the body of a request that says `said` by name."""
    if paging.sent_in == "address":
        return dict(said), body
    return {}, functools.reduce(put_at, said.items(), copy.deepcopy(body or {}))


def put_at(body: dict[str, Any], said: tuple[str, Any]) -> dict[str, Any]:
    """The body with a value at a path of names with dots, of a list by a number."""
    path, value = said
    *holders, last = path.split(".")
    at: Any = body
    for name in holders:
        at = at[int(name)] if isinstance(at, list) else at.setdefault(name, {})
    at[int(last) if isinstance(at, list) else last] = value
    return body


def is_posted(asked: Table | ForEach, paging: Paging) -> bool:
    return asked.body is not None or paging.sent_in == "body"


def paginator(paging: Paging) -> BasePaginator:
    from dlt.sources.helpers.rest_client.paginators import (
        HeaderCursorPaginator,
        HeaderLinkPaginator,
        JSONLinkPaginator,
        JSONResponseCursorPaginator,
        SinglePagePaginator,
    )

    if paging.next == "link":
        return HeaderLinkPaginator()
    if paging.next == "url":
        return JSONLinkPaginator(next_url_path=NEXT)
    if paging.next == "header":
        return HeaderCursorPaginator(cursor_key=paging.at, cursor_param=paging.parameter)
    if paging.next == "cursor":
        at = {"cursor_body_path" if paging.sent_in == "body" else "cursor_param": paging.parameter}
        return JSONResponseCursorPaginator(cursor_path=NEXT, **at)
    return SinglePagePaginator() if paging.next == "none" else _counted(paging)


def is_past(pages: Any, at: int, paging: Paging) -> bool:
    """Whether a page is behind the last of so many. Of an API that says 0, although it has rows, the number means nothing."""
    return str(pages).isdecimal() and 0 < int(pages) <= at - paging.first


def first_only(of: BasePaginator) -> BasePaginator:
    """A paginator that asks for its first page, and no other."""

    class First(type(of)):  # type: ignore[misc]  # of the class that a paginator has
        def update_state(self, response: Any, data: list[Any] | None = None) -> None:
            self._has_next_page = False

    of.__class__ = First
    return of


def _counted(paging: Paging) -> BasePaginator:
    """Counts what came, not what was asked for: a server may give fewer rows a page than it is asked for. dlt's own would leave rows out."""
    from dlt.sources.helpers.rest_client.paginators import BasePaginator

    class Counted(BasePaginator):
        def __init__(self) -> None:
            super().__init__()
            self._at = paging.first if paging.next == "page" else 0

        def init_request(self, request: Any) -> None:
            self.update_request(request)

        def update_state(self, response: Any, data: list[Any] | None = None) -> None:
            self._has_next_page = bool(data)
            self._at += 1 if paging.next == "page" else len(data or [])
            if paging.pages and is_past(response.json().get(PAGES), self._at, paging):
                self._has_next_page = False

        def update_request(self, request: Any) -> None:
            if paging.sent_in == "body":
                put_at(request.json, (paging.parameter, self._at))
            else:
                request.params = {**(request.params or {}), paging.parameter: self._at}

    return Counted()
