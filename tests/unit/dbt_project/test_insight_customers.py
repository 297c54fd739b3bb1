"""The North Star metric and the gap between interest and purchase, by hand-written rows against what one counts by hand."""

from __future__ import annotations

import random
from datetime import date, datetime, timedelta

import pytest

from tests.unit.compiled import compiled_models
from tests.unit.dbt_project.insight import NOT_PROFILED, Marts, order

_MODELS = ("north_star", "bi_north_star", "interest_gap", "bi_interest_gap", "customer_profile")
_FACTS = ("fct_orders", "fct_order_items", "fct_web_sessions", "fct_email_events", "dim_products", "conformed_web_events")  # fmt: skip


@pytest.fixture(scope="module")
def models(tmp_path_factory) -> dict[str, str]:
    return compiled_models(tmp_path_factory, _MODELS)


@pytest.fixture
def marts(warehouse, models) -> Marts:
    return Marts(warehouse, models, _FACTS)


def test_a_week_counts_who_buys_again_within_90_days(marts):
    marts.add("marts.fct_orders",
              # Monday and Sunday of a week; an order that was sent back is no purchase; the last moment counts, the next does not
              order("1", "c1", "2026-01-05", 100, discount_amount=5), order("2", "c1", "2026-01-05", 0, is_sale=False), order("3", "c1", "2026-04-05", 10),
              order("4", "c2", "2026-01-11", 50), order("5", "c2", "2026-04-11T00:00:01", 10),
              order("6", "c3", "2026-01-07", None, refunded_amount=3),
              order("7", "c4", "2026-03-09", 80), order("8", "c4", "2026-03-09", 80),
              order("9", None, "2026-03-09", 80), order("10", "c5", "2026-06-02", 80))  # fmt: skip
    seen = {"source_system": "web", "customer_id": "c1"}
    marts.add("marts.fct_web_sessions", *(seen | {"source_key": at, "started_at": datetime.fromisoformat(at)} for at in ("2026-01-04", "2026-02-01", "2026-02-02")))  # fmt: skip
    marts.add("marts.fct_email_events", {"source_system": "m", "source_key": "1", "customer_id": "c3", "kind": "clicked", "occurred_at": datetime(2026, 4, 8)},
              {"source_system": "m", "source_key": "2", "customer_id": "c2", "kind": "opened", "occurred_at": datetime(2026, 1, 12)})  # fmt: skip
    # no click of before is kept: nobody knows who clicked in the days after that week
    unknown = marts.by("north_star", "week_on")[date(2026, 1, 5)]
    assert (unknown["clicked_count"], unknown["clicked_reached_count"], unknown["visited_count"]) == (None, None, 1)
    marts.add(
        "marts.fct_email_events",
        {"source_system": "m", "source_key": "0", "kind": "clicked", "occurred_at": datetime(2026, 1, 4)},
    )
    found = marts.by("north_star", "week_on")
    assert list(found) == [date(2026, 1, 5), date(2026, 3, 9)]
    january, march = found.values()
    assert (january["customer_count"], january["reached_count"], january["reached_share"]) == (
        3,
        1,
        pytest.approx(1 / 3),
    )
    assert (january["reached_mean_days"], january["first_order_mean_amount"], january["target_share"]) == (90, 75, None)
    drivers = {
        d: (january[f"{d}_count"], january[f"{d}_reached_count"])
        for d in ("discounted", "partly_returned", "visited", "clicked")
    }
    assert drivers == {"discounted": (1, 1), "partly_returned": (1, 0), "visited": (1, 1), "clicked": (0, 0)}
    assert (january["is_final"], march["is_final"], march["reached_count"], march["reached_mean_days"]) == (
        True,
        False,
        1,
        0,
    )
    marts.at("2026-06-14")
    assert marts.by("north_star", "week_on")[date(2026, 3, 9)]["is_final"]


def test_analysts_see_no_driver_of_few(marts):
    for n in range(30):
        marts.add("marts.fct_orders", order(f"a{n}", f"c{n}", "2026-01-05", discount_amount=n % 2))
        if n < 14:
            marts.add("marts.fct_orders", order(f"b{n}", f"c{n}", "2026-02-05"))
    marts.add("marts.fct_orders", *(order(f"x{n}", f"x{n}", "2026-01-12") for n in range(3)))
    marts.build("north_star")
    found = marts.by("bi_north_star", "week_on")
    many, few = found[date(2026, 1, 5)], found[date(2026, 1, 12)]
    assert (
        many["customer_count"],
        many["reached_count"],
        many["discounted_count"],
        many["discounted_reached_count"],
    ) == (30, 14, 15, 7)
    assert {few[c] for c in ("customer_count", "reached_share", "first_order_mean_amount", "visited_count")} == {None}


