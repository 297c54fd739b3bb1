"""Rights besides erasure, on the demo as a user would."""

from __future__ import annotations

import json
import sqlite3
from datetime import date, datetime
from pathlib import Path

import dagster as dg
import duckdb
import jsonschema

from orchestration.defs.privacy import erase_job, export_job
from orchestration.extract.records import now
from orchestration.home import Home
from orchestration.privacy.job_tokens import give_token
from orchestration.privacy.rights import note_request, restrict
from orchestration.privacy.subject_access import SCHEMA
from tests.conftest import NIGHT_2, Kundbild
from tests.integration.someone import places


def test_an_objection_and_a_correction_stand_after_everything_is_extracted_anew(demo_copy: Kundbild):
    with demo_copy.warehouse() as con:
        customer, contact, born = con.execute(
            "select s.customer_id, p.source_key, p.birth_date from conformed.conformed_people p join identity.customer_source_records s "
            "using (source_system, source_key) where p.source_system = 'crm' and p.city is not null and p.deleted_at is null "
            "and s.customer_id in (select customer_id from audiences.audience_newsletter_email) order by 1 limit 1"
        ).fetchall()[0]
        (others,) = con.execute(
            "select min(email) from marts.dim_customers where customer_id <> ?", [customer]
        ).fetchall()[0]
    record = ("--source-record", f"crm:{contact}")
    assert demo_copy.json("rectify", *record, "--set", f"email={others.upper()}", code=3)["state"] == "held"
    assert demo_copy.json("object", *record)["state"] == "done"
    done = demo_copy.json("rectify", *record, "--set", "city=Rättvik", "--set", "gender=")
    assert done["state"] == "done" and done["changed"] >= 2
    assert "cannot be corrected" in demo_copy("rectify", *record, "--set", "shoe_size=43", code=2).stderr
    assert "birth date is none" in demo_copy("rectify", *record, "--set", "birth_date=spring", code=2).stderr
    assert demo_copy.json("object", "--email", "nobody@example.org", code=3)["state"] == "unknown"
    with sqlite3.connect(demo_copy.home / "demo" / "crm" / "crm.sqlite") as crm:
        crm.execute(
            "update contacts set city = 'Mora', job_title = 'Smith', updated_at = '2026-11-01T20:00:00' where contact_id = ?",
            [contact],
        )
    demo_copy("run", "--as-of", NIGHT_2, "--full-refresh")
    with demo_copy.warehouse() as con:
        raw = con.execute("select city, job_title from raw_crm.contacts where contact_id = ?", [contact]).fetchall()
        assert raw == [("Mora", "Smith")]
        found = con.execute(
            "select city, position, gender, birth_date from conformed.conformed_people where source_system = 'crm' and source_key = ?",
            [contact],
        )
        assert found.fetchall() == [("Rättvik", "Smith", None, born)]
        assert con.execute("select city from marts.dim_customers where customer_id = ?", [customer]).fetchall() == [
            ("Rättvik",)
        ]
        permitted = "select distinct purpose from marts.contact_permissions where is_permitted and customer_id = ?"
        assert {p for (p,) in con.execute(permitted, [customer]).fetchall()} <= {"survey"}
        assert con.execute(
            "select count(*) from audiences.audience_newsletter_email where customer_id = ?", [customer]
        ).fetchall() == [(0,)]
    reason = demo_copy.json(
        "consent", "explain", "--customer", customer, "--purpose", "newsletter", "--channel", "email"
    )
    assert reason["reason"] == "withdrawn" and reason["deciding_event"].startswith("kundbild:")
    noted = [entry["action"] for entry in demo_copy.json("audit", "list", "--about", customer)]
    assert [action for action in noted if "object" in action or "rectify" in action] == [
        "rectify-held",
        "object",
        "rectify",
    ]


