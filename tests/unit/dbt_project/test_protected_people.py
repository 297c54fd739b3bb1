"""Protected identity and deaths: who is known by a register's entry (rule 19). Not here: who lives with them (test_protected_homes.py)."""

from __future__ import annotations

from tests.unit.people import by_case, person, someone
from tests.unit.protected import DECEASED, FAMILIES, GUNNEL, OTHERS, PAIRS, PROTECTED, of_case, of_family

# how the record is written, by the entry's family name and birth date
WRITTEN = [
    lambda family, born: {"given_name": "Tyra", "family_name": family.replace("ö", "o"), "birth_date": born},
    lambda family, born: {"given_name": "gunnel", "family_name": family.replace("ö", "ø").upper(), "birth_date": born},
    lambda family, born: {
        "given_name": None,
        "family_name": None,
        "full_name": f"{family}, Kristina",
        "birth_date": born,
    },
    lambda family, born: {"given_name": "Tyra", "family_name": f"{family} Dahl", "birth_date": born},
    lambda family, born: {"given_name": "Tyra", "family_name": family, "birth_date": f"00{born[2:]}"},
    lambda family, born: {"given_name": "Tyra", "family_name": family, "birth_date": None},
]


def test_rule_19_any_forename_with_family_name_and_birth_date_is_enough(known):
    entries = [of_family(n) for n in range(len(WRITTEN))]
    people = []
    for n, (write, entry) in enumerate(zip(WRITTEN, entries, strict=True)):
        people.append(person(f"m:{n}", **write(entry["family_name"], entry["birth_date"])))
        people.append(person(f"other:{n}", "Tyra", entry["family_name"], birth_date=f"1971-01-{n + 1:02}"))
    cases = [str(one) for one in people[::2]]
    found = of_case(cases, known(people, *(entry | PROTECTED for entry in entries)))
    assert found == by_case(cases, lambda _: {"m": (True, False)})
    # of the dead, no more than a name is not proof
    born = [n for n, one in enumerate(people[::2]) if one["birth_date"]]
    found = of_case(cases, known(people, *(entries[n] | DECEASED for n in born)))
    assert found == by_case(cases, lambda n: {"m": (False, True)} if n in born else {})


# how the register spells a name, and how a record does
SOUNDS = [
    ("Kristina", "Lindqvist", "Christina", "Lindkvist"), ("Clara", "Carlsson", "Klara", "Karlsson"), ("Sofia", "Eriksson", "S\u043efi\u0430", "Ericsson"),
    ("Filip", "Wikström", "Philip", "Vikström"), ("Klara", "Åberg", "C.", "Aaberg"), ("Marie", "Zetterman", "Mari", "Setterman"),
]  # fmt: skip


def test_rule_19_a_name_that_is_spelled_by_its_sound_is_the_person(known):
    people, entries = [], []
    for n, (given, family, written_given, written_family) in enumerate(SOUNDS):
        born = f"{1950 + n}-02-03"
        people += [
            person(f"m:{n}", written_given, written_family, birth_date=born),
            person(f"another:{n}", "Xerxes", written_family, birth_date=born),
            person(f"namesake:{n}", written_given, written_family, birth_date=f"1971-08-{n + 1:02}"),
        ]
        entries.append(of_family(n, given_name=given, family_name=family, birth_date=born))
    for is_so, expected in ((PROTECTED, (True, False)), (DECEASED, (False, True))):
        found = of_case(SOUNDS, known(people, *(entry | is_so for entry in entries)))
        assert found == {key: {"m": expected} for key in found} and len(found) == len(SOUNDS)


def test_rule_19_an_entry_whose_birth_date_cannot_be_read_protects_everybody_of_the_name(known):
    people = [
        person("m", "Tyra", "Tallström", birth_date="1950-02-03"),
        person("k", "Karin", "Ek", birth_date="1950-02-03"),
    ]
    assert known(people, GUNNEL | {"birth_date": None, "is_protected": True}) == {"m": (True, False)}


def test_rule_19_a_dead_person_whose_birth_date_cannot_be_read_is_known_by_name_and_address(known):
    home = {"street": "Storgatan 1", "postal_code": "11455", "country_code": "SE"}
    people = [
        person("m", "Tyra", "Tallström", birth_date="1950-02-03", **home | {"street": "Storgatan 1 lgh 1102"}),
        person("elsewhere", "Tyra", "Tallström", birth_date="1971-01-01", **home | {"street": "Annan 9"}),
        person("family", "Bo", "Tallström", birth_date="1980-01-01", **home),
    ]
    assert known(people, GUNNEL | home | {"birth_date": None, "is_deceased": True}) == {"m": (False, True)}
    # of an entry with neither, whoever has the name; of a record without a birth date, who lives there
    assert known(people, GUNNEL | {"birth_date": None, "is_deceased": True}) == dict.fromkeys(
        ("m", "elsewhere"), (False, True)
    )
    unborn = [p | {"birth_date": None} for p in people]
    assert known(unborn, GUNNEL | home | {"is_deceased": True}) == {"m": (False, True)}


