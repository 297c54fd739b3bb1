"""What is not readably a grant denies: unknown words, kinds of events, purposes and channels."""

from __future__ import annotations

from datetime import datetime

from orchestration.contracts.conformed import entities
from tests.unit.consent import NOBODYS
from tests.unit.people import by_case
from tests.unit.stories import night, of, story

UNCLEAR = ["WITHDRAWN", "withdrawn ", " Withdrawn\u00a0", "revoked", "opt-out", "Opt_Out", "0", "", None, "maybe", "nej", "gränted"]  # fmt: skip


@story
def test_rule_04_whatever_is_not_readably_a_grant_denies_its_person_and_its_contact_point(cast):
    people, other = cast.many(2 * len(UNCLEAR)), cast.one()
    named, by_address = people[: len(UNCLEAR)], people[len(UNCLEAR) :]
    of_person = [of(one, status, "2026-03-01", contact_point=None) for one, status in zip(named, UNCLEAR, strict=True)]
    of_address = [of(one, status, "2026-03-01") | NOBODYS for one, status in zip(by_address, UNCLEAR, strict=True)]
    # what staging sets aside is in no conformed table
    found = yield night([*people, other], *map(of, people), of(other), *of_person, *of_address)
    assert other["source_key"] in found.keys_of
    allowed = by_case(UNCLEAR * 2, lambda n: people[n]["source_key"] in found.keys_of)
    assert allowed == by_case(UNCLEAR * 2, lambda _: False)


@story
def test_rule_04_what_could_not_be_read_stands_until_its_row_comes_readable(cast):
    one = cast.one()
    found = yield night([one], of(one, "???", source_key="s"))
    assert found == {}
    found = yield night([one], of(one, source_key="s", load_id=2))
    assert found == {(one["source_key"], "survey", "email"): one["email"]}


@story
def test_rule_04_a_row_about_somebody_else_under_its_key_frees_nobody(cast):
    """A tool that numbers its rows anew: key s was of one who could not be read, and is of another one's grant by now."""
    ways = {
        "by key": ({}, {}),
        "by point": ({"person_key": None}, {"person_key": None}),
        "by point, then by key": ({"person_key": None}, {}),
    }
    ones, others = cast.many(len(ways)), cast.many(len(ways))
    grants, before, after = [], [], []
    for n, (one, other, (first, then)) in enumerate(zip(ones, others, ways.values(), strict=True)):
        grants.append(of(one, at="2026-01-01", source_key=f"g{n}"))
        before.append(of(one, "paused", "2026-03-01", source_key=f"s{n}") | first)
        after.append(of(other, at="2026-05-20", source_key=f"s{n}", load_id=2) | then)
    found = yield night([*ones, *others], *grants, *before)
    assert found == {}
    found = yield night([*ones, *others], *grants, *after)
    assert not found.keys_of & {one["source_key"] for one in ones}
    assert others[0]["source_key"] in found.keys_of


@story
def test_rule_04_an_earlier_grant_that_comes_again_fixes_nothing_that_could_not_be_read(cast):
    one = cast.one()
    grant = of(one, at="2026-01-01", source_key="s", load_id=1)
    unclear = of(one, "pausad?", "2026-03-01", source_key="s", load_id=2)
    found = yield night([one], grant)
    assert found == {(one["source_key"], "survey", "email"): one["email"]}
    found = yield night([one], unclear)
    assert found == {}
    found = yield night([one], grant | {"load_id": 3})
    assert found == {}
    found = yield night([one], of(one, at="2026-04-01", source_key="s", load_id=4))
    assert found != {}


OFFERS = {"purpose": "offers", "confirmed_at": datetime(2026, 1, 2)}
SPELLINGS = ["unsubscribe", "group_unsubscribe", "Unsubscribed ", "spamreport", "spam_report", "COMPLAINT", "opt-out"]


