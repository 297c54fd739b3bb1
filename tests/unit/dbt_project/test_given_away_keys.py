"""A withdrawal stays its person's when a system numbers its contacts anew and gives the record's key to somebody else."""

from __future__ import annotations

from datetime import date, datetime

import pytest

from tests.unit.consent import BO, said
from tests.unit.people import by_case, person, someone

SIXTEN = person("1", "Sixten", "Dalmark", email="sixten@x.se", birth_date=date(1974, 4, 4))
VIDAR = person("1", "Vidar", "Fagerstrand", email="vidar@y.se", birth_date=date(1990, 8, 8))
NO = said("1", "withdrawn", "2026-03-01", contact_point=None, source_key="w")


def again(**changes) -> dict:
    """Sixten under the key that he has by now."""
    return SIXTEN | {"source_key": "9"} | changes


@pytest.fixture
def nights(permitted):
    permitted.remembers = True

    def go(*people: dict, statements: tuple[dict, ...] = ()) -> set[str]:
        grants = [said(p["source_key"], contact_point=p["email"]) for p in people if p.get("email")]
        return {key for key, _, _ in permitted([*people, BO], consent_events=[*grants, said("bo"), *statements])}

    return go


# how each comes back under another key
CHANGES = [
    lambda one: {},
    lambda one: {"email": f"new.{one['email']}"},
    lambda one: {"birth_date": None},
    lambda one: {
        "given_name": None, "family_name": None, "full_name": f"{one['family_name'].upper()}, {one['given_name']}",
        "email": f"new@{one['email'].partition('@')[2]}",
    },
    lambda one: {"given_name": one["given_name"][0], "birth_date": None, "source_system": "webshop"},
]  # fmt: skip
CASES = ("the same", "another address", "no birth date", "the whole name in one column", "an initial in another system")


@pytest.mark.parametrize("is_gone_between", [False, True])
def test_rule_04_a_withdrawal_stays_with_its_person_when_the_key_is_given_to_somebody_else(nights, is_gone_between):
    """Each case is somebody who said no, under a key that one more someone has by now."""
    numbers = range(len(CHANGES))
    olds = [someone(n, source_key=f"1{n}") for n in numbers]
    assert nights(*olds, statements=tuple(NO | {"person_key": f"1{n}", "source_key": f"w{n}"} for n in numbers)) == {
        "bo"
    }
    if is_gone_between:
        assert nights(*(old | {"deleted_at": datetime(2026, 4, 1)} for old in olds)) == {"bo"}
    others = [someone(len(CHANGES) + n, source_key=f"1{n}") for n in numbers]
    news = [old | {"source_key": f"9{n}"} | CHANGES[n](old) for n, old in enumerate(olds)]
    granted = [
        said(new["source_key"], contact_point=new["email"], person_system=new.get("source_system", "crm"))
        for new in news
    ]

    def allowed(*statements: dict) -> dict[str, object]:
        found = nights(*others, *news, statements=statements)
        assert "bo" in found
        return by_case(CASES, lambda n: found & {f"1{n}", f"9{n}"})

    # the next night, and any after it; who has the key by now stays denied
    for _ in range(3):
        assert allowed(*granted) == by_case(CASES, lambda _: set())
    later = [grant | {"stated_at": datetime(2026, 4, 1), "source_key": f"later{n}"} for n, grant in enumerate(granted)]
    assert allowed(*later) == by_case(CASES, lambda n: {f"9{n}"})


def test_rule_04_a_withdrawal_stays_with_its_person_when_they_come_back_later(nights):
    """The key is another's for some nights, and then yet another's, before the person has a record again."""
    nights(SIXTEN, statements=(NO,))
    nights(VIDAR)
    third = person("1", "Tyra", "Hedlund", email="tyra@z.se", birth_date=date(1985, 1, 1))
    nights(third)
    assert nights(third, again()) == {"bo"}
    assert nights(third, again(), VIDAR | {"source_key": "8"}) == {"bo"}


def test_rule_04_a_withdrawal_under_a_key_that_comes_after_it_was_given_away(nights, warehouse):
    """A weekly file of withdrawals that names the key as it was; what the one who has the key says later is theirs alone."""
    nights(SIXTEN)
    assert nights(VIDAR, again()) == {"1", "9", "bo"}
    warehouse.execute("update identity.former_people set changed_at = timestamp '2026-04-01'")
    theirs = said("1", "withdrawn", "2026-05-01", contact_point=None, source_key="v")
    assert nights(VIDAR, again(), statements=(theirs,)) == {"9", "bo"}
    assert nights(VIDAR, again(), statements=(theirs, NO)) == {"bo"}


def test_whose_name_address_or_birth_date_changes_is_the_same_person(nights, warehouse):
    """Their withdrawal is of nobody else, who has the address that they had."""
    berg = person("1", "Anna", "Berg", email="anna@x.se", birth_date=date(1980, 1, 1))
    nights(berg, statements=(NO,))
    for change in ({"family_name": "Ek"}, {"given_name": "Anna Maria"}, {"email": "new@x.se"}, {"birth_date": None}):
        berg |= change
        nights(berg)
    assert warehouse.execute("from identity.former_people").fetchall() == []
    nights(berg | {"deleted_at": datetime(2026, 4, 1)})
    assert nights(berg, person("2", "Cia", "Dahl", email="anna@x.se")) == {"2", "bo"}
    assert warehouse.execute("from identity.former_people").fetchall() == []


def test_nothing_is_kept_of_former_people_whose_record_is_kept_no_more(nights, warehouse):
    nights(SIXTEN, statements=(NO,))
    nights(VIDAR)
    count = "select (select count(*) from identity.former_people), (select count(*) from identity.held_points where starts_with(person_key, 'former'))"
    assert warehouse.execute(count).fetchall() == [(1, 1)]
    nights(again())
    assert warehouse.execute(count).fetchall() == [(1, 1)]
    nights()
    nights()
    assert warehouse.execute(count).fetchall() == [(0, 0)]
