"""Names and values of one customer's picture as people read them. Here: words. Not here: reading the customer (customer_picture.py)."""

from __future__ import annotations

import re
from datetime import date, datetime
from decimal import Decimal
from typing import Any

_PERIODS = (
    (re.compile(r" (\d+)d before$"), r" in the \1 days before those"),
    (re.compile(r" (\d+)d$"), r" in \1 days"),
    (re.compile(r" (\d+)m$"), r" in \1 months"),
)
# what a name alone says wrongly beside a person's name: statistics of places
_NAMES = {
    "economic capital": "economic capital of the area, not of the person",
    "cultural capital": "cultural capital of the area, not of the person",
}
_VALUES = {"gender": {"f": "female", "m": "male"}}


def name_in_words(name: str) -> str:
    """A column or a scheme of segments as people read it."""
    said = name.replace("_", " ")
    if said in _NAMES:
        return _NAMES[said]
    said = re.sub(r"^(is|has) ", "", said)
    for period, words in _PERIODS:
        said = period.sub(words, said)
    return said


def in_words(value: Any, name: str = "") -> str:
    """A value as people read it; `name` is the column that holds it."""
    if isinstance(value, bool):
        return "yes" if value else "no"
    if isinstance(value, datetime):
        return f"{value:%Y-%m-%d %H:%M}"
    if isinstance(value, date):
        return value.isoformat()
    if isinstance(value, list):
        return ", ".join(map(str, value))
    if isinstance(value, float):
        return f"{value:z,.2f}"
    return f"{value:,}" if isinstance(value, int | Decimal) else _VALUES.get(name, {}).get(str(value), str(value))
