"""Protected identity and deaths: who is known by a register's entry, and who would give a protected person away (rule 19)."""

from __future__ import annotations

import pytest

from tests.unit.people import person

GUNILLA = {
    "given_name": "Gunilla Maria Kristina",
    "family_name": "Bergström",
    "birth_date": "1950-02-03",
    "effective_on": "2020-01-01",
}


@pytest.fixture
def known(permitted, warehouse):
    def go(people: list[dict], *entries: dict) -> dict[str, tuple[bool, bool]]:
        """source_key → (protected, deceased), of whom either is so."""
        permitted(people, address_updates=list(entries))
        return {
            key: (protected, deceased)
            for key, protected, deceased in warehouse.execute(
                "select s.source_key, p.is_protected, p.is_deceased from identity.protected_customers p "
                "join identity.customer_source_records s on s.customer_id = p.customer_id and s.valid_to is null where p.is_protected or p.is_deceased"
            ).fetchall()
        }

    return go


@pytest.mark.parametrize(
    "written",
    [
        {"given_name": "Maria", "family_name": "Bergstrom", "birth_date": "1950-02-03"},
        {"given_name": "gunilla", "family_name": "BERGSTRØM", "birth_date": "1950-02-03"},
        {"given_name": None, "family_name": None, "full_name": "Bergström, Kristina", "birth_date": "1950-02-03"},
        {"given_name": "Maria", "family_name": "Bergström Dahl", "birth_date": "1950-02-03"},
        {"given_name": "Maria", "family_name": "Bergström", "birth_date": "0050-02-03"},
        {"given_name": "Maria", "family_name": "Bergström", "birth_date": None},
    ],
)  # fmt: skip
def test_rule_19_any_forename_with_family_name_and_birth_date_is_enough(known, written):
    people = [person("m", **written), person("other", "Maria", "Bergström", birth_date="1971-01-01")]
    assert known(people, GUNILLA | {"is_protected": True}) == {"m": (True, False)}
    if written["birth_date"]:
        assert known(people, GUNILLA | {"is_deceased": True}) == {"m": (False, True)}


def test_rule_19_whoever_would_give_a_protected_person_away_is_hidden_too(known):
    home = {"street": "Storgatan 1", "postal_code": "11455", "city": "Solna"}
    people = [
        person("m", "Maria", "Bergström", birth_date="1950-02-03", **home),
        person("child", "Bo", "Bergström", birth_date="1980-01-01", **home),
        person("partner", "Cy", "Dahl", birth_date="1949-01-01", street="STORGATAN 1", postal_code="SE-114 55"),
        person("neighbour", "Di", "Ek", birth_date="1949-01-01", street="Storgatan 3", postal_code="11455"),
    ]
    assert known(people, GUNILLA | {"is_protected": True}) == dict.fromkeys(("m", "child", "partner"), (True, False))
    assert known(people, GUNILLA | {"is_deceased": True}) == {"m": (False, True)}


def test_rule_19_an_entry_whose_birth_date_cannot_be_read_protects_everybody_of_the_name(known):
    people = [
        person("m", "Maria", "Bergström", birth_date="1950-02-03"),
        person("k", "Karin", "Ek", birth_date="1950-02-03"),
    ]
    assert known(people, GUNILLA | {"birth_date": None, "is_protected": True}) == {"m": (True, False)}
