"""The customer experience matrix over hand-written customers: cells, what moves them, segments and stores, and few people."""

from __future__ import annotations

from datetime import datetime
from typing import Any

import pytest

from tests.unit.compiled import compiled_models
from tests.unit.dbt_project.insight import NOT_PROFILED, Marts

NEW, OLD = datetime(2026, 5, 1), datetime(2026, 1, 1)


@pytest.fixture(scope="module")
def models(tmp_path_factory) -> dict[str, str]:
    return compiled_models(tmp_path_factory, ("experience_matrix", "bi_experience_matrix", "customer_profile"))


@pytest.fixture
def marts(warehouse, models) -> Marts:
    return Marts(warehouse, models, ("customer_360", "customer_segments"))


def add(marts: Marts, *rows: dict[str, Any]) -> None:
    marts.add("marts.customer_360", *rows)
    marts.knows(*(row["customer_id"] for row in rows))


def customer(key: str, **more: Any) -> dict[str, Any]:
    return {"customer_id": key, "net_amount": 100, "missing_fields": "email", "usage_count_30d": 0, "has_active_subscription": False} | more  # fmt: skip


def test_cells_and_what_moves_them(marts):
    add(
        marts,
        customer("c1", last_ordered_at=NEW, last_visited_at=NEW, last_email_clicked_at=NEW, last_nps=9, missing_fields=None, email_read_share=0.5, favourite_category="Tents", net_amount=300),
        customer("c2", last_ordered_at=NEW, last_visited_at=NEW, usage_count_30d=1, is_contactable_by_sms=True, email_read_share=0.1, favourite_category="Tents"),
        customer("c3", last_ordered_at=OLD),
    )  # fmt: skip
    found = {
        (row["interaction_level"], row["data_use_level"]): row
        for row in marts.rows("experience_matrix", "breakdown = 'all'")
    }
    assert set(found) == {("high", "high"), ("low", "low")}
    high, low = found["high", "high"], found["low", "low"]
    assert (high["customer_count"], high["mean_nps"], high["nps_count"], high["mean_net_amount"]) == (2, 9, 1, 200)
    assert (high["next_interaction_step"], high["next_interaction_count"]) == ("clicked", 1)
    assert (high["next_data_use_step"], high["next_data_use_count"]) == ("whole record", 1)
    assert (low["customer_share"], low["next_interaction_step"], low["next_data_use_count"]) == (1 / 3, "ordered", 1)


def test_what_nobody_has_is_a_source_that_is_missing_and_moves_nothing(marts):
    add(marts, customer("c1", last_ordered_at=NEW), customer("c2", last_ordered_at=OLD, email_read_share=1.0))  # fmt: skip
    (row,) = marts.rows("experience_matrix", "breakdown = 'all'")
    assert (row["next_interaction_step"], row["next_interaction_count"]) == ("ordered", 1)
    assert (row["next_data_use_step"], row["visited_count"], row["known_interest_count"]) == ("reading", 0, 0)


def test_what_is_rare_everywhere_is_not_what_moves_a_cell(marts):
    """Nobody of the lower cell uses, and hardly anybody else; that all others visit tells more."""
    add(
        marts,
        *(customer(f"a{n}", last_ordered_at=NEW, last_visited_at=NEW, last_email_clicked_at=NEW if n else None, usage_count_30d=int(n == 0)) for n in range(10)),
        *(customer(f"b{n}", last_ordered_at=NEW if n % 2 else None, last_visited_at=NEW if n == 0 else None, last_email_clicked_at=NEW if n == 2 else None) for n in range(10)),
    )  # fmt: skip
    steps = {row["interaction_level"]: (row["next_interaction_step"], row["next_interaction_count"]) for row in marts.rows("experience_matrix", "breakdown = 'all'")}  # fmt: skip
    assert steps == {"high": ("used", 9), "low": ("visited", 9)}


@pytest.mark.parametrize("why", NOT_PROFILED)
def test_rule_19_each_breakdown_has_every_customer_but_of_who_may_not_be_profiled(marts, why):
    add(marts, *(customer(f"c{n}") for n in range(4)))
    marts.add("segments.customer_segments", {"customer_id": "c0", "scheme": "store", "segment": "Oslo"}, {"customer_id": "c0", "scheme": "rfm", "segment": "lost"})  # fmt: skip
    marts.hides("c3", why)
    found = {(row["breakdown"], row["value"]): row["customer_count"] for row in marts.rows("experience_matrix")}
    assert found == {
        ("all", "all"): 3,
        ("lifecycle", "in no segment"): 3,
        ("store", "Oslo"): 1,
        ("store", "in no segment"): 2,
    }


def test_analysts_see_stores_and_cells_of_few_as_one(marts):
    add(marts, *(customer(f"c{n}", last_ordered_at=NEW if n < 3 else None, last_visited_at=NEW) for n in range(40)))  # fmt: skip
    stores = {"Oslo": range(20), "Eva's": range(20, 22), "Bergen": range(22, 32)}
    marts.add("segments.customer_segments", *({"customer_id": f"c{n}", "scheme": "store", "segment": store} for store, them in stores.items() for n in them))  # fmt: skip
    marts.build("experience_matrix")
    several = "other (small groups)"
    found = {
        (row["value"], row["interaction_level"]): row["customer_count"]
        for row in marts.rows("bi_experience_matrix", "breakdown = 'store'")
    }
    # the smallest other store goes with the one of few, and the smallest other cell likewise
    assert found == {("Oslo", several): 20, ("Bergen", "low"): 10, (several, "low"): 10}
