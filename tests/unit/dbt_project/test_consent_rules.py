"""The consent rules by their numbers: each test fails where its rule is broken. The SQL is the project's own, compiled by dbt.

People, consent statements and registers are put in as conformed rows; what may be done is read from contact_permissions.
Not here: objections (test_objections.py), a soft opt-in (test_soft_opt_in.py), an address that a register refreshes
(test_address_refreshes.py).
"""

from __future__ import annotations

import random
from datetime import datetime

from orchestration.privacy.rights.restrictions import restrict
from tests.unit.consent import NOBODYS, said
from tests.unit.people import by_case, person
from tests.unit.stories import night, of, story


@story
def test_rule_01_nothing_is_permitted_that_was_not_granted_for_exactly_that(cast):
    one, other, unknown = cast.many(3)
    telepathy = of(unknown, purpose="telepathy", confirmed_at=datetime(2026, 1, 2))
    found = yield night([one, other, unknown], of(one), telepathy)
    assert found == {(one["source_key"], "survey", "email"): one["email"]}


UNTIL = {"expires_at": datetime(2026, 6, 1)}
# what was granted, and whether it holds on the first of June
GRANTS = {
    "of tomorrow": ({"at": "2026-07-01"}, False),
    "without wording": ({"wording_version": None}, False),
    "without source": ({"capture_source": None}, False),
    "on no contact point": ({"contact_point": None}, False),
    "that expired": (UNTIL, False),
    # a newsletter wants the second click, and counts from it
    "unconfirmed": ({"purpose": "newsletter"}, False),
    "confirmed": ({"purpose": "newsletter", "confirmed_at": datetime(2026, 1, 2)}, True),
    "with all that it needs": ({}, True),
}


@story
def test_rule_02_a_grant_has_its_time_and_evidence_and_ends(cast):
    people = cast.many(len(GRANTS))
    granted = [of(one, **more) for one, (more, _) in zip(people, GRANTS.values(), strict=True)]
    found = yield night(people, *granted)
    expected = {
        case: {(more.get("purpose", "survey"), "email"): one["email"]} if holds else {}
        for one, (case, (more, holds)) in zip(people, GRANTS.items(), strict=True)
    }
    assert {
        case: {
            (purpose, channel): point for (key, purpose, channel), point in found.items() if key == one["source_key"]
        }
        for one, case in zip(people, GRANTS, strict=True)
    } == expected
    expired = people[list(GRANTS).index("that expired")]
    assert found.why[expired["source_key"], "survey", "email"] == "the grant has expired"


@story
def test_rule_02_the_last_grant_says_how_long_it_holds(cast):
    """Also where it says for good."""
    people = cast.many(3)
    until = [of(one, expires_at=datetime(2026, 6, 2)) for one in people]
    anew = [until[1] | {"stated_at": datetime(2026, 3, 1), "expires_at": None}]
    anew.append(until[2] | {"stated_at": datetime(2026, 3, 1), "expires_at": datetime(2027, 1, 1)})
    found = yield night(people, *until, *anew)
    assert found == {(one["source_key"], "survey", "email"): one["email"] for one in people}
    ends = dict(
        cast.rows(
            "select s.source_key, p.expires_at from marts.contact_permissions p "
            "join identity.customer_source_records s using (customer_id) where p.is_permitted"
        )
    )
    assert [ends[one["source_key"]] for one in people] == [datetime(2026, 6, 2), None, datetime(2027, 1, 1)]


@story
def test_rule_03_no_purpose_or_channel_follows_from_another(cast):
    one, other = cast.many(2)
    found = yield night([one, other], of(one), of(other, purpose="profiling"))
    assert set(found) == {(one["source_key"], "survey", "email"), (other["source_key"], "profiling", "email")}


# what was said after one record of a customer was granted something: at another one that it is withdrawn, or the grant anew
SAID_SINCE = {
    "withdrawn": ([("b", "withdrawn", "2026-02-01")], False),
    "withdrawn and granted at one time": ([("b", "withdrawn", "2026-02-01"), ("a", "granted", "2026-02-01")], False),
    "withdrawn and granted later": ([("b", "withdrawn", "2026-02-01"), ("a", "granted", "2026-02-02")], True),
    "withdrawn, granted later and withdrawn again": (
        [("b", "withdrawn", "2026-02-01"), ("a", "granted", "2026-02-02"), ("b", "withdrawn", "2026-03-01")],
        False,
    ),
    "withdrawn in the future": ([("b", "withdrawn", "2027-01-01")], False),
    "nothing": ([], True),
}


@story
def test_rule_04_a_withdrawal_anywhere_denies_all_until_a_strictly_later_grant(cast):
    """Each customer has two records, which are one by the phone."""
    people, statements = cast.many(len(SAID_SINCE)), []
    second = [one | {"source_key": f"{one['source_key']}b", "email": f"second.{one['email']}"} for one in people]
    for one, other, (since, _) in zip(people, second, SAID_SINCE.values(), strict=True):
        records = {"a": one, "b": other}
        statements += [of(records[which], status, at) for which, status, at in [("a", "granted", "2026-01-01"), *since]]
    found = yield night([*people, *second], *statements)
    # a grant on one address permits that address only
    keys = [{one["source_key"], other["source_key"]} for one, other in zip(people, second, strict=True)]
    assert by_case(SAID_SINCE, lambda n: [point for (key, _, _), point in found.items() if key in keys[n]]) == by_case(
        SAID_SINCE, lambda n: [people[n]["email"]] if [*SAID_SINCE.values()][n][1] else []
    )


