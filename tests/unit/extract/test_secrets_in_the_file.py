"""What of an API's secrets may stand in the configuration file: the name of an environment variable. Not here: where secrets are sent (test_http_auth.py)."""

from __future__ import annotations

import pytest

from orchestration.core.configuration import load_settings
from orchestration.core.errors import ConfigurationError
from orchestration.core.settings import Source

SECRET = "hush-hush/s3cret+"  # signs that are written otherwise in an address
SHOP = 'company = "T"\n[sources.shop]\nconnector = "rest"\nurl = "https://shop.example"\n'
TABLE = '[sources.shop.tables.t]\ncolumns = { id = "BIGINT" }\n'


@pytest.mark.parametrize(
    "written",
    [SECRET, f"${{SHOP_TOKEN:-{SECRET}}}", f"{SECRET}${{SHOP_TOKEN}}", "half-the-secret ${SHOP_TOKEN}", "demo-token"],
)
def test_a_bearer_token_that_stands_in_the_file_is_refused_with_what_to_type(tmp_path, written):
    config = tmp_path / "kundbild.toml"
    lines = SHOP + 'token = "{}"\n'
    config.write_text(lines.format(written) + TABLE)
    with pytest.raises(ConfigurationError, match="token is a secret") as refused:
        load_settings(config, {"SHOP_TOKEN": "t"})
    assert "line 5" in refused.value.where and SECRET not in str(refused.value)
    assert 'token = "${SHOP_TOKEN}"' in refused.value.to_do and "export SHOP_TOKEN=…" in refused.value.to_do
    config.write_text(lines.format("${SHOP_TOKEN}") + TABLE)
    assert load_settings(config, {"SHOP_TOKEN": SECRET}).sources["shop"].token == SECRET
    config.write_text(lines.format("${SHOP_TOKEN:-demo-token}") + TABLE)
    assert load_settings(config, {}).sources["shop"].token == "demo-token"


@pytest.mark.parametrize("password", ["", 'password = ""\n'], ids=["none", "an empty one"])
def test_a_user_without_a_password_is_a_key_that_the_file_may_not_hold(tmp_path, password):
    config = tmp_path / "kundbild.toml"
    lines = SHOP + '[sources.shop.auth]\ntype = "basic"\n'
    config.write_text(f'{lines}user = "{SECRET}"\n{password}{TABLE}')
    with pytest.raises(ConfigurationError, match="user is a secret") as refused:
        load_settings(config, {})
    assert SECRET not in str(refused.value)
    config.write_text(f'{lines}user = "anna"\npassword = "${{SHOP_PASSWORD}}"\n{TABLE}')
    assert load_settings(config, {"SHOP_PASSWORD": SECRET}).sources["shop"].auth.user == "anna"


@pytest.mark.parametrize(("auth", "is_refused"), [
    ('type = "hmac"\nsigns = "{path}"', True), ('type = "api_key"', False), ('type = "api_key"\nplace = "query"', True),
])  # fmt: skip
def test_no_half_of_a_key_that_signs_stands_in_the_file(tmp_path, auth, is_refused):
    config = tmp_path / "kundbild.toml"
    lines = SHOP + '[sources.shop.auth]\nname = "Authorization"\n'
    config.write_text(f'{lines}{auth}\nkey = "half-secret ${{SHOP_KEY}}"\n{TABLE}')
    if not is_refused:
        assert load_settings(config, {"SHOP_KEY": SECRET}).sources["shop"].auth.key == f"half-secret {SECRET}"
        return
    with pytest.raises(ConfigurationError, match="key is a secret"):
        load_settings(config, {"SHOP_KEY": SECRET})


@pytest.mark.parametrize(("line", "field"), [
    ('key = "hush-hush ${SHOP_KEY}"', "key"), ('key = "${SHOP_KEY:-hush-hush/s3cret+}"', "key"), ('key = "hush-hush/s3cret+${SHOP_KEY}"', "key"),
])  # fmt: skip
def test_a_variable_beside_a_secret_hides_none(tmp_path, line, field):
    config = tmp_path / "kundbild.toml"
    lines = SHOP + '[sources.shop.auth]\ntype = "api_key"\n'
    config.write_text(f"{lines}{line}\n{TABLE}")
    with pytest.raises(ConfigurationError, match=f"{field} is a secret") as refused:
        load_settings(config, {"SHOP_KEY": "x"})
    assert SECRET not in str(refused.value)


def test_a_secret_among_more_is_one_and_none_is_in_what_an_object_shows(tmp_path):
    config = tmp_path / "kundbild.toml"
    lines = SHOP + '[sources.shop.auth]\ntype = "oauth2"\n'
    more = f'token_url = "https://id.example"\nclient_id = "id"\nmore = {{ client_assertion = "{SECRET}" }}\n'
    config.write_text(f"{lines}{more}{TABLE}")
    with pytest.raises(ConfigurationError, match="client_assertion is a secret") as refused:
        load_settings(config, {})
    assert SECRET not in str(refused.value)
    kept = Source(connector="rest", url="https://shop.example", auth={"type": "api_key", "key": SECRET})
    assert SECRET not in repr(kept)
    assert SECRET not in repr(Source(connector="rest", url="https://shop.example", token=SECRET))
