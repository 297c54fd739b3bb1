"""The marts of a shop that tests of nightly scores read."""

from __future__ import annotations

import duckdb
import pytest

from orchestration.prediction.classify import classifier


@pytest.fixture
def shop():
    """A warehouse with the marts that scores read, without a customer."""
    con = duckdb.connect()
    con.execute(
        "create schema marts; create table marts.customer_profile (customer_id varchar); "
        "create table marts.fct_orders (customer_id varchar, ordered_at timestamp, net_amount decimal(18, 2), is_order boolean)"
    )
    return con


@pytest.fixture(autouse=True)
def fewer_trees(request, monkeypatch):
    """What is asked of a fit here is seldom how good it is: 120 trees at most in place of 450, but for what is left to `make test-slow`."""
    if "slow" not in request.keywords:
        monkeypatch.setattr(classifier, "ROUNDS", classifier.ROUNDS[:2])
