"""What people wrote in answers of a survey: whose it is, and which question each answers. Without somebody it is not proposed.

Erasure goes by the person, and an answer to a question about a special category never enters raw, by `questions`. Not here: what an
answer is (entities.py), the lists that hold answers (nested_parts.py).
"""

from __future__ import annotations

from dataclasses import replace

from orchestration.contracts.words import ENDING, concepts_of
from orchestration.proposals.columns import Column
from orchestration.proposals.found import FoundTable
from orchestration.proposals.proposal import Proposal

ANSWERS = "survey_answers"


def with_person(table: FoundTable) -> FoundTable:
    """The table; where it holds answers, with `persons` and `questions`, or without what people wrote."""
    written = [one for one in table.maps if one.entity == ANSWERS and one.of("answer_text")]
    if not written:
        return table
    persons = _persons(table)
    if not persons:
        maps = [_without_text(one) if one in written else one for one in table.maps]
        texts = [c for one in written if (text := one.of("answer_text")) for c in text.columns]
        return replace(table, maps=maps, unmapped=[*table.unmapped, *(c for c in texts if c not in table.unmapped)])
    pairs = [(one.of("question"), one.of("answer_text")) for one in written]
    questions = {q.columns[0]: a.columns[0] for q, a in pairs if q and a}
    within = table.within | {"persons": [persons]} | ({"questions": questions} if questions else {})
    table = replace(table, within=within)
    return replace(table, unmapped=[c for c in table.unmapped if c not in table.named_by])


def _persons(table: FoundTable) -> dict[str, object]:
    """The key of the person, else the address."""
    if key := _best(table, "person_key"):
        return {"key": key}
    email = next((c.name for c in table.columns if c.looks_like == "email"), None) or _best(table, "email")
    return {"email": [email]} if email else {}


def _best(table: FoundTable, concept: str) -> str | None:
    sure = {c.name: concepts_of(c.name, table.name).get(concept, 0.0) for c in table.columns if _names(c)}
    return max((name for name in sure if sure[name] > ENDING), key=lambda name: sure[name], default=None)


def _names(column: Column) -> bool:
    return bool(column.filled) and not column.is_time


def _without_text(one: Proposal) -> Proposal:
    text = one.of("answer_text")
    told = f"{', '.join(text.columns if text else ())}: not mapped, for no column says whose the answers are: no erasure would find them"
    filled = tuple(f for f in one.filled if f.target != "answer_text")
    return replace(one, filled=filled, notes=(*one.notes, told))