def test_weeks_that_are_no_fair_sample_are_told_as_longer_periods(marts):
    """Of each week one of eight, or all eight, come back: weeks and months that may be told are those where all did."""
    for week in range(17):
        at = datetime(2025, 9, 29) + timedelta(weeks=week)
        for n in range(8):
            marts.add("marts.fct_orders", order(f"a{week}-{n}", f"c{week}-{n}", at.isoformat()))
            if n > 0 or week % 4 == 0:
                marts.add(
                    "marts.fct_orders", order(f"b{week}-{n}", f"c{week}-{n}", (at + timedelta(days=9)).isoformat())
                )
    marts.build("north_star")
    weeks = marts.by("north_star", "week_on")
    rows = marts.rows("bi_north_star")
    assert {row["grain"] for row in rows} == {"quarter"}
    found = {row["week_on"]: row for row in rows}
    quarter = found[date(2025, 10, 6)]
    assert (quarter["customer_count"], quarter["reached_count"], quarter["is_final"]) == (13 * 8, 13 * 8 - 10, True)
    assert quarter["reached_count"] == sum(
        w["reached_count"] for on, w in weeks.items() if on.year == 2025 and on.month > 9
    )
    assert (quarter["reached_share"], quarter["reached_mean_days"]) == (pytest.approx(94 / 104), 9)
    assert found[date(2026, 1, 5)]["is_final"] is False
    # where years do not suffice either, nobody is told to have come back
    marts.con.execute("delete from marts.fct_orders where not source_key like '_0-%' and not source_key like '_1-%'")
    marts.build("north_star")
    (year,) = marts.rows("bi_north_star")
    assert [year[c] for c in ("grain", "customer_count", "reached_count", "reached_share")] == ["year", 16, None, None]


def event(n: int, person: str | None, kind: str, at: str, session: str | None = None, **more) -> dict:
    return {"source_system": "web", "source_key": str(n), "session_key": session or str(n), "visitor_key": f"v{n}", "person_system": "crm",
            "person_key": person, "kind": kind, "occurred_at": datetime.fromisoformat(at)} | more  # fmt: skip


def test_the_gap_is_who_was_interested_and_has_never_bought_it(marts):
    """One who bought a tent before she looked for another is in no gap of tents, nor of the term that led her there."""
    marts.knows("c1", "c2", "c3", "c4")
    for c in ("c1", "c2", "c3", "c4"):
        marts.add("marts.bridge_customer_source_records", {"customer_id": c, "source_system": "crm", "source_key": c})
    marts.add("marts.dim_products", *({"source_system": s, "source_key": k, "category": c} for s, k, c in
              (("shop", "t1", "tents"), ("shop", "b1", "boots"), ("shop", "dup", "tents"), ("till", "dup", "boots"))))  # fmt: skip
    marts.add("conformed.conformed_web_events",
              event(1, "c1", "search", "2026-05-01T10:00", "s1", term=" Tent "), event(2, "c1", "product_view", "2026-05-01T10:05", "s1", product_key="t1"),
              event(3, "c1", "add_to_cart", "2026-05-01T10:06", "s1", product_key="t1"), event(4, "c2", "product_view", "2026-05-02", product_key="t1"),
              event(5, "c2", "search", "2026-05-03", term="kayak", result_count=0), event(6, None, "product_view", "2026-05-03", product_key="b1"),
              event(7, "c3", "product_view", "2026-05-03", product_key="dup"), event(8, "c3", "product_view", "2024-05-03", product_key="t1"),
              event(9, "c3", "product_view", "2026-06-03", product_key="t1"), event(10, "c3", "scroll", "2026-05-03"),
              event(11, "c4", "product_view", "2026-05-03", product_key="t1"))  # fmt: skip
    line = {"source_system": "shop", "net_amount": 10}
    marts.add(
        "marts.fct_orders",
        order("o1", "c1", "2026-04-30"),
        order("o2", "c2", "2026-05-20"),
        order("o4", "c4", "2026-05-20"),
    )
    marts.add("marts.fct_order_items", line | {"source_key": "1", "order_key": "o1", "product_key": "t1"},
              line | {"source_key": "2", "order_key": "o2", "product_key": "t1"}, line | {"source_key": "3", "order_key": "o2"},
              line | {"source_key": "4", "order_key": "o4", "product_key": "b1"})  # fmt: skip
    found = marts.by("interest_gap", "interest_kind", "interest")
    counts = (
        "people_count",
        "customer_count",
        "searched_count",
        "viewed_count",
        "carted_count",
        "bought_count",
        "never_bought_count",
    )
    assert tuple(found["category", "tents"][c] for c in counts) == (3, 3, 1, 3, 1, 2, 1)
    assert tuple(found["category", "boots"][c] for c in counts) == (1, 0, 0, 0, 0, 0, 0)
    # terms of few people are not told apart: one search led to a view, one to nothing
    few = found["search term", "other (small groups)"]
    assert tuple(few[c] for c in counts) == (2, 2, 2, 1, 1, 1, 1) and few["unviewed_people_count"] == 1
    # the source says of one of them how many results it showed
    assert few["no_results_people_count"] == 1 and found["category", "tents"]["no_results_people_count"] is None
    assert len(found) == 3
    # a category or a term that tells of a special category (Art. 9) is nobody's interest
    marts.con.execute(
        "update marts.dim_products set is_special_category = true where source_key = 't1'; "
        "insert into identity.special_values values ('kayak', 'health')"
    )
    found = marts.by("interest_gap", "interest_kind", "interest")
    assert set(found) == {("category", "boots"), ("search term", "other (small groups)")}
    assert found["search term", "other (small groups)"]["people_count"] == 1


