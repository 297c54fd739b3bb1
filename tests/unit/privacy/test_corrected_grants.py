"""What was granted on a contact point that a correction (Art. 16) replaced ends with the correction, in the nights after it too.

Not here: what leaves until the next night (tests/unit/activation/test_export.py, tests/unit/activation/test_removals.py), what a correction may hold (test_corrections.py).
"""

from __future__ import annotations

from datetime import datetime, timedelta
from types import SimpleNamespace

import pytest

from orchestration.privacy.rights.corrections import correct
from tests.unit.conftest import permitting, resolving
from tests.unit.consent import ANNA, FRESH, SURVEY, said
from tests.unit.dbt_project.test_permission_history import history
from tests.unit.people import person, resident
from tests.unit.stories import night, of, story

GIVEN, CORRECTED, LATER = "2026-01-01", "2026-03-01 10:00", "2026-03-02"
WHY = "corrected since the permission was given"
AT_HOME = {"street": "Storgatan 1", "postal_code": "11122", "city": "Stockholm"}
EVA = person("eva", "Eva", "Ek", email="eva@x.se", phone="+46701112299", **AT_HOME)


def on(who: dict) -> dict[str, str]:
    """Channel → contact point of a person."""
    home = f"{who['street']}, {who['postal_code']} {who['city']}"
    return {"email": who["email"], "sms": who["phone"], "phone": who["phone"], "post": home, "ads": who["email"]}


def grants(who: dict) -> list[dict]:
    return [said(who["source_key"], channel=channel, contact_point=point) for channel, point in on(who).items()]


RIGHT = {"gender": "m", "street": "Nygatan 9", "postal_code": "11144", "city": "Solna", "family_name": "Ax"}


@pytest.fixture
def corrected(permitted, warehouse):
    return correcting(permitted, warehouse)


def correcting(permitted, warehouse):
    """What is permitted in the night after corrections: {source_key: {channel: contact point}}; the records are as they say."""
    stands: dict[str, dict] = {}

    def go(
        values: dict[str, dict[str, str | None]], events: list[dict], *, people=(EVA,), at=CORRECTED, night="2026-06-01"
    ):
        if not stands:
            go.before = permitted(list(people), consent_events=events, reservations=FRESH)
            stands.update({row["source_key"]: row for row in people})
        whom = "select source_key, customer_id from identity.customer_source_records where valid_to is null"
        customers = dict(warehouse.execute(whom).fetchall())
        for key, said_of in values.items():
            assert correct(warehouse, customers[key], said_of, datetime.fromisoformat(at), "r1"), key
            stands[key] = stands[key] | said_of
        found = permitted(list(stands.values()), at=night, consent_events=events, reservations=FRESH)
        return {key: {channel: point for (whose, _, channel), point in found.items() if whose == key} for key in values}

    return go


# the field that was corrected, and the channels whose grants end with that
ENDED = {
    "email": {"email", "ads"}, "phone": {"sms", "phone"}, "street": {"post"}, "postal_code": {"post"}, "city": {"post"},
    "gender": set(), "family_name": set(),
}  # fmt: skip
# channel, field, its right value, and the point of the grant in another spelling
SPELLED = [
    ("email", "email", "eva@right.se", " EVA+news@Right.se"),
    ("email", "email", "eva.ek@gmail.com", "evaek@googlemail.com"),
    ("sms", "phone", "+46 70 111 22 88", "070-111 22 88"),
    ("phone", "phone", "070-1113388", "+46701113388"),
    ("sms", "phone", "+47 92 81 40 36", "+4792814036"),
    ("post", "street", "Nygatan 9", "c/o Ek, NYGATAN 9, 111 22 Stockholm"),
    ("post", "postal_code", "211 44", "Ringen 9, 21144 Malmö"),
    ("post", "city", "SOLNA", "Storgatan 1, 31122 Solna"),
]
# what was said of the wrong address, and whether it permits: whoever has that address may have clicked, and a day or a clock
# that may be before the correction is
SAID = {
    **{
        f"at {at}": ([{"at": at}], stays)
        for at, stays in ((GIVEN, False), (CORRECTED, False), ("2026-03-01 10:00:01", True), (LATER, True))
    },
    "twice, of which the later counts": ([{}, {"at": LATER}], True),
    "asked for before, clicked later": (
        [{"at": "2026-02-28", "purpose": "newsletter", "confirmed_at": datetime(2026, 3, 3)}],
        False,
    ),
    "asked for and clicked later": (
        [{"at": LATER, "purpose": "newsletter", "confirmed_at": datetime(2026, 3, 3)}],
        True,
    ),
    "on the day": ([{"at": "2026-03-01T23:59:59.999999"}], False),
    **{
        f"{hours} hours later by a clock without a zone": (
            [{"at": f"{datetime.fromisoformat(CORRECTED) + timedelta(hours=hours)}", "is_zoneless": True}],
            stays,
        )
        for hours, stays in ((13, False), (15, True))
    },
}
# what was said, and why it has ended already when the correction comes
OVER = {
    "expired": ([("granted", {"expires_at": datetime(2026, 2, 1)})], "the grant has expired"),
    "unconfirmed": ([("granted", {"purpose": "newsletter"})], "the double opt-in was never confirmed"),
    "withdrawn": ([("granted", {}), ("withdrawn", {"at": "2026-02-01"})], "withdrawn"),
}


