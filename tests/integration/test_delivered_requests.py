"""Requests that a source delivers, through a night. Their words and states: tests/unit."""

from __future__ import annotations

import json

import jsonschema

from orchestration.privacy.rights.subject_access import SCHEMA
from tests.conftest import NIGHT_2, Kundbild
from tests.integration.someone import places


def test_requests_that_a_source_delivers_are_taken_up_on_the_night_that_they_come(demo_copy: Kundbild):
    first = {r["reference"]: (r["kind"], r["state"]) for r in demo_copy.json("requests")}
    # before the first night's customers nobody can be meant: they are noted, and wait
    assert first == {"form-1": ("erase", "received"), "form-2": ("export", "received")}
    with demo_copy.warehouse() as con:
        # people with an address that nobody else has, in the newsletter's audience
        people = con.execute(
            "select a.customer_id, min(p.email), min(p.source_system || ':' || p.source_key) from audiences.audience_newsletter_email a "
            "join identity.customer_source_records s on s.customer_id = a.customer_id and s.valid_to is null "
            "join conformed.conformed_people p using (source_system, source_key) join identity.normalised_people n using (source_system, source_key) "
            "where n.email_key is not null and n.email_key in (select n2.email_key from identity.normalised_people n2 "
            "join identity.customer_source_records s2 using (source_system, source_key) where s2.valid_to is null group by 1 "
            "having count(distinct s2.customer_id) = 1) group by 1 order by 3 limit 6"
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
