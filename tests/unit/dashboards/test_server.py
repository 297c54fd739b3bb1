"""The server: options that keep it on this machine, the extra that it needs, and what Streamlit must go on calling its own."""

from __future__ import annotations

import inspect

import pytest
from starlette.applications import Starlette
from starlette.responses import PlainTextResponse
from starlette.routing import Route, WebSocketRoute
from starlette.testclient import TestClient
from starlette.websockets import WebSocketDisconnect
from streamlit import config, net_util
from typer.testing import CliRunner

from orchestration.cli.app import app
from orchestration.core.errors import KundbildError
from orchestration.core.settings import PROJECT_DIR
from orchestration.dashboards import launch
from orchestration.dashboards.guard import Keyed
from orchestration.dashboards.server import ToTheApp, options


def test_streamlit_knows_every_option_and_none_reaches_out():
    said = options(8501)
    for name in said:
        assert name in config._config_options_template, name
    assert said["server.address"] == "127.0.0.1" and said["browser.gatherUsageStats"] is False


def test_streamlit_never_asks_the_internet_for_its_address():
    """server.py sets the private name that holds what it found: where Streamlit calls it otherwise, it would ask again."""
    source = inspect.getsource(net_util.get_external_ip)
    assert "if _external_ip is not None:\n        return _external_ip" in source


def test_the_address_of_a_page_leads_to_the_app():
    inner = Starlette(routes=[Route("/{path:path}", lambda request: PlainTextResponse(request.url.path))])
    client = TestClient(ToTheApp(inner), follow_redirects=False)
    assert client.get("/segments?scheme=rfm").headers["location"] == "/?open=segments&scheme=rfm"
    assert client.get("/health").headers["location"] == "/?open=health"
    assert client.get("/_stcore/health").text == "/_stcore/health" and client.get("/").text == "/"


def test_only_whoever_has_the_key_is_answered():
    inner = Starlette(
        routes=[
            Route("/{path:path}", lambda request: PlainTextResponse("page")),
            WebSocketRoute("/socket", lambda socket: socket.accept()),
        ]
    )
    other, client = (TestClient(Keyed(inner, "key", 8501), follow_redirects=False) for _ in range(2))
    assert other.get("/segments").status_code == other.get("/?key=other").status_code == 403
    with pytest.raises(WebSocketDisconnect), other.websocket_connect("/socket"):
        pass
    led = client.get("/segments?key=key&where=order_count+%3E+1")
    assert led.headers["location"] == "/segments?where=order_count+%3E+1" and "HttpOnly" in led.headers["set-cookie"]


def test_the_cookie_stands_for_the_key():
    inner = Starlette(routes=[Route("/{path:path}", lambda request: PlainTextResponse("page"))])
    client = TestClient(Keyed(inner, "key", 8501), follow_redirects=False)
    assert client.get("http://testserver//example.com/?key=key").headers["location"] == "/example.com/"
    assert client.get("/segments").text == "page"
    assert TestClient(Keyed(inner, "another", 8501), cookies=client.cookies).get("/").status_code == 403


def test_without_the_extra_the_command_says_what_to_install(monkeypatch: pytest.MonkeyPatch):
    monkeypatch.setattr("importlib.util.find_spec", lambda name: None)
    with pytest.raises(KundbildError, match="streamlit") as error:
        launch.assert_installed()
    assert "kundbild[dashboards]" in (error.value.to_do or "")


def test_the_help_teaches():
    told = " ".join(CliRunner(env={"COLUMNS": "140"}).invoke(app, ["dashboards", "--help"]).stdout.split())
    assert "--port" in told and "127.0.0.1" in told and "Example: kundbild dashboards" in told
    assert "dashboards: setup" in (PROJECT_DIR / "Makefile").read_text()
