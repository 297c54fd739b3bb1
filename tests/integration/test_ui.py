"""The Dagster UI as a browser meets it: real requests to the real webserver, from its own pages and from others'."""

from __future__ import annotations

import http.client
import json
import socket
import subprocess
import sys
import time
from collections.abc import Iterator

import pytest

from orchestration.core.clock import now
from orchestration.core.home import Home
from orchestration.core.ports import free_port
from orchestration.core.settings import PROJECT_DIR
from orchestration.privacy.secrets.job_tokens import LASTS, give_token, spend_token
from tests.conftest import Kundbild

QUERY = json.dumps({"query": "{ version }"})
LAUNCH = json.dumps({"query": "mutation { reloadWorkspace { __typename } }"})


@pytest.fixture(scope="module")
def port(tmp_path_factory: pytest.TempPathFactory) -> Iterator[int]:
    """A webserver as `dg dev` starts it, on a home that no run has seen: there is no manifest yet either."""
    folder = tmp_path_factory.mktemp("ui")
    kundbild = Kundbild(Home(folder / "home").prepare().root)
    number = free_port(0)
    environment = kundbild.environment(
        DAGSTER_HOME=str(kundbild.home / "dagster"),
        KUNDBILD_HOME=str(kundbild.home),
        KUNDBILD_CONFIG=str(kundbild.config),
    )
    command = [sys.executable, "-m", "dagster_webserver", "-h", "127.0.0.1", "-p", str(number)]
    server = subprocess.Popen(
        [*command, "-m", "orchestration.definitions"],
        cwd=PROJECT_DIR,
        env=environment,
        stdout=subprocess.DEVNULL,
        stderr=subprocess.DEVNULL,
    )
    try:
        for _ in range(1200):
            assert server.poll() is None, "the webserver ended"
            with socket.socket() as probe:
                if probe.connect_ex(("127.0.0.1", number)) == 0:
                    break
            time.sleep(0.1)
        else:
            raise AssertionError("the webserver did not start")
        yield number
    finally:
        server.terminate()
        server.wait(30)


def ask(port: int, method: str, path: str, body: str = "", **headers: str) -> tuple[int, str, http.client.HTTPMessage]:
    connection = http.client.HTTPConnection("127.0.0.1", port, timeout=120)
    sent = {"Content-Type": "application/json", **{name.replace("_", "-"): value for name, value in headers.items()}}
    connection.request(method, path, body or None, sent)
    answer = connection.getresponse()
    return answer.status, answer.read().decode(errors="replace"), answer.headers


def test_the_uis_own_pages_and_the_command_line_are_answered(port: int):
    status, text, headers = ask(
        port, "POST", "/graphql", QUERY, Origin=f"http://127.0.0.1:{port}", Sec_Fetch_Site="same-origin"
    )
    assert status == 200 and "version" in json.loads(text)["data"]
    assert headers["X-Frame-Options"] == "SAMEORIGIN"
    assert ask(port, "POST", "/graphql", QUERY)[0] == 200
    assert ask(port, "GET", "/server_info", Host=f"localhost:{port}")[0] == 200
    # somebody follows a bookmark, or a link in a mail, to a page
    assert ask(port, "GET", "/runs", Sec_Fetch_Site="cross-site", Accept="text/html")[0] == 200


@pytest.mark.parametrize(
    "headers",
    [
        {"Origin": "https://evil.example"},
        {"Origin": "null"},
        {"Origin": "http://127.0.0.1:1"},
        {"Origin": "http://localhost.evil.example"},
        {"Sec_Fetch_Site": "cross-site"},
        {"Sec_Fetch_Site": "same-site"},
        {"Host": "evil.example"},
        {"Host": "127.0.0.1:1", "Origin": "http://127.0.0.1:1"},
        {"Host": "evil.example", "Origin": "http://evil.example"},
        {"Host": ""},
    ],
    ids=str,
)
def test_another_page_cannot_drive_it(port: int, headers: dict[str, str]):
    status, text, _ = ask(port, "POST", "/graphql", LAUNCH, **headers)
    assert status == 403 and "data" not in text
    # a page may send text without asking first, and an asset's report is a POST too
    assert ask(port, "POST", "/graphql", LAUNCH, **{**headers, "Content_Type": "text/plain"})[0] == 403
    assert ask(port, "POST", "/report_asset_materialization/raw/crm", **headers)[0] == 403


def test_a_link_or_an_image_cannot_drive_it(port: int):
    for path in (
        "/graphql?query=mutation%20%7Bx%7D",
        "/graphql/?a=1&query=",
        "/graphql?operationName=x&query=%7Bversion%7D",
    ):
        assert ask(port, "GET", path)[0] == 403


def test_a_websocket_of_another_page_is_refused(port: int):
    upgrade = {
        "Connection": "Upgrade",
        "Upgrade": "websocket",
        "Sec_WebSocket_Version": "13",
        "Sec_WebSocket_Key": "dGhlIHNhbXBsZSBub25jZQ==",
        "Sec_WebSocket_Protocol": "graphql-ws",
    }
    assert ask(port, "GET", "/graphql", Origin="https://evil.example", **upgrade)[0] == 403


def test_a_job_that_erases_or_hands_out_needs_a_token_of_the_command_line(home: Home, monkeypatch: pytest.MonkeyPatch):
    from orchestration.defs import privacy

    monkeypatch.setenv("KUNDBILD_HOME", str(home.root))
    monkeypatch.setenv("KUNDBILD_CONFIG", str(PROJECT_DIR / "kundbild.toml"))
    jobs = {"erase": privacy.erase_job(), "export": privacy.export_job()}
    for op, job in jobs.items():
        asked = {"ops": {op: {"config": {"customers": ["nobody"]}}}}
        with pytest.raises(Exception, match="token"):
            job.execute_in_process(run_config=asked)
        asked["ops"][op]["config"]["token"] = "guessed"
        done = job.execute_in_process(run_config=asked, raise_on_error=False)
        told = next(event for event in done.all_events if event.is_step_failure).step_failure_data.user_failure_data
        assert not done.success and "kundbild job-token" in told.description
    assert not home.warehouse.exists()


def test_a_token_is_good_for_one_run_and_not_for_long(home: Home):
    from orchestration.core.errors import KundbildError

    at = now()
    token, other = give_token(home, at), give_token(home, at)
    assert token not in home.job_tokens.read_text() and home.job_tokens.stat().st_mode & 0o077 == 0
    spend_token(home, token, at)
    for moment, spent in ((at, token), (at + LASTS, other), (at, ""), (at, "guessed")):
        with pytest.raises(KundbildError, match="was not issued here, was already used, or has expired"):
            spend_token(home, spent, moment)
    spend_token(home, other, at)