@story
def test_rule_04_a_withdrawal_that_names_only_a_contact_point_denies_whoever_has_it(cast):
    cases = ("address", "its spelling", "number", "its spelling abroad", "of another record", "whose record that is", "granted to nobody", "granted later", "objects", "unsubscribes", "none")  # fmt: skip
    people = dict(zip(cases, cast.many(len(cases)), strict=True))
    keys = {case: one["source_key"] for case, one in people.items()}
    offers = {"purpose": "offers", "confirmed_at": datetime(2026, 1, 2)}
    granted = [
        said(one["source_key"], contact_point=one["email"], **(offers if case in ("objects", "unsubscribes") else {}))
        for case, one in people.items()
    ]
    everybody = {
        (one["source_key"], grant["purpose"], "email") for one, grant in zip(people.values(), granted, strict=True)
    }
    found = yield night(people.values(), *granted)
    assert set(found) == everybody

    def withdrawn(point: str, **more) -> dict:
        return said("-", "withdrawn", "2026-03-01", contact_point=point) | NOBODYS | more

    name, _, domain = people["its spelling"]["email"].partition("@")
    digits, abroad = (people[case]["phone"].removeprefix("+46") for case in ("number", "its spelling abroad"))
    statements = [
        withdrawn(people["address"]["email"]),
        withdrawn(f" {name.title()}+tag@{domain.upper()} "),
        withdrawn(f"0{digits[:2]}-{digits[2:5]} {digits[5:7]} {digits[7:]}"),
        withdrawn(f"+46 {abroad[:2]} {abroad[2:5]} {abroad[5:7]} {abroad[7:]}"),
        # of a record that is somebody else's, as where two share an address: both are denied
        said(
            keys["whose record that is"], "withdrawn", "2026-03-01", contact_point=people["of another record"]["email"]
        ),
        # a grant that names only an address is nobody's evidence; a later one of the record reverses
        withdrawn(people["granted to nobody"]["email"]),
        said("-", at="2026-04-01", contact_point=people["granted to nobody"]["email"]) | NOBODYS,
        withdrawn(people["granted later"]["email"]),
        said(keys["granted later"], at="2026-05-01", contact_point=people["granted later"]["email"]),
        # so does an objection, and an unsubscribe
        withdrawn(people["objects"]["email"], purpose="direct_marketing"),
    ]
    left = {"kind": "unsubscribed", "contact_point": people["unsubscribes"]["email"].upper(), "occurred_at": datetime(2026, 3, 1)}  # fmt: skip
    found = yield night(people.values(), *granted, *statements, email_events=[left | NOBODYS])
    allowed = {key for key, _, _ in found}
    assert {case: key in allowed for case, key in keys.items()} == dict.fromkeys(keys, False) | {"granted later": True, "none": True}  # fmt: skip


# what was said after six grants, of three purposes on two channels, and what is left of them
SIX = {(purpose, channel) for purpose in ("newsletter", "offers", "survey") for channel in ("email", "sms")}
OF_WHAT = {
    "nothing": ([], SIX),
    "all": ([{"purpose": "all", "channel": "all"}], set()),
    "all by sms": ([{"purpose": "all", "channel": "sms"}], {pair for pair in SIX if pair[1] == "email"}),
    "offers anywhere": ([{"purpose": "offers", "channel": "all"}], {pair for pair in SIX if pair[0] != "offers"}),
    # and a later grant, of one purpose on one channel, is of that alone
    "all, and a later grant": (
        [{"purpose": "all", "channel": "all"}, {"status": "granted", "at": "2026-04-01", "purpose": "offers", "channel": "sms", "confirmed_at": datetime(2026, 4, 2)}],
        {("offers", "sms")},
    ),
}  # fmt: skip
OF_ALL = [{"purpose": "all"}, {"channel": "all"}, {"purpose": "all", "channel": "all"}]


@story
def test_rule_04_a_withdrawal_that_does_not_say_of_what_denies_all_that_it_can_be_of(cast):
    given = {"confirmed_at": datetime(2026, 1, 2)}
    people, of_all = cast.many(len(OF_WHAT)), cast.many(len(OF_ALL))
    statements = []
    for one, (since, _) in zip(people, OF_WHAT.values(), strict=True):
        points = {"email": one["email"], "sms": one["phone"], "all": one["email"]}
        statements += [of(one, purpose=p, channel=c, contact_point=points[c], **given) for p, c in SIX]
        for what in since:
            more = {"status": "withdrawn", "at": "2026-03-01", "contact_point": points[what["channel"]]} | what
            statements.append(of(one, **more))
    # a grant of all is none
    statements += [of(one, **given | what) for one, what in zip(of_all, OF_ALL, strict=True)]
    left = {case: left for case, (_, left) in OF_WHAT.items()}
    cases = {one["source_key"]: case for one, case in zip(people, OF_WHAT, strict=True)}
    found = yield night([*people, *of_all], *statements)
    assert found.keys_of <= set(cases)
    assert {case: {(p, c) for key, p, c in found if key == n} for n, case in cases.items()} == left
    history = cast.rows(
        "select distinct s.source_key, h.purpose, h.channel from marts.contact_permission_history h "
        "join identity.customer_source_records s using (customer_id) where h.is_permitted and h.valid_to is null"
    )
    assert {case: {(p, c) for key, p, c in history if key == n} for n, case in cases.items()} == left


