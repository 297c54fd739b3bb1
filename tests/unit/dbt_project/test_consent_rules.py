"""The consent rules by their numbers: each test fails where its rule is broken. The SQL is the project's own, compiled by dbt.

People, consent statements and registers are put in as conformed rows; what may be done is read from contact_permissions.
"""

from __future__ import annotations

import random
from datetime import datetime

from orchestration.privacy.rights.rights import object_to_marketing, prepare_requests, restrict
from tests.unit.consent import ANNA, BO, NOBODYS, SURVEY, compiled_with, orders, said
from tests.unit.people import person, someone


def test_rule_01_nothing_is_permitted_that_was_not_granted_for_exactly_that(permitted):
    assert permitted([ANNA, BO]) == {}
    unknown = someone(0)
    telepathy = said("p0", purpose="telepathy", confirmed_at=datetime(2026, 1, 2), contact_point=unknown["email"])
    assert permitted([ANNA, BO, unknown], consent_events=[said("anna"), telepathy]) == {SURVEY: "anna@x.se"}


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


def test_rule_02_a_grant_has_its_time_and_evidence_and_ends(permitted):
    people = [someone(n) for n in range(len(GRANTS))]
    granted = [
        said(one["source_key"], **{"contact_point": one["email"]} | more)
        for one, (more, _) in zip(people, GRANTS.values(), strict=True)
    ]
    found = permitted(people, consent_events=granted)
    expected = {
        case: {(f"p{n}", more.get("purpose", "survey"), "email"): people[n]["email"]} if holds else {}
        for n, (case, (more, holds)) in enumerate(GRANTS.items())
    }
    assert {
        case: {key: point for key, point in found.items() if key[0] == f"p{n}"} for n, case in enumerate(GRANTS)
    } == expected
    assert permitted.why[f"p{list(GRANTS).index('that expired')}", "survey", "email"] == "the grant has expired"


def test_rule_02_the_last_grant_says_how_long_it_holds(permitted, warehouse):
    """Also where it says for good."""
    people = [someone(n) for n in range(3)]
    until = [said(one["source_key"], contact_point=one["email"], **UNTIL) for one in people]
    anew = [until[1] | {"stated_at": datetime(2026, 3, 1), "expires_at": None}]
    anew.append(until[2] | {"stated_at": datetime(2026, 3, 1), "expires_at": datetime(2027, 1, 1)})
    found = permitted(people, at="2026-05-31", consent_events=[*until, *anew])
    assert found == {(one["source_key"], "survey", "email"): one["email"] for one in people}
    ends = "select s.source_key, p.expires_at from marts.contact_permissions p join identity.customer_source_records s using (customer_id)"
    assert dict(warehouse.execute(ends).fetchall()) == {
        "p0": datetime(2026, 6, 1),
        "p1": None,
        "p2": datetime(2027, 1, 1),
    }


def test_rule_03_no_purpose_or_channel_follows_from_another(permitted):
    granted = [said("anna"), said("bo", purpose="profiling")]
    assert set(permitted([ANNA, BO], consent_events=granted)) == {SURVEY, ("bo", "profiling", "email")}


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


def test_rule_04_a_withdrawal_anywhere_denies_all_until_a_strictly_later_grant(permitted):
    """Each customer has two records, which are one by the phone."""
    people, statements = [], []
    for n, (since, _) in enumerate(SAID_SINCE.values()):
        one = someone(n, source_key=f"a{n}")
        people += [one, one | {"source_key": f"b{n}", "email": f"second{n}@x.se"}]
        points = {"a": one["email"], "b": f"second{n}@x.se"}
        for which, status, at in [("a", "granted", "2026-01-01"), *since]:
            statements.append(said(f"{which}{n}", status, at, contact_point=points[which]))
    found = permitted(people, consent_events=statements)
    # a grant on one address permits that address only
    assert {
        case: [point for (key, _, _), point in found.items() if key[1:] == str(n)] for n, case in enumerate(SAID_SINCE)
    } == {
        case: [people[2 * n]["email"]] if is_allowed else []
        for n, (case, (_, is_allowed)) in enumerate(SAID_SINCE.items())
    }


