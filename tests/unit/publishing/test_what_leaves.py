"""What leaves by errors, queries and options: no password of a URL, no query without an end, no address in the shell's history."""

from __future__ import annotations

import ast
import time
from pathlib import Path

import duckdb
import pytest
import typer
from typer.testing import CliRunner

import orchestration
from orchestration.cli.options import Emails, OneEmail
from orchestration.core.errors import GateError, KundbildError, SourceError, without_secrets
from orchestration.publishing.gate import assert_first_is_whole
from orchestration.publishing.query import ask
from orchestration.run.doctor import Finding

SECRET = "s3cr/t:p@ss"
PACKAGE = Path(orchestration.__file__).parent


@pytest.mark.parametrize(
    "url",
    [
        f"postgresql+psycopg://svc:{SECRET}@db.local:5432/crm",
        f"sftp://svc:{SECRET}@files.local/out/*.csv",
        f"https://{SECRET}@api.local/v1",
        "https://api.local/v1?page=2&api_key=s3cr&token=s3cr/t",
        "abfs://c@x.dfs.local/d?sig=s3cr",
        "host=db password=s3cr user=svc",
        "host=db password='o s3cr' user=svc",
        "http://svc:QU'TED\"s3cr@api.local/v1",
        "http://svc:with blank s3cr@api.local/v1",
        # a password with @ and / in it: as it is written, with a blank, and as SQLAlchemy tells what it took for the host
        "mysql+pymysql://svc:p@ss/s3cr@db.local:9/crm",
        "mysql+pymysql://svc:p@ss /s3cr@db.local:9/crm",
        "mysql+pymysql://svc:***@ss/s3cr%40db.local:9/crm",
        "mysql+pymysql://svc:***@ss?s3cr%40db.local:9/crm",
        *(
            f"https://api.local/v1?page=2&{name}=s3cr"
            for name in ("key", "auth", "code", "pass", "jwt", "access_token", "client_secret")
        ),
        "Authorization: Bearer s3cr",
        "Authorization: Basic s3cr==",
        "authorization: Token s3cr",
        "sent Basic s3cr1czNjcg==",
        "X-Api-Key: s3cr",
        "token: s3cr was refused",
        "password: o,s3cr",
        "{'token': 's3cr'}",
        '{"client_secret": "o s3cr", "page": 2}',
        '{\\"authorization\\": \\"Basic s3cr\\"}',
        "https://api.local/v1?subscription-key=s3cr&page=2",
        "https://api.local/v1?page=2&Subscription-Key=s3cr",
        "Ocp-Apim-Subscription-Key: s3cr",
        "https://fn.local/api?x-functions-key=s3cr",
        "DefaultEndpointsProtocol=https;AccountName=a;AccountKey=s3cr+/8==;EndpointSuffix=core.local",
        "Endpoint=sb://x.local/;SharedAccessKeyName=all;SharedAccessKey=s3cr=",
        "BlobEndpoint=https://x.local;SharedAccessSignature=sv=2024&sig=s3cr",
        "snowflake: private_key_passphrase='o s3cr'",
        "passphrase=s3cr",
        "mssql+pyodbc:///?odbc_connect=DRIVER%3D%7BODBC%7D%3BUID%3Dsa%3BPWD%3Ds3cr%3BServer%3Ddb",
        "mssql+pyodbc:///?odbc_connect=Driver%3D%7BODBC%7D%3Bpwd%3D%7Bo%3Bs3cr%7D%3Bserver%3Ddb",
        "mssql+pyodbc:///?odbc_connect=PWD%253Ds3cr%253BServer%253Ddb",
        "Driver={ODBC};UID=sa;PWD={o;s3cr};Server=db",
        "Driver={ODBC};UID=sa;PWD=o s3cr;Server=db",
        "db_pass=s3cr",
        "https://api.local/v1%3Fkey%3Ds3cr%26page%3D2",
        "Cookie: session=s3cr; theme=1",
        "AWS Secret Access Key: s3cr",
        # without a scheme, as some libraries tell a URL
        "//svc:s3cr@db.local/crm",
        "cannot connect to '//:s3cr@db.local:5432'",
        *(f"https://api.local/v1?{name}=s3cr&page=2" for name in ("t", "key", "k", "pw", "sign")),
        "https://api.local/v1?page=2&t=s3cr",
        "/v1?t=s3cr",
        # what stands behind a webhook's word is its secret
        "https://chat.local/hooks/s3cr",
        "POST /hooks/s3cr: 404",
        "https://chat.local/webhooks/123/s3cr/more?wait=true",
        "https://hooks.chat.local/services/T1/B2/s3cr",
        "https://office.local/webhook/s3cr@b/IncomingWebhook/c",
        # and of other APIs a part of the path
        "https://api.local/services/T000/B000/s3crXk9Lm2Qw8RtY4Uv6Zb",
        "https://api.local/v1/s3cr-a81f09bc77de12aa55/customers?page=2",
        "http://api.local:8080/bot123456:s3crXk9Lm2Qw8RtY4Uv6Zb/getUpdates",
        "https://api.local/s3cr_0f8fad5b-d9cb-469f-a165-70867728950e/rows",
    ],
)
def test_an_error_tells_no_password_of_a_url(url):
    for error in (KundbildError(f"cannot reach {url}", where=url, to_do=f"look at {url}"), SourceError("x", where=url)):
        assert "s3cr" not in f"{error} {error.what} {error.where} {error.to_do}"
    assert "s3cr" not in Finding("source crm", True, url).found
    for told in (
        "https://api.local/v1?page=2 and mail anna@x.se",
        "postgresql://db.local:5432/crm does not answer; ask dba@x.se",
        "https://api.local/v1?mail=anna%40x.se",
        "check the token; a basic setting",
        "tokens are 3",
        "the primary key=order_id",
        "sort key: id",
        "passes=3",
        "key = ['id'] of account 3",
        "PWD is not set; UID%3Dsa",
        "a // b: anna@x.se",
        "/data//in/anna@x.csv",
        "the hooks/ folder and webhook settings",
        "https://api.local/v1/exports/customers-2026-01-31T020000.csv",
        "https://api.local/services/customer_subscriptions_v2/orders2026",
        "/data/in/0f8fad5bd9cb469fa16570867728950e.csv of source crm",
    ):
        assert without_secrets(told) == told


