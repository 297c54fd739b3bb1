"""What was granted on a contact point that a correction (Art. 16) replaced ends with the correction, in the nights after it too.

Not here: what leaves until the next night (test_export.py, test_removals.py), what a correction may hold (test_corrections.py).
"""

from __future__ import annotations

from datetime import datetime, timedelta

import pytest

from orchestration.privacy.rights.rights import correct
from tests.unit.consent import ANNA, FRESH, SURVEY, said
from tests.unit.dbt_project.test_permission_history import history  # noqa: F401 # a fixture
from tests.unit.people import person

GIVEN, CORRECTED, LATER = "2026-01-01", "2026-03-01 10:00", "2026-03-02"
WHY = "corrected since the permission was given"
AT_HOME = {"street": "Storgatan 1", "postal_code": "11122", "city": "Stockholm"}
EVA = person("eva", "Eva", "Ek", email="eva@x.se", phone="+46701112299", **AT_HOME)
ON = {"email": "eva@x.se", "sms": "+46701112299", "phone": "+46701112299", "post": "Storgatan 1, 11122 Stockholm", "ads": "eva@x.se"}  # fmt: skip
RIGHT = {"gender": "m", "email": "eva@right.se", "phone": "+46701112288", "street": "Nygatan 9", "postal_code": "11144", "city": "Solna"}  # fmt: skip
GRANTS = [said("eva", channel=channel, contact_point=point) for channel, point in ON.items()]


@pytest.fixture
def corrected(permitted, warehouse):
    """What is permitted in the night after a correction: {channel: contact point}; the person's records are as it says."""

    def go(values: dict[str, str | None], events: list[dict], *, people=(EVA,), at=CORRECTED, night="2026-06-01"):
        permitted(list(people), consent_events=events, reservations=FRESH)
        whom = "select customer_id from identity.customer_source_records where valid_to is null and source_key = 'eva'"
        ((customer,),) = warehouse.execute(whom).fetchall()
        assert correct(warehouse, customer, values, datetime.fromisoformat(at), "r1")
        found = permitted(
            [row | values if row["source_key"] == "eva" else row for row in people], at=night, consent_events=events, reservations=FRESH
        )  # fmt: skip
        return {channel: point for (key, _, channel), point in found.items() if key == "eva"}

    return go


@pytest.mark.parametrize(
    ("field", "ended"),
    [
        ("email", {"email", "ads"}), ("phone", {"sms", "phone"}), ("street", {"post"}), ("postal_code", {"post"}), ("city", {"post"}),
        ("gender", set()), ("family_name", set()),
    ],
)  # fmt: skip
def test_rule_24_what_was_granted_on_a_corrected_point_is_permitted_no_more(corrected, permitted, field, ended):
    assert {c: p for (_, _, c), p in permitted([EVA], consent_events=GRANTS, reservations=FRESH).items()} == ON
    found = corrected({field: RIGHT.get(field, "Ax")}, GRANTS)
    assert found == {channel: point for channel, point in ON.items() if channel not in ended}
    assert {channel for (_, _, channel), why in permitted.why.items() if why == WHY} == ended


def test_rule_24_a_correction_to_nothing_ends_it_too(corrected):
    assert corrected({"email": None, "phone": None, "street": None}, GRANTS) == {}


@pytest.mark.parametrize(
    ("channel", "field", "value", "point"),
    [
        ("email", "email", "eva@right.se", " EVA+news@Right.se"),
        ("email", "email", "eva.ek@gmail.com", "evaek@googlemail.com"),
        ("sms", "phone", "+46 70 111 22 88", "070-111 22 88"),
        ("phone", "phone", "070-1112288", "+46701112288"),
        ("sms", "phone", "+47 90 05 61 27", "+4790056127"),
        ("post", "street", "Nygatan 9", "c/o Ek, NYGATAN 9, 111 22 Stockholm"),
        ("post", "postal_code", "111 44", "Nygatan 9, 11144 Stockholm"),
        ("post", "city", "SOLNA", "Storgatan 1, 11122 Solna"),
    ],
)
def test_rule_24_a_grant_on_the_right_point_stays_in_whatever_spelling(corrected, channel, field, value, point):
    assert corrected({field: value}, [said("eva", channel=channel, contact_point=point)]) == {channel: point}


