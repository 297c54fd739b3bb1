"""Answers of a survey whose export has a column for each question: those that a company names, as grades, each a row of its question.

Not here: answers that have rows of their own (a vendor's file says them), or what a choice may be (privacy/intake/choices.py).
"""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

from orchestration.extract.vendors.maps import put_in
from orchestration.privacy.intake.special_categories import special_category_of

# of a map: there is one of each answer that a company names
_OF_ANSWERS = "of_answers"
_ANSWER, _QUESTION, _NPS = "$answer", "$question", "$nps"


def questions_of(given: dict[str, Any]) -> dict[str, str]:
    """Column of an answer → its question; where none is told, the column is called as the question is."""
    said = given.get("answers") or {}
    return dict(said) if isinstance(said, dict) else {column: column for column in said}


def graded(
    shape: dict[str, Any], table: str, given: dict[str, Any], refuse: Callable[[str, str], Exception]
) -> dict[str, Any]:
    """Columns and choices of a table with the answers that a company names. Raises what `refuse(what, to_do)` makes where the table has no
    answers, or a question is of a special category."""
    named = dict.fromkeys([*questions_of(given), *filter(None, [given.get("nps")])], "VARCHAR")
    if not named:
        return {}
    if not any(_OF_ANSWERS in one for one in shape.get("maps", [])):
        raise refuse(f"table {table} has no columns of answers", "answers and nps are of a survey's responses")
    for column, question in questions_of(given).items():
        if category := special_category_of(question):
            raise refuse(
                f"the question of '{column}' is about a special category ({category})",
                "leave it out: its answers are never kept",
            )
    return {"columns": shape["columns"] | named, "choices": [*shape.get("choices", []), *named]}


def of_answers(one: dict[str, Any], given: dict[str, Any]) -> list[dict[str, Any]]:
    """A map, or one for each column of an answer; with the column of how likely people recommend, where one is named."""
    if _OF_ANSWERS not in one:
        return [put_in(one, {_NPS: given.get("nps")})]
    rest = {key: value for key, value in one.items() if key != _OF_ANSWERS}
    return [
        put_in(rest | {"name": column}, {_ANSWER: column, _QUESTION: question})
        for column, question in questions_of(given).items()
    ]
