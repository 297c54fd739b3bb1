"""With what a register is asked by the rules' numbers: numbers and addresses in any spelling, of the record and as they were granted.

Not here: whom each register closes which channel to, and when it closes for all (test_register_rules.py).
"""

from __future__ import annotations

import pytest

from tests.unit.consent import ANNA, SURVEY, said
from tests.unit.people import FAMILY, person


@pytest.mark.parametrize(
    ("person_has", "register_has"),
    [
        ({"phone": "070-111 22 33"}, {"phone": "+46 (0)70 111 22 33"}),
        ({"phone": "0046701112233"}, {"phone": "0701112233"}),
        ({"family_name": "Åström", "street": "Ågatan 1 A"}, {"family_name": "ASTROM", "street": "agatan 1a"}),
        ({"street": "Storgatan 1 lgh 1102"}, {"family_name": "Berg", "street": "STORG 1"}),
        ({"family_name": "Bjørn-Hansen", "street": "Ågatan 1"}, {"family_name": "Bjorn Hansen", "street": "ÅGATAN  1"}),
    ],
)
def test_rule_16_match_keys_are_normalised_before_a_register_is_compared(permitted, person_has, register_has):
    channel = "phone" if "phone" in person_has else "post"
    register = "nix_telefon" if channel == "phone" else "nix_adresserat"
    somebody = ANNA | {"phone": None, "postal_code": "SE-111 22", "city": "Byen"} | person_has
    entry = {"register": register, "version_on": "2026-05-31", "postal_code": "SE 11122", **register_has}
    granted = [said("anna", channel=channel)]
    other = entry | {"phone": "+46709999999", "street": "Annan 9"}
    assert permitted([somebody], consent_events=granted, reservations=[other]) != {}
    assert permitted([somebody], consent_events=granted, reservations=[entry]) == {}


def test_rule_10_at_one_address_a_part_of_the_family_name_is_enough(permitted):
    pairs = [(register, record) for register in FAMILY for record in ("Lund", "von Lund", "Berg-Lund")]
    at = [{"street": f"Tallgatan {n}", "postal_code": "11122"} for n in range(len(pairs))]
    given = "Alva Bror Cilla Doris Elsa Folke Gerda Hilda Ivar Karin Lova Mats Nils Olga Petra Rut Sixten Tage Ulla Vera Ylva Åke Evert Östen"
    names = given.split()
    people = [
        person(f"p{n}", names[n], record, birth_date=f"19{50 + n}-0{n % 9 + 1}-11", **at[n])
        for n, (_, record) in enumerate(pairs)
    ]
    people += [person("neighbour", "Bo", "Dahl", **at[0]), person("elsewhere", "Di", "Lund", street="Annan 9", postal_code="11122")]  # fmt: skip
    entries = [
        {"register": "nix_adresserat", "version_on": "2026-05-31", "family_name": register, **at[n]}
        for n, (register, _) in enumerate(pairs)
    ]
    granted = [said(one["source_key"], channel="post", contact_point=f"{one['street']}, 111 22 Byen") for one in people]
    allowed = permitted(people, consent_events=granted, reservations=entries)
    assert {who for who, _, _ in allowed} == {"neighbour", "elsewhere"}
    reserved = {who for (who, _, _), why in permitted.why.items() if why == "reserved in nix_adresserat"}
    assert reserved >= {f"p{n}" for n in range(len(pairs))}


@pytest.mark.parametrize(
    ("person_has", "granted_on"),
    [
        ({"phone": None}, "+46703330002"),
        ({"phone": "070-333 99 99"}, "+46703330002"),
        ({"phone": "0703330002 (hem)"}, "0703330002 (hem)"),
        ({"phone": "070-333 00 02, 08-123 45 67"}, "070-333 00 02, 08-123 45 67"),
        ({"phone": "703330002.0"}, "703330002.0"),
        ({"phone": "070-333 00 02 / 03"}, "070-333 00 02 / 03"),
        ({"phone": "070-333 00 02", "country_code": "Sverige"}, "070-333 00 02"),
        ({"phone": None, "country_code": " se"}, "0703330002"),
        ({"phone": "0703330002 (2)"}, "0703330002 (2)"),
    ],
)  # fmt: skip
def test_rule_09_the_register_is_asked_with_the_number_that_was_granted(permitted, warehouse, person_has, granted_on):
    granted = [said("anna", channel="phone", contact_point=granted_on, contact_point_type="phone")]
    entry = {"register": "nix_telefon", "version_on": "2026-05-31", "phone": "0703330002"}
    assert permitted([ANNA | person_has], consent_events=granted, reservations=[entry]) == {}
    # a grant on several numbers is none anyway: the register finds it all the same
    found = warehouse.execute("select channel, register from marts.customer_reservations").fetchall()
    assert found == [("phone", "nix_telefon")]


