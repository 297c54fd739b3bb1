"""With what a register is asked by the rules' numbers: numbers and addresses in any spelling, of the record and as they were granted.

Not here: whom each register closes which channel to, and when it closes for all (test_register_rules.py).
"""

from __future__ import annotations

from tests.unit.consent import ELSEWHERE, said
from tests.unit.people import FAMILY, by_case, person
from tests.unit.stories import night, of, story


def allowed(cases: list, channel: str, found: dict, people: list[dict]) -> dict[str, object]:
    """{case: whether its someone is permitted on the channel}"""
    return by_case(cases, lambda n: (people[n]["source_key"], "survey", channel) in found)


def entry(register: str, **more) -> dict:
    return {"register": register, "version_on": "2026-05-31", **more}


def by_letter(one: dict) -> dict:
    """A grant of post that names no address: the register is asked with the record's own."""
    return of(one, channel="post", contact_point="by letter", contact_point_type="post")


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
    assert allowed(cases, channel, found, people) == by_case(cases, lambda n: cases[n][1] is None)


WRITTEN = [
    ({"phone": "070-148 26 33"}, {"phone": "+46 (0)70 148 26 33"}),
    ({"phone": "0046702648455"}, {"phone": "0702648455"}),
    ({"family_name": "Åström", "street": "Ågatan 1 A"}, {"family_name": "ASTROM", "street": "agatan 1a"}),
    ({"family_name": "Dufva", "street": "Storgatan 1 lgh 1102"}, {"family_name": "Dufva", "street": "STORG 1"}),
    ({"family_name": "Bjørn-Hansen", "street": "Ågatan 1"}, {"family_name": "Bjorn Hansen", "street": "ÅGATAN  1"}),
    ({"family_name": "Lindqvist", "street": "Ågatan 1"}, {"family_name": "Lindkvist", "street": "Ågatan 1"}),
    ({"family_name": "von Ericsson", "street": "Ågatan 1"}, {"family_name": "ERIKSON", "street": "Ågatan 1"}),
]


@story
def test_rule_16_match_keys_are_normalised_before_a_register_is_compared(cast):
    people, granted, entries = [], [], []
    for n, (person_has, register_has) in enumerate(WRITTEN):
        one = cast.one(**{"phone": None, "postal_code": "SE-111 22", "city": "Byen"} | person_has)
        register, grant = "nix_adresserat", by_letter(one)
        if "phone" in person_has:
            number = "+46701482633" if n == 0 else "+46702648455"
            register, grant = "nix_telefon", of(one, channel="phone", contact_point=number)
        people.append(one)
        granted.append(grant)
        entries.append(entry(register, postal_code="SE 11122", **register_has))

    def left(found) -> dict[str, object]:
        return by_case(WRITTEN, lambda n: people[n]["source_key"] in found.keys_of)

    others = [row | {"phone": "+46709999999", "street": "Annan 9"} for row in entries]
    assert left((yield night(people, *granted, reservations=others))) == by_case(WRITTEN, lambda _: True)
    assert left((yield night(people, *granted, reservations=entries))) == by_case(WRITTEN, lambda _: False)


@story
def test_rule_10_at_one_address_a_part_of_the_family_name_is_enough(cast):
    pairs = [(register, record) for register in FAMILY for record in ("Lund", "von Lund", "Berg-Lund")]
    at = [{"street": f"Tallgatan {n}", "postal_code": "11122"} for n in range(len(pairs))]
    given = "Alva Bror Cilla Doris Elsa Folke Gerda Hilda Ivar Karin Lova Mats Nils Olga Petra Rut Sixten Tage Ulla Vera Ylva Åke Evert Östen"
    names = given.split()
    people = [
        person(f"lund{n}", names[n], record, birth_date=f"19{50 + n}-0{n % 9 + 1}-11", **at[n])
        for n, (_, record) in enumerate(pairs)
    ]
    others = {"neighbour of lund", "lund elsewhere"}
    people += [person("neighbour of lund", "Bo", "Dahl", **at[0]), person("lund elsewhere", "Di", "Lund", street="Annan 9", postal_code="11122")]  # fmt: skip
    entries = [entry("nix_adresserat", family_name=register, **at[n]) for n, (register, _) in enumerate(pairs)]
    granted = [said(one["source_key"], channel="post", contact_point=f"{one['street']}, 111 22 Byen") for one in people]
    found = yield night(people, *granted, reservations=entries)
    assert found.keys_of == others
    reserved = {who for (who, _, _), why in found.why.items() if why == "reserved in nix_adresserat"}
    assert reserved >= {one["source_key"] for one in people} - others


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