def test_a_category_that_two_systems_write_otherwise_is_one(marts):
    """A key of both names it."""
    spelled = (("shop", "TENTS"), ("till", "Tents"))
    marts.add("marts.dim_products", *({"source_system": s, "source_key": "t1", "category": c} for s, c in spelled))
    marts.add("conformed.conformed_web_events", event(1, None, "product_view", "2026-05-03", product_key="t1"))
    assert [row["interest"] for row in marts.rows("interest_gap")] == ["TENTS"]


@pytest.mark.parametrize("why", NOT_PROFILED)
def test_rule_19_who_may_not_be_profiled_has_no_interest(marts, why):
    marts.knows("c1", "c2")
    for c in ("c1", "c2"):
        marts.add("marts.bridge_customer_source_records", {"customer_id": c, "source_system": "crm", "source_key": c})
    marts.add("marts.dim_products", {"source_system": "shop", "source_key": "t1", "category": "tents"})
    marts.add("conformed.conformed_web_events",
              event(1, "c1", "search", "2026-05-01T10:00", "s1", term="tent"), event(2, "c1", "product_view", "2026-05-01T10:05", "s1", product_key="t1"),
              event(3, "c2", "product_view", "2026-05-02", product_key="t1"), event(4, None, "product_view", "2026-05-02", product_key="t1"))  # fmt: skip
    marts.hides("c1", why)
    (tents,) = marts.rows("interest_gap")
    assert (tents["people_count"], tents["customer_count"], tents["viewed_count"]) == (2, 1, 1)


def test_a_term_of_many_is_told_without_what_is_personal_in_it(marts):
    marts.con.execute(
        "insert into identity.shown_values values (false, 'Call 0701234567', 'Call [phone number removed]')"
    )
    marts.add(
        "conformed.conformed_web_events",
        *(event(n, None, "search", "2026-05-01", term="Call 0701234567", result_count=0) for n in range(5)),
    )
    marts.build("interest_gap")
    (row,) = marts.rows("bi_interest_gap")
    assert (row["interest"], row["people_count"]) == ("call [phone number removed]", 5)
    assert (row["unviewed_people_count"], row["no_results_people_count"]) == (5, 5)


@pytest.mark.parametrize(("people", "is_told"), [(30, False), (400, True)])
def test_interests_that_tell_who_bought_are_a_fair_sample(marts, people, is_told):
    """Of small categories those may be told of which many bought, or of which a search led nearly nowhere."""
    rng = random.Random(17)
    marts.build("interest_gap")
    for n in range(80):
        bought, unviewed = (sum(rng.random() < share for _ in range(people)) for share in (0.12, 0.88))
        marts.con.execute(
            "insert into insight.interest_gap by name select 'category' as interest_kind, 'c' || $n as interest, $people as people_count, "
            "$unviewed as unviewed_people_count, $unviewed as no_results_people_count, $people as customer_count, $bought as bought_count, $people - $bought as never_bought_count",
            {"n": n, "people": people, "bought": bought, "unviewed": unviewed},
        )
    found = marts.rows("bi_interest_gap")
    for column, mean in (
        ("bought_count", 0.12),
        ("never_bought_count", 0.88),
        ("unviewed_people_count", 0.88),
        ("no_results_people_count", 0.88),
    ):
        told = [row[column] for row in found if row[column] is not None]
        assert (len(told) >= 72 and sum(told) / len(told) == pytest.approx(mean * people, rel=0.05)) if is_told else told == []  # fmt: skip
    assert {row["people_count"] for row in found} == {people}


def test_who_is_restricted_is_in_no_interest(marts):
    marts.con.execute(
        "insert into identity.customer_source_records values ('crm', 'c1', 'c1', null); insert into identity.restrictions values ('crm', 'c1')"
    )
    marts.add("marts.dim_products", {"source_system": "shop", "source_key": "t1", "category": "tents"})
    marts.add("conformed.conformed_web_events", event(1, "c1", "product_view", "2026-05-01", product_key="t1"))
    assert marts.rows("interest_gap") == []
