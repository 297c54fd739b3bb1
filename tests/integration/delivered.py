"""Requests that a source delivers, of people of the demo, through two nights. Their words and states: tests/unit."""

from __future__ import annotations

import json
from dataclasses import dataclass

import jsonschema

from orchestration.privacy.rights.subject_access import SCHEMA
from tests.conftest import Kundbild
from tests.integration.someone import places


@dataclass
class Delivered:
    """Who asks: customers, but for the addresses of one who is erased, and of two customers who have one."""

    erased: str
    email: str
    told: str
    objects: str
    hidden: str
    moved: str
    late: str
    shared: str


_HEADER = "request_id,kind,customer_id,email,source_record,field,value,received_at,is_identity_checked\n"


def _deliver(kundbild: Kundbild, name: str, rows: list[tuple[str, ...]]) -> None:
    lines = [",".join([*row[:7], "2026-11-01T12:00:00", row[7]]) for row in rows]
    (kundbild.home / "demo" / "requests" / f"requests_{name}.csv").write_text(_HEADER + "\n".join(lines) + "\n")


def _asked(kundbild: Kundbild) -> dict[str, tuple[str, str]]:
    """Kind and state of each request that the source delivered."""
    return {
        r["reference"]: (r["kind"], r["state"])
        for r in kundbild.json("requests")
        if (r["reference"] or "").startswith(("form-", "t-"))
    }


def deliver_requests(kundbild: Kundbild, but: list[str]) -> Delivered:
    """Of people in the newsletter's audience, none of the customers `but`."""
    # before the first night's customers nobody can be meant: they are noted, and wait
    assert _asked(kundbild) == {"form-1": ("erase", "received"), "form-2": ("export", "received")}
    with kundbild.warehouse() as con:
        # people with an address that nobody else has
        people = con.execute(
            "select a.customer_id, min(p.email), min(p.source_system || ':' || p.source_key) from audiences.audience_newsletter_email a "
            "join identity.customer_source_records s on s.customer_id = a.customer_id and s.valid_to is null "
            "join conformed.conformed_people p using (source_system, source_key) join identity.normalised_people n using (source_system, source_key) "
            "where n.email_key is not null and n.email_key in (select n2.email_key from identity.normalised_people n2 "
            "join identity.customer_source_records s2 using (source_system, source_key) where s2.valid_to is null group by 1 "
            "having count(distinct s2.customer_id) = 1) and not list_contains($1, a.customer_id) group by 1 order by 3 limit 6",
            [but],
        ).fetchall()
        shared = con.execute(
            "select email_key from identity.normalised_people join identity.customer_source_records using (source_system, source_key) "
            "where email_key is not null and valid_to is null group by 1 having count(distinct customer_id) = 2 "
            "and not list_has_any($1, list(customer_id)) order by 1 limit 1",
            [but],
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
    _deliver(kundbild, "a", rows)
    return Delivered(erased, email, told, objects, hidden, moved, late, shared)


def assert_that_they_are_taken_up(kundbild: Kundbild, who: Delivered) -> None:
    """On the night that they come."""
    assert _asked(kundbild) == {
        "form-1": ("erase", "unknown"), "form-2": ("export", "unchecked"), "t-1": ("erase", "done"), "t-2": ("export", "done"),
        "t-3": ("object", "done"), "t-4": ("restrict", "done"), "t-5": ("rectify", "done"), "t-6": ("erase", "unchecked"),
        "t-7": ("invalid", "invalid"), "t-8": ("erase", "held"), "t-9": ("erase", "invalid"), "t-10": ("rectify", "invalid"), "t-12": ("rectify", "held"),
        "t-13": ("object", "held"),
    }  # fmt: skip
    assert all(
        str(r["due_on"]) == "2026-12-01" for r in kundbild.json("requests") if (r["reference"] or "").startswith("t-")
    )
    # in the night that they came: nobody who asked not to be there is in an audience or a publication
    with kundbild.warehouse() as con:
        there = {
            row[0] for row in con.execute("select customer_id from audiences.audience_newsletter_email").fetchall()
        }
        # an erasure that nobody has checked yet ends contact at once
        assert who.moved in there and not there & {who.erased, who.objects, who.hidden, who.late}
        shown = dict(con.execute("select customer_id, city from marts.dim_customers").fetchall())
        assert shown[who.moved] == "Rättvik" and not {who.erased, who.hidden} & set(shown)
        raw = "select count(*) from raw_requests.requests where email = $1"
        assert con.execute(raw, [who.email]).fetchall() == [(0,)]
        # an objection by an address of two denies both until a person has looked
        still = (
            "select count(*) from marts.contact_permissions p join reference.purposes u using (purpose) where p.is_permitted and u.is_marketing "
            "and p.customer_id in (select customer_id from identity.normalised_people join identity.customer_source_records "
            "using (source_system, source_key) where valid_to is null and email_key = $1)"
        )
        assert con.execute(still, [who.shared]).fetchall() == [(0,)]
    assert not (kundbild.home / "erasure.unfinished").exists()
    assert places(kundbild.home, [who.email.lower()]) == []
    folder = kundbild.home / "subject_access"
    answers = sorted(folder.iterdir())
    assert len(answers) == 2 and all(answer.stat().st_mode & 0o077 == 0 for answer in answers)
    document = json.loads(answers[1].read_text())
    jsonschema.validate(document, json.loads(SCHEMA.read_text()))
    assert document["customer_id"] == who.told


def deliver_more(kundbild: Kundbild, who: Delivered) -> int:
    """An identity that was checked since, and an erasure of who was answered. Returns the entries of the audit log so far."""
    rows = [
        ("t-6", "erase", who.late, "", "", "", "", "true"),
        ("t-11", "erase", who.told, "", "", "", "", "true"),
    ]
    _deliver(kundbild, "b", rows)
    return len(kundbild.json("audit", "list"))


def assert_that_each_is_done_once(kundbild: Kundbild, before: int) -> None:
    """Whoever is made sure of later is done then; what was made for somebody goes with them; what is done is not done again."""
    found = _asked(kundbild)
    assert found["t-6"] == found["t-11"] == ("erase", "done") and found["t-8"] == ("erase", "held")
    assert list((kundbild.home / "subject_access").iterdir()) == []
    done = [entry["action"] for entry in kundbild.json("audit", "list")]
    assert len(done) - before <= 6 and kundbild.json("audit", "verify")["entries"] == len(done)
