"""Authentications of APIs, each against a server that refuses whatever is not right; secrets stay with their host, and out of words and logs.

Not here: what of a secret may stand in the file (test_secrets_in_the_file.py), signed requests (test_queries.py).
"""

from __future__ import annotations

import logging
import re
from base64 import b64encode
from urllib.parse import quote, quote_plus

import pytest

from orchestration.core.configuration import load_settings
from orchestration.core.errors import ConfigurationError, KundbildError, SourceError
from orchestration.core.settings import Quality, Settings, Source, Table
from orchestration.core.settings.maps import EntityMap
from orchestration.extract.extract import extract_source, prepare_raw
from orchestration.run.first_rows import first_rows
from orchestration.run.preview import preview
from orchestration.run.reach import reach
from orchestration.run.source_state import forget_token, keeps_token

ROWS = [{"id": n} for n in range(1, 6)]
SECRET = "hush-hush/s3cret+"  # signs that are written otherwise in an address
BASIC = "Basic " + b64encode(f"anna:{SECRET}".encode()).decode()
TABLES = {"things": Table(columns={"id": "BIGINT"}, key=["id"]), "others": Table(columns={"id": "BIGINT"}, key=["id"])}


def paged(asked):
    """Two pages, of which the first names the second."""
    if asked.query.get("page") == "2":
        return {"data": ROWS[3:]}
    return {"data": ROWS[:3], "next": f"{asked.path}?page=2"}


def cookie_of(asked):
    return dict(part.split("=", 1) for part in asked.headers.get("Cookie", "").split("; ") if "=" in part)


WAYS = {
    "header": ({"type": "api_key", "key": SECRET}, lambda asked: asked.headers.get("X-Api-Key") == SECRET),
    "query": (
        {"type": "api_key", "key": SECRET, "place": "query", "name": "apikey"},
        lambda asked: asked.query.get("apikey") == SECRET,
    ),
    "cookie": (
        {"type": "api_key", "key": SECRET, "place": "cookie", "name": "session"},
        lambda asked: cookie_of(asked).get("session") == SECRET,
    ),
    "form": (
        {"type": "api_key", "key": SECRET, "place": "form", "name": "token_auth"},
        lambda asked: asked.form.get("token_auth") == SECRET and "token_auth" not in asked.query,
    ),
    "basic": (
        {"type": "basic", "user": "anna", "password": SECRET},
        lambda asked: asked.headers.get("Authorization") == BASIC,
    ),
}


@pytest.fixture(autouse=True)
def _no_waiting(monkeypatch):
    monkeypatch.setenv("RUNTIME__REQUEST_BACKOFF_FACTOR", "0")
    monkeypatch.setenv("RUNTIME__REQUEST_MAX_ATTEMPTS", "2")


@pytest.fixture
def load(home, warehouse):
    def go(url, auth):
        source = Source(connector="rest", url=url, auth=auth, paging={"next": "url", "at": "next"}, tables=TABLES)
        settings = Settings(company="T", sources={"api": source})
        prepare_raw(warehouse, settings)
        return extract_source(warehouse, home, settings, "api")

    return go


def in_logs(caplog) -> list[str]:
    """What was logged of the secret, as it is or as a request writes it."""
    forms = (SECRET, quote(SECRET, safe=""), quote_plus(SECRET), BASIC.removeprefix("Basic "))
    return [record.name for record in caplog.records if any(form in record.getMessage() for form in forms)]


def wrong(auth):
    return {key: "wrong" if value == SECRET else value for key, value in auth.items()}


def said(error):
    """All that is told of an error."""
    return f"{error} {error.where} {error.to_do}"


@pytest.mark.parametrize(("auth", "is_right"), WAYS.values(), ids=WAYS)
def test_each_is_sent_with_every_page_and_a_wrong_one_is_told(serve_json, load, home, caplog, auth, is_right):
    caplog.set_level(logging.DEBUG)
    url = serve_json(lambda asked: paged(asked) if is_right(asked) else ({"error": "no"}, 401, {}))
    assert load(url, auth)["things"].inserted == 5
    assert reach("api", Source(connector="rest", url=url, auth=auth), home).is_ok
    with pytest.raises(SourceError, match="status 401") as refused:
        load(url, wrong(auth))
    assert "check the token or auth" in refused.value.to_do and "wrong" not in said(refused.value)
    assert not reach("api", Source(connector="rest", url=url, auth=wrong(auth)), home).is_ok
    assert not in_logs(caplog)


