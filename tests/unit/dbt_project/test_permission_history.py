"""What was permitted when, and whether what was sent then was lawful."""

from __future__ import annotations

import random
import re
from datetime import datetime

from orchestration.identity.contact_points import key_withdrawn_points
from tests.unit.consent import ANNA, said
from tests.unit.people import person
from tests.unit.stories import night, of, story


def history(cast, moment: str, people: list[dict]) -> dict[tuple[str, str, str], str]:
    """What held of these at a time by what had been said: {(source_key, purpose, channel): contact point}."""
    rows = cast.rows(
        "select s.source_key, h.purpose, h.channel, h.contact_point from marts.contact_permission_history h "
        "join identity.customer_source_records s using (customer_id) where s.valid_to is null and h.is_permitted "
        f"and h.valid_from <= timestamp '{moment}' and coalesce(h.valid_to > timestamp '{moment}', true)"
    )
    keys = {one["source_key"] for one in people}
    return {(key, purpose, channel): point for key, purpose, channel, point in rows if key in keys}


@story
def test_what_was_permitted_is_known_for_every_time(cast):
    one = cast.one()
    survey, new = (one["source_key"], "survey", "email"), f"new.{one['email']}"
    yield night(
        [one],
        of(one, expires_at=datetime(2026, 5, 1)),
        of(one, "withdrawn", at="2026-02-01", contact_point=None),
        of(one, at="2026-03-01", contact_point=new, expires_at=datetime(2026, 4, 1)),
        of(one, at="2026-03-10", wording_version=None),
    )
    expected = {
        "2025-12-31": {}, "2026-01-01": {survey: one["email"]}, "2026-01-31 23:59:59": {survey: one["email"]}, "2026-02-01": {},
        "2026-03-01": {survey: new}, "2026-03-20": {survey: new}, "2026-04-01": {}, "2026-06-01": {},
    }  # fmt: skip
    assert {moment: history(cast, moment, [one]) for moment in expected} == expected


@story
def test_what_was_permitted_now_is_what_the_history_says_of_now(cast):
    chance = random.Random(3)
    people = cast.many(60, phone=None, birth_date=None)
    events = [
        of(
            one, chance.choice(["granted", "withdrawn"]), at=f"2026-0{chance.randint(1, 5)}-0{chance.randint(1, 9)}",
            purpose=chance.choice(["survey", "offers"]), contact_point=chance.choice([one["email"], f"q.{one['email']}", None]),
            confirmed_at=chance.choice([None, datetime(2026, 5, 9)]), expires_at=chance.choice([None, datetime(2026, 5, 20), datetime(2026, 7, 1)]),
        )
        for one in people for _ in range(chance.randint(1, 6))
    ]  # fmt: skip
    now = yield night(people, *events)
    assert now == history(cast, "2026-06-01", people) and 10 < len(now) < 110


SEEDS = range(4)


def drawn(seed: int) -> tuple[list[dict], list[dict], dict]:
    """Twelve people with statements drawn at random, and what one of them left; of each seed they are others."""
    chance = random.Random(seed)
    keys = [f"s{seed}p{n}" for n in range(12)]
    people = [person(key, f"Given{key}", f"Family{key}", email=f"{key}@x.se") for key in keys]
    events = [
        said(
            keys[n], chance.choice(["granted", "granted", "withdrawn"]), at=f"2026-0{chance.randint(1, 5)}-0{chance.randint(1, 9)}",
            purpose=chance.choice(["survey", "offers", "newsletter"]), channel=chance.choice(["email", "email", "ads"]),
            contact_point=chance.choice([f"{keys[n]}@x.se", f"{keys[chance.randint(0, 11)]}@x.se", f"{keys[0]}@x.se"]),
            confirmed_at=chance.choice([None, datetime(2026, 3, 9)]), expires_at=chance.choice([None, datetime(2026, 5, 20), datetime(2026, 7, 1)]),
        )
        for n in range(12) for _ in range(chance.randint(3, 12))
    ]  # fmt: skip
    events += [
        said(keys[3], "withdrawn", "2026-02-02", purpose="all", channel="ads"),
        said(keys[4], "withdrawn", "2026-02-02", purpose="direct_marketing"),
    ]
    left = {
        "kind": "unsubscribed",
        "person_key": keys[5],
        "contact_point": f"{keys[0]}@x.se",
        "occurred_at": datetime(2026, 3, 3),
    }
    return people, events, left


