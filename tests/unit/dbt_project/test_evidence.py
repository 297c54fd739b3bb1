"""What is evidence of a grant, and what is none (rule 2)."""

from __future__ import annotations

from datetime import datetime

import pytest

from tests.unit.consent import ANNA, BO, FRESH, NOBODYS, SURVEY, said
from tests.unit.people import person


@pytest.mark.parametrize(
    ("channel", "point", "is_evidence"),
    [("email", "anna@x.se", True), ("email", "+46701112233", False), ("sms", "+46701112233", True), ("sms", "anna@x.se", False),
     ("phone", "+46701112233", True), ("phone", "anna@x.se", False), ("post", "Storgatan 1, 111 22 Stockholm", True), ("post", "anna@x.se", False)],
)  # fmt: skip
def test_rule_02_a_contact_point_of_another_kind_is_no_evidence(permitted, channel, point, is_evidence):
    anna = ANNA | {"street": "Storgatan 1", "postal_code": "11122"}
    granted = said("anna", channel=channel, contact_point=point)
    found = permitted([anna], consent_events=[granted], reservations=FRESH)
    assert set(found) == ({("anna", "survey", channel)} if is_evidence else set())


def test_rule_02_an_address_stays_evidence_for_the_channel_that_it_is_of(permitted):
    assert set(
        permitted([ANNA], consent_events=[said("anna", channel="sms", contact_point="anna@x.se"), said("anna")])
    ) == {SURVEY}


@pytest.mark.parametrize(
    "written",
    ["-", "?", " — ", "\u2800", "\u3164", "\u1160\uffa0", "\u200b.", "n/a", " N/A ", "null", "okänd", "", None],
)
def test_rule_02_a_wording_without_letter_or_digit_or_a_word_for_none_is_no_evidence(warehouse, written):
    from orchestration.privacy.intake.evidence_words import is_evidence
    from orchestration.privacy.intake.withdrawals import prepare_withdrawals
    from tests.unit.mapped import time_macros

    prepare_withdrawals(warehouse)
    for value, expected in ((written, None), ("v1", "v1"), ("2024-01", "2024-01"), ("nyhetsbrev", "nyhetsbrev")):
        asked = f"select {time_macros().evidence('w')}, {is_evidence('w')} from (select $1::varchar as w)"
        assert warehouse.execute(asked, [value]).fetchall() == [(expected, expected is not None)], value


def test_rule_02_a_grant_on_an_address_that_only_others_have_is_no_evidence(permitted):
    of_bo = said("anna", contact_point="BO@x.se")
    assert permitted([ANNA, BO], consent_events=[of_bo]) == {}
    # of nobody else, as an old address, or shared with the other, it is
    assert permitted([ANNA], consent_events=[of_bo]) == {SURVEY: "BO@x.se"}
    shared = person("anna2", email="bo@x.se", phone=ANNA["phone"])
    found = permitted([ANNA, shared, BO], consent_events=[of_bo])
    # the customer goes by the key of one of the two records
    assert list(found.values()) == ["BO@x.se"] and {who for who, _, _ in found} < {"anna", "anna2"}
    # and one that stands in for none grants nothing
    for junk in ("test@test.com", "NoEmail@noemail.com"):
        assert permitted([ANNA], consent_events=[said("anna", contact_point=junk)]) == {}
        assert permitted([ANNA | {"email": junk}], consent_events=[said("anna", contact_point=junk)]) == {}
    assert permitted([ANNA], consent_events=[said("anna", channel="sms", contact_point="070-000 00 00")]) == {}
    assert permitted([ANNA], consent_events=[said("anna", capture_source=None)]) == {}


# an address as a record has it and its grant names it: several in one, or none, is no address to write to
NO_ADDRESS = ["vidar@x.sevidar@x.se", "xena@x.se; cy@dahl.se", "yngve@x.se ivar@kvist.se", "mailto:ylva@x.se?bcc=ulf@kvist.se", "@x.se", "anna@x", "not@an@address.se"]  # fmt: skip
ONE_ADDRESS = ["Vera@X.SE", '"Sten" <sten@x.se>', " tor@x.se "]


def test_rule_02_a_grant_on_a_field_of_several_addresses_or_none_is_no_evidence_on_the_records_own_either(permitted):
    people = [person(f"p{n}", email=written) for n, written in enumerate([*ONE_ADDRESS, *NO_ADDRESS])]
    granted = [said(p["source_key"], contact_point=p["email"]) for p in people]
    found = permitted(people, consent_events=granted)
    assert set(found.values()) == set(ONE_ADDRESS)


