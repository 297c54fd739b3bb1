"""A webshop's staged orders, for tests of what becomes of them, and an empty database for what a mapping makes."""

from __future__ import annotations

import duckdb
import pytest

from orchestration.contracts.conformed import entities
from orchestration.core.settings import PROJECT_DIR


@pytest.fixture
def staged_orders(warehouse) -> None:
    """The empty table staging.stg_webshop__orders, with what the conformed model reads beside it."""
    warehouse.execute("create schema staging; create schema reference; create schema ops; create table ops.clock as select timestamp '2026-06-01' as as_of, 0 as published_load")  # fmt: skip
    for seed in ("order_statuses", "currencies"):
        warehouse.execute(f"create table reference.{seed} as from read_csv('{PROJECT_DIR}/dbt_project/seeds/{seed}.csv', all_varchar = true)")  # fmt: skip
    columns = entities()["orders"] | dict.fromkeys(("deleted_at", "extracted_at"), "timestamp") | {"load_id": "bigint"}
    columns |= dict.fromkeys(("source_system", "source_key", "quarantine_reason", "quarantine_code"), "varchar")
    declared = ", ".join(f"{column} {kind}" for column, kind in columns.items())
    warehouse.execute(f"create table staging.stg_webshop__orders ({declared})")


@pytest.fixture
def con():
    with duckdb.connect() as con:
        yield con
