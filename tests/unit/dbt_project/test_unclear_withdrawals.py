"""What is not readably a grant denies: unknown words, kinds of events, purposes and channels."""

from __future__ import annotations

from datetime import datetime

from orchestration.contracts.conformed import entities
from tests.unit.consent import ANNA, BO, NOBODYS, SURVEY, said
from tests.unit.people import by_case, someone

UNCLEAR = ["WITHDRAWN", "withdrawn ", " Withdrawn\u00a0", "revoked", "opt-out", "Opt_Out", "0", "", None, "maybe", "nej", "gränted"]  # fmt: skip


def test_rule_04_whatever_is_not_readably_a_grant_denies_its_person_and_its_contact_point(permitted):
    people = [someone(n) for n in range(2 * len(UNCLEAR))]
    granted = [said(one["source_key"], contact_point=one["email"]) for one in people] + [said("bo")]
    of_person = [said(f"p{n}", status, "2026-03-01", contact_point=None) for n, status in enumerate(UNCLEAR)]
    of_address = [
        said("-", status, "2026-03-01", contact_point=one["email"]) | NOBODYS
        for one, status in zip(people[len(UNCLEAR) :], UNCLEAR, strict=True)
    ]
    # what staging sets aside is in no conformed table
    found = permitted([*people, BO], consent_events=[*granted, *of_person, *of_address])
    allowed = {key for key, _, _ in found}
    assert "bo" in allowed
    assert by_case(UNCLEAR * 2, lambda n: f"p{n}" in allowed) == by_case(UNCLEAR * 2, lambda _: False)


def test_rule_04_what_could_not_be_read_stands_until_its_row_comes_readable(permitted):
    permitted.remembers = True
    unreadable = said("anna", "???", source_key="s")
    assert permitted([ANNA], consent_events=[unreadable]) == {}
    assert permitted([ANNA], consent_events=[said("anna", source_key="s", load_id=2)]) == {SURVEY: "anna@x.se"}


def test_rule_04_a_row_about_somebody_else_under_its_key_frees_nobody(permitted):
    """A tool that numbers its rows anew: key s was of one who could not be read, and is of another one's grant by now."""
    permitted.remembers = True
    ways = {
        "by key": ({}, {}),
        "by point": ({"person_key": None}, {"person_key": None}),
        "by point, then by key": ({"person_key": None}, {}),
    }
    people = [someone(n) for n in range(2 * len(ways))]
    grants, before, after = [], [], []
    for n, (first, then) in enumerate(ways.values()):
        one, other = people[2 * n], people[2 * n + 1]
        grants.append(said(one["source_key"], at="2026-01-01", contact_point=one["email"], source_key=f"g{n}"))
        row = said(one["source_key"], "paused", "2026-03-01", contact_point=one["email"], source_key=f"s{n}")
        before.append(row | first)
        grant = said(other["source_key"], at="2026-06-01", contact_point=other["email"], source_key=f"s{n}", load_id=2)
        after.append(grant | then)
    assert permitted(people, consent_events=[*grants, *before]) == {}
    found = {who for who, _, _ in permitted(people, at="2026-07-01T12:00:00", consent_events=[*grants, *after])}
    assert not found & {people[2 * n]["source_key"] for n in range(len(ways))}
    assert people[1]["source_key"] in found


def test_rule_04_an_earlier_grant_that_comes_again_fixes_nothing_that_could_not_be_read(permitted):
    permitted.remembers = True
    grant = said("anna", at="2026-01-01", source_key="s", load_id=1)
    unclear = said("anna", "pausad?", "2026-03-01", source_key="s", load_id=2)
    assert permitted([ANNA], consent_events=[grant]) == {SURVEY: "anna@x.se"}
    assert permitted([ANNA], consent_events=[unclear]) == {}
    assert permitted([ANNA], consent_events=[grant | {"load_id": 3}]) == {}
    assert permitted([ANNA], consent_events=[said("anna", at="2026-04-01", source_key="s", load_id=4)]) != {}


