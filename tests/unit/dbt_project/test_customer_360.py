"""The picture of a customer, by hand-written rows: each figure against what one counts by hand."""

from __future__ import annotations

from datetime import date, datetime
from decimal import Decimal

import pytest

from orchestration.contracts.deliveries import CUSTOMER_360, delivered_by
from tests.unit.dbt_project.insight import NOT_PROFILED


def order(key: str, at: str, gross: float | None, refunded: float = 0, customer: str = "c1", **more) -> dict:
    net = None if gross is None else gross - refunded
    return {"source_system": "shop", "source_key": key, "customer_id": customer, "ordered_at": datetime.fromisoformat(at), "is_order": True, "is_sale": bool(net),
            "gross_amount": gross, "refunded_amount": refunded, "net_amount": net, "currency": "SEK", "channel": "web", "exchange_rate": 1.0} | more  # fmt: skip


def test_a_customer_of_whom_nothing_is_known_but_that_they_are_there(picture):
    counts = "order_count, discounted_order_count, net_amount, discount_amount, abandoned_cart_amount, web_session_count_90d, visit_seconds, usage_count_30d, survey_response_count, review_count, subscription_days, call_count"
    assert set(picture("c1", *counts.split(", "))) == {0}
    unknown = "mean_order_amount, refunded_share, mean_days_between_orders, favourite_store, favourite_category, acquisition_channel, bounce_share, email_read_share, email_click_share, last_active_at, last_nps, mean_nps, nps_change, mean_rating, relationship_days"
    assert set(picture("c1", *unknown.split(", "))) == {None}
    assert picture("c1", "age_band", "household_customer_count", "is_contactable_by_email") == ("unknown", 1, False)
    assert picture("c1", "missing_fields") == "name, email, phone, birth_date, postal_code, country_code"
    picture.run(
        "update marts.dim_customers set given_name = 'Anna', family_name = 'Berg', email = 'a@x.se', birth_date = date '1990-01-01', country_code = 'SE' where customer_id = 'c1'"
    )
    assert picture("c1", "missing_fields", "age_band") == ("phone, postal_code", "30 to 44")
    picture.run(
        "update marts.dim_customers set given_name = null, full_name = 'A Berg', phone = '1', postal_code = '1' where customer_id = 'c1'"
    )
    assert picture("c1", "missing_fields") is None


def test_housing_vehicle_loan_and_family_have_their_origin_and_age(picture):
    """Those of the names that the settings say; another name stays in customer_attributes."""
    said = (("housing", "flat", "club", 31), ("loan", "mortgage", "bought", None), ("shoe_size", "42", "app", 3))
    for name, value, origin, age in said:
        picture.add("marts.customer_attributes", {
            "customer_id": "c1", "attribute_name": name, "attribute_value": value, "origin": origin, "age_days": age,
            "source_system": "crm", "source_key": name, "value_count": 1,
        })  # fmt: skip
    assert picture("c1", "housing", "housing_origin", "housing_age_days") == ("flat", "club", 31)
    assert picture("c1", "loan", "loan_origin", "loan_age_days") == ("mortgage", "bought", None)
    assert picture("c1", "vehicle", "vehicle_origin", "family") == (None, None, None)
    assert picture("c2", "housing", "housing_origin", "housing_age_days") == (None, None, None)


def test_what_no_source_delivers_is_not_known_of_anybody(picture):
    """Neither 0 nor false. What other sources deliver stands."""
    at, row = datetime(2026, 5, 20), {"source_system": "s", "source_key": "1", "customer_id": "c1"}
    named = {"source_system": "s", "source_key": "1", "person_system": "crm", "person_key": "c1"}
    picture.add("marts.fct_orders", order("1", "2026-05-20", 100, store="North", discount_amount=1))
    picture.add("marts.fct_carts", row | {"abandoned_at": at, "cart_amount": 5, "currency": "SEK"})
    picture.add("marts.fct_subscriptions", row | {"started_at": at})
    picture.add("conformed.conformed_usage_events", named | {"occurred_at": at})
    picture.add("marts.fct_web_sessions", row | {"started_at": at, "page_views": 2, "duration_seconds": 9})
    picture.add("marts.fct_email_events", row | {"occurred_at": at, "kind": "delivered"})
    picture.add("marts.fct_tickets", row | {"opened_at": at})
    picture.add("marts.fct_interactions", row | {"occurred_at": at, "channel": "call"})
    picture.add("marts.fct_survey_responses", row | {"submitted_at": at})
    picture.add("conformed.conformed_reviews", named | {"reviewed_at": at})
    picture.run("update marts.dim_customers set is_business = null, is_club_member = null")
    counts = [
        column for column in delivered_by(CUSTOMER_360)
        if column.startswith("has_") or (not column.startswith("company_") and column.endswith(("_count", "_365d", "_30d", "_90d", "_before", "_amount", "_days", "_seconds")))
    ]  # fmt: skip
    known = dict(zip(counts, picture("c2", *counts), strict=True))
    empty = {"margin_amount", "mean_order_amount", "ad_session_count"}
    assert len(counts) == 35 and {column for column, value in known.items() if value is None} == empty
    for entity in sorted({one for column in counts for one in delivered_by(CUSTOMER_360)[column]}):
        picture.run(f"update marts.delivered_entities set is_delivered = entity <> '{entity}'")
        gone = {column for column in counts if delivered_by(CUSTOMER_360)[column] == (entity,)}
        assert gone or entity == "survey_answers"
        # c1 has them, and c2 has none: neither is told
        for customer in ("c1", "c2"):
            told = dict(zip(counts, picture(customer, *counts), strict=True))
            not_known = {column for column, value in told.items() if value is None}
            if customer == "c2":
                assert not_known == gone | empty
            assert gone - {"margin_amount", "mean_order_amount"} <= not_known
    # of two that tell it, one is enough
    picture.run("update marts.delivered_entities set is_delivered = entity not in ('reviews', 'survey_answers')")
    assert picture("c2", "feedback_count", "review_count", "is_business", "is_club_member") == (None,) * 4


