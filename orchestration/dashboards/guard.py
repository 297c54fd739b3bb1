"""Who may ask the server: whoever opened the address that the command printed, which has a key in it.

The loopback address is open to every user of the machine, and pages may show people whom the files show to one user only. Not here: other
names of this machine, and other origins (server.py, Streamlit).
"""

from __future__ import annotations

import hmac
from urllib.parse import parse_qsl, urlencode

from starlette.requests import HTTPConnection
from starlette.responses import PlainTextResponse, RedirectResponse, Response
from starlette.types import ASGIApp, Receive, Scope, Send

# of the address, once; then a cookie has it
PARAMETER = "key"
_REFUSED = "Open the address that `kundbild dashboards` printed: it has a key in it.\n"


class Keyed:
    """Answers whoever has the key. The address that has it leads to the same one without it, and sets the cookie."""

    def __init__(self, app: ASGIApp, key: str, port: int) -> None:
        self._app = app
        self._key = key
        # cookies of one address are those of all its ports
        self._cookie = f"kundbild_dashboards_{port}"

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        if scope["type"] not in ("http", "websocket"):
            await self._app(scope, receive, send)
            return
        asked = HTTPConnection(scope)
        if scope["type"] == "http" and self._fits(asked.query_params.get(PARAMETER)):
            await self._led(scope)(scope, receive, send)
        elif self._fits(asked.cookies.get(self._cookie)):
            await self._app(scope, receive, send)
        elif scope["type"] == "http":
            await PlainTextResponse(_REFUSED, status_code=403)(scope, receive, send)
        else:
            await send({"type": "websocket.close", "code": 1008})

    def _fits(self, said: str | None) -> bool:
        return said is not None and hmac.compare_digest(said.encode(), self._key.encode())

    def _led(self, scope: Scope) -> Response:
        others = [
            (name, value) for name, value in parse_qsl(scope["query_string"].decode("latin-1")) if name != PARAMETER
        ]
        # a path that begins with two slashes would be another server's
        path = "/" + scope["path"].lstrip("/\\")
        leading = RedirectResponse(path + (f"?{urlencode(others)}" if others else ""), status_code=303)
        # lax: a link in a mail opens the page, another site's page reads nothing
        leading.set_cookie(self._cookie, self._key, httponly=True, samesite="lax")
        return leading
