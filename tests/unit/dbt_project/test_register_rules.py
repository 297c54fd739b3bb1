"""Public registers against marketing by the rules' numbers: whom each closes which channel to, and when it closes for all.

The same way as test_consent_rules.py. Not here: with what a register is asked (test_register_questions.py), or how the files of
the registers are read (tests/unit/extract/test_registers.py).
"""

from __future__ import annotations

from collections.abc import Iterable
from datetime import date, timedelta

import jinja2
import pytest

from data_quality.suites.raw_registers import numbers_in_registers
from orchestration.core.settings import DBT_DIR
from orchestration.extract.extract import prepare_raw
from tests.unit.conftest import permitting, resolving
from tests.unit.consent import ANNA, BO, SURVEY, said
from tests.unit.people import someone
from tests.unit.stories import night, of, story
from tests.unit.two_people import settings_of

REGISTERS = [
    ("SE", "phone", "nix_telefon", 62),
    ("SE", "post", "nix_adresserat", 93),
    ("NO", "phone", "reservasjonsregisteret", 31),
    ("NO", "post", "reservasjonsregisteret", 31),
    ("DK", "phone", "robinson", 93),
    ("DK", "post", "robinson", 93),
]
# the number of a record as the register of its country writes it
WRITTEN = {"SE": "070-111 22 3{}", "NO": "0046 70 111 22 3{}", "DK": "+46 70-111 22 3{}"}
SOMEBODY_ELSE = {"phone": "+46709999999", "family_name": "Ek", "street": "Annan 9", "postal_code": "99999"}


def registers_close(permitted, registers: list[tuple[str, str, str, int]]) -> list[dict[str, object]]:
    """What each register closes, in five nights of all.

    Of each register there are two people: one it has, and one it does not. Phone and post of one register have versions in
    common, and are of one greatest age.
    """
    people, granted, entries = [], [], []
    for n, (country, channel, _, _) in enumerate(registers):
        code = "111 22" if country == "SE" else "1112"
        number = {"SE": "+46 70 988 77 {}1", "NO": "+47 909 88 7{}1", "DK": "+45 20 98 87 {}1"}[country]
        for nth, which in enumerate(("has", "free"), start=1):
            home = {
                "street": f"{which}gatan {n + 1}",
                "postal_code": code.replace(" ", ""),
                "city": "Byen",
                "country_code": country,
            }
            one = someone(2 * n + nth - 1, source_key=f"{which}{n}", phone=None) | home
            if channel == "phone" and which == "has":
                one["phone"] = f"+4670111223{n}"
            point = number.format(nth) if channel == "phone" else "by letter"
            granted.append(said(one["source_key"], channel=channel, contact_point=point))
            people.append(one)
            if which == "has" and channel == "phone":
                entries.append({"phone": WRITTEN[country].format(n)})
            elif which == "has":
                names = {"given_name": one["given_name"], "family_name": one["family_name"].upper()}
                entries.append(names | {"street": home["street"].lower(), "postal_code": code})

    def wash(days_old: list[int], rows: list[dict]) -> list[set[str]]:
        """Whom each register leaves of its two, in versions of so many days before."""
        versions = [
            {"register": register, "version_on": str(date(2026, 6, 1) - timedelta(days=old)), **row}
            for (_, _, register, _), old, row in zip(registers, days_old, rows, strict=True)
        ]
        found = permitted(people, consent_events=granted, reservations=versions)
        return [{key[:-1] for key, *_ in found if key.endswith(str(n))} for n in range(len(registers))]

    def why(which: str) -> list[str]:
        return [permitted.why[f"{which}{n}", "survey", channel] for n, (_, channel, _, _) in enumerate(registers)]

    fresh, oldest, others = [1] * len(registers), [days for *_, days in registers], [SOMEBODY_ELSE] * len(registers)
    night = {
        "a fresh version without them": wash(fresh, others),
        "a fresh version with one of them": wash(fresh, entries),
        "why that one is closed": why("has"),
        "the oldest version that counts": wash(oldest, others),
        "a version of the day before": wash([days + 1 for days in oldest], others),
        "why the other is closed then": why("free"),
    }
    return [{what: told[n] for what, told in night.items()} for n in range(len(registers))]


@pytest.fixture(scope="module")
def washed(compiled, modules_warehouse):
    """Of each register: {what was delivered: whom of its two people it leaves} and {which of the two: why nobody else}."""
    return registers_close(permitting(compiled, resolving(modules_warehouse), modules_warehouse), REGISTERS)


def assert_closes(washed: list[dict[str, object]], *numbers: int) -> None:
    """Whoever stands in a fresh version is not reached on the channel; an old one closes it to the whole country."""
    for n in numbers:
        *_, register, _ = REGISTERS[n]
        assert washed[n] == {
            "a fresh version without them": {"has", "free"},
            "a fresh version with one of them": {"free"},
            "why that one is closed": f"reserved in {register}",
            "the oldest version that counts": {"has", "free"},
            "a version of the day before": set(),
            "why the other is closed then": f"the register {register} is missing or too old",
        }, REGISTERS[n]


def test_rule_09_sweden_phone(washed):
    assert_closes(washed, 0)


