"""An audience of everybody with an address, added to the project: the night is held, and no audience leaves."""

from __future__ import annotations

import json
import shutil
import subprocess
import sys
from pathlib import Path

import pytest

from data_quality.runner import QualityRun
from data_quality.suites.consent import audience_suites
from orchestration.contracts.audiences import audience_models
from orchestration.core.configuration import load_settings
from orchestration.core.home import Home
from orchestration.core.settings import PROJECT_DIR
from tests.conftest import Kundbild

EVERYONE = """
select c.customer_id, c.email as contact_point, c.given_name, c.country_code, 'newsletter' as purpose, 'email' as channel, 'none' as deciding_event
from {{ ref("dim_customers") }} c where c.email is not null
"""
CONFIG = """
company = "T"
[report]
after_publication = false
[sources.club]
connector = "files"
format = "jsonl"
url = "."
[sources.club.tables.people]
path = "people.jsonl"
columns = { id = "VARCHAR", mail = "VARCHAR", given = "VARCHAR", born = "DATE", land = "VARCHAR" }
key = ["id"]
[[sources.club.tables.people.maps]]
entity = "people"
columns = { source_key = "id", email = "mail", given_name = "given", birth_date = "born", country_code = "land" }
[sources.club.tables.choices]
path = "choices.jsonl"
columns = { id = "VARCHAR", who = "VARCHAR", mail = "VARCHAR", topic = "VARCHAR", said = "VARCHAR", at = "TIMESTAMP", text = "VARCHAR", form = "VARCHAR" }
key = ["id"]
[[sources.club.tables.choices.maps]]
entity = "consent_events"
columns = { source_key = "id", person_key = "who", contact_point = "mail", purpose = "topic", status = "said", stated_at = "at", confirmed_at = "at", wording_version = "text", capture_source = "form" }
constants = { channel = "email", contact_point_type = "email" }
"""  # fmt: skip


@pytest.fixture
def lawless(tmp_path: Path) -> Kundbild:
    """A checkout whose project has one audience more, and a company of three people: one granted, two said nothing."""
    checkout = tmp_path / "checkout"
    for folder in ("orchestration", "data_quality", "dbt_project"):
        shutil.copytree(PROJECT_DIR / folder, checkout / folder, ignore=shutil.ignore_patterns("target", "__pycache__"))
    audiences = checkout / "dbt_project" / "models" / "marts" / "audiences"
    (audiences / "audience_everyone_email.sql").write_text(EVERYONE)
    like = (audiences / "audience_newsletter_email.yml").read_text()
    (audiences / "audience_everyone_email.yml").write_text(
        like.replace("audience_newsletter_email", "audience_everyone_email")
    )
    people = [
        {"id": n, "mail": f"{n}@x.se", "given": n.title(), "born": "1980-02-03", "land": "SE"}
        for n in ("anna", "bo", "eva")
    ]
    choice = {
        "id": "1",
        "who": "anna",
        "mail": "anna@x.se",
        "topic": "newsletter",
        "said": "granted",
        "at": "2026-01-01 10:00:00",
        "text": "w1",
        "form": "web",
    }
    data = tmp_path / "data"
    data.mkdir()
    (data / "people.jsonl").write_text("".join(json.dumps(row) + "\n" for row in people))
    (data / "choices.jsonl").write_text(json.dumps(choice) + "\n")
    (data / "kundbild.toml").write_text(CONFIG.replace('url = "."', f'url = "{data}"'))
    return Kundbild(tmp_path / "home", data / "kundbild.toml")  # fmt: skip


def run(kundbild: Kundbild, *arguments: str) -> subprocess.CompletedProcess[str]:
    """The command line of the copied checkout."""
    entry = [
        sys.executable,
        "-c",
        "from orchestration.cli.app import entry; entry()",
        *kundbild.command()[1:],
        *arguments,
    ]
    checkout = kundbild.home.parent / "checkout"
    environment = kundbild.environment(PYTHONPATH=str(checkout))
    return subprocess.run(
        entry, cwd=checkout, env=environment, capture_output=True, text=True, timeout=300, check=False
    )


@pytest.mark.slow
def test_an_audience_without_a_rule_holds_the_night_and_every_export(lawless: Kundbild, tmp_path: Path):
    outcome = json.loads(run(lawless, "run", "--json").stdout)
    assert not outcome["is_success"] and not outcome["publication"]
    # dbt's test sees it, and so does the suite, by itself
    assert "audiences_have_permission" in outcome["error"]
    listed = json.loads(run(lawless, "audience", "list", "--json").stdout)
    assert {row["name"]: (row["purpose"], row["customers"]) for row in listed}["everyone_email"] == (None, 3)
    for name, said in (("everyone_email", "no rule says for which purpose"), ("newsletter_email", "not published")):
        refused = run(lawless, "audience", "export", name, "--to", str(tmp_path / "a.csv"))
        assert refused.returncode == 2 and said in refused.stderr
    assert not (tmp_path / "a.csv").exists()
    home, settings = Home(lawless.home), load_settings(lawless.config)
    models = audience_models(tmp_path / "checkout" / "dbt_project")
    results = QualityRun(home, settings.engine, "suite").run(audience_suites(models, settings, {}))
    failed = {(r.suite.table, r.check.name): r.observed for r in results if not r.passed}
    assert {table for table, _ in failed} == {"audience_everyone_email"}
    assert failed["audience_everyone_email", "every_row_has_permission"]["unexpected_count"] == 2
    assert failed["audience_everyone_email", "every_row_is_of_its_rule"]["unexpected_count"] == 3


def test_an_audience_is_known_wherever_its_model_lies(tmp_path: Path):
    models = tmp_path / "models"
    for path, text in {
        "marts/audiences/deep/audience_a.sql": "select 1",
        "bi/sneaky.sql": '{{ config(materialized="view", schema="audiences", alias="audience_b") }} select 1',
        "marts/customers/quiet.sql": "select 1",
        "marts/customers/other.sql": "select 1",
        "marts/audiences/elsewhere.sql": "{{ config(schema='marts') }} select 1",
    }.items():
        (models / path).parent.mkdir(parents=True, exist_ok=True)
        (models / path).write_text(text)
    (models / "marts/customers/quiet.yml").write_text("models: [{name: quiet, config: {schema: audiences}}]")
    found = {(audience.model, audience.table, audience.name) for audience in audience_models(tmp_path)}
    assert found == {("audience_a", "audience_a", "a"), ("sneaky", "audience_b", "b"), ("quiet", "quiet", "quiet")}