@story
def test_rule_04_a_message_event_that_withdraws_is_known_in_every_spelling(cast):
    """Without a time, as of the second half, it stands from when it was first known."""
    cases = [(kind, is_timed) for is_timed in (True, False) for kind in SPELLINGS]
    people, other = cast.many(len(cases)), cast.one()
    events = []
    for one, (kind, is_timed) in zip(people, cases, strict=True):
        point = one["email"].replace(one["given_name"].lower(), one["given_name"].upper())
        when = {"occurred_at": datetime(2026, 3, 1)} if is_timed else {"extracted_at": datetime(2026, 3, 1)}
        events.append({"kind": kind, "contact_point": point} | when | NOBODYS)
    events += [
        {"kind": kind, "contact_point": other["email"], "occurred_at": datetime(2026, 3, 1)} | NOBODYS
        for kind in ("bounced", "bounce", "dropped", "group_resubscribe", "deferred", "Hard Bounce", "processed")
    ]
    found = yield night([*people, other], *(of(one, **OFFERS) for one in (*people, other)), email_events=events)
    assert other["source_key"] in found.keys_of
    allowed = by_case(cases, lambda n: people[n]["source_key"] in found.keys_of)
    assert allowed == by_case(cases, lambda _: False)


UNREADABLE = [{"purpose": None}, {"purpose": "nyhetsbrev?"}, {"channel": None}, {"channel": "e-post"}]


@story
def test_rule_04_a_withdrawal_of_a_purpose_or_channel_that_cannot_be_read_is_of_all(cast):
    """By the record, or by nothing but its address."""
    cases = [(what, is_named) for what in UNREADABLE for is_named in (True, False)]
    people, other = cast.many(len(cases)), cast.one()
    statements = [of(other)]
    for one, (what, is_named) in zip(people, cases, strict=True):
        statements += [of(one), of(one, "withdrawn", "2026-03-01") | what | ({} if is_named else NOBODYS)]
    found = yield night([*people, other], *statements)
    assert other["source_key"] in found.keys_of
    allowed = by_case(cases, lambda n: people[n]["source_key"] in found.keys_of)
    assert allowed == by_case(cases, lambda _: False)


UNKNOWN = ["preference_changed", "opt", "cancelled", "", None]


@story
def test_rule_04_an_event_of_unknown_kind_denies_until_it_is_mapped(cast):
    people, other = cast.many(len(UNKNOWN)), cast.one()
    offers = [of(one, **OFFERS) for one in (*people, other)]
    events = [
        {"kind": kind, "contact_point": one["email"], "occurred_at": datetime(2026, 3, 1), "source_key": f"e{n}"}
        | NOBODYS
        for n, (one, kind) in enumerate(zip(people, UNKNOWN, strict=True))
    ]
    for read_as, is_allowed in (({}, False), ({"kind": "opened"}, True)):
        found = yield night([*people, other], *offers, email_events=[event | read_as for event in events])
        assert other["source_key"] in found.keys_of
        allowed = by_case(UNKNOWN, lambda n: people[n]["source_key"] in found.keys_of)  # noqa: B023 - asked at once
        assert allowed == by_case(UNKNOWN, lambda _: is_allowed)  # noqa: B023


def test_rule_04_the_contract_of_events_folds_a_kind_as_what_denies_by_it(compiled, warehouse):
    """What is no known kind by its letters is set aside, whatever letters they are."""
    kinds = {"opened": True, "Hard-Bounce": True, "unsubscribe": True, "öopened": False, "åopen": False, "opt": False}
    warehouse.execute("create schema staging; create schema ops; create table ops.clock as select timestamp '2026-06-01' as as_of, 0 as published_load")  # fmt: skip
    columns = entities()["email_events"] | dict.fromkeys(("deleted_at", "extracted_at"), "timestamp") | {"load_id": "bigint"}  # fmt: skip
    columns |= dict.fromkeys(("source_system", "source_key", "quarantine_reason", "quarantine_code"), "varchar")
    declared = ", ".join(f"{column} {kind}" for column, kind in columns.items())
    warehouse.execute(f"create table staging.stg_email__email_events ({declared})")
    for kind in kinds:
        warehouse.execute(
            "insert into staging.stg_email__email_events by name select $1 as source_key, 'email' as source_system, $1 as kind, "
            "'a' as person_key, timestamp '2026-03-01' as occurred_at, timestamp '2026-03-01' as extracted_at, 1 as load_id",
            [kind],
        )
    stands = {
        row[0] for row in warehouse.execute(f"select kind from ({compiled['conformed_email_events']})").fetchall()
    }
    assert stands == {kind for kind, is_known in kinds.items() if is_known}
