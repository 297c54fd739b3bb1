"""When a withdrawal was made, against when who grants did: no time at all, a day, clocks of unknown zones."""

from __future__ import annotations

from datetime import datetime

from tests.unit.consent import said
from tests.unit.people import by_case, someone
from tests.unit.stories import Night, night, of, story

BETWEEN = {"a yes": {"status": "granted"}, "its deletion": {"deleted_at": datetime(2026, 4, 20)}}


@story
def test_rule_04_an_untimed_no_after_a_yes_of_the_same_row_is_a_new_one(cast):
    """A table of states without times: no, yes or gone, no. What was granted elsewhere before the second no does not stand."""
    people = cast.many(len(BETWEEN))
    states = [of(one, "withdrawn", stated_at=None, source_key=f"u{n}") for n, one in enumerate(people)]
    granted = [of(one, at="2026-03-15", source_key=f"g{n}") for n, one in enumerate(people)]

    def states_of(load: int, seen: datetime, rows: list[dict], *more: dict) -> Night:
        written = [
            state | {"extracted_at": seen, "load_id": load} | row for state, row in zip(states, rows, strict=True)
        ]
        return night(people, *granted, *more, *written)

    def points(found: dict) -> dict[str, object]:
        return by_case(BETWEEN, lambda n: found.get((people[n]["source_key"], "survey", "email")))

    same = [{} for _ in people]
    allowed, denied = by_case(BETWEEN, lambda n: people[n]["email"]), by_case(BETWEEN, lambda _: None)
    assert points((yield states_of(2, datetime(2026, 2, 1), same))) == allowed  # no, before the grant
    assert points((yield states_of(3, datetime(2026, 4, 1), same))) == allowed  # written again, with the same no
    assert points((yield states_of(4, datetime(2026, 5, 1), list(BETWEEN.values())))) == allowed
    assert points((yield states_of(5, datetime(2026, 5, 1), same))) == denied
    # that again is no new one when its row is written again, or deleted
    later = [of(one, at="2026-05-10", source_key=f"l{n}") for n, one in enumerate(people)]
    for load, row in ((6, {}), (7, {"deleted_at": datetime(2026, 5, 25)})):
        found = yield states_of(load, datetime(2026, 5, 20), [row for _ in people], *later)
        assert points(found) == allowed, load


@story
def test_rule_04_a_row_that_says_withdrawn_is_no_older_than_the_confirmation_beside_it(cast):
    """A mail tool's export: the times of the opt-in and its confirmation, and the status of today."""
    # one without a time of its own is as new as its delivery
    untimed = {"stated_at": None, "extracted_at": datetime(2026, 4, 1)}
    cases = {
        "granted before the confirmation": ("2026-03-15", {}, False),
        "granted after it": ("2026-03-21", {}, True),
        "granted after it, and before an untimed row came": ("2026-03-25", untimed, False),
    }
    people, statements = cast.many(len(cases)), []
    for one, (granted_at, row, _) in zip(people, cases.values(), strict=True):
        statements.append(of(one, "withdrawn", confirmed_at=datetime(2026, 3, 20)) | row)
        statements.append(of(one, at=granted_at))
    found = yield night(people, *statements)
    assert {case: one["source_key"] in found.keys_of for case, one in zip(cases, people, strict=True)} == {
        case: is_allowed for case, (_, _, is_allowed) in cases.items()
    }


@story
def test_rule_04_an_unclear_status_beside_a_confirmation_is_fixed_by_its_row(cast):
    one = cast.one()
    grant = of(one, at="2026-03-15")
    unclear = of(one, "?", confirmed_at=datetime(2026, 3, 20), source_key="u")
    found = yield night([one], unclear, grant)
    assert found == {}
    found = yield night([one], unclear | {"status": "granted", "load_id": 2}, grant)
    assert found == {(one["source_key"], "survey", "email"): one["email"]}


DAY = datetime(2026, 3, 1, 23, 59, 59, 999999)  # as staging writes a day
ANEW = datetime(2026, 3, 2, 23, 59, 59, 999999)
# when was granted and when withdrawn, and whether the grant stands
DAYS = [
    *((at, DAY, False) for at in (datetime(2026, 2, 1), datetime(2026, 3, 1), datetime(2026, 3, 1, 23, 59, 59), DAY)),
    (ANEW, DAY, True),
    (datetime(2026, 3, 2), DAY, True),
    # which of one day was first is not known
    (DAY, datetime(2026, 3, 1), False),
    (DAY, datetime(2026, 3, 1, 8), False),
    (datetime(2026, 1, 1), DAY, False),
]


