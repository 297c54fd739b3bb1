"""Columns beside a consent that may take it back by their words: `Får kontaktas: Nej`, `Status: Spärrad`, `Avslutad: 2025-05-01`.

They keep a yes from being proposed, and are told of. Not here: columns whose name says a no, which are mapped (refusals.py).
"""

from __future__ import annotations

import re
from functools import cache

from orchestration.privacy.intake.withdrawals import PLAIN_REFUSAL, REFUSAL
from orchestration.proposals.columns import FEW, Column
from orchestration.proposals.words import plain_words_for, words_for, words_of

_ANSWERS = ("yes", "no", "doubt")


def may_say_no(column: Column) -> bool:
    """Whether a row may say by it that nobody writes to the person: an answer about contact, a word that refuses, or that somebody left."""
    if _has_word(column.name, "ended"):
        return True
    if column.is_time:
        return False
    is_said = (_is_answer(column) and _has_word(column.name, "contact")) or any(map(_refuses, column.values))
    return is_said or _is_unread_comment(column)


def _is_unread_comment(column: Column) -> bool:
    """Whether people write there what they like, and too many different things to look at them all."""
    is_unread = column.filled > 0 and (not column.values or column.distinct > FEW)
    return is_unread and column.kind == "VARCHAR" and any(word.endswith(_comments()) for word in words_of(column.name))


def _is_answer(column: Column) -> bool:
    """Of numbers and letters only where every value is one: 1, 2 and 3 are none, nor is an id."""
    answers = frozenset[str]().union(*map(words_for, _ANSWERS))
    found = [value for value in column.values if value in answers]
    is_plain = len(found) == len(column.values) or any(len(value) > 1 for value in found)
    return bool(found) and is_plain and words_of(column.name)[-1:] != ["id"]


def _refuses(value: str) -> bool:
    # a comment: vill inte ha mejl
    is_about_contact = bool(re.search(REFUSAL, value)) and _has_word(value, "contact")
    return (
        is_about_contact
        or bool(re.search(PLAIN_REFUSAL, value))
        or _has_word(value, "refusal")
        or _has_word(value, "without")
        or _has_word(value, "ended")
    )


def _has_word(said: str, meaning: str) -> bool:
    return any(word in plain_words_for(meaning) for word in words_of(said))


@cache
def _comments() -> tuple[str, ...]:
    """Words for comments, which end others too: kundanteckning."""
    return tuple(sorted(plain_words_for("comment")))