# what tills, call centres and forms write where somebody has, or gives, no address or number
JUNK = [
    "none@none.se", "NONE@none.com", "unknown@unknown.se", "saknas@butiken.se", "saknas2@x.se", "noreply@x.se", "no-reply@shop.se",
    "No.Reply@gmail.com", "nyhetsbrev-noreply@x.se", "ikke-svar@x.no", "svar-ej@x.se", "kund17@kassa.invalid", "anna@butik.example",
    "anna@example.com", "test@test.se", "test12@x.se", "test+anna@x.se", "okänd@x.se", "okand@x.se", "ukjent@x.no", "ukendt@x.dk",
    "mangler@x.dk", "ingen.epost@x.no", "ingenmail@x.se", "finns-ej@x.se", "tuntematon@x.fi", "ei-sähköpostia@x.fi", "puuttuu@x.fi",
    "nomail@x.com", "no_email@x.se", "null@x.se", "nej@nej.se", "kund@noemail.se", "dummy@x.se",
]  # fmt: skip
JUNK_NUMBERS = [
    "070-111 11 11", "070-000 00 00", "0701234567", "073-765 43 21", "+46 70 123 45 67", "+47 99999999", "+47 12345678", "+45 12 34 56 78",
    "+358 40 1234567", "12345678", "08-123 456 78", "0046701111111",
]  # fmt: skip
# shared, or somebody's: no junk
SOMEBODYS = [
    "info@x.se", "kontakt@x.se", "mail@annaberg.dk", "post@berg.no", "anna@anna.se", "testa.berg@x.se", "nona@x.se", "ingenjor@x.se",
    "nullah@x.se", "reply@x.se", "contest@x.se", "unknownpleasures@x.se", "anna@testhuset.se", "saknasberg@x.se", "inge.n@x.se", "anna@noreplysson.se",
]  # fmt: skip
SOMEBODYS_NUMBERS = ["070-111 22 33", "+47 913 52 467", "+46 70 111 11 12", "+358 40 123 4568"]


def _one_each(points: list[str], column: str, channel: str) -> tuple[list[dict], list[dict]]:
    people = [person(f"p{n}", None, None, **{column: point}) for n, point in enumerate(points)]
    return people, [said(p["source_key"], channel=channel, contact_point=p[column]) for p in people]


def test_rule_02_a_grant_on_what_stands_in_for_an_address_is_no_evidence(permitted, warehouse):
    people, granted = _one_each([*JUNK, *SOMEBODYS], "email", "email")
    assert sorted(permitted(people, consent_events=granted).values()) == sorted(SOMEBODYS)
    # nor is it anybody's address
    shown = warehouse.execute("select email.value from identity.golden_records where email is not null").fetchall()
    assert sorted(point for (point,) in shown) == sorted(SOMEBODYS)
    # of a customer who has a real one too, that one alone is evidence
    for point in ("none@none.se", "no-reply@shop.se"):
        assert permitted([ANNA], consent_events=[said("anna", contact_point=point)]) == {}
        assert permitted([ANNA], consent_events=[said("anna", contact_point=point), said("anna")]) == {
            SURVEY: "anna@x.se"
        }


def test_rule_02_a_grant_on_what_stands_in_for_a_number_is_no_evidence(permitted):
    people, granted = _one_each([*JUNK_NUMBERS, *SOMEBODYS_NUMBERS], "phone", "sms")
    assert sorted(permitted(people, consent_events=granted).values()) == sorted(SOMEBODYS_NUMBERS)
    # an address that stands in for none takes nothing from the record's number
    anna = ANNA | {"email": "saknas@x.se"}
    assert set(permitted([anna], consent_events=[said("anna", channel="sms")])) == {("anna", "survey", "sms")}


@pytest.mark.parametrize("point", ["none@none.se", "noreply@x.se", "070-111 11 11", "0701234567"])
def test_rule_04_a_withdrawal_on_junk_denies_its_person_and_not_all_who_have_it(permitted, point):
    # each has the junk in one field, and was granted something on what stands in the other
    column, channel = ("email", "sms") if "@" in point else ("phone", "email")
    theirs = {"vera": ("vera@x.se", "+46701112244"), "stig": ("stig@x.se", "+46701112255")}
    people = [
        person(key, key, key, email=mail, phone=number) | {column: point} for key, (mail, number) in theirs.items()
    ]
    granted = [said(key, channel=channel, contact_point=points[channel == "sms"]) for key, points in theirs.items()]
    no = said("vera", "withdrawn", "2026-02-01", channel=channel, contact_point=point)

    def who(people, *more):
        return {key for key, _, _ in permitted(people, consent_events=[*granted, *more])}

    assert who(people) == {"vera", "stig"}
    assert who(people, no) == {"stig"}
    # nor does it speak for others where its record is gone, or where it names nobody
    gone = person("old", "Old", "One", **{column: point}) | {"deleted_at": datetime(2026, 3, 1)}
    assert who([*people, gone], no | {"person_key": "old"}) == {"vera", "stig"}
    assert who(people, no | NOBODYS) == {"vera", "stig"}
    # beside a real one in the field it takes nothing from that
    assert who(people, no | NOBODYS | {"contact_point": f"{point}; {theirs['vera'][channel == 'sms']}"}) == {"stig"}
