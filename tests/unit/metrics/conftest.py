"""A publication's grade analyst with an example company in it, made from the contracts: no night is needed to ask it."""

from __future__ import annotations

import json
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import duckdb
import pytest

from orchestration.contracts.made_by import made_by
from orchestration.contracts.model_files import model_file
from orchestration.core.settings import DBT_DIR, PROJECT_DIR
from orchestration.core.sql_scripts import sql_script


def publish(home: Path, version: str, *scripts: str) -> None:
    """Makes a publication of empty tables, runs the scripts in it, and leads readers there."""
    folder = home / "published" / "versions" / version
    folder.mkdir(parents=True)
    with duckdb.connect(str(folder / "kundbild.duckdb")) as con:
        con.execute("create schema bi")
        for path in sorted((DBT_DIR / "models" / "bi").rglob("*.yml")):
            (model,) = model_file(path)["models"]
            table = f"bi.{model['config']['alias']}"
            columns = ", ".join(f"{column['name']} {column['data_type']}" for column in model["columns"])
            con.execute(f"create table {table} ({columns})")
            con.execute(f"comment on table {table} is 'One row per thing.'")
            con.execute(f"comment on column {table}.{model['columns'][0]['name']} is 'What it is.'")
        for script in scripts:
            con.execute(script)
    _note(home, version, made_by())
    published = home / "published"
    for name, target in (("current", f"versions/{version}"), ("kundbild.duckdb", "current/kundbild.duckdb")):
        (published / f"{name}.new").symlink_to(target)
        (published / f"{name}.new").rename(published / name)


def _note(home: Path, version: str, tables: dict[str, str]) -> None:
    """The publication's manifest, with what made its tables."""
    said = {"version": version, "run_id": "r", "published_at": "2026-01-01", "tables": {}, "made_by": tables}
    (home / "published" / "versions" / version / "publication.json").write_text(json.dumps(said))


def example() -> str:
    """The SQL that fills the example company's tables."""
    return sql_script(__file__, "example")


@pytest.fixture(scope="session")
def example_home(tmp_path_factory: pytest.TempPathFactory) -> Path:
    home = tmp_path_factory.mktemp("metrics") / "home"
    publish(home, "20260101T000000-first", example())
    return home


@pytest.fixture
def published(example_home: Path, monkeypatch: pytest.MonkeyPatch) -> Iterator[duckdb.DuckDBPyConnection]:
    """The example company's publication as plain SQL reads it; metrics are asked of the same."""
    monkeypatch.setenv("KUNDBILD_HOME", str(example_home))
    monkeypatch.setenv("KUNDBILD_CONFIG", str(PROJECT_DIR / "kundbild.toml"))
    with duckdb.connect(str(example_home / "published" / "kundbild.duckdb"), read_only=True) as con:
        yield con


def rows(con: duckdb.DuckDBPyConnection, sql: str) -> list[tuple[Any, ...]]:
    return con.execute(sql).fetchall()
