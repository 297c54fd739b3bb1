"""The HTTP session of the `rest` connector: every wait has an end, the token stays with one host, pages go forward.

Here: retries, Retry-After, redirects, slow answers. Not here: hanging up (http_deadline.py), paging (dlt's, in rest.py), or what a page holds (pages.py).
"""

from __future__ import annotations

import hashlib
import io
import logging
import time
from collections.abc import Collection
from datetime import UTC, datetime
from email.utils import parsedate_to_datetime
from typing import Any
from urllib.parse import parse_qsl, urljoin, urlsplit

import requests
from requests.auth import AuthBase
from requests.hooks import default_hooks, dispatch_hook
from urllib3.exceptions import HTTPError, NewConnectionError

from orchestration.core.errors import SourceError, told_address
from orchestration.extract.budget import Budget
from orchestration.extract.http_deadline import HangingUp

# at DEBUG it writes every address, and a key may stand in one
logging.getLogger("urllib3.connectionpool").setLevel(logging.INFO)

_CONNECT_SECONDS = 10
# a whole answer: one that drips byte for byte would else never be late
_ANSWER_SECONDS = 600
# an answer is held in memory, unzipped, and several times as much once it is parsed: 1,000 rows of half a megabyte each
# are no page of customer data, but a body without an end is soon so long
_ANSWER_BYTES = 512_000_000
_REDIRECTS = 5
# of an answer that is an error and has no rows
_SHORT = 20_000
_EMPTY_PAGES = 100
_PASSING = (429, 500, 502, 503, 504)
_BROKEN = (requests.ConnectionError, requests.Timeout, requests.exceptions.ChunkedEncodingError)
# no answer at all, whatever is asked for
_UNREACHABLE = (
    requests.ConnectTimeout, requests.exceptions.SSLError, requests.exceptions.ProxyError, requests.exceptions.InvalidURL,
    requests.exceptions.MissingSchema, requests.exceptions.InvalidSchema,
)  # fmt: skip


