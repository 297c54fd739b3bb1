"""Somebody of whom every record was set aside is not a customer, and has the same rights: by an address or a record.

Not here: customers (test_erasure.py, test_subject_access.py).
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
from orchestration.privacy.audit.log import actor
from orchestration.privacy.intake.suppression import SuppressionList
from orchestration.privacy.intake.suppressor import Suppressor
from orchestration.privacy.rights.held_rows import find_held
from orchestration.privacy.rights.holds import place_hold, place_hold_on_values
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
from orchestration.privacy.rights.subject_rows import KNOWN_BY
from orchestration.privacy.rights.subjects import Subject
from orchestration.privacy.secrets.pepper import find_pepper
from orchestration.run.erase import erase
from orchestration.run.prove_erasure import prove
from orchestration.run.requests import take_up_requests
from orchestration.run.second_person import confirm
from orchestration.run.unfinished import finish_unfinished
from tests.unit.two_people import asked, build

# each of these has a record that was set aside, and what hangs on it; a line of theirs could not be read, and one beside Bo's:
# by key the name, the address, the number as it stands, and how a request says whom it means
SAID = {
    7: ("Dee", "dee@ek.se", "070-111 22 77", Subject(email="Dee <DEE@ek.se>")),
    11: ("Rut", "rut@fura.se", "070-245 81 60", Subject(source_record="crm:11.0")),
    12: ("Tea", "tea@gran.se", "070-638 09 14", Subject(phone="+46 (0)70-638 09 14")),
}
BY = [subject for *_, subject in SAID.values()]
EVE = Subject(email="eve@ek.se")
# Fay and Gus have one address, both set aside. Of Eve there is a line alone. Bo's address, on a record of nobody's
SET_ASIDE = """
insert into raw_crm.contacts by name select * from (values
    (8, 'Fay', null, 'home@ek.se', null, null), (9, 'Gus', null, 'home@ek.se', null, null), (10, 'Bo', null, 'bo@dahl.se', null, null)
) t(contact_id, first_name, last_name, email_address, mobile, country), (select 1 as _load_id, timestamp '2026-05-01' as _extracted_at);
insert into raw_crm.consents by name select 72 as consent_id, 2 as contact_id, 'granted' as status,
    'bo@dahl.se' as contact_point, 1 as _load_id, timestamp '2026-05-01' as _extracted_at;
insert into quarantine.quarantined_rows (source_system, entity, source_key, reason, load_id)
    select 'crm', 'people', unnest(['8', '9', '10']), 'the name is missing', 1;
insert into quarantine.rejected_rows (load_id, source, table_name, reason, content) values
    (1, 'crm', 'contacts', 'broken', '77;eve@ek.se;'), (1, 'crm', 'contacts', 'broken', '{"contact_id": 70, "x": "?"}');
""" + "".join(
    f"""
insert into raw_crm.contacts by name select {key} as contact_id, '{name}' as first_name, '{email.title()}' as email_address,
    '{number}' as mobile, 'SE' as country, 1 as _load_id, timestamp '2026-05-01' as _extracted_at;
insert into raw_crm.cases by name select {key}0 as case_id, {key} as contact_id, 1 as _load_id, timestamp '2026-05-01' as _extracted_at;
insert into raw_crm.consents by name select {key}1 as consent_id, 'granted' as status, '{email.upper()}' as contact_point,
    1 as _load_id, timestamp '2026-05-01' as _extracted_at;
insert into quarantine.quarantined_rows (source_system, entity, source_key, reason, load_id) values ('crm', 'people', '{key}', 'the name is missing', 1);
insert into quarantine.rejected_rows (load_id, source, table_name, reason, content) values
    (1, 'crm', 'contacts', 'broken', '{key};{email};x'), (1, 'crm', 'contacts', 'broken', '{email};bo@dahl.se');
