"""When a withdrawal was made, against when who grants did: no time at all, a day, clocks of unknown zones."""

from __future__ import annotations

from datetime import datetime

import pytest

from tests.unit.consent import ANNA, SURVEY, said


@pytest.mark.parametrize("between", ["yes", "gone"])
def test_rule_04_an_untimed_no_after_a_yes_of_the_same_row_is_a_new_one(permitted, between):
    """A table of states without times: no, yes, no. What was granted elsewhere before the second no does not stand."""
    permitted.remembers = True
    state = said("anna", "withdrawn", stated_at=None, source_key="u")
    granted = said("anna", at="2026-03-15")

    def night(load: int, day: int, **row) -> set:
        seen = datetime(2026, day, 1)
        return set(permitted([ANNA], consent_events=[granted, state | {"extracted_at": seen, "load_id": load} | row]))

    assert night(2, 2) == {SURVEY}  # no, before the grant
    assert night(3, 4) == {SURVEY}  # the row is written again, with the same no
    then = {"status": "granted"} if between == "yes" else {"deleted_at": datetime(2026, 4, 20)}
    assert night(4, 5, **then) == {SURVEY}
    assert night(5, 5) == set()
    # that again is no new one when its row is written again, or deleted
    later = said("anna", at="2026-05-10")
    for load, row in ((6, {}), (7, {"deleted_at": datetime(2026, 5, 25)})):
        again = state | {"extracted_at": datetime(2026, 5, 20), "load_id": load} | row
        assert permitted([ANNA], consent_events=[granted, later, again]) == {SURVEY: "anna@x.se"}, load


def test_rule_04_a_row_that_says_withdrawn_is_no_older_than_the_confirmation_beside_it(permitted):
    """A mail tool's export: the times of the opt-in and its confirmation, and the status of today."""
    row = said("anna", "withdrawn", confirmed_at=datetime(2026, 3, 20))
    assert permitted([ANNA], consent_events=[row, said("anna", at="2026-03-15")]) == {}
    assert permitted([ANNA], consent_events=[row, said("anna", at="2026-03-21")]) == {SURVEY: "anna@x.se"}
    # one without a time of its own is as new as its delivery
    untimed = row | {"stated_at": None, "extracted_at": datetime(2026, 4, 1)}
    assert permitted([ANNA], consent_events=[untimed, said("anna", at="2026-03-25")]) == {}


def test_rule_04_an_unclear_status_beside_a_confirmation_is_mended_by_its_row(permitted):
    permitted.remembers = True
    grant = said("anna", at="2026-03-15")
    unclear = said("anna", "?", confirmed_at=datetime(2026, 3, 20), source_key="u")
    assert permitted([ANNA], consent_events=[unclear, grant]) == {}
    assert permitted([ANNA], consent_events=[unclear | {"status": "granted", "load_id": 2}, grant]) == {
        SURVEY: "anna@x.se"
    }


def test_rule_04_what_names_only_a_day_is_weighed_against_who_grants(permitted, warehouse):
    """A withdrawal holds from the day's first moment and beats every grant of the day; a grant holds from the day's end."""
    day = datetime(2026, 3, 1, 23, 59, 59, 999999)  # as staging writes a day
    withdrawn = said("anna", "withdrawn", stated_at=day)
    for at in (datetime(2026, 2, 1), datetime(2026, 3, 1), datetime(2026, 3, 1, 23, 59, 59), day):
        assert permitted([ANNA], consent_events=[withdrawn, said("anna", stated_at=at)]) == {}, at
    anew = said("anna", stated_at=datetime(2026, 3, 2, 23, 59, 59, 999999))
    assert permitted([ANNA], consent_events=[withdrawn, anew]) == {SURVEY: "anna@x.se"}
    assert permitted([ANNA], at="2026-03-02T12:00:00", consent_events=[withdrawn, anew]) == {}
    assert permitted([ANNA], consent_events=[withdrawn, said("anna", stated_at=datetime(2026, 3, 2))]) == {
        SURVEY: "anna@x.se"
    }
    # which of one day was first is not known
    for at in (datetime(2026, 3, 1), datetime(2026, 3, 1, 8)):
        assert (
            permitted([ANNA], consent_events=[said("anna", stated_at=day), said("anna", "withdrawn", stated_at=at)])
            == {}
        )
    permitted([ANNA], consent_events=[said("anna"), withdrawn])
    since = "select valid_from from marts.contact_permission_history where not is_permitted"
    assert warehouse.execute(since).fetchall() == [(datetime(2026, 3, 1),)]


def test_rule_04_a_grant_that_may_have_come_before_a_withdrawal_on_another_clock_is_none(permitted, warehouse):
    """crm writes times without an offset and states no timezone: 13:00 there may be any instant from 23:00 the day before."""
    ANNAS = {"contact_point": "anna@x.se"}

    def allowed(granted: dict, withdrawn: dict) -> bool:
        statements = [said("anna", **ANNAS, **granted), said("anna", "withdrawn", source_key="w", **ANNAS, **withdrawn)]
        found = permitted([ANNA], consent_events=statements)
        now = "select is_permitted from marts.contact_permission_history where purpose = 'survey' and channel = 'email' and valid_to is null"
        assert warehouse.execute(now).fetchall() == [(bool(found),)]
        return bool(found)

    local, other = {"is_zoneless": True}, {"is_zoneless": True, "source_system": "webshop"}
    grant = {"at": "2026-03-02T13:00"} | local
    # 14 hours before it, and a minute more
    assert not allowed(grant, {"at": "2026-03-01T23:00"})
    assert allowed(grant, {"at": "2026-03-01T22:59"})
    # a withdrawal of an unknown zone may be 12 hours later
    exact = {"at": "2026-03-02T13:00"}
    assert not allowed(exact, {"at": "2026-03-02T01:00"} | local)
    assert allowed(exact, {"at": "2026-03-02T00:59"} | local)
    # each on its own clock: both
    assert not allowed(grant, {"at": "2026-03-01T11:00"} | other)
    assert allowed(grant, {"at": "2026-03-01T10:59"} | other)
    # by one clock the order is known
    assert allowed(grant, {"at": "2026-03-02T12:59"} | local)
    assert not allowed(grant, {"at": "2026-03-02T13:00"} | local)
    assert allowed(exact, {"at": "2026-03-02T12:59"})


def test_rule_04_a_time_zone_that_is_stated_later_tells_when_a_withdrawal_was(permitted, warehouse):
    """A withdrawal of 12:00 of an unknown zone is of 10:00 UTC once its source states Stockholm: one, and not two."""
    permitted.remembers = True
    withdrawn = {"source_key": "w", "contact_point": "anna@x.se"}
    granted = said("anna", at="2026-03-02T11:00", source_key="g", contact_point="anna@x.se")
    before = said("anna", "withdrawn", "2026-03-02T12:00", is_zoneless=True, **withdrawn)
    assert permitted([ANNA], consent_events=[granted, before]) == {}
    stated = said("anna", "withdrawn", "2026-03-02T10:00", **withdrawn)
    assert permitted([ANNA], consent_events=[granted, stated]) == {SURVEY: "anna@x.se"}
    ledger = warehouse.execute("select stated_at, is_zoneless from identity.withdrawals").fetchall()
    assert ledger == [(datetime(2026, 3, 2, 10), False)]
