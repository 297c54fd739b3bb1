"""The demo webshop's REST API: paging, bearer token, rate limit. Serves the JSON pages as they lie on disk.

Binds 127.0.0.1 only. Not here: making the pages (webshop.py).
"""

from __future__ import annotations

import json
import threading
import time
from collections.abc import Iterator
from contextlib import contextmanager
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path
from typing import ClassVar
from urllib.parse import parse_qs, urlsplit


class _Handler(BaseHTTPRequestHandler):
    protocol_version = "HTTP/1.1"  # keeps the connection open between pages
    folder: ClassVar[Path]
    token: ClassVar[str]
    bucket: ClassVar[_TokenBucket]
    wbufsize = 1 << 16  # one write a page, not one a header

    def do_GET(self) -> None:
        if self.headers.get("Authorization") != f"Bearer {self.token}":
            return self._answer(401, b'{"error":"missing or wrong token"}')
        if not self.bucket.take():
            return self._answer(429, b'{"error":"too many requests"}', {"Retry-After": "1"})
        address = urlsplit(self.path)
        table = address.path.strip("/")
        query = parse_qs(address.query)
        nights = _nights(self.folder, table, query.get("updated_since", [""])[0])
        if nights is None:
            return self._answer(404, b'{"error":"no such resource"}')
        number = int(query.get("page", ["1"])[0])
        page = _page(nights, number)
        body = (self.folder / table / page).read_bytes() if page else b'{"data":[]}'
        since = query.get("updated_since", [""])[0]
        if since:
            rows = [row for row in json.loads(body)["data"] if not row.get("updated_at", "") < since]
            body = json.dumps({"data": rows}, separators=(",", ":")).encode()
        headers = {}
        if number < sum(nights.values()):
            keep = f"&updated_since={since}" if since else ""
            headers["Link"] = f'<{self.server_url}/{table}?page={number + 1}{keep}>; rel="next"'
        return self._answer(200, body, headers)

    @property
    def server_url(self) -> str:
        return "http://" + self.headers["Host"]

    def _answer(self, status: int, body: bytes, headers: dict[str, str] | None = None) -> None:
        self.send_response(status)
        self.send_header("Content-Type", "application/json")
        self.send_header("Content-Length", str(len(body)))
        for name, value in (headers or {}).items():
            self.send_header(name, value)
        self.end_headers()
        self.wfile.write(body)

    def log_message(self, format: str, *args: object) -> None:
        """Says nothing: request lines are noise in a run's log."""


class _TokenBucket:
    def __init__(self, per_second: float) -> None:
        self._rate, self._level, self._at, self._lock = per_second, per_second, time.monotonic(), threading.Lock()

    def take(self) -> bool:
        with self._lock:
            now = time.monotonic()
            self._level = min(self._rate, self._level + (now - self._at) * self._rate)
            self._at = now
            if self._level < 1:
                return False
            self._level -= 1
            return True


def _nights(folder: Path, table: str, since: str) -> dict[int, int] | None:
    """Night → pages of `table` that may hold rows updated after `since`, oldest night first; None: no such table."""
    if not table.isidentifier() or not (folder / table).is_dir():
        return None
    told = [json.loads(index.read_text(encoding="utf-8")) for index in sorted((folder / table).glob("index-*.json"))]
    return {said["night"]: said["pages"] for said in told if said["rows"] and (not since or said["latest"] > since)}


def _page(nights: dict[int, int], number: int) -> str | None:
    """The file of a page by its number, from 1, over all nights."""
    for night, pages in nights.items():
        if 1 <= number <= pages:
            return f"{night:03d}-{number:05d}.json"
        number -= pages
    return None


def make_server(folder: Path, token: str, *, port: int = 0, requests_per_second: float = 500) -> ThreadingHTTPServer:
    """A server for the pages below `folder` on 127.0.0.1; `port` 0 takes a free one. The caller runs and closes it."""
    handler = type(
        "Handler", (_Handler,), {"folder": folder, "token": token, "bucket": _TokenBucket(requests_per_second)}
    )
    server = ThreadingHTTPServer(("127.0.0.1", port), handler)
    server.daemon_threads = True
    return server


@contextmanager
def serving(folder: Path, token: str, *, port: int = 0, requests_per_second: float = 500) -> Iterator[str]:
    """Serves in a thread of this process while the block runs. Yields the base URL."""
    server = make_server(folder, token, port=port, requests_per_second=requests_per_second)
    thread = threading.Thread(target=server.serve_forever, kwargs={"poll_interval": 0.05}, daemon=True)
    thread.start()
    try:
        yield f"http://127.0.0.1:{server.server_address[1]}"
    finally:
        server.shutdown()
        server.server_close()
        thread.join()