def test_what_was_bought(picture):
    picture.add("marts.fct_orders",
                order("1", "2026-01-01", 100, discount_amount=10, store="North"),
                order("2", "2026-01-11", 300, 100, discount_amount=2, currency="EUR", exchange_rate=11.0, store="South"),
                order("3", "2026-01-31", 200, store="South"),
                order("4", "2026-02-10", 0, is_order=False, discount_amount=99, store="North"),
                order("5", "2026-01-05", None, customer="c2", discount_amount=1, currency="XXX", exchange_rate=None))  # fmt: skip
    assert picture("c1", "order_count", "net_amount", "discounted_order_count", "discount_amount") == (3, 500, 2, 32)
    assert picture("c1", "mean_order_amount", "refunded_share", "mean_days_between_orders") == (
        Decimal("166.67"),
        pytest.approx(100 / 600),
        15,
    )
    assert picture("c1", "favourite_store", "relationship_days") == ("South", 151)
    # without a rate an amount is not known, and is not 0
    assert picture("c2", "order_count", "net_amount", "discount_amount", "mean_order_amount") == (1, None, None, None)
    picture.add(
        "marts.dim_products",
        *({"source_system": "shop", "source_key": k, "category": c} for k, c in (("a", "boots"), ("b", "tents"))),
    )
    picture.add("marts.fct_order_items", *({"source_system": "shop", "source_key": f"{o}{p}", "order_key": o, "product_key": p, "net_amount": n}
                                           for o, p, n in (("1", "a", 90), ("2", "b", 50), ("3", "b", 39), ("4", "b", 500))))  # fmt: skip
    assert picture("c1", "favourite_category") == "boots"
    # what tells of a special category (Art. 9) is nobody's favourite: the next one is
    picture.run("update marts.dim_products set is_special_category = true where category = 'boots'")
    assert picture("c1", "favourite_category") == "tents"
    picture.run("update marts.dim_products set is_special_category = true")
    assert picture("c1", "favourite_category") is None


@pytest.mark.parametrize("why", NOT_PROFILED)
def test_rule_19_who_may_not_be_profiled_has_no_inferred_attribute(picture, why):
    picture.add("marts.fct_orders", order("1", "2026-01-01", 100, store="North"))
    picture.add(
        "marts.fct_order_items",
        {"source_system": "shop", "source_key": "1a", "order_key": "1", "product_key": "a", "net_amount": 9},
    )
    picture.add("marts.dim_products", {"source_system": "shop", "source_key": "a", "category": "boots"})
    inferred = ("favourite_store", "favourite_category", "acquisition_channel")
    assert picture("c1", *inferred, "feedback_count") == ("North", "boots", "web", 0)
    table, said = NOT_PROFILED[why]
    if table == "marts.dim_customers":
        picture.run(f"update marts.dim_customers set {', '.join(said)} = true where customer_id = 'c1'")
    else:
        picture.add(table, said | {"customer_id": "c1"})
    # what they wrote is not looked at, which is not the same as to have written nothing
    assert picture("c1", *inferred, "order_count", "feedback_count") == (None, None, None, 1, None)


def test_life_events_and_the_confirmed_address_are_the_newest(picture):
    told = ("last_moved_on", "household_grew_on", "new_job_on", "address_confirmed_on", "address_disagreeing_systems")
    assert set(picture("c1", *told)) == {None}
    moves = ({"customer_id": "c1", "event": "moved", "happened_on": date(year, 1, 1)} for year in (2024, 2025))
    picture.add("marts.customer_life_events", *moves)
    confirmed = {"address_confirmed_on": date(2026, 2, 1), "address_disagreeing_systems": "club"}
    picture.add("marts.customer_addresses", {"customer_id": "c1"} | confirmed)
    assert picture("c1", *told) == (date(2025, 1, 1), None, None, date(2026, 2, 1), "club")


