"""Whether an answer that names no next page is the last one: a misspelt place of the next page reads one page, and nothing else says so.

Where the first answer names none, the endpoint is asked once for a single row of the same rows: then there are more, and it must name a next
page. Not here: what an answer says of the next page (paging.py), following it (rest.py).
"""

from __future__ import annotations

import json
from collections.abc import Callable
from contextlib import suppress
from typing import Any
from urllib.parse import parse_qsl, urlencode, urlsplit, urlunsplit

import requests

from orchestration.core.errors import SourceError, told_address
from orchestration.core.settings.paging import Paging
from orchestration.extract.http_session import body_of
from orchestration.extract.page_json import UnreadableJsonError, parse
from orchestration.extract.paging import IS_SAID, ROWS, as_page, hides_the_next, requested

_FOLLOWED = ("link", "url", "cursor", "header")


class LastPage:
    """Of one endpoint. `session` makes a session that may ask it; `page_size` is what pages are asked for with."""

    def __init__(
        self, source: str, name: str, paging: Paging, page_size: int, session: Callable[[], requests.Session]
    ) -> None:
        self._source, self._name, self._paging, self._page_size = source, name, paging, page_size
        self._session = session
        self._is_proved = paging.next not in _FOLLOWED or not paging.size

    def check(self, response: requests.Response, page: dict[str, Any]) -> None:
        """Raises SourceError where the API has more rows than an answer, and the answer names no next page."""
        if self._is_proved:
            return
        rows = len(page[ROWS])
        if self._is_said(response, page):
            self._is_proved = True
        # an API that says nothing of pages may have all rows in one
        elif rows >= (self._page_size if self._paging.next == "link" else 2) and rows > 1:
            self._is_proved = True
            self._ask_for_one(response)

    def _is_said(self, response: requests.Response, page: dict[str, Any]) -> bool:
        if self._paging.next == "link":
            return "next" in response.links
        return self._paging.at in response.headers if self._paging.next == "header" else bool(page[IS_SAID])

    def _ask_for_one(self, response: requests.Response) -> None:
        answer, found = self._one_row(response.request)
        page = as_page(found, answer.url, self._paging) if answer is not None else None
        if answer is None or page is None or len(page[ROWS]) != 1 or _says_errors(found):
            return
        if hides_the_next(found, self._paging) or not self._is_said(answer, page):
            place = "no Link header" if self._paging.next == "link" else f"nothing at {self._paging.at}"
            raise SourceError(
                f"source {self._source}, table {self._name}: an answer has fewer rows than the API, and {place} that names the next page",
                where=told_address(str(response.request.url)),
                to_do=f"check paging below [sources.{self._source}], or of the table: how the API says where the next page is; "
                'of an API that has all rows in one answer, next = "none"',
            )

    def _one_row(self, request: requests.PreparedRequest) -> tuple[requests.Response | None, Any]:
        """What the same request for a single row is answered. None where it is not: the rows were read, and no fault of this answer is theirs."""
        size = self._paging.size
        # the rest of a body says which rows are meant
        url, body = str(request.url), body_of(request)
        if self._paging.sent_in == "body":
            body = json.dumps(requested(self._paging, {size: 1}, json.loads(body or b"{}"))[1]).encode()
        else:
            parts = urlsplit(url)
            said = [pair for pair in parse_qsl(parts.query, keep_blank_values=True) if pair[0] != size]
            url = urlunsplit(parts._replace(query=urlencode([*said, (size, 1)])))
        sent_as = {"Content-Type": request.headers.get("Content-Type", "application/json")} if body else {}
        with self._session() as session, suppress(requests.RequestException, SourceError, UnreadableJsonError):
            answer = session.request(str(request.method), url, data=body or None, headers=sent_as)
            if answer.ok:  # it may want more rows a page
                return answer, parse(answer.content, answer.headers.get("Content-Type", ""))
        return None, None


def _says_errors(answer: Any) -> bool:
    """Whether it says errors beside its rows, which may be others then."""
    return isinstance(answer, dict) and bool(answer.get("errors"))
