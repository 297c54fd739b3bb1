"""Values of an API as JSON writes them, into the declared types: every row that can be read is."""

from __future__ import annotations

import json
import threading
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer

import pytest

from orchestration.core.settings import Settings, Source, Table
from orchestration.extract.extract import extract_source, prepare_raw


@pytest.fixture
def load(home, warehouse):
    servers = []

    def go(rows: list, columns: dict[str, str], key=("id",)):
        class Handler(BaseHTTPRequestHandler):
            def do_GET(self):
                body = json.dumps({"data": rows}).encode()
                self.send_response(200)
                self.send_header("Content-Length", str(len(body)))
                self.end_headers()
                self.wfile.write(body)

            def log_message(self, *args):
                pass

        server = ThreadingHTTPServer(("127.0.0.1", 0), Handler)
        servers.append(server)
        threading.Thread(target=server.serve_forever, kwargs={"poll_interval": 0.02}, daemon=True).start()
        table = Table(columns=columns, key=list(key), texts=[])
        url = f"http://127.0.0.1:{server.server_address[1]}"
        settings = Settings(
            company="T", sources={"api": Source(connector="rest", url=url, token="t", tables={"t": table})}
        )
        prepare_raw(warehouse, settings)
        counts = extract_source(warehouse, home, settings, "api")["t"]
        listed = ", ".join(f'"{c}"' for c in columns)
        return counts, warehouse.execute(
            f"select {listed} from raw_api.t where _deleted_at is null order by 1"
        ).fetchall()

    yield go
    for server in servers:
        server.shutdown()
        server.server_close()


def test_numbers_are_money_and_names(load):
    rows = [{"id": n, "total": t} for n, t in enumerate([100, 250, 19.99, 40, "7.50", 349.5, None])]
    counts, found = load(rows, {"id": "VARCHAR", "total": "DECIMAL(18, 2)"})
    assert counts.rejected == 0
    assert [(key, total and str(total)) for key, total in found] == [
        ("0", "100.00"), ("1", "250.00"), ("2", "19.99"), ("3", "40.00"), ("4", "7.50"), ("5", "349.50"), ("6", None),
    ]  # fmt: skip


def test_text_is_times_numbers_and_truth(load):
    rows = [
        {"id": "7", "at": "2026-11-01T00:00:00Z", "on": "2026-11-01", "is_good": "true", "share": "0.5"},
        {"id": 8, "at": "2026-11-01T00:00:00+02:00", "on": None, "is_good": False, "share": 1},
    ]
    columns = {"id": "BIGINT", "at": "TIMESTAMP", "on": "DATE", "is_good": "BOOLEAN", "share": "DOUBLE"}
    _, found = load(rows, columns)
    assert [str(row[1]) for row in found] == ["2026-11-01 00:00:00", "2026-10-31 22:00:00"]
    assert [(row[0], row[3], row[4]) for row in found] == [(7, True, 0.5), (8, False, 1.0)]


def test_nested_rows_hold_money_and_lists_are_text_where_declared_so(load):
    rows = [{"id": 1, "lines": [{"sku": 77, "price": 19.99}], "tags": ["a", "b"]}, {"id": 2, "lines": [], "tags": "c"}]
    columns = {"id": "BIGINT", "lines": "STRUCT(sku VARCHAR, price DECIMAL(18, 2))[]", "tags": "VARCHAR"}
    counts, found = load(rows, columns)
    assert counts.rejected == 0
    assert str(found[0][1][0]["price"]) == "19.99" and found[0][1][0]["sku"] == "77"
    assert (json.loads(found[0][2]), found[1][2]) == (["a", "b"], "c")


