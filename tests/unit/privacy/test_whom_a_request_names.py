"""Whom an address names that a request gives. Not here: what the request does (test_rights_at_once.py, test_holds.py)."""

from __future__ import annotations

import pytest

from orchestration.privacy.rights.rights import Subject, customers_of
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
