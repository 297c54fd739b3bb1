"""What people write for their names, addresses and numbers, and what is compared."""

from __future__ import annotations

import pytest

from orchestration.identity.names import latin
from orchestration.match_keys.phones import phone_keys


@pytest.fixture
def normalised(resolve, warehouse):
    def go(**person) -> dict:
        resolve({"source_key": "1", **person})
        cursor = warehouse.execute("from identity.normalised_people")
        return dict(zip([column[0] for column in cursor.description], cursor.fetchall()[0], strict=True))

    return go


@pytest.mark.parametrize(
    ("written", "given", "family", "generation"),
    [
        ({"full_name": "Berg, Anna"}, "anna", "berg", None),
        ({"full_name": "Anna Maria Berg"}, "anna", "berg", None),
        ({"full_name": "Dr. Åsa Østergård"}, "asa", "ostergard", None),
        ({"full_name": "John Smith, Jr."}, "john", "smith", "jr"),
        ({"full_name": "Smith Senior, John"}, "john", "smith", "sr"),
        ({"given_name": "John", "family_name": "Smith III"}, "john", "smith", "iii"),
        ({"full_name": "Hajah Berg (Stockholm)"}, "hajah", "berg", None),
        ({"full_name": "王杰"}, "jie", "wang", None),
        ({"full_name": "Александр Иванов"}, "aleksandr", "ivanov", None),
        ({"full_name": "Fjell & Skog, Norge AS", "kind": "business"}, None, "fjell skog norge", None),
        ({"full_name": "Aktiebolag", "kind": "business"}, None, "aktiebolag", None),
        ({"full_name": "   ", "given_name": ""}, None, None, None),
        ({"given_name": "A"}, "a", None, None),
    ],
)
def test_names_are_read_as_they_are_written(normalised, written, given, family, generation):
    found = normalised(**written)
    assert (found["given_key"], found["family_key"], found["generation"]) == (given, family, generation)


def test_a_short_form_leads_to_the_names_that_it_stands_for(normalised):
    assert {"lasse", "lars"} <= set(normalised(given_name="Lasse")["given_forms"])
    assert normalised(given_name="Siri")["given_forms"] is None


@pytest.mark.parametrize(
    ("email", "key"),
    [
        ("Anna Berg <Anna.Berg+shop@posten.se>", "anna.berg@posten.se"),
        ("a.n.n.a@googlemail.com", "anna@gmail.com"),
        ("anna at posten.se", None),
        ("anna@posten", None),
    ],
)
def test_addresses_are_read_as_they_are_written(normalised, email, key):
    assert normalised(email=email)["email_key"] == key


@pytest.mark.parametrize(
    ("written", "read"),
    [("0076-10-28", "1976-10-28"), ("0009-05-01", "2009-05-01"), ("1791-01-01", None), ("2999-01-01", None)],
)
def test_birth_dates_that_cannot_be_are_fixed_or_none(normalised, written, read):
    found = normalised(birth_date=written)["birth_date"]
    assert (str(found) if found else None) == read


def test_a_number_whose_country_is_not_known_is_its_digits():
    written = [("070-123 45 67", "SE"), ("702-919-1300", ""), ("12", ""), ("nothing", "SE")]
    assert phone_keys(written) == [("+46701234567", True), ("7029191300", None), (None, None), (None, None)]


def test_other_scripts_are_spelled_in_latin_letters():
    assert latin("王杰") == "Wang, Jie"
    assert latin("Ιωάννης").isascii()


def test_bob_is_robert_and_no_other(resolve):
    ids = resolve(
        {"source_key": "1", "given_name": "Robert", "family_name": "Ek", "email": "ek@posten.se"},
        {"source_key": "2", "given_name": "Bob", "family_name": "Ek", "email": "ek@posten.se"},
        {"source_key": "3", "given_name": "Karin", "family_name": "Ek", "email": "ek@posten.se"},
    )
    assert ids["1"] == ids["2"] != ids["3"]


def test_senior_and_junior_are_never_one(resolve):
    home = {"street": "Storgatan 5", "postal_code": "12345", "city": "Solna"}
    ids = resolve(
        {"source_key": "1", "full_name": "Lars Ek Sr", "email": "lars@posten.se", **home},
        {"source_key": "2", "full_name": "Lars Ek Jr", "email": "lars@posten.se", **home},
    )
    assert ids["1"] != ids["2"]


def test_father_and_son_of_one_name_with_numbers_of_their_own_are_two(resolve):
    home = {"given_name": "Lars", "family_name": "Ek", "street": "Storgatan 5", "postal_code": "12345"}
    ids = resolve(
        {"source_key": "1", "email": "lars@posten.se", "phone": "070-1111111", **home},
        {"source_key": "2", "email": "lasse77@brevet.se", "phone": "070-2222222", **home},
    )
    assert ids["1"] != ids["2"]
