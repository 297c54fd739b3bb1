"""Themes and sentiment of free texts in five languages, measured on planted texts, and of whom they are told."""

from __future__ import annotations

from datetime import datetime
from typing import Any

import pytest

from orchestration.contracts.seeds import SEEDS
from tests.unit.compiled import compiled_models
from tests.unit.dbt_project.insight import NOT_PROFILED, Marts
from tests.unit.dbt_project.planted_texts import PLANTED

CLASSES = ("positive", "neutral", "negative")


@pytest.fixture(scope="module")
def models(tmp_path_factory) -> dict[str, str]:
    return compiled_models(
        tmp_path_factory, ("feedback_texts", "feedback_themes", "bi_feedback_themes", "customer_profile")
    )


@pytest.fixture
def marts(warehouse, models) -> Marts:
    facts = (
        "conformed_reviews",
        "conformed_survey_answers",
        "fct_survey_responses",
    )
    found = Marts(warehouse, models, facts)
    warehouse.execute(f"create table reference.feedback_words as from read_csv('{SEEDS}/feedback_words.csv')")
    return found


def review(key: str, text: str | None, person: str | None = None, at: str = "2026-05-01") -> dict[str, Any]:
    return {"source_system": "shop", "source_key": key, "person_system": "crm", "person_key": person or key, "rating": 3,
            "review_text": text, "reviewed_at": datetime.fromisoformat(at)}  # fmt: skip


def sentiments(marts: Marts, *texts: str) -> list[str]:
    marts.con.execute("delete from conformed.conformed_reviews")
    marts.add("conformed.conformed_reviews", *(review(str(n), text) for n, text in enumerate(texts)))
    found = {row["source_key"]: row["sentiment"] for row in marts.rows("feedback_texts")}
    return [found[str(n)] for n in range(len(texts))]


def macro_f1(pairs: list[tuple[str, str]]) -> float:
    """Mean of the three classes' F1, of (meant, found)."""
    scores = []
    for kind in CLASSES:
        hits = sum(meant == found == kind for meant, found in pairs)
        scores.append(2 * hits / (sum(m == kind for m, _ in pairs) + sum(f == kind for _, f in pairs)))
    return sum(scores) / len(scores)


def test_macro_f1_on_planted_texts_of_our_own_is_at_least_80_percent_in_each_language(marts):
    for language, planted in PLANTED.items():
        meant = [(kind, text) for kind, texts in planted.items() for text in texts]
        found = sentiments(marts, *(text for _, text in meant))
        wrong = [(text, it) for (kind, text), it in zip(meant, found, strict=True) if kind != it]
        f1 = macro_f1([(kind, it) for (kind, _), it in zip(meant, found, strict=True)])
        assert f1 >= 0.80, (language, round(f1, 3), wrong)


def test_the_language_of_planted_texts_is_known(marts):
    texts = [(language, text) for language, planted in PLANTED.items() for kind in CLASSES for text in planted[kind]]
    marts.add("conformed.conformed_reviews", *(review(str(n), text) for n, (_, text) in enumerate(texts)))
    found = {row["source_key"]: row["language"] for row in marts.rows("feedback_texts")}
    # many a sentence is the same in Danish and in Norwegian
    alike = {"no": "scandinavian", "da": "scandinavian"}
    right = sum(alike.get(said, said) == alike.get(found[str(n)], found[str(n)]) for n, (said, _) in enumerate(texts))
    assert right / len(texts) >= 0.9


@pytest.mark.parametrize(
    ("text", "sentiment"),
    [
        ("It is good.", "positive"),
        ("It is not good.", "negative"),
        ("It isn’t good.", "negative"),
        ("Not one of my friends said a word about it. Good!", "positive"),
        ("Den är inte dyr och bra", "positive"),
        ("Den är bra, inte dyr", "positive"),
        ("Den virker ikke", "negative"),
        ("Se ei ole huono", "positive"),
        ("Good, but broken", "negative"),
        ("!!! ???", "neutral"),
        ("asdf 123", "neutral"),
    ],
)
def test_negation_turns_its_own_part_of_the_sentence(marts, text, sentiment):
    assert sentiments(marts, text) == [sentiment]


def test_themes_of_texts_each_text_once_among_all(marts):
    marts.add("marts.fct_survey_responses", {"source_system": "forms", "source_key": "r1", "submitted_at": datetime(2026, 5, 1)},
              {"source_system": "forms", "source_key": "r2", "submitted_at": datetime(2026, 6, 2)})  # fmt: skip
    answer = {"source_system": "forms", "kind": "text"}
    marts.add("conformed.conformed_reviews", review("1", "Late delivery and too expensive"), review("2", "Frakten var snabb"),
              review("3", "Jag köpte den"), review("4", " "), review("5", "Great", at="2026-06-02"))  # fmt: skip
    marts.add("conformed.conformed_survey_answers", answer | {"source_key": "a1", "response_key": "r1", "answer_text": "Nopea toimitus"},
              answer | {"source_key": "a2", "response_key": "r2", "answer_text": "Great"},
              answer | {"source_key": "a3", "response_key": "r1", "answer_text": "Great", "kind": "choice"})  # fmt: skip
    marts.build("feedback_texts")
    found = {
        key: (row["text_count"], row["positive_count"], row["negative_count"])
        for key, row in marts.by("feedback_themes", "kind", "theme").items()
    }
    assert found == {
        ("review", "all"): (3, 1, 1),
        ("review", "delivery"): (2, 1, 1),
        ("review", "price"): (1, 0, 1),
        ("review", "none"): (1, 0, 0),
        ("survey answer", "all"): (1, 1, 0),
        ("survey answer", "delivery"): (1, 1, 0),
    }


@pytest.mark.parametrize("why", NOT_PROFILED)
def test_rule_19_who_may_not_be_profiled_has_no_sentiment(marts, why):
    marts.knows("c1", "c2")
    for person in ("1", "2"):
        marts.add("marts.bridge_customer_source_records", {"customer_id": f"c{person}", "source_system": "crm", "source_key": person})  # fmt: skip
    marts.add("conformed.conformed_reviews", review("1", "Great"), review("2", "Great"), review("3", "Great"))
    marts.hides("c1", why)
    assert {row["source_key"]: row["customer_id"] for row in marts.rows("feedback_texts")} == {"2": "c2", "3": None}


def test_analysts_see_themes_of_few_as_one_and_rounded_counts(marts):
    texts = ["Great quality"] * 13 + ["Late delivery"] * 7 + ["Too expensive"] * 2
    marts.add("conformed.conformed_reviews", *(review(str(n), text) for n, text in enumerate(texts)))
    marts.build("feedback_texts", "feedback_themes")
    found = {
        row["theme"]: (row["people_count"], row["text_count"], row["positive_count"])
        for row in marts.rows("bi_feedback_themes")
    }
    assert found == {"all": (20, 20, 15), "quality": (15, 15, 15), "other (small groups)": (None, 10, 0)}
