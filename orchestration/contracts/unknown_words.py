"""Words of a source that its entity does not know: which they are, and which of them may be told. Not here: what is made of them (run/first_maps.py,
proposals/unknown_words.py)."""

from __future__ import annotations

import re
from collections.abc import Collection, Sequence

from orchestration.contracts.mapping_values import stripped
from orchestration.core.warehouse import text

# a word of letters that so many rows have is one of the system, as of a state; what fewer have may be anything, a name too
_SHARED = 10
_WORD = re.compile(r"[^\W\d_]+(?: [^\W\d_]+){0,2}")
_MOST_WORDS = 8
_BLANKS = str.maketrans("_-", "  ")  # as the seeds of words are spelled


def spelled(value: str) -> str:
    """SQL: a word as the seeds of words are spelled."""
    return f"translate(lower({stripped(value)}), '_-', '  ')"


def is_unknown(value: str, words: Collection[str]) -> str:
    """SQL: whether a word is none of those that are known."""
    listed = ", ".join(sorted({text(one.translate(_BLANKS)) for one in words}))
    return f"{spelled(value)} not in ({listed})"


def told_words(found: Sequence[tuple[str, int]]) -> tuple[list[str], int]:
    """The words of the system among unknown ones, of which each is told with its rows; and how many others there are."""
    shared = [one for one, times in found if times >= _SHARED and _WORD.fullmatch(one)][:_MOST_WORDS]
    return shared, len(found) - len(shared)
