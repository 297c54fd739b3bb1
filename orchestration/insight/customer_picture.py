"""One customer as the marts know it: who, how much, in which segments, what is permitted, and what happened when.

Here: reading it, and the page. Not here: why records are one customer (identity/explain.py), everything that is held of a person
(privacy/rights/subject_access.py).
"""

from __future__ import annotations

from dataclasses import dataclass, field
from datetime import datetime
from pathlib import Path
from typing import Any

import duckdb
from jinja2 import Environment

from orchestration.contracts.model_files import model_file, models_of
from orchestration.core.errors import KundbildError
from orchestration.core.settings import DBT_DIR
from orchestration.core.sql_scripts import sql_script
from orchestration.core.warehouse import has_relation, has_table, quote
from orchestration.identity.explain import customer_of
from orchestration.insight.customer_words import in_words, name_in_words
from orchestration.insight.deliveries import entity_in_words, undelivered

MOST_EVENTS = 500
_PAGE = Path(__file__).with_name("customer_picture.html.jinja")
_TIMELINE = sql_script(__file__, "customer_timeline")
_SCORES = """
select score, value, outcome, lower_value, upper_value, decile, reasons, model_version, scored_at from marts.customer_scores
where customer_id = $id order by score
"""
LIFE_EVENTS = """
select event, happened_on, told_by from marts.customer_life_events where customer_id = $id order by happened_on desc, event
"""
_CUSTOMERS = DBT_DIR / "models" / "marts" / "customers"
# bounds of what a customer does; those of every other score are of the value itself
_BOUNDS_OF_CUSTOMERS = {"expected_purchases_12m"}
# several rows a customer: told as the segment of each scheme
_BY_SCHEME = ("customer_segments", "segment_membership_history")
_WIDTH, _LANE, _LABEL = 900, 26, 120


@dataclass(frozen=True)
class Event:
    """Something that happened: when (UTC), in which lane of the timeline, and what in words."""

    at: datetime
    lane: str
    what: str


@dataclass(frozen=True)
class Picture:
    """A customer. `facts` are the columns of dim_customers, `figures` the further ones of customer_360 and customer_places that hold
    something, `attributes` the rows of customer_attributes, `scores` those of customer_scores, `life_events` those of customer_life_events.

    `segments` are the rows of every segment that has the customer; who may not be profiled is in none, and has no score. `event_count` counts
    all events, of which `events` has the newest MOST_EVENTS. `undelivered` are kinds of data that no source delivers: of them nothing is known.
    """

    customer_id: str
    facts: dict[str, Any]
    figures: dict[str, Any]
    attributes: list[dict[str, Any]]
    segments: dict[str, dict[str, Any]]
    permissions: list[dict[str, Any]]
    events: list[Event]
    event_count: int
    scores: list[dict[str, Any]] = field(default_factory=list)
    life_events: list[dict[str, Any]] = field(default_factory=list)
    undelivered: list[str] = field(default_factory=list)

    @property
    def parts(self) -> dict[str, dict[str, Any]]:
        """The figures by part of the picture, as customer_360.yml tells them apart: identity, behaviour, interaction, attitude, record;
        and the place, of customer_places. Not the descriptive ones: `attributes` tells all of them."""
        parts: dict[str, dict[str, Any]] = {}
        for name, part in _parts().items():
            if name in self.figures and part != "descriptive":
                parts.setdefault(part, {})[name] = self.figures[name]
        return parts

    @property
    def name(self) -> str:
        """The customer's name; empty where no record has one."""
        parts = (self.facts.get("given_name"), self.facts.get("family_name"))
        return str(self.facts.get("full_name") or " ".join(filter(None, parts)))


def read_picture(con: duckdb.DuckDBPyConnection, subject: str) -> Picture:
    """The picture of a customer id, an old one too, or of the customer of `system:key`.

    Raises KundbildError where there is no such customer, or no night built the marts.
    """
    if not has_table(con, "marts", "customer_360") or not has_table(con, "identity", "customer_source_records"):
        raise KundbildError("no night has built the marts yet", to_do="`kundbild run`")
    customer_id, _ = customer_of(con, subject)
    facts, figures = (_row(con, f"marts.{table}", customer_id) for table in ("dim_customers", "customer_360"))
    if not facts:
        raise KundbildError(
            "the marts have no such customer: whoever is restricted is in none, and a new one is there after the next night",
            to_do="`kundbild explain` shows its records",
        )
    rows_of = [table for _, table in models_of("segments") if table not in _BY_SCHEME]
    if has_relation(con, "marts", "customer_places"):
        figures |= _row(con, "marts.customer_places", customer_id)
    segments = {table: _row(con, f"segments.{quote(table)}", customer_id) for table in rows_of}
    if has_relation(con, "segments", "customer_segments"):
        by_scheme = "select scheme, segment from segments.customer_segments where customer_id = $id order by 1"
        segments["segments"] = {row["scheme"]: row["segment"] for row in _rows(con, by_scheme, id=customer_id)}
    permissions = _rows(
        con,
        "select purpose, channel, is_permitted, contact_point, reason, expires_at from marts.contact_permissions "
        "where customer_id = $id order by purpose, channel",
        id=customer_id,
    )
    attributes = _rows(
        con,
        "select attribute_name, attribute_value, origin, observed_at from marts.customer_attributes where customer_id = $id order by 1",
        id=customer_id,
    )
    events = con.execute(_TIMELINE, {"id": customer_id, "most": MOST_EVENTS}).fetchall()
    return Picture(
        customer_id=customer_id,
        facts=facts,
        figures={name: value for name, value in figures.items() if name not in facts},
        attributes=attributes,
        segments={table: row for table, row in segments.items() if row},
        permissions=permissions,
        events=[Event(at, lane, what) for at, lane, what, _ in events],
        event_count=events[0][3] if events else 0,
        scores=_rows(con, _SCORES, id=customer_id) if has_relation(con, "marts", "customer_scores") else [],
        life_events=_rows(con, LIFE_EVENTS, id=customer_id)
        if has_relation(con, "marts", "customer_life_events")
        else [],
        undelivered=sorted(entity_in_words(entity) for entity in undelivered(con)),
    )