def test_what_is_dated_after_the_night_has_not_happened(picture):
    """One order dated wrong would keep a customer active for years."""
    late = {"customer_id": "c1", "source_system": "s", "source_key": "late"}
    at = datetime(2062, 1, 1)
    picture.add(
        "marts.fct_orders", order("1", "2026-01-01", 100, store="North"), order("2", "2062-01-01", 900, store="South")
    )
    picture.add("marts.fct_web_sessions", late | {"started_at": at, "page_views": 5})
    picture.add("marts.fct_email_events", late | {"occurred_at": at, "kind": "clicked"})
    picture.add("marts.fct_tickets", late | {"opened_at": at})
    picture.add("marts.fct_survey_responses", late | {"submitted_at": at, "nps": 10})
    picture.add("marts.fct_interactions", late | {"occurred_at": at})
    picture.add("marts.fct_subscriptions", late | {"started_at": at, "is_active": False})
    picture.add("marts.fct_carts", late | {"created_at": at, "cart_amount": 0})
    picture.add(
        "conformed.conformed_reviews",
        {
            "source_system": "s",
            "source_key": "late",
            "person_system": "crm",
            "person_key": "c1",
            "reviewed_at": at,
            "rating": 1,
        },
    )
    told = ("order_count", "net_amount", "favourite_store", "web_session_count", "email_clicked_count", "ticket_count", "last_nps",
            "interaction_count", "subscription_days", "abandoned_cart_count", "review_count", "mean_rating")  # fmt: skip
    assert picture("c1", *told) == (1, 100, "North", 0, 0, 0, None, 0, 0, 0, 0, None)
    assert picture("c1", "last_ordered_at", "last_active_at") == (datetime(2026, 1, 1), datetime(2026, 1, 1))
    # what began before and ends after it goes on: since 31 days, and one that ended 10 days ago
    running = {"customer_id": "c1", "source_system": "s", "started_at": datetime(2026, 5, 1)}
    picture.add("marts.fct_subscriptions", running | {"source_key": "r", "cancelled_at": at, "is_active": False})
    told = ("has_active_subscription", "subscription_days", "last_subscription_cancelled_at")
    assert picture("c1", *told) == (True, 31, None)
    ended = datetime(2026, 5, 22)
    picture.add("marts.fct_subscriptions", running | {"source_key": "e", "cancelled_at": ended, "is_active": False})
    assert picture("c1", *told) == (True, 31 + 21, ended)
    opened = {"customer_id": "c1", "source_system": "s", "opened_at": datetime(2026, 5, 1)}
    picture.add(
        "marts.fct_tickets",
        opened | {"source_key": "1", "solved_at": at, "first_reply_at": at, "first_reply_hours": 9999},
    )
    picture.add(
        "marts.fct_tickets",
        opened | {"source_key": "2", "solved_at": ended, "first_reply_at": ended, "first_reply_hours": 2},
    )
    assert picture("c1", "ticket_count", "open_ticket_count", "mean_first_reply_hours") == (2, 1, 2)


def test_where_a_customer_came_from_is_what_came_first(picture):
    visit = {
        "source_system": "web",
        "started_at": datetime(2026, 1, 3),
        "landing_channel": "social",
        "customer_id": "c1",
        "source_key": "1",
    }
    picture.add(
        "marts.fct_web_sessions",
        visit,
        visit | {"source_key": "2", "started_at": datetime(2026, 2, 3), "landing_channel": "email"},
    )
    assert picture("c1", "acquisition_channel") == "social"
    picture.add("marts.fct_orders", order("1", "2026-01-03T12:00", 100, channel="store"))
    assert picture("c1", "acquisition_channel") == "social"
    picture.add("marts.fct_orders", order("0", "2026-01-02", 100, channel="store"))
    assert picture("c1", "acquisition_channel") == "store"


def test_where_a_customer_came_from_is_not_known_of_whoever_is_older_than_the_visits_that_are_kept(picture):
    """Visits are kept for 400 days: until then what came first is known, and then nothing takes its place."""
    visit = {"source_system": "web", "source_key": "2", "landing_channel": "email", "customer_id": "c1", "started_at": datetime(2026, 2, 3)}  # fmt: skip
    picture.add("marts.fct_web_sessions", visit)
    for first_seen, channel in (("2025-04-28", "email"), ("2025-04-27", None), ("2020-01-01", None)):
        picture.run(f"update marts.dim_customers set first_seen_at = timestamp '{first_seen}'")
        assert picture("c1", "acquisition_channel") == channel, first_seen
    picture.run("update marts.dim_customers set first_seen_at = timestamp '2026-01-01'")
    picture.add("marts.fct_orders", order("0", "2024-01-02", 100, channel="store"))
    assert picture("c1", "acquisition_channel") is None