def test_rule_10_sweden_post(washed):
    assert_closes(washed, 1)


def test_rule_11_norway_phone_and_post(washed):
    assert_closes(washed, 2, 3)


def test_rule_12_denmark_phone_and_post(washed):
    assert_closes(washed, 4, 5)


def test_rule_12_a_register_that_lists_no_numbers_closes_the_phone_by_name_and_address(permitted):
    home = {"street": "Bygaden 1", "postal_code": "8000", "city": "Aarhus", "country_code": "DK"}
    people = [ANNA | home | {"phone": "+45 20 98 87 11"}, BO | home | {"street": "Bygaden 2"}]
    # whoever has no address cannot be looked up
    people.append(someone(0, source_key="nowhere", phone=None, country_code="DK"))
    granted = [
        said(key, channel="phone", contact_point=f"+45 20 98 87 {n}1")
        for n, key in enumerate(("anna", "bo", "nowhere"), 1)
    ]
    listed = {
        "register": "robinson",
        "version_on": "2026-05-31",
        "family_name": "Berg",
        "street": "Bygaden 1",
        "postal_code": "8000",
    }
    assert {key for key, *_ in permitted(people, consent_events=granted, reservations=[listed])} == {"bo"}
    assert permitted.why["nowhere", "survey", "phone"] == "the address cannot be looked up in the register"
    # of a register that lists numbers, an entry without one is of its address alone
    other = {"register": "robinson", "version_on": "2026-05-31", "phone": "+45 20 00 00 00"}
    assert {key for key, *_ in permitted(people, consent_events=granted, reservations=[listed, other])} == {
        "anna",
        "bo",
        "nowhere",
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


@story
def test_rule_13_a_reservation_blocks_without_any_withdrawal_consent_or_not(cast):
    """And closes no other channel."""
    one = cast.one()
    number = {"register": "nix_telefon", "version_on": "2026-05-31", "phone": f"0{one['phone'].removeprefix('+46')}"}
    granted = [of(one, channel="phone", contact_point=one["phone"]), of(one)]
    found = yield night([one], *granted)
    assert {channel for _, _, channel in found} == {"phone", "email"}
    found = yield night([one], *granted, reservations=[number])
    assert set(found) == {(one["source_key"], "survey", "email")}


def test_rule_14_a_register_that_was_never_delivered_closes_its_channel(permitted):
    nowhere = someone(0, source_key="nowhere", country_code=None)
    granted = [said("anna", channel="phone"), said("anna")]
    granted += [
        said("nowhere", channel=c, contact_point=nowhere[kind]) for c, kind in (("phone", "phone"), ("email", "email"))
    ]
    assert set(permitted([ANNA, nowhere], consent_events=granted)) == {SURVEY, ("nowhere", "survey", "email")}
    assert permitted.why["nowhere", "survey", "phone"] == "the country, and with it the register, is not known"


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


# each country as a record writes it, and why its people are not called
COUNTRIES = {
    "FI": "no register of the country is known",
    "Germany": "no register of the country is known",
    "Suomi": "no register of the country is known",
    "Atlantis": "the country, and with it the register, is not known",
    "": "the country, and with it the register, is not known",
}


def test_rule_12_a_country_without_a_register_rule_is_closed_and_a_rule_without_a_register_opens_it(
    permitted, warehouse
):
    people = [someone(n, country_code=country) for n, country in enumerate(COUNTRIES)]
    granted = []
    for n, one in enumerate(people):
        granted += [
            said(one["source_key"], channel="phone", contact_point=f"+358 40 719 352{n}"),
            said(one["source_key"], channel="post"),
            said(one["source_key"], contact_point=one["email"]),
        ]

    def channels(found: Iterable[tuple[str, str]]) -> dict[str, set[str]]:
        rows = list(found)
        return {country: {channel for key, channel in rows if key == f"p{n}"} for n, country in enumerate(COUNTRIES)}

    found = permitted(people, consent_events=granted)
    assert channels((key, channel) for key, _, channel in found) == {country: {"email"} for country in COUNTRIES}
    assert {country: permitted.why[f"p{n}", "survey", "phone"] for n, country in enumerate(COUNTRIES)} == COUNTRIES
    digests = "select s.source_key, i.digest from marts.consent_inputs i join identity.customer_source_records s using (customer_id)"
    before = dict(warehouse.execute(digests).fetchall())
    warehouse.execute(
        "insert into reference.register_rules (register, channel, country_code) values (null, 'phone', 'FI')"
    )
    for model in ("customer_reservations", "register_gaps", "consent_inputs", "contact_permissions"):
        warehouse.execute(f"create or replace table marts.{model} as {permitted.compiled[model]}")
    # an incremental night sees it
    after = dict(warehouse.execute(digests).fetchall())
    assert {key for key in before if before[key] != after[key]} >= {"p0", "p2"}
    allowed = warehouse.execute(
        "select s.source_key, p.channel from marts.contact_permissions p join identity.customer_source_records s using (customer_id) "
        "where p.is_permitted"
    ).fetchall()
    assert channels(allowed) == {country: {"email"} for country in COUNTRIES} | {country: {"email", "phone"} for country in ("FI", "Suomi")}  # fmt: skip
