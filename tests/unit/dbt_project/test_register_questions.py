"""With what a register is asked by the rules' numbers: numbers and addresses in any spelling, of the record and as they were granted.

Not here: whom each register closes which channel to, and when it closes for all (test_register_rules.py).
"""

from __future__ import annotations

import pytest

from tests.unit.consent import ANNA, said
from tests.unit.people import FAMILY, by_case, person, someone


def allowed(cases: list, channel: str, found: dict) -> dict[str, object]:
    """{case: whether its someone is permitted on the channel}"""
    return by_case(cases, lambda n: (f"p{n}", "survey", channel) in found)


def assert_asked(permitted, registers: list[dict], channel: str, cases: list[tuple], people: list[dict]) -> None:
    """Each of the people is granted on the contact point of a case, (contact point, why it is closed or None), and denied where it
    says why."""
    granted = [
        said(f"p{n}", channel=channel, contact_point=granted_on, contact_point_type=channel)
        for n, (granted_on, _) in enumerate(cases)
    ]
    found = permitted(people, consent_events=granted, reservations=registers)
    why = by_case(cases, lambda n: permitted.why[f"p{n}", "survey", channel])
    assert why == by_case(cases, lambda n: cases[n][1] or "granted")
    assert allowed(cases, channel, found) == by_case(cases, lambda n: cases[n][1] is None)


def by_letter(n: int) -> dict:
    """A grant of post that names no address: the register is asked with the record's own."""
    return said(f"p{n}", channel="post", contact_point="by letter", contact_point_type="post")


WRITTEN = [
    ({"phone": "070-111 22 33"}, {"phone": "+46 (0)70 111 22 33"}),
    ({"phone": "0046702224455"}, {"phone": "0702224455"}),
    ({"family_name": "Åström", "street": "Ågatan 1 A"}, {"family_name": "ASTROM", "street": "agatan 1a"}),
    ({"street": "Storgatan 1 lgh 1102"}, {"family_name": "Dufva", "street": "STORG 1"}),
    ({"family_name": "Bjørn-Hansen", "street": "Ågatan 1"}, {"family_name": "Bjorn Hansen", "street": "ÅGATAN  1"}),
    ({"family_name": "Lindqvist", "street": "Ågatan 1"}, {"family_name": "Lindkvist", "street": "Ågatan 1"}),
    ({"family_name": "von Ericsson", "street": "Ågatan 1"}, {"family_name": "ERIKSON", "street": "Ågatan 1"}),
]


def test_rule_16_match_keys_are_normalised_before_a_register_is_compared(permitted):
    people, granted, entries = [], [], []
    for n, (person_has, register_has) in enumerate(WRITTEN):
        register, grant = "nix_adresserat", by_letter(n)
        if "phone" in person_has:
            number = "+46701112233" if n == 0 else "+46702224455"
            register, grant = "nix_telefon", said(f"p{n}", channel="phone", contact_point=number)
        people.append(someone(n) | {"phone": None, "postal_code": "SE-111 22", "city": "Byen"} | person_has)
        granted.append(grant)
        entries.append({"register": register, "version_on": "2026-05-31", "postal_code": "SE 11122", **register_has})

    def by_entries(rows: list[dict]) -> dict[str, object]:
        found = {key for key, _, _ in permitted(people, consent_events=granted, reservations=rows)}
        return by_case(WRITTEN, lambda n: f"p{n}" in found)

    others = [entry | {"phone": "+46709999999", "street": "Annan 9"} for entry in entries]
    assert by_entries(others) == by_case(WRITTEN, lambda _: True)
    assert by_entries(entries) == by_case(WRITTEN, lambda _: False)


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


# each case has a number of its own, of the two digits {0}
GRANTED_ON = [
    ({"phone": None}, "+467033300{0}"),
    ({"phone": "070-333 99 99"}, "+467033300{0}"),
    ({"phone": "07033300{0} (hem)"}, "07033300{0} (hem)"),
    ({"phone": "070-333 00 {0}, 08-123 45 67"}, "070-333 00 {0}, 08-123 45 67"),
    ({"phone": "7033300{0}.0"}, "7033300{0}.0"),
    ({"phone": "070-333 00 {0} / {1}"}, "070-333 00 {0} / {1}"),
    ({"phone": "070-333 00 {0}", "country_code": "Sverige"}, "070-333 00 {0}"),
    ({"phone": None, "country_code": " se"}, "07033300{0}"),
    ({"phone": "07033300{0} (2)"}, "07033300{0} (2)"),
]