@story
def test_rule_09_the_register_is_asked_with_the_number_that_was_granted(cast):
    people, granted, entries = [], [], []
    for n, (person_has, granted_on) in enumerate(GRANTED_ON):
        digits = (f"{n}2", f"{n}3")
        one = cast.one(**{column: value and value.format(*digits) for column, value in person_has.items()})
        people.append(one)
        granted.append(of(one, channel="phone", contact_point=granted_on.format(*digits), contact_point_type="phone"))
        entries.append(entry("nix_telefon", phone=f"07033300{digits[0]}"))
    found = yield night(people, *granted, reservations=entries)
    assert allowed(GRANTED_ON, "phone", found, people) == by_case(GRANTED_ON, lambda _: False)
    # a grant on several numbers is none anyway: the register finds it all the same
    reserved = cast.rows(
        "select s.source_key, r.channel, r.register from marts.customer_reservations r "
        "join identity.customer_source_records s using (customer_id) where s.valid_to is null"
    )
    assert by_case(
        GRANTED_ON, lambda n: [more for key, *more in reserved if key == people[n]["source_key"]]
    ) == by_case(GRANTED_ON, lambda _: [["phone", "nix_telefon"]])


ASKED = [
    ("SE", "c/o Lind, Storgatan 1", "SE-114 55", "nix_adresserat", {"street": "Storgatan 1", "postal_code": "11455"}),
    ("SE", "Lgh 1201, Storgatan 1", "11455.0", "nix_adresserat", {"street": "Storgatan 1", "postal_code": "114 55"}),
    ("Norge", "H0301 Storgata 5", "150", "reservasjonsregisteret", {"street": "Storgata 5", "postal_code": "0150"}),
    ("no", "Storgata 5", "NO-0150", "reservasjonsregisteret", {"street": "Storgata 5", "postal_code": "N-0150"}),
    ("SE", None, None, "nix_adresserat", {"street": "Storgatan 1", "postal_code": "11455"}),
]


@story
def test_rule_10_an_address_is_asked_in_any_spelling_and_as_it_was_granted(cast):
    people, granted, entries = [], [], []
    for country, street, postal, register, has in ASKED:
        somebody = cast.one(street=street, postal_code=postal, country_code=country)
        point = "Storgatan 1, 114 55 Stockholm" if country == "SE" else "Storgata 5, 0150 Oslo"
        people.append(somebody)
        granted.append(of(somebody, channel="post", contact_point=point, contact_point_type="post"))
        entries.append(entry(register, family_name=somebody["family_name"].upper(), **has))
    found = yield night(people, *granted, reservations=entries)
    assert allowed(ASKED, "post", found, people) == by_case(ASKED, lambda _: False)
    assert by_case(ASKED, lambda n: found.why[people[n]["source_key"], "survey", "post"]) == by_case(
        ASKED, lambda n: f"reserved in {ASKED[n][3]}"
    )
    elsewhere = [row | {"street": "Annan 9", "postal_code": "99999"} for row in entries]
    found = yield night(people, *granted, reservations=elsewhere)
    assert allowed(ASKED, "post", found, people) == by_case(ASKED, lambda _: True)


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


@story
def test_rule_10_a_short_street_and_a_postal_code_with_its_town_are_asked(cast):
    registers = {"SE": "nix_adresserat", "NO": "reservasjonsregisteret", "DK": "robinson"}
    people, granted, entries = [], [], []
    for country, street, postal, entry_street, entry_postal in SHORT:
        somebody = cast.one(street=street, postal_code=postal, country_code=country)
        people.append(somebody)
        granted.append(by_letter(somebody))
        entries.append(
            entry(
                registers[country],
                family_name=somebody["family_name"].upper(),
                street=entry_street,
                postal_code=entry_postal,
            )
        )
    found = yield night(people, *granted, reservations=entries)
    assert allowed(SHORT, "post", found, people) == by_case(SHORT, lambda _: False)
    assert by_case(SHORT, lambda n: found.why[people[n]["source_key"], "survey", "post"]) == by_case(
        SHORT, lambda n: f"reserved in {registers[SHORT[n][0]]}"
    )

    for other in ({"postal_code": "9999"}, {"street": "Yxgatan 12"}):
        found = yield night(people, *granted, reservations=[row | other for row in entries])
        assert allowed(SHORT, "post", found, people) == by_case(SHORT, lambda _: True), other


NOT_ASKED = [
    {"street": None, "postal_code": "11455"},
    {"street": " - ", "postal_code": "11455"},
    {"street": "Storgatan 1", "postal_code": None},
    {"street": "Storgatan 1", "postal_code": "Stockholm 114 55 A2"},
    {"street": None, "postal_code": None},
    {"street": "Storgatan 1", "postal_code": "11455", "family_name": None},
]


