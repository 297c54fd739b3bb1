"""The gate before a publication: checks that must have passed, books that balance, ids that last."""

from __future__ import annotations

import pytest

from orchestration.core.errors import GateError
from orchestration.publishing.gate import assert_ids_last, assert_publishable


@pytest.fixture
def checked(warehouse):
    warehouse.execute("create schema ops; create schema quarantine")
    warehouse.execute(
        "create table ops.check_results (run_id varchar, stage varchar, table_name varchar, check_name varchar, severity varchar, "
        "passed boolean, observed json, checked_at timestamp)"
    )
    warehouse.execute(
        "create table quarantine.books as select 'crm' as source_system, 'people' as entity, true as is_balanced"
    )

    def check(stage, severity="ERROR", passed=True):
        warehouse.execute(
            "insert into ops.check_results values ('r', ?, 't', 'c', ?, ?, null, now()::timestamp)",
            [stage, severity, passed],
        )

    return check


def test_the_gate_opens_only_when_every_error_check_passed(checked, warehouse):
    with pytest.raises(GateError, match="did not run"):
        assert_publishable(warehouse, "r")
    checked("arrival")
    checked("promise")
    with pytest.raises(GateError, match="the consent checks of this run did not run"):
        assert_publishable(warehouse, "r")
    checked("consent")
    checked("promise", "WARN", False)
    assert_publishable(warehouse, "r")
    checked("consent", "ERROR", False)
    with pytest.raises(GateError, match="t: c"):
        assert_publishable(warehouse, "r")


def test_books_that_do_not_balance_close_the_gate(checked, warehouse):
    checked("arrival")
    checked("promise")
    checked("consent")
    warehouse.execute("update quarantine.books set is_balanced = false")
    with pytest.raises(GateError, match="crm people"):
        assert_publishable(warehouse, "r")


def test_ids_that_change_for_many_customers_close_the_gate_until_they_may(warehouse):
    warehouse.execute(
        "create schema ops; create schema identity; create table ops.publications as select timestamp '2026-01-02' as published_at; "
        "create table identity.customer_source_records as select 'c' || n as customer_id, null::timestamp as valid_to from range(2000) r (n); "
        "create table identity.customer_identity_events as select case when n < 15 then 'merged' else 'split' end as kind, "
        "'c' || n as from_customer_id, case when n < 5 then timestamp '2026-01-01' else timestamp '2026-01-03' end as recorded_at "
        "from range(25) r (n)"
    )
    assert_ids_last(warehouse, 0.01, 10)  # 20 of 2,000 since the publication: as many as may
    warehouse.execute("insert into identity.customer_identity_events values ('moved', 'c30', timestamp '2026-01-03')")
    with pytest.raises(GateError, match=r"21 of 2,000 customers .* \(merged 10, split 10, moved 1\); 1.0% may"):
        assert_ids_last(warehouse, 0.01, 20)
    assert_ids_last(warehouse, 0.01, 21)
    assert_ids_last(warehouse, 0.02, 10)
    # before the first publication nobody knows an id
    warehouse.execute("delete from ops.publications")
    assert_ids_last(warehouse, 0.0, 0)
