"""The record of processing says what settings, seeds, models and exports say, and what is missing; nothing by hand."""

from __future__ import annotations

import csv
import json
from datetime import datetime
from html.parser import HTMLParser
from typing import ClassVar

import pytest
from typer.testing import CliRunner

from orchestration.cli.app import app
from orchestration.core.settings import DBT_DIR, Privacy, Settings, Source
from orchestration.privacy.audit.catalogue import categories_with, read_catalogue
from orchestration.privacy.audit.exports import note_export
from orchestration.privacy.audit.processing import as_text, record_of
from orchestration.privacy.secrets.pepper import Pepper

AT = datetime(2026, 5, 1, 8)
PEPPER = Pepper(("p" * 40,))
FULL = Privacy(
    controller="Tält AB, Storgatan 1",
    officer="ombud@talt.example",
    processors=[
        {"name": "Brevbäraren | <b>", "task": "sends the newsletter", "country": "SE", "recipients": ["mailer"]},
        {"name": "Cloudy Inc.", "task": "hosts", "country": "US", "safeguard": "standard contractual clauses"},
    ],
    security_measures=["Disks are encrypted"],
    retention_days={"behaviour": 200},
)


def record(privacy: Privacy, con=None) -> dict:
    settings = Settings(company="Tält", sources={"crm": Source(connector="sql", url="sqlite://")}, privacy=privacy)
    return record_of(settings, read_catalogue(), categories_with(privacy.retention_days), con, AT)


def seed(name: str) -> list[dict[str, str]]:
    with (DBT_DIR / "seeds" / f"{name}.csv").open(encoding="utf-8", newline="") as file:
        return list(csv.DictReader(file))


def test_everything_that_article_30_asks_for_is_in_it(warehouse):
    warehouse.execute(
        "create schema conformed; create table conformed.conformed_people as select unnest(['shopper', 'lead', null]) as kind"
    )
    note_export(warehouse, PEPPER, "audience newsletter_email", ["c1"], AT, recipient="mailer")
    note_export(warehouse, PEPPER, "audience newsletter_email", ["c1", "c2"], datetime(2026, 5, 9), recipient="mailer")
    said = record(FULL, warehouse)
    assert (said["controller"], said["officer"], said["missing"]) == ("Tält AB, Storgatan 1", "ombud@talt.example", [])
    purposes = {(a["purpose"], a["legal_basis"]) for a in said["activities"]}
    assert {(row["purpose"], row["legal_basis"]) for row in [*seed("purposes"), *seed("data_categories")]} == purposes
    assert said["data_subjects"] == ["lead", "shopper"]
    kept = {c["category"]: c["retention_days"] for c in said["data_categories"]}
    assert kept == {row["category"]: int(row["retention_days"]) for row in seed("data_categories")} | {"behaviour": 200}
    assert (
        "conformed.conformed_people"
        in next(c for c in said["data_categories"] if c["category"] == "identity")["tables"]
    )
    assert said["exports"] == [
        {"recipient": "mailer", "what": "audience newsletter_email", "exports": 2, "first_on": "2026-05-01", "last_on": "2026-05-09"}
    ]  # fmt: skip
    assert [t["name"] for t in said["transfers"]] == ["Cloudy Inc."]
    assert said["security_measures"][-1] == "Disks are encrypted"
    assert json.loads(json.dumps(said)) == said


def test_a_purpose_of_the_configuration_is_an_activity_as_those_of_the_seed():
    own = {"podcast": {"description": "New episodes"}, "club": {"description": "Meetings", "is_marketing": False}}
    said = {a["purpose"]: a for a in record(Privacy(purposes=own))["activities"]}
    # contact by consent, as the newsletter is
    assert said["podcast"] == said["newsletter"] | {"purpose": "podcast", "description": "New episodes"}
    assert said["club"] == said["podcast"] | {"purpose": "club", "description": "Meetings", "is_marketing": False}


def test_what_nobody_said_is_told_as_missing(warehouse):
    note_export(warehouse, PEPPER, "audience news", ["c1"], AT, recipient="printer")
    note_export(warehouse, PEPPER, "audience news", ["c1"], AT)
    told = " · ".join(record(Privacy(), warehouse)["missing"])
    for setting in ("[privacy] controller", "[privacy] officer", "[[privacy.processors]]", "security_measures"):
        assert setting in told
    assert "recipient printer" in told and "without a name" in told
    gaps = Privacy(
        controller="T", officer="o", security_measures=["s"],
        processors=[{"name": "Nowhere", "task": "hosts"}, {"name": "Cloudy", "task": "hosts", "country": "US"}],
    )  # fmt: skip
    first, second = record(gaps)["missing"]
    assert "where Nowhere processes" in first and "Cloudy in US, outside the EEA" in second
    assert "lead" in record(gaps)["data_subjects"][0]  # without a warehouse: what the model names


class _Text(HTMLParser):
    # elements that the template has
    known: ClassVar = {"html", "head", "meta", "title", "style", "body", "div", "h1", "h2", "p", "ul", "li", "table", "tr", "th", "td"}  # fmt: skip

    def __init__(self) -> None:
        super().__init__()
        self.said, self.tags = "", set[str]()

    def handle_starttag(self, tag, attrs):
        self.tags.add(tag)

    def handle_data(self, data):
        self.said += data


def test_as_a_page_and_as_markdown_text_stays_text():
    said = record(FULL)
    page = _Text()
    page.feed(as_text(said, "html"))
    assert page.tags <= page.known and "Brevbäraren | <b>" in page.said
    for held in ("Tält AB, Storgatan 1", "ombud@talt.example", "standard contractual clauses", "200 days"):
        assert held in page.said
    lines = as_text(said, "md").splitlines()
    (row,) = [line for line in lines if "Brevbäraren" in line]
    assert row == "| Brevbäraren \\| &lt;b> | sends the newsletter | SE |  |"
    # a table is whole: no line of it is parted from its head
    for number, line in enumerate(lines):
        if line.startswith("| ") and not line.startswith("| ---"):
            assert lines[number - 1].startswith("|") or lines[number + 1].startswith("| ---"), line


@pytest.mark.parametrize("name", ["r.md", "r.html", "r.json"])
def test_the_command_writes_it_before_any_night(tmp_path, monkeypatch, name):
    config = tmp_path / "kundbild.toml"
    config.write_text('company = "Tält"\n[sources.crm]\nconnector = "sql"\nsystem = "crm"\nurl = "sqlite://"\n[privacy]\nofficer = "o@t.se"\n[[privacy.processors]]\nname = "Brev"\ntask = "sends"\n')  # fmt: skip
    monkeypatch.setenv("KUNDBILD_HOME", str(tmp_path / "home"))
    monkeypatch.setenv("KUNDBILD_CONFIG", str(config))
    done = CliRunner().invoke(app, ["record-of-processing", "--to", str(tmp_path / name)])
    assert done.exit_code == 0, done.output
    assert "Brev" in (tmp_path / name).read_text() and "where Brev processes" in done.output
