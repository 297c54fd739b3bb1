"""Households and companies: who belongs together without being one, and ids that last."""

from __future__ import annotations

from datetime import datetime, timedelta

import pytest

from orchestration.identity.groups import find_companies, find_households
from tests.unit.people import person

HOME = {"street": "Storgatan 1", "postal_code": "111 22", "city": "Stockholm"}
NIGHT = datetime(2026, 1, 1)


@pytest.fixture
def households(resolve, warehouse):
    nights = iter(range(1000))

    def go(*people: dict) -> dict[str, str]:
        """Resolves people and households; returns source_key → household_id of those who have one."""
        go.customers = resolve(*people)
        find_households(warehouse, NIGHT + timedelta(days=next(nights)))
        of = dict(
            warehouse.execute(
                "select customer_id, household_id from identity.household_members where valid_to is null"
            ).fetchall()
        )
        return {key: of[customer] for key, customer in go.customers.items() if customer in of}

    return go


FAMILY = [person("1", "Anna", **HOME), person("2", "Bo", **HOME)]


@pytest.mark.parametrize(
    "people",
    [
        FAMILY,
        [person("1", "Anna", phone="+46701234568"), person("2", "Bo", "Quist", phone="0701234568")],
        [person("1", "Anna", email="familjen@berg.se"), person("2", "Bo", email="familjen@berg.se")],
    ],
    ids=["an address and a name", "a phone", "a mailbox"],
)
def test_who_shares_lives_together_and_is_not_one_person(households, people):
    found = households(*people)
    assert set(found) == {"1", "2"} and len(set(found.values())) == 1
    assert len(set(households.customers.values())) == 2


@pytest.mark.parametrize(
    "people",
    [
        [person("1", "Anna", **HOME), person("2", "Bo", "Quist", **HOME)],
        [person("1", "Anna", email="test@test.com"), person("2", "Bo", email="test@test.com")],
        [person("1", "Anna", **HOME)],
        [person(str(n), name, **HOME) for n, name in enumerate(["Anna", "Bo", "Cilla", "Dag", "Eva", "Finn", "Gun", "Hans", "Ivar"])],
    ],
    ids=["neighbours", "a junk mailbox", "alone", "a stairway of one name"],
)  # fmt: skip
def test_who_does_not_share_enough_is_no_household(households, people):
    assert households(*people) == {}


def test_a_household_keeps_its_id_when_members_come_and_go(households, warehouse):
    before = households(*FAMILY)["1"]
    after = households(*FAMILY, person("3", "Cilla", **HOME))
    assert set(after.values()) == {before}
    left = households(FAMILY[0], person("3", "Cilla", **HOME))
    assert left == {"1": before, "3": before}
    assert households(FAMILY[0]) == {}
    spells = warehouse.execute("select count(*), count(valid_to) from identity.household_members").fetchall()
    assert spells == [(3, 3)]


@pytest.fixture
def companies(resolve, warehouse):
    def go(*rows: tuple, people: tuple[dict, ...] = (), night: int = 0) -> dict[str, str]:
        """Companies as (key, name, registration number, country); returns key → company_id."""
        resolve(*people)
        warehouse.execute("alter table conformed.conformed_people add column if not exists company_key varchar")
        for one in people:
            warehouse.execute("update conformed.conformed_people set company_key = ? where source_key = ?", [one["employer"], one["source_key"]])  # fmt: skip
        warehouse.execute(
            "create or replace table conformed.conformed_companies (source_system varchar, source_key varchar, name varchar, "
            "registration_number varchar, country_code varchar, deleted_at timestamp)"
        )
        for row in rows:
            warehouse.execute("insert into conformed.conformed_companies values ('crm', ?, ?, ?, ?, null)", list(row))
        find_companies(warehouse, NIGHT + timedelta(days=night))
        found = warehouse.execute(
            "select company_record, company_id from identity.company_source_records where valid_to is null"
        )
        return {record.split(":")[1]: company for record, company in found.fetchall()}

    return go


def employee(key: str, name: str, email: str, employer: str | None) -> dict:
    return person(key, name, email=email) | {"employer": employer}


@pytest.mark.parametrize(
    ("a", "b", "is_one"),
    [
        (("1", "Fjell AB", "556001-0037", "SE"), ("2", "Fjäll Sport", "5560010037", "SE"), True),
        (("1", "Fjell AB", None, "SE"), ("2", "Aktiebolag Fjell", "556001-0037", "SE"), True),
        (("1", "Fjell AB", "556001-0037", "SE"), ("2", "Fjell AB", "556002-0074", "SE"), False),
        (("1", "Fjell AS", None, "NO"), ("2", "Fjell AB", None, "SE"), False),
        (("1", "Fjell", None, None), ("2", "Skog", None, None), False),
    ],
)
def test_a_company_is_its_number_and_where_numbers_allow_its_name(companies, a, b, is_one):
    found = companies(a, b)
    assert (found["1"] == found["2"]) is is_one


def test_a_domain_that_only_one_company_writes_from_is_its_own(companies):
    staff = [employee(f"{c}{n}", name, f"{name}@{domain}".lower(), c) for c, domain in (("1", "fjell.se"), ("2", "fjell.se"))
             for n, name in enumerate(["Anna", "Bo"])]  # fmt: skip
    found = companies(("1", "Fjell", None, "SE"), ("2", "Fjell Outdoor", None, "SE"), people=tuple(staff))
    assert found["1"] == found["2"]
    strangers = [employee(f"p{n}", f"Person{n}", f"person{n}@fjell.se", None) for n in range(5)]
    found = companies(
        ("1", "Fjell", None, "SE"), ("2", "Fjell Outdoor", None, "SE"), people=(*staff, *strangers), night=1
    )
    assert found["1"] != found["2"]


def test_a_company_keeps_its_id(companies):
    before = companies(("1", "Fjell AB", "556001-0037", "SE"))
    after = companies(("1", "Fjell Nord AB", "556001-0037", "SE"), ("2", "Fjell", "5560010037", "SE"), night=1)
    assert set(after.values()) == set(before.values())


def publish(warehouse, night: int) -> None:
    warehouse.execute("create schema if not exists ops; create table if not exists ops.publications (published_at timestamp)")  # fmt: skip
    warehouse.execute("insert into ops.publications values (?)", [NIGHT + timedelta(days=night, hours=1)])


def test_a_household_that_comes_back_before_anything_was_published_keeps_its_id(households, warehouse):
    before = households(*FAMILY)
    publish(warehouse, 0)
    other = person("9", "Per", "Ek")
    assert households(other) == {}
    assert households(other, *FAMILY) == before
    # readers saw that it is gone
    households(other)
    publish(warehouse, 3)
    warehouse.execute("update identity.customer_identity_events set recorded_at = ?", [NIGHT])
    assert not set(households(other, *FAMILY).values()) & set(before.values())


def test_a_company_that_comes_back_before_anything_was_published_keeps_its_id(companies, warehouse):
    berg, ek = ("1", "Berg AB", "556", "SE"), ("2", "Ek AB", "557", "SE")
    before = companies(berg, ek)
    publish(warehouse, 0)
    companies(ek, night=1)
    assert companies(berg, ek, night=2) == before
    companies(ek, night=3)
    publish(warehouse, 3)
    last = companies(berg, ek, night=4)
    assert last["2"] == before["2"] and last["1"] != before["1"]
