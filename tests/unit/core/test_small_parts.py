"""Lock, alerts, doctor, scaffold, mapping: small parts with one test each way."""

from __future__ import annotations

import json
import socket
import sqlite3
import subprocess
import sys
import threading
from http.server import BaseHTTPRequestHandler, HTTPServer
from pathlib import Path

import duckdb
import pytest
import yaml

from orchestration.contracts.conformed import entities, never_null_columns, required_columns
from orchestration.core.errors import ConfigurationError, KundbildError, WarehouseBusyError
from orchestration.core.settings import DBT_DIR, Alerts, Engine, Settings, Source, Table
from orchestration.core.settings.maps import ColumnMap, EntityMap
from orchestration.core.warehouse import give_memory_back, open_warehouse, scalar
from orchestration.run.alerts import send_alert
from orchestration.run.doctor import examine
from orchestration.transform.mapping import write_mapped_models
from orchestration.transform.scaffold import _look, scaffold
from tests.unit.mapped import models_of


def test_one_writer_at_a_time_and_the_lock_frees_when_its_holder_dies(home):
    holder = subprocess.Popen(
        [sys.executable, "-c", "import sys,time; from pathlib import Path; from orchestration.core.home import Home\n"
         "with Home(Path(sys.argv[1])).lock('test'):\n print('held', flush=True); time.sleep(60)", str(home.root)],
        stdout=subprocess.PIPE, text=True,
    )  # fmt: skip
    assert holder.stdout and holder.stdout.readline() == "held\n"
    with pytest.raises(WarehouseBusyError, match=f"process {holder.pid}"), home.lock("another"):
        pass
    holder.kill()
    holder.wait()
    with home.lock("another"):
        pass


def test_who_needs_more_memory_is_told_where_to_give_it(home):
    with (
        pytest.raises(KundbildError, match="more than the 50MB") as told,
        open_warehouse(home, Engine(memory_limit="50MB")) as con,
    ):
        con.execute("select list(range) from range(50000000)")
    assert "memory_limit" in str(told.value) and told.value.to_do


def test_memory_is_given_back_for_what_works_beside_it_and_nothing_in_use_is_lost(home):
    used, limit = (
        "select sum(memory_usage_bytes)::bigint from duckdb_memory()",
        "select current_setting('memory_limit')",
    )
    engine = Engine(memory_limit="700MB")
    with open_warehouse(home, engine) as con:
        con.execute("create temp table t as select range as n, hash(range) as h from range(25000000)")
        told = con.execute("select count(*), bit_xor(h) from t").fetchall()
        before, limit_before = scalar(con, used), scalar(con, limit)
        assert before > 300_000_000
        give_memory_back(con, engine)
        assert scalar(con, used) <= 200_000_000 and scalar(con, limit) == limit_before
        assert con.execute("select count(*), bit_xor(h) from t").fetchall() == told


def test_a_list_of_constants_is_no_join_so_that_a_view_of_many_is_planned_at_once(home):
    lists = ", ".join(f"case when lower(s) not in ('', 'null', 'n/a', '#n/a', '-', 'none', 'nil', '{n}') then s end as c{n}" for n in range(50))  # fmt: skip
    opened = yaml.safe_load((DBT_DIR / "profiles.yml").read_text())["kundbild"]["outputs"]["warehouse"]
    with open_warehouse(home, Engine()) as con:
        by_dbt = duckdb.connect(config={"disabled_optimizers": opened["config_options"]["disabled_optimizers"]})
        for connection in (con, by_dbt):
            connection.execute("create table t as select 'x' as s")
            assert "Hash Join" not in str(connection.execute(f"explain select {lists} from t").fetchall())
        by_dbt.close()


def test_a_home_that_cannot_be_written_is_named(tmp_path):
    from orchestration.core.home import Home

    (tmp_path / "file").write_text("")
    with pytest.raises(KundbildError, match="home folder cannot be written"):
        Home(tmp_path / "file" / "home").prepare()


