"""Whether a column of orders is called as who bought is: buyer.uuid, köpare, or as the table of people or its key.

Here: names alone. Not here: names that say a person's key on their own (words/columns.csv), values (linked.py).
"""

from __future__ import annotations

from collections.abc import Collection

from orchestration.contracts.words import plain_words_for, words_of

# shorter words end others by chance
_COMPOUND = 5


def names_buyer(column: str, table: str) -> bool:
    """Whether all that a name of a column of a table says is the buyer."""
    return _says(column, table, plain_words_for("buyer"))


def names_people(column: str, table: str, people: str, key: str) -> bool:
    """Whether it says the buyer, or the table of the people, or is called as their key."""
    if _rest(column, table) and words_of(column) == words_of(key):
        return True
    return _says(column, table, plain_words_for("buyer") | set(_forms(words_of(people))))


def may_be_staff(column: str) -> bool:
    """Whether it may say who sold, wrote or owns it: they are people of a list of users too."""
    told = plain_words_for("staff")
    ends = tuple(word for word in told if len(word) >= _COMPOUND)
    return any(word in told or word.endswith(ends) for word in words_of(column))


def _says(column: str, table: str, told: Collection[str]) -> bool:
    words = _rest(column, table)
    return bool(words) and ("".join(words) in told or all(word in told for word in words))


def _rest(column: str, table: str) -> list[str]:
    """The words of a name but for those of its own table, and for those that say only that it is a key: order.buyer.uuid, kundref."""
    left_out = {*plain_words_for("reference"), *_forms(words_of(table))} - plain_words_for("buyer")
    ends = sorted(plain_words_for("reference"), key=len, reverse=True)
    words = [word for word in words_of(column) if word not in left_out]
    return [next((word.removesuffix(end) for end in ends if word.endswith(end)), word) for word in words]


def _forms(words: Collection[str]) -> Collection[str]:
    return {*words, *(word.removesuffix("s") for word in words)}
