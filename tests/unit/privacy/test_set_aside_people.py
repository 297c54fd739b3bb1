"""Somebody of whom every record was set aside is not a customer, and is erased, held and kept out as one is: by an address or a record.

Not here: their other rights (test_rights_of_set_aside_people.py), customers (test_erasure.py).
"""

from __future__ import annotations

from datetime import timedelta

import duckdb
import pytest

from orchestration.contracts.model_files import model_file
from orchestration.core.clock import now
from orchestration.core.settings import DBT_DIR
from orchestration.core.warehouse import open_warehouse
from orchestration.privacy.audit.asking import actor
from orchestration.privacy.intake.suppression import SuppressionList
from orchestration.privacy.intake.suppressor import Suppressor
from orchestration.privacy.rights.held_rows import find_held
from orchestration.privacy.rights.holds import place_hold, place_hold_on_values
from orchestration.privacy.rights.named import named
from orchestration.privacy.rights.requests import prepare_requests
from orchestration.privacy.rights.subject_keys import KNOWN_BY
from orchestration.privacy.rights.subjects import Subject
from orchestration.privacy.secrets.pepper import find_pepper
from orchestration.run.erase import erase
from orchestration.run.prove_erasure import prove
from orchestration.run.second_person import confirm
from orchestration.run.unfinished import finish_unfinished
from tests.unit.empty_tables import add_rows, empty_tables
from tests.unit.privacy.set_aside_people import BY, EVE, SAID, build_set_aside, contacts
from tests.unit.two_people import asked


@pytest.fixture
def ids(home, warehouse, resolve, settings) -> dict[str, str]:
    return build_set_aside(home, warehouse, resolve, settings)


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


def _of_nobody_perhaps() -> list[str]:
    """Analysis marts whose rows may be of somebody who is no customer, by their contracts."""
    found = []
    for path in sorted((DBT_DIR / "models" / "marts" / "insight").glob("*.yml")):
        (model,) = model_file(path)["models"]
        columns = {column["name"]: column for column in model["columns"]}
        if "customer_id" in columns and not columns["customer_id"].get("constraints"):
            found.append(model["name"])
    return found


def test_what_analysis_marts_tell_of_who_is_no_customer_goes_of_the_warehouse_and_of_publications(home, settings, ids):
    """By the record that they answered or wrote on."""
    marts = _of_nobody_perhaps()
    assert {"feedback_texts", "stated_wishes"} <= set(marts)
    published = sorted(home.published.glob("versions/*/customers.duckdb"))
    assert len(published) == 3
    keys = ("7", "11.0", "12", "9")
    for path in (home.warehouse, *published):
        with duckdb.connect(str(path)) as con:
            empty_tables(con, *marts)
            for mart in marts:
                rows = (
                    {"source_system": "forms", "source_key": key, "person_system": "crm", "person_key": key}
                    for key in keys
                )
                add_rows(con, f"insight.{mart}", *rows)
    assert {one.state for one in erase(home, settings, BY)} == {"done"}
    for path in (home.warehouse, *sorted(home.published.glob("versions/*/customers.duckdb"))):
        with duckdb.connect(str(path), read_only=True) as con:
            for mart in marts:
                assert con.execute(f"select person_key from insight.{mart}").fetchall() == [("9",)], (path.name, mart)


@pytest.mark.slow
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


@pytest.mark.slow
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


@pytest.mark.slow
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
