"""One customer as the grade people tells it: looked up in `customers.duckdb`, what it did by its key in the file of analysts.

Every look is noted in the audit log before anything is shown, and nothing is kept. Not here: how it is shown (customer_page.py), why
records are one customer (`kundbild explain`).
"""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path
from typing import Any

from orchestration.core.configuration import home_and_config, load_privacy
from orchestration.core.sql_scripts import sql_script
from orchestration.core.warehouse import has_relation
from orchestration.dashboards.reading import Reading, opened
from orchestration.insight.customer_picture import LIFE_EVENTS, Event, Picture
from orchestration.privacy.audit.access import QUERIED, SHOWN, note_access
from orchestration.privacy.audit.log import audit_log
from orchestration.publishing.grades import PEOPLE

MOST_FOUND, MOST_EVENTS = 20, 100


@dataclass(frozen=True)
class Found:
    """A customer that a search finds."""

    customer_id: str
    full_name: str
    city: str


def search(reading: Reading, asked: str) -> list[Found]:
    """Customers by id (an old one too), email address, a source record as system:key, or a part of the name; at most MOST_FOUND."""
    rows = _rows(_people(reading), sql_script(__file__, "find_customers", most=MOST_FOUND), {"asked": asked.strip()})
    home, config = home_and_config()
    note_access(home, load_privacy(config), QUERIED, of=PEOPLE.name, through="dashboards", rows=len(rows))
    return [Found(row["customer_id"], row["full_name"] or "without a name", row["city"] or "") for row in rows]


def picture(reading: Reading, customer_id: str) -> Picture | None:
    """The customer's picture; None where the publication has no such customer."""
    whom = {"id": customer_id}
    path = _people(reading)
    facts = _first(path, "select * exclude (customer_id) from marts.dim_customers where customer_id = $id", whom)
    if not facts:
        return None
    home, config = home_and_config()
    audit_log(home, load_privacy(config)).append(SHOWN, subject=customer_id, detail={"through": "dashboards"})
    figures = _first(path, "select * exclude (customer_id) from marts.customer_360 where customer_id = $id", whom)
    if _has(path, "customer_places"):
        of_place = "select * exclude (customer_id) from marts.customer_places where customer_id = $id"
        figures |= _first(path, of_place, whom)
    segments = _rows(
        path, "select scheme, segment from segments.customer_segments where customer_id = $id order by 1", whom
    )
    events = _rows(reading.path, sql_script(__file__, "timeline", most=MOST_EVENTS), {"key": facts.get("customer_key")})
    return Picture(
        customer_id=customer_id,
        facts=facts,
        figures={name: value for name, value in figures.items() if name not in facts},
        attributes=_rows(path, sql_script(__file__, "attributes"), whom),
        segments={"segments": {row["scheme"]: row["segment"] for row in segments}} if segments else {},
        permissions=_rows(path, sql_script(__file__, "permissions"), whom),
        events=[Event(row["happened_at"], row["lane"], row["what"]) for row in events],
        event_count=events[0]["event_count"] if events else 0,
        life_events=_rows(path, LIFE_EVENTS, whom) if _has(path, "customer_life_events") else [],
    )


def _people(reading: Reading) -> Path:
    assert reading.people, "the page is only shown where the grade is there"
    return reading.people


def _has(path: Path, mart: str) -> bool:
    """A publication of a night before the mart was made lacks it."""
    with opened(path) as con:
        return has_relation(con, "marts", mart)


def _first(path: Path, sql: str, parameters: dict[str, Any]) -> dict[str, Any]:
    """The columns of the row that hold something; {} where there is none."""
    rows = _rows(path, sql, parameters)
    return {name: value for name, value in rows[0].items() if value is not None and value != []} if rows else {}


def _rows(path: Path, sql: str, parameters: dict[str, Any]) -> list[dict[str, Any]]:
    with opened(path) as con:
        cursor = con.execute(sql, parameters)
        names = [column[0] for column in cursor.description or []]
        return [dict(zip(names, row, strict=True)) for row in cursor.fetchall()]
