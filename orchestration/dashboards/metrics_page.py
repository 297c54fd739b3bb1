"""Metrics by month and by dimension, as they are defined once. Not here: what they mean and who is told of (metrics)."""

from __future__ import annotations

from datetime import date, datetime
from typing import Any

import streamlit as st

from orchestration.core.errors import KundbildError
from orchestration.dashboards.reading import Reading
from orchestration.dashboards.views import plain, show_answer, told_error
from orchestration.metrics.answer import Answer as MetricAnswer
from orchestration.metrics.answer import answer
from orchestration.metrics.catalogue import metrics_told
from orchestration.publishing.report.asking import Answer
from orchestration.publishing.report.parts import Drawn

_FIRST = "net_revenue"
_ALL = ""
# pixel lines of more would not be told apart
_MOST_LINES = 6
_MOST_BARS = 12


def metrics_page(reading: Reading) -> None:
    """One metric: chosen, cut and filtered; the address names the choice."""
    known = {metric["name"]: metric for metric in _known()}
    name = _choice("metric", "Metric", list(known), _FIRST, lambda one: known[one]["label"])
    metric = known[name]
    st.markdown(f"{metric['description']} Owner: {metric['owner']}.")
    dimensions = [one.partition("__")[2] for one in metric["dimensions"]]
    grains = [one for one in metric["grains"] if one != "day"]
    places = st.columns(4)
    with places[0]:
        grain = _choice(
            "grain",
            "By time",
            [*grains, _ALL],
            "month" if "month" in grains else _ALL,
            lambda one: one or "All time together",
        )
    with places[1]:
        by = _choice("by", "By", [_ALL, *dimensions], _ALL, lambda one: plain(one) or "Nothing")
    with places[2]:
        where = _choice("filter", "Only where", [_ALL, *dimensions], _ALL, lambda one: plain(one) or "No filter")
    with places[3]:
        value = st.text_input(
            "Value",
            value=st.query_params.get("value", ""),
            key=f"value_{where}",
            disabled=not where,
            placeholder="SE,NO",
        )
    _remember("value", value if where else "")
    conditions = [f"{where}={value}"] if where and value else []
    try:
        found = _answer(reading.key, name, grain, by, tuple(conditions), reading.k)
    except KundbildError as error:
        st.warning(told_error(error))
        return
    if not found.rows:
        st.info("No row is shown: there is none, or each is of few people.")
    else:
        _shown(found, reading, name, metric["label"])
        st.caption(f"Unit: {found.units[name]}.")
    for note in found.told:
        st.caption(note)


def _choice(name: str, label: str, options: list[str], default: str, words: Any) -> str:
    asked = st.query_params.get(name, default)
    chosen = st.selectbox(
        label,
        options,
        index=options.index(asked) if asked in options else options.index(default),
        format_func=words,
        key=f"choice_{name}_{len(options)}_{options[0]}",
    )
    _remember(name, "" if chosen == default else chosen)
    return str(chosen)


def _remember(name: str, value: str) -> None:
    if value:
        st.query_params[name] = value
    elif name in st.query_params:
        del st.query_params[name]


@st.cache_data(show_spinner="Reading the definitions of metrics", max_entries=1)
def _known() -> list[dict[str, Any]]:
    return metrics_told()


@st.cache_data(show_spinner="Asking the publication", max_entries=200)
def _answer(key: str, name: str, grain: str, by: str, where: tuple[str, ...], least: int) -> MetricAnswer:
    """`key` is that of the publication: another one is asked anew."""
    return answer([name], by=[by] if by else [], where=where, grain=grain, through="dashboards", least=least)


def _shown(found: MetricAnswer, reading: Reading, name: str, label: str) -> None:
    unit = found.units[name]
    is_share = unit.startswith("share")
    is_money = unit == reading.report.currency
    # a column says by its name how its values are written
    measure = (
        f"{name}_percent"
        if is_share
        else f"{name}_amount"
        if is_money
        else f"{name}_average"
        if _has_decimals(found, name)
        else f"{name}_count"
    )
    grain = found.columns[0] if found.columns[0] in ("week", "month", "quarter", "year") else ""
    renamed = {name: measure, grain: "period_month" if grain == "month" else "period_on"}
    columns = tuple(renamed.get(column, column) for column in found.columns)
    rows = [
        tuple(_value(column, row[column], grain, 100 if is_share and column == name else 1) for column in found.columns)
        for row in found.rows
    ]
    rows.sort(key=lambda row: tuple(str(value) for value in row[:-1]) if grain else -(row[-1] or 0))
    other = [column for column in columns[:-1] if column not in ("period_month", "period_on")]
    drawn = None
    if (
        grain
        and len(other) <= 1
        and len({row[columns.index(other[0])] for row in rows} if other else {0}) <= _MOST_LINES
    ):
        drawn = Drawn("weeks", columns[0], (measure,), by=other[0] if other else "")
    elif not grain and len(other) == 1:
        drawn = Drawn("bars", other[0], (measure,), most=_MOST_BARS)
    told = Answer((), columns=columns, rows=tuple(rows))
    show_answer(told, label, name, reading.report.currency, drawn)


def _has_decimals(found: MetricAnswer, name: str) -> bool:
    return any(isinstance(row[name], float) for row in found.rows)


def _value(column: str, value: Any, grain: str, times: int) -> Any:
    if column == grain and value:
        return datetime.fromisoformat(value).date() if isinstance(value, str) else value
    if isinstance(value, (int, float)) and not isinstance(value, bool):
        return value * times
    return value if value is None or isinstance(value, date) else str(value)
