"""Public registers against marketing by the rules' numbers: whom each closes which channel to, and when it closes for all.

The same way as test_consent_rules.py. Not here: with what a register is asked (test_register_questions.py), or how the files of
the registers are read (test_registers.py).
"""

from __future__ import annotations

from datetime import datetime

import jinja2
import pytest

from data_quality.suites.raw_statements import numbers_in_registers
from orchestration.core.settings import DBT_DIR
from orchestration.extract.extract import prepare_raw
from tests.unit.consent import ANNA, BO, SURVEY, said
from tests.unit.two_people import settings_of

REGISTERS = [
    ("SE", "phone", "nix_telefon", 62, {"phone": "070-111 22 33"}),
    ("SE", "post", "nix_adresserat", 93, {}),
    ("NO", "phone", "reservasjonsregisteret", 31, {"phone": "0046 70 111 22 33"}),
    ("NO", "post", "reservasjonsregisteret", 31, {}),
    ("DK", "phone", "robinson", 93, {"phone": "+46 70-111 22 33"}),
    ("DK", "post", "robinson", 93, {}),
]


def register_closes(permitted, country: str, channel: str, register: str, days: int, entry: dict) -> None:
    """Whoever stands in a fresh version is not reached on the channel; an old one closes it to the whole country."""
    code = "111 22" if country == "SE" else "1112"
    home = {"street": "Storgatan 1", "postal_code": code.replace(" ", ""), "city": "Byen", "country_code": country}
    people = [ANNA | home, BO | home | {"street": "Bygatan 2"}]
    numbers = {"SE": "+46 70 988 77 {}1", "NO": "+47 909 88 7{}1", "DK": "+45 20 98 87 {}1"}[country]
    on = {"phone": lambda n: {"contact_point": numbers.format(n)}, "post": lambda n: {"contact_point": "by letter"}}[
        channel
    ]
    granted = [said(key, channel=channel, **on(n)) for n, key in enumerate(("anna", "bo"), start=1)]
    named = {"given_name": "Anna", "family_name": "BERG", "street": "storgatan 1", "postal_code": code}

    def wash(version: str, row: dict) -> set[str]:
        entries = [{"register": register, "version_on": version, **row}]
        return {key for key, *_ in permitted(people, consent_events=granted, reservations=entries)}

    somebody_else = {"phone": "+46709999999", "family_name": "Ek", "street": "Annan 9", "postal_code": "99999"}
    assert wash("2026-05-31", somebody_else) == {"anna", "bo"}
    assert wash("2026-05-31", entry or named) == {"bo"}
    assert permitted.why["anna", "survey", channel] == f"reserved in {register}"
    oldest = datetime(2026, 6, 1).toordinal() - days
    assert wash(str(datetime.fromordinal(oldest).date()), somebody_else) == {"anna", "bo"}
    assert wash(str(datetime.fromordinal(oldest - 1).date()), somebody_else) == set()
    assert f"the register {register} is missing or too old" == permitted.why["bo", "survey", channel]


@pytest.mark.parametrize("register", REGISTERS[:1], ids=lambda r: r[2])
def test_rule_09_sweden_phone(permitted, register):
    register_closes(permitted, *register)


@pytest.mark.parametrize("register", REGISTERS[1:2], ids=lambda r: r[2])
def test_rule_10_sweden_post(permitted, register):
    register_closes(permitted, *register)


@pytest.mark.parametrize("register", REGISTERS[2:4], ids=lambda r: r[1])
def test_rule_11_norway_phone_and_post(permitted, register):
    register_closes(permitted, *register)


@pytest.mark.parametrize("register", REGISTERS[4:], ids=lambda r: r[1])
def test_rule_12_denmark_phone_and_post(permitted, register):
    register_closes(permitted, *register)


def test_rule_12_a_register_that_lists_no_numbers_closes_the_phone_by_name_and_address(permitted):
    home = {"street": "Bygaden 1", "postal_code": "8000", "city": "Aarhus", "country_code": "DK"}
    people = [ANNA | home | {"phone": "+45 20 98 87 11"}, BO | home | {"street": "Bygaden 2"}]
    granted = [
        said(key, channel="phone", contact_point=f"+45 20 98 87 {n}1") for n, key in enumerate(("anna", "bo"), 1)
    ]
    listed = {
        "register": "robinson",
        "version_on": "2026-05-31",
        "family_name": "Berg",
        "street": "Bygaden 1",
        "postal_code": "8000",
    }
    assert {key for key, *_ in permitted(people, consent_events=granted, reservations=[listed])} == {"bo"}
    # whoever has no address cannot be looked up
    nowhere = [people[0], people[1] | {"street": None, "postal_code": None}]
    assert permitted(nowhere, consent_events=granted, reservations=[listed]) == {}
    assert permitted.why["bo", "survey", "phone"] == "the address cannot be looked up in the register"
    # of a register that lists numbers, an entry without one is of its address alone
    other = {"register": "robinson", "version_on": "2026-05-31", "phone": "+45 20 00 00 00"}
    assert {key for key, *_ in permitted(people, consent_events=granted, reservations=[listed, other])} == {
        "anna",
        "bo",
    }


