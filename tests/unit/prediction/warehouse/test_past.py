"""Features of a past day: nothing that came later is in them, nobody who may not be profiled, and nothing that may not be learnt from."""

from __future__ import annotations

import math
import re
from dataclasses import replace
from datetime import datetime, timedelta

import duckdb
import numpy as np
import pytest

from orchestration.contracts.model_files import model_file
from orchestration.core.settings import DBT_DIR
from orchestration.prediction.classify.features import choose_features
from orchestration.prediction.classify.labelled import NUMBER, numbers_of, texts_of
from orchestration.prediction.classify.refused import fairness_kind, refusal
from orchestration.prediction.warehouse import known, past
from orchestration.prediction.warehouse.known import features_of_wanted, prepare_past
from orchestration.prediction.warehouse.past import (
    CAMPAIGN_IS_ANSWERED,
    CONTRACT_ENDS,
    asked,
    lead_converts,
    past_days,
    prepare_question,
)
from orchestration.prediction.warehouse.reasons import WORDS
from tests.bench.demo_marts import MARTS, demo_marts
from tests.unit.empty_tables import add_rows, empty_tables

DAY = datetime(2026, 3, 1)
BEFORE, AFTER = DAY - timedelta(days=5), DAY + timedelta(days=5)


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


def subscribed(con, customer="c1", **columns):
    add_rows(con, "marts.fct_subscriptions", {"customer_id": customer, **columns})


def person(con, key="c1", **columns):
    add_rows(con, "conformed.conformed_people", {"source_system": "shop", "source_key": key, **columns})


def facts(con, at: datetime) -> None:
    """One row of everything that happens, at the moment."""
    of_person = {"person_system": "shop", "person_key": "c1"}
    rows = {
        "marts.fct_orders": {"ordered_at": at, "is_order": True, "gross_amount": 100, "channel": "web"},
        "marts.fct_web_sessions": {"started_at": at, "page_views": 3},
        "marts.fct_carts": {"created_at": at},
        "marts.fct_tickets": {"opened_at": at},
        "marts.fct_survey_responses": {"submitted_at": at, "nps": 3, "csat": 2},
        "marts.fct_subscriptions": {"started_at": at},
        "marts.fct_interactions": {"occurred_at": at},
    }
    for table, row in rows.items():
        add_rows(con, table, {"customer_id": "c1", **of_person, **row})
    for kind in ("sent", "delivered", "opened", "clicked"):
        add_rows(
            con,
            "marts.fct_email_events",
            {"customer_id": "c1", **of_person, "kind": kind, "campaign_key": "k", "occurred_at": at},
        )
    add_rows(con, "conformed.conformed_usage_events", of_person | {"occurred_at": at})
    add_rows(con, "conformed.conformed_deals", of_person | {"opened_at": at, "stage": "won", "is_won": True})


def features(con) -> dict[str, object]:
    prepare_past(con, DAY)
    asked(con, CONTRACT_ENDS, DAY)
    features_of_wanted(con)
    (row,) = con.execute("select * from customer_features").fetchall()
    return dict(zip((d[0] for d in con.description), row, strict=True))


def test_what_was_spent_is_not_known_where_an_amount_is_not(con):
    facts(con, BEFORE)
    assert features(con)["spent"] == 100
    add_rows(con, "marts.fct_orders", {"customer_id": "c1", "ordered_at": BEFORE, "is_order": True})
    found = features(con)
    assert (found["orders"], found["spent"], found["mean_order_amount"]) == (2, None, 100)


def test_what_came_later_is_in_no_feature_and_what_came_before_is(con):
    before = features(con)
    facts(con, AFTER)
    # what a system writes into an old row later: who ends a subscription was not known to
    con.execute("update marts.fct_subscriptions set renewed_at = $1, cancelled_at = $1, is_active = false", [AFTER])
    con.execute("update marts.fct_tickets set solved_at = $1", [AFTER])
    assert features(con) == before
    facts(con, BEFORE)
    changed = {c for c, value in features(con).items() if value != before[c]}
    assert (
        len(changed) > 40
        and {"talks_90d", "deals_90d", "orders_30d", "uses_7d", "last_nps", "clicks_of_an_email", "visits"} <= changed
    )


