"""A correction (Art. 16) holds what its field can hold, and nothing that is another customer's."""

from __future__ import annotations

from datetime import date, datetime
from types import SimpleNamespace

import jinja2
import pytest

from data_quality.suites.conformed import suites
from orchestration.core.errors import KundbildError
from orchestration.core.settings import DBT_DIR, Settings
from orchestration.privacy.rights.correction_checks import others_with, rewrite_dates
from orchestration.privacy.rights.corrections import correct
from orchestration.privacy.rights.requests import prepare_requests
from orchestration.privacy.rights.rights_keys import apply_known_rights
from orchestration.privacy.secrets.pepper import Pepper
from tests.unit.conftest import resolving
from tests.unit.people import person

AT = datetime(2026, 3, 1)
PEPPER = Pepper(("0123456789abcdef0123456789abcdef",))
SETTINGS = Settings(company="T", sources={"s": {"connector": "files", "url": "/", "tables": {}}})
ANNA = person("anna", email="anna@berg.se", phone="+46701112233")
BO = person("bo", "Bo", "Dahl", email="Bo.Dahl@gmail.com", phone="0709998877")
CY = person("cy", "Cy", "Ek", email="cy@ek.se; Cy.Ek@work.se", phone="+46 70 555 66 77, +46 8 123 45 67")


def prepare(con, resolve, *people: dict) -> dict[str, str]:
    ids = resolve(*people)
    prepare_requests(con)
    con.execute("alter table conformed.conformed_people add column gender varchar")
    return ids


@pytest.fixture(scope="module")
def resolved(modules_warehouse) -> dict[str, str]:
    return prepare(modules_warehouse, resolving(modules_warehouse), ANNA, BO, CY)


@pytest.fixture
def customers(resolved, modules_warehouse) -> dict[str, str]:
    """source_key → customer_id; nothing of theirs is corrected."""
    modules_warehouse.execute("delete from identity.corrections")
    return resolved


@pytest.mark.parametrize(
    ("field", "value"),
    [
        ("birth_date", "spring"), ("birth_date", "1850-01-01"), ("birth_date", "2090-01-01"), ("email", "anna"),
        ("email", "a@x.se; b@x.se"), ("email", "Anna <a@x.se>"), ("phone", "12"), ("phone", "call me"), ("phone", "+46 70"),
        ("country_code", "Sweden"), ("country_code", "XX"), ("postal_code", "Stockholm"), ("given_name", "a@x.se"),
        ("family_name", "+46701112233"), ("city", "https://x.se"), ("street", "12"), ("gender", "1"), ("city", "x" * 300),
        ("full_name", "Anna\nBerg"), ("full_name", "\x1b[31mAnna"), ("email", "=cmd@x.se"), ("email", "+cmd@x.se"), ("email", "-cmd@x.se"),
        ("given_name", "=cmd"), ("street", "@Storgatan 1"), ("city", "Lund;=cmd"),
    ],
)  # fmt: skip
def test_a_value_that_its_field_cannot_hold_is_refused_and_not_told(customers, modules_warehouse, field, value):
    with pytest.raises(KundbildError, match=f"the {field.replace('_', ' ')} is none") as error:
        correct(modules_warehouse, customers["anna"], {field: value}, AT, "r1")
    assert len(value) < 7 or value not in str(error.value)
    assert modules_warehouse.execute("select count(*) from identity.corrections").fetchall() == [(0,)]


@pytest.mark.parametrize(
    ("field", "value"),
    [
        ("city", "HIV-positiv"), ("full_name", "Jag är HIV-positiv"), ("gender", "gay"), ("gender", "lesbisk"), ("given_name", "Muslim"),
        ("family_name", "har diabetes"), ("street", "Storgatan 1, har cancer"), ("street", "Storgatan 1 800101-0019"),
        ("email", "none@none.se"), ("email", "ingen@epost.se"), ("email", "no-reply@berg.se"), ("email", "test@berg.se"),
        ("phone", "+46 70 000 00 00"), ("phone", "070-123 45 67"), ("phone", "+46701111111"),
    ],
)  # fmt: skip
def test_a_special_category_and_a_placeholder_are_refused_and_not_told(customers, modules_warehouse, field, value):
    with pytest.raises(KundbildError, match=f"the {field} is none".replace("_", " ")) as error:
        correct(modules_warehouse, customers["anna"], {field: value}, AT, "r1")
    assert value.lower() not in str(error.value).lower()
    assert modules_warehouse.execute("select count(*) from identity.corrections").fetchall() == [(0,)]


