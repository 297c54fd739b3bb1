"""Features of a past day: nothing that came later is in them, and nothing that may not be learnt from."""

from __future__ import annotations

import re

import pytest

from orchestration.contracts.model_files import model_file
from orchestration.core.settings import DBT_DIR
from orchestration.prediction.classify.refused import fairness_kind, refusal
from orchestration.prediction.warehouse import known
from orchestration.prediction.warehouse.known import features_of_wanted, prepare_past
from orchestration.prediction.warehouse.past import CONTRACT_ENDS, asked
from orchestration.prediction.warehouse.reasons import WORDS
from tests.bench.demo_marts import MARTS
from tests.unit.empty_tables import add_rows
from tests.unit.prediction.warehouse.days import AFTER, BEFORE, DAY, facts


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