def test_what_hangs_on_a_record_that_came_later_is_not_known(con):
    """A shop account that is made with the first order ties the visits of before to whoever ordered, and to nobody else."""
    before = features(con)
    facts(con, BEFORE)
    con.execute("delete from marts.fct_orders")
    con.execute("delete from marts.fct_subscriptions where person_key is not null")
    con.execute("delete from marts.fct_email_events where kind = 'sent'")

    def record(created_at, valid_from=None):
        con.execute("update conformed.conformed_people set created_at = $1", [created_at])
        con.execute("update marts.bridge_customer_source_records set valid_from = $1", [valid_from])
        return features(con)

    known = record(BEFORE)
    assert known["visits"] == known["talks"] == known["deals"] == known["uses_7d"] == known["last_nps"] // 3 == 1
    assert record(AFTER) == record(AFTER, BEFORE) == before
    # of a record that does not say since when it is there, the first night that had it counts
    assert record(None) == record(None, AFTER) == before and record(None, BEFORE) == known
    # an order names its buyer on its day, whatever a system says of the account since it was moved
    add_rows(
        con,
        "marts.fct_orders",
        {
            "customer_id": "c1", "person_system": "shop", "person_key": "c1", "ordered_at": BEFORE, "is_order": True,
        },
    )  # fmt: skip
    assert record(AFTER)["visits"] == record(AFTER)["orders"] == 1


def test_the_answer_is_of_the_days_after(con):
    def label(**columns) -> bool:
        con.execute("delete from marts.fct_subscriptions")
        subscribed(con, started_at=DAY - timedelta(days=100), **columns)
        prepare_past(con, DAY)
        asked(con, CONTRACT_ENDS, DAY)
        found = con.execute("select label from wanted").fetchall()
        return found[0][0] if found else None

    assert label() is False and label(cancelled_at=DAY + timedelta(days=89)) is True
    assert label(cancelled_at=DAY + timedelta(days=90)) is False
    # whoever has left is not asked about any more
    assert label(cancelled_at=BEFORE) is None


def test_a_recipient_answers_by_a_click_within_a_week(con):
    for customer, clicked in (("c1", 6), ("c2", 3)):
        for kind, days in (("sent", 0), ("clicked", clicked)):
            at = DAY + timedelta(days=days, hours=9)
            add_rows(
                con,
                "marts.fct_email_events",
                {
                    "source_system": "mail",
                    "customer_id": customer,
                    "kind": kind,
                    "campaign_key": "k",
                    "occurred_at": at,
                },
            )
    prepare_past(con, DAY)
    assert asked(con, CAMPAIGN_IS_ANSWERED, DAY) == 1, "who refused profiling is not asked about"
    assert con.execute("from wanted").fetchall() == [("c1", True)]
    con.execute("update marts.fct_email_events set occurred_at = occurred_at + interval 2 day where kind = 'clicked'")
    prepare_past(con, DAY)
    asked(con, CAMPAIGN_IS_ANSWERED, DAY)
    assert con.execute("select label from wanted").fetchall() == [(False,)]


