"""Objections to direct marketing (rule 6): what they end, in whatever spelling, and that they stand when customers merge.

The same way as test_consent_rules.py.
"""

from __future__ import annotations

from datetime import datetime

from orchestration.privacy.rights.objections import object_to_marketing
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


@story
def test_rule_06_an_objection_that_is_made_here_stands_when_customers_merge(cast):
    """`kundbild object` notes it with each record: whoever the customer is tomorrow, it is theirs."""
    one = cast.one()
    alone = one | {
        "source_key": f"{one['source_key']}b",
        "email": f"{one['source_key']}@home.se",
        "phone": None,
        "birth_date": None,
    }
    yield night([one, alone])
    whose = "select customer_id from identity.customer_source_records where valid_to is null and source_key = ?"
    ((customer,),) = cast.rows(whose, one["source_key"])
    assert object_to_marketing(cast.warehouse, customer, datetime(2026, 3, 1), "r1") == 1
    granted = [of(alone, purpose="offers", confirmed_at=datetime(2026, 1, 2)), of(alone)]
    found = yield night([one, alone], *granted)
    assert set(found) == {(alone["source_key"], "offers", "email"), (alone["source_key"], "survey", "email")}
    together = alone | {"phone": one["phone"], "email": one["email"]}
    found = yield night([one, together], *granted)
    assert {purpose for _, purpose, _ in found} == {"survey"}