def test_an_alert_reaches_the_webhook_and_a_dead_one_is_told():
    got = []

    class Handler(BaseHTTPRequestHandler):
        def do_POST(self):
            got.append(json.loads(self.rfile.read(int(self.headers["Content-Length"]))))
            self.send_response(204)
            self.end_headers()

        def log_message(self, *args):
            pass

    server = HTTPServer(("127.0.0.1", 0), Handler)
    threading.Thread(target=server.handle_request, daemon=True).start()
    url = f"http://127.0.0.1:{server.server_address[1]}/hook"
    assert send_alert(Alerts(webhook=url), "Shop", "0123456789", "source crm is down\nmore") == []
    server.server_close()
    assert got[0]["run_id"] == "0123456789" and "source crm is down" in got[0]["text"] and "more" not in got[0]["text"]
    problems = send_alert(Alerts(webhook=url, email_to=["a@example.com"], smtp_port=9), "Shop", "r", "x")
    assert len(problems) == 2


def test_the_doctor_says_what_to_fix(write_config, monkeypatch, tmp_path):
    path = write_config(
        'company = "T"\n[sources.a]\nconnector = "files"\nurl = "/nowhere"\n[sources.a.tables.t]\npath = "*.csv"\ncolumns = { id = "BIGINT" }\n'
        '[sources.b]\nconnector = "sql"\nurl = "postgresql://u:plain-secret@127.0.0.1:9/d"\n[sources.b.tables.t]\ncolumns = { id = "BIGINT" }\n'
        '[sources.c]\nconnector = "rest"\nurl = "http://127.0.0.1:9"\n[sources.c.tables.t]\ncolumns = { id = "BIGINT" }\n'
    )
    monkeypatch.setenv("KUNDBILD_CONFIG", str(path))
    monkeypatch.setenv("KUNDBILD_HOME", str(tmp_path / "home"))
    findings = {f.what: f for f in examine()}
    for what in ("source a", "source b", "source c", "secrets"):
        assert not findings[what].is_ok and findings[what].to_do
    assert "plain-secret" not in str([vars(f) for f in findings.values()])
    assert "line 10" in findings["secrets"].found
    assert findings["configuration"].is_ok and findings["Python"].is_ok


@pytest.mark.parametrize(("purpose", "is_known"), [("newsleter", False), ("newsletter", True)])
def test_the_doctor_names_a_purpose_that_does_not_exist(write_config, monkeypatch, tmp_path, purpose, is_known):
    path = write_config(
        f'company = "T"\n[privacy]\nunknown_age = {{ {purpose} = "adult" }}\n'
        '[sources.a]\nconnector = "files"\nurl = "/nowhere"\n[sources.a.tables.t]\npath = "*.csv"\ncolumns = { id = "BIGINT" }\n'
    )
    monkeypatch.setenv("KUNDBILD_CONFIG", str(path))
    monkeypatch.setenv("KUNDBILD_HOME", str(tmp_path / "home"))
    findings = {f.what: f for f in examine()}
    found = findings.get("purposes")
    assert findings["configuration"].is_ok
    if is_known:
        assert found is None
    else:
        assert not found.is_ok and "newsleter" in found.found and "newsletter" in found.to_do


def test_the_doctor_tells_a_bad_configuration(write_config, monkeypatch):
    monkeypatch.setenv("KUNDBILD_CONFIG", str(write_config('company = "T"\nsorces = 1\n')))
    found = {f.what: f for f in examine()}["configuration"]
    assert not found.is_ok and "sorces" in found.found


