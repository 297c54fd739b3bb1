"""A report as one page: figures, sections, charts and tables as HTML that needs nothing else. Here: putting answers together.

Not here: where the page lies, and the process that makes it (making.py).
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime
from pathlib import Path
from typing import Any

from jinja2 import Environment
from markupsafe import Markup

from orchestration.publishing.report.asking import Answer, Asks, Question
from orchestration.publishing.report.charts import draw
from orchestration.publishing.report.figures import FIGURES
from orchestration.publishing.report.parts import Figure, Part, Section
from orchestration.publishing.report.rules import is_measure
from orchestration.publishing.report.sections import SECTIONS
from orchestration.publishing.report.words import change, day, heading, sentence, shown

_TEMPLATE = Path(__file__).with_name("report.html.jinja")
_STYLE = Path(__file__).with_name("report.css")
# rows of a table that is long, columns of one that needs a screen's width beside its chart, and of one that needs it alone
_LONG, _BROAD, _MANY = 16, 5, 6


@dataclass(frozen=True)
class Told:
    """One answer as the page shows it."""

    title: str
    answer: Answer
    lacks: str = ""
    says: str = ""
    note: str = ""
    chart: str = ""
    head: Sequence[tuple[str, str]] = ()
    rows: Sequence[Sequence[tuple[str, str]]] = ()

    @property
    def tables(self) -> list[Sequence[Sequence[tuple[str, str]]]]:
        """The rows, of a long table without a chart in two halves."""
        half = (len(self.rows) + 1) // 2
        is_whole = self.chart or self.has_many_columns or len(self.rows) < _LONG
        return [self.rows] if is_whole else [self.rows[:half], self.rows[half:]]

    @property
    def is_broad(self) -> bool:
        """Whether it takes the whole width of a screen."""
        return len(self.tables) > 1 or (bool(self.chart) and len(self.head) > _BROAD) or self.has_many_columns

    @property
    def has_many_columns(self) -> bool:
        """Whether half of a screen, or of a printed page, is too narrow for its table."""
        return len(self.head) > _MANY


@dataclass
class Report:
    """What a page is made of: today's publication, and the one that it is compared with."""

    company: str
    currency: str
    now: Asks
    before: Asks | None = None

    def __post_init__(self) -> None:
        self._answers: dict[tuple[int, str], Answer] = {}

    def answer(self, asked: Asks, question: Question) -> Answer:
        """Each question is asked once of each publication."""
        key = (id(asked), question.script)
        if key not in self._answers:
            self._answers[key] = asked.ask(question)
        return self._answers[key]

    def figure(self, figure: Figure) -> dict[str, Any]:
        answer = self.answer(self.now, figure.question)
        value = answer.first.get(figure.column)
        said = ""
        if self.before:
            said = change(
                figure.column, answer, self.answer(self.before, figure.question), self.before.as_of, self.currency
            )
        lacks = "" if value is not None else self.lacking(answer, figure.add)
        return {"title": figure.title, "value": shown(figure.column, value, self.currency), "change": said, "note": figure.note, "lacks": lacks, "answer": answer}  # fmt: skip

    def part(self, part: Part, add: str) -> Told:
        answer = self.answer(self.now, part.question)
        if not answer.rows:
            return Told(part.title, answer, lacks=self.lacking(answer, part.add or add))
        before = self.answer(self.before, part.question) if self.before else None
        chart = Markup(self.chart(part, answer)) if part.drawn else ""
        return Told(
            part.title,
            answer,
            says=part.says(answer, before if before and before.rows else None, self.currency) if part.says else "",
            note=part.note,
            chart=chart,
            head=[(heading(column, self.currency), _kind(column)) for column in answer.columns if part.has_table],
            rows=[
                [(shown(column, value), _kind(column)) for column, value in zip(answer.columns, row, strict=True)]
                for row in answer.rows
            ],
        )

    def chart(self, part: Part, answer: Answer, **how: int) -> str:
        assert part.drawn
        label = f"{part.title}. {sentence(answer, part.drawn.y, part.drawn.x, self.currency)}"
        return draw(answer, part.drawn, label, self.currency, **how)

    def section(self, section: Section) -> dict[str, Any]:
        parts = [self.part(part, section.add) for part in section.parts]
        return {"name": section.name, "title": section.title, "parts": parts}

    def lacking(self, answer: Answer, add: str) -> str:
        """Why nothing is shown, and what to connect."""
        if not answer.lacks:
            return f"Fewer than {self.now.k} people: not shown."
        return f"{answer.lacks}: {add}." if answer.is_empty else f"{answer.lacks}."


def _kind(column: str) -> str:
    """The class of a column's cells: numbers, dates, or text."""
    if is_measure(column) or column.endswith("_percent"):
        return "n"
    return "d" if column.endswith(("_on", "_month")) else ""


def as_page(report: Report, dictionary: str, made_at: datetime) -> str:
    """The whole page. `dictionary` is the name of the data dictionary's file beside it."""
    environment = Environment(autoescape=True, trim_blocks=True, lstrip_blocks=True)
    environment.filters["day"] = day
    template = environment.from_string(_TEMPLATE.read_text(encoding="utf-8"))
    return template.render(
        company=report.company,
        now=report.now,
        before=report.before,
        figures=[report.figure(figure) for figure in FIGURES],
        sections=[report.section(section) for section in SECTIONS],
        dictionary=dictionary,
        made_at=made_at,
        style=Markup(_STYLE.read_text(encoding="utf-8")),
    )
