"""What tests of sources stand on: files of two columns that are loaded, and a small server on loopback. Not here: what it answers."""

from __future__ import annotations

import json
import threading
from dataclasses import dataclass, field
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from urllib.parse import parse_qs, urlsplit

import pytest

from tests.unit.extract.deliveries import TEXT


@dataclass
class Asked:
    """One request: its path, the parameters of its address, its headers, and the form that it sends."""

    path: str
    query: dict[str, str]
    headers: dict[str, str]
    form: dict[str, str] = field(default_factory=dict)


@pytest.fixture
def serve_json():
    """Starts a server; `answer(asked)` gives its body, or (body, status, headers). Returns its URL."""
    servers = []

    def start(answer):
        class Handler(BaseHTTPRequestHandler):
            def do_GET(self):
                parts = urlsplit(self.path)
                sent = self.rfile.read(int(self.headers.get("Content-Length") or 0)).decode()
                asked = Asked(parts.path, _first(parts.query), dict(self.headers), _first(sent))
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

            def log_message(self, *args):
                pass

        server = ThreadingHTTPServer(("127.0.0.1", 0), Handler)
        threading.Thread(target=server.serve_forever, kwargs={"poll_interval": 0.02}, daemon=True).start()
        servers.append(server)
        return f"http://127.0.0.1:{server.server_address[1]}"

    yield start
    for server in servers:
        server.shutdown()
        server.server_close()


def _first(written: str) -> dict[str, str]:
    return {name: values[0] for name, values in parse_qs(written).items()}


@pytest.fixture
def load(load_files):
    """Loads files with an id and a status, unless `columns` says others."""
    return lambda files=None, **more: load_files(files, **{"columns": TEXT, **more})


@pytest.fixture
def raw(warehouse):
    """What stands in raw of them."""
    return lambda columns="id, status": warehouse.execute(
        f"select {columns} from raw_s.t where _deleted_at is null order by all"
    ).fetchall()
