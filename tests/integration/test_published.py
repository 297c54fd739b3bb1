"""What is published and told after the demo's first night holds nobody's data where none may be."""

from __future__ import annotations

import stat

import duckdb

from tests.conftest import Kundbild


def test_the_publication_is_private_complete_and_free_of_personal_data(demo: Kundbild):
    published = demo.home / "published"
    for name in ("kundbild.duckdb", "customers.duckdb"):
        assert stat.S_IMODE((published / name).stat().st_mode) == 0o400
    assert stat.S_IMODE(demo.home.stat().st_mode) == 0o700
    with duckdb.connect(str(published / "kundbild.duckdb"), read_only=True) as con:
        schemas = {s for (s,) in con.execute("select distinct schema_name from duckdb_tables()").fetchall()}
        columns = {
            c for (c,) in con.execute("select column_name from duckdb_columns() where schema_name = 'bi'").fetchall()
        }
        tables = [t for (t,) in con.execute("select table_name from duckdb_tables()").fetchall()]
        assert con.execute("select count(*) from bi.fct_orders").fetchall()[0][0] > 1000
    assert schemas == {"bi"}
    assert columns.isdisjoint({"customer_id", "email", "phone", "given_name", "family_name", "street", "birth_date"})
    assert {p.stem for p in (published / "parquet").glob("*.parquet")} == set(tables)
    # in bytes: no address of a customer stands in anything that BI tools are given
    with demo.warehouse() as con:
        emails = [
            e.encode()
            for (e,) in con.execute("select email from marts.dim_customers where email is not null limit 50").fetchall()
        ]
    # the open grade: nothing but its own tables, every count a multiple of five, no key of anybody
    with duckdb.connect(str(published / "open" / "kundbild_open.duckdb"), read_only=True) as con:
        found = con.execute(
            "select schema_name, table_name, column_name from duckdb_columns() where not internal"
        ).fetchall()
        keys = {c for *_, c in found if c.endswith("_key") or c.endswith("_id")}
        assert {schema for schema, *_ in found} == {"bi_open"} and keys == {"campaign_key"}
        tables = {table for _, table, _ in found}
        assert len(tables) == 8
        for table in sorted(tables):
            counts = [c for _, t, c in found if t == table and c.endswith("_count")]
            wrong = " or ".join(f"{c} % 5 <> 0" for c in counts)
            (told,) = con.execute(
                f"select count(*) filter ({wrong}), count({counts[0]}) from bi_open.{table}"
            ).fetchall()
            assert told[0] == 0 and told[1] > 0, table
        open_parquet = (published / "open" / "parquet").glob("*.parquet")
        assert {path.stem for path in open_parquet} == {table for _, table, _ in found}
        customers = con.execute("select sum(customer_count) from bi_open.customer_overview").fetchall()[0][0]
        sold = con.execute("select sum(order_count) from bi_open.monthly_sales").fetchall()[0][0]
    with demo.warehouse() as con:
        assert abs(customers - con.execute("select count(*) from marts.dim_customers").fetchall()[0][0]) < 40
        assert (
            abs(sold / con.execute("select count(*) from marts.fct_orders where is_order").fetchall()[0][0] - 1) < 0.05
        )
    grades = demo.json("status")["publication"]["grades"]
    assert [(g["grade"], g["file"]) for g in grades] == [
        (grade, str(published / file))
        for grade, file in (
            ("open", "open/kundbild_open.duckdb"),
            ("analyst", "kundbild.duckdb"),
            ("people", "customers.duckdb"),
        )
    ]
    open_files = [path for path in (published / "open").resolve().rglob("*") if path.is_file()]
    for path in [published / "kundbild.duckdb", *(published / "parquet").glob("*.parquet"), *open_files]:
        content = path.read_bytes()
        assert not any(email in content for email in emails), path.name


def test_no_personal_data_stands_in_logs_check_results_or_data_docs(demo: Kundbild):
    with demo.warehouse() as con:
        emails = [
            e
            for (e,) in con.execute(
                "select distinct email from conformed.conformed_people where email like '%_@_%' limit 300"
            ).fetchall()
        ]
    places = [
        *demo.home.joinpath("data_docs").rglob("*.html"),
        *demo.home.joinpath("dagster").rglob("*"),
        *demo.home.joinpath("dbt_target").rglob("*"),
    ]
    looked = 0
    for path in places:
        if path.is_file():
            looked += 1
            content = path.read_bytes()
            assert not any(email.encode() in content for email in emails if len(email) > 8), path
    assert looked > 100


def test_data_docs_show_every_suite(demo: Kundbild):
    pages = list((demo.home / "data_docs" / "validations").rglob("*.html"))
    assert (demo.home / "data_docs" / "index.html").is_file()
    assert len(pages) > 70


def test_status_query_and_publish_answer(demo: Kundbild):
    status = demo.json("status")
    assert {s["source"] for s in status["sources"]} == {
        "crm",
        "webshop",
        "web_analytics",
        "email",
        "survey",
        "registers",
        "requests",
    }
    assert all(s["is_ok"] for s in status["sources"]) and status["publication"]["rows"] > 0
    assert demo.json("query", "select count(*) as n from bi.dim_customers")[0]["n"] > 500
    denied = demo("query", "copy bi.dim_products to '/tmp/x.csv'", code=2)
    assert "error:" in denied.stderr
    assert [p["current"] for p in demo.json("publish", "--list")] == [True]
    assert "no earlier publication" in demo("publish", "--rollback", code=2).stderr
