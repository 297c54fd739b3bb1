"""Tables of models without rows, by the columns of their contracts, and rows in them."""

from __future__ import annotations

from itertools import chain, groupby
from typing import Any

import duckdb

from orchestration.contracts.model_files import model_file
from orchestration.core.settings import DBT_DIR
from orchestration.core.warehouse import quote

# folder below models/ → schema; below marts/ every other folder writes to the schema of its name
_SCHEMAS = ("conformed", "identity", "segments", "audiences", "insight", "quarantine", "bi")


def empty_tables(con: duckdb.DuckDBPyConnection, *models: str) -> None:
    """Creates the table of each model, empty."""
    for model in models:
        (path,) = (DBT_DIR / "models").rglob(f"{model}.yml")
        schema = next((part for part in path.parts[::-1] if part in _SCHEMAS), "marts")
        (found,) = (m for m in model_file(path)["models"] if m["name"] == model)
        columns = ", ".join(f"{quote(column['name'])} {column['data_type']}" for column in found["columns"])
        con.execute(f"create schema if not exists {schema}; create table {schema}.{model} ({columns})")


def add_rows(con: duckdb.DuckDBPyConnection, table: str, *rows: dict[str, Any]) -> None:
    """Inserts rows; a column that a row does not name is null."""
    # a statement for many rows: each is planned
    for names, alike in groupby(rows, key=tuple):
        columns, row = ", ".join(map(quote, names)), f"({', '.join('?' * len(names))})"
        values = [list(one.values()) for one in alike]
        for start in range(0, len(values), 500):
            part = values[start : start + 500]
            con.execute(f"insert into {table} ({columns}) values {', '.join([row] * len(part))}", [*chain(*part)])
