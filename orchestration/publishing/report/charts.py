"""Charts of a report as SVG: drawn here without a browser and without a network, their text stays text.

Here: a chart's specification in Vega-Lite, and rendering it. Not here: which rows it shows (sections.py), its words (words.py).
"""

from __future__ import annotations

import re
from collections.abc import Callable
from datetime import date, timedelta
from functools import partial
from itertools import pairwise
from typing import Any
from xml.sax.saxutils import escape, quoteattr

from orchestration.publishing.report.asking import Answer
from orchestration.publishing.report.parts import Drawn
from orchestration.publishing.report.words import heading, shown

# each stands out from white by 4.5 to 1 and more, and from its neighbours without colour by its place and its label
COLOURS = ("#1f5f8b", "#a3460f", "#3f6b2f", "#73458a", "#7a5f00", "#55606b")
INK, QUIET = "#1d2733", "#54616e"
FONT = "Arial, Helvetica, 'Liberation Sans', sans-serif"
# as wide as a phone: a card is rarely wider, so text is hardly scaled
WIDTH = 380
_LABELS = 118
_BAR = 22
_CONFIG: dict[str, Any] = {
    "font": FONT,
    "background": "transparent",
    "view": {"stroke": None},
    "axis": {"labelFontSize": 12, "labelColor": INK, "titleColor": QUIET, "domainColor": "#b4bec7", "tickColor": "#b4bec7", "gridColor": "#e3e8ec", "labelLimit": _LABELS},
    "legend": {"orient": "top", "title": None, "labelFontSize": 12, "labelColor": INK, "symbolType": "square", "columns": 3, "labelLimit": 110},
    "range": {"category": list(COLOURS)},
}  # fmt: skip


# a chart's rows and its width → its specification
_Makes = Callable[[list[dict[str, Any]], int], dict[str, Any]]


def draw(answer: Answer, drawn: Drawn, label: str, currency: str, *, width: int = WIDTH) -> str:
    """The chart as SVG, with `label` for who does not see it; "" where no row can be drawn."""
    spec = specification(answer, drawn, currency, width=width)
    return _accessible(_rendered(spec), label) if spec else ""


def specification(answer: Answer, drawn: Drawn, currency: str, *, width: int = WIDTH) -> dict[str, Any]:
    """The chart in Vega-Lite, with its rows; {} where no row can be drawn."""
    rows = _long(answer, drawn, currency)
    if not rows:
        return {}
    makes: dict[str, _Makes] = {
        "bars": _bars,
        "steps": _steps,
        "months": _months,
        "line": _line,
        "weeks": _weeks,
        "grid": partial(_grid, drawn),
    }
    drawable = [{name: value for name, value in row.items() if name != "at"} for row in rows]
    return {**makes[drawn.kind](rows, width), "data": {"values": drawable}, "config": _CONFIG}


def _long(answer: Answer, drawn: Drawn, currency: str) -> list[dict[str, Any]]:
    """One row a mark: where it stands, its series, its value, and the value in words."""
    found = []
    for number, row in enumerate(answer.records):
        if drawn.levels and not {row[drawn.x], row[drawn.by]} <= set(drawn.levels):
            # cells of few that became one have no place on the axes
            continue
        for column in drawn.y:
            if row.get(column) is not None:
                found.append(
                    {
                        "x": shown(drawn.x, row[drawn.x]),
                        "at": row[drawn.x],
                        "position": number,
                        "series": str(row[drawn.by]) if drawn.by else heading(column),
                        "value": float(row[column]),
                        "said": shown(column, row[column]),
                    }
                )
    if drawn.kind == "weeks":
        # metrics are drawn by day and month too
        return _with_gaps(found, drawn.x) if drawn.x == "week_on" else found
    if is_by_month := drawn.kind in ("months", "line"):
        found = _with_gaps(found, drawn.x)
    kept = list(dict.fromkeys(row["x"] for row in found))
    # months are read from the newest backwards
    kept = kept[-13:] if is_by_month else kept[: drawn.most]
    return [row for row in found if row["x"] in kept]