class BoundedSession(requests.Session):
    """A session for one table's pages. Raises SourceError where it would wait too long, leave the host, or go in circles."""

    def __init__(
        self,
        source: str,
        table: str,
        url: str,
        budget: Budget,
        *,
        attempts: int,
        backoff: float,
        timeout: float,
        longest_wait: float,
        counted: Collection[str] = (),
        auth: AuthBase | None = None,
    ) -> None:
        """`counted`: parameters by which the next page is asked for, a number or a cursor, whatever the last one says of it."""
        super().__init__()
        self._source, self._table, self._url, self._budget = source, table, url, budget
        self._attempts, self._backoff, self._timeout, self._longest_wait = attempts, backoff, timeout, longest_wait
        self._counted, self.auth = counted, auth
        self._transport = HangingUp()
        for scheme in ("http://", "https://"):
            self.mount(scheme, self._transport)
        self._asked: set[str] = set()
        # of each endpoint the last answer, and how often it came
        self._pages: dict[str, tuple[str, int]] = {}

    def send(self, request: requests.PreparedRequest, **kwargs: Any) -> requests.Response:
        hooks, request.hooks = request.hooks, default_hooks()
        asked = f"{request.url} {_digest_of_body(request)}"
        if asked in self._asked:
            raise self._error("the API's pages go in circles: a next link points to a page that was read already")
        self._asked.add(asked)
        for _ in range(_REDIRECTS):
            response = self._answer(request, kwargs)
            if response.status_code == 401 and (renew := getattr(self.auth, "renew", None)):
                # a token may end before it says
                renew()
                response = self._answer(self._authenticated(request.copy()), kwargs)
            if not response.is_redirect:
                break
            request = request.copy()
            request.url = urljoin(str(request.url), response.headers["location"])
            request = self._authenticated(request)
        else:
            raise self._error("the API redirects without an end")
        if response.ok:
            self._refuse_the_same_page(response)
        response = dispatch_hook("response", hooks, response, **kwargs)
        return response

    def _authenticated(self, request: requests.PreparedRequest) -> requests.PreparedRequest:
        self._refuse_another_host(str(request.url))
        return self.auth(request) if callable(self.auth) else request

    def _answer(self, request: requests.PreparedRequest, kwargs: dict[str, Any]) -> requests.Response:
        """One answer, read whole. What may pass by itself is tried again."""
        self._refuse_another_host(str(request.url))
        options = {**kwargs, "stream": True, "allow_redirects": False}
        for attempt in range(1, self._attempts + 1):
            self._budget.check(self._table)
            self._budget.requests += 1
            options["timeout"] = (min(_CONNECT_SECONDS, self._budget.left), min(self._timeout, self._budget.left))
            wait = self._backoff * 2 ** (attempt - 1)
            try:
                # one that drips its head byte for byte would else never be late
                with self._transport.within(min(_ANSWER_SECONDS, self._budget.left)):
                    response = super().send(request, **options)
                self._read(response)
            except _BROKEN:
                self._budget.check(self._table)
                if attempt == self._attempts:
                    raise
            else:
                is_passing = response.status_code in _PASSING or _is_throttled(response)
                if not is_passing or attempt == self._attempts:
                    return response
                wait = _asked_to_wait(response.headers.get("Retry-After", ""), wait)
            if wait > min(self._longest_wait, self._budget.left):
                raise self._error(
                    f"the API asks to wait {wait:,.0f} seconds before the next request", "run again after that"
                )
            time.sleep(wait)
            if getattr(self.auth, "is_of_its_time", False):
                request = self._authenticated(request.copy())
        raise AssertionError("unreachable")  # the last attempt returns or raises

    def _read(self, response: requests.Response) -> None:
        """Reads the body as it comes, so that a server that drips bytes, or never ends, is noticed."""
        ends = time.monotonic() + min(_ANSWER_SECONDS, self._budget.left)
        body = io.BytesIO()
        try:
            while part := response.raw.read1(1 << 20, decode_content=True):
                body.write(part)
                if body.tell() > _ANSWER_BYTES:
                    response.close()
                    raise self._error(
                        f"an answer of the API is larger than {_ANSWER_BYTES / 1_000_000:,.0f} MB",
                        f"set a smaller page_size below [sources.{self._source}]; if the API answers everything at once, "
                        "ask whoever runs it for pages",
                    )
                if time.monotonic() > ends:
                    response.close()
                    self._budget.check(self._table)
                    raise self._error(f"the API did not finish an answer within {_ANSWER_SECONDS:,} seconds")
        except HTTPError:  # shorter than it says, or cut or damaged gzip
            response.close()
            raise requests.exceptions.ChunkedEncodingError("the answer breaks off") from None
        # requests keeps a body so, once it has read it itself
        response._content = body.getvalue()
        response._content_consumed = True
        response.raw.release_conn()

    def _refuse_another_host(self, url: str) -> None:
        if _origin(url) != _origin(self._url):
            raise self._error(
                f"the API points to another host, {_origin(url)[1]}: its answers are not trusted, and the token is not sent there",
                f"if that is where the API lives now, set url below [sources.{self._source}]",
            )

    def _refuse_the_same_page(self, response: requests.Response) -> None:
        digest = hashlib.sha256(response.content).hexdigest()
        place = self._place(str(response.url))
        last, repeated = self._pages.get(place, ("", 0))
        is_same = digest == last and (bool(self._counted) or "next" in response.links)
        repeated = repeated + 1 if is_same else 0
        self._pages[place] = digest, repeated
        is_empty = b'"data": []' in response.content or b'"data":[]' in response.content
        if repeated > (_EMPTY_PAGES if is_empty else 0):
            raise self._error("the API answers the same page again and again, always with a next one")

    def _place(self, url: str) -> str:
        """What is asked for, whichever page of it."""
        parts = urlsplit(url)
        if not self._counted:
            return parts.path
        return f"{parts.path}?{[pair for pair in parse_qsl(parts.query) if pair[0] not in self._counted]}"

    def _error(self, what: str, to_do: str = "") -> SourceError:
        return SourceError(
            f"source {self._source}, table {self._table}: {what}; raw keeps what it had",
            where=told_address(self._url),
            to_do=to_do or "tell whoever runs the API",
            is_whole_source="host" in what or "wait" in what,
        )


def body_of(request: requests.PreparedRequest) -> bytes:
    """The body of a request, which is none of a file here."""
    body: Any = request.body or b""
    return body.encode() if isinstance(body, str) else bytes(body)


def _digest_of_body(request: requests.PreparedRequest) -> str:
    """A digest of what is sent; none where nothing is."""
    return hashlib.sha256(sent).hexdigest() if (sent := body_of(request)) else ""


def _is_throttled(response: requests.Response) -> bool:
    """Whether an API that is asked with queries says, as one of GraphQL does with status 200, that it was asked too much."""
    is_short = response.request.method == "POST" and len(response.content) < _SHORT
    return is_short and b'"THROTTLED"' in response.content


def is_unreachable(error: BaseException) -> bool:
    """Whether no connection came about, so that every other table would fail alike."""
    refused = getattr(error.args[0], "reason", None) if error.args else None
    return isinstance(error, _UNREACHABLE) or isinstance(refused, NewConnectionError)


def _origin(url: str) -> tuple[str, str | None, int | None]:
    # as it is sent: a host in letters (bücher.example) and in punycode is one
    try:
        parts = urlsplit(requests.Request("GET", url).prepare().url or url)
        return parts.scheme, parts.hostname, parts.port or {"http": 80, "https": 443}.get(parts.scheme)
    except (requests.exceptions.RequestException, ValueError):
        return "", "an address that cannot be read", None


def _asked_to_wait(retry_after: str, otherwise: float) -> float:
    """Seconds that a Retry-After header asks for, as a number or as a date."""
    try:
        return max(0.0, float(retry_after))
    except ValueError:
        try:
            at = parsedate_to_datetime(retry_after)
        except ValueError:
            return otherwise
    return max(0.0, ((at if at.tzinfo else at.replace(tzinfo=UTC)) - datetime.now(UTC)).total_seconds())
