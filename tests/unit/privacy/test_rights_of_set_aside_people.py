"""Somebody of whom every record was set aside has the rights of a customer: to access, correction, restriction and objection.

Not here: erasing them (test_set_aside_people.py), customers (test_subject_access.py).
"""

from __future__ import annotations

import json
from datetime import datetime, timedelta

import pytest
from typer.testing import CliRunner

from orchestration.cli.app import app
from orchestration.core.clock import now
from orchestration.core.settings import Engine
from orchestration.core.warehouse import open_warehouse
from orchestration.privacy.audit.catalogue import categories
from orchestration.privacy.rights.named import named
from orchestration.privacy.rights.requests import prepare_requests
from orchestration.privacy.rights.restrictions import free
from orchestration.privacy.rights.rights_keys import (
    apply_known_rights,
    correct_unresolved,
    free_unresolved,
    object_unresolved,
    restrict_unresolved,
)
from orchestration.privacy.rights.subject_access import as_json, as_page, export_subject
from orchestration.privacy.rights.subjects import Subject
from orchestration.privacy.secrets.pepper import find_pepper
from orchestration.run.requests import take_up_requests
from tests.unit.privacy.set_aside_people import BY, EVE, SAID, build_set_aside
from tests.unit.two_people import asked


@pytest.fixture
def ids(home, warehouse, resolve, settings) -> dict[str, str]:
    return build_set_aside(home, warehouse, resolve, settings)


@pytest.fixture
def command(home, ids, tmp_path, monkeypatch):
    """The command line on that home."""
    config = tmp_path / "kundbild.toml"
    config.write_text(f'company = "T"\n[sources.crm]\nconnector = "files"\nsystem = "crm"\nurl = "{tmp_path}"\n')
    with open_warehouse(home, Engine()) as con:
        con.execute(
            "create schema if not exists reference; create table if not exists reference.purposes as select 'offers' as purpose"
        )
    for name, value in (("KUNDBILD_HOME", home.root), ("KUNDBILD_CONFIG", config)):
        monkeypatch.setenv(name, str(value))

    def go(*arguments: str, code: int = 0) -> str:
        done = CliRunner().invoke(app, list(arguments))
        assert done.exit_code == code, (done.output, done.exception)
        return str(done.exception) if code == 1 else " ".join(done.stdout.split())

    return go


@pytest.fixture
def opened(home, ids, settings):
    with open_warehouse(home, settings.engine) as con:
        prepare_requests(con)
        yield con


def test_who_was_set_aside_gets_what_there_is_and_nothing_of_others(opened, settings):
    for (key, (_, email, _, subject)), one in zip(SAID.items(), named(opened, settings, BY), strict=True):
        said = export_subject(
            opened, settings, find_pepper(opened, ()), one.nobodys, datetime(2026, 5, 1), categories(), "en"
        )
        assert json.loads(as_json(said)) == said and "<html" in as_page(said)
        rows = {table["table"]: table["rows"] for table in said["data"]}
        assert {table: len(found) for table, found in rows.items()} == {
            "raw_crm.contacts": 1, "raw_crm.cases": 1, "raw_crm.consents": 1, "quarantine.quarantined_rows": 1, "quarantine.rejected_rows": 2,
        }, subject  # fmt: skip
        assert sorted(row["content"] for row in rows["quarantine.rejected_rows"]) == [f"{key};{email};x", email]
        assert said["source_records"] == [f"crm:{key}"] and said["customer_id"] is None
        assert "bo@dahl.se" not in as_json(said)