def test_add_source_scaffolds_every_conformed_column(tmp_path):
    (tmp_path / "orchestration/extract/systems").mkdir(parents=True)
    (tmp_path / "dbt_project/models/staging").mkdir(parents=True)
    export = tmp_path / "export"
    export.mkdir()
    (export / "orders.csv").write_text("order_id,total\n1,10.5\n")
    (export / "customers.csv").write_text("id,mail,Förnamn\n1,anna@example.com,Anna\n")
    made = scaffold("butik", "webshop", str(export), project=tmp_path)
    staging = (tmp_path / "dbt_project/models/staging/butik/stg_butik__orders.sql").read_text()
    assert all(f" as {column}" in staging for column in entities()["orders"])
    assert 'source("butik", "orders")' in staging, "the table of the entity's name, where there is one"
    carts = (tmp_path / "dbt_project/models/staging/butik/stg_butik__carts.sql").read_text()
    wrong = '-- no table is named carts: change source(...) to the one that has them\nfrom {{ source("butik", "customers") }}'
    assert wrong in carts and "no table is named" not in staging
    module = (tmp_path / "orchestration/extract/systems/butik.py").read_text()
    assert module.count("persons, retention and texts") == 1, "of orders, which reach nobody"
    namespace: dict = {}
    exec(compile(module, "butik.py", "exec"), namespace)
    assert namespace["TABLES"]["orders"].columns == {"order_id": "BIGINT", "total": "DOUBLE"}
    customers = namespace["TABLES"]["customers"]
    (customer,) = customers.whose
    assert (customer.key, customer.email, customer.given_name) == ("id", ["mail"], "Förnamn")
    assert customers.retention.category == "contact"
    assert 'connector = "files"' in made.block and str(export) in made.block
    with pytest.raises(ConfigurationError, match="already"):
        scaffold("butik", "webshop", str(export), project=tmp_path)
    with pytest.raises(ConfigurationError, match="kinds: "):
        scaffold("another", "spaceship", str(export), project=tmp_path)
    with pytest.raises(ConfigurationError, match="no CSV"):
        scaffold("another", "webshop", str(tmp_path / "nowhere"), project=tmp_path)
    with pytest.raises(KundbildError, match="percent-encoded") as error:
        scaffold("another", "webshop", "mysql+pymysql://reader:p@ss/s3cr@host:9/db", project=tmp_path)
    assert "s3cr" not in str(error.value)


def test_add_source_looks_at_a_database_and_does_not_wait_for_one_that_is_silent(tmp_path):
    place = f"sqlite:///{tmp_path / 'shop.db'}"
    with sqlite3.connect(tmp_path / "shop.db") as con:
        con.execute("create table orders (order_id integer, total text)")
    tables, block = _look("shop", place)
    assert tables == {"orders": {"order_id": "BIGINT", "total": "VARCHAR"}} and place in block
    with socket.socket() as silent:
        silent.bind(("127.0.0.1", 0))
        silent.listen()
        place = f"postgresql://reader:s3cr@127.0.0.1:{silent.getsockname()[1]}/shop"
        with pytest.raises(ConfigurationError, match="does not answer") as caught:
            _look("shop", place, 2)
    assert "s3cr" not in str(caught.value)


def test_add_source_says_what_keeps_it_from_a_database(tmp_path):
    with pytest.raises(ConfigurationError, match="no driver for snowflake://") as caught:
        _look("shop", "snowflake://reader:s3cr@account/shop")
    assert "install" in str(caught.value) and "s3cr" not in str(caught.value)
    (tmp_path / "shop.db").write_bytes(b"no database at all" * 100)
    with pytest.raises(ConfigurationError, match="damaged, or is not a database"):
        _look("shop", f"sqlite:///{tmp_path / 'shop.db'}")


MAPPING = EntityMap(
    entity="orders",
    columns={
        "source_key": "id",
        "person_key": "customer",
        "ordered_at": ColumnMap(column="day", formats=["%Y%m%d", "%d.%m.%Y"]),
        "amount": "total",
        "delivered_at": ColumnMap(column="sent", on_bad="null"),
        "status": ColumnMap(column="state", values={"K": "completed"}),
    },
    constants={"currency": "SEK"},
)


def test_a_mapping_casts_renames_and_sets_aside_with_a_reason():
    columns = dict.fromkeys(("id", "customer", "day", "total", "sent", "state"), "VARCHAR")
    sql, _ = models_of({"t": Table(columns=columns, key=["id"], maps=[MAPPING])})["orders"]
    with duckdb.connect() as con:
        con.execute("create schema raw_shop; use raw_shop")
        con.execute("create table t (id bigint, customer varchar, day varchar, total varchar, sent varchar, state varchar, "
                    "_deleted_at timestamp, _extracted_at timestamp, _load_id bigint)")  # fmt: skip
        con.execute("insert into t values (1, 'c', '20260131', '10.50', '2026-02-01', 'K', null, now()::timestamp, 1), "
                    "(2, 'c', '31.01.2026', '1', 'soon', 'X', null, now()::timestamp, 1), (3, 'c', 'never', '1', null, null, null, now()::timestamp, 1), "
                    "(4, 'c', '20260131', 'ten', null, null, null, now()::timestamp, 1)")  # fmt: skip
        rows = con.execute(
            f"select source_key, ordered_at::date::varchar, amount, status, currency, person_system, quarantine_reason from ({sql}) order by 1"
        ).fetchall()
    assert rows[0][1:] == ("2026-01-31", 10.5, "completed", "SEK", "shop", None)
    assert rows[1][1] == "2026-01-31" and rows[1][3] == "X" and rows[1][6] is None
    assert rows[2][6] == "ordered_at cannot be read" and rows[3][6] == "amount cannot be read"


