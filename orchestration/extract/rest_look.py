"""A look at an API that no configuration names yet: one question at a time, within the bounds of a night, with the token for its host alone.

Not here: what answers mean (proposals/), reading a source of the configuration (rest.py).
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field
from typing import Any
from urllib.parse import urljoin

import requests
from requests.auth import AuthBase

from orchestration.core.errors import SourceError
from orchestration.core.settings import Source, Table
from orchestration.core.settings.paging import ForEach, Paging
from orchestration.extract.budget import Budget
from orchestration.extract.http_session import BoundedSession
from orchestration.extract.page_json import UnreadableJsonError, parse
from orchestration.extract.paging import NEXT, PAGES, ROWS, as_page, is_past, is_posted, requested

_ATTEMPTS, _BACKOFF, _TIMEOUT, _LONGEST_WAIT = 2, 1.0, 30.0, 60.0


@dataclass(frozen=True)
class Answer:
    """`json` is None where it is none; `link` the address of the next page as the header Link says it."""

    status: int
    url: str
    json: Any
    link: str | None
    headers: Mapping[str, str] = field(default_factory=dict)

    @property
    def is_ok(self) -> bool:
        return self.status < 400 and self.json is not None


@dataclass
class Api:
    """An API at an address. Raises SourceError where it points to another host, or asks to wait long, and where the time is up."""

    source: str
    url: str
    token: str | None = field(repr=False)
    budget: Budget
    asked: int = 0
    auth: AuthBase | None = field(default=None, repr=False)
    headers: Mapping[str, str] = field(default_factory=dict)

    @classmethod
    def of(cls, name: str, source: Source, budget: Budget) -> Api:
        """That of a source of the configuration, with its authentication."""
        from orchestration.extract.http_auth import authentication

        api = cls(name, source.url, None, budget, headers=source.headers)
        api.auth = authentication(name, source, budget, api._session)
        return api

    def _session(self, url: str, auth: AuthBase | None = None) -> BoundedSession:
        """One for an address; a token is asked for without what it is asked for."""
        return BoundedSession(
            self.source, "a look", url, self.budget, auth=auth,
            attempts=_ATTEMPTS, backoff=_BACKOFF, timeout=_TIMEOUT, longest_wait=_LONGEST_WAIT,
        )  # fmt: skip

    def ask(self, url: str, parameters: Mapping[str, Any] | None = None, body: dict[str, Any] | None = None) -> Answer:
        """With a body it is asked by POST."""
        self.asked += 1
        headers = {"Accept": "application/json", **self.headers} | (
            {"Authorization": f"Bearer {self.token}"} if self.token else {}
        )
        try:
            with self._session(self.url, self.auth) as session:
                method = "GET" if body is None else "POST"
                answer = session.request(method, url, params=dict(parameters or {}), headers=headers, json=body)
        except requests.RequestException as error:
            # its text may quote the address, with what is secret in it
            raise SourceError(
                f"source {self.source}: the API does not answer ({type(error).__name__})", to_do="check that it runs, and the URL"
            ) from None  # fmt: skip
        link = answer.links.get("next", {}).get("url")
        try:
            found = parse(answer.content, answer.headers.get("Content-Type", ""))
        except UnreadableJsonError:
            found = None
        return Answer(
            answer.status_code, answer.url, found, urljoin(answer.url, link) if link else None, answer.headers
        )

    def pages(self, url: str, paging: Paging, size: int, asked: Table | ForEach | None = None) -> Iterator[list[Any]]:
        """The rows of page after page of what is `asked`, as a night asks for them."""
        body = (asked.body or {}) if asked and is_posted(asked, paging) else None
        said: dict[str, Any] = {paging.size: size} if paging.size else {}
        at = paging.first if paging.next == "page" else 0
        while True:
            if paging.next in ("page", "offset"):
                said[paging.parameter] = at
            answer = self.ask(url, *requested(paging, said, body))
            page = as_page(answer.json, answer.url, paging) if answer.is_ok else None
            if page is None or not page[ROWS]:
                return
            yield page[ROWS]
            at += 1 if paging.next == "page" else len(page[ROWS])
            further = page[NEXT]
            if paging.next in ("link", "header"):
                further = answer.link if paging.next == "link" else answer.headers.get(paging.at)
            if paging.pages and is_past(page.get(PAGES), at, paging):
                return
            if paging.next == "none" or (paging.next in ("link", "url", "cursor", "header") and not further):
                return
            if paging.next in ("link", "url"):
                url, said = str(further), {}
            elif paging.next in ("cursor", "header"):
                said[paging.parameter] = further
