"""Objections, restrictions and corrections outlive the keys of the systems."""

from __future__ import annotations

from datetime import datetime

import pytest

from orchestration.privacy.rights.corrections import correct
from orchestration.privacy.rights.objections import object_to_marketing, withdraw, withdraw_point
from orchestration.privacy.rights.requests import prepare_requests
from orchestration.privacy.rights.restrictions import restrict
from orchestration.privacy.rights.rights_keys import apply_known_rights, key_rights
from orchestration.privacy.secrets.pepper import Pepper
from orchestration.run.fingerprint import _decided
from tests.unit.consent import ANNA, BO, said
from tests.unit.people import person

PEPPER = Pepper(("0123456789abcdef0123456789abcdef",))
AT = datetime(2026, 3, 1)
BORN = {"birth_date": "1980-05-05"}
LATER = {"confirmed_at": datetime(2026, 1, 2)}


def test_what_was_asked_for_stands_for_whoever_has_the_persons_address_number_or_name_with_birth_date(
    permitted, warehouse
):
    anna = ANNA | BORN
    customer = permitted.resolve(anna, BO)["anna"]
    prepare_requests(warehouse)
    permitted([anna, BO])
    object_to_marketing(warehouse, customer, AT, "r1")
    restrict(warehouse, customer, AT, "r2")
    correct(warehouse, customer, {"given_name": "Anne"}, AT, "r3")
    assert apply_known_rights(warehouse, PEPPER) == 0
    written = warehouse.execute("select string_agg(t::varchar) from restricted.rights_keys t").fetchall()[0][0]
    assert "anna" not in written.lower() and "4670" not in written
    # the migration: every key is another, the old records are gone without a trace
    warehouse.execute("delete from conformed.conformed_people")
    new = [
        {"source_key": "n1", "email": " Anna@X.SE"}, {"source_key": "n2", "phone": "070-111 22 33"},
        {"source_key": "n3", "given_name": "ANNA", "family_name": "berg"} | BORN,
        {"source_key": "n4", "given_name": "Anna", "family_name": "Berg", "birth_date": "1981-05-05"}, {"source_key": "n5", "email": "bo@x.se"},
    ]  # fmt: skip
    permitted.resolve(*({"source_system": "crm2"} | row for row in new))
    warehouse.execute("alter table conformed.conformed_people add column gender varchar")
    assert apply_known_rights(warehouse, PEPPER) == 9
    for table in ("objections", "restrictions", "corrections"):
        rows = warehouse.execute(
            f"select source_key from identity.{table} where source_system = 'crm2' order by 1"
        ).fetchall()
        assert rows == [("n1",), ("n2",), ("n3",)], table
    names = dict(warehouse.execute("select source_key, given_name from conformed.conformed_people").fetchall())
    assert (names["n3"], names["n4"]) == ("Anne", "Anna")
    assert apply_known_rights(warehouse, PEPPER) == 0
    # lifted, or erased, it is forgotten
    for table in ("objections", "restrictions", "corrections"):
        warehouse.execute(f"delete from identity.{table}")
    assert apply_known_rights(warehouse, PEPPER) == 0
    assert warehouse.execute("select count(*) from restricted.rights_keys").fetchall() == [(0,)]


@pytest.mark.parametrize("is_left", [True, False])
def test_what_was_asked_for_since_the_last_night_stands_where_the_next_one_knows_the_person_by_another_key(
    permitted, warehouse, is_left
):
    """The system is replaced the same day, with its old records marked as gone or without a trace (or retention takes them)."""
    key_rights(warehouse, PEPPER)
    customer = permitted.resolve(ANNA | BORN, BO)["anna"]
    permitted([ANNA | BORN, BO])
    object_to_marketing(warehouse, customer, AT, "r1")
    restrict(warehouse, customer, AT, "r2")
    correct(warehouse, customer, {"city": "Mora"}, AT, "r3")
    key_rights(warehouse, PEPPER)
    old = [ANNA | BORN | {"deleted_at": AT}] if is_left else []
    permitted.resolve(*old, {**ANNA, **BORN, "source_system": "crm2", "source_key": "n1"}, BO)
    warehouse.execute("alter table conformed.conformed_people add column gender varchar")
    assert apply_known_rights(warehouse, PEPPER) >= 3
    for table in ("objections", "restrictions", "corrections"):
        noted = f"select source_key from identity.{table} where source_system = 'crm2'"
        assert warehouse.execute(noted).fetchall() == [("n1",)], table
    # once is enough
    key_rights(warehouse, PEPPER)
    assert apply_known_rights(warehouse, PEPPER) == 0