def test_a_mapped_withdrawal_that_says_neither_when_nor_of_what_stands_for_all(tmp_path):
    columns = {"source_key": "id", "person_key": "who", "stated_at": "at", "purpose": "what", "channel": "how"}
    answers = EntityMap(entity="consent_events", columns=columns | {"status": ColumnMap(column="said", values={"no": "withdrawn", "yes": "granted"})})  # fmt: skip
    leavers = EntityMap(entity="consent_events", columns=columns, constants={"status": "withdrawn"})
    with duckdb.connect() as con:
        con.execute("set timezone = 'UTC'; create schema raw_shop; use raw_shop")
        con.execute("create table t (id bigint, who varchar, said varchar, what varchar, how varchar, \"at\" varchar, _deleted_at timestamp, _extracted_at timestamp, _load_id bigint)")  # fmt: skip
        con.execute("insert into t select *, null, timestamp '2026-03-01', 1 from (values (1, 'c', 'no', null, ' ', null), (2, 'c', 'yes', null, 'email', '2026-01-01'), "
                    "(3, 'c', 'no', 'offers', 'sms', '2026-01-01'), (4, 'c', 'yes', 'offers', 'email', null))")  # fmt: skip
        for mapping, expected in (
            (answers, [("all", "all", "2026-03-01", None), (None, "email", "2026-01-01", "purpose is missing"), ("offers", "sms", "2026-01-01", None), ("offers", "email", None, "stated_at is missing")]),
            (leavers, [("all", "all", "2026-03-01", None), ("all", "email", "2026-01-01", None), ("offers", "sms", "2026-01-01", None), ("offers", "email", "2026-03-01", None)]),
        ):  # fmt: skip
            shape = Table(
                columns=dict.fromkeys(("id", "who", "said", "what", "how", "at"), "VARCHAR"), key=["id"], maps=[mapping]
            )
            sql, _ = models_of({"t": shape})["consent_events"]
            query = (
                f"select purpose, channel, stated_at::date::varchar, quarantine_reason from ({sql}) order by source_key"
            )
            assert con.execute(query).fetchall() == expected


def test_mapped_models_are_written_once_and_cleared_when_gone(tmp_path):
    table = Table(
        columns={
            "id": "BIGINT",
            "customer": "VARCHAR",
            "day": "VARCHAR",
            "total": "VARCHAR",
            "sent": "VARCHAR",
            "state": "VARCHAR",
        },
        maps=[MAPPING],
    )
    settings = Settings(company="T", sources={"shop": Source(connector="files", url="/d", tables={"t": table})})
    assert write_mapped_models(settings, tmp_path) == {"orders": ["shop"]}
    model = tmp_path / "staging/shop/stg_shop__orders.sql"
    written = model.stat().st_mtime_ns
    write_mapped_models(settings, tmp_path)
    assert model.stat().st_mtime_ns == written
    bare = Settings(
        company="T",
        sources={"shop": Source(connector="files", url="/d", tables={"t": table.model_copy(update={"maps": []})})},
    )
    assert write_mapped_models(bare, tmp_path) == {}
    assert not Path(model).exists()


def test_conformed_entities_are_read_from_their_contracts():
    assert len(entities()) == 26
    assert entities()["orders"]["amount"] == "decimal(18, 2)"
    assert "load_id" not in entities()["orders"]
    assert {"source_key", "ordered_at", "amount"} <= set(required_columns("orders"))
    # a map names it, and a row of who did not answer lacks it
    assert "submitted_at" in set(required_columns("survey_responses")) - set(never_null_columns("survey_responses"))


def test_what_dbt_says_of_an_error_holds_no_value():
    from orchestration.transform.quoted_values import first_line

    said = first_line("Runtime Error in model x\n  Conversion Error: Could not convert string 'anna@x.se' to INT32")
    assert "anna" not in said and "model x" in said and "Conversion Error" in said
    kept = first_line("Runtime Error in model x\n  Constraint Error: NOT NULL constraint failed: x.kind")
    assert "x.kind" in kept