def test_rule_24_a_number_that_only_ends_as_the_right_one_is_another(corrected):
    """A wrong country is a wrong number."""
    assert corrected({"phone": "+45 90 05 61 27"}, [said("eva", channel="sms", contact_point="+4790056127")]) == {}


def test_rule_24_what_is_granted_later_permits(corrected):
    old = {"contact_point": "eva@x.se"}
    for at, stays in ((GIVEN, False), (CORRECTED, False), ("2026-03-01 10:00:01", True), (LATER, True)):
        found = corrected({"email": RIGHT["email"]}, [said("eva", at=at, **old)], people=(EVA, ANNA))
        assert found == ({"email": "eva@x.se"} if stays else {}), at
    # of two the later one
    found = corrected({"email": RIGHT["email"]}, [said("eva", **old), said("eva", at=LATER, **old)])
    assert found == {"email": "eva@x.se"}


def test_rule_24_what_was_asked_for_before_is_not_given_later_by_a_second_click(corrected):
    """Whoever has the wrong address may have clicked."""
    clicked = said("eva", at="2026-02-28", purpose="newsletter", confirmed_at=datetime(2026, 3, 3))
    assert corrected({"email": RIGHT["email"]}, [clicked]) == {}
    asked_later = said("eva", at=LATER, purpose="newsletter", confirmed_at=datetime(2026, 3, 3))
    assert corrected({"email": RIGHT["email"]}, [asked_later]) == {"email": "eva@x.se"}


def test_rule_24_a_day_or_a_clock_that_may_be_before_the_correction_is(corrected):
    day = said("eva", at="2026-03-01T23:59:59.999999")
    assert corrected({"email": RIGHT["email"]}, [day]) == {}
    for hours, stays in ((13, False), (15, True)):
        at = (datetime.fromisoformat(CORRECTED) + timedelta(hours=hours)).isoformat()
        found = corrected({"email": RIGHT["email"]}, [said("eva", at=at, is_zoneless=True)])
        assert bool(found) is stays, hours


def test_rule_24_it_is_of_every_record_of_the_customer_and_of_nobody_else(corrected, permitted):
    other = person("other", "Eva", "Ek", phone="+46701112299")
    events = [*GRANTS, said("other", contact_point="eva@x.se", purpose="offers"), said("anna")]
    corrected({"email": RIGHT["email"]}, events, people=(EVA, other, ANNA))
    assert {(key, channel) for key, _, channel in permitted.derive() if channel in ("email", "ads")} == {
        ("anna", "email")
    }


def test_rule_24_a_night_of_before_the_correction_knows_it_too(corrected):
    """As `kundbild run --as-of` and a clock that goes wrong make one: in doubt nobody is written to."""
    assert "email" not in corrected({"email": RIGHT["email"]}, GRANTS, night="2026-02-01")


def test_the_history_tells_the_correction_at_its_moment_and_not_before(corrected, history, warehouse):  # noqa: F811
    corrected({"email": RIGHT["email"]}, [said("eva"), said("eva", at="2026-04-01", contact_point="eva@right.se")])
    who = ("eva", "survey", "email")
    assert history("2026-03-01 09:59:59.999999") == {who: "eva@x.se"} and history("2026-03-01 10:00") == {}
    assert history("2026-04-01") == {who: "eva@right.se"}
    turns = "select valid_from, is_permitted, reason from marts.contact_permission_history order by 1"
    assert warehouse.execute(turns).fetchall() == [
        (datetime(2026, 1, 1), True, "granted"),
        (datetime(2026, 3, 1, 10), False, WHY),
        (datetime(2026, 4, 1), True, "granted"),
    ]