FORMS = [
    ("Anna Karin", "Annakarin"),
    ("Annakarin", "Anna-Karin"),
    ("Per-Olof", "P-O"),
    ("Per Olof Sven", "PO"),
    ("P-O", "Per Olof"),
    ("Per-Olof", "P. {family}"),
    ("Gunnel", "G."),
    ("Gunnel", None),
    (None, "Gunnel"),
    ("Mac Donald Per", "Macdonald"),
]


def test_rule_19_a_given_name_in_another_form_of_the_same_birth_date_is_the_person(known):
    people, entries = [], []
    for n, (register_has, record_has) in enumerate(FORMS):
        entry = of_family(n, given_name=register_has)
        family, born, foreign = FAMILIES[n], {"birth_date": entry["birth_date"]}, someone(n)["family_name"]
        of_them = [
            person(f"m:{n}", record_has and record_has.format(family=family), family, **born),
            person(f"another:{n}", "Xerxes", family if register_has else foreign, **born),
            person(f"namesake:{n}", "Gunnel", family, birth_date=f"1971-08-{n + 1:02}"),
            person(f"family:{n}", "Gunnel", foreign, **born),
        ]
        if register_has:
            # nor by the letters of the family name
            of_them.append(person(f"letters:{n}", "Xerxes", f"{family} Gunnarson Pers Annasdotter", **born))
        if record_has is None:
            of_them = (
                of_them[2:4] + of_them[:1]
            )  # identity may take a record without a given name for anybody's of that birth
        people += of_them
        entries.append(entry)
    for is_so, expected in ((PROTECTED, (True, False)), (DECEASED, (False, True))):
        found = of_case(FORMS, known(people, *(entry | is_so for entry in entries)))
        assert found == {key: {"m": expected} for key in found} and len(found) == len(FORMS)


SHORT = [("Margareta", "Greta"), ("Eva Margareta", "Rita"), ("Maggan", "Margareta"), ("Greta", "Maggan")]


def test_rule_19_a_short_form_of_the_given_name_is_the_person(known):
    """By the seed that identity goes by: either side may have the short form, or both another one."""
    people, entries = [], []
    for n, (register_has, written) in enumerate(SHORT):
        entry = of_family(n, given_name=register_has)
        family, born = FAMILIES[n], {"birth_date": entry["birth_date"]}
        people += [
            person(f"m:{n}", written, family, **born),
            person(f"another:{n}", "Xerxes", family, **born),
            person(f"namesake:{n}", written, family, birth_date=f"1971-08-{n + 1:02}"),
            person(f"family:{n}", written, someone(n)["family_name"], **born),
        ]
        entries.append(entry)
    for is_so, expected in ((PROTECTED, (True, False)), (DECEASED, (False, True))):
        found = of_case(SHORT, known(people, *(entry | is_so for entry in entries)))
        assert found == {key: {"m": expected} for key in found} and len(found) == len(SHORT)


def test_rule_19_a_part_of_the_family_name_is_enough_for_one_birth_date(known):
    people = [
        person(f"{n}", "Gunnel" if n % 2 else "G.", record, birth_date=str(born))
        for n, (_, record, born) in enumerate(PAIRS)
    ]
    # identity may take Gunnel Lundin for G. Lund
    people += [person(f"other{n}", *name, birth_date=str(PAIRS[0][2])) for n, name in enumerate(OTHERS[:2])]
    entries = [GUNNEL | {"family_name": register, "birth_date": str(born), "is_protected": True} for register, _, born in PAIRS]  # fmt: skip
    assert set(known(people, *entries)) == {f"{n}" for n in range(len(PAIRS))}


WHOLE = [("Anna Karin", "Annakarin"), ("Annakarin", "Anna Karin"), ("Per-Olof", "P-O")]


def test_rule_19_without_a_birth_date_the_whole_given_name_in_any_form_is_needed(known):
    people = []
    for n, (_, record_has) in enumerate(WHOLE):
        people += [
            person(f"m:{n}", record_has, FAMILIES[n], birth_date=None),
            person(f"initial:{n}", "A", FAMILIES[n], birth_date=None),
            person(f"nobody:{n}", None, FAMILIES[n], birth_date=None),
        ]
    entries = [of_family(n, given_name=register_has, **PROTECTED) for n, (register_has, _) in enumerate(WHOLE)]
    assert of_case(WHOLE, known(people, *entries)) == by_case(WHOLE, lambda _: {"m": (True, False)})


def test_rule_19_a_family_name_is_known_with_or_without_its_spaces(known):
    entry = GUNNEL | {"family_name": "Mc Donald", "is_protected": True}
    people = [
        person("m", "Gunnel", "McDonald", birth_date="1950-02-03"),
        person("full", None, None, full_name="Gunnel Mcdonald", birth_date="1950-02-03"),
        person("ek", "Gunnel", "Ek", birth_date="1950-02-03"),
    ]
    assert set(known(people, entry)) == {"m", "full"}
