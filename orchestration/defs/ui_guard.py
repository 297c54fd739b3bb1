"""Keeps other web pages from driving the Dagster UI: every request is to come from the UI's own pages, for its own name.

Dagster's webserver asks nobody who they are, and takes a mutation from any page that the browser has open. The guard is
an ASGI middleware. `guard_webserver` puts it into every webserver that opens a home's Dagster instance (history.py),
however it is started. It is not a login: docs/data-engineer.md says how to put a reverse proxy with one in front.
"""

from __future__ import annotations

import os
from collections.abc import Awaitable, Callable, MutableMapping
from typing import Any
from urllib.parse import parse_qs, urlsplit

Scope = MutableMapping[str, Any]
App = Callable[[Scope, Any, Any], Awaitable[None]]
# names of this machine for itself, at the port that is served; more, comma-separated, where a reverse proxy or a tunnel serves
# the UI under another name (with any port) or name:port
_LOCAL = {"localhost", "127.0.0.1", "::1"}
HOSTS_VARIABLE = "KUNDBILD_UI_HOSTS"
_READS = {"GET", "HEAD"}
_OWN_SITE = {"same-origin", "none"}


class SameOrigin:
    """Refuses a request for a host that is not the UI's, from a page of another origin, or a query by a mere link."""

    def __init__(self, app: App) -> None:
        self._app = app
        named = os.environ.get(HOSTS_VARIABLE, "").split(",")
        self._hosts = {host.strip().lower() for host in named if host.strip()}

    async def __call__(self, scope: Scope, receive: Any, send: Any) -> None:
        if scope["type"] not in ("http", "websocket"):
            await self._app(scope, receive, send)
            return
        reason = self.refusal(scope)
        if not reason:
            await self._app(scope, receive, _unframed(send))
        elif scope["type"] == "websocket":
            await send({"type": "websocket.close", "code": 1008, "reason": reason})
        else:
            headers = [(b"content-type", b"text/plain; charset=utf-8"), (b"cache-control", b"no-store")]
            await send({"type": "http.response.start", "status": 403, "headers": headers})
            await send({"type": "http.response.body", "body": reason.encode()})

    def refusal(self, scope: Scope) -> str:
        """Why the request is refused, or ""."""
        headers = {name.decode("latin-1").lower(): value.decode("latin-1") for name, value in scope["headers"]}
        host = headers.get("host", "")
        if not self._is_served(host, scope.get("server")):
            return f"this UI is not served under that name: add it to {HOSTS_VARIABLE}"
        origin = headers.get("origin")
        # "null" is the origin of pages that hide theirs
        if origin is not None and urlsplit(origin).netloc.lower() != host.lower():
            return "a page of another origin may not use this UI"
        is_read = scope["type"] == "http" and scope["method"] in _READS
        if not is_read and headers.get("sec-fetch-site", "none") not in _OWN_SITE:
            return "a page of another site may not use this UI"
        # browsers send no Origin with a link or an image, and GraphQL takes mutations by GET
        if is_read and "query" in parse_qs(scope.get("query_string", b"").decode("latin-1"), keep_blank_values=True):
            path = scope["path"].rstrip("/")
            if path.endswith("/graphql"):
                return "GraphQL is asked by POST here"
        return ""

    def _is_served(self, host: str, server: tuple[str, int | None] | None) -> bool:
        """Whether a Host header is one of the UI's: of this machine's own names only with the port that answers."""
        name, port = _parts(host)
        if {name, f"{name}:{port}"} & self._hosts:
            return True
        return name in _LOCAL and (not server or server[1] is None or port == server[1])


def guard_webserver() -> None:
    """Puts the middleware before all others of Dagster's webserver in this process."""
    from dagster_webserver.webserver import DagsterWebserver
    from starlette.middleware import Middleware

    unguarded = DagsterWebserver.build_middleware
    if getattr(unguarded, "is_guarded", False):
        return

    def build_middleware(self: DagsterWebserver) -> list[Middleware]:
        return [Middleware(SameOrigin), *unguarded(self)]

    build_middleware.is_guarded = True  # type: ignore[attr-defined]
    DagsterWebserver.build_middleware = build_middleware  # type: ignore[method-assign]


def _parts(host: str) -> tuple[str, int]:
    """The name and the port in a Host header; without a port it is that of HTTP."""
    try:
        parts = urlsplit(f"//{host}")
        return (parts.hostname or "").lower(), parts.port or 80
    except ValueError:
        return "", 0


def _unframed(send: Any) -> Any:
    """No other page may show the UI in a frame and have it clicked."""

    async def sending(message: MutableMapping[str, Any]) -> None:
        if message["type"] == "http.response.start":
            message["headers"] = [*message.get("headers", []), (b"x-frame-options", b"SAMEORIGIN")]
        await send(message)

    return sending