@pytest.mark.parametrize(("auth", "is_right"), WAYS.values(), ids=WAYS)
def test_none_follows_a_redirect_to_another_host_but_all_one_within_it(serve_json, load, home, auth, is_right):
    seen = []
    other = serve_json(lambda asked: seen.append(asked) or {"data": ROWS})
    away = serve_json(lambda asked: ({}, 302, {"Location": f"{other}{asked.path}"}))
    with pytest.raises(SourceError, match="another host") as refused:
        load(away, auth)
    reach("api", Source(connector="rest", url=away, auth=auth), home)
    assert not seen and SECRET not in said(refused.value)

    def moved(asked):
        if asked.path.startswith("/v2/"):
            return {"data": ROWS} if is_right(asked) else ({"error": "no"}, 401, {})
        return {}, 302, {"Location": f"/v2{asked.path}"}

    assert load(serve_json(moved), auth)["things"].inserted == 5


class Tokens:
    """A server of tokens and of rows; tokens are good for `uses` requests."""

    def __init__(self, *, uses=1000, client="body", expires=3600):
        self.given, self.uses, self.client, self.expires, self.left = [], uses, client, expires, 0

    def __call__(self, asked):
        if asked.path == "/token":
            return self._token(asked)
        if asked.headers.get("Authorization") != f"Bearer {SECRET}{len(self.given)}" or not self.left:
            return {"error": "ended"}, 401, {}
        self.left -= 1
        return paged(asked)

    def _token(self, asked):
        sent = b64encode(f"id:{SECRET}".encode()).decode()
        by_header = asked.headers.get("Authorization") == f"Basic {sent}" and "client_secret" not in asked.form
        by_body = asked.form.get("client_secret") == SECRET and asked.form.get("client_id") == "id"
        if not (by_header if self.client == "header" else by_body):
            return {"error": "invalid_client", "said": SECRET}, 400, {}
        # each refresh token is good once
        if asked.form["grant_type"] == "refresh_token" and asked.form["refresh_token"] != f"r{len(self.given)}":
            return {"error": "invalid_grant"}, 400, {}
        self.given.append(asked.form)
        self.left = self.uses
        number = len(self.given)
        said = {"access_token": f"{SECRET}{number}", "expires_in": self.expires, "refresh_token": f"r{number}"}
        return said, 200, {}


def oauth(url, **more):
    return {"type": "oauth2", "token_url": f"{url}/token", "client_id": "id", "client_secret": SECRET, **more}


@pytest.mark.parametrize("client", ["body", "header"])
def test_oauth_asks_for_one_token_a_source_wherever_tokens_are_given(serve_json, load, client):
    tokens = Tokens(client=client)
    url, elsewhere = serve_json(tokens), serve_json(tokens)
    auth = oauth(elsewhere, client=client, scope="orders.read", more={"audience": "shop"})
    assert {table: counts.inserted for table, counts in load(url, auth).items()} == {"things": 5, "others": 5}
    assert [(form["scope"], form["audience"]) for form in tokens.given] == [("orders.read", "shop")]


@pytest.mark.parametrize("how", [{"uses": 1}, {"expires": 1}], ids=["refused early", "ended"])
def test_a_token_that_ends_is_asked_for_anew_with_the_newest_refresh_token(serve_json, load, how):
    tokens = Tokens(**how)
    url = serve_json(tokens)
    counts = load(url, oauth(url, grant="refresh_token", refresh_token="r0"))
    assert {table: one.inserted for table, one in counts.items()} == {"things": 5, "others": 5}
    assert len(tokens.given) >= 4


@pytest.mark.parametrize(("answer", "why"), [
    (({"error": "invalid_client", "said": SECRET}, 400, {}), "status 400"),
    (({"token": "x"}, 200, {}), "no access_token"),
    (([], 200, {}), "no access_token"),
    (({}, 302, {"Location": "http://127.0.0.1:1/token"}), "another host"),
])  # fmt: skip
def test_a_token_that_is_not_given_is_told_and_never_what_was_asked_with(serve_json, load, caplog, answer, why):
    caplog.set_level(logging.DEBUG)
    url = serve_json(lambda asked: answer)
    with pytest.raises(SourceError, match=why) as refused:
        load(url, oauth(url))
    assert SECRET not in said(refused.value) and not in_logs(caplog)


def test_secrets_are_environment_variables_and_none_is_empty(tmp_path, serve_json, load):
    config = tmp_path / "kundbild.toml"
    lines = 'company = "T"\n[sources.shop]\nconnector = "rest"\nurl = "https://shop.example"\n[sources.shop.auth]\ntype = "api_key"\n'
    table = '[sources.shop.tables.t]\ncolumns = { id = "BIGINT" }\n'
    config.write_text(f'{lines}key = "{SECRET}"\n{table}')
    with pytest.raises(ConfigurationError, match="key is a secret") as refused:
        load_settings(config, {})
    assert (
        "line 7" in refused.value.where and "${SHOP_KEY}" in refused.value.to_do and SECRET not in said(refused.value)
    )
    config.write_text(f'{lines}key = "${{SHOP_KEY}}"\n{table}')
    assert load_settings(config, {"SHOP_KEY": SECRET}).sources["shop"].auth.key == SECRET
    with pytest.raises(SourceError, match="the key is empty"):
        load("http://127.0.0.1:1", {"type": "api_key", "key": ""})
    config.write_text(f'{lines}name = "Authorization"\nkey = "Shop-API-Key ${{SHOP_KEY}}"\n{table}')
    assert load_settings(config, {"SHOP_KEY": "k"}).sources["shop"].auth.key == "Shop-API-Key k"
    with pytest.raises(ValueError, match="no token beside it"):
        Source(connector="rest", url="https://shop.example", token="t", auth={"type": "api_key", "key": "k"})