def test_a_restriction_and_an_objection_of_who_was_set_aside_find_whoever_has_the_address_later(
    opened, settings, resolve
):
    """On whatever record it stands by then; lifted, it does not come again."""
    pepper = find_pepper(opened, ())
    later = {"30": "dee@ek.se", "31": "eve@ek.se"}
    for key, email in later.items():
        (found,) = named(opened, settings, [Subject(email=email)])
        restrict_unresolved(opened, pepper, found.nobodys, now(), f"restricted {key}")
        (found,) = named(opened, settings, [Subject(email=email)])
        object_unresolved(opened, pepper, found.nobodys, now(), f"objected {key}", "direct_marketing", "all")
    for key, email in later.items():
        opened.execute(
            "insert into conformed.conformed_people by name select * replace ($1 as source_key, $2 as email, null as phone, 'Xi' as given_name) "
            "from conformed.conformed_people where source_key = '2'",
            [key, email.upper()],
        )
        opened.execute(
            "insert into identity.customer_source_records by name select * replace ($1 as source_key, hash('crm', $1) as record_id, 'c-' || $1 as customer_id) "
            "from identity.customer_source_records where source_key = '2'",
            [key],
        )
    apply_known_rights(opened, pepper)
    for table, request in (("restrictions", "restricted"), ("objections", "objected")):
        noted = f"select source_key, request_id from identity.{table} where source_key in ('30', '31') order by 1"
        assert opened.execute(noted).fetchall() == [(key, f"{request} {key}") for key in later], table
    for key in later:
        free(opened, f"c-{key}", now(), "r3")
    opened.execute("delete from restricted.rights_compared")
    apply_known_rights(opened, pepper)
    assert opened.execute("select count(*) from identity.restrictions").fetchall() == [(0,)]


@pytest.mark.slow
def test_a_restriction_of_who_was_set_aside_is_lifted(opened, settings):
    pepper = find_pepper(opened, ())
    for subject in (*BY, EVE):
        (found,) = named(opened, settings, [subject])
        restrict_unresolved(opened, pepper, found.nobodys, now(), "r1")
        assert opened.execute("select count(*) from identity.restrictions").fetchall() == [(1,)]
        free_unresolved(opened, pepper, found.nobodys)
        assert opened.execute("select count(*) from identity.restrictions").fetchall() == [(0,)]


def test_a_correction_of_who_was_set_aside_stands_for_their_record_and_whoever_certainly_is_them(
    opened, settings, resolve
):
    """Their own record when it can be read, and another with their address; not one that only may have it."""
    pepper = find_pepper(opened, ())
    whom = {str(key): (email, subject) for key, (_, email, _, subject) in SAID.items()} | {"eve": ("eve@ek.se", EVE)}
    for key, (_, subject) in whom.items():
        for city in ("Orsa", f"Mora {key}"):
            (found,) = named(opened, settings, [subject])
            assert correct_unresolved(opened, pepper, "SE", found.nobodys, {"city": city}, now(), city) == 1, subject
    said = "select value, list_transform(earlier, lambda e: e.value) from identity.corrections order by 1"
    assert opened.execute(said).fetchall() == [(f"Mora {key}", ["Orsa"]) for key in sorted(whom)]
    for key, (email, _) in whom.items():
        records = [
            (f"{key} certain", email.upper()),
            (f"{key} perhaps", f"{email}; {key}x@y.se"),
            (f"{key} other", f"{key}other@ek.se"),
        ]
        for record, written in [*records, *([] if key == "eve" else [(key, None)])]:
            opened.execute(
                "insert into conformed.conformed_people by name select * replace ($1 as source_key, $2 as email, null as phone, 'Xi' as given_name) "
                "from conformed.conformed_people where source_key = '2'",
                [record, written],
            )
    apply_known_rights(opened, pepper)
    found = {
        key: opened.execute(
            "select source_key from identity.corrections where source_system = 'crm' and field = 'city' and value = $1 order by 1",
            [f"Mora {key}"],
        ).fetchall()
        for key in whom
    }
    assert found == {key: [(key,), (f"{key} certain",)] if key != "eve" else [("eve certain",)] for key in whom}


