"""A withdrawal stays its person's when a system numbers its contacts anew and gives the record's key to somebody else."""

from __future__ import annotations

from datetime import date, datetime

import pytest

from tests.unit.consent import BO, said
from tests.unit.people import person

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


@pytest.mark.parametrize(
    "changes",
    [
        {},
        {"email": "sixten.new@x.se"},
        {"birth_date": None},
        {"given_name": None, "family_name": None, "full_name": "DALMARK, Sixten", "email": "new@x.se"},
        {"given_name": "S", "birth_date": None, "source_system": "webshop"},
    ],
)
@pytest.mark.parametrize("is_gone_between", [False, True])
def test_rule_04_a_withdrawal_stays_with_its_person_when_the_key_is_given_to_somebody_else(
    nights, changes, is_gone_between
):
    assert nights(SIXTEN, statements=(NO,)) == {"bo"}
    if is_gone_between:
        assert nights(SIXTEN | {"deleted_at": datetime(2026, 4, 1)}) == {"bo"}
    new = again(**changes)
    granted = said("9", contact_point=new["email"], person_system=new.get("source_system", "crm"))
    # the next night, and any after it; who has the key by now stays denied
    for _ in range(3):
        assert nights(VIDAR, new, statements=(granted,)) == {"bo"}
    later = granted | {"stated_at": datetime(2026, 4, 1), "source_key": "later"}
    assert nights(VIDAR, new, statements=(later,)) == {"bo", "9"}


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
