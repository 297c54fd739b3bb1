"""APIs that are asked with queries in the body of a POST, by a cursor, an offset or a page in it, and that want each request signed (HMAC)."""

from __future__ import annotations

import hashlib
import hmac
import json
import time
from base64 import b64encode

import pytest

from orchestration.core.configuration import load_settings
from orchestration.core.errors import ConfigurationError, SourceError
from orchestration.core.settings import Source, Table
from orchestration.core.settings.operation import Quality
from orchestration.extract.extract import extract_source, prepare_raw
from orchestration.run.first_rows import first_rows

ORDERS = [
    {"id": f"gid://shop/Order/{n}", "updatedAt": f"2026-01-{n:02d}T00:00:00Z", "total": {"amount": f"{n}.50"}} for n in range(1, 8)
]  # fmt: skip
KEY = "hush/s3cret+"

# as the reference of Shopify's GraphQL Admin API has it: connections, pageInfo, the query search syntax, errors of cost with status 200
GRAPHQL = """
company = "T"
[sources.shop]
connector = "rest"
url = "$URL/admin/api/2026-07"
page_size = 3

[sources.shop.auth]
type = "api_key"
name = "X-Shopify-Access-Token"
key = "${SHOP_KEY}"

[sources.shop.paging]
sent_in = "body"
rows = "data.orders.nodes"
next = "cursor"
at = "data.orders.pageInfo.endCursor"
parameter = "variables.after"
size = "variables.first"
since = "variables.changed"
since_as = "updated_at:>='%Y-%m-%dT%H:%M:%SZ'"

[sources.shop.tables.orders]
endpoint = "graphql.json"
key = ["id"]
cursor = "updatedAt"
columns = { id = "VARCHAR", updatedAt = "TIMESTAMP", "total.amount" = "DECIMAL(18, 2)" }

[sources.shop.tables.orders.body]
query = '''query($first: Int!, $after: String, $changed: String) {
  orders(first: $first, after: $after, query: $changed) { nodes { id updatedAt total { amount } } pageInfo { hasNextPage endCursor } } }'''
"""
THROTTLED = {"errors": [{"message": "Throttled", "extensions": {"code": "THROTTLED"}}]}


class Shop:
    """`first` are the answers to the first requests, in place of rows."""

    def __init__(self, *first, is_named="endCursor"):
        self.asked, self.first, self.is_named = [], list(first), is_named

    def __call__(self, asked):
        if asked.headers.get("X-Shopify-Access-Token") != KEY:
            return {"errors": "no key"}, 401, {}
        sent = json.loads(asked.sent)
        self.asked.append(sent["variables"])
        assert sent["query"].startswith("query($first: Int!,") and "{ nodes { id" in sent["query"]
        if self.first:
            return self.first.pop(0)
        since = sent["variables"].get("changed", "")[len("updated_at:>='") : -1]
        rows = [row for row in ORDERS if row["updatedAt"] >= since]
        at = int(sent["variables"].get("after") or 0)
        until = at + sent["variables"]["first"]
        page = {"hasNextPage": until < len(rows), self.is_named: str(until)}
        return {"data": {"orders": {"nodes": rows[at:until], "pageInfo": page}}}


@pytest.fixture
def load(home, warehouse, serve_json, monkeypatch):
    monkeypatch.setenv("RUNTIME__REQUEST_BACKOFF_FACTOR", "0")
    monkeypatch.setenv("RUNTIME__REQUEST_MAX_ATTEMPTS", "3")

    def go(answer, text=GRAPHQL):
        config = home.root / "kundbild.toml"
        config.write_text(text.replace("$URL", serve_json(answer)))
        settings = load_settings(config, {"SHOP_KEY": KEY})
        prepare_raw(warehouse, settings)
        return settings.sources["shop"], extract_source(warehouse, home, settings, "shop")["orders"]

    return go


def test_graphql_is_read_by_the_cursor_in_its_body_and_the_next_night_asks_for_changes(load, warehouse):
    shop = Shop()
    source, counts = load(shop)
    assert counts.inserted == 7 and [one.get("after") for one in shop.asked] == [None, "3", "6"]
    assert warehouse.execute('select sum("total.amount")::varchar from raw_shop.orders').fetchall() == [("31.50",)]
    assert all(one.is_ok for one in first_rows("shop", source, Quality()))
    shop.asked.clear()
    assert load(shop)[1].way.startswith("changes")
    assert {one["changed"] for one in shop.asked} == {"updated_at:>='2026-01-06T00:00:00Z'"}


def test_a_query_that_costs_too_much_is_asked_again(load):
    assert load(Shop(THROTTLED, THROTTLED))[1].inserted == 7
    with pytest.raises(SourceError, match="THROTTLED"):
        load(Shop(THROTTLED, THROTTLED, THROTTLED))


@pytest.mark.parametrize("data", [None, {"orders": {"nodes": ORDERS[:1], "pageInfo": {"hasNextPage": False}}}])
def test_errors_of_a_query_are_told_by_their_codes_and_no_rows_beside_them_are_taken(load, data):
    errors = [{"message": "anna@example.com is odd", "extensions": {"code": "undefinedField"}}]
    with pytest.raises(SourceError, match=r"errors to what it is asked \(undefinedField\)") as refused:
        load(Shop({"data": data, "errors": errors}))
    assert "anna" not in str(refused.value)


def test_a_misspelt_cursor_is_no_end(load):
    with pytest.raises(SourceError, match=r"no value at data\.orders\.pageInfo\.endCursor"):
        load(Shop(is_named="endCursors"))