@pytest.mark.slow
def test_a_correction_of_who_was_set_aside_is_held_where_a_customer_has_the_address(command, home):
    for arguments in (["--source-record", "crm:7"], ["--phone", "+46 70-111 22 77"]):
        said = json.loads(command("rectify", *arguments, "--set", "email=anna@berg.se", "--json", code=3))
        assert said["state"] == "held"
        command("rectify", *arguments, "--set", "email=nobody", code=1)
        said = json.loads(command("rectify", *arguments, "--set", "city=Mora", "--json"))
        assert (said["state"], said["changed"]) == ("done", 1)
    assert asked(home, "select source_key, field, value from identity.corrections") == [("7", "city", "Mora")]


@pytest.mark.slow
def test_every_right_finds_who_was_set_aside_by_a_number(command, home):
    """And whoever has the number later; a number that cannot be read is told."""
    who = ("--phone", "0046 70 111 22 77")
    until = (now() + timedelta(days=100)).date().isoformat()
    command("hold", "add", *who, "--because", "legal-claims", "--until", until)
    assert json.loads(command("erase", *who, "--json", code=3))[0]["held_because"]
    for right in (("object",), ("withdraw",), ("restrict",), ("restrict", "--lift"), ("export-subject",)):
        command(*right, *who)
    denied = "select distinct contact_point from identity.withdrawals where source_system = 'kundbild'"
    assert asked(home, denied) == [("+46701112277",)]
    assert "name one with --source-record" in command("hold", "add", "--email", "home@ek.se", "--because", "archiving", "--until", until, code=3)  # fmt: skip
    assert "with its country" in command("object", "--phone", "no number", code=1)


def test_a_record_that_was_set_aside_since_is_its_customers_still(opened, settings, ids):
    opened.execute("update raw_crm.contacts set email_address = 'moved@ek.se' where contact_id = 2")
    opened.execute("delete from conformed.conformed_people where source_key = '2'")
    assert named(opened, settings, [Subject(email="moved@ek.se")])[0].customers == [ids["2"]]


def take_up(
    con, home, settings, kind: str, *, email: str | None = None, record: str | None = None, city: str = "Mora", reference: str = ""
) -> dict[str, str]:  # fmt: skip
    con.execute(
        "insert into raw_requests.requests by name select $1 as request_id, $2 as kind, $3 as email, $4 as source_record, true as is_identity_checked, "
        "'city' as field, $5 as value, timestamp '2026-05-01' as received_at, 1 as _load_id, timestamp '2026-05-01' as _extracted_at",
        [reference or kind, kind, email, record, city],
    )
    take_up_requests(con, home, settings, now())
    return dict(con.execute("select reference, state from restricted.rights_requests").fetchall())


@pytest.mark.slow
def test_requests_of_a_source_about_who_was_set_aside_are_done(opened, home, settings):
    """As by command; of an address that nothing else is known of than that somebody asked, they stay unknown."""
    con = opened
    assert take_up(con, home, settings, "export", email="dee@ek.se") == {"export": "done"}
    assert len(list(home.subject_access.glob("*.json"))) == 1
    assert take_up(con, home, settings, "restrict", record="crm:7")["restrict"] == "done"
    assert take_up(con, home, settings, "object", email="dee@ek.se")["object"] == "done"
    for table in ("restrictions", "objections"):
        noted = f"select distinct source_system, source_key from identity.{table}"
        assert con.execute(noted).fetchall() == [("crm", "7")], table
    assert take_up(con, home, settings, "rectify", email="dee@ek.se")["rectify"] == "done"
    assert con.execute("select source_key, value from identity.corrections").fetchall() == [("7", "Mora")]
    assert take_up(con, home, settings, "rectify", email="dee@ek.se", city="x@y", reference="r2")["r2"] == "invalid"
    assert take_up(con, home, settings, "erase", email="dee@ek.se")["erase"] == "open"
    assert con.execute("select count(*) from raw_crm.contacts where contact_id = 7").fetchall() == [(0,)]
    assert list(home.subject_access.glob("*")) == []
    # said in the requests alone
    con.execute("delete from restricted.rights_requests")
    assert take_up(con, home, settings, "erase", email="new@ek.se")["erase"] == "unknown"