def test_rule_09_the_register_is_asked_with_the_number_that_was_granted(permitted, warehouse):
    people, granted, entries = [], [], []
    for n, (person_has, granted_on) in enumerate(GRANTED_ON):
        digits = (f"{n}2", f"{n}3")
        people.append(someone(n) | {column: value and value.format(*digits) for column, value in person_has.items()})
        granted.append(
            said(f"p{n}", channel="phone", contact_point=granted_on.format(*digits), contact_point_type="phone")
        )
        entries.append({"register": "nix_telefon", "version_on": "2026-05-31", "phone": f"07033300{digits[0]}"})
    found = permitted(people, consent_events=granted, reservations=entries)
    assert allowed(GRANTED_ON, "phone", found) == by_case(GRANTED_ON, lambda _: False)
    # a grant on several numbers is none anyway: the register finds it all the same
    reserved = warehouse.execute(
        "select s.source_key, r.channel, r.register from marts.customer_reservations r "
        "join identity.customer_source_records s using (customer_id) where s.valid_to is null"
    ).fetchall()
    assert by_case(GRANTED_ON, lambda n: [more for key, *more in reserved if key == f"p{n}"]) == by_case(
        GRANTED_ON, lambda _: [["phone", "nix_telefon"]]
    )


ASKED = [
    ("SE", "c/o Lind, Storgatan 1", "SE-114 55", "nix_adresserat", {"street": "Storgatan 1", "postal_code": "11455"}),
    ("SE", "Lgh 1201, Storgatan 1", "11455.0", "nix_adresserat", {"street": "Storgatan 1", "postal_code": "114 55"}),
    ("Norge", "H0301 Storgata 5", "150", "reservasjonsregisteret", {"street": "Storgata 5", "postal_code": "0150"}),
    ("no", "Storgata 5", "NO-0150", "reservasjonsregisteret", {"street": "Storgata 5", "postal_code": "N-0150"}),
    ("SE", None, None, "nix_adresserat", {"street": "Storgatan 1", "postal_code": "11455"}),
]


def test_rule_10_an_address_is_asked_in_any_spelling_and_as_it_was_granted(permitted):
    people, granted, entries = [], [], []
    for n, (country, street, postal, register, entry) in enumerate(ASKED):
        somebody = someone(n, street=street, postal_code=postal, country_code=country)
        point = "Storgatan 1, 114 55 Stockholm" if country == "SE" else "Storgata 5, 0150 Oslo"
        people.append(somebody)
        granted.append(said(f"p{n}", channel="post", contact_point=point, contact_point_type="post"))
        entries.append(
            {"register": register, "version_on": "2026-05-31", "family_name": somebody["family_name"].upper(), **entry}
        )
    found = permitted(people, consent_events=granted, reservations=entries)
    assert allowed(ASKED, "post", found) == by_case(ASKED, lambda _: False)
    assert by_case(ASKED, lambda n: permitted.why[f"p{n}", "survey", "post"]) == by_case(
        ASKED, lambda n: f"reserved in {ASKED[n][3]}"
    )
    elsewhere = [entry | {"street": "Annan 9", "postal_code": "99999"} for entry in entries]
    found = permitted(people, consent_events=granted, reservations=elsewhere)
    assert allowed(ASKED, "post", found) == by_case(ASKED, lambda _: True)


SHORT = [
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
]


def test_rule_10_a_short_street_and_a_postal_code_with_its_town_are_asked(permitted):
    registers = {"SE": "nix_adresserat", "NO": "reservasjonsregisteret", "DK": "robinson"}
    people, granted, entries = [], [], []
    for n, (country, street, postal, entry_street, entry_postal) in enumerate(SHORT):
        somebody = someone(n, street=street, postal_code=postal, country_code=country)
        people.append(somebody)
        granted.append(by_letter(n))
        entries.append({"register": registers[country], "version_on": "2026-05-31", "family_name": somebody["family_name"].upper(),
                        "street": entry_street, "postal_code": entry_postal})  # fmt: skip
    found = permitted(people, consent_events=granted, reservations=entries)
    assert allowed(SHORT, "post", found) == by_case(SHORT, lambda _: False)
    assert by_case(SHORT, lambda n: permitted.why[f"p{n}", "survey", "post"]) == by_case(
        SHORT, lambda n: f"reserved in {registers[SHORT[n][0]]}"
    )

    for other in ({"postal_code": "9999"}, {"street": "Yxgatan 12"}):
        found = permitted(people, consent_events=granted, reservations=[entry | other for entry in entries])
        assert allowed(SHORT, "post", found) == by_case(SHORT, lambda _: True), other


NOT_ASKED = [
    {"street": None, "postal_code": "11455"},
    {"street": " - ", "postal_code": "11455"},
    {"street": "Storgatan 1", "postal_code": None},
    {"street": "Storgatan 1", "postal_code": "Stockholm 114 55 A2"},
    {"street": None, "postal_code": None},
    {"street": "Storgatan 1", "postal_code": "11455", "family_name": None},
]


