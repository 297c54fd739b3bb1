"""What the names of tables and files say of consent: lists of who refused, logs, tables of what holds now. Not here: columns that say a no (refusals.py), what an unread list
keeps from being proposed (refusal_lists.py).
"""

from __future__ import annotations

import re

from orchestration.contracts.words import plain_words_for, words_of
from orchestration.privacy.intake.withdrawals import PLAIN_REFUSAL
from orchestration.proposals.refusals import TOLD_AT, says_no

# words with a refusal in them that mean another thing in the name of a table: objects, people in Peru, stops of a bus
_OTHERS = re.compile(r"object|peru$|super|stops?$")
_SHORT = 3


def lists_refusals(table: str) -> bool:
    """Whether the name of a table says that who is in it refused: Avanmälda, nixlista, opt_outs."""
    words = _words(table)
    return bool(re.search(TOLD_AT, " ".join(words))) or any(map(_refuses, words))


def may_list_refusals(table: str) -> bool:
    """Whether it may say so in words that mean other things too: removed, complaints, no_mail."""
    said = " ".join(_words(table))
    return lists_refusals(table) or says_no(said) or bool(re.search(PLAIN_REFUSAL, said))


def is_state(table: str) -> bool:
    """Whether a row of a table of that name says what holds now, and is written over: email_preferences, Kontaktval."""
    ends = tuple(sorted(plain_words_for("state")))
    return any(word.endswith(ends) for word in words_of(table))


def is_log(table: str) -> bool:
    """Whether a table of that name has a row for each statement, which stays: consent_log, Samtyckeshistorik."""
    told = plain_words_for("log")
    # a short one ends others: a blog is no log
    ends = tuple(sorted(term for term in told if len(term) > _SHORT))
    return any(word in told or word.endswith(ends) for word in words_of(table))


def _words(table: str) -> list[str]:
    return [word for word in words_of(table) if not _OTHERS.match(word)]


def _refuses(word: str) -> bool:
    """Whether a word of a list's name refuses, without what says only that it is a list: nixregister, blocks."""
    # customers without orders refuse nothing
    told = plain_words_for("refusal") - plain_words_for("without")
    listed = [word.removesuffix(term) for term in plain_words_for("noise") if word.endswith(term)]
    return any(one.removesuffix(end) in told for one in (word, *listed) for end in ("", "s", "ar"))