def test_what_was_asked_for_stands_in_every_reading_of_a_record_and_a_correction_in_the_certain_one(
    permitted, warehouse
):
    customer = permitted.resolve(ANNA | BORN | {"given_name": "Anna Karin"}, BO)["anna"]
    prepare_requests(warehouse)
    object_to_marketing(warehouse, customer, AT, "r1")
    restrict(warehouse, customer, AT, "r2")
    correct(warehouse, customer, {"city": "Mora"}, AT, "r3")
    apply_known_rights(warehouse, PEPPER)
    warehouse.execute("delete from conformed.conformed_people")
    new = [
        {"source_key": "n1", "email": "anna@x.se; anna@work.se"}, {"source_key": "n2", "phone": "070-111 22 33 / 08-123 45 67"},
        {"source_key": "n3", "given_name": "Karin", "family_name": "BERG"} | BORN, {"source_key": "n4", "full_name": "Berg, Anna Karin"} | BORN,
        {"source_key": "n5", "given_name": "Anna Karin", "family_name": "von Berg"} | BORN,
        {"source_key": "n6", "given_name": "Carin", "family_name": "Bergh"} | BORN,
        {"source_key": "o1", "full_name": "Anna Karin Berg"}, {"source_key": "o2", "given_name": "Berta", "family_name": "Berg"} | BORN,
        {"source_key": "o3", "email": "anna@work.se; bo@x.se"}, {"source_key": "o4", "phone": "08-123 45 67"},
    ]  # fmt: skip
    permitted.resolve(*({"source_system": "crm2", "given_name": None, "family_name": None} | row for row in new))
    warehouse.execute("alter table conformed.conformed_people add column gender varchar")
    apply_known_rights(warehouse, PEPPER)
    theirs = [(key,) for key in ("n1", "n2", "n3", "n4", "n5", "n6")]
    for table, expected in (("objections", theirs), ("restrictions", theirs), ("corrections", [])):
        known = f"select distinct source_key from identity.{table} where source_system = 'crm2' order by 1"
        assert warehouse.execute(known).fetchall() == expected, table


def test_an_address_that_others_have_too_hides_and_corrects_nobody_else(permitted, warehouse):
    shared = [ANNA, person("cia", "Cia", "Ek", email="anna@x.se", phone="+46709998877", birth_date="1990-01-01")]
    ids = permitted.resolve(*shared)
    permitted(shared)
    assert ids["anna"] != ids["cia"]
    restrict(warehouse, ids["anna"], AT, "r1")
    assert apply_known_rights(warehouse, PEPPER) == 0
    # what the same request denies besides, as an erasure that waits does, is denied by that address
    withdraw(warehouse, ids["anna"], AT, "r1", "all", "all")
    assert apply_known_rights(warehouse, PEPPER) == 1
    tables = [f"select source_key from identity.{table} order by 1" for table in ("objections", "restrictions")]
    assert [warehouse.execute(query).fetchall() for query in tables] == [[("anna",), ("cia",)], [("anna",)]]


def test_a_withdrawal_that_is_made_here_is_of_its_purpose_and_channel(permitted, warehouse):
    granted = [said("anna", purpose=p, channel=c, **LATER) for p in ("offers", "profiling") for c in ("email", "sms")]
    customer = permitted.resolve(ANNA)["anna"]
    prepare_requests(warehouse)

    def left() -> set[tuple[str, str]]:
        return {(purpose, channel) for _, purpose, channel in permitted([ANNA], consent_events=granted)}

    assert len(left()) == 4
    withdraw(warehouse, customer, AT, "r1", "offers", "sms")
    assert left() == {("offers", "email"), ("profiling", "email"), ("profiling", "sms")}
    object_to_marketing(warehouse, customer, AT, "r2", "profiling")
    assert left() == {("offers", "email")}
    permitted.remembers = True
    withdraw_point(warehouse, "ANNA@x.se", AT, "r3", "all", "all")
    assert left() == set()


def test_a_night_after_a_withdrawal_by_address_is_not_nothing_new(warehouse):
    """Whoever has the address is denied by the next run, though no source has news."""
    before = _decided(warehouse)
    assert _decided(warehouse) == before
    withdraw_point(warehouse, "ANNA@x.se", AT, "r9", "offers", "email")
    assert _decided(warehouse) != before