@pytest.mark.parametrize(
    ("country", "street", "postal", "register", "entry"),
    [
        ("SE", "c/o Lind, Storgatan 1", "SE-114 55", "nix_adresserat", {"street": "Storgatan 1", "postal_code": "11455"}),
        ("SE", "Lgh 1201, Storgatan 1", "11455.0", "nix_adresserat", {"street": "Storgatan 1", "postal_code": "114 55"}),
        ("Norge", "H0301 Storgata 5", "150", "reservasjonsregisteret", {"street": "Storgata 5", "postal_code": "0150"}),
        ("no", "Storgata 5", "NO-0150", "reservasjonsregisteret", {"street": "Storgata 5", "postal_code": "N-0150"}),
        ("SE", None, None, "nix_adresserat", {"street": "Storgatan 1", "postal_code": "11455"}),
    ],
)  # fmt: skip
def test_rule_10_an_address_is_asked_in_any_spelling_and_as_it_was_granted(
    permitted, country, street, postal, register, entry
):
    somebody = ANNA | {"street": street, "postal_code": postal, "country_code": country}
    granted_on = "Storgatan 1, 114 55 Stockholm" if country == "SE" else "Storgata 5, 0150 Oslo"
    granted = [said("anna", channel="post", contact_point=granted_on, contact_point_type="post")]
    entry = {"register": register, "version_on": "2026-05-31", "family_name": "BERG", **entry}
    assert permitted([somebody], consent_events=granted, reservations=[entry]) == {}
    assert permitted.why["anna", "survey", "post"] == f"reserved in {register}"
    elsewhere = entry | {"street": "Annan 9", "postal_code": "99999"}
    assert permitted([somebody], consent_events=granted, reservations=[elsewhere]) != {}


@pytest.mark.parametrize(
    ("country", "street", "postal", "entry_street", "entry_postal"),
    [
        ("SE", "Ås 7", "114 55", "ÅS 7", "11455"),
        ("SE", "Å 7", "114 55", "Å 7", "11455"),
        ("SE", "Ö7", "114 55", "Ö 7 lgh 1101", "11455"),
        ("SE", "c/o Lind, Å 7", "114 55", "Å 7", "11455"),
        ("SE", "Å", "114 55", "Å 7", "11455"),
        ("SE", "Storgatan 1", "151 33 Södertälje", "Storgatan 1", "15133"),
        ("SE", "Storgatan 1", "S-151 33 Södertälje", "Storgatan 1", "151 33"),
        ("SE", "Storgatan 1", "SE-15133 SÖDERTÄLJE", "Storgatan 1", "S-151 33"),
        ("NO", "Storgata 5", "0150 Oslo", "Storgata 5", "0150"),
        ("NO", "Storgata 5", "NO-0150 Oslo", "Storgata 5", "150"),
        ("NO", "Storgata 5", "1430 Ås", "Storgata 5", "1430"),
        ("DK", "Gade 1", "8000 Aarhus C", "Gade 1", "8000"),
    ],
)  # fmt: skip
def test_rule_10_a_short_street_and_a_postal_code_with_its_town_are_asked(
    permitted, country, street, postal, entry_street, entry_postal
):
    register = {"SE": "nix_adresserat", "NO": "reservasjonsregisteret", "DK": "robinson"}[country]
    somebody = ANNA | {"street": street, "postal_code": postal, "country_code": country}
    granted = [said("anna", channel="post", contact_point="by letter", contact_point_type="post")]
    entry = {"register": register, "version_on": "2026-05-31", "family_name": "BERG", "street": entry_street}
    assert permitted([somebody], consent_events=granted, reservations=[entry | {"postal_code": entry_postal}]) == {}
    assert permitted.why["anna", "survey", "post"] == f"reserved in {register}"
    for other in ({"postal_code": "9999"}, {"postal_code": entry_postal, "street": "Yxgatan 12"}):
        assert permitted([somebody], consent_events=granted, reservations=[entry | other]) != {}


