"""What people say in surveys that they want, and the gap to what they buy, by hand-written rows against what one counts by hand."""

from __future__ import annotations

from datetime import datetime

import pytest

from tests.unit.compiled import OTHERWISE, compiled_models, compiled_otherwise
from tests.unit.dbt_project.insight import Marts, order

_MODELS = ("stated_wishes", "wishes", "bi_wishes", "customer_profile")
_FACTS = (
    "fct_order_items", "dim_products", "conformed_survey_answers", "fct_survey_responses",
)  # fmt: skip
(_QUESTION,) = OTHERWISE["insight"]["wish_questions"]


@pytest.fixture(scope="module")
def models(tmp_path_factory) -> dict[str, str]:
    return compiled_otherwise(tmp_path_factory, _MODELS)


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
    record: bool = True,
) -> None:
    """A response of a customer, or of a respondent who is none, or without a `record` of nobody, with an answer for each of `answers`."""
    if customer:
        marts.con.execute(
            "insert into marts.dim_customers by name select $1 as customer_id where $1 not in (select customer_id from marts.dim_customers)",
            [customer],
        )
    of = {"person_system": "s", "person_key": f"p{key}"} if record else {}
    marts.add(
        "marts.fct_survey_responses",
        {"source_system": "s", "source_key": key, "customer_id": customer, "submitted_at": datetime.fromisoformat(at)} | of,
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
    found = {
        (r["customer_id"], r["person_system"], r["person_key"], r["answer"], r["is_newest"])
        for r in marts.rows("stated_wishes")
    }
    assert found == {
        ("c1", "s", "p2", "boots", True),
        ("c1", "s", "p1", "skis", False),
        ("c1", "s", "p2", "tents", True),
        (None, "s", "p6", "skis", True),
    }
    # what tells of a special category (Art. 9) is nobody's wish
    marts.con.execute("insert into identity.special_values values ('Skis', 'health')")
    assert {r["answer"] for r in marts.rows("stated_wishes")} == {"boots", "tents"}
    # nor does an older wish become the newest by it
    marts.con.execute("insert into identity.special_values values (' Tents', 'health'), ('Boots', 'health')")
    marts.con.execute("delete from identity.special_values where value = 'Skis'")
    wishes = marts.rows("stated_wishes", "customer_id = 'c1'")
    assert [(r["answer"], r["is_newest"]) for r in wishes] == [("skis", False)]


def test_a_response_without_a_person_is_somebodys(marts):
    """Of each such response one: nobody knows whose it is, and it is not lost."""
    for n in range(5):
        answered(marts, str(n), None, "2026-05-01", "Skis", "A robot", "A drone", record=False)
    answered(marts, "6", None, "2026-05-02", "Boots", record=False)
    assert len(marts.rows("stated_wishes", "is_newest and person_key is null")) == 16
    marts.build("stated_wishes")
    found = {key: row["people_count"] for key, row in marts.by("wishes", "answer").items()}
    assert found == {"skis": 5, "a robot": 5, "other (small groups)": 6}


@pytest.mark.parametrize("hidden", ["is_protected", "is_deceased"])
def test_rule_19_nothing_is_told_of_what_protected_people_and_the_dead_said(marts, hidden):
    """An answer may be where somebody is found: neither who, nor how many."""
    for n in range(7):
        answered(marts, str(n), f"c{n}", "2026-05-01", "The shop in Mora")
    marts.con.execute(f"update marts.dim_customers set {hidden} = true where customer_id = 'c1'")
    marts.build("stated_wishes")
    assert {row["customer_id"] for row in marts.rows("stated_wishes")} == {"c0", "c2", "c3", "c4", "c5", "c6"}
    found = marts.by("wishes", "answer")
    assert found["the shop in mora"]["people_count"] == found["the shop in mora"]["customer_count"] == 6


def test_nothing_is_told_of_who_refused_profiling(marts):
    for n in range(2):
        answered(marts, str(n), f"c{n}", "2026-05-01", "Skis")
    refusal = {"purpose": "profiling", "channel": "email", "is_permitted": False, "reason_code": "withdrawn"}
    marts.add("marts.contact_permissions", refusal | {"customer_id": "c1"})
    assert [r["customer_id"] for r in marts.rows("stated_wishes")] == ["c0"]


def test_what_is_wanted_and_who_has_bought_it_since(marts):
    marts.add("marts.dim_products", {"source_system": "shop", "source_key": "t1", "category": "Tents"})
    for n in range(6):
        answered(marts, str(n), f"c{n}", "2026-05-01", "tents", "Kayaks", *(["Sleds"] if n else []))
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
        # of one, and of the next smallest: all who answered less the others would tell of the one
        # whether they are sold is not known
        ("what's next?", "other (small groups)"): (None, 6, 6, None),
    }


