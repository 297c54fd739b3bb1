"""What a chart says beyond its rows: the order of levels, and where nothing was told."""

from __future__ import annotations

import re
from datetime import date, timedelta

from orchestration.publishing.report.asking import Answer
from orchestration.publishing.report.charts import draw, specification
from orchestration.publishing.report.parts import Drawn
from orchestration.publishing.report.sections import _MATRIX
from orchestration.publishing.report.topics import NORTH_STAR


def test_levels_of_a_grid_stand_in_their_order_whichever_cells_are_there():
    cells = (
        ("high", "medium", 20),
        ("high", "high", 50),
        ("low", "low", 2030),
        ("low", "medium", 520),
        ("other (small groups)", "low", 30),
    )
    answer = Answer(("bi.experience_matrix",), columns=("interaction", "use_of_data", "customer_count"), rows=cells)
    assert _MATRIX.drawn
    encoding = specification(answer, _MATRIX.drawn, "SEK")["encoding"]
    assert encoding["x"]["sort"] == ["low", "medium", "high"] and encoding["y"]["sort"] == ["high", "medium", "low"]
    said = re.findall(r">([^<>]+)</text>", draw(answer, _MATRIX.drawn, "grid", "SEK"))
    assert said == ["20", "50", "2,030", "520", "low", "medium", "high", "use of data", "high", "low", "interaction"]


def test_a_line_is_broken_where_a_week_is_not_told():
    """Weeks of few are left out: a line over half a year would be an invention."""
    first = date(2026, 1, 5)
    told = [first, first + timedelta(weeks=1), first + timedelta(weeks=4)]
    answer = Answer(
        ("bi.north_star",),
        columns=("week_on", "reached_percent", "target_percent"),
        rows=tuple((week, 50.0, None) for week in told),
    )
    assert NORTH_STAR.drawn
    rows = specification(answer, NORTH_STAR.drawn, "SEK")["data"]["values"]
    assert [row["value"] for row in rows] == [50, 50, None, None, 50] and [row["position"] for row in rows] == [
        0,
        1,
        2,
        3,
        4,
    ]
    (line,) = re.findall(r'mark-line.*?<path[^>]* d="([^"]*)"', draw(answer, NORTH_STAR.drawn, "line", "SEK"))
    assert line.count("M") == 2


def test_a_month_that_is_not_told_keeps_its_place():
    rows = ((date(2025, 11, 1), 30), (date(2026, 2, 1), 20))
    answer = Answer(("bi.fct_tickets",), columns=("opened_month", "ticket_count"), rows=rows)
    for kind in ("months", "line"):
        drawn = specification(answer, Drawn(kind, "opened_month", ("ticket_count",)), "SEK")["data"]["values"]
        assert [(row["x"], row["value"]) for row in sorted(drawn, key=lambda row: row["position"])] == [
            ("Nov 2025", 30), ("Dec 2025", None), ("Jan 2026", None), ("Feb 2026", 20)
        ]  # fmt: skip
    said = draw(answer, Drawn("months", "opened_month", ("ticket_count",)), "months", "SEK")
    assert [said.index(f">{month}<") for month in ("Nov", "Dec", "Jan", "Feb")]


def test_months_of_a_metric_stand_beside_each_other():
    answer = Answer(("m",), columns=("month", "orders"), rows=((date(2026, 2, 1), 1), (date(2026, 3, 1), 2)))
    assert len(specification(answer, Drawn("weeks", "month", ("orders",)), "SEK")["data"]["values"]) == 2


def test_a_chart_of_zeros_alone_has_a_scale():
    """Nights without a failed check: the axis has no number that is none."""
    rows = ((date(2026, 11, 29), 0), (date(2026, 11, 30), 0))
    answer = Answer(("bi.data_quality_by_night",), columns=("described_at", "failed_checks_count"), rows=rows)
    drawn = Drawn("weeks", "described_at", ("failed_checks_count",))
    assert specification(answer, drawn, "SEK")["encoding"]["y"]["scale"] == {"domain": [0, 1]}
    assert "NaN" not in draw(answer, drawn, "nights", "SEK")
