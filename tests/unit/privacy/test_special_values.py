"""What products, searches and answers are called that tells of a special category, as the marts of interests read it."""

from __future__ import annotations

import pytest

from data_quality.suites.common import tells_no_special_category
from orchestration.contracts.seeds import SEEDS
from orchestration.privacy.intake.special_categories import REMOVED_SENTENCE
from orchestration.privacy.intake.special_values import find_special_values
from tests.unit.compiled import compiled_models
from tests.unit.empty_tables import add_rows, empty_tables

TELLING = {"Pregnancy tests": "health", "Kosher food": "religion", "hälsa": "health", "PregnancyTest": "health", "Union-membership bag": "trade union"}  # fmt: skip
HARMLESS = ["Skis", "Tents", "Föräldrar & barn", "Testers", None]


@pytest.fixture
def found(warehouse):
    empty_tables(warehouse, "conformed_products", "conformed_web_events", "conformed_survey_answers")
    names = [*TELLING, *HARMLESS]
    add_rows(
        warehouse,
        "conformed.conformed_products",
        *({"source_system": "shop", "source_key": f"c{n}", "name": "A thing", "category": name} for n, name in enumerate(names)),
        *({"source_system": "shop", "source_key": f"n{n}", "name": name, "category": "Things"} for n, name in enumerate(names)),
    )  # fmt: skip
    add_rows(
        warehouse,
        "conformed.conformed_web_events",
        {"source_key": "1", "kind": "search", "term": "halal"},
        {"source_key": "3", "kind": "search", "term": REMOVED_SENTENCE},
        {"source_key": "2", "kind": "form", "term": "koscher"},
    )
    answers = (("choice", "Vaccinations"), ("choice", "Boots"), ("text", "I am pregnant"))
    add_rows(
        warehouse,
        "conformed.conformed_survey_answers",
        *({"source_key": answer, "kind": kind, "answer_text": answer} for kind, answer in answers),
    )
    counts = find_special_values(warehouse)
    return counts, dict(warehouse.execute("select value, category from identity.special_values").fetchall())


def test_rule_18_words_of_products_searches_and_choices_are_known_by_the_seed(found, warehouse):
    counts, told = found
    assert told == TELLING | {"halal": "religion", REMOVED_SENTENCE: "some", "Vaccinations": "health"}
    assert counts == {
        "products.name": len(TELLING), "products.category": len(TELLING), "web_events.term": 2, "survey_answers.answer_text": 1,
    }  # fmt: skip
    # made anew, not added to
    assert find_special_values(warehouse) == counts
    assert warehouse.execute("select count(*) from identity.special_values").fetchall() == [(len(told),)]


def test_rule_18_a_product_of_one_is_marked_by_its_name_or_its_category(found, warehouse, tmp_path_factory):
    (sql,) = compiled_models(tmp_path_factory, ["dim_products"]).values()
    marked = warehouse.execute(
        f"select source_key from ({sql}) where is_special_category order by source_key"
    ).fetchall()
    assert marked == sorted((f"{of}{n}",) for of in "cn" for n in range(len(TELLING)))
    assert warehouse.execute(f"select count(*) from ({sql})").fetchall() == [(2 * len([*TELLING, *HARMLESS]),)]


def test_rule_18_the_check_reads_the_results_again_by_the_words(warehouse):
    """Whatever marked the products."""
    warehouse.execute(
        f"create schema reference; create table reference.special_category_terms as from read_csv('{SEEDS}/special_category_terms.csv')"
    )
    query = tells_no_special_category("segment", "b.scheme = 'interest'").arguments["unexpected_rows_query"]
    warehouse.execute("create table segments (scheme varchar, segment varchar)")

    def broken_by(*names: str | None) -> set[str]:
        warehouse.execute("delete from segments; insert into segments values ('store', 'Kosher food')")
        add_rows(warehouse, "segments", *({"scheme": "interest", "segment": name} for name in names))
        return {category for (category,) in warehouse.execute(query.format(batch="segments")).fetchall()}

    assert broken_by(*HARMLESS) == set()
    assert [name for name in TELLING if not broken_by(name)] == []