def test_what_cannot_be_read_costs_only_its_row(load, warehouse):
    good = [{"id": n, "at": "2026-11-01", "extra": "secret"} for n in range(8)]
    bad = [{"id": 10**30, "at": None}, None, {"id": 1.5, "at": None}, {"id": 9, "at": "yesterday"}]
    counts, found = load([*good, *bad], {"id": "BIGINT", "at": "DATE"})
    assert (counts.inserted, counts.rejected) == (8, 4) and len(found) == 8
    assert counts.added_columns == ["extra"]
    assert "secret" not in str(warehouse.execute("select content from quarantine.rejected_rows").fetchall())


def test_rows_without_a_key_are_told_apart_and_not_added_again(load):
    rows = [{"who": "a", "what": "x"}, {"who": "a", "what": "x"}, {"who": "b", "what": "y"}]
    columns = {"who": "VARCHAR", "what": "VARCHAR"}
    load(rows, columns, key=())
    counts, found = load(rows[:2], columns, key=())
    assert (counts.inserted, counts.unchanged, counts.deleted) == (0, 2, 1) and len(found) == 2


def test_rows_whose_key_says_nothing_are_not_one_row(load):
    columns = {"id": "VARCHAR", "name": "VARCHAR"}
    rows = [{"id": key, "name": name} for name, key in zip("abcd", ["", None, "N/A", ""], strict=True)]
    assert load(rows, columns)[0].inserted == 4
    counts, found = load([*rows, {"id": "1", "name": "e"}], columns)
    assert (counts.inserted, counts.unchanged) == (1, 4) and len(found) == 5


OF_ONE = {"id": "BIGINT", "n": "INTEGER", "s": "STRUCT(a INTEGER)", "l": "INTEGER[]", "x": "DOUBLE", "f": "FLOAT"}


@pytest.mark.parametrize(
    "column, value",
    [
        ("id", 4.6), ("id", -0.4), ("n", 1.5), ("s", {"a": 1.5}), ("s", [["a", 1]]), ("s", []), ("l", [1, 1.5]), ("l", "12"),
        ("x", True), ("f", 1e300),
    ],
)  # fmt: skip
def test_a_value_of_another_type_costs_its_row_alone(load, warehouse, column, value):
    rows = [{"id": n, "n": 1, "s": {"a": 1}, "l": [1], "x": 1.5, "f": 1.5} for n in range(30)]
    counts, found = load([*rows, {**rows[0], "id": 100, column: value}], OF_ONE)
    assert (counts.inserted, counts.rejected) == (30, 1)
    assert found == [(n, 1, {"a": 1}, [1], 1.5, 1.5) for n in range(30)]
    assert warehouse.execute("select column_name from quarantine.rejected_rows").fetchall() == [(column,)]


HOME = {"id": "BIGINT", "age": "INTEGER", "home": "STRUCT(city VARCHAR, price DECIMAL(18, 2))", "who": "STRUCT(n INTEGER)[]"}  # fmt: skip


def test_of_a_rejected_row_no_key_and_value_that_nobody_declared_is_kept(load, warehouse):
    secret = {"Anna Berg": 3, "Eva Dahl": "secret"}
    row = {"id": 1, "age": 40, "home": {"city": "Lund", "price": 1.5, **secret}, "who": [{"n": 1, **secret}], **secret}
    wrong = {"id": 2, "age": secret, "home": {**row["home"], "price": secret}, "who": [{"n": "x", **secret}, secret]}
    good = [{**row, "id": n} for n in range(10, 30)]
    counts, found = load([*good, {**row, **wrong}, [secret]], HOME)
    assert (counts.inserted, counts.rejected) == (20, 2)
    contents = [json.loads(c) for (c,) in warehouse.execute("select content from quarantine.rejected_rows").fetchall()]
    kept = {"id": 2, "age": None, "home": {"city": "Lund", "price": None}, "who": [{"n": "x"}, {}]}
    assert sorted(contents, key=str, reverse=True) == sorted([kept, None], key=str, reverse=True)
    everything = f"{found}{counts}{warehouse.execute('from ops.loads').fetchall()}"
    assert not [told for told in ("Berg", "Dahl", "secret") if told in everything]
