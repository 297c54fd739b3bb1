"""What people say in surveys that they want, and the gap to what they buy, by hand-written rows against what one counts by hand."""

from __future__ import annotations

from datetime import datetime

import pytest

from tests.unit.compiled import compiled_by, compiled_once
from tests.unit.dbt_project.insight import Marts, order

_MODELS = ("stated_wishes", "interest_gap", "bi_interest_gap")
_FACTS = (
    "fct_orders", "fct_order_items", "dim_products", "conformed_web_events", "bridge_customer_source_records", "contact_permissions",
    "conformed_survey_answers", "fct_survey_responses", "dim_customers",
)  # fmt: skip
_QUESTION = "What's next?"


@pytest.fixture(scope="module")
def models(tmp_path_factory) -> dict[str, str]:
    return compiled_once(
        tmp_path_factory,
        "stated-wishes",
        lambda folder: compiled_by(folder, _MODELS, insight={"wish_questions": [_QUESTION]}),
    )


@pytest.fixture
def marts(warehouse, models) -> Marts:
    marts = Marts(warehouse, models, _FACTS)
    marts.add("marts.dim_customers", *({"customer_id": f"c{n}"} for n in range(10)))
    return marts


def answered(
    marts: Marts,
    key: str,
    customer: str | None,
    at: str,
    *answers: str | None,
    kind: str = "choice",
    question: str = _QUESTION,
) -> None:
    """A response of a customer, or of a respondent who is none, with an answer for each of `answers`."""
    marts.add(
        "marts.fct_survey_responses",
        {"source_system": "s", "source_key": key, "customer_id": customer, "person_system": "s", "person_key": f"p{key}", "submitted_at": datetime.fromisoformat(at)},
    )  # fmt: skip
    marts.add(
        "conformed.conformed_survey_answers",
        *({"source_system": "s", "source_key": f"{key}-{n}", "response_key": key, "question": question, "kind": kind, "answer_text": a} for n, a in enumerate(answers)),
    )  # fmt: skip


def test_answers_to_the_named_questions_by_the_night(marts):
    answered(marts, "1", "c1", "2026-01-01", "Skis")
    answered(marts, "2", "c1", "2026-05-01", " Tents", "Boots", None, question="what's NEXT? ")
    answered(marts, "3", "c1", "2026-06-02", "Kayaks")
    answered(marts, "4", "c2", "2026-05-01", "My own words", kind="text")
    answered(marts, "5", "c2", "2026-05-01", "Yes", question="Was it good?")
    answered(marts, "6", None, "2026-05-01", "Skis")
    found = [(r["person"], r["answer"], r["is_newest"]) for r in marts.rows("stated_wishes")]
    assert sorted(found) == [
        ("c1", "boots", True),
        ("c1", "skis", False),
        ("c1", "tents", True),
        ("respondent:s:p6", "skis", True),
    ]


def test_nothing_is_told_of_who_refused_profiling_of_protected_people_and_of_the_dead(marts):
    for n in range(4):
        answered(marts, str(n), f"c{n}", "2026-05-01", "Skis")
    refusal = {"purpose": "profiling", "channel": "email", "is_permitted": False, "reason_code": "withdrawn"}
    marts.add("marts.contact_permissions", refusal | {"customer_id": "c1"})
    marts.con.execute(
        "update marts.dim_customers set is_protected = customer_id = 'c2', is_deceased = customer_id = 'c3'"
    )
    # a customer of whom the marts have no row is not known to be free
    answered(marts, "9", "gone", "2026-05-01", "Skis")
    assert [r["customer_id"] for r in marts.rows("stated_wishes")] == ["c0"]


def test_the_gap_between_what_is_wanted_and_bought(marts):
    marts.add("marts.dim_products", {"source_system": "shop", "source_key": "t1", "category": "Tents"})
    for n in range(6):
        answered(marts, str(n), f"c{n}", "2026-05-01", "tents", "Kayaks")
    answered(marts, "7", "c7", "2026-05-01", "A robot")
    answered(marts, "8", None, "2026-05-01", "Kayaks")
    # wanted long ago
    answered(marts, "9", "c9", "2024-05-01", "Kayaks")
    line = {"source_system": "shop", "net_amount": 10}
    marts.add(
        "marts.fct_orders",
        order("o0", "c0", "2026-04-30"),
        order("o1", "c1", "2026-05-20"),
        order("o2", "c2", "2026-05-20"),
    )
    marts.add("marts.fct_order_items", line | {"source_key": "0", "order_key": "o0", "product_key": "t1"},
              line | {"source_key": "1", "order_key": "o1", "product_key": "t1"}, line | {"source_key": "2", "order_key": "o2"})  # fmt: skip
    marts.build("stated_wishes", "interest_gap")
    counts = ("people_count", "customer_count", "viewed_count", "bought_count", "never_bought_count")
    found = marts.by("interest_gap", "interest_kind", "interest")
    told = {key: tuple(row[c] for c in counts) for key, row in found.items()}
    # a wish that is the name of a category is met by its goods alone, another by any purchase
    assert told == {
        ("stated wish", "tents"): (6, 6, 0, 1, 5),
        ("stated wish", "kayaks"): (7, 6, 0, 2, 4),
        # of few, who might be told by it
        ("stated wish", "several, some of few people"): (1, 1, 0, 0, 1),
    }
    shown = {row["interest"]: row["people_count"] for row in marts.rows("bi_interest_gap")}
    assert shown.get("several, some of few people") is None and {"tents", "kayaks"} <= shown.keys()


def test_unless_a_question_is_named_nothing_is_a_wish(warehouse, tmp_path_factory):
    models = compiled_by(tmp_path_factory.mktemp("none"), ["stated_wishes"])
    marts = Marts(warehouse, models, _FACTS)
    marts.add("marts.dim_customers", {"customer_id": "c1"})
    answered(marts, "1", "c1", "2026-05-01", "Skis")
    assert marts.rows("stated_wishes") == []
