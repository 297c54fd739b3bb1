"""Whom an address or a number names that a request gives. Not here: what the request does (test_rights_at_once.py, test_holds.py)."""

from __future__ import annotations

import pytest
import typer

from orchestration.cli.app import app
from orchestration.core.errors import KundbildError
from orchestration.privacy.rights.subjects import Subject, customers_of
from tests.unit.people import person


@pytest.mark.parametrize(
    ("asked", "names"),
    [
        ("anna@berg.se", {"anna"}), ("Anna Berg <ANNA@work.se>", {"anna"}), ("anna+news@work.se", {"anna"}),
        ("bo@dahl.se", {"bo"}), ("bo@old.se", {"bo"}), ("nobody@x.se", set()),
        # two customers may be meant: a person decides
        ("both@x.se", {"anna", "bo"}), ("anna@berg.se; bo@dahl.se", {"anna", "bo"}),
    ],
)  # fmt: skip
def test_an_address_names_whoever_has_it_in_any_reading_of_a_record_or_a_statement(resolve, warehouse, asked, names):
    ids = resolve(
        person("anna", email="anna@berg.se; anna@work.se, both@x.se"),
        person("bo", "Bo", "Dahl", email="mailto:bo@dahl.se"),
    )
    warehouse.execute(
        "create table conformed.conformed_consent_events as select 'crm' as person_system, 'bo' as person_key, 'both@x.se / bo@old.se' as contact_point"
    )
    assert set(customers_of(warehouse, [Subject(email=asked)])[0]) == {ids[name] for name in names}


@pytest.mark.parametrize(
    ("asked", "names"),
    [
        ("070-111 22 33", {"anna"}), ("+46 (0)70 111 22 33", {"anna"}), ("0046701112233", {"anna"}), ("08-123 456 78", {"anna", "bo"}),
        ("+358 40 123 4567", {"bo"}), ("070-111 22 99", {"bo"}), ("070-111 22 34", set()), ("+47 70 11 12 23 3", set()),
    ],
)  # fmt: skip
def test_a_number_names_whoever_has_it_in_any_reading_of_a_record_or_a_statement(resolve, warehouse, asked, names):
    ids = resolve(
        person("anna", phone="070 1112233 / 08-12345678"),
        person("bo", "Bo", "Dahl", phone="040 1234567", country_code="FI"),
    )
    warehouse.execute(
        "create table conformed.conformed_consent_events as select 'crm' as person_system, 'bo' as person_key, "
        "unnest(['Tel. 08/12345678', '0701112299; bo@dahl.se']) as contact_point; update identity.phone_numbers_made_with set default_country = 'SE'"
    )
    assert set(customers_of(warehouse, [Subject(phone=asked)])[0]) == {ids[name] for name in names}


def test_a_number_that_cannot_be_read_is_told_and_not_repeated(resolve, warehouse):
    resolve(person("anna", phone="070 1112233"))
    warehouse.execute(
        "create table conformed.conformed_consent_events (person_system varchar, person_key varchar, contact_point varchar)"
    )
    # of no country: the configuration names none
    for written in ("1234x", "070 1112233"):
        with pytest.raises(KundbildError, match="with its country") as told:
            customers_of(warehouse, [Subject(phone=written)])
        assert written not in str(told.value)


def test_every_command_that_takes_an_address_takes_a_number():
    taking = {"--email": set(), "--phone": set()}

    def look(name, command):
        for option, found in taking.items():
            if any(option in parameter.opts for parameter in command.params):
                found.add(name)
        for word, below in getattr(command, "commands", {}).items():
            look(f"{name} {word}", below)

    look("kundbild", typer.main.get_command(app))
    assert taking["--email"] == taking["--phone"] and len(taking["--phone"]) >= 7