def test_rule_04_a_withdrawal_that_names_only_a_contact_point_denies_whoever_has_it(permitted):
    people = {
        case: someone(n)
        for n, case in enumerate(
            ("address", "its spelling", "number", "its spelling abroad", "of another record", "whose record that is", "granted to nobody", "granted later", "objects", "unsubscribes", "none")
        )
    }  # fmt: skip
    keys = {case: one["source_key"] for case, one in people.items()}
    offers = {"purpose": "offers", "confirmed_at": datetime(2026, 1, 2)}
    granted = [
        said(one["source_key"], contact_point=one["email"], **(offers if case in ("objects", "unsubscribes") else {}))
        for case, one in people.items()
    ]
    everybody = {
        (one["source_key"], grant["purpose"], "email") for one, grant in zip(people.values(), granted, strict=True)
    }
    assert set(permitted(list(people.values()), consent_events=granted)) == everybody

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
    found = permitted(list(people.values()), consent_events=[*granted, *statements], email_events=[left | NOBODYS])
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


def test_rule_04_a_withdrawal_that_does_not_say_of_what_denies_all_that_it_can_be_of(permitted, warehouse):
    given = {"confirmed_at": datetime(2026, 1, 2)}
    people = [someone(n) for n in range(len(OF_WHAT) + len(OF_ALL))]
    statements = []
    for one, (since, _) in zip(people, OF_WHAT.values(), strict=False):
        points = {"email": one["email"], "sms": one["phone"], "all": one["email"]}
        statements += [said(one["source_key"], purpose=p, channel=c, contact_point=points[c], **given) for p, c in SIX]
        for of in since:
            more = {"status": "withdrawn", "at": "2026-03-01", "contact_point": points[of["channel"]]} | of
            statements.append(said(one["source_key"], **more))
    # a grant of all is none
    for one, of in zip(people[len(OF_WHAT) :], OF_ALL, strict=True):
        statements.append(said(one["source_key"], **{"contact_point": one["email"]} | given | of))
    left = {case: left for case, (_, left) in OF_WHAT.items()}
    cases = {f"p{n}": case for n, case in enumerate(OF_WHAT)}
    found = permitted(people, consent_events=statements)
    assert {key for key, _, _ in found} <= set(cases)
    assert {case: {(p, c) for key, p, c in found if key == n} for n, case in cases.items()} == left
    history = warehouse.execute(
        "select distinct s.source_key, h.purpose, h.channel from marts.contact_permission_history h "
        "join identity.customer_source_records s using (customer_id) where h.is_permitted and h.valid_to is null"
    ).fetchall()
    assert {case: {(p, c) for key, p, c in history if key == n} for n, case in cases.items()} == left


def test_rule_05_a_merge_never_adds_permission(permitted):
    statements = [said("anna"), said("bo", "withdrawn", "2026-03-01")]
    apart = permitted([ANNA, BO], consent_events=statements)
    assert set(apart) == {SURVEY}
    one = [ANNA, person("bo", email="anna@x.se")]
    assert permitted(one, consent_events=statements) == {}
    assert permitted([ANNA, BO], consent_events=statements) == apart


def test_rule_06_an_objection_ends_all_direct_marketing_and_its_profiling(permitted):
    """One never objects; one does; one does and is granted something later."""
    people = [someone(n) for n in range(3)]
    fresh = [{"register": "nix_telefon", "version_on": "2026-05-31", "phone": "+46709999999"}]
    purposes, channels = (
        ("newsletter", "offers", "profiling", "survey"),
        {"email": "email", "sms": "phone", "phone": "phone"},
    )
    granted = [
        said(one["source_key"], purpose=p, channel=c, contact_point=one[kind], confirmed_at=datetime(2026, 1, 2))
        for one in people for p in purposes for c, kind in channels.items()
    ]  # fmt: skip
    objections = [
        said(one["source_key"], "withdrawn", "2026-03-01", purpose="direct_marketing", contact_point=one["email"])
        for one in people[1:]
    ]
    anew = said(
        "p2", purpose="offers", at="2026-04-01", contact_point=people[2]["email"], confirmed_at=datetime(2026, 4, 2)
    )
    found = permitted(people, consent_events=[*granted, *objections, anew], reservations=fresh)
    of_survey = {("survey", channel) for channel in channels}
    assert {n: {(p, c) for key, p, c in found if key == f"p{n}"} for n in range(3)} == {
        0: {(p, c) for p in purposes for c in channels},
        1: of_survey,
        2: of_survey | {("offers", "email")},
    }


