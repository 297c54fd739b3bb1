"""The model card: one page for whoever decides whether a score is used. Here: its words and its curve. Not here: the finding."""

from __future__ import annotations

import math
from collections.abc import Sequence
from pathlib import Path
from typing import Any

from jinja2 import Environment, FileSystemLoader

from orchestration.prediction.classify.classifier import BASE_RATE, LOGISTIC
from orchestration.prediction.classify.evaluation import Evaluation

_PAGE = Path(__file__).with_name("model_card.html.jinja")
Curve = Sequence[tuple[float, float, int]]
_IN_WORDS = {LOGISTIC: "a plain logistic regression", BASE_RATE: "the share of yes for everybody"}
SIDE, _MARGIN, _BESIDE, _CHARACTER = 320, 40, 24, 7
# below this a single file says little of another one
_FEW_YES = 100


def measures_explained(found: Evaluation) -> list[str]:
    """What each measure means, and what was found by it."""
    rate = found.measured.positives / found.measured.rows
    return [
        "AUC: the chance that a yes has a higher score than a no; 0.5 is a coin, 1 is perfect.",
        f"Average precision: the share of yes among the highest scores, over all cuts; by chance {rate:.3f}.",
        "Calibration error: the mean gap between what was said and what happened; scores that are exactly right show "
        f"{found.by_chance:.3f} on as many customers.",
        "Brier: the mean square of the gap of each customer; the lower, the better.",
        *(f"Compared with {_IN_WORDS[model]}, by Brier: {found.verdict(model)}." for model in found.difference),
        f"The tenth with the highest scores: {found.top_tenth['share']:.0%} said yes, "
        f"{found.top_tenth['of_all_yes']:.0%} of all who did.",
    ]


def rows_told(found: Evaluation) -> list[str]:
    """Rows that took no part, and how the two files differ."""
    left_out = [(part.name, *one) for part in (found.train, found.test) if part for one in part.left_out.items()]
    told = [f"Left out of {name}: {count:,} rows ({reason})" for name, reason, count in left_out]
    if found.in_both:
        told.append(f"{found.in_both:,} customers are in both files, with other values")
    return told + [f"{c} differs a lot between the files: the model may not fit the later one" for c in found.drift]


def known_limits(found: Evaluation) -> list[str]:
    """What a reader must not take from the card."""
    limits = ["The columns show what goes with the answer, not what causes it."]
    if found.test is None:
        limits.append("It was measured on other customers of the same file, not on a later time.")
    limits += doubts(found)
    return [*limits, "A proxy is known by the name of its column. Look at the table of groups.", *rows_told(found)]


def doubts(found: Evaluation) -> list[str]:
    """Why the finding itself may be doubted."""
    limits = []
    if min(found.measured.positives, found.measured.rows - found.measured.positives) < _FEW_YES:
        limits.append("Few customers have the rarer answer: the intervals are wide.")
    if found.verdict(LOGISTIC) != "better":
        limits.append("A plain logistic regression is not clearly worse: take the simpler one.")
    if found.verdict(BASE_RATE) != "better":
        limits.append("It is not clearly better than the share of yes for everybody: do not use it.")
    return limits


def write_card(found: Evaluation) -> str:
    """The card as one HTML file, nothing fetched. It holds no customer, only counts and shares."""
    return (
        card_pages()
        .get_template(_PAGE.name)
        .render(f=found, explained=measures_explained(found), limits=known_limits(found), chart=chart_of(found.curve))
    )


def card_pages(*folders: Path) -> Environment:
    """Pages of the folders, and what all cards share (card_parts.html.jinja)."""
    environment = Environment(
        loader=FileSystemLoader([*folders, _PAGE.parent]), autoescape=True, trim_blocks=True, lstrip_blocks=True
    )
    environment.filters["said"] = in_short
    environment.filters["share"] = in_percent
    return environment


def chart_of(curve: Curve, *, is_share: bool = True) -> dict[str, Any]:
    """Where each group of the calibration curve lies: said from left to right, happened from below; the diagonal is right.

    The axes end above the highest value: at 100 % at most where it is a share. Beside them is room for the longest number.
    """
    told = in_percent if is_share else in_short
    least = min([0.0, *(value for one in curve for value in one[:2])])
    most = _rounded_up(max((value for one in curve for value in one[:2]), default=1.0))
    least = -_rounded_up(-least) if least < 0 else 0.0

    steps = [least + (most - least) * part for part in (0, 0.25, 0.5, 0.75, 1)]
    names = [in_short(at * 100) + " %" if is_share else in_short(at) for at in steps]
    longest = _CHARACTER * max(map(len, names))
    left, right = max(_MARGIN, longest + 4), max(_BESIDE, longest // 2 + 1)

    def along(value: float) -> float:
        return (value - least) / (most - least) * (SIDE - _MARGIN - _BESIDE)

    def x(value: float) -> float:
        return round(left + along(value), 1)

    def y(value: float) -> float:
        return round(SIDE - _MARGIN - along(value), 1)

    dots = [
        {"x": x(said), "y": y(was), "said": f"{count:,} customers: said {told(said)}, happened {told(was)}"}
        for said, was, count in curve
    ]
    marks = [{"x": x(at), "y": y(at), "said": name} for at, name in zip(steps, names, strict=True)]
    wide = left + SIDE - _MARGIN - _BESIDE + right
    return {"dots": dots, "marks": marks, "low": marks[0], "high": marks[-1], "side": SIDE, "wide": wide}


def _rounded_up(value: float) -> float:
    """The next of 1, 2, 4, 10, 20 ... or of their tenths."""
    if value <= 0:
        return 1.0
    tens = 10.0 ** math.floor(math.log10(value))
    return next(tens * part for part in (1, 2, 4, 10) if value <= tens * part * (1 + 1e-9))


def in_short(value: float | None) -> str:
    """A measure as people read it; from a million on in millions."""
    if value is None:
        return ""
    if abs(value) >= 1e6:
        return f"{value / 1e6:,.1f} M"
    return f"{value:,.0f}" if abs(value) >= 100 else f"{value:.3g}"


def in_percent(value: float | None) -> str:
    return "" if value is None else f"{value * 100:.1f} %"