@pytest.fixture(scope="module")
def nights(modules_warehouse, compiled):
    """The night after the corrections of many people who have nothing in common, for tests that only read."""
    people: dict[str, dict] = {}
    values: dict[str, dict[str, str | None]] = {}
    events: list[dict] = []

    def add(case: str, right: dict[str, str | None], **more) -> dict:
        people[case] = resident(len(people), case, **more)
        values[case] = right
        return people[case]

    def right_email(case: str) -> dict[str, str | None]:
        return {"email": f"right@right{len(people)}.se"}

    for number, field in enumerate(ENDED):
        right = {**RIGHT, "email": f"eva@right{number}.com", "phone": "+46701112211"}[field]
        events += grants(add(f"ended {field}", {field: right}))
    events += grants(add("to nothing", {"email": None, "phone": None, "street": None}))
    for channel, field, value, point in SPELLED:
        add(f"spelled {point}", {field: value})
        events.append(said(f"spelled {point}", channel=channel, contact_point=point))
    # a wrong country is a wrong number
    add("another country", {"phone": "+45 90 05 61 27"})
    events.append(said("another country", channel="sms", contact_point="+4790056127"))
    for case, (statements, _) in SAID.items():
        who = add(case, right_email(case))
        events += [said(case, contact_point=who["email"], **statement) for statement in statements]
    for case, (ended, _) in OVER.items():
        who = add(case, right_email(case))
        events += [said(case, status, contact_point=who["email"], **statement) for status, statement in ended]
    who = add("two records", right_email("two records"))
    people["her other record"] = who | {"source_key": "her other record", "email": None}
    events += [*grants(who), said("her other record", contact_point=who["email"], purpose="offers")]
    add("told", {"email": "told@right.se"}, email="told@wrong.se")
    events += [
        said("told", contact_point="told@wrong.se"),
        said("told", at="2026-04-01", contact_point="told@right.se"),
    ]
    who = add("no evidence", right_email("no evidence"))
    events += [
        said("no evidence", contact_point="no-reply@x.se"),
        said("no evidence", contact_point=who["email"]),
    ]
    people["anna"] = ANNA
    events.append(said("anna"))

    permitted = permitting(compiled, resolving(modules_warehouse), modules_warehouse)
    correct_all = correcting(permitted, modules_warehouse)
    found = correct_all(values, events, people=people.values())
    return SimpleNamespace(
        con=modules_warehouse,
        people=people,
        before=correct_all.before,
        found=found,
        why=permitted.why,
        all=permitted.derive(),
    )


def turns(nights, case: str) -> list[tuple]:
    """When what a person was permitted changed: (from, to, whether, where, why)."""
    return nights.con.execute(
        "select h.valid_from, h.valid_to, h.is_permitted, h.contact_point, h.reason from marts.contact_permission_history h "
        "join identity.customer_source_records s using (customer_id) where s.source_key = $1 order by 1",
        [case],
    ).fetchall()


def test_rule_24_what_was_granted_on_a_corrected_point_is_permitted_no_more(nights):
    points = {field: on(nights.people[f"ended {field}"]) for field in ENDED}
    before = {
        field: {channel: point for (key, _, channel), point in nights.before.items() if key == f"ended {field}"}
        for field in ENDED
    }
    assert before == points
    assert {field: nights.found[f"ended {field}"] for field in ENDED} == {
        field: {channel: point for channel, point in points[field].items() if channel not in ended}
        for field, ended in ENDED.items()
    }
    because = {
        field: {channel for (key, _, channel), why in nights.why.items() if key == f"ended {field}" and why == WHY}
        for field in ENDED
    }
    assert because == ENDED


def test_rule_24_a_correction_to_nothing_or_to_a_number_that_only_ends_as_the_granted_one_ends_it_too(nights):
    assert {case: nights.found[case] for case in ("to nothing", "another country")} == {
        "to nothing": {},
        "another country": {},
    }


def test_rule_24_a_grant_on_the_right_point_stays_in_whatever_spelling(nights):
    found = {point: nights.found[f"spelled {point}"] for _, _, _, point in SPELLED}
    assert found == {point: {channel: point} for channel, _, _, point in SPELLED}


def test_rule_24_only_what_was_certainly_asked_for_later_permits(nights):
    assert {case: nights.found[case] for case in SAID} == {
        case: {"email": nights.people[case]["email"]} if stays else {} for case, (_, stays) in SAID.items()
    }


def test_rule_24_it_is_of_every_record_of_the_customer_and_of_nobody_else(nights):
    theirs = {channel for key, _, channel in nights.all if key in ("two records", "her other record")}
    assert theirs == {"sms", "phone", "post"} and nights.all[SURVEY] == "anna@x.se"


