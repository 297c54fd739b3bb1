"""What people say in surveys that they want, and the gap to what they buy, by hand-written rows against what one counts by hand."""

from __future__ import annotations

from datetime import datetime

import pytest

from tests.unit.compiled import compiled_by, compiled_once
from tests.unit.dbt_project.insight import Marts, order

_MODELS = ("stated_wishes", "wishes")
_FACTS = (
    "fct_orders", "fct_order_items", "dim_products", "contact_permissions", "conformed_survey_answers", "fct_survey_responses",
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
    return Marts(warehouse, models, _FACTS)


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


def test_nothing_is_told_of_who_refused_profiling(marts):
    for n in range(2):
        answered(marts, str(n), f"c{n}", "2026-05-01", "Skis")
    refusal = {"purpose": "profiling", "channel": "email", "is_permitted": False, "reason_code": "withdrawn"}
    marts.add("marts.contact_permissions", refusal | {"customer_id": "c1"})
    assert [r["customer_id"] for r in marts.rows("stated_wishes")] == ["c0"]


def test_what_is_wanted_and_who_has_bought_it_since(marts):
    marts.add("marts.dim_products", {"source_system": "shop", "source_key": "t1", "category": "Tents"})
    for n in range(6):
        answered(marts, str(n), f"c{n}", "2026-05-01", "tents", "Kayaks")
    # again: one person
    answered(marts, "6", "c5", "2026-05-02", "Tents")
    answered(marts, "7", "c7", "2026-05-01", "A robot")
    answered(marts, "8", None, "2026-05-01", "Kayaks")
    # wanted long ago
    answered(marts, "9", "c9", "2024-05-01", "Kayaks")
    line = {"source_system": "shop", "net_amount": 10}
    bought = (("o0", "c0", "2026-04-30"), ("o1", "c1", "2026-05-20"), ("o2", "c2", "2026-05-20"))
    marts.add("marts.fct_orders", *(order(*o) for o in bought), order("o3", "c3", "2026-05-20", is_sale=False))
    marts.add(
        "marts.fct_order_items",
        *(
            line | {"source_key": o, "order_key": o, "product_key": p}
            for o, p in (("o0", "t1"), ("o1", "t1"), ("o2", "x"), ("o3", "t1"))
        ),
    )
    marts.build("stated_wishes")
    counts = ("is_category", "people_count", "customer_count", "bought_count")
    found = marts.by("wishes", "question", "answer")
    assert {key: tuple(row[c] for c in counts) for key, row in found.items()} == {
        ("what's next?", "tents"): (True, 6, 6, 1),
        ("what's next?", "kayaks"): (False, 7, 6, None),
        # of few, who might be told by it
        ("what's next?", "several, some of few people"): (False, 1, 1, None),
    }


def test_unless_a_question_is_named_nothing_is_a_wish(warehouse, tmp_path_factory):
    models = compiled_by(tmp_path_factory.mktemp("none"), ["stated_wishes"])
    marts = Marts(warehouse, models, _FACTS)
    answered(marts, "1", "c1", "2026-05-01", "Skis")
    assert marts.rows("stated_wishes") == []
