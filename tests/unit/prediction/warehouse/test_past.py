"""The table of past days: nobody who may not be profiled is in it, and its values are read as they are."""

from __future__ import annotations

import math
from dataclasses import replace
from datetime import timedelta

import duckdb
import numpy as np
import pytest

from orchestration.prediction.classify.features import choose_features
from orchestration.prediction.classify.labelled import NUMBER, numbers_of, texts_of
from orchestration.prediction.warehouse import known, past
from orchestration.prediction.warehouse.past import CONTRACT_ENDS
from tests.bench.demo_marts import demo_marts
from tests.unit.empty_tables import add_rows
from tests.unit.prediction.warehouse.days import AFTER, BEFORE, DAY, facts, subscribed


def made(con, days):
    past.answers(con, CONTRACT_ENDS, days)
    past.make_past(con, days)


def test_who_may_not_be_profiled_is_in_no_table_of_the_past(con):
    facts(con, BEFORE)
    made(con, [DAY, DAY - timedelta(days=30)])
    assert con.execute("select distinct customer_id from past").fetchall() == [("c1",)]
    views = [
        v for (v,) in con.execute("select view_name from duckdb_views() where view_name like 'known_%'").fetchall()
    ]
    assert len(views) == 11
    for view in views:
        assert con.execute(f"select count(*) from {view} where customer_id is distinct from 'c1'").fetchall() == [
            (0,)
        ], view


def test_numbers_of_the_past_are_read_as_such_and_are_what_their_texts_say():
    con = demo_marts(300, 5, DAY)
    made(con, [DAY - timedelta(days=90), DAY - timedelta(days=120)])
    found = past.labelled_past(con, [DAY - timedelta(days=90), DAY - timedelta(days=120)], "two past days")
    texts, profiles = texts_of(con, "(from past order by as_of, customer_id)", ("customer_id", "as_of", "label"))
    assert list(found.raw) == list(profiles) and list(found.ids) == list(texts["customer_id"])
    assert found.label.sum() == (texts["label"] == "true").sum() > 0
    numbers = {c for c, values in found.raw.items() if values.dtype.kind == "f"}
    assert {c for c, profile in profiles.items() if profile.numbers} <= numbers and "gender" not in numbers
    for column in numbers:
        assert found.profiles[column] == replace(profiles[column], dates=0)
        np.testing.assert_array_equal(found.values({column: NUMBER})[column], numbers_of(texts[column]))


def test_of_days_that_are_not_measured_a_share_is_learnt_from_and_its_features_are_those_of_the_whole():
    con = demo_marts(300, 5, DAY)
    days = [DAY - timedelta(days=90), DAY - timedelta(days=120), DAY - timedelta(days=150)]
    past.answers(con, CONTRACT_ENDS, days)
    past.make_past(con, days, measured=days[:1], share=0.3)
    counts = "select as_of, count(*) from {} group by all order by as_of desc"
    asked, taken = ([n for _, n in con.execute(counts.format(table)).fetchall()] for table in ("answered", "past"))
    assert taken == [asked[0], *(math.ceil(0.3 * n) for n in asked[1:])] and asked[1] >= 10
    for day in days:
        known.known_as_of(con, day)  # all events of all customers
        known.want(con, f"select customer_id, label from answered where as_of = {known.literal(day)}")
        known.features_of_wanted(con)
        compared = "(select * exclude (as_of, label) from past where as_of = $1) except (from customer_features)"
        assert con.execute(compared, [day]).fetchall() == []


def test_a_column_that_tells_the_answer_is_seen(con):
    con.execute("delete from marts.fct_subscriptions")
    for n in range(400):
        add_rows(con, "marts.customer_profile", {"customer_id": f"n{n}"})
        add_rows(con, "marts.dim_customers", {"customer_id": f"n{n}"})
        ends = {"cancelled_at": AFTER} if n % 4 == 0 else {}
        subscribed(con, f"n{n}", started_at=DAY - timedelta(days=n % 97 + 1), **ends)
    made(con, [DAY])
    con.execute("alter table past add column days_to_the_exit_interview double")
    con.execute(
        "update past set days_to_the_exit_interview = case when label then 3 else 400 + hash(customer_id) % 9 end"
    )
    found = choose_features(past.labelled_past(con, [DAY], "a past day"), None)
    assert found.leaks == {"days_to_the_exit_interview": 1.0} and "days_subscribed" in found.kinds
    assert "leakage" in found.left_out["days_to_the_exit_interview"]


@pytest.mark.parametrize("within", ["", "begin"])
def test_customers_are_read_part_by_part_as_they_are_read_at_once(monkeypatch, within):
    """Each of them once, also where the table is of a transaction that is not over."""
    kinds = {"orders": NUMBER, "late": NUMBER, "word": "text", "gone": NUMBER}
    read = []
    with duckdb.connect() as con:
        con.execute(within)
        con.execute(
            "create temp table customer_features as select 'c' || i as customer_id, case when i % 3 > 0 then i end as orders, "
            "case when i > 700 then 0.5 end as late, case when i % 5 > 0 then 'w' || i % 7 end as word from range(1003) r(i)"
        )
        for most in (100, 2000):
            monkeypatch.setattr(past, "_ROWS_AT_ONCE", most)
            parts = list(past.values_now(con, kinds))
            read.append(
                [
                    np.concatenate([customers for customers, _ in parts]),
                    *(np.concatenate([v[c] for _, v in parts]) for c in kinds),
                ]
            )
    in_parts, at_once = read
    assert len(set(in_parts[0])) == 1003
    for one, other, kind in zip(in_parts, at_once, ["text", *kinds.values()], strict=True):
        np.testing.assert_array_equal(one, other)
        assert one.dtype == other.dtype == (np.float64 if kind == NUMBER else object)
