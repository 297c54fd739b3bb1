"""`kundbild add-source --from` an API: what it has, how it pages and what changes are asked for by is proved by its answers, and is read so."""

from __future__ import annotations

import json
import threading
import tomllib
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from urllib.parse import parse_qs, urlsplit

import pytest

from orchestration.core.configuration import load_settings
from orchestration.core.errors import ConfigurationError, SourceError
from orchestration.extract.extract import extract_source, prepare_raw
from orchestration.proposals.propose import propose
from orchestration.proposals.written import write_source

CUSTOMERS = [
    {"id": n, "first_name": f"Anna{n}", "last_name": "Ek", "email": f"anna{n}@example.com", "personal_number": "19800101-0000",
     "address": {"city": "Lund"}, "updated_at": f"2026-01-{n:02d}T10:00:00Z"}
    for n in range(1, 9)
]  # fmt: skip
ORDERS = [
    {"id": 100 + n, "customer_id": n, "created_at": "2026-02-01T10:00:00Z", "total": 10.5 + n, "status": "paid"}
    for n in range(1, 8)
]
TABLES = {
    "customers": CUSTOMERS,
    "orders": ORDERS,
    "products": [{"id": 1, "name": "Tent", "category": "Camp", "price": 99.5}],
}
MOST = 3


class Shop:
    """A small API; `answer(rows, asked, name)` is how it pages."""

    def __init__(self, answer, *, token=None, index=None):
        self.asked = asked = []

        class Handler(BaseHTTPRequestHandler):
            def do_GET(self):
                parts = urlsplit(self.path)
                said = {k: v[0] for k, v in parse_qs(parts.query).items()}
                name = parts.path.rpartition("/")[2].removesuffix(".json")
                asked.append((self.path, self.headers.get("Authorization")))
                if token and asked[-1][1] != f"Bearer {token}":
                    return self.reply({"error": "no"}, 401)
                if name in TABLES:
                    return self.reply(*answer(TABLES[name], said, name))
                return self.reply(*((index,) if index and not name else ({"error": "nothing"}, 404)))

            def reply(self, body, status=200, headers=None):
                data = json.dumps(body).encode()
                self.send_response(status)
                for key, value in {
                    "Content-Type": "application/json",
                    "Content-Length": str(len(data)),
                    **(headers or {}),
                }.items():
                    self.send_header(key, value)
                self.end_headers()
                self.wfile.write(data)

            def log_message(self, *args):
                pass

        self.server = ThreadingHTTPServer(("127.0.0.1", 0), Handler)
        threading.Thread(target=self.server.serve_forever, kwargs={"poll_interval": 0.02}, daemon=True).start()
        self.url = f"http://127.0.0.1:{self.server.server_address[1]}"


@pytest.fixture
def serve():
    shops = []

    def start(*args, **more):
        shops.append(Shop(*args, **more))
        return shops[-1]

    yield start
    for shop in shops:
        shop.server.shutdown()
        shop.server.server_close()


def changed(rows, said, name):
    since = said.get("modified_after")
    return [row for row in rows if not since or row.get("updated_at", since) >= since[:19]]


def numbered(rows, said, name):
    size = min(int(said.get("per_page", MOST)), MOST)
    at = (int(said.get("page", 1)) - 1) * size
    return ({"items": changed(rows, said, name)[at : at + size]},)


def by_offset(rows, said, name):
    size, at = min(int(said.get("limit", MOST)), MOST), int(said.get("offset", 0))
    return (rows[at : at + size],)


def by_cursor(rows, said, name):
    size, at = min(int(said.get("limit", MOST)), MOST), int(said.get("starting_after", 0))
    following = str(at + size) if at + size < len(rows) else None
    return ({name: rows[at : at + size], "meta": {"next_cursor": following}},)


def by_address(rows, said, name):
    size, at = min(int(said.get("page_size", MOST)), MOST), int(said.get("from", 0))
    following = f"/v1/{name}?page_size={size}&from={at + size}" if at + size < len(rows) else None
    return ({"results": rows[at : at + size], "next": following},)