def test_what_ended_before_the_correction_ended_then(corrected, history, permitted):  # noqa: F811
    until = said("eva", expires_at=datetime(2026, 2, 1))
    corrected({"email": RIGHT["email"]}, [until])
    assert set(permitted.why.values()) == {"the grant has expired"} and history("2026-02-01") == {}
    never = said("eva", purpose="newsletter")
    corrected({"email": RIGHT["email"]}, [never])
    assert set(permitted.why.values()) == {"the double opt-in was never confirmed"}
    withdrawn = said("eva", "withdrawn", "2026-02-01")
    corrected({"email": RIGHT["email"]}, [said("eva"), withdrawn])
    assert set(permitted.why.values()) == {"withdrawn"}


def test_a_second_correction_ends_what_was_granted_since_the_first_and_the_history_keeps_both(corrected, history):  # noqa: F811
    """Each grant ends with the first correction after it that its point is not the value of."""
    events = [
        said("eva"),
        said("eva", at="2026-03-10", purpose="offers", confirmed_at=datetime(2026, 3, 10)),
        said("eva", at=GIVEN, purpose="newsletter", confirmed_at=datetime(2026, 1, 2), contact_point="eva@typo.se"),
    ]
    corrected({"email": "eva@typo.se"}, events)
    assert corrected({"email": "eva@right.se"}, events, at="2026-04-01") == {}
    permitted_at = {
        moment: {purpose for _, purpose, _ in history(moment)}
        for moment in ("2026-02-28", "2026-03-02", "2026-03-11", "2026-04-01")
    }
    assert permitted_at == {
        "2026-02-28": {"survey", "newsletter"}, "2026-03-02": {"newsletter"}, "2026-03-11": {"newsletter", "offers"}, "2026-04-01": set(),
    }  # fmt: skip


def test_a_correction_that_is_said_again_is_kept_with_its_times(corrected, warehouse):
    corrected({"email": "eva@typo.se"}, GRANTS)
    corrected({"email": None}, GRANTS, at="2026-04-01")
    corrected({"email": "eva@right.se"}, GRANTS, at="2026-05-01")
    kept = "select value, corrected_at, earlier from identity.corrections where field = 'email'"
    assert warehouse.execute(kept).fetchall() == [
        ("eva@right.se", datetime(2026, 5, 1), [
            {"value": "eva@typo.se", "corrected_at": datetime.fromisoformat(CORRECTED)},
            {"value": None, "corrected_at": datetime(2026, 4, 1)},
        ])
    ]  # fmt: skip


def test_a_point_that_never_was_evidence_has_no_end(corrected, warehouse):
    events = [said("eva", contact_point="no-reply@x.se"), said("eva")]
    corrected({"email": RIGHT["email"]}, events)
    void = warehouse.execute("select contact_point, ends_at from identity.void_grants order by 1").fetchall()
    assert void == [("eva@x.se", datetime.fromisoformat(CORRECTED)), ("no-reply@x.se", None)]


def test_grants_of_a_record_under_another_key_end_as_well(corrected, permitted):
    """The customer of today of whoever's record is gone: what was corrected there is theirs still."""
    corrected({"email": RIGHT["email"]}, GRANTS)
    migrated = [said("new", channel=channel, contact_point=point) for channel, point in ON.items()]
    people = [person("new", "Eva", "Ek", email=RIGHT["email"], phone=EVA["phone"], **AT_HOME)]
    both = [EVA | {"email": RIGHT["email"]}, *people]
    found = permitted(both, consent_events=migrated, reservations=FRESH)
    assert {channel for _, _, channel in found} == {"sms", "phone", "post"}


def test_anna_is_not_touched(corrected, permitted):
    corrected({"email": RIGHT["email"]}, [*GRANTS, said("anna")], people=(EVA, ANNA))
    assert permitted.derive()[SURVEY] == "anna@x.se"