@pytest.mark.parametrize(
    ("field", "value"),
    [
        ("gender", "f"), ("gender", "M"), ("gender", "Kvinna"), ("gender", "other"), ("street", "Moskégatan 3"), ("street", "Katolska Kyrkogatan 1"),
        ("family_name", "Kristen"), ("full_name", "Muhammed Christiansson"), ("city", "Helsinki"), ("phone", "+46 70 123 45 68"),
    ],
)  # fmt: skip
def test_a_name_or_street_that_tells_nothing_of_anybody_stands(customers, modules_warehouse, field, value):
    assert correct(modules_warehouse, customers["anna"], {field: value}, AT, "r1") == 1


def test_what_its_field_can_hold_stands(customers, modules_warehouse):
    values = {
        "given_name": "Åsa-Märta", "family_name": "O'Brien", "full_name": "Åsa von Ü", "email": "åsa@berg.se", "phone": "070-123 45 68",
        "birth_date": "1985-03-12", "gender": None, "street": "Storgatan 1 B", "postal_code": "114 55", "city": "Å", "country_code": "SE",
    }  # fmt: skip
    assert correct(modules_warehouse, customers["anna"], values, AT, "r1") == len(values)


def stored(con) -> list[tuple[str, str]]:
    return con.execute("select field, value from identity.corrections order by all").fetchall()


@pytest.mark.parametrize("written", ["2020-01-01", "20200101", "2020-W01-3", "2020W013"])
def test_a_birth_date_is_stored_as_the_night_casts_it(customers, modules_warehouse, written):
    correct(modules_warehouse, customers["anna"], {"birth_date": written}, AT, "r1")
    assert stored(modules_warehouse) == [("birth_date", "2020-01-01")]


def apply_macro(con) -> None:
    """Runs the hook of conformed_people as dbt renders it."""
    said: list[str] = []
    known = {
        "var": {"correctable": ["city", "birth_date"]}.__getitem__,
        "this": "conformed.conformed_people",
        "source": lambda *names: ".".join(names),
        "return": lambda value: said.append(value) or value,
        "adapter": SimpleNamespace(dispatch=lambda name, package: getattr(found, f"default__{name}")),
    }
    text = "".join((DBT_DIR / "macros" / name).read_text() for name in ("conformed.sql", "engine/casts.sql"))
    found = jinja2.Environment(extensions=["jinja2.ext.do"]).from_string(text, globals=known).module
    found.apply_corrections()
    con.execute(said[-1])


def test_a_stored_birth_date_that_cannot_be_cast_fails_no_night_and_is_told(resolve, warehouse):
    """Earlier versions stored dates as they were typed."""
    prepare(warehouse, resolve, ANNA, BO)
    for written, request in (("20010203", "r1"), ("spring", "r2")):
        key = {"r1": "anna", "r2": "bo"}[request]
        warehouse.execute("insert into identity.corrections values ('crm', ?, 'birth_date', ?, ?, ?, null)", [key, written, AT, request])  # fmt: skip
    born = "select source_key, birth_date from conformed.conformed_people order by 1"
    warehouse.execute("update conformed.conformed_people set birth_date = '1990-01-01'")
    apply_macro(warehouse)
    assert dict(warehouse.execute(born).fetchall()) == {"anna": None, "bo": None}
    assert rewrite_dates(warehouse) == ["r2"] and stored(warehouse) == [("birth_date", "2001-02-03"), ("birth_date", "spring")]  # fmt: skip
    apply_macro(warehouse)
    assert dict(warehouse.execute(born).fetchall()) == {"anna": date(2001, 2, 3), "bo": None}
    (check,) = [c for suite in suites(SETTINGS, {}) for c in suite.checks if c.name == "corrections_can_be_read"]
    query = check.arguments["unexpected_rows_query"]
    assert warehouse.execute(query.format(batch="conformed.conformed_people")).fetchall() == [("r2",)]
    # a new record of the person gets it in the night too
    warehouse.execute("update conformed.conformed_people set birth_date = '1990-01-01'")
    apply_known_rights(warehouse, PEPPER)
    warehouse.execute("insert into conformed.conformed_people by name select * replace ('new' as source_key) from conformed.conformed_people where source_key = 'bo'")  # fmt: skip
    assert apply_known_rights(warehouse, PEPPER) == 1
    assert dict(warehouse.execute(born).fetchall()) == {"anna": date(2001, 2, 3), "bo": None, "new": None}