def test_rule_10_an_address_that_no_register_can_be_asked_for_is_closed(permitted):
    people = [someone(n, **record_has) for n, record_has in enumerate(NOT_ASKED)]
    granted = [by_letter(n) for n in range(len(people))]
    granted += [said(somebody["source_key"], contact_point=somebody["email"]) for somebody in people]
    entry = {"register": "nix_adresserat", "version_on": "2026-05-31", "family_name": "Ek", "street": "Annan 9", "postal_code": "99999"}  # fmt: skip
    found = permitted(people, consent_events=granted, reservations=[entry])
    assert by_case(NOT_ASKED, lambda n: {channel for key, _, channel in found if key == f"p{n}"}) == by_case(
        NOT_ASKED, lambda _: {"email"}
    )
    assert by_case(NOT_ASKED, lambda n: permitted.why[f"p{n}", "survey", "post"]) == by_case(
        NOT_ASKED, lambda _: "the address cannot be looked up in the register"
    )


def test_rule_09_an_entry_with_something_behind_its_number_closes_that_number(permitted):
    entries = [{"register": "nix_telefon", "version_on": "2026-05-31", "phone": "0704440002 (1)"}]
    granted = [said("anna", channel="phone", contact_point="0704440002", contact_point_type="phone")]
    assert permitted([ANNA | {"phone": None}], consent_events=granted, reservations=entries) == {}
    assert permitted.why["anna", "survey", "phone"] == "reserved in nix_telefon"


NIX = {"register": "nix_telefon", "version_on": "2026-05-31", "phone": "0709999999"}


NORWAY = {"register": "reservasjonsregisteret", "version_on": "2026-05-31", "phone": "90999999"}


# by the registers of a night: (number that was granted, why it is closed or None)
NUMBERS_ABROAD = [
    ([NIX], [
        ("+47 406 71 829", "the register reservasjonsregisteret is missing or too old"),
        ("+46 70 321 45 67", None),
    ]),
    ([NIX, NORWAY | {"version_on": "2026-01-31"}], [("0047 40671829", "the register reservasjonsregisteret is missing or too old")]),
    ([NORWAY], [("+47 406 71 829", "the register nix_telefon is missing or too old")]),
    ([NIX, NORWAY, NORWAY | {"phone": "40671829"}], [
        ("+47 406 71 829", "reserved in reservasjonsregisteret"),
        ("+47 906 28 351", None),
        ("+45 20 71 38 56", "the register robinson is missing or too old"),
        ("+49 1512 3850719", "no register of the country of the number is known"),
        ("+800 1739 5264", "no register of the country of the number is known"),
    ]),
]  # fmt: skip


@pytest.mark.parametrize(("registers", "cases"), NUMBERS_ABROAD)
def test_rule_12_the_register_of_the_country_of_a_number_is_asked_as_well(permitted, registers, cases):
    assert_asked(permitted, registers, "phone", cases, [someone(n, phone=None) for n in range(len(cases))])


NIX_POST, NORWAY_POST = (
    {"register": r, "version_on": "2026-05-31", "family_name": "Ek", "street": "Annan 9", "postal_code": "99999"}
    for r in ("nix_adresserat", "reservasjonsregisteret")
)
# by the registers of a night: (address that was granted, why it is closed or None); the register has the family of OF_OSLO
OF_OSLO = {"family_name": someone(0)["family_name"], "street": "Storgata 5", "postal_code": "0150"}
ADDRESSES_ABROAD = [
    ([NIX_POST], [
        ("Storgata 5, 0150 Oslo, Norge", "the register reservasjonsregisteret is missing or too old"),
        ("Storgata 5, NO-0150 Oslo", "the register reservasjonsregisteret is missing or too old"),
        ("Storgatan 1, SE-114 55 Stockholm, Sverige", None),
    ]),
    ([NIX_POST, NORWAY_POST, NORWAY_POST | OF_OSLO], [
        ("Storgata 5, 0150 Oslo, Norge", "reserved in reservasjonsregisteret"),
        ("Storgata 5, 0150 Oslo, Norge", None),
        ("Storgata 5, Oslo, Norge", "the address cannot be looked up in the register"),
        ("Weg 1, D-10115 Berlin", "no register of the country of the address is known"),
    ]),
]  # fmt: skip


@pytest.mark.parametrize(("registers", "cases"), ADDRESSES_ABROAD)
def test_rule_11_the_register_of_the_country_of_a_granted_address_is_asked_as_well(permitted, registers, cases):
    at_home = [someone(n, street="Storgatan 1", postal_code="11455") for n in range(len(cases))]
    assert_asked(permitted, registers, "post", cases, at_home)