def test_rule_04_what_names_only_a_day_is_weighed_against_who_grants(permitted, warehouse):
    """A withdrawal holds from the day's first moment and beats every grant of the day; a grant holds from the day's end."""
    people = [someone(n) for n in range(len(DAYS))]
    statements = []
    for one, (granted_at, withdrawn_at, _) in zip(people, DAYS, strict=True):
        granted = said(one["source_key"], stated_at=granted_at, contact_point=one["email"])
        statements += [granted, granted | {"status": "withdrawn", "stated_at": withdrawn_at}]
    found = permitted(people, consent_events=statements)
    assert by_case(DAYS, lambda n: found.get((f"p{n}", "survey", "email"))) == by_case(
        DAYS, lambda n: people[n]["email"] if DAYS[n][2] else None
    )
    since = (
        "select h.valid_from from marts.contact_permission_history h join identity.customer_source_records s using (customer_id) "
        f"where not h.is_permitted and s.source_key = 'p{len(DAYS) - 1}'"
    )
    assert warehouse.execute(since).fetchall() == [(datetime(2026, 3, 1),)]
    anew = DAYS.index((ANEW, DAY, True))
    of_anew = statements[2 * anew : 2 * anew + 2]
    assert permitted([people[anew]], at="2026-03-02T12:00:00", consent_events=of_anew) == {}


# granted, withdrawn, is it permitted: what is told by the minute or the second may be as late as its end
ROUNDED = [
    ("2026-03-02T10:15:30", "2026-03-02T10:15", False),
    ("2026-03-02T10:15:59.5", "2026-03-02T10:15", False),
    ("2026-03-02T10:16", "2026-03-02T10:15", True),
    ("2026-03-02T10:15:30.7", "2026-03-02T10:15:30", False),
    ("2026-03-02T10:15:31", "2026-03-02T10:15:30", True),
    ("2026-03-02T10:15:30.7005", "2026-03-02T10:15:30.7", False),
    ("2026-03-02T10:15:30.701", "2026-03-02T10:15:30.7", True),
    ("2026-03-02T10:15:30.7005", "2026-03-02T10:15:30.7001", True),
]


@story
def test_rule_04_a_withdrawal_by_the_minute_or_the_second_beats_every_grant_of_it(cast):
    people, statements = cast.many(len(ROUNDED)), []
    for one, (granted_at, withdrawn_at, _) in zip(people, ROUNDED, strict=True):
        statements += [of(one, at=granted_at), of(one, "withdrawn", at=withdrawn_at)]
    found = yield night(people, *statements)
    assert [one["source_key"] in found.keys_of for one in people] == [allowed for _, _, allowed in ROUNDED]


LOCAL, OTHER = {"is_zoneless": True}, {"is_zoneless": True, "source_system": "webshop"}
GRANT, EXACT = {"at": "2026-03-02T13:00"} | LOCAL, {"at": "2026-03-02T13:00"}
CLOCKS = [
    # 14 hours before it, and a minute more
    (GRANT, {"at": "2026-03-01T23:00"}, False),
    (GRANT, {"at": "2026-03-01T22:59"}, True),
    # a withdrawal of an unknown zone may be 12 hours later
    (EXACT, {"at": "2026-03-02T01:00"} | LOCAL, False),
    (EXACT, {"at": "2026-03-02T00:59"} | LOCAL, True),
    # each on its own clock: both
    (GRANT, {"at": "2026-03-01T11:00"} | OTHER, False),
    (GRANT, {"at": "2026-03-01T10:59"} | OTHER, True),
    # by one clock the order is known
    (GRANT, {"at": "2026-03-02T12:59"} | LOCAL, True),
    (GRANT, {"at": "2026-03-02T13:00"} | LOCAL, False),
    (EXACT, {"at": "2026-03-02T12:59"}, True),
]


@story
def test_rule_04_a_grant_that_may_have_come_before_a_withdrawal_on_another_clock_is_none(cast):
    """crm writes times without an offset and states no timezone: 13:00 there may be any instant from 23:00 the day before."""
    people = cast.many(len(CLOCKS))
    statements = []
    for one, (granted, withdrawn, _) in zip(people, CLOCKS, strict=True):
        statements += [of(one, **granted), of(one, "withdrawn", **withdrawn)]
    found = yield night(people, *statements)
    expected = by_case(CLOCKS, lambda n: CLOCKS[n][2])
    assert by_case(CLOCKS, lambda n: people[n]["source_key"] in found.keys_of) == expected
    now = dict(
        cast.rows(
            "select s.source_key, h.is_permitted from marts.contact_permission_history h join identity.customer_source_records s using (customer_id) "
            "where h.purpose = 'survey' and h.channel = 'email' and h.valid_to is null"
        )
    )
    assert by_case(CLOCKS, lambda n: now[people[n]["source_key"]]) == expected


@story
def test_rule_04_a_time_zone_that_is_stated_later_tells_when_a_withdrawal_was(cast):
    """A withdrawal of 12:00 of an unknown zone is of 10:00 UTC once its source states Stockholm: one, and not two."""
    one = cast.one()
    granted = of(one, at="2026-03-02T11:00", source_key="g")
    found = yield night([one], granted, of(one, "withdrawn", "2026-03-02T12:00", is_zoneless=True, source_key="w"))
    assert found == {}
    found = yield night([one], granted, of(one, "withdrawn", "2026-03-02T10:00", source_key="w"))
    assert found == {(one["source_key"], "survey", "email"): one["email"]}
    ledger = "select stated_at, is_zoneless from identity.withdrawals where person_key = ?"
    assert cast.rows(ledger, one["source_key"]) == [(datetime(2026, 3, 2, 10), False)]
