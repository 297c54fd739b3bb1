"""Objections to direct marketing (rule 6): what they end, in whatever spelling, and that they stand when customers merge.

The same way as test_consent_rules.py.
"""

from __future__ import annotations

from datetime import datetime

from orchestration.privacy.rights.objections import object_to_marketing
from orchestration.privacy.rights.requests import prepare_requests
from tests.unit.consent import ANNA, said
from tests.unit.people import person, someone


def test_rule_06_an_objection_ends_all_direct_marketing_and_its_profiling(permitted):
    """One never objects; one does; one does and is granted something later."""
    people = [someone(n) for n in range(3)]
    fresh = [{"register": "nix_telefon", "version_on": "2026-05-31", "phone": "+46709999999"}]
    purposes, channels = (
        ("newsletter", "offers", "profiling", "survey"),
        {"email": "email", "sms": "phone", "phone": "phone"},
    )
    granted = [
        said(one["source_key"], purpose=p, channel=c, contact_point=one[kind], confirmed_at=datetime(2026, 1, 2))
        for one in people for p in purposes for c, kind in channels.items()
    ]  # fmt: skip
    objections = [
        said(one["source_key"], "withdrawn", "2026-03-01", purpose="direct_marketing", contact_point=one["email"])
        for one in people[1:]
    ]
    anew = said(
        "p2", purpose="offers", at="2026-04-01", contact_point=people[2]["email"], confirmed_at=datetime(2026, 4, 2)
    )
    found = permitted(people, consent_events=[*granted, *objections, anew], reservations=fresh)
    of_survey = {("survey", channel) for channel in channels}
    assert {n: {(p, c) for key, p, c in found if key == f"p{n}"} for n in range(3)} == {
        0: {(p, c) for p in purposes for c in channels},
        1: of_survey,
        2: of_survey | {("offers", "email")},
    }


NAMES = ("Ada", "Bror", "Cissi", "David", "Elsa", "Filip", "Greta", "Hugo")


def test_rule_06_direct_marketing_in_any_spelling_ends_it_on_every_channel(permitted):
    spelled = [
        "direct marketing",
        "Direct-Marketing",
        "DIREKTREKLAM",
        "direktmarknadsföring",
        "Direkte markedsføring",
        "suora markkinointi",
    ]
    other = ["market research", "reklamation"]
    # alike, they would share what either refused
    people = [
        person(f"p{n}", name, f"{name}sson", email=f"p{n}@x.se", phone=f"+4670111223{n}")
        for n, name in enumerate(NAMES)
    ]
    granted = [
        said(
            p["source_key"],
            purpose="offers",
            channel="sms",
            contact_point=p["phone"],
            confirmed_at=datetime(2026, 1, 2),
        )
        for p in people
    ]
    refused = [said(p["source_key"], "withdrawn", "2026-03-01", purpose=purpose, contact_point=p["email"]) for p, purpose in zip(people, spelled + other, strict=True)]  # fmt: skip
    assert len(permitted(people, consent_events=granted)) == len(people)
    left = permitted(people, consent_events=[*granted, *refused])
    assert {who for who, _, _ in left} == {p["source_key"] for p in people[len(spelled) :]}


def test_rule_06_a_purpose_that_names_direct_marketing_and_more_is_every_purpose(permitted):
    """Of direct marketing alone a survey about what was bought goes on."""
    spelled = [
        "direct marketing, survey",
        "direktreklam och survey",
        "Direct marketing and surveys",
        "survey (direct marketing)",
        "direktreklam, enkät",
        "all, incl. direct marketing",
    ]
    people = [person(f"p{n}", name, f"{name}sson", email=f"p{n}@x.se") for n, name in enumerate(NAMES)]
    granted = [said(p["source_key"], purpose="survey", contact_point=p["email"]) for p in people]
    alone = ["Direct marketing", "direktreklam."]
    refused = [said(p["source_key"], "withdrawn", "2026-03-01", purpose=purpose, channel="sms") for p, purpose in zip(people, spelled + alone, strict=True)]  # fmt: skip
    left = permitted(people, consent_events=[*granted, *refused])
    assert {who for who, _, _ in left} == {p["source_key"] for p in people[len(spelled) :]}


def test_rule_06_an_objection_that_is_made_here_stands_when_customers_merge(permitted, warehouse, resolve):
    """`kundbild object` notes it with each record: whoever the customer is tomorrow, it is theirs."""
    alone = person("alone", "Anna", "Berg", email="other@x.se")
    customer = resolve(ANNA, alone)["anna"]
    prepare_requests(warehouse)
    assert object_to_marketing(warehouse, customer, datetime(2026, 3, 1), "r1") == 1
    granted = [said("alone", purpose="offers", confirmed_at=datetime(2026, 1, 2)), said("alone")]
    assert set(permitted([ANNA, alone], consent_events=granted)) == {
        ("alone", "offers", "email"),
        ("alone", "survey", "email"),
    }
    together = alone | {"phone": ANNA["phone"], "email": ANNA["email"]}
    assert {purpose for _, purpose, _ in permitted([ANNA, together], consent_events=granted)} == {"survey"}