@pytest.mark.parametrize(
    "record_has",
    [
        {"street": None, "postal_code": "11455"},
        {"street": " - ", "postal_code": "11455"},
        {"street": "Storgatan 1", "postal_code": None},
        {"street": "Storgatan 1", "postal_code": "Stockholm 114 55 A2"},
        {"street": None, "postal_code": None},
        {"street": "Storgatan 1", "postal_code": "11455", "family_name": None},
    ],
)
def test_rule_10_an_address_that_no_register_can_be_asked_for_is_closed(permitted, record_has):
    granted = [said("anna", channel="post", contact_point="by letter", contact_point_type="post"), said("anna")]
    entry = {"register": "nix_adresserat", "version_on": "2026-05-31", "family_name": "Ek", "street": "Annan 9", "postal_code": "99999"}  # fmt: skip
    assert set(permitted([ANNA | record_has], consent_events=granted, reservations=[entry])) == {SURVEY}
    assert permitted.why["anna", "survey", "post"] == "the address cannot be looked up in the register"


def test_rule_09_an_entry_with_something_behind_its_number_closes_that_number(permitted):
    entries = [{"register": "nix_telefon", "version_on": "2026-05-31", "phone": "0704440002 (1)"}]
    granted = [said("anna", channel="phone", contact_point="0704440002", contact_point_type="phone")]
    assert permitted([ANNA | {"phone": None}], consent_events=granted, reservations=entries) == {}
    assert permitted.why["anna", "survey", "phone"] == "reserved in nix_telefon"


NIX = {"register": "nix_telefon", "version_on": "2026-05-31", "phone": "0709999999"}


NORWAY = {"register": "reservasjonsregisteret", "version_on": "2026-05-31", "phone": "90999999"}


@pytest.mark.parametrize(
    ("granted_on", "registers", "why"),
    [
        ("+47 406 71 829", [NIX], "the register reservasjonsregisteret is missing or too old"),
        ("0047 40671829", [NIX, NORWAY | {"version_on": "2026-01-31"}], "the register reservasjonsregisteret is missing or too old"),
        ("+47 406 71 829", [NIX, NORWAY | {"phone": "40671829"}], "reserved in reservasjonsregisteret"),
        ("+47 406 71 829", [NORWAY], "the register nix_telefon is missing or too old"),
        ("+47 406 71 829", [NIX, NORWAY], None),
        ("+45 20 71 38 56", [NIX, NORWAY], "the register robinson is missing or too old"),
        ("+49 1512 3850719", [NIX, NORWAY], "no register of the country of the number is known"),
        ("+800 1739 5264", [NIX, NORWAY], "no register of the country of the number is known"),
        ("+46 70 321 45 67", [NIX], None),
    ],
)  # fmt: skip
def test_rule_12_the_register_of_the_country_of_a_number_is_asked_as_well(permitted, granted_on, registers, why):
    granted = [said("anna", channel="phone", contact_point=granted_on, contact_point_type="phone")]
    found = permitted([ANNA | {"phone": None}], consent_events=granted, reservations=registers)
    assert permitted.why["anna", "survey", "phone"] == (why or "granted")
    assert bool(found) is (why is None)


NIX_POST, NORWAY_POST = (
    {"register": r, "version_on": "2026-05-31", "family_name": "Ek", "street": "Annan 9", "postal_code": "99999"}
    for r in ("nix_adresserat", "reservasjonsregisteret")
)
OF_OSLO = {"family_name": "Berg", "street": "Storgata 5", "postal_code": "0150"}


def test_rule_11_the_register_of_the_country_of_a_granted_address_is_asked_as_well(permitted):
    somebody = ANNA | {"street": "Storgatan 1", "postal_code": "11455"}
    missing = "the register reservasjonsregisteret is missing or too old"
    for granted_on, registers, why in (
        ("Storgata 5, 0150 Oslo, Norge", [NIX_POST], missing),
        ("Storgata 5, NO-0150 Oslo", [NIX_POST], missing),
        ("Storgata 5, 0150 Oslo, Norge", [NIX_POST, NORWAY_POST | OF_OSLO], "reserved in reservasjonsregisteret"),
        ("Storgata 5, 0150 Oslo, Norge", [NIX_POST, NORWAY_POST], None),
        ("Storgata 5, Oslo, Norge", [NIX_POST, NORWAY_POST], "the address cannot be looked up in the register"),
        ("Weg 1, D-10115 Berlin", [NIX_POST, NORWAY_POST], "no register of the country of the address is known"),
        ("Storgatan 1, SE-114 55 Stockholm, Sverige", [NIX_POST], None),
    ):
        granted = [said("anna", channel="post", contact_point=granted_on, contact_point_type="post")]
        found = permitted([somebody], consent_events=granted, reservations=registers)
        assert permitted.why["anna", "survey", "post"] == (why or "granted"), granted_on
        assert bool(found) is (why is None)