NAMES = ("Ada", "Bror", "Cissi", "David", "Elsa", "Filip", "Greta", "Hugo")


def test_rule_06_direct_marketing_in_any_spelling_ends_it_on_every_channel(permitted):
    spelled = [
        "direct marketing",
        "Direct-Marketing",
        "DIREKTREKLAM",
        "direktmarknadsföring",
        "Direkte markedsføring",
        "suora markkinointi",
    ]
    other = ["market research", "reklamation"]
    # alike, they would share what either refused
    people = [
        person(f"p{n}", name, f"{name}sson", email=f"p{n}@x.se", phone=f"+4670111223{n}")
        for n, name in enumerate(NAMES)
    ]
    granted = [
        said(
            p["source_key"],
            purpose="offers",
            channel="sms",
            contact_point=p["phone"],
            confirmed_at=datetime(2026, 1, 2),
        )
        for p in people
    ]
    refused = [said(p["source_key"], "withdrawn", "2026-03-01", purpose=purpose, contact_point=p["email"]) for p, purpose in zip(people, spelled + other, strict=True)]  # fmt: skip
    assert len(permitted(people, consent_events=granted)) == len(people)
    left = permitted(people, consent_events=[*granted, *refused])
    assert {who for who, _, _ in left} == {p["source_key"] for p in people[len(spelled) :]}


def test_rule_06_a_purpose_that_names_direct_marketing_and_more_is_every_purpose(permitted):
    """Of direct marketing alone a survey about what was bought goes on."""
    spelled = [
        "direct marketing, survey",
        "direktreklam och survey",
        "Direct marketing and surveys",
        "survey (direct marketing)",
        "direktreklam, enkät",
        "all, incl. direct marketing",
    ]
    people = [person(f"p{n}", name, f"{name}sson", email=f"p{n}@x.se") for n, name in enumerate(NAMES)]
    granted = [said(p["source_key"], purpose="survey", contact_point=p["email"]) for p in people]
    alone = ["Direct marketing", "direktreklam."]
    refused = [said(p["source_key"], "withdrawn", "2026-03-01", purpose=purpose, channel="sms") for p, purpose in zip(people, spelled + alone, strict=True)]  # fmt: skip
    left = permitted(people, consent_events=[*granted, *refused])
    assert {who for who, _, _ in left} == {p["source_key"] for p in people[len(spelled) :]}


def test_rule_06_an_objection_that_is_made_here_stands_when_customers_merge(permitted, warehouse, resolve):
    """`kundbild object` notes it with each record: whoever the customer is tomorrow, it is theirs."""
    alone = person("alone", "Anna", "Berg", email="other@x.se")
    customer = resolve(ANNA, alone)["anna"]
    prepare_requests(warehouse)
    assert object_to_marketing(warehouse, customer, datetime(2026, 3, 1), "r1") == 1
    granted = [said("alone", purpose="offers", confirmed_at=datetime(2026, 1, 2)), said("alone")]
    assert set(permitted([ANNA, alone], consent_events=granted)) == {
        ("alone", "offers", "email"),
        ("alone", "survey", "email"),
    }
    together = alone | {"phone": ANNA["phone"], "email": ANNA["email"]}
    assert {purpose for _, purpose, _ in permitted([ANNA, together], consent_events=granted)} == {"survey"}