def test_rule_11_whatever_is_no_plain_no_in_the_norwegian_register_closes(warehouse, tmp_path):
    closing, open_ = ["J", "j", "Ja", "X", "", None], ["N", " n ", "Nei"]
    settings = settings_of(tmp_path)
    prepare_raw(warehouse, settings)
    warehouse.executemany(
        "insert into raw_registers.reservasjonsregisteret (telefon, telefonsalg, _load_id) values (?, ?, 1)",
        [(str(number), written) for number, written in enumerate([*closing, *open_])],
    )
    macros = (DBT_DIR / "macros" / "registers.sql").read_text(encoding="utf-8")
    chosen = jinja2.Environment().from_string(macros).module.is_chosen("telefonsalg")
    by_model = f"select telefon from raw_registers.reservasjonsregisteret where {chosen}"
    for asked in (by_model, numbers_in_registers(settings)):
        closed = {int(number) for (number,) in warehouse.execute(asked).fetchall()}
        assert closed == set(range(len(closing))), asked


@pytest.mark.parametrize(
    ("is_charity", "asked"),
    [(True, ["humanitaere", "humanitaere"]), (False, ["telefonsalg", "adressert_reklame"])],
)
def test_rule_11_a_charity_is_closed_by_the_choice_of_its_own(is_charity, asked):
    macros = (DBT_DIR / "macros" / "registers.sql").read_text(encoding="utf-8")
    chosen = jinja2.Environment().from_string(macros, globals={"var": {"is_charity": is_charity}.get}).module
    assert [chosen.norwegian_phone(), chosen.norwegian_post()] == [chosen.is_chosen(column) for column in asked]


def test_rule_13_a_reservation_blocks_without_any_withdrawal_consent_or_not(permitted):
    entries = [{"register": "nix_telefon", "version_on": "2026-05-31", "phone": "0701112233"}]
    assert permitted([ANNA], consent_events=[said("anna", channel="phone")], reservations=entries) == {}
    # and closes no other channel
    assert set(permitted([ANNA], consent_events=[said("anna")], reservations=entries)) == {SURVEY}


def test_rule_14_a_register_that_was_never_delivered_closes_its_channel(permitted):
    granted = [said("anna", channel="phone"), said("anna")]
    assert set(permitted([ANNA], consent_events=granted)) == {SURVEY}
    nowhere = [ANNA | {"country_code": None}]
    assert set(permitted(nowhere, consent_events=granted)) == {SURVEY}
    assert permitted.why["anna", "survey", "phone"] == "the country, and with it the register, is not known"


@pytest.mark.parametrize("number", ["4.67044E+10", "4,67044e+10", " 4.67E10 "])
def test_rule_14_a_register_with_a_number_in_a_spreadsheets_notation_closes_its_channel(permitted, number):
    entries = [{"register": "nix_telefon", "version_on": "2026-05-31", "phone": n} for n in ("0709999999", number)]
    granted = [said("anna", channel="phone"), said("anna")]
    assert set(permitted([ANNA], consent_events=granted, reservations=entries)) == {SURVEY}
    lost = "the register nix_telefon holds numbers in a spreadsheet's notation, of which digits are lost"
    assert permitted.why["anna", "survey", "phone"] == lost


def test_rule_14_a_register_that_shrank_closes_its_channel_until_it_is_whole_again(permitted, warehouse):
    granted = [said("anna", channel="phone"), said("anna")]

    def with_versions(**entries: int) -> bool:
        rows = [{"register": "nix_telefon", "version_on": on.replace("v", "2026-05-"), "phone": f"+4670999{n:04}"}
                for on, count in entries.items() for n in range(count)]  # fmt: skip
        newest = max(row["version_on"] for row in rows)
        found = permitted([ANNA], consent_events=granted, reservations=[r for r in rows if r["version_on"] == newest])
        return ("anna", "survey", "phone") in found

    assert with_versions(v01=100)
    assert with_versions(v02=81)
    assert not with_versions(v03=40)
    assert permitted.why["anna", "survey", "phone"] == "the register nix_telefon shrank by more than it may"
    assert not with_versions(v04=40)  # no smaller one is the measure of the next
    assert with_versions(v05=90)
    assert warehouse.execute("select entries, is_shrunk from identity.register_versions order by version_on").fetchall() == [
        (100, False), (81, False), (40, True), (40, True), (90, False),
    ]  # fmt: skip


def test_rule_12_a_country_without_a_register_rule_is_closed_and_a_rule_without_a_register_opens_it(
    permitted, warehouse
):
    granted = [
        said("anna", channel="phone", contact_point="+358 40 719 3526"),
        said("anna", channel="post"),
        said("anna"),
    ]
    for country in ("FI", "Germany", "Suomi", "Atlantis", ""):
        assert set(permitted([ANNA | {"country_code": country}], consent_events=granted)) == {SURVEY}
    assert set(permitted.why.values()) >= {"the country, and with it the register, is not known"}
    permitted([ANNA | {"country_code": "FI"}], consent_events=granted)
    assert permitted.why["anna", "survey", "phone"] == "no register of the country is known"
    digest = "select digest from marts.consent_inputs"
    before = warehouse.execute(digest).fetchall()
    warehouse.execute(
        "insert into reference.register_rules (register, channel, country_code) values (null, 'phone', 'FI')"
    )
    for model in ("customer_reservations", "register_gaps", "consent_inputs", "contact_permissions"):
        warehouse.execute(f"create or replace table marts.{model} as {permitted.compiled[model]}")
    # an incremental night sees it
    assert warehouse.execute(digest).fetchall() != before
    allowed = "select channel from marts.contact_permissions where is_permitted order by 1"
    assert warehouse.execute(allowed).fetchall() == [("email",), ("phone",)]
