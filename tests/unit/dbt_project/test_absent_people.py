"""What a record refused whose own row was set aside, rejected, deleted or never came holds for whoever may be the same person."""

from __future__ import annotations

import json
import tomllib
from datetime import date, datetime

import pytest

from orchestration.core.settings import Settings
from orchestration.extract.extract import prepare_raw
from tests.unit.consent import ANNA, BO, NOBODYS, SURVEY, said
from tests.unit.people import person

SHOP = """
company = "T"
[sources.shop]
connector = "files"
url = "."
[sources.shop.tables.people]
path = "p*.csv"
columns = { line = "BIGINT", no = "VARCHAR", first = "VARCHAR", last = "VARCHAR", mail = "VARCHAR", mobile = "VARCHAR", born = "VARCHAR" }
key = ["line"]
[[sources.shop.tables.people.maps]]
entity = "people"
columns = { source_key = "no", given_name = "first", family_name = "last", email = "mail", phone = "mobile", birth_date = "born" }
"""
OF_BO = ("bo", "survey", "email")
GRANTED = [said("anna"), said("bo")]
BORN = ANNA | {"birth_date": date(1980, 2, 3)}


def no(key: str | None = "7", **more) -> dict:
    """A withdrawal by a record of the shop, on an address that nobody has."""
    more = {"person_system": "shop", "contact_point": "iv@nowhere.se", "source_key": "w"} | more
    return said(key or "-", "withdrawn", "2026-03-01", **more) | ({} if key else NOBODYS)


@pytest.fixture
def shop(permitted, warehouse):
    """Puts people of the shop into raw, of whom no conformed table has anything; or a line among those that were rejected."""
    permitted.settings = Settings.model_validate(tomllib.loads(SHOP))
    prepare_raw(warehouse, permitted.settings)

    def go(*, line: str | None = None, **row) -> None:
        for table in ("raw_shop.people", "quarantine.rejected_rows"):
            warehouse.execute(f"delete from {table}")
        if line:
            warehouse.execute(
                "insert into quarantine.rejected_rows values (1, 'shop', 'people', 'p.csv', 1, null, 'r', ?)", [line]
            )
        elif row:
            whole = {"line": 1, "no": "7", "_load_id": 1, **row}
            warehouse.execute(
                f"insert into raw_shop.people ({', '.join(whole)}) values ({', '.join('?' * len(whole))})",
                list(whole.values()),
            )

    return go


NUMBER = {"first": "Ann", "mobile": "070-111 22 33", "mail": "iv@nowhere.se", "born": "1985-13-45"}


@pytest.mark.parametrize(
    "row, withdrawn",
    [
        (NUMBER, no()),
        (NUMBER, no(contact_point=None)),
        (NUMBER, no("7.0", person_system=" SHOP")),
        # the withdrawal names nothing but an address of the row
        (NUMBER, no(None)),
        ({"mail": "b@y.se / Anna@X.se"}, no()),
        ({"first": "Anna Maria", "last": "BERG", "born": "3.2.1980"}, no()),
        ({"line": json.dumps({"line": "x", "no": "7", "first": "Ann", "mobile": "070-111 22 33"})}, no()),
        ({"line": '2;7;"Ann;070-111 22 33;1980'}, no()),
    ],
)
def test_rule_04_a_withdrawal_by_a_record_that_was_set_aside_denies_whoever_has_what_it_has(
    permitted, shop, row, withdrawn
):
    shop(**row)
    assert set(permitted([BORN, BO], consent_events=GRANTED)) == {SURVEY, OF_BO}
    assert set(permitted([BORN, BO], consent_events=[*GRANTED, withdrawn])) == {OF_BO}
    # only a later grant reverses it
    later = said("anna", at="2026-04-01")
    assert set(permitted([BORN, BO], consent_events=[*GRANTED, withdrawn, later])) == {SURVEY, OF_BO}


