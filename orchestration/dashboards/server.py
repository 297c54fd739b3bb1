"""The process of the dashboards: Streamlit on the loopback address, without a request to anywhere else.

It ends with the process that started it. Not here: starting it (launch.py), the pages (app.py).
"""

from __future__ import annotations

import os
import sys
import threading
from pathlib import Path
from typing import Any

from starlette.middleware import Middleware
from starlette.middleware.trustedhost import TrustedHostMiddleware
from starlette.responses import RedirectResponse
from starlette.types import ASGIApp, Receive, Scope, Send

from orchestration.core.ports import LOOPBACK
from orchestration.core.stopping import end_with_parent
from orchestration.dashboards.guard import Keyed
from orchestration.dashboards.launch import KEY_VARIABLE
from orchestration.dashboards.titles import OPENED, TITLES

APP = Path(__file__).with_name("app.py")


def options(port: int) -> dict[str, Any]:
    """Streamlit's options. They go before a configuration file of the user."""
    return {
        "server.address": LOOPBACK,
        "server.port": port,
        "server.headless": True,
        "server.fileWatcherType": "none",
        "server.enableCORS": True,
        "server.enableXsrfProtection": True,
        "browser.gatherUsageStats": False,
        "browser.serverAddress": LOOPBACK,
        "client.toolbarMode": "minimal",
        # an error may quote a row
        "client.showErrorDetails": "none",
        "logger.level": "error",
        "theme.base": "light",
        "theme.primaryColor": "#1f5f8b",
        "theme.textColor": "#1d2733",
        "theme.linkColor": "#1f5f8b",
        "theme.secondaryBackgroundColor": "#f1f4f6",
        "theme.font": "Arial, Helvetica, 'Liberation Sans', sans-serif",
    }


class ToTheApp:
    """Leads the address of a page (/segments?scheme=rfm) to that of the app, which then shows the page: the browser takes the path that
    it loads for the app's own, and looks for Streamlit's addresses below it, where there are none."""

    def __init__(self, app: ASGIApp) -> None:
        self._app = app

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        if scope["type"] == "http" and (name := scope["path"].strip("/")) in TITLES:
            query = scope["query_string"].decode("latin-1")
            leading = RedirectResponse(f"/?{OPENED}={name}" + (f"&{query}" if query else ""))
            await leading(scope, receive, send)
            return
        await self._app(scope, receive, send)


def main(parent: int, port: int, key: str) -> None:
    """Serves whoever has the key, until the process is told to end."""
    end_with_parent(parent)
    import streamlit as st
    from streamlit import net_util

    # Streamlit asks a server on the internet for this machine's address when a page of another origin connects. The name is private:
    # tests/unit/dashboards/test_server.py fails where it changes
    net_util._external_ip = ""
    threading.Thread(target=_warm, daemon=True).start()
    # another name for this machine would let a page of the internet read along
    hosts = Middleware(TrustedHostMiddleware, allowed_hosts=[LOOPBACK, "localhost"], www_redirect=False)
    st.App(APP, middleware=[hosts, Middleware(Keyed, key, port), Middleware(ToTheApp)]).run(config=options(port))


def _warm() -> None:
    """The first page with metrics does not wait for their compiler."""
    from orchestration.metrics.compiler import compiler

    compiler()


if __name__ == "__main__":
    main(int(sys.argv[1]), int(sys.argv[2]), os.environ.pop(KEY_VARIABLE))
