"""Service and surveys by hand-written requests and answers, against what one counts by hand."""

from __future__ import annotations

from datetime import datetime

import pytest

from tests.unit.compiled import compiled_models
from tests.unit.dbt_project.insight import Marts, order

_MODELS = ("service_performance", "survey_performance", "bi_service_performance", "bi_survey_performance")


@pytest.fixture(scope="module")
def models(tmp_path_factory) -> dict[str, str]:
    return compiled_models(tmp_path_factory, _MODELS)


@pytest.fixture
def marts(warehouse, models) -> Marts:
    return Marts(warehouse, models, ("fct_orders", "fct_tickets", "fct_survey_responses"))


def ticket(
    n: int, customer: str | None, opened: str, reply: str | None = None, solved: str | None = None, **more
) -> dict:
    at = [datetime.fromisoformat(t) if t else None for t in (opened, reply, solved)]
    return {"source_system": "desk", "source_key": str(n), "customer_id": customer, "opened_at": at[0], "first_reply_at": at[1], "solved_at": at[2]} | more  # fmt: skip


def response(n: int, customer: str | None, sent: str | None, submitted: str | None, **more) -> dict:
    at = [datetime.fromisoformat(t) if t else None for t in (sent, submitted)]
    return {"source_system": "survey", "source_key": str(n), "customer_id": customer, "survey": "nps", "sent_at": at[0], "submitted_at": at[1]} | more  # fmt: skip


def test_service_by_category_hour_and_reply_and_what_was_before_and_after(marts):
    marts.add("marts.fct_tickets",
              ticket(1, "c1", "2026-01-01T09:30", "2026-01-01T10:30", "2026-01-02T09:30", category="returns", satisfaction=4),
              ticket(2, "c2", "2026-01-01T09:00", "2026-01-01T12:00", None, category="returns", satisfaction=2),
              ticket(3, None, "2026-05-20T23:00", None, "2026-06-02"), ticket(4, "c1", "2026-06-01T00:00:01"))  # fmt: skip
    marts.add("marts.fct_orders", order("1", "c1", "2026-04-01T09:30"), order("2", "c2", "2026-04-01T09:30"),
              order("3", "c2", "2026-01-01T09:00"), order("4", "c2", "2026-02-01", 0, is_sale=False))  # fmt: skip
    marts.add("marts.fct_survey_responses", response(1, "c1", None, "2026-01-03", nps=9), response(2, "c1", None, "2026-02-03", nps=6),
              response(3, "c2", None, "2025-12-31", nps=1), response(4, "c1", None, "2025-12-31", nps=4))  # fmt: skip
    found = marts.by("service_performance", "breakdown", "value")
    assert set(found) == {
        ("all", "all"),
        ("category", "returns"),
        ("category", "unknown"),
        ("first reply", "none yet"),
        ("first reply", "within 1 h"),
        ("first reply", "within 4 h"),
        ("hour", "09"),
        ("hour", "23"),
    }
    returns, unknown = found["category", "returns"], found["category", "unknown"]
    counts = ("ticket_count", "replied_count", "solved_count", "people_count")
    assert tuple(returns[c] for c in counts) == (2, 2, 1, 2)
    hours = ("first_reply_p50_hours", "first_reply_p90_hours", "solution_p50_hours")
    assert tuple(returns[c] for c in hours) == (2, pytest.approx(2.8), 24)
    # who answered on one side only compares with nothing
    scores = ("mean_satisfaction", "mean_nps_before", "mean_nps_after", "nps_count")
    assert tuple(returns[c] for c in scores) == (3, 4, 7.5, 1)
    # a purchase on the last of the days counts, one after them does not; what is bought at that moment was before
    bought = ("followed_count", "bought_before_count", "bought_after_count")
    assert tuple(returns[c] for c in bought) == (2, 1, 1)
    assert tuple(unknown[c] for c in ("solved_count", "solution_p50_hours", "followed_count")) == (0, None, 0)


def test_analysts_see_requests_of_few_as_one_and_every_breakdown_adds_up(marts):
    kinds = ["delivery"] * 20 + ["returns"] * 7 + ["about Eva"] * 2
    marts.add("marts.fct_tickets", *(ticket(n, f"c{n}", "2026-01-01T09:00", "2026-01-01T10:00" if n < 18 else None, category=kind) for n, kind in enumerate(kinds)))  # fmt: skip
    marts.build("service_performance")
    found = {
        (row["breakdown"], row["value"]): (row["people_count"], row["ticket_count"], row["replied_count"])
        for row in marts.rows("bi_service_performance")
    }
    assert found == {
        ("all", "all"): (29, 29, 20),
        ("hour", "09"): (29, 29, 20),
        ("category", "delivery"): (20, 20, 20),
        ("category", "other (small groups)"): (None, 9, 0),
        ("first reply", "within 1 h"): (18, 18, 18),
        ("first reply", "none yet"): (11, 11, 0),
    }
    # the only request of somebody, many times over, is of one
    marts.con.execute(
        "delete from marts.fct_tickets where category <> 'delivery'; update marts.fct_tickets set customer_id = 'c1'"
    )
    marts.build("service_performance")
    assert {row["ticket_count"] for row in marts.rows("bi_service_performance")} == {None}


