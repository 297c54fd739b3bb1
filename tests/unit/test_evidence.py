"""What is evidence of a grant, and what is none (rule 2)."""

from __future__ import annotations

import pytest

from tests.unit.consent import ANNA, BO, FRESH, SURVEY, said
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
    from orchestration.privacy.withdrawals import is_evidence, prepare_withdrawals
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
NO_ADDRESS = ["xena@x.se; cy@dahl.se", "yngve@x.se ivar@kvist.se", "mailto:ylva@x.se?bcc=ulf@kvist.se", "@x.se", "anna@x", "not@an@address.se"]  # fmt: skip
ONE_ADDRESS = ["Vera@X.SE", '"Sten" <sten@x.se>', " tor@x.se "]


def test_rule_02_a_grant_on_a_field_of_several_addresses_or_none_is_no_evidence_on_the_records_own_either(permitted):
    people = [person(f"p{n}", email=written) for n, written in enumerate([*ONE_ADDRESS, *NO_ADDRESS])]
    granted = [said(p["source_key"], contact_point=p["email"]) for p in people]
    found = permitted(people, consent_events=granted)
    assert set(found.values()) == set(ONE_ADDRESS)
