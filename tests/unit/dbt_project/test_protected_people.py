"""Protected identity and deaths: who is known by a register's entry, and who would give a protected person away (rule 19)."""

from __future__ import annotations

from collections.abc import Iterable
from datetime import date, timedelta
from itertools import product

import pytest

from data_quality.suites.raw_statements import hidden_customers
from orchestration.core.settings import Settings, Source
from orchestration.core.settings.tables import Table
from tests.unit.consent import FRESH, said
from tests.unit.people import FAMILY, by_case, person, someone

GUNNEL = {
    "given_name": "Gunnel Tyra Kristina",
    "family_name": "Tallström",
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


# each case is of a family, and of a birth date, of its own: what the register says of one finds nobody of another
FAMILIES = (
    "Tallström",
    "Björkvall",
    "Grönhage",
    "Höglind",
    "Sjögård",
    "Löfberg",
    "Törnros",
    "Mörner",
    "Söderhielm",
    "Öhrling",
)


def of_family(n: int, **more) -> dict:
    """The register's entry of the n-th family."""
    return GUNNEL | {"family_name": FAMILIES[n], "birth_date": f"{1950 + n}-02-03"} | more


def of_case(cases: Iterable, found: dict[str, tuple[bool, bool]]) -> dict[str, object]:
    """{case: of whom of it something is known}, of keys that end in a colon and the case's number."""
    assert {key.partition(":")[2] for key in found} <= {str(n) for n, _ in enumerate(cases)}
    return by_case(
        cases, lambda n: {key.partition(":")[0]: known for key, known in found.items() if key.endswith(f":{n}")}
    )


PROTECTED, DECEASED = {"is_protected": True}, {"is_deceased": True}
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


def test_rule_19_whoever_would_give_a_protected_person_away_is_hidden_too(known):
    home = {"street": "Storgatan 1", "postal_code": "11455", "city": "Solna"}
    people = [
        person("m", "Tyra", "Tallström", birth_date="1950-02-03", **home),
        person("child", "Bo", "Tallström", birth_date="1980-01-01", **home),
        person("partner", "Cy", "Dahl", birth_date="1949-01-01", street="STORGATAN 1", postal_code="SE-114 55"),
        person("flat", "Fi", "Ek", birth_date="1948-01-01", street="Storgatan 1 lgh 1102", postal_code="11455"),
        person("care of", "Gro", "Ek", birth_date="1947-01-01", street="c/o Ek, Storgatan 1", postal_code="11455"),
        person("neighbour", "Di", "Ek", birth_date="1949-01-01", street="Storgatan 3", postal_code="11455"),
    ]
    # a household is known by its telephone too
    by_phone = [
        person("by phone", "Tyra", FAMILIES[1], birth_date="1951-02-03", phone="0701740605"),
        person("their child", "Ulf", "Kvist", birth_date="1981-03-04", phone="0701740605"),
    ]
    hidden = ("m", "child", "partner", "flat", "care of", "by phone", "their child")
    assert known([*people, *by_phone], of_family(0) | PROTECTED, of_family(1) | PROTECTED) == dict.fromkeys(
        hidden, (True, False)
    )
    assert known(people, of_family(0) | DECEASED) == {"m": (False, True)}


# how a protected person's address is written, and how somebody else's at the same address is
LINE, PARTS = {"street": "Tranbärsvägen 4, 111 22 Stockholm"}, {"street": "Tranbärsvägen 4", "postal_code": "111 22", "city": "Stockholm"}  # fmt: skip
HOMES = [
    (LINE, PARTS), (PARTS, LINE), (LINE, {"street": "Tranbärsv. 4", "city": "111 22 Stockholm"}),
    ({"street": "Tranbärsvägen 4", "city": "Stockholm"}, PARTS), (PARTS, {"street": "Tranbärsvägen 4 lgh 1101", "city": "STOCKHOLM"}),
    # one of these agreed to be written to there, and has no address
    (PARTS, None), (None, PARTS), (LINE, None),
]  # fmt: skip


def test_rule_19_an_address_in_one_line_or_without_a_postal_code_is_the_same_address(permitted, warehouse):
    people, granted, entries = [], [], []
    for n, homes in enumerate(HOMES):
        for who, home in zip(("m", "partner"), homes, strict=True):
            # each case in a street of its own
            written = {k: v.replace("Tranbärsv", f"{FAMILIES[n]}sv") for k, v in (home or {}).items()}
            name = ("Tyra", FAMILIES[n]) if who == "m" else ("Cy", f"{FAMILIES[-1]}{'abcdefgh'[n] * 3}")
            people.append(person(f"{who}:{n}", *name, birth_date=f"{1950 + n}-02-03" if who == "m" else f"19{60 + n}-05-06", **written))  # fmt: skip
            if home is None:
                granted.append(said(f"{who}:{n}", channel="post", contact_point=LINE["street"].replace("Tranbärsv", f"{FAMILIES[n]}sv")))  # fmt: skip
        people.append(person(f"neighbour:{n}", "Di", f"{FAMILIES[-2]}{'abcdefgh'[n] * 3}", birth_date=f"19{70 + n}-05-06", **{k: v.replace("Tranbärsvägen 4", f"{FAMILIES[n]}svägen 6") for k, v in PARTS.items()}))  # fmt: skip
        entries.append(of_family(n) | PROTECTED)
    permitted(people, consent_events=granted, address_updates=entries)
    hidden = warehouse.execute(
        "select s.source_key from identity.protected_customers p join identity.customer_source_records s "
        "on s.customer_id = p.customer_id and s.valid_to is null where p.is_protected"
    ).fetchall()
    assert {key for (key,) in hidden} == {f"{who}:{n}" for who in ("m", "partner") for n in range(len(HOMES))}


# how the register has an address of Tyra's, beside the entry that protects her and says none, and how somebody has it
HOME = {"street": "Kvarnvägen 4", "postal_code": "11122", "city": "Stockholm", "country_code": "SE"}
OLDER = [
    {**HOME, "effective_on": "2015-01-01"}, {**HOME, "effective_on": "2024-01-01"}, {**HOME, "given_name": "Tyra Christina", "effective_on": "2015-01-01"},
    {**HOME, "postal_code": None, "street": "Kvarnvägen 4, 111 22 Stockholm", "city": None}, {**HOME, "postal_code": None},
    # the protected entry itself
    {**HOME, "is_protected": True, "effective_on": "2015-01-01"}, {**HOME, "given_name": "Xerxes"}, {**HOME, "birth_date": "1901-01-01"},
]  # fmt: skip


def test_rule_19_an_address_that_the_register_alone_has_of_a_protected_person_hides_who_lives_there(known):
    """Her own records have none, or a newer one."""
    people, entries = [], []
    for n, older in enumerate(OLDER):
        there = {k: v and v.replace("Kvarnv", f"{FAMILIES[n]}sv") for k, v in HOME.items()}
        people += [
            person(f"m:{n}", "Tyra", FAMILIES[n], birth_date=f"{1950 + n}-02-03"),
            person(f"there:{n}", "Cy", someone(n)["family_name"], birth_date=f"1960-05-{n + 1:02}", **there),
            person(
                f"next door:{n}",
                "Di",
                someone(n + 10)["family_name"],
                birth_date=f"1970-05-{n + 1:02}",
                **there | {"street": f"{FAMILIES[n]}svägen 6"},
            ),
        ]
        entries.append(of_family(n, **PROTECTED))
        entries.append(
            of_family(
                n, **{k: v.replace("Kvarnv", f"{FAMILIES[n]}sv") if isinstance(v, str) else v for k, v in older.items()}
            )
        )
    found = of_case(OLDER, known(people, *entries))
    is_theirs = [one.get("given_name") != "Xerxes" and "birth_date" not in one for one in OLDER]
    assert found == by_case(OLDER, lambda n: dict.fromkeys(("m", "there") if is_theirs[n] else ("m",), (True, False)))


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


# of each pair of writings one entry and one record, born on a day of their own
_PAIRS = [(*pair, date(1950, 1, 1) + timedelta(days=n)) for n, pair in enumerate(product(FAMILY, FAMILY))]
_OTHERS = [("X", "Lund"), ("Gunnel", "Dahl"), ("Gunnel", "Lundin")]


def test_rule_19_a_part_of_the_family_name_is_enough_for_one_birth_date(known):
    people = [
        person(f"{n}", "Gunnel" if n % 2 else "G.", record, birth_date=str(born))
        for n, (_, record, born) in enumerate(_PAIRS)
    ]
    # identity may take Gunnel Lundin for G. Lund
    people += [person(f"other{n}", *name, birth_date=str(_PAIRS[0][2])) for n, name in enumerate(_OTHERS[:2])]
    entries = [GUNNEL | {"family_name": register, "birth_date": str(born), "is_protected": True} for register, _, born in _PAIRS]  # fmt: skip
    assert set(known(people, *entries)) == {f"{n}" for n in range(len(_PAIRS))}


def test_rule_19_the_consent_suite_sees_a_part_of_the_family_name_out_of_the_raw_register(warehouse):
    """By a path that shares nothing with the model, and that sees no more than it: else it would hold a night for nobody."""
    columns = dict.fromkeys(("given_name", "family_name", "birth_date"), "VARCHAR") | dict.fromkeys(("is_protected", "is_deceased"), "BOOLEAN")  # fmt: skip
    table = Table(columns=columns, key=["birth_date"], path="*.csv")
    settings = Settings(company="T", sources={"registers": Source(connector="files", url=".", tables={"addresses": table})})  # fmt: skip
    value = "{{'value': {}}}".format
    warehouse.execute(
        "create schema if not exists identity; create schema raw_registers; create table raw_registers.addresses (given_name varchar, family_name varchar, "
        "birth_date varchar, is_protected boolean, is_deceased boolean, _deleted_at timestamp); create table identity.golden_records "
        "(customer_id varchar, given_name struct(value varchar), family_name struct(value varchar), birth_date struct(value date)); "
        "create table identity.customer_source_records (source_system varchar, source_key varchar, customer_id varchar, valid_to timestamp); "
        "create table identity.normalised_people (source_system varchar, source_key varchar, birth_date date)"
    )
    golden = [(f"{n}", "Tyra-Lisa" if n % 2 else "g.", record, born) for n, (_, record, born) in enumerate(_PAIRS)]
    golden += [(f"other{n}", *name, _PAIRS[0][2]) for n, name in enumerate(_OTHERS)]
    golden += [("another day", "Gunnel", "Lund", date(1990, 1, 1)), ("nameless", None, None, _PAIRS[0][2])]
    warehouse.executemany(f"insert into identity.golden_records values (?, {value('?')}, {value('?')}, {value('?')})", golden)  # fmt: skip
    for n, (register, _, born) in enumerate(_PAIRS):
        warehouse.execute("insert into raw_registers.addresses values ('Gunnel Tyra', ?, ?, ?, ?, null)", [register, str(born), n % 3 == 0, n % 3 != 0])  # fmt: skip
    seen = {customer for (customer,) in warehouse.execute(hidden_customers(settings)).fetchall()}
    assert seen == {f"{n}" for n in range(len(_PAIRS))}
    # of two birth dates that the records of a customer have, either may be the entry's
    warehouse.execute("insert into identity.customer_source_records values ('crm', '1', 'another day', null), ('crm', '2', 'another day', '2026-01-01')")  # fmt: skip
    warehouse.execute("insert into identity.normalised_people values ('crm', '1', '1990-01-01'), ('crm', '2', ?)", [_PAIRS[0][2]])  # fmt: skip
    assert {customer for (customer,) in warehouse.execute(hidden_customers(settings)).fetchall()} == seen
    warehouse.execute("update identity.customer_source_records set valid_to = null")
    assert {customer for (customer,) in warehouse.execute(hidden_customers(settings)).fetchall()} == seen | {"another day"}  # fmt: skip


# whose birth date is known: as the register's entry writes none, and of the record
WHOSE = [("{born}", False), (None, True), ("", True), (None, False)]


def test_rule_19_the_consent_suite_sees_whom_the_model_hides_without_a_birth_date(known, warehouse):
    """Where the model no longer does, the suite tells: it shares no name form and no join with it."""
    people, entries, written = [], [], []
    for n, (entry_has, is_known) in enumerate(WHOSE):
        entry, foreign = of_family(n, given_name="Gunnel Tyra", **PROTECTED), someone(n)["family_name"]
        family, born = FAMILIES[n], entry["birth_date"] if is_known else None
        people += [
            person(f"whole:{n}", "Gunnel", f"{foreign}-{family}", birth_date=born),
            person(f"forename:{n}", "Tyra", family, birth_date=born),
            person(f"letter:{n}", "G", family, birth_date=born),
            person(f"other:{n}", "Sven", family, birth_date=born),
            person(f"family:{n}", "Gunnel", someone(len(WHOSE) + n)["family_name"], birth_date=born),
        ]
        written.append((family, entry_has and entry_has.format(born=entry["birth_date"])))
        entries.append(entry | {"birth_date": written[-1][1] or None})
    hidden = known(people, *entries)
    assert of_case(WHOSE, hidden) == by_case(WHOSE, lambda _: dict.fromkeys(("whole", "forename"), (True, False)))
    columns = dict.fromkeys(("given_name", "family_name", "birth_date"), "VARCHAR") | dict.fromkeys(("is_protected", "is_deceased"), "VARCHAR")  # fmt: skip
    table = Table(columns=columns, key=["birth_date"], path="*.csv")
    settings = Settings(company="T", sources={"registers": Source(connector="files", url=".", tables={"addresses": table})})  # fmt: skip
    warehouse.execute("create schema raw_registers; create table raw_registers.addresses (given_name varchar, family_name varchar, birth_date varchar, is_protected varchar, is_deceased varchar, _deleted_at timestamp)")  # fmt: skip
    for row in written:
        warehouse.execute("insert into raw_registers.addresses values ('Gunnel Tyra', ?, ?, 'J', 'N', null)", row)
    asked = f"select s.source_key from ({hidden_customers(settings)}) h join identity.customer_source_records s using (customer_id)"
    assert {key for (key,) in warehouse.execute(asked).fetchall()} == set(hidden)
    # of the dead no more than a name is not proof
    warehouse.execute("update raw_registers.addresses set is_protected = 'N', is_deceased = 'J'")
    assert warehouse.execute(asked).fetchall() == []


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


def test_rule_19_no_permission_holds_the_address_of_a_protected_or_deceased_person(permitted, warehouse):
    """What they granted by post is closed and says no street, nor does the history; their email address is none."""
    home = {"street": "Storgatan 1", "postal_code": "11455", "city": "Solna"}
    people = [
        person("m", "Tyra", "Tallström", birth_date="1950-02-03", email="m@x.se", **home),
        person("d", "Dag", "Ek", birth_date="1940-01-01", email="d@x.se"),
        person("o", "Olof", "Dahl", birth_date="1949-01-01", email="o@x.se"),
    ]
    dead = {"given_name": "Dag", "family_name": "Ek", "birth_date": "1940-01-01", "effective_on": "2020-01-01"}
    granted = [said(key, channel=channel) for key in "mdo" for channel in ("post", "email") if key == "m" or channel == "email"]  # fmt: skip
    # who agreed to letters to the address of a protected person would be hidden with them
    granted.append(said("o", channel="post", contact_point="Annangatan 9, 222 22 Lund"))
    granted.append(said("d", channel="post", contact_point="Tredjegatan 2, 333 33 Malmö"))
    granted.append(said("m", channel="ads", contact_point="Storgatan 1, 11455 Solna"))
    allowed = permitted(
        people, consent_events=granted, reservations=FRESH, address_updates=[GUNNEL | {"is_protected": True}, dead | {"is_deceased": True}]
    )  # fmt: skip
    assert {(key, channel) for key, _, channel in allowed} == {
        ("m", "email"),
        ("d", "email"),
        ("o", "email"),
        ("o", "post"),
    }
    assert permitted.why["m", "survey", "post"] == "protected identity"
    assert permitted.why["d", "survey", "post"] == "deceased"
    (olofs,) = {customer for (customer,) in warehouse.execute("select customer_id from identity.customer_source_records where source_key = 'o'").fetchall()}  # fmt: skip
    for table in ("contact_permissions", "contact_permission_history"):
        held = f"select distinct customer_id from marts.{table} where contact_point ilike '%gatan%'"
        assert warehouse.execute(held).fetchall() == [(olofs,)], table