@pytest.mark.parametrize(("next", "first"), [("page", 0), ("offset", None)])
def test_pages_are_counted_in_a_body(load, next, first):
    def answer(asked):
        sent = json.loads(asked.sent)
        at = sent["page"]["at"] * (3 if next == "page" else 1)
        return {"items": ORDERS[at : at + sent["page"]["size"]]}

    paging = (
        f'sent_in = "body"\nrows = "items"\nnext = "{next}"\nparameter = "page.at"\nsize = "page.size"\nsince = ""\n'
    )
    paging += f"first = {first}\n" if first is not None else ""
    table = '[sources.shop.tables.orders]\nkey = ["id"]\ncolumns = { id = "VARCHAR" }\n'
    head = GRAPHQL.partition("[sources.shop.paging]")[0]
    assert load(answer, f"{head}[sources.shop.paging]\n{paging}{table}")[1].inserted == 7


@pytest.mark.parametrize(("source", "body", "told"), [
    ({"connector": "rest"}, {"filter": [{"access_token": "abc"}]}, "the body of table t has access_token"),
    ({"connector": "files"}, {}, "which only rest has"),
    ({"connector": "rest", "auth": {"type": "api_key", "key": "k", "place": "form"}}, {}, "no key that is sent as a form"),
])  # fmt: skip
def test_a_body_has_no_secret_and_is_of_an_api(source, body, told):
    with pytest.raises(ValueError, match=told):
        Source(url="https://shop.example", tables={"t": Table(columns={"id": "BIGINT"}, body=body)}, **source)


IN_A_FORM = {"auth": {"type": "api_key", "key": "k", "place": "form"}}
IN_A_BODY = {"sent_in": "body", "next": "page", "parameter": "page"}


def asked_by(*outer, **more):
    """What for_each says, of as many endpoints, outermost first."""
    found = None
    for at, one in enumerate(outer):
        path = "forms" if not at else f"forms/{{c{at - 1}}}/{at}"
        found = {"endpoint": path, "columns": {f"c{at}": "id"}, **one} | ({"for_each": found} if found else {})
    return {"endpoint": f"answers/{{c{len(outer) - 1}}}", "for_each": found, **more}


@pytest.mark.parametrize(("source", "table", "told"), [
    ({}, asked_by({"body": {"api_key": "abc"}}), "for_each of table t has api_key"),
    ({}, asked_by({"body": {"filter": [{"password": "abc"}]}}, {}), "for_each of table t has password"),
    (IN_A_FORM, asked_by({"body": {"kind": "all"}}), "no key that is sent as a form"),
    (IN_A_FORM, asked_by({"body": {"kind": "all"}}, {}), "no key that is sent as a form"),
    (IN_A_FORM, asked_by({"paging": IN_A_BODY}), "no key that is sent as a form"),
    (IN_A_FORM, {"paging": IN_A_BODY}, "no key that is sent as a form"),
    (IN_A_FORM | {"paging": IN_A_BODY}, {}, "no key that is sent as a form"),
])  # fmt: skip
def test_no_request_of_a_table_has_a_secret_in_its_body_or_loses_it_to_a_key(source, table, told):
    given = {"connector": "rest", "url": "https://shop.example", **source}
    with pytest.raises(ValueError, match=told):
        Source(**given, tables={"t": Table(columns={"id": "BIGINT"}, **table)})


SIGNED = """
company = "T"
[sources.shop]
connector = "rest"
url = "$URL/v2"
page_size = 3
paging = { next = "cursor", at = "next", parameter = "after" }

[sources.shop.auth]
type = "hmac"
key = "${SHOP_KEY}"
client_id = "kundbild"
signs = "{client_id}\\n{time}\\n{method}\\n{path}?{query}\\n{body_sha256}"
name = "Authorization"
sent_as = "HMAC {client_id}:{signature}"
time = "X-Time"
WRITTEN

[sources.shop.tables.orders]
key = ["id"]
columns = { id = "VARCHAR" }
"""


class Signed:
    def __init__(self, algorithm, is_hex):
        self.algorithm, self.is_hex, self.asked, self.seen = algorithm, is_hex, 0, set()

    def __call__(self, asked):
        self.asked += 1
        at = asked.headers.get("X-Time", "0")
        query = "&".join(f"{name}={value}" for name, value in asked.query.items())
        said = f"kundbild\n{at}\nGET\n{asked.path}?{query}\n{hashlib.sha256(b'').hexdigest()}"
        right = hmac.new(KEY.encode(), said.encode(), self.algorithm)
        signature = right.hexdigest() if self.is_hex else b64encode(right.digest()).decode()
        if asked.headers.get("Authorization") != f"HMAC kundbild:{signature}" or abs(time.time() - float(at)) > 5:
            return {}, 401, {}
        self.seen.add(at)
        if self.asked == 2:
            return {}, 429, {"Retry-After": "1.1"}
        start = int(asked.query.get("after", 0))
        return {"data": ORDERS[start:][:3], "next": str(start + 3) if start + 3 < len(ORDERS) else None}


@pytest.mark.parametrize(("algorithm", "written"), [("sha256", "hex"), ("sha1", "base64"), ("sha512", "hex")])
def test_each_request_is_signed_also_one_that_is_sent_again(load, algorithm, written):
    shop = Signed(algorithm, written == "hex")
    said = SIGNED.replace("WRITTEN", f'algorithm = "{algorithm}"\nwritten = "{written}"')
    source, counts = load(shop, said)
    assert counts.inserted == 7 and len(shop.seen) > 1, "a request that is sent again is of its own time"
    assert all(one.is_ok for one in first_rows("shop", source, Quality()))
    assert KEY not in repr(source)


def test_what_a_signature_has_not_is_told(load):
    with pytest.raises(ConfigurationError, match=r"hmac has no \{nonce\}"):
        load(Signed("sha256", True), SIGNED.replace("WRITTEN", "").replace("{time}", "{nonce}"))
