"""A subject gets what is theirs, from the command line and from the UI's jobs. How the answer is made: tests/unit."""

from __future__ import annotations

import json
from datetime import date
from pathlib import Path

import dagster as dg
import jsonschema

from orchestration.core.clock import now
from orchestration.core.home import Home
from orchestration.defs.privacy import erase_job, export_job
from orchestration.privacy.rights.subject_access import SCHEMA
from orchestration.privacy.secrets.job_tokens import give_token
from tests.conftest import Kundbild
from tests.integration.someone import places


def test_rule_30_a_subject_gets_everything_that_is_theirs_and_nobody_elses(demo_copy: Kundbild, tmp_path: Path):
    with demo_copy.warehouse() as con:
        customer, contact, email = con.execute(
            "select s.customer_id, s.source_key, d.email from identity.customer_source_records s join marts.dim_customers d using (customer_id) "
            "where source_system = 'crm' and s.valid_to is null and d.email is not null and s.customer_id in (select customer_id from marts.fct_orders) "
            "and s.customer_id in (select customer_id from marts.fct_survey_responses) "
            # who denied profiling is in no segment
            "and s.customer_id in (select customer_id from segments.customer_rfm) "
            # of whom nothing was ever said there is no history
            "and s.customer_id in (select customer_id from marts.contact_permission_history) order by s.source_key limit 1"
        ).fetchall()[0]
        records = con.execute(
            "select source_system || ':' || source_key from identity.customer_source_records where customer_id = ? and valid_to is null",
            [customer],
        )
        records = sorted(record for (record,) in records.fetchall())
        others = con.execute(
            "select distinct lower(p.email) from conformed.conformed_people p join identity.customer_source_records s using (source_system, source_key) "
            "where s.customer_id <> ? and p.email is not null and lower(p.email) not in (select lower(q.email) from conformed.conformed_people q "
            "join identity.customer_source_records t using (source_system, source_key) where t.customer_id = ? and q.email is not null)",
            [customer, customer],
        ).fetchall()
        counted = con.execute(
            "select count(*) from conformed.conformed_orders o join identity.customer_source_records s on s.source_system = o.person_system "
            "and s.source_key = o.person_key where s.customer_id = ?", [customer],
        ).fetchall()[0][0]  # fmt: skip
    file, page = tmp_path / "subject.json", tmp_path / "subject.html"
    demo_copy(
        "export-subject",
        "--source-record",
        f"crm:{contact}",
        "--to",
        str(file),
        "--html",
        str(page),
        "--language",
        "en",
    )
    assert file.stat().st_mode & 0o077 == page.stat().st_mode & 0o077 == 0
    text = file.read_text()
    document = json.loads(text)
    jsonschema.validate(document, json.loads(SCHEMA.read_text()))
    assert document["source_records"] == records and document["customer_id"] == customer
    received, due = date.fromisoformat(document["received_at"][:10]), date.fromisoformat(document["due_on"])
    assert 28 <= (due - received).days <= 31
    data = {found["table"]: found for found in document["data"]}
    assert len(data["conformed.conformed_people"]["rows"]) == len(records)
    assert len(data["conformed.conformed_orders"]["rows"]) == counted > 0
    # raw rows too, as they were delivered
    with demo_copy.warehouse() as con:
        for record in records:
            system, key = record.split(":", 1)
            for table, column in (("raw_crm.contacts", "contact_id"), ("raw_webshop.customers", "id"), ("raw_survey.respondents", "respondent_id")):  # fmt: skip
                if table.startswith(f"raw_{system}."):
                    held = con.execute(f"select count(*) from {table} where {column}::varchar = ?", [key]).fetchall()[0][0]  # fmt: skip
                    assert sum(str(row[column]) == key for row in data[table]["rows"]) == held == 1
    assert {"marts.contact_permission_history"} <= set(data)
    assert {"conformed.conformed_order_items", "conformed.conformed_survey_answers", "marts.dim_customers", "marts.contact_permissions",
            "identity.golden_records", "segments.customer_rfm"} <= set(data)  # fmt: skip
    assert data["marts.dim_customers"]["rows"][0]["email"] == email
    # every table that holds the person says so in its columns, each column has its category, each category what it is for
    kinds = {category["category"]: category for category in document["categories"]}
    for found in data.values():
        assert set(found["rows"][0]) == set(found["columns"])
        assert (
            {column["category"] for column in found["columns"].values()} - {"none"}
            == set(found["categories"])
            <= set(kinds)
        )
    assert {p["table"] for p in document["portable"]} >= {
        "conformed.conformed_people",
        "conformed.conformed_orders",
        "conformed.conformed_consent_events",
    }
    assert not any(p["table"].startswith(("marts", "segments", "identity")) for p in document["portable"])
    lowered = text.lower()
    assert [other for (other,) in others if f'"{other}"' in lowered] == []
    html = page.read_text()
    assert email in html and "What we hold about you" in html and "legal obligation" in html
    assert demo_copy.json("export-subject", "--customer", customer)["source_records"] == records
    demo_copy("export-subject", "--email", "nobody@example.org", code=3)
    assert [entry["action"] for entry in demo_copy.json("audit", "list", "--about", customer)][-2:] == [
        "export",
        "export",
    ]


def test_the_jobs_of_the_ui_export_and_erase_whom_ids_name(demo_copy: Kundbild, monkeypatch):
    with demo_copy.warehouse() as con:
        customer, email = con.execute(
            "select customer_id, email from marts.dim_customers where email is not null order by email limit 1"
        ).fetchall()[0]
    for name, value in (("KUNDBILD_HOME", demo_copy.home), ("KUNDBILD_CONFIG", demo_copy.config)):
        monkeypatch.setenv(name, str(value))

    def run(job: dg.JobDefinition, op: str, **whom: list[str]) -> dg.ExecuteInProcessResult:
        config = {"token": give_token(Home(demo_copy.home), now()), **whom}
        return job.execute_in_process(run_config={"ops": {op: {"config": config}}}, raise_on_error=False)

    assert run(export_job(), "export", customers=[customer]).success
    page = next((demo_copy.home / "subject_access").glob("*.html"))
    assert email in page.read_text()
    assert run(erase_job(), "erase", customers=[customer]).success and not page.exists()
    assert places(demo_copy.home, [customer]) == []
    assert not run(erase_job(), "erase", customers=[customer]).success  # of nobody here
    assert not run(export_job(), "export").success