"""
    for key, (name, email, number, _) in SAID.items()
)


@pytest.fixture
def ids(home, warehouse, resolve, settings) -> dict[str, str]:
    found = build(home, warehouse, resolve, settings)
    with open_warehouse(home, settings.engine) as con:
        con.execute(SET_ASIDE)
        con.execute("alter table conformed.conformed_people add column if not exists deleted_at timestamp")
        con.execute("alter table conformed.conformed_people add column if not exists gender varchar")
    return found


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


def contacts(home) -> list[int]:
    return [key for (key,) in asked(home, "select contact_id from raw_crm.contacts order by 1")]


def test_rule_25_who_was_only_set_aside_is_erased_and_stays_away(home, settings, ids, tmp_path):
    before = home.warehouse.read_bytes()
    outcomes = dict(zip(SAID, erase(home, settings, BY), strict=True))
    # each tells the records of the whole command
    assert {
        key: (one.state, one.erased.customers, one.erased.records) for key, one in outcomes.items()
    } == dict.fromkeys(SAID, ("done", 0, 3))
    assert contacts(home) == [1, 2, 3, 4, 8, 9, 10]
    assert asked(home, "select case_id from raw_crm.cases where case_id >= 70") == []
    assert asked(home, "select consent_id from raw_crm.consents where consent_id > 70") == [(72,)]
    assert asked(home, "select source_key from quarantine.quarantined_rows where source_key in ('7', '11', '12')") == []
    left = asked(home, "select content from quarantine.rejected_rows where content is not null order by 1")
    assert ("77;eve@ek.se;",) in left
    for _, email, _, _ in SAID.values():
        assert not [line for (line,) in left if email[:4] in line], email
        assert email.encode() not in home.warehouse.read_bytes().lower() and email.encode() in before.lower(), email
    assert prove(home, settings).holds
    # by the key, the address and the number of each, in whatever spelling; another key, address and number are another's
    delivered: list[tuple] = [(22, "bo@ek.se", None)]
    for place, (key, (_, email, number, _)) in enumerate(SAID.items()):
        delivered += [
            (key, f"new{place}@ek.se", None), (30 + place, email.replace("@", "+shop@"), None), (40 + place, None, f"0046 {number[1:]}"),
        ]  # fmt: skip
    with open_warehouse(home, settings.engine) as con:
        table = settings.sources["crm"].tables["contacts"]
        con.execute("create temp table delivered as select * from raw_crm.contacts limit 0")
        con.executemany("insert into delivered by name select $1 as contact_id, $2 as email_address, $3 as mobile", delivered)  # fmt: skip
        suppressor = Suppressor(SuppressionList.of(con, home, find_pepper(con, ())), "SE")
        suppressor.keep_out(con, "crm", table, "delivered")
        assert con.execute("select contact_id from delivered").fetchall() == [(22,)]
    # a backup brings them back, and the next command takes them out again
    home.warehouse.write_bytes(before)
    with home.lock("test"):
        finish_unfinished(home, settings)
    assert contacts(home) == [1, 2, 3, 4, 8, 9, 10]


def test_an_address_of_two_who_were_set_aside_is_held_and_a_record_of_one_takes_one(home, settings, ids):
    (held,) = erase(home, settings, [Subject(email="home@ek.se")])
    assert (held.state, held.candidates) == ("held", ["crm:8", "crm:9"]) and {8, 9, 10} <= set(contacts(home))
    (done,) = erase(home, settings, [Subject(source_record="crm:8")])
    assert done.state == "done" and contacts(home) == [1, 2, 3, 4, 7, 9, 10, 11, 12]
    # a customer has the other address: the record alone goes
    (done,) = erase(home, settings, [Subject(source_record="crm:10")])
    assert done.state == "done" and contacts(home) == [1, 2, 3, 4, 7, 9, 11, 12]
    assert asked(home, "select consent_id from raw_crm.consents where consent_id = 72") == [(72,)]
    (unknown, line) = erase(home, settings, [Subject(email="nobody@ek.se"), Subject(email="eve@ek.se")])
    assert (unknown.state, line.state) == ("unknown", "done")
    left = asked(home, "select content from quarantine.rejected_rows")
    assert not [content for (content,) in left if content and "eve" in content]


def test_a_legal_hold_on_their_address_keeps_who_was_set_aside(home, settings, ids):
    with open_warehouse(home, settings.engine) as con:
        con.execute("update conformed.conformed_people set email = 'dee@ek.se' where source_key = '2'")
        day = now().date() + timedelta(days=100)
        place_hold(con, find_pepper(con, ()), ids["2"], "legal-claims", day, now(), actor())
        con.execute("update conformed.conformed_people set email = 'bo@dahl.se' where source_key = '2'")
    (outcome,) = erase(home, settings, [BY[0]])
    assert outcome.state == "held" and outcome.hold and 7 in contacts(home)


def test_an_erasure_of_who_was_set_aside_waits_for_a_second_person(home, settings, ids):
    two = settings.model_copy(update={"privacy": settings.privacy.model_copy(update={"second_person": True})})
    emails = ["dee@ek.se", "eve@ek.se"]
    whom = [Subject(email=email) for email in emails]
    waits = erase(home, two, whom)
    assert [one.state for one in waits] == ["waiting"] * 2 and 7 in contacts(home)
    assert [one.request_id for one in erase(home, two, whom)] == [one.request_id for one in waits]
    for email, one in zip(emails, waits, strict=True):
        done = confirm(home, two, one.request_id, by="999999 other")
        lines = asked(home, "select content from quarantine.rejected_rows where content is not null")
        left = {other for other in emails for (line,) in lines if other in line}
        assert (done.state, left) == ("done", set(emails[emails.index(email) + 1 :])), email
    assert asked(home, "select count(*) from identity.restrictions") == [(0,)]


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


def test_a_restriction_of_who_was_set_aside_is_lifted(opened, settings):
    pepper = find_pepper(opened, ())
    for subject in (*BY, EVE):
        (found,) = named(opened, settings, [subject])
        restrict_unresolved(opened, pepper, found.nobodys, now(), "r1")
        assert opened.execute("select count(*) from identity.restrictions").fetchall() == [(1,)]
        free_unresolved(opened, pepper, found.nobodys)
        assert opened.execute("select count(*) from identity.restrictions").fetchall() == [(0,)]


def test_a_legal_hold_on_who_was_set_aside_keeps_them_from_erasure_and_retention(home, settings, ids):
    with open_warehouse(home, settings.engine) as con:
        prepare_requests(con)
        pepper = find_pepper(con, ())
        day = now().date() + timedelta(days=100)
        holds = []
        for subject in (*BY, EVE):
            (found,) = named(con, settings, [subject])
            holds.append(place_hold_on_values(con, pepper, KNOWN_BY, "legal-claims", day, now(), actor()))
            # of Eve no record is known
            assert list(found.nobodys.records) == [
                ("crm", str(key)) for key, (*_, by) in SAID.items() if by == subject
            ], subject
        rows = find_held(con, settings, pepper, now().date())
        kept = con.execute("select source_system, source_key from identity.held_records order by 2").fetchall()
        assert kept == [("crm", "11"), ("crm", "12"), ("crm", "7")]
        for name, key, theirs in (
            ("contacts", "contact_id", [(7,), (11,), (12,)]),
            ("cases", "case_id", [(70,), (110,), (120,)]),
            ("consents", "consent_id", [(71,), (111,), (121,)]),
        ):
            of = rows.of(con, "crm", name, settings.sources["crm"].tables[name])
            assert con.execute(f"select {key} from raw_crm.{name} where {of} order by 1").fetchall() == theirs
        lines = {line for (line,) in con.execute(f"select content from quarantine.rejected_rows where {rows.of_line}").fetchall()}  # fmt: skip
        assert lines == {"77;eve@ek.se;"} | {
            line for key, (_, email, _, _) in SAID.items() for line in (f"{key};{email};x", f"{email};bo@dahl.se")
        }
        assert not find_held(con, settings, pepper, day + timedelta(days=1)).is_any
    outcomes = erase(home, settings, [*BY, EVE])
    assert [(one.state, one.hold and one.hold.hold_id) for one in outcomes] == [
        ("held", hold.hold_id) for hold in holds
    ]
    assert {7, 11, 12} <= set(contacts(home))


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


def test_a_correction_of_who_was_set_aside_is_held_where_a_customer_has_the_address(command, home):
    for arguments in (["--source-record", "crm:7"], ["--phone", "+46 70-111 22 77"]):
        said = json.loads(command("rectify", *arguments, "--set", "email=anna@berg.se", "--json", code=3))
        assert said["state"] == "held"
        command("rectify", *arguments, "--set", "email=nobody", code=1)
        said = json.loads(command("rectify", *arguments, "--set", "city=Mora", "--json"))
        assert (said["state"], said["changed"]) == ("done", 1)
    assert asked(home, "select source_key, field, value from identity.corrections") == [("7", "city", "Mora")]


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
    assert "say --source-record" in command("hold", "add", "--email", "home@ek.se", "--because", "archiving", "--until", until, code=3)  # fmt: skip
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
