"""Columns beside a consent that may take it back by their words: `Får kontaktas: Nej`, `Status: Spärrad`, `Avslutad: 2025-05-01`.

They keep a yes from being proposed; where all their words are known, their no is mapped, in doubt about what for as a no to all. Not
here: columns whose name says a no (refusals.py), a no in one of many values (refusing_values.py).
"""

from __future__ import annotations

from functools import cache

from orchestration.contracts.words import plain_words_for, words_for, words_of
from orchestration.proposals.columns import FEW, Column
from orchestration.proposals.refusing_words import holds_names, is_of_contact, refuses

_ANSWERS = ("yes", "no", "doubt")


def may_say_no(column: Column) -> bool:
    """Whether a row may say by it that nobody writes to the person: an answer about contact, a word that refuses, or that somebody left."""
    if _has_word(column.name, "ended") or _is_end(column):
        return True
    if column.is_time:
        return False
    if is_of_contact(column.name) and (_is_answer(column) or any(map(_is_without, column.values))):
        return True
    if holds_names(column.name):
        return False
    return column.refuses or any(map(refuses, column.values)) or _is_unread_comment(column)


def _is_unread_comment(column: Column) -> bool:
    """Whether people write there what they like, and too many different things to be words that are known to refuse or not."""
    is_unread = column.filled > 0 and (not column.values or column.distinct > FEW)
    return is_unread and column.kind == "VARCHAR" and any(word.endswith(_comments()) for word in words_of(column.name))


def known_refusals(column: Column) -> tuple[tuple[str, ...], tuple[str, ...]]:
    """(Words of a column that refuse, those that do not): a map may be written with them, for they are nobody's.

    Nothing refuses where a word is not known, or is a number or a letter: 0 may count.
    """
    if (
        column.is_time
        or column.distinct > FEW
        or holds_names(column.name)
        or any(len(value) == 1 for value in column.values)
    ):
        return (), ()
    is_contact = is_of_contact(column.name)
    said = words_for("no") | words_for("doubt") if is_contact and _is_answer(column) else ()
    told = plain_words_for("refusal") | plain_words_for("ended")
    # no children refuse nothing
    told -= frozenset() if is_contact else plain_words_for("without") - plain_words_for("never")
    refusing = tuple(v for v in column.values if v in said or "".join(words_of(v)) in told)
    rest = tuple(v for v in column.values if v not in refusing)
    is_known = all(v in words_for("yes") | words_for("standing") for v in rest)
    return (refusing, rest) if is_known else ((), ())


def _is_end(column: Column) -> bool:
    """Whether it says when something ended that may be the consent: `Nyhetsbrev slut`, `Slutdatum`. Not of what its name says is another's."""
    words = words_of(column.name)
    if not column.is_time or not any(word in plain_words_for("ending") or word.startswith(_ends()) for word in words):
        return False
    ends = plain_words_for("ending") | plain_words_for("when")
    rest = [word for word in words if word not in ends and not word.startswith(_ends())]
    return not rest or is_of_contact(" ".join(rest))


def _is_answer(column: Column) -> bool:
    """Of numbers and letters only where every value is one: 1, 2 and 3 are none, nor is an id."""
    answers = frozenset[str]().union(*map(words_for, _ANSWERS))
    found = [value for value in column.values if value in answers]
    is_plain = len(found) == len(column.values) or any(len(value) > 1 for value in found)
    return bool(found) and is_plain and words_of(column.name)[-1:] != ["id"]


def _is_without(value: str) -> bool:
    return "".join(words_of(value)) in plain_words_for("without")


def _has_word(said: str, meaning: str) -> bool:
    return any(word in plain_words_for(meaning) for word in words_of(said))


@cache
def _ends() -> tuple[str, ...]:
    """Longer words for an end begin others too: slutdatum, avslutsdatum, päättymispäivä."""
    return tuple(sorted(word for word in plain_words_for("ending") if len(word) > 3))


@cache
def _comments() -> tuple[str, ...]:
    """Words for comments, which end others too: kundanteckning."""
    return tuple(sorted(plain_words_for("comment")))
