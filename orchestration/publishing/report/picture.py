"""A picture of one topic of a report, to share: a title, figures, the chart, its date, its source and the fewest people of a figure.

Not here: which topics there are (topics.py), the report itself (page.py).
"""

from __future__ import annotations

import re
import textwrap
from pathlib import Path
from typing import Any

from jinja2 import Environment
from markupsafe import Markup

from orchestration.core.errors import KundbildError
from orchestration.publishing.report.asking import Answer
from orchestration.publishing.report.charts import COLOURS, FONT, INK, QUIET
from orchestration.publishing.report.page import Report
from orchestration.publishing.report.topics import TOPICS
from orchestration.publishing.report.words import day

_TEMPLATE = Path(__file__).with_name("picture.svg.jinja")
WIDTH, _MARGIN = 1080, 60
_INNER = WIDTH - 2 * _MARGIN
# a chart of few rows is not blown up further, one of many not higher: its letters would be too small for a phone
_MOST_SCALE, _MOST_HEIGHT = 2.4, 1500
_CHART = 480
# letters of the foot's size in a line, as wide ones as names of tables have
_FOOT = 88


def as_picture(report: Report, topic: str) -> str:
    """The picture as SVG. Raises KundbildError where there is no such topic, or the publication says nothing of it."""
    if topic not in TOPICS:
        raise KundbildError(f"there is no picture of {topic}", to_do=f"topics: {', '.join(TOPICS)}")
    title, figures, part = TOPICS[topic]
    answer = report.answer(report.now, part.question)
    chart = report.chart(part, answer, width=_CHART) if answer.rows else ""
    if not chart:
        raise KundbildError(f"the publication says nothing of {topic}: {answer.lacks or 'too few people'}", to_do="`kundbild report` says what to add")  # fmt: skip
    before = report.answer(report.before, part.question) if report.before else None
    says = part.says(answer, before, report.currency) if part.says else ""
    drawn = re.sub(r"<title>.*?</title>", "", chart, count=1, flags=re.DOTALL)
    left, top, width, height = (float(n) for n in _view_box(chart).split())
    scale = min(_INNER / width, _MOST_SCALE, _MOST_HEIGHT / height)
    told = [one for figure in figures if not (one := report.figure(figure))["lacks"]]
    environment = Environment(autoescape=True, trim_blocks=True, lstrip_blocks=True)
    return environment.from_string(_TEMPLATE.read_text(encoding="utf-8")).render(
        title=title,
        part=part,
        says=textwrap.wrap(says, 62),
        figures=told,
        company=report.company,
        foot_lines=_foot(report, answer, [figure["note"] for figure in told]),
        chart=Markup(re.sub(r"^<svg [^>]*>|</svg>\s*$", "", drawn)),
        box=f"{left} {top} {width} {height}",
        chart_width=width * scale,
        chart_height=height * scale,
        width=WIDTH,
        margin=_MARGIN,
        look={"font": FONT, "ink": INK, "quiet": QUIET, "blue": COLOURS[0]},
        label=_label(chart),
    )


def as_png(picture: str) -> bytes:
    import vl_convert

    png: Any = vl_convert.svg_to_png(picture, scale=1)
    return bytes(png)


def _foot(report: Report, answer: Answer, notes: list[str]) -> list[str]:
    k = report.now.k
    said = (
        *notes,
        f"{day(report.now.as_of)}. Source: {', '.join(answer.tables)} of the customer data warehouse (Kundbild).",
        f"No figure is about fewer than {k} people; counts are rounded, to the nearest {k} at most.",
    )
    return [line for one in said for line in textwrap.wrap(one, _FOOT, break_on_hyphens=False)]


def _view_box(svg: str) -> str:
    return re.search(r'viewBox="([^"]+)"', svg)[1]  # type: ignore[index] # charts.py writes it


def _label(svg: str) -> Markup:
    return Markup(re.search(r"<title>(.*?)</title>", svg, re.DOTALL)[1])  # type: ignore[index] # charts.py writes it
