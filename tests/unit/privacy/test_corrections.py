"""A correction (Art. 16) holds what its field can hold, and nothing that is another customer's."""

from __future__ import annotations

from datetime import datetime

import pytest

from orchestration.core.errors import KundbildError
from orchestration.privacy.rights.corrections import others_with
from orchestration.privacy.rights.rights import correct, prepare_requests
from tests.unit.people import person

AT = datetime(2026, 3, 1)
ANNA = person("anna", email="anna@berg.se", phone="+46701112233")
BO = person("bo", "Bo", "Dahl", email="Bo.Dahl@gmail.com", phone="0709998877")


@pytest.fixture
def customers(resolve, warehouse) -> dict[str, str]:
    ids = resolve(ANNA, BO)
    prepare_requests(warehouse)
    warehouse.execute("alter table conformed.conformed_people add column gender varchar")
    return ids


@pytest.mark.parametrize(
    ("field", "value"),
    [
        ("birth_date", "spring"), ("birth_date", "1850-01-01"), ("birth_date", "2090-01-01"), ("email", "anna"),
        ("email", "a@x.se; b@x.se"), ("email", "Anna <a@x.se>"), ("phone", "12"), ("phone", "call me"), ("phone", "+46 70"),
        ("country_code", "Sweden"), ("country_code", "XX"), ("postal_code", "Stockholm"), ("given_name", "a@x.se"),
        ("family_name", "+46701112233"), ("city", "https://x.se"), ("street", "12"), ("gender", "1"), ("city", "x" * 300),
        ("full_name", "Anna\nBerg"), ("full_name", "\x1b[31mAnna"),
    ],
)  # fmt: skip
def test_a_value_that_its_field_cannot_hold_is_refused_and_not_told(customers, warehouse, field, value):
    with pytest.raises(KundbildError, match=f"the {field.replace('_', ' ')} is none") as error:
        correct(warehouse, customers["anna"], {field: value}, AT, "r1")
    assert len(value) < 7 or value not in str(error.value)
    assert warehouse.execute("select count(*) from identity.corrections").fetchall() == [(0,)]


@pytest.mark.parametrize(
    ("field", "value"),
    [
        ("city", "HIV-positiv"), ("full_name", "Jag är HIV-positiv"), ("gender", "gay"), ("gender", "lesbisk"), ("given_name", "Muslim"),
        ("family_name", "har diabetes"), ("street", "Storgatan 1, har cancer"), ("street", "Storgatan 1 800101-0019"),
        ("email", "none@none.se"), ("email", "ingen@epost.se"), ("email", "no-reply@berg.se"), ("email", "test@berg.se"),
        ("phone", "+46 70 000 00 00"), ("phone", "070-123 45 67"), ("phone", "+46701111111"),
    ],
)  # fmt: skip
def test_a_special_category_and_a_placeholder_are_refused_and_not_told(customers, warehouse, field, value):
    with pytest.raises(KundbildError, match=f"the {field} is none".replace("_", " ")) as error:
        correct(warehouse, customers["anna"], {field: value}, AT, "r1")
    assert value.lower() not in str(error.value).lower()
    assert warehouse.execute("select count(*) from identity.corrections").fetchall() == [(0,)]


@pytest.mark.parametrize(
    ("field", "value"),
    [
        ("gender", "f"), ("gender", "M"), ("gender", "Kvinna"), ("gender", "other"), ("street", "Moskégatan 3"), ("street", "Katolska Kyrkogatan 1"),
        ("family_name", "Kristen"), ("full_name", "Muhammed Christiansson"), ("city", "Helsinki"), ("phone", "+46 70 123 45 68"),
    ],
)  # fmt: skip
def test_a_name_or_street_that_tells_nothing_of_anybody_stands(customers, warehouse, field, value):
    assert correct(warehouse, customers["anna"], {field: value}, AT, "r1") == 1


def test_what_its_field_can_hold_stands(customers, warehouse):
    values = {
        "given_name": "Åsa-Märta", "family_name": "O'Brien", "full_name": "Åsa von Ü", "email": "åsa@berg.se", "phone": "070-123 45 68",
        "birth_date": "1985-03-12", "gender": None, "street": "Storgatan 1 B", "postal_code": "114 55", "city": "Å", "country_code": "SE",
    }  # fmt: skip
    assert correct(warehouse, customers["anna"], values, AT, "r1") == len(values)


def test_an_address_or_number_of_another_customer_is_held_in_any_spelling(customers, warehouse):
    anna, bo = customers["anna"], customers["bo"]
    for values in ({"email": " bodahl+news@GMAIL.com"}, {"phone": "+46 (0)70 999 88 77"}, {"phone": "070-9998877"}):
        assert others_with(warehouse, anna, values) == [bo], values
    # one's own, nobody's, and other fields are free
    for values in ({"email": "ANNA@berg.se"}, {"email": "new@x.se"}, {"phone": "0701112233"}, {"city": "Bo"}, {"email": None}):  # fmt: skip
        assert others_with(warehouse, anna, values) == [], values


def test_a_field_of_another_customer_that_names_several_is_read_whole(resolve, warehouse):
    """The second address, the second number, and one with an extension."""
    ids = resolve(
        ANNA, person("cy", "Cy", "Ek", email="cy@ek.se; Cy.Ek@work.se", phone="+46 70 555 66 77, +46 8 123 45 67")
    )
    for values in (
        {"email": "cy.ek@work.se"},
        {"email": "cy@ek.se"},
        {"phone": "08-123 45 67"},
        {"phone": "+46705556677"},
    ):
        assert others_with(warehouse, ids["anna"], values) == [ids["cy"]], values
        assert others_with(warehouse, ids["cy"], values) == [], values
