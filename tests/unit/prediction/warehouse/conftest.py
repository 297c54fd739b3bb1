"""The marts that features of a past day read."""

from __future__ import annotations

from datetime import timedelta

import duckdb
import pytest

from tests.bench.demo_marts import MARTS
from tests.unit.empty_tables import add_rows, empty_tables
from tests.unit.prediction.warehouse.days import BEFORE, DAY, person, subscribed


@pytest.fixture
def con():
    """Customers c1 and c2, each with a subscription; c2 refused profiling."""
    with duckdb.connect() as con:
        con.execute("set TimeZone = 'UTC'")
        empty_tables(con, *MARTS)
        for customer in ("c1", "c2"):
            add_rows(con, "marts.dim_customers", {"customer_id": customer, "first_seen_at": BEFORE})
            add_rows(
                con,
                "marts.bridge_customer_source_records",
                {"customer_id": customer, "source_system": "shop", "source_key": customer},
            )
            person(con, customer, created_at=BEFORE)
            subscribed(con, customer, started_at=DAY - timedelta(days=100))
        add_rows(con, "marts.customer_profile", {"customer_id": "c1"})
        yield con