def write_page(picture: Picture) -> str:
    """The picture as one HTML file with its timeline, nothing fetched. It holds personal data: keep the file private."""
    environment = Environment(autoescape=True, trim_blocks=True, lstrip_blocks=True)
    environment.filters["said"] = in_words
    environment.filters["named"] = name_in_words
    environment.filters["told"] = score_in_words
    environment.filters["width"] = width_in_words
    page = environment.from_string(_PAGE.read_text(encoding="utf-8"))
    return page.render(p=picture, most=MOST_EVENTS, chart=_chart(picture.events))


def score_in_words(row: dict[str, Any]) -> str:
    """The value of a score, and what it is the chance of where the score chooses one of several."""
    value = in_words(row["value"])
    return value if row["outcome"] is None else f"{row['outcome']} ({value})"


def width_in_words(row: dict[str, Any]) -> str:
    """How sure a score is: what nine of ten customers do, or how far the value itself may be off; "" where it has no bounds."""
    if row["upper_value"] is None:
        return ""
    of_what = "nine of ten" if row["score"] in _BOUNDS_OF_CUSTOMERS else "95 % interval"
    return f"{of_what}: {in_words(row['lower_value'])} to {in_words(row['upper_value'])}"


def _parts() -> dict[str, str]:
    """Column of customer_360 or customer_places → its part of the picture."""
    (model,) = model_file(_CUSTOMERS / "customer_360.yml")["models"]
    (places,) = model_file(_CUSTOMERS / "customer_places.yml")["models"]
    parts = {c["name"]: c["config"]["meta"]["part"] for c in model["columns"] if "part" in c["config"]["meta"]}
    return parts | {c["name"]: "place" for c in places["columns"] if c["name"] != "customer_id"}


def _row(con: duckdb.DuckDBPyConnection, table: str, customer_id: str) -> dict[str, Any]:
    """The columns of the customer's row that hold something; {} where there is none."""
    rows = _rows(con, f"select * exclude (customer_id) from {table} where customer_id = $id", id=customer_id)
    return {name: value for name, value in rows[0].items() if value is not None and value != []} if rows else {}


def _rows(con: duckdb.DuckDBPyConnection, query: str, **parameters: object) -> list[dict[str, Any]]:
    cursor = con.execute(query, parameters)
    names = [column[0] for column in cursor.description or []]
    return [dict(zip(names, row, strict=True)) for row in cursor.fetchall()]


def _chart(events: list[Event]) -> dict[str, Any]:
    """Where each event lies: time from left to right, a lane for each kind, and a mark at each year or month."""
    if not events:
        return {}
    first, last = events[-1].at, events[0].at
    span = max((last - first).total_seconds(), 1.0)
    lanes = sorted({event.lane for event in events})

    def x(at: datetime) -> float:
        return round(_LABEL + (_WIDTH - _LABEL - 10) * (at - first).total_seconds() / span, 1)

    dots = [
        {"x": x(event.at), "y": lanes.index(event.lane) * _LANE + 18, "said": f"{event.at:%Y-%m-%d}: {event.what}"}
        for event in events
    ]
    is_long = last.year - first.year >= 2
    marks = [
        datetime(year, month, 1)
        for year in range(first.year, last.year + 1)
        for month in ((1,) if is_long else range(1, 13))
        if first <= datetime(year, month, 1) <= last
    ]
    # at most twelve have room for their words
    every = len(marks) // 12 + 1
    return {
        "width": _WIDTH,
        "height": len(lanes) * _LANE + 34,
        "lanes": [{"name": lane, "y": number * _LANE + 18} for number, lane in enumerate(lanes)],
        "dots": dots,
        "marks": [{"x": x(mark), "said": f"{mark:%Y}" if is_long else f"{mark:%Y-%m}"} for mark in marks[::every]],
    }