def test_rule_07_more_refusals_never_permit_more_and_order_never_matters(permitted):
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
        return [{"register": "nix_telefon", "version_on": "2026-05-15", "phone": p["phone"]} for p in numbers]

    def by_seed(found: dict) -> list[set]:
        return [{item for item in found.items() if item[0][0].startswith(f"{seed}:")} for seed in range(len(draws))]

    people, statements, nix, refused, more = [], [], [], [], []
    for draw, hundred in zip(draws, drawn_people, strict=True):
        people += hundred
        statements += drawn(draw, hundred, 4)
        nix += reserved(draw.sample(hundred, 10))
        refused += [{**statement, "status": "withdrawn"} for statement in drawn(draw, hundred, 2)]
        more += reserved(draw.sample(hundred, 20))
    allowed = permitted(people, consent_events=statements, reservations=nix)
    assert all(20 < len(of_seed) < 150 for of_seed in by_seed(allowed))
    others = [draws[0].sample(rows, len(rows)) for rows in (people, statements, nix)]
    assert permitted(others[0], consent_events=others[1], reservations=others[2]) == allowed
    fewer = permitted(people, consent_events=[*statements, *refused], reservations=[*nix, *more])
    assert [few < many for few, many in zip(by_seed(fewer), by_seed(allowed), strict=True)] == [True] * len(draws)


def _soft(channel: str = "email", **more) -> dict:
    return {"purpose": "offers", "channel": channel, "legal_basis": "Soft opt-in"} | more


SOFT = [_soft("email"), _soft("sms"), _soft("phone")]
BOUGHT = ("2025-12-24", 100)
# what was said, when was bought and for how much in the end, and what is permitted
ON_SOFT_OPT_IN = {
    "a sale": (SOFT, BOUGHT, {("offers", "email"), ("offers", "sms")}),
    "nothing bought": (SOFT, None, set()),
    "bought later": (SOFT, ("2026-02-01", 100), set()),
    # an order that was cancelled or given back whole is not a sale
    "given back": (SOFT, ("2025-12-24", 0), set()),
    "withdrawn on one channel": ([*SOFT, {"status": "withdrawn", "at": "2026-02-01", "purpose": "offers"}], BOUGHT, {("offers", "sms")}),
    "objected": ([*SOFT, {"status": "withdrawn", "at": "2026-02-01", "purpose": "direct_marketing"}], BOUGHT, set()),
    "a survey is not an offer": ([{"legal_basis": "soft opt-in"}], BOUGHT, set()),
    "without wording": ([_soft(wording_version=None)], BOUGHT, set()),
}  # fmt: skip
ON_CONSENT_ALONE = {
    "soft opt-in": (SOFT, BOUGHT, set()),
    "another basis": ([{"legal_basis": "legitimate interest"}, {"purpose": "profiling", "legal_basis": "contract"}], BOUGHT, set()),
    "consent": ([{"legal_basis": "Consent"}], BOUGHT, {("survey", "email")}),
}  # fmt: skip


def test_rule_08_email_wants_consent_or_where_it_is_allowed_a_soft_opt_in_of_who_bought(
    permitted, compiled, warehouse, tmp_path_factory
):
    def allowed(cases: dict[str, tuple]) -> dict[str, set]:
        people = [someone(n) for n in range(len(cases))]
        customers = permitted.resolve(*people)
        bought = {f"p{n}": sale for n, (_, sale, _) in enumerate(cases.values()) if sale}
        orders(warehouse, *((customers[key], at, "completed", 100, net) for key, (at, net) in bought.items()))
        statements = [
            said(one["source_key"], **{"contact_point": one["email" if more.get("channel", "email") == "email" else "phone"]} | more)
            for one, (said_by_them, _, _) in zip(people, cases.values(), strict=True)
            for more in said_by_them
        ]  # fmt: skip
        found = permitted(people, consent_events=statements)
        return {case: {(p, c) for key, p, c in found if key == f"p{n}"} for n, case in enumerate(cases)}

    assert allowed(ON_CONSENT_ALONE) == {case: left for case, (_, _, left) in ON_CONSENT_ALONE.items()}
    compiled_before = dict(compiled)
    compiled.update(compiled_with(tmp_path_factory, soft_opt_in=True))
    try:
        assert allowed(ON_SOFT_OPT_IN) == {case: left for case, (_, _, left) in ON_SOFT_OPT_IN.items()}
    finally:
        compiled.update(compiled_before)