def _with_gaps(rows: list[dict[str, Any]], column: str) -> list[dict[str, Any]]:
    """With a row without a value for each week or month between the first and the last that has none: a line must not be drawn over
    it, and the months beside it are no neighbours."""
    times = {row["at"] for row in rows if isinstance(row["at"], date)}
    # periods longer than a week have no weeks between them that are not told
    apart = min((later - earlier for earlier, later in pairwise(sorted(times))), default=timedelta())
    if len(times) > 1 and (column.endswith("_month") or apart <= timedelta(weeks=2)):
        every = _every(min(times), max(times), column)
        empty = {"value": None, "said": ""}
        series = dict.fromkeys(row["series"] for row in rows)
        there = {(row["at"], row["series"]) for row in rows}
        rows = rows + [
            {"x": shown(column, time), "at": time, "series": one, **empty}
            for time in every
            for one in series
            if (time, one) not in there
        ]
        rows.sort(key=lambda row: row["at"])
        places = {time: place for place, time in enumerate(sorted({row["at"] for row in rows}))}
        rows = [{**row, "position": places[row["at"]]} for row in rows]
    return rows


def _every(first: date, last: date, column: str) -> list[date]:
    if not column.endswith("_month"):
        return [first + timedelta(weeks=n) for n in range((last - first).days // 7 + 1)]
    months = range(first.year * 12 + first.month - 1, last.year * 12 + last.month)
    return [date(month // 12, month % 12 + 1, 1) for month in months]


def _in_order(field: str = "x") -> dict[str, Any]:
    return {"field": field, "type": "nominal", "sort": {"field": "position", "op": "min"}}


def _bars(rows: list[dict[str, Any]], width: int) -> dict[str, Any]:
    most = max(abs(row["value"]) for row in rows) or 1
    y = {**_in_order(), "axis": {"title": None, "domain": False, "ticks": False, "labelPadding": 6}}
    x = {"field": "value", "type": "quantitative", "axis": None, "scale": {"domain": [min(0, *(row["value"] for row in rows)), most * 1.22]}}  # fmt: skip
    return {
        "width": width - _LABELS - 12,
        "height": {"step": _BAR + 6},
        "encoding": {"y": y, "x": x},
        "layer": [
            {"mark": {"type": "bar", "color": COLOURS[0], "height": _BAR - 4}},
            _said({"align": "left", "dx": 5}),
        ],
    }


def _steps(rows: list[dict[str, Any]], width: int) -> dict[str, Any]:
    most = max(row["value"] for row in rows) or 1
    series = list(dict.fromkeys(row["series"] for row in rows))
    y = {**_in_order(), "axis": {"title": None, "domain": False, "ticks": False, "labelPadding": 6}, "scale": {"paddingInner": 0.25, "paddingOuter": 0}}  # fmt: skip
    x = {"field": "value", "type": "quantitative", "axis": None, "scale": {"domain": [0, most * 1.22]}}
    return {
        "width": width - _LABELS - 12,
        "height": {"step": 16, "for": "offset"},
        "encoding": {"y": y, "yOffset": {"field": "series", "sort": series}, "x": x},
        "layer": [
            {"mark": "bar", "encoding": {"color": {"field": "series", "type": "nominal", "sort": series}}},
            _said({"align": "left", "dx": 4, "fontSize": 11}),
        ],
    }


def _grid(drawn: Drawn, rows: list[dict[str, Any]], width: int) -> dict[str, Any]:
    axis = {"domain": False, "ticks": False, "labelAngle": 0, "labelPadding": 6}
    # the darkest still lets the ink stand out by 4.5 to 1 and more
    colour = {"field": "value", "type": "quantitative", "legend": None, "scale": {"domainMin": 0, "range": ["#f3f7fa", "#8fb9d6"]}}  # fmt: skip
    return {
        "width": width - _LABELS - 12,
        "height": {"step": 54},
        "encoding": {
            "x": {**_in_order(), **_levels(drawn.levels), "axis": {**axis, "orient": "top", "title": heading(drawn.x)}},
            "y": {**_in_order("series"), **_levels(drawn.levels[::-1]), "axis": {**axis, "title": heading(drawn.by)}},
        },
        "layer": [{"mark": {"type": "rect", "stroke": "white"}, "encoding": {"color": colour}}, _said({})],
    }


def _levels(levels: tuple[str, ...]) -> dict[str, Any]:
    """Their order, where they have one: that of the rows hangs on which cells are there."""
    return {"sort": list(levels)} if levels else {}


def _said(how: dict[str, Any], field: str = "said") -> dict[str, Any]:
    return {
        "mark": {"type": "text", "baseline": "middle", "color": INK, "fontSize": 12, **how},
        "encoding": {"text": {"field": field}},
    }


def _ticks(rows: list[dict[str, Any]]) -> dict[str, Any]:
    """How the values beside an axis are written: with the sign of shares, else short."""
    is_share = any(row["said"].endswith("%") for row in rows)
    return {"labelExpr": "datum.label + ' %'"} if is_share else {"format": "~s"}


def _whole(rows: list[dict[str, Any]]) -> dict[str, Any]:
    """An axis without ticks between the few whole numbers that something is counted in; of zeros alone too, which have no scale."""
    values = [float(row["value"]) for row in rows if row["value"] is not None]
    is_counted = all(value.is_integer() and value >= 0 for value in values)
    if not values or not is_counted or max(values) > 4:
        return {}
    most = max(1, int(max(values)))
    return {"axis": {"values": [*range(most + 1)]}, "scale": {"domain": [0, most]}}


def _month_axis() -> dict[str, Any]:
    return {**_in_order(), "axis": {"title": None, "labelAngle": 0, "labelExpr": "slice(datum.label, 0, 3)", "labelOverlap": True}}  # fmt: skip


def _months(rows: list[dict[str, Any]], width: int) -> dict[str, Any]:
    y = {"field": "value", "type": "quantitative", "aggregate": "sum", "axis": {"title": None, "format": "~s", "tickCount": 4}}  # fmt: skip
    encoding: dict[str, Any] = {"x": _month_axis(), "y": y}
    if len({row["series"] for row in rows}) > 1:
        encoding["color"] = {"field": "series", "type": "nominal"}
    return {"width": width - 52, "height": 190, "mark": {"type": "bar", "color": COLOURS[0]}, "encoding": encoding}


def _line(rows: list[dict[str, Any]], width: int) -> dict[str, Any]:
    y = {"field": "value", "type": "quantitative", "axis": {"title": None, "tickCount": 4, **_ticks(rows)}}
    return {
        "width": width - 52,
        "height": 170,
        "encoding": {"x": _month_axis(), "y": y},
        "layer": [
            {"mark": {"type": "line", "color": COLOURS[0], "point": {"color": COLOURS[0], "size": 45}}},
            # the line must not strike a value through. What stands behind it is a layer of its own: a browser draws the outline of
            # a text over it
            _beside_the_line({"stroke": "white", "strokeWidth": 3, "aria": False}),
            _beside_the_line({}),
        ],
    }


def _beside_the_line(how: dict[str, Any]) -> dict[str, Any]:
    # the axis has the sign of shares
    return {
        **_said({"dy": -12, "fontSize": 11, **how}, "short"),
        "transform": [{"calculate": "replace(datum.said, /\\s%$/, '')", "as": "short"}],
    }


def _weeks(rows: list[dict[str, Any]], width: int) -> dict[str, Any]:
    # the year once: in January
    year = "indexof(datum.label, 'Jan') >= 0 ? datum.label : slice(datum.label, 0, -5)"
    axis = {"title": None, "labelAngle": 0, "labelExpr": year, "labelOverlap": True, "labelSeparation": 8}
    whole = _whole(rows)
    y = {"title": None, "tickCount": 4, **whole.get("axis", {}), **_ticks(rows)}
    encoding: dict[str, Any] = {
        "x": {**_in_order(), "axis": axis},
        "y": {"field": "value", "type": "quantitative", **whole, "axis": y},
    }
    if len({row["series"] for row in rows}) > 1:
        encoding["color"] = {"field": "series", "type": "nominal"}
    mark = {"type": "line", "color": COLOURS[0], "point": {"size": 20}}
    return {"width": width - 52, "height": 190, "mark": mark, "encoding": encoding}


def _rendered(spec: dict[str, Any]) -> str:
    import vl_convert

    # 5.20 is the newest that the oldest allowed vl-convert knows
    return vl_convert.vegalite_to_svg(spec, allowed_base_urls=[])


def _accessible(svg: str, label: str) -> str:
    """The picture with its words; it takes the width that it is given."""
    opened = re.match(r"<svg [^>]*?viewBox=\"([^\"]+)\"[^>]*>", svg)
    assert opened, "vl-convert renders an svg with a viewBox"
    width = float(opened[1].split()[2])
    # the words of the whole stand for its marks
    inner = re.sub(r' (?:role|aria-[a-z]+)="[^"]*"', "", svg[opened.end() :])
    # letters over their own outline, which Vega paints last
    inner = re.sub(r"<text (?=[^>]*stroke=)", '<text paint-order="stroke" ', inner)
    attributes = f'viewBox="{opened[1]}" style="max-width:{width * 1.3:.0f}px" role="img" aria-label={quoteattr(label)}'
    return f'<svg xmlns="http://www.w3.org/2000/svg" {attributes}><title>{escape(label)}</title>{inner}'
