"""What was permitted when, and whether what was sent then was lawful."""

from __future__ import annotations

import random
from datetime import datetime

import pytest

from tests.unit.consent import ANNA, SURVEY, said
from tests.unit.people import person


@pytest.fixture
def history(permitted, warehouse):
    """What held at a time by what had been said: {(source_key, purpose, channel): contact point}."""

    def at(moment: str) -> dict[tuple[str, str, str], str]:
        rows = warehouse.execute(
            "select s.source_key, h.purpose, h.channel, h.contact_point from marts.contact_permission_history h "
            "join identity.customer_source_records s using (customer_id) where s.valid_to is null and h.is_permitted "
            f"and h.valid_from <= timestamp '{moment}' and coalesce(h.valid_to > timestamp '{moment}', true)"
        ).fetchall()
        return {(key, purpose, channel): point for key, purpose, channel, point in rows}

    return at


def test_what_was_permitted_is_known_for_every_time(permitted, history):
    permitted(
        [ANNA],
        consent_events=[
            said("anna", at="2026-01-01", expires_at=datetime(2026, 5, 1)),
            said("anna", "withdrawn", at="2026-02-01", contact_point=None),
            said("anna", at="2026-03-01", contact_point="ny@x.se", expires_at=datetime(2026, 4, 1)),
            said("anna", at="2026-03-10", wording_version=None),
        ],
    )
    expected = {
        "2025-12-31": {}, "2026-01-01": {SURVEY: "anna@x.se"}, "2026-01-31 23:59:59": {SURVEY: "anna@x.se"}, "2026-02-01": {},
        "2026-03-01": {SURVEY: "ny@x.se"}, "2026-03-20": {SURVEY: "ny@x.se"}, "2026-04-01": {}, "2026-06-01": {},
    }  # fmt: skip
    assert {moment: history(moment) for moment in expected} == expected


def test_what_was_permitted_now_is_what_the_history_says_of_now(permitted, history):
    chance = random.Random(3)
    people = [person(f"p{n}", f"Given{n}", f"Family{n}", email=f"p{n}@x.se") for n in range(60)]
    events = [
        said(
            f"p{n}", chance.choice(["granted", "withdrawn"]), at=f"2026-0{chance.randint(1, 5)}-0{chance.randint(1, 9)}",
            purpose=chance.choice(["survey", "offers"]), contact_point=chance.choice([f"p{n}@x.se", f"q{n}@x.se", None]),
            confirmed_at=chance.choice([None, datetime(2026, 5, 9)]), expires_at=chance.choice([None, datetime(2026, 5, 20), datetime(2026, 7, 1)]),
        )
        for n in range(60) for _ in range(chance.randint(1, 6))
    ]  # fmt: skip
    now = permitted(people, consent_events=events)
    assert now == history("2026-06-01") and 10 < len(now) < 110


def test_a_withdrawal_outlives_the_record_that_made_it(permitted):
    """The email tool forgets a subscriber; what they said there stands for whoever the customer is now."""
    subscriber = person("sub", email="anna@x.se", phone="+46701112233")
    events = [said("anna"), said("sub", "withdrawn", at="2026-02-01")]
    assert permitted([ANNA, subscriber], consent_events=events) == {}
    assert permitted([ANNA], consent_events=events) == {}
    # but a grant does not: whose record is gone is not written to by it
    assert permitted([ANNA], consent_events=[said("sub")]) == {}


def test_a_message_was_lawful_by_what_held_when_it_was_sent(permitted, warehouse):
    def sent(number: int, at: str, point: str = "anna@x.se", campaign: str = "c1", who: str = "anna") -> dict:
        return {
            "source_key": f"m{number}",
            "person_key": who,
            "kind": "sent",
            "campaign_key": campaign,
            "contact_point": point,
            "occurred_at": datetime.fromisoformat(at),
        }

    permitted(
        [ANNA],
        campaigns=[{"source_key": "c1", "purpose": "survey"}, {"source_key": "c2", "purpose": None}],
        consent_events=[said("anna"), said("anna", "withdrawn", at="2026-02-01")],
        email_events=[
            sent(0, "2025-12-01"), sent(1, "2026-01-15", "ANNA@x.se "), sent(2, "2026-01-15", "other@x.se"), sent(3, "2026-02-01"),
            sent(4, "2026-01-15", campaign="c2"), sent(5, "2026-01-15", who="nobody"),
        ],
    )  # fmt: skip
    found = warehouse.execute(
        "select source_key, is_lawful, reason, deciding_event from marts.fct_contact_compliance order by 1"
    ).fetchall()
    assert found == [
        ("m0", False, "nothing was granted before", None),
        ("m1", True, "granted", "crm:consent_events0"),
        ("m2", False, "granted for another address", "crm:consent_events0"),
        ("m3", False, "withdrawn", "crm:consent_events1"),
        ("m4", False, "what it was sent for is not known", None),
        ("m5", False, "nobody is known whom it went to", None),
    ]


def test_the_overview_counts_who_consented_who_withdrew_and_who_has_to_be_asked_again(permitted, warehouse):
    people = [person(f"p{n:02}", f"Given{n:02}", f"Family{n:02}", email=f"p{n}@x.se") for n in range(40)]
    ends = {"expires_at": datetime(2026, 7, 1)}
    statements = [said(f"p{n:02}") for n in range(10)]
    statements += [said(f"p{n:02}", **ends) for n in range(10, 16)]
    statements += [said(f"p{n:02}", at="2021-07-01") for n in range(16, 21)]  # nearly as old as consents are kept
    statements += [said(f"p{n:02}", "withdrawn", "2026-02-01") for n in range(21, 28)]
    statements += [said(f"p{n:02}", expires_at=datetime(2026, 3, 1)) for n in range(28, 34)]
    statements += [said(f"p{n:02}", wording_version=None) for n in range(34, 38)]
    statements += [said(f"p{n:02}", channel="sms") for n in range(4)]  # fewer than may be told
    permitted(people, consent_events=statements)
    found = warehouse.execute("select * from bi.bi_consent_overview order by channel").fetchall()
    assert found == [("survey", "email", 38, 21, 11, 7, 10, 0), ("survey", "sms", None, None, 0, 0, 0, 0)]
