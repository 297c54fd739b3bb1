"""Protected identity and deaths: who is known by a register's entry, and who would give a protected person away (rule 19)."""

from __future__ import annotations

from datetime import date, timedelta
from itertools import product

import pytest

from data_quality.suites.raw_statements import hidden_customers
from orchestration.core.settings import Settings, Source
from orchestration.core.settings.tables import Table
from tests.unit.consent import FRESH, said
from tests.unit.people import FAMILY, person

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


@pytest.mark.parametrize(
    "written",
    [
        {"given_name": "Tyra", "family_name": "Tallstrom", "birth_date": "1950-02-03"},
        {"given_name": "gunnel", "family_name": "TALLSTRØM", "birth_date": "1950-02-03"},
        {"given_name": None, "family_name": None, "full_name": "Tallström, Kristina", "birth_date": "1950-02-03"},
        {"given_name": "Tyra", "family_name": "Tallström Dahl", "birth_date": "1950-02-03"},
        {"given_name": "Tyra", "family_name": "Tallström", "birth_date": "0050-02-03"},
        {"given_name": "Tyra", "family_name": "Tallström", "birth_date": None},
    ],
)  # fmt: skip
def test_rule_19_any_forename_with_family_name_and_birth_date_is_enough(known, written):
    people = [person("m", **written), person("other", "Tyra", "Tallström", birth_date="1971-01-01")]
    assert known(people, GUNNEL | {"is_protected": True}) == {"m": (True, False)}
    if written["birth_date"]:
        assert known(people, GUNNEL | {"is_deceased": True}) == {"m": (False, True)}


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
    hidden = ("m", "child", "partner", "flat", "care of")
    assert known(people, GUNNEL | {"is_protected": True}) == dict.fromkeys(hidden, (True, False))
    assert known(people, GUNNEL | {"is_deceased": True}) == {"m": (False, True)}
    # a household is known by its telephone too
    people = [
        person("m", "Tyra", "Tallström", birth_date="1950-02-03", phone="0701740605"),
        person("child", "Bo", "Dahl", birth_date="1980-01-01", phone="0701740605"),
    ]
    assert set(known(people, GUNNEL | {"is_protected": True})) == {"m", "child"}


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


@pytest.mark.parametrize(
    ("register_has", "record_has"),
    [
        ("Anna Karin", "Annakarin"),
        ("Annakarin", "Anna-Karin"),
        ("Per-Olof", "P-O"),
        ("Per Olof Sven", "PO"),
        ("P-O", "Per Olof"),
        ("Per-Olof", "P. Tallström"),
        ("Gunnel", "G."),
        ("Gunnel", None),
        (None, "Gunnel"),
        ("Mac Donald Per", "Macdonald"),
    ],
)
def test_rule_19_a_given_name_in_another_form_of_the_same_birth_date_is_the_person(known, register_has, record_has):
    entry = GUNNEL | {"given_name": register_has, "is_protected": True}
    born = {"birth_date": "1950-02-03"}
    people = [
        person("m", record_has, "Tallström", **born),
        person("another", "Xerxes", "Tallström", **born) if register_has else person("another", "Xerxes", "Ek", **born),
        person("namesake", "Gunnel", "Tallström", birth_date="1971-08-19"),
        person("family", "Gunnel", "Ek", **born),
        # nor by the letters of the family name
        person("letters", "Xerxes", "Tallström Gunnarson Pers Annasdotter", **born) if register_has else person("letters", "X", "Y"),
    ]  # fmt: skip
    if record_has is None:
        people = people[2:4] + people[:1]  # identity may take a record without a given name for anybody's of that birth
    assert known(people, entry) == {"m": (True, False)}
    assert known(people, entry | {"is_protected": False, "is_deceased": True}) == {"m": (False, True)}


def test_rule_19_a_short_form_of_the_given_name_is_the_person(known):
    """By the seed that identity goes by: either side may have the short form, or both another one."""
    born = {"birth_date": "1950-02-03"}
    for register_has, written in (
        ("Margareta", "Greta"),
        ("Eva Margareta", "Rita"),
        ("Maggan", "Margareta"),
        ("Greta", "Maggan"),
    ):
        people = [
            person("m", written, "Tallström", **born),
            person("another", "Xerxes", "Tallström", **born),
            person("namesake", written, "Tallström", birth_date="1971-08-19"),
            person("family", written, "Ek", **born),
        ]  # fmt: skip
        entry = GUNNEL | {"given_name": register_has}
        assert known(people, entry | {"is_protected": True}) == {"m": (True, False)}, (register_has, written)
    assert known(people, entry | {"is_deceased": True}) == {"m": (False, True)}


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


@pytest.mark.parametrize(
    ("entry", "born"), [("1950-02-03", None), (None, "1950-02-03"), ("", "1950-02-03"), (None, None)]
)
def test_rule_19_the_consent_suite_sees_whom_the_model_hides_without_a_birth_date(known, warehouse, entry, born):
    """Where the model no longer does, the suite tells: it shares no name form and no join with it."""
    people = [
        person("whole", "Gunnel", "Berg-Lund", birth_date=born),
        person("forename", "Tyra", "Lund", birth_date=born),
        person("letter", "G", "Lund", birth_date=born),
        person("other", "Sven", "Lund", birth_date=born),
        person("family", "Gunnel", "Dahl", birth_date=born),
    ]
    protected = GUNNEL | {"given_name": "Gunnel Tyra", "family_name": "Lund", "birth_date": entry or None}
    hidden = set(known(people, protected | {"is_protected": True}))
    assert hidden == {"whole", "forename"}
    columns = dict.fromkeys(("given_name", "family_name", "birth_date"), "VARCHAR") | dict.fromkeys(("is_protected", "is_deceased"), "VARCHAR")  # fmt: skip
    table = Table(columns=columns, key=["birth_date"], path="*.csv")
    settings = Settings(company="T", sources={"registers": Source(connector="files", url=".", tables={"addresses": table})})  # fmt: skip
    warehouse.execute("create schema raw_registers; create table raw_registers.addresses (given_name varchar, family_name varchar, birth_date varchar, is_protected varchar, is_deceased varchar, _deleted_at timestamp)")  # fmt: skip
    warehouse.execute("insert into raw_registers.addresses values ('Gunnel Tyra', 'Lund', ?, 'J', 'N', null)", [entry])
    asked = f"select s.source_key from ({hidden_customers(settings)}) h join identity.customer_source_records s using (customer_id)"
    assert {key for (key,) in warehouse.execute(asked).fetchall()} == hidden
    # of the dead no more than a name is no proof
    warehouse.execute("update raw_registers.addresses set is_protected = 'N', is_deceased = 'J'")
    assert warehouse.execute(asked).fetchall() == []


@pytest.mark.parametrize(
    ("register_has", "record_has"), [("Anna Karin", "Annakarin"), ("Annakarin", "Anna Karin"), ("Per-Olof", "P-O")]
)
def test_rule_19_without_a_birth_date_the_whole_given_name_in_any_form_is_needed(known, register_has, record_has):
    entry = GUNNEL | {"given_name": register_has, "is_protected": True}
    people = [
        person("m", record_has, "Tallström", birth_date=None),
        person("initial", "A", "Tallström", birth_date=None),
        person("nobody", None, "Tallström", birth_date=None),
    ]
    assert known(people, entry) == {"m": (True, False)}


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
    granted = [said(key, channel=channel) for key in "mdo" for channel in ("post", "email")]
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
