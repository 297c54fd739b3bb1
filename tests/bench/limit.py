"""The limit: the same SQL, plainly, in one DuckDB process. Here: dbt's compiled models and the suites' checks as SQL."""

from __future__ import annotations

import json
import re
import time
from collections.abc import Iterable
from typing import Any

import duckdb

from data_quality.checks import Check, Suite
from orchestration.core.home import Home
from orchestration.core.settings import Engine
from orchestration.core.warehouse import opening_settings, quote, scalar


def tables_of(home: Home, folders: Iterable[str] = ()) -> dict[str, Any]:
    """The nodes of dbt's manifest that are tables, by their id; of these folders of models alone, where any are named."""
    manifest = json.loads((home.dbt_target / "manifest.json").read_text())
    return {
        uid: n
        for uid, n in manifest["nodes"].items()
        if n["resource_type"] == "model"
        and n["config"]["materialized"] != "view"
        and (not folders or any(n["original_file_path"].startswith(f"{folder}/") for folder in folders))
    }


def compiled_models(home: Home, folders: Iterable[str] = ()) -> float:
    """Seconds to build every table as dbt compiled it on its full run, under another name, in dbt's order; of these folders alone, where
    any are named."""
    nodes = tables_of(home, folders)
    compiled = home.dbt_target / "compiled" / "kundbild"
    order: list[str] = []

    def visit(uid: str) -> None:
        for parent in nodes[uid]["depends_on"]["nodes"]:
            if parent in nodes:
                visit(parent)
        if uid not in order:
            order.append(uid)

    for uid in nodes:
        visit(uid)
    with duckdb.connect(str(home.warehouse), config=opening_settings(Engine(), home)) as con:
        con.execute("set TimeZone = 'UTC'")
        con.execute("create schema if not exists bench_limit")
        start = time.perf_counter()
        for uid in order:
            sql = (compiled / nodes[uid]["original_file_path"]).read_text()
            con.execute(f"create or replace table bench_limit.{quote(nodes[uid]['name'])} as {sql}")
        seconds = time.perf_counter() - start
        con.execute("drop schema bench_limit cascade")
    return seconds


def plain_checks(con: duckdb.DuckDBPyConnection, suites: Iterable[Suite]) -> int:
    """Runs what each check asks as one plain query. Returns how many ran."""
    con.execute("set TimeZone = 'UTC'")
    ran = 0
    for suite in suites:
        table = f"{quote(suite.schema)}.{quote(suite.table)}"
        for check in suite.checks:
            scalar(con, plain_query(check, table))
            ran += 1
    return ran


def plain_query(check: Check, table: str) -> str:
    """What a check asks of a table, as one query."""
    arguments = check.arguments
    if check.breaks:
        return f"select count(*) from {table} as b where {check.breaks}"
    column = quote(arguments["column"]) if "column" in arguments else ""
    if check.expectation == "ExpectColumnValuesToBeBetween":
        bounds = [
            f"{column} {op} {arguments[k]}"
            for k, op in (("min_value", "<"), ("max_value", ">"))
            if arguments.get(k) is not None
        ]
        return f"select count(*) from {table} where {' or '.join(bounds)}"
    if check.expectation == "ExpectColumnValuesToBeInSet":
        return (
            f"select count(*) from {table} where {column} not in ({', '.join(repr(v) for v in arguments['value_set'])})"
        )
    if check.expectation == "UnexpectedRowsExpectation":
        query = re.sub(r"\{batch\}", f"(select * from {table})", arguments["unexpected_rows_query"])
        return f"select count(*) from ({query.replace('{{', '{').replace('}}', '}')})"
    return f"select count(*) from {table}"
