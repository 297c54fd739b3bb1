"""A small warehouse after a night, written by hand, and an export of its audience. Not here: the tests that export."""

from __future__ import annotations

import csv
from datetime import datetime, timedelta
from pathlib import Path

from orchestration.activation.export import export_audience
from orchestration.core.settings import Settings, Source, Table
from orchestration.core.settings.maps import EntityMap
from orchestration.privacy.secrets.pepper import Pepper

NOW = datetime(2026, 11, 2, 8)
NIGHT = datetime(2026, 11, 2, 2)
PEPPER = Pepper(("p" * 40,))
CHOICES = Table(
    columns={"id": "VARCHAR", "who": "VARCHAR"},
    key=["id"],
    fresh_within_hours=48,
    maps=[EntityMap(entity="consent_events", columns={"source_key": "id", "person_key": "who"})],
)
ENTRIES = Table(columns={"id": "VARCHAR"}, maps=[EntityMap(entity="people", columns={"source_key": "id"})])
SETTINGS = Settings(
    company="T",
    sources={
        "crm": Source(connector="files", url="/", tables={"people": ENTRIES}),
        "club": Source(connector="files", url="/", tables={"choices": CHOICES, "members": ENTRIES}),
    },
)
PEOPLE = {"c-anna": "anna@x.se", "c-bo": "bo@x.se", "c-eva": "+46701112233", "c-odd": "=cmd|'/C calc'!A0@x.se"}


def checked(con, table: str, check: str, *, passed: bool = True, stage: str = "consent", severity: str = "ERROR"):
    con.execute("insert into ops.check_results values ('r', ?, ?, ?, ?, ?, ?)", [stage, table, check, severity, passed, NIGHT + timedelta(minutes=5)])  # fmt: skip


def exported(con, file: Path, **more) -> tuple[dict[str, str], dict[str, int]]:
    """(contact point by customer, who was left out) of an export."""
    at, settings = more.pop("at", NOW), more.pop("settings", SETTINGS)
    done = export_audience(con, "news", file, PEPPER, at, settings, **more)
    with file.open(newline="") as text:
        rows = list(csv.DictReader(text))
    assert len(rows) == done.customers
    return {row["customer_id"]: row["contact_point"] for row in rows}, done.left_out
