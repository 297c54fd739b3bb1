"""How pages show what a publication says: cards of figures, parts with chart, table and download, filters that stand in the address.

Here: widgets of all pages. Tables are HTML, as read by screen readers and printed; their only download is neutralised CSV. Not here: what
stands on which page (pages.py), what may be told (publishing/report/rules.py).
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import replace
from pathlib import Path

import streamlit as st
from jinja2 import Environment

from orchestration.core.errors import KundbildError
from orchestration.core.spreadsheets import csv_text
from orchestration.dashboards.reading import Reading
from orchestration.publishing.report.asking import Answer
from orchestration.publishing.report.charts import specification
from orchestration.publishing.report.figures import FIGURES
from orchestration.publishing.report.parts import Drawn, Part
from orchestration.publishing.report.rules import is_measure
from orchestration.publishing.report.words import day, heading, sentence, shown

_ENVIRONMENT = Environment(autoescape=True, trim_blocks=True, lstrip_blocks=True)
_TABLE = _ENVIRONMENT.from_string(Path(__file__).with_name("table.html.jinja").read_text(encoding="utf-8"))
_CARDS = _ENVIRONMENT.from_string(Path(__file__).with_name("cards.html.jinja").read_text(encoding="utf-8"))
_STYLE = Path(__file__).with_name("dashboards.css").read_text(encoding="utf-8")
# rows of a table that are shown at once
_LONG = 15
# columns of a table that fit beside another part
_BROAD = 4


def head(title: str, reading: Reading, told: str) -> None:
    """The title of a page, what its numbers are of, and `told` of them."""
    st.html(f"<style>{_STYLE}</style>")
    st.title(title)
    st.caption(f"{escaped(reading.report.company)} as of {day(reading.as_of)}, {reading.as_of:%H:%M} UTC. {told}")


def figures(reading: Reading) -> None:
    """The big numbers, each with its change since the publication nearest to a week ago."""
    cards(
        [
            (told["title"], told["value"], told["change"] or told["lacks"])
            for told in map(reading.report.figure, FIGURES)
        ]
    )


def cards(told: Sequence[tuple[str, str, str]]) -> None:
    """(title, value, what is said below it) of each."""
    st.html(_CARDS.render(cards=told))


def told_error(error: KundbildError) -> str:
    """What failed and what to do, as Markdown."""
    return escaped(f"{error.what}. {error.to_do or ''}".strip())


def chosen(reading: Reading, page: str, parts: Sequence[Part], filters: Mapping[str, str]) -> dict[str, list[str]]:
    """What is chosen of each filter of the page; it stands in the address, so that a link leads to the same rows."""
    options = {name: _options(reading, parts, name) for name in filters}
    there = {name: values for name, values in options.items() if len(values) > 1}
    found: dict[str, list[str]] = {}
    if not there:
        return found
    for place, (name, values) in zip(st.columns(max(len(there), 3)), there.items(), strict=False):
        key = f"filter_{page}_{name}"
        if key not in st.session_state:
            st.session_state[key] = [value for value in st.query_params.get_all(name) if value in values]
        else:
            st.session_state[key] = [value for value in st.session_state[key] if value in values]
        found[name] = place.multiselect(filters[name], values, key=key, placeholder="All", format_func=plain)
        if found[name]:
            st.query_params[name] = found[name]
        elif name in st.query_params:
            del st.query_params[name]
    return found


def plain(name: object) -> str:
    """A name of the configuration as people read it."""
    return str(name).replace("_", " ")


def _options(reading: Reading, parts: Sequence[Part], name: str) -> list[str]:
    answers = [reading.report.answer(reading.report.now, part.question) for part in parts]
    return sorted({str(row[name]) for answer in answers if name in answer.columns for row in answer.records})


def board(reading: Reading, parts: Sequence[Part], wanted: Mapping[str, Sequence[str]] | None = None) -> None:
    """Parts in two columns, one where the screen is narrow; broad tables take the whole width, below the others."""
    broad = [part for part in parts if _is_broad(reading, part)]
    others = [part for part in parts if part not in broad]
    for first in range(0, len(others), 2):
        for place, part in zip(st.columns(2, gap="large"), others[first : first + 2], strict=False):
            with place:
                show_part(reading, part, wanted or {})
    for part in broad:
        show_part(reading, part, wanted or {})


def _is_broad(reading: Reading, part: Part) -> bool:
    answer = reading.report.answer(reading.report.now, part.question)
    return not part.drawn and len(answer.columns) > _BROAD


def show_part(reading: Reading, part: Part, wanted: Mapping[str, Sequence[str]]) -> None:
    """One answer: a sentence, its chart, its table, and both to take along."""
    report = reading.report
    st.header(part.title, anchor=part.question.script)
    whole = report.answer(report.now, part.question)
    answer = _kept(whole, wanted)
    if not answer.rows:
        st.info("No row fits the filters." if whole.rows else escaped(report.lacking(answer, part.add)))
        return
    before = report.answer(report.before, part.question) if report.before else None
    if (
        part.says
        and answer is whole
        and (said := part.says(answer, before if before and before.rows else None, report.currency))
    ):
        st.markdown(f"**{escaped(said)}**")
    show_answer(answer, part.title, part.question.script, report.currency, part.drawn)
    if part.note:
        st.caption(escaped(part.note))


def show_answer(answer: Answer, title: str, name: str, currency: str, drawn: Drawn | None) -> None:
    """Chart, table and download of one answer."""
    spec = specification(answer, drawn, currency) if drawn else {}
    if drawn and spec:
        label = f"{title}. {sentence(answer, drawn.y, drawn.x, currency)}"
        spec = {
            **spec,
            "description": label,
            "autosize": {"type": "fit-x", "contains": "padding"},
            "width": "container",
            # on a phone three would be cut
            "config": {**spec["config"], "legend": {**spec["config"]["legend"], "columns": 2}},
        }
        st.vega_lite_chart(spec, theme=None, width="stretch")
        with st.expander("Table and download"):
            _table(answer, title, name, currency)
    else:
        _table(answer, title, name, currency)


def _table(answer: Answer, title: str, name: str, currency: str) -> None:
    columns = [column for column in answer.columns if column != "asked_for"]
    records = answer.records
    kinds = ["n" if is_measure(column) or column.endswith("_percent") else "" for column in columns]
    table(
        [heading(column, currency) for column in columns],
        [[shown(column, row[column]) for column in columns] for row in records],
        title,
        kinds,
    )
    st.download_button(
        "CSV",
        csv_text(columns, [[row[column] for column in columns] for row in records]),
        file_name=f"{name}.csv",
        mime="text/csv",
        key=f"csv_{name}",
        help=f"{title}: {', '.join(answer.tables)}" if answer.tables else title,
        on_click="ignore",
    )


def table(
    headings: Sequence[str],
    rows: Sequence[Sequence[str]],
    title: str,
    kinds: Sequence[str] = (),
    *,
    most: int = _LONG,
) -> None:
    """A table that scrolls by itself where it is wider than the screen, or has more than `most` rows."""
    columns = list(zip(headings, kinds or [""] * len(headings), strict=True))
    st.html(_TABLE.render(head=columns, rows=rows, title=title, is_long=len(rows) > most))


def _kept(answer: Answer, wanted: Mapping[str, Sequence[str]]) -> Answer:
    """The rows that the filters leave; the answer itself where none of them is of its columns."""
    names = [name for name, values in wanted.items() if values and name in answer.columns]
    if not names:
        return answer
    kept = [place for place, row in enumerate(answer.records) if all(str(row[name]) in wanted[name] for name in names)]
    return replace(
        answer, rows=tuple(answer.rows[place] for place in kept), exact=tuple(answer.exact[place] for place in kept)
    )


def escaped(said: str) -> str:
    """Words as they are: a name may hold signs that Markdown reads."""
    return "".join(f"\\{sign}" if sign in "\\`*_{}[]()#+-.!|<>$~:" else sign for sign in said)
