"""Attribution as analysts see it: no figure of few people, in one model or by the difference of two."""

from __future__ import annotations

from datetime import datetime
from decimal import Decimal

import pytest

from tests.unit.compiled import compiled_models
from tests.unit.dbt_project.attribution import FACTS, MODELS, build, visit
from tests.unit.dbt_project.insight import Marts, order


@pytest.fixture(scope="module")
def models(tmp_path_factory) -> dict[str, str]:
    return compiled_models(tmp_path_factory, MODELS)


@pytest.fixture
def marts(warehouse, models) -> Marts:
    return Marts(warehouse, models, FACTS)


def test_analysts_see_channels_of_few_customers_in_one_row(marts):
    for n in range(20):
        marts.add("marts.fct_orders", order(f"{n}", f"c{n}", "2026-05-02", 10))
        marts.add("marts.fct_web_sessions", visit(f"c{n}", "2026-05-01", "social" if n < 12 else "organic" if n < 18 else "a rare one"))  # fmt: skip
    build(marts)
    found = marts.by("bi_attribution", "model", "channel")
    assert {channel for _, channel in found} == {"social", "other (small groups)"}
    assert {(r["credited_conversions"], r["customer_count"]) for (_, c), r in found.items() if c == "social"} == {
        (12, 12)
    }
    assert {(r["credited_conversions"], r["customer_count"]) for (_, c), r in found.items() if c != "social"} == {
        (8, 8)
    }
    marts.con.execute(f"create or replace table bi.attribution as {marts.models['bi_attribution']}")
    assert len(marts.rows("bi_attribution_spread")) == 2


def test_what_is_told_with_others_in_one_model_is_in_all(marts):
    """Three of many came last by "email": models could not be compared where "email" was a row of its own in the others."""
    for n in range(60):
        channel = "organic" if n < 30 else "social" if n < 45 else "display"
        marts.add("marts.fct_web_sessions", visit(f"c{n}", "2026-05-01", "email" if n < 20 else channel))
        if n < 20:
            marts.add("marts.fct_web_sessions", visit(f"c{n}", "2026-05-01T09:00", "email" if n < 3 else channel))
        marts.add("marts.fct_orders", order(f"{n}", f"c{n}", "2026-05-02", 10))
    build(marts)
    exact = marts.by("attribution", "model", "channel")
    assert (exact["first", "email"]["buyer_count"], exact["last", "email"]["buyer_count"]) == (20, 3)
    told = {}
    for row in marts.rows("bi_attribution"):
        told.setdefault(row["model"], set()).add(row["channel"])
    assert len(told) == 8 and {frozenset(channels) for channels in told.values()} == {
        frozenset({"display", "social", "other (small groups)"})
    }
    for model in told:
        assert sum(r["credited_conversions"] for r in marts.rows("bi_attribution") if r["model"] == model) == 60


def test_one_model_less_another_tells_of_no_few_buyers(marts):
    """All but one customer came by one channel only: where credit differs between models, it is hers."""
    for n in range(40):
        channel = "organic" if n < 20 else "social" if n < 31 else "display"
        marts.add("marts.fct_web_sessions", visit(f"c{n}", "2026-05-01", channel))
        marts.add("marts.fct_orders", order(f"{n}", f"c{n}", "2026-05-02", 10))
    marts.add("marts.fct_web_sessions", visit("x", "2026-05-01", "organic"), visit("x", "2026-05-01T09:00", "social"))
    marts.add("marts.fct_orders", order("x", "x", "2026-05-02", 658.7))
    build(marts)
    exact = marts.by("attribution", "model", "channel")
    assert exact["first", "organic"]["net_amount"] - exact["last", "organic"]["net_amount"] == Decimal("658.7")
    assert [exact["first", c]["mixed_buyer_count"] for c in ("organic", "social", "display")] == [1, 1, 0]
    found = marts.by("bi_attribution", "model", "channel")
    for channel in {channel for _, channel in found}:
        told = {float(found[m, channel]["net_amount"]) for m in ("first", "last", "linear", "position_based")}
        assert len(told) == 1, channel