def test_rule_04_what_a_record_had_that_is_set_aside_outlives_its_change(permitted, shop, warehouse):
    permitted.remembers = True
    shop(**NUMBER)
    assert set(permitted([ANNA, BO], consent_events=GRANTED)) == {SURVEY, OF_BO}
    shop(mobile="0709998877")
    assert set(permitted([ANNA, BO], consent_events=GRANTED)) == {SURVEY, OF_BO}
    assert set(permitted([ANNA, BO], consent_events=[*GRANTED, no()])) == {OF_BO}
    # what is no record by now has no points either
    shop()
    permitted([ANNA, BO], consent_events=GRANTED)
    assert warehouse.execute("from identity.held_points where person_key = '7'").fetchall() == []


@pytest.mark.parametrize("is_set_aside", [True, False])
def test_rule_04_a_namesake_that_does_not_stand_shares_what_it_refused(permitted, shop, is_set_aside):
    """As a standing one does: where few have the name, and no birth date tells them apart."""
    if is_set_aside:
        shop(first="Anna", last="Berg", mail="iv@nowhere.se", born="1985-13-45")
    gone = person("7", email="iv@nowhere.se", source_system="shop", deleted_at=datetime(2026, 4, 1))
    people = [BORN, BO] if is_set_aside else [BORN, BO, gone]

    def allowed(*more: dict, withdrawn: dict) -> set[str]:
        return {key for key, _, _ in permitted([*people, *more], consent_events=[*GRANTED, withdrawn])}

    assert allowed(withdrawn=no()) == {"anna", "bo"}
    permitted.namesakes = 2
    assert allowed(withdrawn=no()) == {"bo"}
    assert allowed(person("third", email="third@x.se"), withdrawn=no()) == {"anna", "bo"}
    if is_set_aside:
        # nothing but its contact point says whose it is
        assert allowed(withdrawn=no(None)) == {"bo"}
        shop(first="Anna", last="Berg", born="1951-11-27")
        assert allowed(withdrawn=no()) == {"anna", "bo"}


OTHER = said("7", person_system="shop", channel="sms", contact_point="070-111 22 33", source_key="s")


@pytest.mark.parametrize(
    "gone", [[], [person("7", "Cia", "Dahl", source_system="shop", deleted_at=datetime(2026, 4, 1))]]
)
@pytest.mark.parametrize(
    "other",
    [
        {"consent_events": [OTHER]},
        {"consent_events": [OTHER | {"status": "withdrawn"}]},
        {"consent_events": [OTHER | {"deleted_at": datetime(2026, 4, 1)}]},
        {"consent_events": [OTHER | {"person_key": "7.0", "person_system": "Shop"}]},
        {"email_events": [{"kind": "opened", "occurred_at": datetime(2026, 2, 1), "contact_point": "anna@x.se", "person_key": "7", "person_system": "shop"}]},
    ],
)  # fmt: skip
def test_rule_04_a_withdrawal_by_a_record_without_people_row_denies_whoever_its_statements_name(permitted, gone, other):
    people, events = [ANNA, BO, *gone], other.get("consent_events", [])
    more = {"email_events": other["email_events"]} if "email_events" in other else {}
    assert set(permitted(people, consent_events=[*GRANTED, *events], **more)) == {SURVEY, OF_BO}
    # what the record allowed is nobody's
    assert set(permitted(people, consent_events=[*GRANTED, *events, no()], **more)) == {OF_BO}


def test_rule_04_statements_of_a_record_that_stands_name_nobody_but_it(permitted):
    """Its own key in another spelling is the record too."""
    cia = person("7", "Cia", "Dahl", source_system="shop", email="cia@x.se")
    for key in ("7", "7.0"):
        stated = [OTHER | {"person_key": key}, no(key)]
        assert set(permitted([ANNA, BO, cia], consent_events=[*GRANTED, *stated])) == {SURVEY, OF_BO}


def test_rule_04_a_mailbox_of_many_that_a_statement_of_nobodys_names_denies_none_of_them(permitted):
    """Who withdraws on it denies all of them."""
    people = [person(key, key, key, email="info@x.se") for key in ("eva", "pia")]
    granted = [said(key, contact_point="info@x.se") for key in ("eva", "pia")]
    named = said("7", person_system="shop", contact_point="info@x.se", source_key="s")
    assert len(permitted(people, consent_events=[*granted, named, no()])) == 2
    assert permitted(people, consent_events=[*granted, named, no(contact_point="info@x.se")]) == {}
