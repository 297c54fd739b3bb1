"""A publication of a company that is made up in SQL: the tables of bi as their contracts have them, and rows in them."""

from __future__ import annotations

import json
from datetime import datetime
from functools import cache
from pathlib import Path
from tempfile import TemporaryDirectory

import duckdb

from orchestration.contracts.made_by import made_by
from orchestration.contracts.model_files import model_file
from orchestration.core.home import Home
from orchestration.core.settings import DBT_DIR
from orchestration.publishing.report.asking import Asked

AS_OF = datetime(2026, 11, 1, 2)
ROWS = Path(__file__).with_name("company.sql")


def make_empty(path: Path) -> None:
    """Every table of bi, without a row."""
    path.write_bytes(_file_of(None))


def make_company(path: Path, *, without: str = "false") -> None:
    """The company; customers for whom the condition `without` holds on their number n are not there."""
    path.write_bytes(_file_of(without))


@cache
def _file_of(without: str | None) -> bytes:
    """The file of one of both: it is made once, for its contracts and tables take a second."""
    with TemporaryDirectory() as folder:
        path = Path(folder) / "made.duckdb"
        with duckdb.connect(str(path)) as con:
            con.execute("create schema bi")
            for file in sorted((DBT_DIR / "models" / "bi").glob("*.yml")):
                (model,) = model_file(file)["models"]
                columns = ", ".join(f'"{column["name"]}" {column["data_type"]}' for column in model["columns"])
                con.execute(f"create table bi.{model['config']['alias']} ({columns})")
                con.execute(f"comment on table bi.{model['config']['alias']} is 'One row per thing.'")
            if without is not None:
                con.execute(ROWS.read_text().replace("{{ without }}", without))
        return path.read_bytes()


def asked(path: Path, k: int = 10):
    return Asked.open(path, AS_OF, k, path.with_suffix(".tmp"), 5)


def publish(home: Home, version: str, at: str, make=make_company, **how: str) -> None:
    """Puts a publication of the company below the home folder, and makes it the current one."""
    folder = home.published / "versions" / version
    (folder / "open").mkdir(parents=True)
    make(folder / "kundbild.duckdb", **how)
    for grade in ("customers.duckdb", "open/kundbild_open.duckdb"):
        duckdb.connect(str(folder / grade)).close()
    said = {
        "version": version,
        "run_id": "r",
        "published_at": at,
        "tables": {"bi.dim_customers": 1},
        "made_by": made_by(),
    }
    (folder / "publication.json").write_text(json.dumps(said))
    current = home.published / "current"
    current.unlink(missing_ok=True)
    current.symlink_to(Path("versions") / version)
