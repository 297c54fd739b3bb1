"""The model card: one page for whoever decides whether a score is used. Here: its words and its curve. Not here: the finding."""

from __future__ import annotations

from pathlib import Path
from typing import Any

from jinja2 import Environment

from orchestration.prediction.classify.classifier import BASE_RATE, LOGISTIC
from orchestration.prediction.classify.evaluation import Evaluation

_PAGE = Path(__file__).with_name("model_card.html.jinja")
_IN_WORDS = {LOGISTIC: "a plain logistic regression", BASE_RATE: "the share of yes for everybody"}
_SIDE, _MARGIN, _BESIDE = 320, 40, 24
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
    if min(found.measured.positives, found.measured.rows - found.measured.positives) < _FEW_YES:
        limits.append("Few customers have the rarer answer: the intervals are wide.")
    if found.verdict(LOGISTIC) != "better":
        limits.append("A plain logistic regression is not clearly worse: take the simpler one.")
    if found.verdict(BASE_RATE) != "better":
        limits.append("It is not clearly better than the share of yes for everybody: do not use it.")
    return [*limits, "A proxy is known by the name of its column. Look at the table of groups.", *rows_told(found)]


def write_card(found: Evaluation) -> str:
    """The card as one HTML file, nothing fetched. It holds no customer, only counts and shares."""
    environment = Environment(autoescape=True, trim_blocks=True, lstrip_blocks=True)
    page = environment.from_string(_PAGE.read_text(encoding="utf-8"))
    return page.render(
        f=found, explained=measures_explained(found), limits=known_limits(found), chart=_chart(found), side=_SIDE
    )


def _chart(found: Evaluation) -> dict[str, Any]:
    """Where each group of the calibration curve lies: said from left to right, happened from below; the diagonal is right."""

    def x(share: float) -> float:
        return round(_MARGIN + share * (_SIDE - _MARGIN - _BESIDE), 1)

    def y(share: float) -> float:
        return round(_SIDE - _MARGIN - share * (_SIDE - _MARGIN - _BESIDE), 1)

    dots = [
        {"x": x(said), "y": y(was), "said": f"{count:,} customers: said {said:.1%}, happened {was:.1%}"}
        for said, was, count in found.curve
    ]
    marks = [{"x": x(share), "y": y(share), "said": f"{share:.0%}"} for share in (0, 0.25, 0.5, 0.75, 1)]
    return {"dots": dots, "marks": marks, "low": marks[0], "high": marks[-1]}
