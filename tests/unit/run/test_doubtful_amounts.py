"""Amounts that are in doubt are told. The tables are written by hand, with no more columns than are read."""

from __future__ import annotations

import duckdb

from orchestration.run.doubtful_amounts import doubtful_amounts


def test_a_refund_of_more_than_was_paid_is_told():
    with duckdb.connect() as con:
        con.execute(
            "create schema conformed; create schema marts; create table marts.order_returns as select * from (values "
            "('shop', 'net', 50.00, false), ('shop', 'net2', 50.00, false)) t(source_system, order_key, negative_amount, is_foreign); "
            "create table conformed.conformed_orders as select 'shop' as source_system, null::timestamp as deleted_at, * from (values "
            "('whole', 100, 100, 'refunded'), ('above', 100, 250, 'completed'), ('refunded', 100, 101, 'refunded'), ('gone', 100, 250, 'cancelled'), "
            "('note', -100, 250, null), ('none', 100, null, null), ('net', 50, 100, null), ('net2', 50, 101, null)"
            ") t(source_key, amount, refunded_amount, status); create table marts.fct_orders as from conformed.conformed_orders"
        )
        [told] = [one for one in doubtful_amounts(con) if one[2] == "refund above"]
    reason = "refunded_amount is more than the order's amount: no more than that is subtracted"
    assert told == ("shop", "orders", "refund above", reason, 3, 0, 8)
