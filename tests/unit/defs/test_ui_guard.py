"""What the guard of the Dagster UI lets through, by the headers that a browser sends. Not here: a real webserver (tests/integration/test_ui.py)."""

from __future__ import annotations

import asyncio
from typing import Any

import pytest

from orchestration.defs.ui_guard import HOSTS_VARIABLE, SameOrigin

OWN = {"host": "127.0.0.1:3000", "origin": "http://127.0.0.1:3000", "sec-fetch-site": "same-origin"}


def answered(
    headers: dict[str, str], *, kind: str = "http", method: str = "POST", path: str = "/graphql", query: str = ""
) -> bool:
    """Whether a request reaches the UI that listens at port 3000."""
    reached: list[str] = []
    sent: list[dict[str, Any]] = []

    async def ui(scope: Any, receive: Any, send: Any) -> None:
        reached.append(scope["path"])

    async def send(message: Any) -> None:
        sent.append(message)

    scope = {"type": kind, "method": method, "path": path, "query_string": query.encode(), "server": ("127.0.0.1", 3000),
             "headers": [(name.encode(), value.encode()) for name, value in headers.items()]}  # fmt: skip
    asyncio.run(SameOrigin(ui)(scope, None, send))
    assert bool(reached) is not bool(sent)
    assert not sent or sent[0].get("status") == 403 or (kind, sent[0]["type"]) == ("websocket", "websocket.close")
    return bool(reached)


def test_the_uis_own_pages_reach_it():
    for host in ("127.0.0.1:3000", "localhost:3000", "[::1]:3000", "LOCALHOST:3000"):
        assert answered({**OWN, "host": host, "origin": f"http://{host}"})
        assert answered({"host": host, "origin": f"http://{host}"}, kind="websocket")
    assert answered({"host": "localhost:3000"})
    assert answered({"host": "localhost:3000", "sec-fetch-site": "cross-site"}, method="GET", path="/runs")


OTHERS = [
    {**OWN, "origin": "null"},
    {**OWN, "origin": ""},
    {**OWN, "origin": "http://127.0.0.1:3001"},
    {**OWN, "origin": "http://127.0.0.1"},
    {**OWN, "origin": "http://localhost:3000"},
    # another server of this machine, by its own name
    {"host": "127.0.0.1:3001", "origin": "http://127.0.0.1:3001"},
    {"host": "localhost", "origin": "http://localhost"},
    {"host": "localhost:x", "origin": "http://localhost:x"},
    {"host": "evil.example:3000", "origin": "http://evil.example:3000"},
    {"host": "localhost.evil.example:3000"},
    {"origin": "http://127.0.0.1:3000"},
]


@pytest.mark.parametrize("headers", OTHERS, ids=str)
def test_a_page_of_another_origin_or_another_port_reaches_nothing(headers):
    for kind in ("http", "websocket"):
        assert not answered(headers, kind=kind)
    assert not answered(headers, method="GET", path="/runs")


@pytest.mark.parametrize(
    "query", ["query=mutation%7Bx%7D", "%71uery=mutation", "a=1&query=", "query=%7Bversion%7D&operationName=x"]
)
@pytest.mark.parametrize("path", ["/graphql", "/graphql/", "/prefix/graphql"])
def test_a_mutation_by_a_mere_link_reaches_nothing(path, query):
    for headers in ({"host": "localhost:3000"}, {**OWN}):
        for method in ("GET", "HEAD"):
            assert not answered(headers, method=method, path=path, query=query)


def test_another_name_or_port_is_served_where_it_is_named(monkeypatch):
    monkeypatch.setenv(HOSTS_VARIABLE, "kundbild.example.com, localhost:8080,")
    for host in ("kundbild.example.com", "kundbild.example.com:8443", "localhost:8080", "localhost:3000"):
        assert answered({"host": host, "origin": f"https://{host}"}), host
    for host in ("localhost:8081", "kundbild.example.com.evil", ""):
        assert not answered({"host": host}), host
