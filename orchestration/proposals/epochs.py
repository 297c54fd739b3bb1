"""Times that are written as whole numbers since 1970: which columns are, and the expression that reads them. Not here: dates as text (columns.py)."""

from __future__ import annotations

from orchestration.contracts.words import concepts_of, plain_words_for, words_of
from orchestration.core.warehouse import quote

# seconds, milliseconds, microseconds: how many a second has
EPOCHS = (1, 1_000, 1_000_000)
_UNITS = {1: "seconds", 1_000: "milliseconds", 1_000_000: "microseconds"}
# 1990 to 2100, in seconds: no such number of another unit is within it
_FROM, _UNTIL = 631_152_000, 4_102_444_800


def may_be_epoch(name: str) -> bool:
    """Whether a column is called as times are: created, updated_at, event_time."""
    words = words_of(name)
    said = concepts_of(name)
    return any(concept.endswith("_at") for concept in said) or (
        bool(words) and words[-1] in plain_words_for("when") | plain_words_for("stamped")
    )


def is_epoch(said: str, each: int) -> str:
    """SQL: whether a text is a number of such a unit, of a day from 1990 to 2100."""
    return f"coalesce(try_cast({said} as bigint) between {_FROM * each} and {_UNTIL * each}, false) and not contains({said}, '.')"


def time_of(name: str, each: int) -> str:
    """SQL of the time: with its offset, for such a number is of no zone."""
    return f"to_timestamp({quote(name)})" if each == 1 else f"to_timestamp({quote(name)} / {each})"


def told_of(each: int) -> str:
    return f"{_UNITS[each]} since 1970, in UTC"
