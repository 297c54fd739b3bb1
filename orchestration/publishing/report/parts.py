"""What a report is made of: big figures, and sections of parts, each a question with the way its answer is drawn and told.

Not here: which there are (sections.py), asking (asking.py), drawing (charts.py), words (words.py).
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from typing import Literal

from orchestration.publishing.report.asking import Answer, Question

# a sentence about an answer: (today's, the one that it is compared with or None, the company's currency) → words, or ""
Says = Callable[[Answer, Answer | None, str], str]


@dataclass(frozen=True)
class Drawn:
    """How rows become a chart: bars of one measure, columns stacked or a line by month, lines by week, bars of several measures
    beside each other, or a grid of one measure whose rows are `by`."""

    kind: Literal["bars", "months", "line", "weeks", "steps", "grid"]
    x: str
    y: tuple[str, ...]
    by: str = ""
    # in the chart only the first so many rows
    most: int = 12
    # of a grid: what stands on both axes, from the least to the most
    levels: tuple[str, ...] = ()


@dataclass(frozen=True)
class Part:
    """One answer of a section: its chart, its table, a sentence on it."""

    title: str
    question: Question
    drawn: Drawn | None = None
    has_table: bool = True
    says: Says | None = None
    # what the rows do not say by themselves
    note: str = ""
    # what to connect where it is another thing than the section needs
    add: str = ""


@dataclass(frozen=True)
class Section:
    """`add` says what to connect where nothing of it is there."""

    name: str
    title: str
    parts: tuple[Part, ...]
    add: str


@dataclass(frozen=True)
class Figure:
    """A big number: a column of the one row that a question answers."""

    title: str
    question: Question
    column: str
    add: str
    # what the number does not say by itself
    note: str = ""
