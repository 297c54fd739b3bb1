"""The pages, and how each is shown. Here: pages that are boards of parts. Not here: the builder (segments_page.py), metrics
(metrics_page.py), one customer (customer_page.py).
"""

from __future__ import annotations

from collections.abc import Callable

import duckdb
import streamlit as st

from orchestration.core.errors import KundbildError
from orchestration.dashboards.customer_page import customer_page
from orchestration.dashboards.metrics_page import metrics_page
from orchestration.dashboards.parts import BOARDS, OVERVIEW
from orchestration.dashboards.reading import Reading, current_reading, publication_key
from orchestration.dashboards.segments_page import builder
from orchestration.dashboards.titles import TITLES
from orchestration.dashboards.views import board, chosen, figures, head, show_part, table, told_error
from orchestration.publishing.report.topics import NORTH_STAR
from orchestration.publishing.report.words import day

# how often a page looks whether readers are led to another publication
_WATCH_SECONDS = 5


def _overview(reading: Reading) -> None:
    figures(reading)
    show_part(reading, NORTH_STAR, {})
    board(reading, OVERVIEW)


def _board(name: str) -> Callable[[Reading], None]:
    def draw(reading: Reading) -> None:
        parts = BOARDS[name].parts
        board(reading, parts, chosen(reading, name, parts, BOARDS[name].filters))

    return draw


def _segments(reading: Reading) -> None:
    builder(reading)
    _board("segments")(reading)


def _health(reading: Reading) -> None:
    _board("health")(reading)
    st.header("This publication", anchor="publication")
    before = reading.report.before
    rows = [
        ["Published", f"{day(reading.as_of)}, {reading.as_of:%H:%M} UTC"],
        ["Version", reading.version],
        ["Compared with", day(before.as_of) if before else "none: it is the only one that is kept"],
        [
            "Single customers",
            "shown" if reading.people else "not shown: customers.duckdb is not there, or this user may not read it",
        ],
    ]
    table(["what", "value"], rows, "This publication")


_DRAW: dict[str, Callable[[Reading], None]] = {
    **{name: _board(name) for name in BOARDS},
    "overview": _overview,
    "segments": _segments,
    "metrics": metrics_page,
    "customer": customer_page,
    "health": _health,
}


def show(name: str) -> None:
    """Draws one page of the publication that readers see now."""
    key = publication_key()
    _watch(key)
    try:
        reading = current_reading()
        head(TITLES[name][0], reading, _of_people(name, reading.k))
        _DRAW[name](reading)
    except KundbildError as error:
        st.error(told_error(error))
    except (duckdb.Error, OSError):
        # the publication went while it was read: readers are led to another one
        if publication_key() != key:
            st.rerun()
        # its text may quote rows
        st.error("The publication could not be read. `kundbild status` says how it stands.")


def _of_people(name: str, k: int) -> str:
    """What a page says of the people behind its numbers."""
    if name == "customer":
        return "Personal data: each look is noted in the audit log."
    # metrics are not rounded: they leave groups of few out
    rounded = "" if name == "metrics" else f"; counts are rounded, to the nearest {k} at most"
    return f"No figure is about fewer than {k} people{rounded}."


@st.fragment(run_every=_WATCH_SECONDS)
def _watch(key: str) -> None:
    """Draws the page anew where readers are led to another publication than `key`."""
    if publication_key() != key:
        st.rerun()