def test_rule_24_a_night_of_before_the_correction_knows_it_too(corrected):
    """As `kundbild run --as-of` and a clock that goes wrong make one: in doubt nobody is written to."""
    assert "email" not in corrected({"eva": {"email": "eva@right.se"}}, grants(EVA), night="2026-02-01")["eva"]


def test_the_history_tells_the_correction_at_its_moment_and_not_before(nights):
    moment, april = datetime.fromisoformat(CORRECTED), datetime(2026, 4, 1)
    assert [turn[:3] + turn[4:] for turn in turns(nights, "told")] == [
        (datetime(2026, 1, 1), moment, True, "granted"),
        (moment, april, False, WHY),
        (april, None, True, "granted"),
    ]
    assert [point for _, _, is_permitted, point, _ in turns(nights, "told") if is_permitted] == [
        "told@wrong.se",
        "told@right.se",
    ]


def test_what_ended_before_the_correction_ended_then(nights):
    why = {case: {reason for (key, _, _), reason in nights.why.items() if key == case} for case in OVER}
    assert why == {case: {reason} for case, (_, reason) in OVER.items()}
    expired = [(begun, ended) for begun, ended, is_permitted, _, _ in turns(nights, "expired") if is_permitted]
    assert expired == [(datetime(2026, 1, 1), datetime(2026, 2, 1))]


def righted(cast, one: dict, right: dict[str, str | None], at: str = CORRECTED) -> dict:
    """Corrects somebody's record; returns it as it stands then."""
    whose = "select customer_id from identity.customer_source_records where valid_to is null and source_key = ?"
    ((customer,),) = cast.rows(whose, one["source_key"])
    assert correct(cast.warehouse, customer, right, datetime.fromisoformat(at), "r1")
    return one | right


@story
def test_a_second_correction_ends_what_was_granted_since_the_first_and_the_history_keeps_both(cast):
    """Each grant ends with the first correction after it that its point is not the value of; each is kept with its time."""
    eva, nils = cast.one(), cast.one(**AT_HOME | {"street": "Lindgatan 5"})
    typo, right = f"typo.{eva['email']}", f"right.{eva['email']}"
    events = [
        of(eva),
        of(eva, at="2026-03-10", purpose="offers", confirmed_at=datetime(2026, 3, 10)),
        of(eva, at=GIVEN, purpose="newsletter", confirmed_at=datetime(2026, 1, 2), contact_point=typo),
        *grants(nils),
    ]
    yield night([eva, nils], *events)
    eva = righted(cast, eva, {"email": typo})
    nils = righted(cast, nils, {"email": "nils@typo.se"})
    yield night([eva, nils], *events)
    eva = righted(cast, eva, {"email": right}, at="2026-04-01")
    nils = righted(cast, nils, {"email": None}, at="2026-04-01")
    found = yield night([eva, nils], *events)
    assert eva["source_key"] not in found.keys_of
    permitted_at = {
        moment: {purpose for _, purpose, _ in history(cast, moment, [eva])}
        for moment in ("2026-02-28", "2026-03-02", "2026-03-11", "2026-04-01")
    }
    assert permitted_at == {
        "2026-02-28": {"survey", "newsletter"}, "2026-03-02": {"newsletter"}, "2026-03-11": {"newsletter", "offers"}, "2026-04-01": set(),
    }  # fmt: skip
    righted(cast, nils, {"email": "nils@right.se"}, at="2026-05-01")
    kept = "select value, corrected_at, earlier from identity.corrections where field = 'email' and source_key = ?"
    assert cast.rows(kept, nils["source_key"]) == [
        ("nils@right.se", datetime(2026, 5, 1), [
            {"value": "nils@typo.se", "corrected_at": datetime.fromisoformat(CORRECTED)},
            {"value": None, "corrected_at": datetime(2026, 4, 1)},
        ])
    ]  # fmt: skip


def test_a_point_that_never_was_evidence_has_no_end(nights):
    void = (
        "select contact_point, ends_at from identity.void_grants where person_key = 'no evidence' order by 2 nulls last"
    )
    assert nights.con.execute(void).fetchall() == [
        (nights.people["no evidence"]["email"], datetime.fromisoformat(CORRECTED)),
        ("no-reply@x.se", None),
    ]


@story
def test_grants_of_a_record_under_another_key_end_as_well(cast):
    """The customer of today of whoever's record is gone: what was corrected there is theirs still."""
    eva = cast.one(**AT_HOME | {"street": "Lindgatan 7"})
    yield night([eva], *grants(eva))
    right = righted(cast, eva, {"email": f"right.{eva['email']}"})
    yield night([right], *grants(eva))
    new = right | {"source_key": f"{eva['source_key']}new"}
    migrated = [said(new["source_key"], channel=channel, contact_point=point) for channel, point in on(eva).items()]
    found = yield night([right, new], *migrated)
    assert {channel for _, _, channel in found} == {"sms", "phone", "post"}