def by_header(rows, said, name):
    size, at = min(int(said.get("limit", MOST)), MOST), int(said.get("from", 0))
    following = f'<{name}?limit={size}&from={at + size}>; rel="next"'
    return {"data": rows[at : at + size]}, 200, {"Link": following} if at + size < len(rows) else {}


WAYS = [
    (numbered, {"rows": "items", "next": "page", "parameter": "page", "size": "per_page", "since": "modified_after"}),
    (by_offset, {"rows": "", "next": "offset", "parameter": "offset"}),
    (by_cursor, {"rows": "customers", "next": "cursor", "at": "meta.next_cursor", "parameter": "starting_after"}),
    (by_address, {"rows": "results", "next": "url", "at": "next", "size": "page_size"}),
    (by_header, {}),
]


@pytest.mark.parametrize(("answer", "paging"), WAYS)
def test_how_an_api_pages_is_found_and_every_row_is_read_so(serve, home, warehouse, tmp_path, answer, paging):
    found = propose("shop", f"{serve(answer).url}/v1", "SEK")
    source = tomllib.loads(found.block)["sources"]["shop"]
    customers = source["tables"]["customers"]
    assert customers.get("paging", source.get("paging", {})) == paging
    assert {t: one["maps"][0]["entity"] for t, one in source["tables"].items()} == {
        "customers": "people", "orders": "orders", "products": "products",
    }  # fmt: skip
    assert customers["key"] == ["id"] and customers.get("cursor") == ("updated_at" if answer is numbered else None)
    assert source["tables"]["orders"]["maps"][0]["columns"]["person_key"] == "customer_id"
    assert "personal_number" not in customers["columns"] and customers["maps"][0]["columns"]["city"] == "address.city"
    config = tmp_path / "kundbild.toml"
    write_source(config, found.block)
    settings = load_settings(config)
    prepare_raw(warehouse, settings)
    counts = extract_source(warehouse, home, settings, "shop")
    assert {t: c.inserted for t, c in counts.items()} == {"customers": 8, "orders": 7, "products": 1}


def test_one_endpoint_an_index_and_a_token(serve, monkeypatch):
    shop = serve(numbered, token="s3cret")
    with pytest.raises(ConfigurationError, match="asks for a token") as refused:
        propose("shop", f"{shop.url}/v1/orders.json?state=any", "SEK")
    assert "export SHOP_TOKEN" in refused.value.to_do
    monkeypatch.setenv("SHOP_TOKEN", "s3cret")
    found = propose("shop", f"{shop.url}/v1/orders.json?state=any&api_key=hush", "SEK")
    source = tomllib.loads(found.block)["sources"]["shop"]
    assert source["url"] == f"{shop.url}/v1" and source["token"] == "${SHOP_TOKEN}"
    assert source["tables"]["orders"]["endpoint"] == "orders.json?state=any&api_key=${SHOP_API_KEY}"
    assert not any(secret in found.block + repr(found) for secret in ("s3cret", "hush"))
    index = {"customers": "/v1/customers", "orders": "/v1/orders", "log out": "/v1/logout"}
    listed = serve(numbered, token="s3cret", index=index)
    found = propose("shop", f"{listed.url}/", "SEK")
    assert {table.name for table in found.tables} == {"customers", "orders"}
    assert not any("logout" in path for path, _ in listed.asked), "what is no table is not asked for"


def test_the_token_stays_with_its_host(serve, monkeypatch):
    monkeypatch.setenv("SHOP_TOKEN", "s3cret")
    other = serve(numbered)
    away = serve(lambda rows, said, name: ({}, 302, {"Location": f"{other.url}/v1/{name}"}))
    with pytest.raises((SourceError, ConfigurationError)) as refused:
        propose("shop", f"{away.url}/v1/customers", "SEK")
    assert "another host" in str(refused.value) and not other.asked


def test_an_address_that_is_no_api_is_told(serve):
    shop = serve(lambda rows, said, name: ({"error": "gone"}, 410))
    with pytest.raises(ConfigurationError, match="nothing there could be mapped"):
        propose("shop", f"{shop.url}/v1", "SEK")
    with pytest.raises(SourceError, match="does not answer"):
        propose("shop", "http://127.0.0.1:1/v1?token=hush", "SEK")
