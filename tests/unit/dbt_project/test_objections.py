"""Objections to direct marketing (rule 6): what they end, in whatever spelling, and that they stand when customers merge.

The same way as test_consent_rules.py.
"""

from __future__ import annotations

from datetime import datetime

from orchestration.privacy.rights.objections import object_to_marketing
from orchestration.privacy.rights.requests import prepare_requests
from tests.unit.consent import ANNA, said
from tests.unit.people import person
from tests.unit.stories import night, of, story


@story
def test_rule_06_an_objection_ends_all_direct_marketing_and_its_profiling(cast):
    """One never objects; one does; one does and is granted something later."""
    people = cast.many(3)
    purposes, channels = (
        ("newsletter", "offers", "profiling", "survey"),
        {"email": "email", "sms": "phone", "phone": "phone"},
    )
    confirmed = {"confirmed_at": datetime(2026, 1, 2)}
    granted = [
        of(one, purpose=p, channel=c, contact_point=one[kind], **confirmed)
        for one in people for p in purposes for c, kind in channels.items()
    ]  # fmt: skip
    objections = [of(one, "withdrawn", "2026-03-01", purpose="direct_marketing") for one in people[1:]]
    anew = of(people[2], at="2026-04-01", purpose="offers", confirmed_at=datetime(2026, 4, 2))
    found = yield night(people, *granted, *objections, anew)
    of_survey = {("survey", channel) for channel in channels}
    assert [{(p, c) for key, p, c in found if key == one["source_key"]} for one in people] == [
        {(p, c) for p in purposes for c in channels},
        of_survey,
        of_survey | {("offers", "email")},
    ]


@story
def test_rule_06_direct_marketing_in_any_spelling_ends_it_on_every_channel(cast):
    spelled = [
        "direct marketing",
        "Direct-Marketing",
        "DIREKTREKLAM",
        "direktmarknadsföring",
        "Direkte markedsføring",
        "suora markkinointi",
    ]
    other = ["market research", "reklamation"]
    people = cast.many(len(spelled) + len(other))
    confirmed = {"confirmed_at": datetime(2026, 1, 2)}
    granted = [of(one, purpose="offers", channel="sms", contact_point=one["phone"], **confirmed) for one in people]
    refused = [
        of(one, "withdrawn", "2026-03-01", purpose=purpose)
        for one, purpose in zip(people, spelled + other, strict=True)
    ]
    found = yield night(people, *granted)
    assert len(found) == len(people)
    found = yield night(people, *granted, *refused)
    assert found.keys_of == {one["source_key"] for one in people[len(spelled) :]}


@story
def test_rule_06_a_purpose_that_names_direct_marketing_and_more_is_every_purpose(cast):
    """Of direct marketing alone a survey about what was bought goes on."""
    spelled = [
        "direct marketing, survey",
        "direktreklam och survey",
        "Direct marketing and surveys",
        "survey (direct marketing)",
        "direktreklam, enkät",
        "all, incl. direct marketing",
    ]
    alone = ["Direct marketing", "direktreklam."]
    people = cast.many(len(spelled) + len(alone))
    refused = [
        of(one, "withdrawn", "2026-03-01", purpose=purpose, channel="sms")
        for one, purpose in zip(people, spelled + alone, strict=True)
    ]
    found = yield night(people, *map(of, people), *refused)
    assert found.keys_of == {one["source_key"] for one in people[len(spelled) :]}


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
