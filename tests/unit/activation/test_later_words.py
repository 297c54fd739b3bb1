"""What is said by an address or a number binds at once for whoever has it: the same people as the next night denies."""

from __future__ import annotations

from datetime import datetime

import pytest

from orchestration.activation.later_words import note_later_words
from orchestration.privacy.rights.objections import withdraw_point
from tests.unit.conftest import permitting, resolving
from tests.unit.consent import said
from tests.unit.people import person

AT = datetime(2026, 5, 20)
PEOPLE = [
    person("tagged", "Ada", "Alm", email="Ada.Alm+shop@gmail.com"),
    # permitted on another address than the record's
    person("other", "Bo", "Bergman", email="bo@x.se"),
    # a field of several addresses
    person("several", "Cia", "Claesson", email="cia@x.se; cia@home.se"),
    person("numbered", "Dan", "Dahl", email="dan@x.se", phone="070-111 22 33"),
    person("bystander", "Eva", "Ek", email="eva@x.se", phone="+46709998877"),
]
GRANTS = [
    said("tagged", contact_point="Ada.Alm+shop@gmail.com"),
    said("other", contact_point="bo@work.se"),
    said("several", contact_point="cia@work.se"),
    said("numbered", contact_point="dan@x.se"),
    said("bystander", contact_point="eva@x.se"),
]


@pytest.fixture(scope="module")
def once_permitted(compiled, modules_warehouse):
    con = modules_warehouse
    permitted = permitting(compiled, resolving(con), con)
    con.execute("create schema if not exists reference")
    permitted.remembers = True
    permitted([*PEOPLE[:4], PEOPLE[4] | {"email": "eva@before.se"}])
    allowed = permitted(PEOPLE, consent_events=GRANTS)
    assert {key for key, *_ in allowed} == {p["source_key"] for p in PEOPLE}
    con.execute(
        "create table reference.audience_rules as select 'ask' as audience, 'survey' as purpose, 'email' as channel, "
        "null::integer as min_days_since_order, null::integer as max_days_since_order; "
        "create table if not exists reference.country_rules as select 'SE' as country_code, 18 as marketing_age"
    )
    return permitted


@pytest.fixture
def night(once_permitted, modules_warehouse):
    """What a test withdraws is forgotten again."""
    yield once_permitted
    modules_warehouse.execute("delete from identity.withdrawals where source_system = 'kundbild'")


def denied_at_once(con) -> set[str]:
    note_later_words(con, ("survey", "email"), "ask", AT)
    rows = con.execute("select o.source_key from later_words l join owners o using (customer_id)").fetchall()
    return {key for (key,) in rows}


@pytest.mark.parametrize(
    ("written", "whose"),
    [
        ("adaalm@gmail.com", "tagged"),
        ("a.d.a.alm+x@googlemail.com", "tagged"),
        ("BO@x.se", "other"),
        ("bo (at) work.se", "other"),
        ("cia@home.se", "several"),
        ("+46 70 111 22 33", "numbered"),
        # an address that the record had before
        ("eva@before.se", "bystander"),
        ("eva@work.se", None),
    ],
)
def test_a_withdrawal_by_an_address_or_number_denies_at_once_whom_the_night_denies(
    night, modules_warehouse, written, whose
):
    warehouse = modules_warehouse
    withdraw_point(warehouse, written, AT, "r1", "all", "all")
    expected = {whose} if whose else set()
    assert denied_at_once(warehouse) == expected
    assert {p["source_key"] for p in PEOPLE} - {key for key, *_ in night.derive()} == expected
    # known to the night by then, it is still read so
    assert denied_at_once(warehouse) == expected