def test_rule_24_a_correction_outlives_extraction_and_who_is_restricted_is_stored_and_in_no_mart(demo_copy: Kundbild):
    sold = "select count(*), sum(base_amount) from marts.fct_orders"
    with demo_copy.warehouse() as con:
        customer, contact = con.execute(
            "select s.customer_id, s.source_key from identity.customer_source_records s where source_system = 'crm' "
            "and s.customer_id in (select customer_id from marts.fct_orders) and s.customer_id in (select customer_id from audiences.audience_newsletter_email) "
            "and s.customer_id in (select customer_id from marts.fct_web_sessions) "
            # one of two of a household, where there is such a one
            "order by s.customer_id in (select max(customer_id) from marts.bridge_household_customers group by household_id having count(*) = 2) desc, 1 limit 1"
        ).fetchall()[0]
        before = con.execute(sold).fetchall()
        email = con.execute("select email from marts.dim_customers where customer_id = ?", [customer]).fetchall()[0][0]
    record = ("--source-record", f"crm:{contact}")
    demo_copy("rectify", *record, "--set", "city=Rättvik")
    assert demo_copy.json("restrict", *record)["state"] == "done"
    stored = (
        "select count(*) from conformed.conformed_people where source_system = 'crm' and source_key = ? and city = ?"
    )
    for night in (None, NIGHT_2):
        if night:
            demo_copy("run", "--as-of", night)
        found = places(demo_copy.home, [customer, email.lower()])
        assert found and {where.split(": ")[-1].split(".")[0] for where in found} <= {
            "conformed",
            "identity",
            "raw_crm",
            "raw_email",
            "raw_webshop",
            "raw_survey",
        }
        if not night:
            with demo_copy.warehouse() as con:
                assert con.execute(sold).fetchall() == before
                # where it is lifted before a night, their permissions are worked out anew
                made_with = "select count(*) from identity.contact_permissions_made_with where customer_id = ?"
                assert con.execute(made_with, [customer]).fetchall() == [(0,)]
    with demo_copy.warehouse() as con:
        assert con.execute(stored, [contact, "Rättvik"]).fetchall() == [(1,)]
        key = con.execute("select o.source_key from conformed.conformed_orders o join identity.customer_source_records s on s.source_system = o.person_system "
                          "and s.source_key = o.person_key where s.customer_id = ? limit 1", [customer]).fetchall()[0][0]  # fmt: skip
        assert con.execute(
            "select customer_id, person_key from marts.fct_orders where source_key = ?", [key]
        ).fetchall() == [(None, None)]
    demo_copy("restrict", *record, "--lift")
    demo_copy("run", "--as-of", NIGHT_2)
    with demo_copy.warehouse() as con:
        for table in ("dim_customers", "fct_orders", "fct_web_sessions", "contact_permissions"):
            assert con.execute(
                f"select count(*) > 0 from marts.{table} where customer_id = ?", [customer]
            ).fetchall() == [(True,)], table
        assert con.execute("select city from marts.dim_customers where customer_id = ?", [customer]).fetchall() == [
            ("Rättvik",)
        ]


