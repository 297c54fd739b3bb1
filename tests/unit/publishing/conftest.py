"""A small warehouse that is to be published, with a table of each grade."""

from __future__ import annotations

import pytest


@pytest.fixture
def filled(warehouse):
    for schema in ("bi", "bi_open", "marts", "segments", "insight", "audiences"):
        warehouse.execute(f"create schema {schema}")
    warehouse.execute("create table bi.fct_orders as select range as id, 'text ' || range as name from range(1000)")
    warehouse.execute("comment on table bi.fct_orders is 'Orders.'")
    warehouse.execute("comment on column bi.fct_orders.id is 'Key.'")
    warehouse.execute("create table marts.dim_customers as select 1 as customer_id")
    warehouse.execute("create table bi_open.monthly_sales as select 'web' as channel, 1000 as order_count")
    return warehouse