def test_a_category_that_systems_write_otherwise_is_the_same(marts):
    """Bought of any of them is bought."""
    spelled = {"t1": "Tents", "t2": "TENTS ", "t3": " tents"}
    marts.add(
        "marts.dim_products", *({"source_system": "shop", "source_key": k, "category": c} for k, c in spelled.items())
    )
    for n in range(6):
        answered(marts, str(n), f"c{n}", "2026-05-01", "tEnTs")
    for n, product in enumerate(spelled):
        marts.add("marts.fct_orders", order(f"o{n}", f"c{n}", "2026-05-20"))
        line = {
            "source_system": "shop",
            "source_key": f"o{n}",
            "order_key": f"o{n}",
            "product_key": product,
            "net_amount": 10,
        }
        marts.add("marts.fct_order_items", line)
    marts.build("stated_wishes")
    (found,) = marts.rows("wishes")
    assert (found["answer"], found["is_category"], found["people_count"], found["bought_count"]) == (
        "tents",
        True,
        6,
        3,
    )


def test_rule_32_analysts_see_what_many_want_and_no_part_of_few_nor_an_address(marts):
    marts.con.execute("insert into identity.shown_values values (false, 'Ask me@x.se', 'Ask [email address removed]')")
    marts.add("marts.dim_products", {"source_system": "shop", "source_key": "t1", "category": "Tents"})
    for n in range(20):
        answered(
            marts,
            str(n),
            f"c{n}",
            "2026-05-01",
            "Tents",
            *(["Ask me@x.se"] if n < 8 else []),
            *(["Kayaks"] if 7 < n < 14 else []),
            *(["A drone"] if n < 2 else []),
        )
        if n < 17:
            marts.add("marts.fct_orders", order(f"o{n}", f"c{n}", "2026-05-20"))
            line = {"source_system": "shop", "source_key": f"o{n}", "order_key": f"o{n}", "product_key": "t1"}
            marts.add("marts.fct_order_items", line)
    marts.build("stated_wishes", "wishes")
    assert len(marts.rows("wishes")) == 3
    found = {r["answer"]: (r["people_count"], r["customer_count"], r["bought_count"]) for r in marts.rows("bi_wishes")}
    # three did not buy: whoever knows two of them knows the third
    # two want a drone and six a kayak: without the two together, what is left of all answers is the drone's
    assert found == {
        "tents": (20, 20, None),
        "ask [email address removed]": (8, 8, None),
        "other (small groups)": (8, 8, None),
    }
    # of rare answers those may be told that many have bought, or nobody: no fair sample of all
    marts.con.execute("delete from insight.wishes")
    small, large = "range(30) t(n)", "range(30, 60) t(n)"
    for cells, people, bought in ((small, 20, "if(n % 3 = 0, 6, 2)"), (large, 400, "60")):
        marts.con.execute(f"insert into insight.wishes by name select 'q' as question, 'a' || n as answer, true as is_category, {people} as people_count, {people} as customer_count, {bought} as bought_count from {cells}")  # fmt: skip
    found = marts.rows("bi_wishes")
    assert {(row["customer_count"], row["bought_count"]) for row in found} == {(20, None), (400, 60)}


def test_unless_a_question_is_named_nothing_is_a_wish(warehouse, tmp_path_factory):
    models = compiled_models(tmp_path_factory, ["stated_wishes", "customer_profile"])
    marts = Marts(warehouse, models, _FACTS)
    answered(marts, "1", "c1", "2026-05-01", "Skis")
    assert marts.rows("stated_wishes") == []