OFFERS = {"purpose": "offers", "confirmed_at": datetime(2026, 1, 2)}
SPELLINGS = ["unsubscribe", "group_unsubscribe", "Unsubscribed ", "spamreport", "spam_report", "COMPLAINT", "opt-out"]


def test_rule_04_a_message_event_that_withdraws_is_known_in_every_spelling(permitted):
    """Without a time, as of the second half, it stands from when it was first known."""
    cases = [(kind, is_timed) for is_timed in (True, False) for kind in SPELLINGS]
    people = [someone(n) for n in range(len(cases))]
    offers = [said(one["source_key"], contact_point=one["email"], **OFFERS) for one in people] + [said("bo", **OFFERS)]
    events = []
    for one, (kind, is_timed) in zip(people, cases, strict=True):
        point = one["email"].replace(one["given_name"].lower(), one["given_name"].upper())
        when = {"occurred_at": datetime(2026, 3, 1)} if is_timed else {"extracted_at": datetime(2026, 3, 1)}
        events.append({"kind": kind, "contact_point": point} | when | NOBODYS)
    events += [
        {"kind": other, "contact_point": "bo@x.se", "occurred_at": datetime(2026, 3, 1)} | NOBODYS
        for other in ("bounced", "bounce", "dropped", "group_resubscribe", "deferred", "Hard Bounce", "processed")
    ]
    found = permitted([*people, BO], consent_events=offers, email_events=events)
    assert ("bo", "offers", "email") in found
    assert by_case(cases, lambda n: (f"p{n}", "offers", "email") in found) == by_case(cases, lambda _: False)


UNREADABLE = [{"purpose": None}, {"purpose": "nyhetsbrev?"}, {"channel": None}, {"channel": "e-post"}]


def test_rule_04_a_withdrawal_of_a_purpose_or_channel_that_cannot_be_read_is_of_all(permitted):
    """By the record, or by nothing but its address."""
    cases = [(of, is_named) for of in UNREADABLE for is_named in (True, False)]
    people = [someone(n) for n in range(len(cases))]
    statements = [said("bo")]
    for one, (of, is_named) in zip(people, cases, strict=True):
        granted = said(one["source_key"], contact_point=one["email"])
        withdrawn = granted | {"status": "withdrawn", "stated_at": datetime(2026, 3, 1)}
        statements += [granted, withdrawn | of | ({} if is_named else NOBODYS)]
    found = permitted([*people, BO], consent_events=statements)
    assert ("bo", "survey", "email") in found
    assert by_case(cases, lambda n: (f"p{n}", "survey", "email") in found) == by_case(cases, lambda _: False)


UNKNOWN = ["preference_changed", "opt", "cancelled", "", None]


def test_rule_04_an_event_of_unknown_kind_denies_until_it_is_mapped(permitted):
    permitted.remembers = True
    people = [someone(n) for n in range(len(UNKNOWN))]
    offers = [said(one["source_key"], contact_point=one["email"], **OFFERS) for one in people] + [said("bo", **OFFERS)]
    events = [
        {"kind": kind, "contact_point": one["email"], "occurred_at": datetime(2026, 3, 1), "source_key": f"e{n}"}
        | NOBODYS
        for n, (one, kind) in enumerate(zip(people, UNKNOWN, strict=True))
    ]

    def allowed(events: list[dict]) -> dict[str, object]:
        found = permitted([*people, BO], consent_events=offers, email_events=events)
        assert ("bo", "offers", "email") in found
        return by_case(UNKNOWN, lambda n: (f"p{n}", "offers", "email") in found)

    assert allowed(events) == by_case(UNKNOWN, lambda _: False)
    assert allowed([event | {"kind": "opened"} for event in events]) == by_case(UNKNOWN, lambda _: True)


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
