"""Colours of the page stand out from what is behind them. In a browser: tests/systems/test_pages_of_a_publication.py."""

from __future__ import annotations

import re

from orchestration.publishing.report import charts, page


def contrast(one: str, other: str) -> float:
    """The contrast of two colours as WCAG 2 defines it."""

    def light(colour: str) -> float:
        parts = [int(colour[n : n + 2], 16) / 255 for n in (1, 3, 5)]
        linear = [part / 12.92 if part <= 0.04045 else ((part + 0.055) / 1.055) ** 2.4 for part in parts]
        return 0.2126 * linear[0] + 0.7152 * linear[1] + 0.0722 * linear[2]

    high, low = sorted((light(one), light(other)), reverse=True)
    return (high + 0.05) / (low + 0.05)


def test_text_and_marks_stand_out():
    named = dict(re.findall(r"--(\w+): (#\w{6})", page._STYLE.read_text()))
    for text in (named["ink"], named["quiet"], named["blue"], charts.INK, charts.QUIET, *charts.COLOURS):
        assert contrast(text, "#ffffff") >= 4.5 and contrast(text, named["tint"]) >= 4.5, text