def test_a_lead_has_neither_ordered_nor_had_a_contract_on_the_day(con):
    con.execute("delete from marts.fct_subscriptions")

    def label() -> bool | None:
        prepare_past(con, DAY)
        prepare_question(con, lead_converts(90))
        asked(con, lead_converts(90), DAY)
        found = con.execute("from wanted").fetchall()
        assert {customer for customer, _ in found} <= {"c1"}, "who refused profiling is not asked about"
        return found[0][1] if found else None

    def ordered(at, *, is_order=True):
        add_rows(con, "marts.fct_orders", {"customer_id": "c1", "ordered_at": at, "is_order": is_order})

    assert label() is False
    ordered(DAY + timedelta(days=90))
    assert label() is False
    ordered(DAY - timedelta(days=1), is_order=False)  # a credit note, or an order that was cancelled
    assert label() is False
    subscribed(con, started_at=DAY + timedelta(days=89))
    assert label() is True
    ordered(BEFORE)
    assert label() is None
    con.execute("delete from marts.fct_orders")
    subscribed(con, started_at=BEFORE, cancelled_at=BEFORE + timedelta(days=1))
    assert label() is None
    con.execute("delete from marts.fct_subscriptions")
    ordered(AFTER)
    assert label() is True
    # who comes later, or nobody knows when, was not there
    for first_seen_at in (AFTER, None):
        con.execute("update marts.dim_customers set first_seen_at = $1", [first_seen_at])
        assert label() is None


def test_before_the_first_order_that_is_known_nobody_can_tell_who_is_a_lead(con):
    con.execute("delete from marts.fct_subscriptions")
    con.execute("update marts.dim_customers set first_seen_at = timestamp '2001-01-01'")
    add_rows(con, "marts.fct_orders", {"customer_id": "c2", "ordered_at": DAY - timedelta(days=40), "is_order": True})
    days = past_days(con, lead_converts(90), DAY + timedelta(days=90))
    assert days == [DAY, DAY - timedelta(days=30)]


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


def test_no_feature_may_not_be_learnt_from(con):
    names = set(features(con)) - {"customer_id"}
    assert {n for n in names if refusal(n)} == set()
    assert names - {"age", "gender", "region"} == set(WORDS), "each feature has words for its reason"
    assert {n for n in names if fairness_kind(n)} == {"age", "gender", "region"}
    # what the views read of marts, by the contracts: neither identity, contact, registers nor bought attributes, but for the groups
    scripts = DBT_DIR.parent / "orchestration/prediction/warehouse/sql"
    text = "".join(
        (scripts / f"{name}.sql").read_text(encoding="utf-8") for name in ("past_records", "past_rows", "known_as_of")
    )
    words = set(re.findall(r"\w+", re.sub(r"--.*", "", text)))
    private = {
        column["name"]
        for name in MARTS
        for column in model_file(next((DBT_DIR / "models").rglob(f"{name}.yml")))["models"][0]["columns"]
        if column["config"]["meta"]["personal"] in ("identity", "contact", "register", "attribute", "consent")
    }
    assert private & words == {"birth_date", "gender"}


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


def test_what_models_share_is_what_each_would_make_and_ends_with_the_night(con):
    def told(customers: str) -> list[tuple]:
        known.features_as_of(
            con, DAY, f"select customer_id from marts.customer_profile where customer_id in ({customers})"
        )
        return con.execute("from customer_features order by customer_id").fetchall()

    add_rows(con, "marts.customer_profile", {"customer_id": "c2"})
    facts(con, BEFORE)
    prepare_past(con, DAY)
    asked(con, CONTRACT_ENDS, DAY)
    features_of_wanted(con)
    alone = con.execute("from customer_features order by customer_id").fetchall()
    assert len(alone) == 2 and alone[0][1:] != alone[1][1:]
    with pytest.raises(ZeroDivisionError), known.shared_past(con):
        assert told("'c1', 'c2'") == alone and told("'c2'") == alone[1:]
        con.execute("delete from marts.fct_orders")
        assert told("'c1', 'c2'") == alone, "made once"
        raise ZeroDivisionError
    made = "select table_name from duckdb_tables() where temporary and table_name in ('shared_past', 'past_records', 'features_of_everybody')"
    assert con.execute(made).fetchall() == []
    # the next night sees what changed, and whoever refused since is in none
    con.execute("delete from marts.customer_profile where customer_id = 'c1'")
    assert told("'c1', 'c2'") == alone[1:]


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