def test_rule_30_a_subject_gets_everything_that_is_theirs_and_nobody_elses(demo_copy: Kundbild, tmp_path: Path):
    with demo_copy.warehouse() as con:
        customer, contact, email = con.execute(
            "select s.customer_id, s.source_key, d.email from identity.customer_source_records s join marts.dim_customers d using (customer_id) "
            "where source_system = 'crm' and s.valid_to is null and d.email is not null and s.customer_id in (select customer_id from marts.fct_orders) "
            "and s.customer_id in (select customer_id from marts.fct_survey_responses) "
            # who denied profiling is in no segment
            "and s.customer_id in (select customer_id from segments.customer_rfm) order by 1 limit 1"
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


def test_requests_that_a_source_delivers_are_taken_up_on_the_night_that_they_come(demo_copy: Kundbild):
    first = {r["reference"]: (r["kind"], r["state"]) for r in demo_copy.json("requests")}
    assert first == {}  # before the first night's customers nobody can be meant: they wait
    with demo_copy.warehouse() as con:
        # people with an address that nobody else has, in the newsletter's audience
        people = con.execute(
            "select a.customer_id, min(p.email), min(p.source_system || ':' || p.source_key) from audiences.audience_newsletter_email a "
            "join identity.customer_source_records s on s.customer_id = a.customer_id and s.valid_to is null "
            "join conformed.conformed_people p using (source_system, source_key) join identity.normalised_people n using (source_system, source_key) "
            "where n.email_key is not null and n.email_key in (select n2.email_key from identity.normalised_people n2 "
            "join identity.customer_source_records s2 using (source_system, source_key) where s2.valid_to is null group by 1 "
            "having count(distinct s2.customer_id) = 1) group by 1 order by 1 limit 6"
        ).fetchall()
        shared = con.execute(
            "select email_key from identity.normalised_people join identity.customer_source_records using (source_system, source_key) "
            "where email_key is not null and valid_to is null group by 1 having count(distinct customer_id) = 2 order by 1 limit 1"
        ).fetchall()[0][0]
    (erased, email, _), (told, _, record), (objects, objector, _), (hidden, _, hidden_record), (moved, mover, _), (late, later, _) = people  # fmt: skip
    rows = [
        ("t-1", "erase", "", email, "", "", "", "true"),
        ("t-2", "export", "", "", record, "", "", "true"),
        ("t-3", "object", "", objector, "", "", "", "true"),
        ("t-4", "Restrict", "", "", hidden_record, "", "", "true"),
        ("t-5", "rectify", "", mover, "", "city", "Rättvik", "true"),
        ("t-6", "erase", late, "", "", "", "", "false"),
        ("t-7", "forget me", "", later, "", "", "", "true"),
        ("t-8", "erase", "", shared, "", "", "", "true"),
        ("t-9", "erase", late, later, "", "", "", "true"),
        ("t-10", "rectify", "", mover, "", "shoe_size", "43", "true"),
        ("t-12", "rectify", "", mover, "", "email", later.upper(), "true"),
        ("t-13", "object", "", shared, "", "", "", "true"),
    ]
    header = "request_id,kind,customer_id,email,source_record,field,value,received_at,is_identity_checked\n"
    folder = demo_copy.home / "demo" / "requests"

    def deliver(name: str, rows: list[tuple[str, ...]]) -> None:
        lines = [",".join([*row[:7], "2026-11-01T12:00:00", row[7]]) for row in rows]
        (folder / f"requests_{name}.csv").write_text(header + "\n".join(lines) + "\n")

    deliver("a", rows)
    assert demo_copy.json("run", "--as-of", NIGHT_2)["is_clean"]
    found = {r["reference"]: (r["kind"], r["state"]) for r in demo_copy.json("requests")}
    assert found == {
        "form-1": ("erase", "unknown"), "form-2": ("export", "unchecked"), "t-1": ("erase", "done"), "t-2": ("export", "done"),
        "t-3": ("object", "done"), "t-4": ("restrict", "done"), "t-5": ("rectify", "done"), "t-6": ("erase", "unchecked"),
        "t-7": ("invalid", "invalid"), "t-8": ("erase", "held"), "t-9": ("erase", "invalid"), "t-10": ("rectify", "invalid"), "t-12": ("rectify", "held"),
        "t-13": ("object", "held"),
    }  # fmt: skip
    assert all(str(r["due_on"]) == "2026-12-01" for r in demo_copy.json("requests") if r["reference"].startswith("t-"))
    # in the night that they came: nobody who asked not to be there is in an audience or a publication
    with demo_copy.warehouse() as con:
        there = {
            row[0] for row in con.execute("select customer_id from audiences.audience_newsletter_email").fetchall()
        }
        # an erasure that nobody has checked yet ends contact at once
        assert moved in there and not there & {erased, objects, hidden, late}
        shown = dict(con.execute("select customer_id, city from marts.dim_customers").fetchall())
        assert shown[moved] == "Rättvik" and not {erased, hidden} & set(shown)
        assert con.execute("select count(*) from raw_requests.requests where email = $1", [email]).fetchall() == [(0,)]
        # an objection by an address of two denies both until a person has looked
        still = (
            "select count(*) from marts.contact_permissions p join reference.purposes u using (purpose) where p.is_permitted and u.is_marketing "
            "and p.customer_id in (select customer_id from identity.normalised_people join identity.customer_source_records "
            "using (source_system, source_key) where valid_to is null and email_key = $1)"
        )
        assert con.execute(still, [shared]).fetchall() == [(0,)]
    assert not (demo_copy.home / "erasure.unfinished").exists()
    assert places(demo_copy.home, [email.lower()]) == []
    answers = sorted(path.name for path in (demo_copy.home / "subject_access").iterdir())
    assert len(answers) == 2 and all(
        (demo_copy.home / "subject_access" / name).stat().st_mode & 0o077 == 0 for name in answers
    )
    document = json.loads((demo_copy.home / "subject_access" / answers[1]).read_text())
    jsonschema.validate(document, json.loads(SCHEMA.read_text()))
    assert document["customer_id"] == told
    # whoever is made sure of later is done then; what was made for somebody goes with them; what is done is not done again
    deliver("b", [("t-6", "erase", late, "", "", "", "", "true"), ("t-11", "erase", told, "", "", "", "", "true")])
    before = len(demo_copy.json("audit", "list"))
    assert demo_copy.json("run", "--as-of", NIGHT_2)["is_success"]
    found = {r["reference"]: (r["kind"], r["state"]) for r in demo_copy.json("requests")}
    assert found["t-6"] == found["t-11"] == ("erase", "done") and found["t-8"] == ("erase", "held")
    assert list((demo_copy.home / "subject_access").iterdir()) == []
    done = [entry["action"] for entry in demo_copy.json("audit", "list")]
    assert len(done) - before <= 6 and demo_copy.json("audit", "verify")["entries"] == len(done)


def test_a_restriction_that_was_killed_is_carried_through_by_whatever_comes_next(demo_copy: Kundbild):
    with duckdb.connect(str(demo_copy.home / "warehouse.duckdb")) as con:
        customer = con.execute("select min(customer_id) from marts.dim_customers").fetchall()[0][0]
        request = note_request(con, "restrict", "hash", datetime(2026, 11, 1, 12), "open")
        restrict(con, customer, datetime(2026, 11, 1, 12), request)
    # killed here: noted, and still in marts and publications
    shown = f"select count(*) from marts.dim_customers where customer_id = '{customer}'"
    with duckdb.connect(str(demo_copy.home / "published" / "customers.duckdb"), read_only=True) as con:
        assert con.execute(shown).fetchall() == [(1,)]
    demo_copy("erase", "--email", "nobody@example.org", code=3)
    with duckdb.connect(str(demo_copy.home / "published" / "customers.duckdb"), read_only=True) as con:
        assert con.execute(shown).fetchall() == [(0,)]
    with demo_copy.warehouse() as con:
        assert con.execute(shown).fetchall() == [(0,)]
    assert {r["kind"]: r["state"] for r in demo_copy.json("requests")} == {"restrict": "done", "erase": "unknown"}


def test_the_jobs_of_the_ui_export_and_erase_whom_ids_name(demo_copy: Kundbild, monkeypatch):
    with demo_copy.warehouse() as con:
        customer, email = con.execute(
            "select customer_id, email from marts.dim_customers where email is not null order by 1 limit 1"
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
