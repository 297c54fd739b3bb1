"""A night's own report: made by its end, named where people look for it, and of nobody."""

from __future__ import annotations

import re

import duckdb

from orchestration.core.home import Home
from orchestration.core.settings import PROJECT_DIR
from orchestration.publishing.report.places import report_path
from orchestration.publishing.report.topics import TOPICS
from tests.conftest import Kundbild


def test_a_night_makes_its_report_and_dagster_knows_where(demo: Kundbild, monkeypatch):
    import dagster as dg

    page = report_path(Home(demo.home)).resolve()
    assert page.is_file() and page.with_name("dictionary.html").is_file() and page.stat().st_size < 1_000_000
    assert f"report: {report_path(Home(demo.home))}" in demo("status").stdout
    monkeypatch.setenv("DAGSTER_HOME", str(demo.home / "dagster"))
    with dg.DagsterInstance.from_config(str(demo.home / "dagster")) as instance:
        event = instance.get_latest_materialization_event(dg.AssetKey(["publishing", "bi_snapshot"]))
    assert event and event.asset_materialization
    assert event.asset_materialization.metadata["report"].value == str(page)


def test_the_report_of_a_night_shows_nobody(demo: Kundbild):
    text = report_path(Home(demo.home)).read_text()
    with duckdb.connect(str(demo.home / "published" / "customers.duckdb"), read_only=True) as con:
        people = con.execute("select customer_id, customer_key, full_name, email from marts.dim_customers").fetchall()
    assert len(people) > 100
    assert [value for row in people for value in row if value and str(value) in text] == []
    # every section has its numbers in the demo
    assert "is empty: connect" not in text and "has no table" not in text and "other columns" not in text
    assert "@" not in text.partition("</style>")[2]


def test_the_report_can_be_made_again_somewhere_else(demo: Kundbild, tmp_path):
    page = tmp_path / "report.html"
    assert f"Report: {page}" in demo("report", "--to", str(page)).stdout
    assert 'href="report_dictionary.html#bi.fct_orders"' in page.read_text()
    assert "name a file .html" in demo("report", "--to", str(tmp_path / "report.pdf"), code=2).stderr
    assert "there already" in demo("report", "--to", str(page), code=2).stderr
    picture = tmp_path / "sales.png"
    assert "Picture: " in demo("infographic", "--topic", "sales", "--to", str(picture)).stdout
    assert picture.read_bytes().startswith(b"\x89PNG")
    assert "topics: segments" in demo("infographic", "--topic", "x", "--to", str(tmp_path / "x.svg"), code=2).stderr


def test_every_example_of_the_analysts_page_has_an_answer(demo: Kundbild):
    """Each question has a mart and a query that runs; the picture beside it is one that `kundbild infographic` makes."""
    page = (PROJECT_DIR / "docs" / "analyst.md").read_text()
    rows = re.findall(r"^\| .*?\? \| .*$", page, re.MULTILINE)
    asked = [(row, query) for row in rows for query in re.findall(r"`((?:select|from) [^`]+)`", row)]
    assert len(rows) > 30 and len(asked) >= len(rows)
    published = demo.home / "published"
    for _, query in asked:
        is_of_people = "bi." not in query
        path = published / ("customers.duckdb" if is_of_people else "kundbild.duckdb")
        with duckdb.connect(str(path), read_only=True) as con:
            try:
                con.execute(query).fetchall()
            except duckdb.Error as error:
                raise AssertionError(f"{query}: {error}") from error
    shown = set(re.findall(r"pictures/([\w-]+)\.svg", page))
    assert shown <= set(TOPICS) and len(shown) >= 12
    pictures = PROJECT_DIR / "docs" / "pictures"
    assert {path.stem for path in pictures.iterdir()} == shown
    assert sum(path.stat().st_size for path in pictures.iterdir()) < 1_000_000
    assert "@" not in "".join(path.read_text() for path in pictures.iterdir())
