"""What is not readably a grant denies: unknown words, kinds of events, purposes and channels."""

from __future__ import annotations

from datetime import datetime

import pytest

from orchestration.contracts.conformed import entities
from tests.unit.consent import ANNA, BO, NOBODYS, SURVEY, said


@pytest.mark.parametrize(
    "status",
    ["WITHDRAWN", "withdrawn ", " Withdrawn\u00a0", "revoked", "opt-out", "Opt_Out", "0", "", None, "maybe", "nej", "gränted"],
)  # fmt: skip
def test_rule_04_whatever_is_not_readably_a_grant_denies_its_person_and_its_contact_point(permitted, status):
    granted = [said("anna"), said("bo")]
    of_person = said("anna", status, "2026-03-01", contact_point=None)
    of_address = said("-", status, "2026-03-01", contact_point="bo@x.se") | NOBODYS
    # what staging sets aside is in no conformed table
    assert permitted([ANNA, BO], consent_events=[*granted, of_person, of_address]) == {}


def test_rule_04_what_could_not_be_read_stands_until_its_row_comes_readable(permitted):
    permitted.remembers = True
    unreadable = said("anna", "???", source_key="s")
    assert permitted([ANNA], consent_events=[unreadable]) == {}
    assert permitted([ANNA], consent_events=[said("anna", source_key="s", load_id=2)]) == {SURVEY: "anna@x.se"}


def test_rule_04_an_earlier_grant_that_comes_again_mends_nothing_that_could_not_be_read(permitted):
    permitted.remembers = True
    grant = said("anna", at="2026-01-01", source_key="s", load_id=1)
    unclear = said("anna", "pausad?", "2026-03-01", source_key="s", load_id=2)
    assert permitted([ANNA], consent_events=[grant]) == {SURVEY: "anna@x.se"}
    assert permitted([ANNA], consent_events=[unclear]) == {}
    assert permitted([ANNA], consent_events=[grant | {"load_id": 3}]) == {}
    assert permitted([ANNA], consent_events=[said("anna", at="2026-04-01", source_key="s", load_id=4)]) != {}


@pytest.mark.parametrize(
    "kind", ["unsubscribe", "group_unsubscribe", "Unsubscribed ", "spamreport", "spam_report", "COMPLAINT", "opt-out"]
)
def test_rule_04_a_message_event_that_withdraws_is_known_in_every_spelling(permitted, kind):
    offers = [said(key, purpose="offers", confirmed_at=datetime(2026, 1, 2)) for key in ("anna", "bo")]
    left = {"kind": kind, "contact_point": "ANNA@x.se", "occurred_at": datetime(2026, 3, 1)} | NOBODYS
    others = [
        {"kind": other, "contact_point": "bo@x.se", "occurred_at": datetime(2026, 3, 1)} | NOBODYS
        for other in ("bounced", "bounce", "dropped", "group_resubscribe", "deferred", "Hard Bounce", "processed")
    ]
    assert set(permitted([ANNA, BO], consent_events=offers, email_events=[left, *others])) == {
        ("bo", "offers", "email")
    }
    # without a time it stands from when it was first known
    untimed = left | {"occurred_at": None, "extracted_at": datetime(2026, 3, 1)}
    assert set(permitted([ANNA, BO], consent_events=offers, email_events=[untimed])) == {("bo", "offers", "email")}


@pytest.mark.parametrize(
    "of", [{"purpose": None}, {"purpose": "nyhetsbrev?"}, {"channel": None}, {"channel": "e-post"}]
)
def test_rule_04_a_withdrawal_of_a_purpose_or_channel_that_cannot_be_read_is_of_all(permitted, of):
    assert permitted([ANNA], consent_events=[said("anna"), said("anna", "withdrawn", "2026-03-01", **of)]) == {}
    assert (
        permitted([ANNA], consent_events=[said("anna"), said("anna", "withdrawn", "2026-03-01", **of, **NOBODYS)]) == {}
    )


@pytest.mark.parametrize("kind", ["preference_changed", "opt", "cancelled", "", None])
def test_rule_04_an_event_of_unknown_kind_denies_until_it_is_mapped(permitted, kind):
    permitted.remembers = True
    offers = [said(key, purpose="offers", confirmed_at=datetime(2026, 1, 2)) for key in ("anna", "bo")]
    event = {
        "kind": kind,
        "contact_point": "anna@x.se",
        "occurred_at": datetime(2026, 3, 1),
        "source_key": "e",
    } | NOBODYS
    assert set(permitted([ANNA, BO], consent_events=offers, email_events=[event])) == {("bo", "offers", "email")}
    assert len(permitted([ANNA, BO], consent_events=offers, email_events=[event | {"kind": "opened"}])) == 2


def test_rule_04_the_contract_of_events_folds_a_kind_as_what_denies_by_it(compiled, warehouse):
    """What is no known kind by its letters is set aside, whatever letters they are."""
    kinds = {"opened": True, "Hard-Bounce": True, "unsubscribe": True, "öopened": False, "åopen": False, "opt": False}
    warehouse.execute("create schema staging; create schema ops; create table ops.clock as select timestamp '2026-06-01' as as_of, 0 as published_load")  # fmt: skip
    columns = entities()["email_events"] | dict.fromkeys(("deleted_at", "extracted_at"), "timestamp") | {"load_id": "bigint"}  # fmt: skip
    columns |= dict.fromkeys(("source_system", "source_key", "quarantine_reason"), "varchar")
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