def test_a_query_that_takes_too_long_is_stopped(home, monkeypatch):
    monkeypatch.setenv("KUNDBILD_HOME", str(home.root))
    monkeypatch.setenv("KUNDBILD_CONFIG", str(home.root / "none.toml"))
    with duckdb.connect(str(home.published / "kundbild.duckdb")) as con:
        con.execute("create table t as select 1 as a")
    # of many chunks, and of one call that sees no interrupt
    for sql in (
        "select count(*) from range(10000000) a, range(10000000) b where hash(a, b) = 7",
        "select levenshtein(repeat('a', 200000), repeat('b', 200000))",
    ):
        started = time.monotonic()
        with pytest.raises(KundbildError, match=r"longer than 0\.3 seconds"):
            ask(sql, 0.3)
        assert time.monotonic() - started < 10
    assert ask("select a from t", 5) == (["a"], [(1,)])


@pytest.mark.parametrize(
    ("given", "read"), [(["--email", "a@x.se"], "a@x.se"), (["--email", "-"], "b@y.se"), ([], None)]
)
def test_an_address_can_come_from_standard_input(given, read):
    found = []
    one, many = typer.Typer(), typer.Typer()

    @one.command()
    def _one(email: OneEmail = None) -> None:
        found.append(email)

    @many.command()
    def _many(email: Emails = None) -> None:
        found.append((email or [None])[0])

    for command in (one, many):
        assert CliRunner().invoke(command, given, input="b@y.se \n").exit_code == 0
    assert found == [read, read]


def test_a_first_night_with_a_failed_source_publishes_nothing_unless_told(warehouse):
    warehouse.execute("create schema if not exists ops; create table ops.publications (published_at timestamp)")
    with pytest.raises(GateError, match="source club, crm could not be read"):
        assert_first_is_whole(warehouse, ["crm", "club"], False)
    assert_first_is_whole(warehouse, ["crm"], True)
    assert_first_is_whole(warehouse, [], False)
    # later readers keep what they have: the source's age is told, and the others are brought up to date
    warehouse.execute("insert into ops.publications values (now()::timestamp)")
    assert_first_is_whole(warehouse, ["crm"], False)


def test_an_error_of_extraction_carries_no_other_with_it():
    """A driver's own words may quote a URL or a row, and a traceback and Dagster's storage tell what an error was raised from."""
    with_another = [
        f"{path.name}:{raised.lineno}"
        for path in sorted((PACKAGE / "extract").rglob("*.py"))
        for handler in ast.walk(ast.parse(path.read_text(encoding="utf-8")))
        if isinstance(handler, ast.ExceptHandler)
        for raised in ast.walk(handler)
        if isinstance(raised, ast.Raise) and isinstance(raised.exc, ast.Call)
        if not (isinstance(raised.cause, ast.Constant) and raised.cause.value is None)
    ]
    assert with_another == []
