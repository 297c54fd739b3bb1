"""Publications of the report's made-up company, with the grade people beside: 400 customers, no night."""

from __future__ import annotations

import os
from collections.abc import Callable
from functools import cache
from pathlib import Path
from tempfile import TemporaryDirectory

import duckdb
import pytest
import streamlit as st
from streamlit.testing.v1 import AppTest

from orchestration.contracts.model_files import model_file
from orchestration.core.home import Home
from orchestration.core.settings import DBT_DIR, PROJECT_DIR
from orchestration.core.sql_scripts import sql_script
from tests.unit.publishing.report.company import publish


def make_people(path: Path) -> None:
    """The grade people: tables by their contracts, and the same 400 customers in them."""
    path.write_bytes(_people())


@cache
def _people() -> bytes:
    with TemporaryDirectory() as folder:
        path = Path(folder) / "people.duckdb"
        with duckdb.connect(str(path)) as con:
            for schema, models in (("marts", "marts"), ("segments", "marts/segments")):
                con.execute(f"create schema {schema}")
                for file in sorted((DBT_DIR / "models" / models).rglob("*.yml")):
                    for model in model_file(file).get("models", []):
                        columns = ", ".join(f'"{one["name"]}" {one["data_type"]}' for one in model.get("columns", []))
                        alias = (model.get("config") or {}).get("alias", model["name"])
                        if columns:
                            con.execute(f"create table if not exists {schema}.{alias} ({columns})")
            con.execute(sql_script(__file__, "people"))
        return path.read_bytes()


@pytest.fixture
def company(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Callable[..., Home]:
    """Publishes the company; with `of_people` the grade people too."""
    home = Home(tmp_path / "home")
    monkeypatch.setenv("KUNDBILD_HOME", str(home.root))
    monkeypatch.setenv("KUNDBILD_CONFIG", str(PROJECT_DIR / "kundbild.toml"))
    st.cache_data.clear()

    def go(
        version: str = "20261101T020000-first", at: str = "2026-11-01T02:00:00Z", *, of_people: bool = False, **how: str
    ) -> Home:
        publish(home, version, at, **how)
        if of_people:
            make_people(home.published / "versions" / version / "customers.duckdb")
        for name in ("kundbild.duckdb", "customers.duckdb"):
            link = home.published / name
            link.unlink(missing_ok=True)
            link.symlink_to(os.path.join("current", name))  # noqa: PTH118 - a target, not a place
        return home

    return go


def page(name: str, **asked: str) -> AppTest:
    """The page as a look at its address shows it."""
    app = AppTest.from_string(f"from orchestration.dashboards.pages import show\nshow({name!r})", default_timeout=60)
    for key, value in asked.items():
        app.query_params[key] = value
    return app.run()


def html(app: AppTest) -> str:
    """The cards and tables of a page."""
    return "".join(one.proto.body for one in app.get("html"))