@story
def test_rule_10_an_address_that_no_register_can_be_asked_for_is_closed(cast):
    people = [cast.one(**record_has) for record_has in NOT_ASKED]
    granted = [*map(by_letter, people), *map(of, people)]
    found = yield night(people, *granted)
    keys = [one["source_key"] for one in people]
    assert by_case(NOT_ASKED, lambda n: {channel for key, _, channel in found if key == keys[n]}) == by_case(
        NOT_ASKED, lambda _: {"email"}
    )
    assert by_case(NOT_ASKED, lambda n: found.why[keys[n], "survey", "post"]) == by_case(
        NOT_ASKED, lambda _: "the address cannot be looked up in the register"
    )


@story
def test_rule_09_an_entry_with_something_behind_its_number_closes_that_number(cast):
    one = cast.one(phone=None)
    grant = of(one, channel="phone", contact_point="0704440002", contact_point_type="phone")
    found = yield night([one], grant, reservations=[entry("nix_telefon", phone="0704440002 (1)")])
    assert found == {}
    assert found.why[one["source_key"], "survey", "phone"] == "reserved in nix_telefon"


NIX, NIX_POST, NORWAY = (
    entry(register, **ELSEWHERE) for register in ("nix_telefon", "nix_adresserat", "reservasjonsregisteret")
)
# the registers of each night
ABROAD = ([NIX, NIX_POST], [NIX, NORWAY | {"version_on": "2026-01-31"}], [NORWAY], [NIX, NIX_POST, NORWAY])


def asked_abroad(cast, channel: str, nights: list[list[tuple]], reserved: dict, **has):
    """Tells of each night's people, each granted on the contact point of a case, (contact point, why it is closed or None). The
    first of the last night has the entry that is `reserved`, under their family name."""
    groups = [cast.many(len(cases), **has) for cases in nights]
    everybody = [one for people in groups for one in people]
    points = [point for cases in nights for point, _ in cases]
    granted = [
        of(one, channel=channel, contact_point=point, contact_point_type=channel)
        for one, point in zip(everybody, points, strict=True)
    ]
    entries = [entry("reservasjonsregisteret", family_name=groups[-1][0]["family_name"], **reserved)]
    for nth, (people, cases) in enumerate(zip(groups, nights, strict=True)):
        more = {"reservations": entries} if nth == len(nights) - 1 else {}
        found = yield night(everybody, *granted, **more)
        why = by_case(
            cases, lambda n, people=people, found=found: found.why[people[n]["source_key"], "survey", channel]
        )
        assert why == by_case(cases, lambda n, cases=cases: cases[n][1] or "granted"), f"night {nth}"
        is_open = by_case(cases, lambda n, cases=cases: cases[n][1] is None)
        assert allowed(cases, channel, found, people) == is_open, f"night {nth}"


MISSING = "the register {} is missing or too old".format
# by night: (number that was granted, why it is closed or None)
NUMBERS_ABROAD = [
    [("+47 406 71 829", MISSING("reservasjonsregisteret")), ("+46 70 321 45 67", None)],
    [("0047 40671839", MISSING("reservasjonsregisteret"))],
    [("+47 406 71 849", MISSING("nix_telefon"))],
    [
        ("+47 406 71 859", "reserved in reservasjonsregisteret"),
        ("+47 906 28 351", None),
        ("+45 20 71 38 56", MISSING("robinson")),
        ("+49 1512 3850719", "no register of the country of the number is known"),
        ("+800 1739 5264", "no register of the country of the number is known"),
    ],
]


@story(registers=ABROAD)
def test_rule_12_the_register_of_the_country_of_a_number_is_asked_as_well(cast):
    yield from asked_abroad(cast, "phone", NUMBERS_ABROAD, {"phone": "40671859"}, phone=None)


# by night: (address that was granted, why it is closed or None)
ADDRESSES_ABROAD = [
    [
        ("Storgata 5, 0150 Oslo, Norge", MISSING("reservasjonsregisteret")),
        ("Storgata 5, NO-0150 Oslo", MISSING("reservasjonsregisteret")),
        ("Storgatan 1, SE-114 55 Stockholm, Sverige", None),
    ],
    [],
    [],
    [
        ("Storgata 5, 0150 Oslo, Norge", "reserved in reservasjonsregisteret"),
        ("Storgata 5, 0150 Oslo, Norge", None),
        ("Storgata 5, Oslo, Norge", "the address cannot be looked up in the register"),
        ("Weg 1, D-10115 Berlin", "no register of the country of the address is known"),
    ],
]


@story(registers=ABROAD)
def test_rule_11_the_register_of_the_country_of_a_granted_address_is_asked_as_well(cast):
    of_oslo = {"street": "Storgata 5", "postal_code": "0150"}
    yield from asked_abroad(cast, "post", ADDRESSES_ABROAD, of_oslo, street="Storgatan 1", postal_code="11455")