def test_what_followed_is_told_by_shares_of_rounded_counts(marts):
    """Of 121 requests by 79 people, 41 of them of one; who bought before and after differs by fewer than what counts are rounded to: so do shares not."""
    marts.add("marts.fct_tickets", *(ticket(n, f"c{n % 79 if n < 81 else 10}", "2026-01-10T09:00", "2026-01-10T09:30") for n in range(121)))  # fmt: skip
    marts.add("marts.fct_orders", *(order(f"a{n}", f"c{n}", "2026-01-01") for n in range(10, 62)))
    marts.add("marts.fct_orders", *(order(f"b{n}", f"c{n}", "2026-01-20") for n in range(10, 60)))
    marts.build("service_performance")
    names = ("followed_count", "bought_before_count", "bought_after_count", "bought_before_share", "bought_after_share")
    told = marts.by("bi_service_performance", "breakdown", "value")["first reply", "within 1 h"]
    assert tuple(told[name] for name in names) == (120, 90, 90, 0.75, 0.75)
    # of those without a purchase there are six requests, by four people
    marts.add("marts.fct_orders", *(order(f"c{n}", f"c{n}", "2026-01-20") for n in range(4, 79)))
    marts.build("service_performance")
    told = marts.by("bi_service_performance", "breakdown", "value")["first reply", "within 1 h"]
    assert (told["bought_before_share"], told["bought_after_share"]) == (None, None)


def test_surveys_by_moment_and_how_many_answer(marts):
    marts.add("marts.fct_orders", order("1", "c1", "2026-01-01", delivered_at=datetime(2026, 1, 5)), order("2", "c2", "2026-01-01", delivered_at=datetime(2026, 1, 5)))  # fmt: skip
    marts.add("marts.fct_tickets", ticket(1, "c2", "2026-01-06"), ticket(2, "c3", "2025-01-06"))
    marts.add("marts.fct_survey_responses",
              response(1, "c1", "2026-01-10", "2026-01-11", nps=10, csat=5), response(2, "c1", "2026-01-12", None),
              response(3, "c2", "2026-01-10", "2026-01-11", nps=6, ces=2), response(4, "c2", "2026-01-10", "2026-06-02", nps=1),
              response(5, "c3", None, "2026-01-10", nps=7), response(6, None, "2026-02-10", "2026-02-10", csat=3), response(7, "c3", "2026-06-03", None))  # fmt: skip
    found = marts.by("survey_performance", "survey", "moment")
    told = {
        m: tuple(
            r[c] for c in ("asked_count", "answered_count", "nps_count", "net_promoter_score", "mean_csat", "mean_ces")
        )
        for (_, m), r in found.items()
    }
    assert told == {
        "after delivery": (2, 1, 1, 100, 5, None),
        "after service": (2, 1, 1, -100, None, 2),
        "other": (2, 2, 1, 0, 3, None),
    }
    assert found["nps", "after delivery"]["response_share"] == 0.5
    # of whom it is not known when they were asked, nobody knows who did not answer
    assert (found["nps", "other"]["sent_count"], found["nps", "other"]["response_share"]) == (1, 1)
    # nor where a source delivers answers only, also those of surveys that it says were sent, and one that is dated tomorrow
    marts.con.execute("delete from marts.fct_survey_responses where submitted_at is null")
    assert {row["response_share"] for row in marts.rows("survey_performance")} == {None}


def test_analysts_see_no_score_of_few_and_moments_add_up(marts):
    marts.add("marts.fct_orders", *(order(str(n), f"c{n}", "2026-01-01", delivered_at=datetime(2026, 1, 5)) for n in range(9)))  # fmt: skip
    marts.add("marts.fct_tickets", ticket(1, "c10", "2026-01-06"))
    marts.add("marts.fct_survey_responses", *(response(n, f"c{n}", "2026-01-10", "2026-01-11" if n < 6 else None, nps=10 if n < 4 else None, csat=4) for n in range(30)),
              *(response(40 + n, f"c{n}", "2026-01-10", "2026-01-11", survey="of Eva", nps=9) for n in range(4)))  # fmt: skip
    marts.build("survey_performance")
    found = marts.by("bi_survey_performance", "survey", "moment")
    several = "other (small groups)"
    told = ("people_count", "asked_count", "answered_count", "nps_count", "net_promoter_score", "promoter_count", "mean_csat")  # fmt: skip
    assert {key: tuple(row[c] for c in told) for key, row in found.items()} == {
        ("nps", "other"): (20, 20, 0, 0, None, None, None),
        ("nps", several): (None, 10, 5, None, None, None, None),
        (several, several): (None, None, None, None, None, None, None),
    }