MOVED = {"street": "Nygatan 9", "postal_code": "22233", "city": "Lund", "effective_on": "2026-03-01"}
# when the record's address is from, what the register has of the person, and since when the register's address wins, if it does
REFRESHED = {
    "a newer date": ("2026-02-01", [MOVED], "2026-03-01"),
    "an older date": ("2026-04-01", [MOVED], None),
    "the same date": ("2026-03-01", [MOVED], None),
    # the newest entry, and none of tomorrow, of another person, without an address, or of protected identity
    "two entries": ("2026-02-01", [MOVED, MOVED | {"source_key": "older", "street": "Gamla gatan 3", "effective_on": "2026-02-15"}], "2026-03-01"),
    "of tomorrow": ("2026-02-01", [MOVED | {"effective_on": "2026-07-01"}], None),
    "of another person": ("2026-02-01", [MOVED | {"given_name": "Eva"}], None),
    "without an address": ("2026-02-01", [MOVED | {"postal_code": None}], None),
    "of protected identity": ("2026-02-01", [MOVED | {"is_protected": True}], None),
}  # fmt: skip


def test_rule_20_an_address_refresh_wins_only_with_a_newer_date_and_says_where_it_is_from(permitted, warehouse):
    people = [
        someone(n, street=f"Storgatan {n + 1}", postal_code="11122", city="Stockholm") for n in range(len(REFRESHED))
    ]
    people = [one | {"given_name": f"Å{one['given_name'].lower()}"} for one in people]
    entries = []
    for n, (one, (_, of_them, _)) in enumerate(zip(people, REFRESHED.values(), strict=True)):
        named = {
            "given_name": one["given_name"].upper(),
            "family_name": one["family_name"].lower(),
            "birth_date": one["birth_date"],
        }
        entries += [{**named, "source_system": "registers", "source_key": f"e{n}", **entry} for entry in of_them]
    permitted(people, address_updates=entries)
    for n, (changed, _, _) in enumerate(REFRESHED.values()):
        warehouse.execute(
            "update conformed.conformed_people set updated_at = ? where source_key = ?", [changed, f"p{n}"]
        )
    warehouse.execute(f"create or replace table identity.golden_records as {permitted.compiled['golden_records']}")
    found = warehouse.execute(
        "select s.source_key, address.value.street, address.value.postal_code, address.source_system || ':' || address.source_key, "
        "address.changed_at::date::varchar from identity.golden_records join identity.customer_source_records s using (customer_id)"
    ).fetchall()
    assert {case: [row for key, *row in found if key == f"p{n}"] for n, case in enumerate(REFRESHED)} == {
        case: [["Nygatan 9", "22233", f"registers:e{n}", since]]
        if since
        else [[f"Storgatan {n + 1}", "11122", f"crm:p{n}", changed]]
        for n, (case, (changed, _, since)) in enumerate(REFRESHED.items())
    }


def test_rule_24_who_is_restricted_is_in_no_mart_by_an_earlier_id_either(permitted, warehouse, resolve):
    alone = person("alone", "Anna", "Berg", email="other@x.se")
    resolve(ANNA, alone, BO)
    together = alone | {"phone": ANNA["phone"], "email": ANNA["email"]}
    customer = resolve(ANNA, together, BO)["anna"]
    prepare_requests(warehouse)
    assert set(permitted([ANNA, together, BO], consent_events=[said("alone"), said("bo")])) >= {
        ("bo", "survey", "email")
    }
    kept = "select distinct source_key from marts.bridge_customer_source_records order by 1"
    assert warehouse.execute(kept).fetchall() == [("alone",), ("anna",), ("bo",)]
    assert restrict(warehouse, customer, datetime(2026, 3, 1), "r1") == 2
    permitted([ANNA, together, BO], consent_events=[said("alone"), said("bo")])
    assert warehouse.execute(kept).fetchall() == [("bo",)]
    assert warehouse.execute("select distinct contact_point from marts.contact_permission_history").fetchall() == [
        ("bo@x.se",)
    ]
