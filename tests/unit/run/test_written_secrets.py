"""`kundbild doctor` names every secret that stands in kundbild.toml, and none that comes from the environment."""

from __future__ import annotations

import pytest

from orchestration.core.settings import PROJECT_DIR
from orchestration.run.written_secrets import find_written_secrets

HEAD = 'company = "T"\n'
WRITTEN = [
    '[privacy]\npepper = "0123456789abcdef0123456789abcdef"',
    "[privacy]\n  'pepper' = '0123456789abcdef0123456789abcdef'",
    '[privacy]\npepper = [\n  "${OLD}",\n  "0123456789abcdef0123456789abcdef",\n]',
    '[privacy]\npepper = "${PEPPER:-0123456789abcdef0123456789abcdef}"',
    'privacy = { pepper = "0123456789abcdef0123456789abcdef" }',
    'privacy.pepper = """0123456789abcdef0123456789abcdef"""',
    '[sources.a]\ntoken = "abc"',
    "[sources.a]\ntoken = 'abc'",
    '[sources]\na = { connector = "rest", token = "abc" }',
    '[sources.a]\nenabled = false\ntoken = "${A_TOKEN:-abc}"',
    '[sources.a]\nurl = "postgresql://kundbild:abc@db/crm"',
    '[sources.a]\nurl = "postgresql://:abc@db/crm"',
    '[sources.a]\nurl = "postgresql://${A_USER}:abc@db/crm"',
    '[sources.a]\nurl = "https://api.crm.se/v1?api_key=abc"',
    '[sources.a]\nurl = "https://api.crm.se/v1?id=${A_ID}&token=abc"',
    '[sources.a]\nurl = "mssql+pyodbc:///?odbc_connect=Driver%3DODBC%3BPWD%3Dabc"',
    '[sources.a.tables.t]\nendpoint = "t?access_token=abc"',
    '[alerts]\nwebhook = "https://hooks.slack.com/services/T0/B0/abc"',
    '[alerts]\nwebhook = "https://chat.example.org/abc"',
    '# url = "postgresql://kundbild:abc@db/crm"',
    'this is not TOML\nurl = "postgresql://kundbild:abc@db/crm"',
]
OUTSIDE = [
    '[privacy]\npepper = "${PEPPER}"',
    '[privacy]\npepper = ["${OLD}", "${NEW:-}"]',
    '[privacy]\nofficer = "pepper@example.org"',
    '[sources.a]\ntoken = "${A_TOKEN}"',
    '[sources.a]\ntoken = ""',
    '[sources.a]\nurl = "postgresql://kundbild:${A_PASSWORD}@db:5432/crm"',
    '[sources.a]\nurl = "postgresql://${A_USER}:${A_PASSWORD}@db/crm"',
    '[sources.a]\nurl = "postgresql://kundbild@db/crm"',
    '[sources.a]\nurl = "https://api.crm.se:8443/v1?api_key=${A_KEY}"',
    '[sources.a]\nurl = "sftp://kundbild@files.crm.se/out"',
    '[sources.a]\nurl = "/data/hooks/exports"',
    '[sources.a]\nurl = "file:///data/webhooks/exports"',
    '[sources.a.tables.token]\ncolumns = { token = "VARCHAR", password = "VARCHAR" }\npath = "webhooks/token_*.csv"',
    '[alerts]\nwebhook = "${HOOK}"',
    '[alerts]\nwebhook = "https://hooks.slack.com/services/${HOOK}"',
    '# token = "${A_TOKEN}"',
]  # fmt: skip


@pytest.mark.parametrize("written", WRITTEN)
def test_a_secret_that_stands_in_the_configuration_is_named_by_its_line_and_not_told(tmp_path, written):
    config = tmp_path / "kundbild.toml"
    config.write_text(HEAD + written + "\n")
    found = find_written_secrets(config)
    assert [finding.is_ok for finding in found] == [False]
    lines = (HEAD + written).splitlines()
    named = [n for n, line in enumerate(lines, start=1) if f"line {n}" in found[0].found]
    assert len(named) == 1 and lines[named[0] - 1].lstrip(" '#")[:6] in (
        "pepper", "privac", "token ", "a = { ", "url = ", "endpoi", "webhoo",
    )  # fmt: skip
    assert "abc" not in found[0].found and "0123" not in found[0].found


def test_what_comes_from_the_environment_or_is_no_secret_is_not_named(tmp_path):
    config = tmp_path / "kundbild.toml"
    for written in OUTSIDE:
        config.write_text(HEAD + written + "\n")
        assert [finding.is_ok for finding in find_written_secrets(config)] == [True], written
    assert [finding.is_ok for finding in find_written_secrets(PROJECT_DIR / "kundbild.toml")] == [True]


def test_a_file_that_is_no_toml_is_not_said_to_hold_none(tmp_path):
    config = tmp_path / "kundbild.toml"
    config.write_text("this is not TOML\n")
    assert find_written_secrets(config) == [] == find_written_secrets(tmp_path / "none.toml")