@pytest.mark.parametrize(("auth", "told"), [
    ({"type": "api_key"}, "needs key"),
    ({"type": "basic", "user": "a", "key": "k"}, "has no key; it has user, password"),
    ({"type": "oauth2", "token_url": "https://id.example"}, "needs client_id"),
    (oauth("https://id.example", grant="refresh_token"), "needs refresh_token"),
])  # fmt: skip
def test_what_a_type_needs_and_has_not_is_told(auth, told):
    with pytest.raises(ValueError, match=told):
        Source(connector="rest", url="https://shop.example", auth=auth)


def looked_at(url, auth, home):
    source = Source(connector="rest", url=url, auth=auth, paging={"next": "url", "at": "next"}, tables=TABLES)
    return reach("api", source, home), first_rows("api", source, Quality())


def test_a_look_asks_for_a_token_too_once_for_all_tables(serve_json, home):
    tokens = Tokens()
    url = serve_json(tokens)
    found, told = looked_at(url, oauth(url), home)
    assert found.is_ok and all(finding.is_ok for finding in told), [finding.found for finding in told]
    assert len(tokens.given) == 2, "one for whether it is there, and one for the first rows of both tables"


def test_a_look_uses_up_no_refresh_token_that_the_night_needs(serve_json, home, load):
    tokens = Tokens()
    url = serve_json(tokens)
    auth = oauth(url, grant="refresh_token", refresh_token="r0")
    found, told = looked_at(url, auth, home)
    assert found.is_ok and "not asked" in found.found and not tokens.given
    assert [(one.is_ok, "first rows are not read" in one.found) for one in told] == [(True, True)]
    assert load(url, auth)["things"].inserted == 5


def test_a_refresh_token_that_is_good_once_is_kept_for_the_next_night_and_told_to_nobody(
    serve_json, home, load, caplog
):
    caplog.set_level(logging.DEBUG)
    tokens = Tokens()
    url = serve_json(tokens)
    auth = oauth(url, grant="refresh_token", refresh_token="r0")
    source = Source(connector="rest", url=url, auth=auth, tables=TABLES)
    settings = Settings(company="T", sources={"api": source})
    assert not keeps_token(home, settings, "api")
    load(url, auth)
    load(url, auth)
    assert [form["refresh_token"] for form in tokens.given] == ["r0", "r1"] and keeps_token(home, settings, "api")
    (kept,) = home.refresh_tokens.iterdir()
    assert (kept.stat().st_mode & 0o777, home.refresh_tokens.stat().st_mode & 0o777) == (0o600, 0o700)
    assert "r2" in kept.read_text() and "r0" not in kept.read_text()
    assert not [record for record in caplog.records if re.search(r"\br[012]\b", record.getMessage())]
    assert forget_token(home, settings, "api") and not keeps_token(home, settings, "api")
    with pytest.raises(SourceError, match="status 400") as refused:
        load(url, auth)
    assert "authorise it anew" in refused.value.to_do


def test_a_refresh_token_whose_next_one_cannot_be_kept_is_not_used_up(serve_json, home, load):
    tokens = Tokens()
    url = serve_json(tokens)
    home.refresh_tokens.mkdir()
    (home.refresh_tokens / "api.json").symlink_to(home.root / "elsewhere")
    with pytest.raises(SourceError, match="cannot be kept in the home") as refused:
        load(url, oauth(url, grant="refresh_token", refresh_token="r0"))
    assert refused.value.is_whole_source and not tokens.given


def test_another_token_in_the_configuration_counts_before_the_kept_one(serve_json, home, load):
    tokens = Tokens()
    url = serve_json(tokens)
    load(url, oauth(url, grant="refresh_token", refresh_token="r0"))
    tokens.given.append({})  # authorised anew: r1 is dead
    load(url, oauth(url, grant="refresh_token", refresh_token="r2"))
    assert tokens.given[-1]["refresh_token"] == "r2"


def test_a_preview_uses_up_no_refresh_token_that_the_night_needs(serve_json):
    tokens = Tokens()
    url = serve_json(tokens)
    mapped = EntityMap(entity="products", columns={"source_key": "id"})
    tables = {"things": TABLES["things"].model_copy(update={"maps": [mapped]})}
    source = Source(
        connector="rest", url=url, auth=oauth(url, grant="refresh_token", refresh_token="r0"), tables=tables
    )
    with pytest.raises(KundbildError, match="is not previewed"):
        preview(Settings(company="T", sources={"api": source}), "api")
    assert not tokens.given