def test_analysts_see_no_revenue_of_few_buyers_however_many_were_touched(marts):
    """Many came by "social" and one of them bought; nobody of "display" did, and money was spent there."""
    for n in range(40):
        channel = "organic" if n < 20 else "email ad" if n < 30 else "social"
        marts.add(
            "marts.fct_web_sessions", visit(f"c{n}", "2026-05-01", channel), visit(f"d{n}", "2026-05-01", "social")
        )
        if n < 31:
            marts.add("marts.fct_orders", order(f"{n}", f"c{n}", "2026-05-02", 10 if n < 30 else 658.7))
    spent = {
        "source_system": "ads",
        "source_key": "1",
        "channel": "display",
        "campaign": "brand",
        "spend": 100,
        "currency": "SEK",
        "spend_on": datetime(2026, 5, 1),
    }
    marts.add("conformed.conformed_ad_spend", spent)
    build(marts)
    exact = marts.by("attribution", "model", "channel")
    assert (exact["first", "social"]["buyer_count"], exact["first", "social"]["customer_count"]) == (1, 50)
    found = marts.by("bi_attribution", "model", "channel")
    rest = found["first", "other (small groups)"]
    # with the smallest channel of enough buyers, not with the one that nobody bought by
    assert {channel for model, channel in found if model == "first"} == {
        "organic",
        "display",
        "other (small groups)",
    }
    assert (rest["credited_conversions"], float(rest["net_amount"]), rest["customer_count"]) == (11, 758.7, 60)
    assert (found["first", "display"]["credited_conversions"], found["first", "display"]["spend_amount"]) == (0, 100)


def test_the_rows_of_a_channel_add_up_to_it_where_some_of_its_campaigns_are_of_few(marts):
    """Many bought by one newsletter, few by two others, and nobody of those who opened a fourth; of the display campaigns all
    are of few, in whichever model."""
    for n in range(60):
        campaign = "spring" if n < 20 else "june" if n < 22 else "july" if n < 25 else None
        channel = "email" if n < 25 else "display" if n < 33 else "organic" if n < 40 else "social"
        if channel == "display":
            campaign = f"d{n % 3}"
        marts.add("marts.fct_web_sessions", visit(f"c{n}", "2026-05-01", channel, campaign))
        marts.add("marts.fct_web_sessions", visit(f"e{n}", "2026-05-01", "email", "read only"))
        marts.add("marts.fct_orders", order(f"{n}", f"c{n}", "2026-05-02", 10))
    marts.add("marts.fct_web_sessions", visit("c25", "2026-04-30", "display", "d2"))
    build(marts)
    exact = marts.by("attribution", "model", "channel", "campaign")
    assert [exact["first", "email", c]["buyer_count"] for c in ("spring", "june", "july", "read only")] == [20, 2, 3, 0]
    found = marts.by("bi_attribution", "model", "channel", "campaign")
    several = "other (small groups)"
    told = {key[1:] for key in found}
    assert told == {("email", several), ("email", "read only"), ("social", "none"), (several, several)}
    for model in {key[0] for key in found}:
        for channel in ("email", "social"):
            credit = [
                sum(r["credited_conversions"] for key, r in rows.items() if key[:2] == (model, channel))
                for rows in (exact, found)
            ]
            assert credit[0] == credit[1] > 0, (model, channel)
        people = [(r["customer_count"], r["channel_customer_count"]) for key, r in found.items() if key[0] == model and several in key]  # fmt: skip
        # who came by two of the campaigns that are one row counts once
        assert sorted(people) == [(15, 15), (25, 85)]
    assert [found["first", *c]["credited_conversions"] for c in sorted(told)] == [25, 0, 15, 20]