LIVES = {"street": "Storgatan 1", "postal_code": "114 55", "city": "Lund"}
LARS = person("lars", "Lars Erik", "Otherson", email="lars@o.se", birth_date=date(1977, 7, 21), **LIVES)
NAMED_SO = {"given_name": "Lars", "family_name": "OTHERSON"}


@pytest.mark.parametrize(
    ("theirs", "values", "is_held"),
    [
        ({}, NAMED_SO | {"birth_date": "1977-07-21"}, True),
        ({}, NAMED_SO | {"birth_date": "19770721"}, True),
        ({}, {"full_name": "Otherson, Lars", "birth_date": "1977-07-21"}, True),
        ({}, NAMED_SO | {"street": "STORGATAN 1", "postal_code": "SE-11455"}, True),
        # with what they have already
        ({"birth_date": date(1977, 7, 21)}, NAMED_SO, True),
        (NAMED_SO, {"birth_date": "1977-07-21"}, True),
        (NAMED_SO | {"street": "Storgatan 1"}, {"postal_code": "114 55"}, True),
        ({}, NAMED_SO, False),
        ({}, NAMED_SO | {"birth_date": "1978-07-21"}, False),
        ({}, NAMED_SO | {"street": "Storgatan 1", "postal_code": "114 56"}, False),
        ({"birth_date": date(1977, 7, 21)}, {"given_name": "Lars"}, False),
        # who was a namesake before becomes none by it
        (NAMED_SO | {"birth_date": date(1977, 7, 21)}, {"street": "Nygatan 9"}, False),
        ({}, {"city": "Lund", "gender": None}, False),
    ],
)
def test_a_name_with_the_birth_date_or_address_of_another_customer_is_held(resolve, warehouse, theirs, values, is_held):
    anna = person("anna", "Anna", "Berg", email="anna@berg.se", country_code=None)
    ids = resolve(anna, LARS)
    for field, value in theirs.items():
        warehouse.execute(f"update conformed.conformed_people set {field} = $1 where source_key = 'anna'", [value])
    assert others_with(warehouse, ids["anna"], values) == ([ids["lars"]] if is_held else [])
    if is_held:
        warehouse.execute(
            "insert into identity.decisions values ('crm', 'lars', 'crm', 'anna', 'different', $1, 'dpo', '')", [AT]
        )
        assert others_with(warehouse, ids["anna"], values) == []


def test_a_name_of_nobodys_record_with_the_birth_date_of_a_customer_is_held(resolve, warehouse):
    lars = resolve(LARS)["lars"]
    assert others_with(warehouse, "kundbild:none", NAMED_SO | {"birth_date": "1977-07-21"}) == [lars]
    assert others_with(warehouse, "kundbild:none", NAMED_SO) == []


def test_an_address_or_number_of_another_customer_is_held_in_any_spelling(customers, modules_warehouse):
    anna, bo = customers["anna"], customers["bo"]
    for values in ({"email": " bodahl+news@GMAIL.com"}, {"phone": "+46 (0)70 999 88 77"}, {"phone": "070-9998877"}):
        assert others_with(modules_warehouse, anna, values) == [bo], values
    # one's own, nobody's, and other fields are free
    for values in ({"email": "ANNA@berg.se"}, {"email": "new@x.se"}, {"phone": "0701112233"}, {"city": "Bo"}, {"email": None}):  # fmt: skip
        assert others_with(modules_warehouse, anna, values) == [], values


def test_a_field_of_another_customer_that_names_several_is_read_whole(customers, modules_warehouse):
    """The second address, the second number, and one with an extension."""
    for values in (
        {"email": "cy.ek@work.se"},
        {"email": "cy@ek.se"},
        {"phone": "08-123 45 67"},
        {"phone": "+46705556677"},
    ):
        assert others_with(modules_warehouse, customers["anna"], values) == [customers["cy"]], values
        assert others_with(modules_warehouse, customers["cy"], values) == [], values