def test_a_contact_point_that_many_withdrew_from_permits_no_more_and_no_less_than_told_in_full(permitted, warehouse):
    people, events, left = [], [], []
    for seed in SEEDS:
        of_seed = drawn(seed)
        people += of_seed[0]
        events += of_seed[1]
        left.append(of_seed[2])
    permitted(people, consent_events=events, email_events=left)
    # one mailbox is three customers'
    for seed in SEEDS:
        warehouse.execute(
            f"update identity.normalised_people set email_key = 's{seed}p0@x.se' where source_key in ('s{seed}p1', 's{seed}p2')"
        )
    key_withdrawn_points(warehouse, "SE")
    for table in ("contact_permissions", "contact_permission_history"):
        in_full, in_short = (
            re.sub("statements > 20", f"statements > {many}", permitted.compiled[table]) for many in (1000, 0)
        )
        assert in_full != in_short
        warehouse.execute(f"create or replace table identity.{table}_in_full as {in_full}")
        warehouse.execute(f"create or replace table identity.{table}_in_short as {in_short}")
    for one, other in (("full", "short"), ("short", "full")):
        now = f"from identity.contact_permissions_in_{one} except from identity.contact_permissions_in_{other}"
        assert warehouse.execute(now).fetchall() == []
        then = " except ".join(
            "select m.at, h.customer_id, h.purpose, h.channel, h.contact_point from (select distinct valid_from as at from identity.contact_permission_history_in_full) m "
            f"join identity.contact_permission_history_in_{which} h on h.is_permitted and m.at >= h.valid_from and coalesce(m.at < h.valid_to, true)"
            for which in (one, other)
        )
        assert warehouse.execute(then).fetchall() == []
    rows = (
        "select left(s.source_key, 2), count(*), count(*) filter (h.is_permitted) from identity.contact_permission_history_in_{} h "
        "join identity.customer_source_records s on s.customer_id = h.customer_id and s.valid_to is null group by 1 order by 1"
    )
    full, short = (warehouse.execute(rows.format(which)).fetchall() for which in ("full", "short"))
    assert [seed for seed, *_ in full] == [seed for seed, *_ in short] == [f"s{seed}" for seed in SEEDS]
    assert [few < many and allowed > 5 for (_, many, allowed), (_, few, _) in zip(full, short, strict=True)] == [
        True
    ] * len(SEEDS)


@story
def test_a_withdrawal_outlives_the_record_that_made_it(cast):
    """The email tool forgets a subscriber; what they said there stands for whoever the customer is now."""
    one, granted_there, other = cast.many(3)
    subscriber, other_subscriber = (each | {"source_key": f"{each['source_key']}sub"} for each in (one, granted_there))
    events = [of(one), of(subscriber, "withdrawn", at="2026-02-01"), of(other_subscriber), of(other)]
    found = yield night([one, subscriber, granted_there, other_subscriber, other], *events)
    assert found.keys_of & {one["source_key"], subscriber["source_key"]} == set()
    assert found.keys_of & {granted_there["source_key"], other_subscriber["source_key"]}
    # but a grant does not: whose record is gone is not written to by it
    found = yield night([one, granted_there, other], *events)
    assert found.keys_of == {other["source_key"]}


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
        f"select source_key, is_lawful, reason, deciding_event from ({permitted.compiled['fct_contact_compliance']}) order by 1"
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
    statements += [said(f"p{n:02}", wording_version=None) for n in range(34, 39)]
    statements += [said(f"p{n:02}", channel="sms") for n in range(4)]  # fewer than may be told
    permitted(people, consent_events=statements)
    found = warehouse.execute(f"from ({permitted.compiled['bi_consent_overview']}) order by channel").fetchall()
    assert found == [("survey", "email", 39, 21, 11, 7, 11, 0), ("survey", "sms", None, None, None, 0, 0, 0)]