@story
def test_rule_05_a_merge_never_adds_permission(cast):
    """Of two records with a name in common that are two customers, one by their address, and two again."""
    one = cast.one()
    other = one | {
        "source_key": f"{one['source_key']}b",
        "email": f"{one['source_key']}@home.se",
        "phone": None,
        "birth_date": None,
    }
    statements = [of(one), of(other, "withdrawn", "2026-03-01")]
    apart = yield night([one, other], *statements)
    assert apart.keys_of == {one["source_key"]}
    found = yield night([one, other | {"email": one["email"]}], *statements)
    assert found == {}
    found = yield night([one, other], *statements)
    assert found == apart


@story
def test_rule_07_more_refusals_never_permit_more_and_order_never_matters(cast):
    """Three times a hundred customers with statements drawn at random: of so many some meet every case."""
    draws = [random.Random(seed) for seed in range(3)]
    drawn_people = [
        [
            person(f"{seed}:{n}", None, None, email=f"p{n}@{seed}x.se", phone=f"+4670111{100 * seed + n:04d}")
            for n in range(100)
        ]
        for seed in range(len(draws))
    ]

    def drawn(draw: random.Random, people: list[dict], most: int) -> list[dict]:
        months = ("2026-01-01", "2026-02-01", "2026-03-01", "2027-01-01")
        return [
            said(p["source_key"], draw.choice(["granted", "withdrawn"]), draw.choice(months), channel=(channel := draw.choice(["email", "phone"])), contact_point=p[channel])
            for p in people
            for _ in range(draw.randint(0, most))
        ]  # fmt: skip

    def reserved(numbers: list[dict]) -> list[dict]:
        return [{"register": "nix_telefon", "version_on": "2026-05-31", "phone": p["phone"]} for p in numbers]

    def by_seed(found: dict) -> list[set]:
        return [{item for item in found.items() if item[0][0].startswith(f"{seed}:")} for seed in range(len(draws))]

    people, statements, nix, refused, more = [], [], [], [], []
    for draw, hundred in zip(draws, drawn_people, strict=True):
        people += hundred
        statements += drawn(draw, hundred, 4)
        nix += reserved(draw.sample(hundred, 10))
        refused += [{**statement, "status": "withdrawn"} for statement in drawn(draw, hundred, 2)]
        more += reserved(draw.sample(hundred, 20))
    allowed = yield night(people, *statements, reservations=nix)
    assert all(20 < len(of_seed) < 150 for of_seed in by_seed(allowed))
    others = [draws[0].sample(rows, len(rows)) for rows in (people, statements, nix)]
    found = yield night(others[0], *others[1], reservations=others[2])
    assert found == allowed
    fewer = yield night(people, *statements, *refused, reservations=[*nix, *more])
    assert [few < many for few, many in zip(by_seed(fewer), by_seed(allowed), strict=True)] == [True] * len(draws)


@story
def test_rule_24_who_is_restricted_is_in_no_mart_by_an_earlier_id_either(cast):
    one, other = cast.many(2)
    alone = one | {
        "source_key": f"{one['source_key']}b",
        "email": f"{one['source_key']}@home.se",
        "phone": None,
        "birth_date": None,
    }
    keys = [each["source_key"] for each in (one, alone, other)]
    yield night([one, alone, other])
    together = alone | {"phone": one["phone"], "email": one["email"]}
    granted = of(alone), of(other)
    found = yield night([one, together, other], *granted)
    assert (other["source_key"], "survey", "email") in found
    kept = "select distinct source_key from marts.bridge_customer_source_records where source_key in (?, ?, ?)"
    assert {key for (key,) in cast.rows(kept, *keys)} == {*keys}
    current = "select customer_id from identity.customer_source_records where valid_to is null and source_key = ?"
    ((customer,),) = cast.rows(current, one["source_key"])
    assert restrict(cast.warehouse, customer, datetime(2026, 3, 1), "r1") == 2
    yield night([one, together, other], *granted)
    assert cast.rows(kept, *keys) == [(other["source_key"],)]
    points = (
        "select distinct h.contact_point from marts.contact_permission_history h "
        "join identity.customer_source_records s using (customer_id) where s.source_key in (?, ?, ?)"
    )
    assert cast.rows(points, *keys) == [(other["email"],)]
    everybodys = {point for (point,) in cast.rows("select contact_point from marts.contact_permission_history")}
    assert not {one["email"], alone["email"]} & everybodys
