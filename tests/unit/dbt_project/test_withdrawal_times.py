"""When a withdrawal was made, against when who grants did: no time at all, a day, clocks of unknown zones."""

from __future__ import annotations

from datetime import datetime

from tests.unit.consent import ANNA, SURVEY, said
from tests.unit.people import by_case, someone

BETWEEN = {"a yes": {"status": "granted"}, "its deletion": {"deleted_at": datetime(2026, 4, 20)}}


def test_rule_04_an_untimed_no_after_a_yes_of_the_same_row_is_a_new_one(permitted):
    """A table of states without times: no, yes or gone, no. What was granted elsewhere before the second no does not stand."""
    permitted.remembers = True
    people = [someone(n) for n in range(len(BETWEEN))]
    points = [{"contact_point": one["email"]} for one in people]
    states = [said(f"p{n}", "withdrawn", stated_at=None, source_key=f"u{n}", **point) for n, point in enumerate(points)]
    granted = [said(f"p{n}", at="2026-03-15", source_key=f"g{n}", **point) for n, point in enumerate(points)]

    def night(load: int, seen: datetime, rows: list[dict], *more: dict) -> dict[str, object]:
        written = [
            state | {"extracted_at": seen, "load_id": load} | row for state, row in zip(states, rows, strict=True)
        ]
        found = permitted(people, consent_events=[*granted, *more, *written])
        return by_case(BETWEEN, lambda n: found.get((f"p{n}", "survey", "email")))

    same = [{} for _ in people]
    allowed, denied = by_case(BETWEEN, lambda n: people[n]["email"]), by_case(BETWEEN, lambda _: None)
    assert night(2, datetime(2026, 2, 1), same) == allowed  # no, before the grant
    assert night(3, datetime(2026, 4, 1), same) == allowed  # the row is written again, with the same no
    assert night(4, datetime(2026, 5, 1), list(BETWEEN.values())) == allowed
    assert night(5, datetime(2026, 5, 1), same) == denied
    # that again is no new one when its row is written again, or deleted
    later = [said(f"p{n}", at="2026-05-10", source_key=f"l{n}", **point) for n, point in enumerate(points)]
    for load, row in ((6, {}), (7, {"deleted_at": datetime(2026, 5, 25)})):
        assert night(load, datetime(2026, 5, 20), [row for _ in people], *later) == allowed, load


def test_rule_04_a_row_that_says_withdrawn_is_no_older_than_the_confirmation_beside_it(permitted):
    """A mail tool's export: the times of the opt-in and its confirmation, and the status of today."""
    # one without a time of its own is as new as its delivery
    untimed = {"stated_at": None, "extracted_at": datetime(2026, 4, 1)}
    cases = {
        "granted before the confirmation": ("2026-03-15", {}, False),
        "granted after it": ("2026-03-21", {}, True),
        "granted after it, and before an untimed row came": ("2026-03-25", untimed, False),
    }
    statements = []
    for n, (granted_at, row, _) in enumerate(cases.values()):
        point = {"contact_point": someone(n)["email"]}
        statements.append(said(f"p{n}", "withdrawn", confirmed_at=datetime(2026, 3, 20), **point) | row)
        statements.append(said(f"p{n}", at=granted_at, **point))
    found = permitted([someone(n) for n in range(len(cases))], consent_events=statements)
    assert {case: (f"p{n}", "survey", "email") in found for n, case in enumerate(cases)} == {
        case: is_allowed for case, (_, _, is_allowed) in cases.items()
    }


def test_rule_04_an_unclear_status_beside_a_confirmation_is_fixed_by_its_row(permitted):
    permitted.remembers = True
    grant = said("anna", at="2026-03-15")
    unclear = said("anna", "?", confirmed_at=datetime(2026, 3, 20), source_key="u")
    assert permitted([ANNA], consent_events=[unclear, grant]) == {}
    assert permitted([ANNA], consent_events=[unclear | {"status": "granted", "load_id": 2}, grant]) == {
        SURVEY: "anna@x.se"
    }


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


def test_rule_04_a_withdrawal_by_the_minute_or_the_second_beats_every_grant_of_it(permitted):
    statements = []
    for n, (granted_at, withdrawn_at, _) in enumerate(ROUNDED):
        point = {"contact_point": someone(n)["email"]}
        statements += [said(f"p{n}", at=granted_at, **point), said(f"p{n}", "withdrawn", at=withdrawn_at, **point)]
    found = permitted([someone(n) for n in range(len(ROUNDED))], consent_events=statements)
    assert [(f"p{n}", "survey", "email") in found for n in range(len(ROUNDED))] == [
        allowed for _, _, allowed in ROUNDED
    ]


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


def test_rule_04_a_grant_that_may_have_come_before_a_withdrawal_on_another_clock_is_none(permitted, warehouse):
    """crm writes times without an offset and states no timezone: 13:00 there may be any instant from 23:00 the day before."""
    people = [someone(n) for n in range(len(CLOCKS))]
    statements = []
    for n, (one, (granted, withdrawn, _)) in enumerate(zip(people, CLOCKS, strict=True)):
        point = {"contact_point": one["email"]}
        statements.append(said(f"p{n}", source_key=f"g{n}", **point, **granted))
        statements.append(said(f"p{n}", "withdrawn", source_key=f"w{n}", **point, **withdrawn))
    found = permitted(people, consent_events=statements)
    expected = by_case(CLOCKS, lambda n: CLOCKS[n][2])
    assert by_case(CLOCKS, lambda n: (f"p{n}", "survey", "email") in found) == expected
    now = warehouse.execute(
        "select s.source_key, h.is_permitted from marts.contact_permission_history h join identity.customer_source_records s using (customer_id) "
        "where h.purpose = 'survey' and h.channel = 'email' and h.valid_to is null"
    ).fetchall()
    assert len(now) == len(CLOCKS) and by_case(CLOCKS, lambda n: dict(now)[f"p{n}"]) == expected


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