def test_carts_are_of_one_currency(picture):
    cart = {"source_system": "shop", "customer_id": "c1", "abandoned_at": datetime(2026, 5, 1)}
    picture.add(
        "marts.fct_carts",
        cart | {"source_key": "1", "cart_amount": 100, "currency": "SEK"},
        cart | {"source_key": "2", "cart_amount": 10, "currency": "EUR"},
        # as the metric abandoned_carts has it: this one is not left yet
        cart
        | {
            "source_key": "3",
            "cart_amount": 7,
            "currency": "SEK",
            "created_at": datetime(2026, 5, 1),
            "abandoned_at": None,
        },
    )
    assert picture("c1", "abandoned_cart_count", "abandoned_cart_amount") == (2, None)
    picture.add(
        "marts.exchange_rates_by_day", {"currency": "EUR", "rated_on": datetime(2026, 5, 1), "exchange_rate": 11.0}
    )
    assert picture("c1", "abandoned_cart_amount") == 210


def test_subscriptions_use_and_calls(picture):
    spell = {"source_system": "shop", "customer_id": "c1"}
    picture.add("marts.fct_subscriptions",
                spell | {"source_key": "1", "started_at": datetime(2026, 1, 1), "cancelled_at": datetime(2026, 1, 11), "is_active": False},
                spell | {"source_key": "2", "started_at": datetime(2026, 5, 2), "is_active": True})  # fmt: skip
    assert picture("c1", "subscription_count", "subscription_days", "has_active_subscription") == (2, 40, True)
    for n, day in enumerate(("2026-05-20", "2026-05-21", "2026-04-20", "2026-01-01")):
        picture.add(
            "conformed.conformed_usage_events",
            {
                "source_system": "app",
                "source_key": str(n),
                "person_system": "crm",
                "person_key": "c1",
                "occurred_at": datetime.fromisoformat(day),
            },
        )
    assert picture("c1", "usage_count_30d", "usage_count_30d_before") == (2, 1)
    for n, channel in enumerate(("call", "meeting", "phone")):
        picture.add(
            "marts.fct_interactions",
            {
                "source_system": "crm",
                "source_key": str(n),
                "customer_id": "c1",
                "channel": channel,
                "occurred_at": datetime(2026, 5, 30),
            },
        )
    assert picture("c1", "interaction_count", "call_count", "last_active_at") == (3, 2, datetime(2026, 5, 30))


def test_what_a_customer_is_expected_to_do_is_told_by_score(picture):
    outlook = ("expected_purchases_12m", "expected_net_value_12m", "churn_shop", "lead_conversion", "uplift_campaign")
    assert picture("c1", *outlook) == (None,) * 5
    scores = {
        "expected_purchases_12m": 1.5,
        "expected_net_value_12m": 249.999,
        "churn_shop": 0.25,
        "lead_conversion": 0.125,
        "uplift_campaign": -0.01,
        "another": 7.0,
    }
    picture.add("marts.customer_scores", *({"customer_id": "c1", "score": s, "value": v} for s, v in scores.items()))
    assert (
        picture("c1", *outlook) == (1.5, Decimal("250.00"), 0.25, 0.125, -0.01)
        and picture("c2", *outlook) == (None,) * 5
    )


def test_the_likeliest_category_of_the_next_purchase_is_told_with_its_chance(picture):
    assert picture("c1", "next_category", "next_category_chance") == (None, None)
    scored = {"customer_id": "c1", "score": "next_category", "value": 0.4, "outcome": "hats"}
    picture.add("marts.customer_scores", scored, scored | {"score": "another", "value": 0.9, "outcome": "zebra"})
    assert picture("c1", "next_category", "next_category_chance") == ("hats", 0.4)
    assert picture("c2", "next_category", "next_category_chance") == (None, None)


def test_whether_a_contract_ends_and_a_campaign_is_answered_is_told_with_its_tenth(picture):
    columns = ("churn_contract", "churn_contract_decile", "answer_campaign", "answer_campaign_decile")
    assert picture("c1", *columns) == (None,) * 4
    scores = ({"score": "churn_contract", "value": 0.3, "decile": 9}, {"score": "answer_campaign", "value": 0.05, "decile": 2},
              {"score": "another", "value": 7.0, "decile": 10})  # fmt: skip
    picture.add("marts.customer_scores", *({"customer_id": "c1", **score} for score in scores))
    assert picture("c1", *columns) == (0.3, 9, 0.05, 2) and picture("c2", *columns) == (None,) * 4
