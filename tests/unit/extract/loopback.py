"""A small server on loopback, of whose answers a test decides. Not here: what it answers (the tests; vendor_apis)."""

from __future__ import annotations

import json
import threading
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from typing import Any
from urllib.parse import parse_qs, urlsplit


@dataclass
class Asked:
    """One request: its path, the parameters of its address, its headers, and the form or the text that it sends."""

    path: str
    query: dict[str, str]
    headers: dict[str, str]
    form: dict[str, str] = field(default_factory=dict)
    sent: str = ""


@contextmanager
def serving(answer: Callable[[Asked], Any]) -> Iterator[str]:
    """The URL of a server; `answer(asked)` gives the body of an answer, or (body, status, headers)."""

    class Handler(BaseHTTPRequestHandler):
        def do_GET(self) -> None:
            parts = urlsplit(self.path)
            sent = self.rfile.read(int(self.headers.get("Content-Length") or 0)).decode()
            asked = Asked(parts.path, _first(parts.query), dict(self.headers), _first(sent), sent)
            said = answer(asked)
            body, status, headers = said if isinstance(said, tuple) else (said, 200, {})
            data = json.dumps(body).encode()
            self.send_response(status)
            more = {"Content-Type": "application/json", "Content-Length": str(len(data)), **headers}
            for name, value in more.items():
                self.send_header(name, value)
            self.end_headers()
            self.wfile.write(data)

        do_POST = do_GET

        def log_message(self, *args: Any) -> None:
            pass

    server = ThreadingHTTPServer(("127.0.0.1", 0), Handler)
    threading.Thread(target=server.serve_forever, kwargs={"poll_interval": 0.02}, daemon=True).start()
    try:
        yield f"http://127.0.0.1:{server.server_address[1]}"
    finally:
        server.shutdown()
        server.server_close()


def _first(written: str) -> dict[str, str]:
    return {name: values[0] for name, values in parse_qs(written).items()}
