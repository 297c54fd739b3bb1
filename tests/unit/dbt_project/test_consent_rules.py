"""The consent rules by their numbers: each test fails where its rule is broken. The SQL is the project's own, compiled by dbt.

People, consent statements and registers are put in as conformed rows; what may be done is read from contact_permissions.
"""

from __future__ import annotations

import random
from datetime import datetime

import pytest

from orchestration.privacy.rights.rights import object_to_marketing, prepare_requests, restrict
from tests.unit.consent import ANNA, BO, SURVEY, compiled_with, orders, said
from tests.unit.people import person


def test_rule_01_nothing_is_permitted_that_was_not_granted_for_exactly_that(permitted):
    assert permitted([ANNA, BO]) == {}
    assert permitted([ANNA, BO], consent_events=[said("anna")]) == {SURVEY: "anna@x.se"}
    unknown = said("anna", purpose="telepathy", confirmed_at=datetime(2026, 1, 2))
    assert permitted([ANNA, BO], consent_events=[unknown]) == {}


def test_rule_02_a_grant_has_its_time_and_evidence_and_ends(permitted, warehouse):
    assert permitted([ANNA], consent_events=[said("anna", at="2026-07-01")]) == {}  # of tomorrow
    assert permitted([ANNA], consent_events=[said("anna", wording_version=None)]) == {}
    assert permitted([ANNA], consent_events=[said("anna", capture_source=None)]) == {}
    assert permitted([ANNA], consent_events=[said("anna", contact_point=None)]) == {}
    until = said("anna", expires_at=datetime(2026, 6, 1))
    assert permitted([ANNA], consent_events=[until]) == {} and permitted.why[SURVEY] == "the grant has expired"
    assert permitted([ANNA], at="2026-05-31", consent_events=[until]) == {SURVEY: "anna@x.se"}
    # the last grant says how long, also where it says for good
    for ends, anew in (
        (None, said("anna", at="2026-03-01")),
        (datetime(2027, 1, 1), said("anna", at="2026-03-01", expires_at=datetime(2027, 1, 1))),
    ):
        permitted([ANNA], at="2026-05-31", consent_events=[until, anew])
        assert warehouse.execute("select expires_at from marts.contact_permissions").fetchall() == [(ends,)]
    # a newsletter wants the second click, and counts from it
    letter = said("anna", purpose="newsletter")
    assert permitted([ANNA], consent_events=[letter]) == {}
    confirmed = letter | {"confirmed_at": datetime(2026, 1, 2)}
    assert permitted([ANNA], consent_events=[confirmed]) == {("anna", "newsletter", "email"): "anna@x.se"}


def test_rule_03_no_purpose_or_channel_follows_from_another(permitted):
    assert set(permitted([ANNA], consent_events=[said("anna")])) == {SURVEY}
    assert set(permitted([ANNA], consent_events=[said("anna", purpose="profiling")])) == {
        ("anna", "profiling", "email")
    }


def test_rule_04_a_withdrawal_anywhere_denies_all_until_a_strictly_later_grant(permitted):
    both = [ANNA, person("other", email="second@x.se", phone="+46701112233")]  # one customer by the phone
    granted, withdrawn = said("anna"), said("other", "withdrawn", "2026-02-01", contact_point="second@x.se")
    assert permitted(both, consent_events=[granted, withdrawn]) == {}
    anew = said("anna", at="2026-02-01")
    assert permitted(both, consent_events=[granted, withdrawn, anew]) == {}  # a tie denies
    later = said("anna", at="2026-02-02")
    assert list(permitted(both, consent_events=[granted, withdrawn, later]).values()) == [
        "anna@x.se"
    ]  # that address only
    again = said("other", "withdrawn", "2026-03-01")
    assert permitted(both, consent_events=[granted, withdrawn, later, again]) == {}
    ahead = said("other", "withdrawn", "2027-01-01")
    assert permitted(both, consent_events=[granted, ahead]) == {}


def test_rule_04_a_withdrawal_that_names_only_a_contact_point_denies_whoever_has_it(permitted):
    granted = [said("anna"), said("bo")]
    assert len(permitted([ANNA, BO], consent_events=granted)) == 2
    nobodys = {"person_system": None, "person_key": None}
    for written in ("anna@x.se", " Anna+tag@X.SE ", "070-111 22 33", "+46 70 111 22 33"):
        withdrawn = said("-", "withdrawn", "2026-03-01", contact_point=written) | nobodys
        assert set(permitted([ANNA, BO], consent_events=[*granted, withdrawn])) == {("bo", "survey", "email")}
    # of a record that is somebody else's, as where two share an address: both are denied
    shared = said("bo", "withdrawn", "2026-03-01", contact_point="anna@x.se")
    assert permitted([ANNA, BO], consent_events=[*granted, shared]) == {}
    # a grant that names only an address is nobody's evidence; a later one of the record reverses
    pointed = said("-", at="2026-04-01", contact_point="anna@x.se") | nobodys
    withdrawn = said("-", "withdrawn", "2026-03-01", contact_point="anna@x.se") | nobodys
    assert set(permitted([ANNA, BO], consent_events=[*granted, withdrawn, pointed])) == {("bo", "survey", "email")}
    later = said("anna", at="2026-05-01")
    assert len(permitted([ANNA, BO], consent_events=[*granted, withdrawn, later])) == 2
    # so does an objection, and an unsubscribe
    objection = said("-", "withdrawn", "2026-03-01", purpose="direct_marketing", contact_point="bo@x.se") | nobodys
    offers = [said(key, purpose="offers", confirmed_at=datetime(2026, 1, 2)) for key in ("anna", "bo")]
    assert set(permitted([ANNA, BO], consent_events=[*offers, objection])) == {("anna", "offers", "email")}
    left = {"kind": "unsubscribed", "contact_point": "BO@x.se", "occurred_at": datetime(2026, 3, 1)} | nobodys
    assert set(permitted([ANNA, BO], consent_events=offers, email_events=[left])) == {("anna", "offers", "email")}


def test_rule_04_a_withdrawal_that_does_not_say_of_what_denies_all_that_it_can_be_of(permitted, warehouse):
    given = {"confirmed_at": datetime(2026, 1, 2)}
    granted = [said("anna", purpose=p, channel=c, **given) for p in ("newsletter", "offers", "survey") for c in ("email", "sms")]  # fmt: skip
    assert len(permitted([ANNA], consent_events=granted)) == 6
    for said_of, left in (
        ({"purpose": "all", "channel": "all"}, set()),
        ({"purpose": "all", "channel": "sms"}, {("newsletter", "email"), ("offers", "email"), ("survey", "email")}),
        ({"purpose": "offers", "channel": "all"}, {("newsletter", "email"), ("newsletter", "sms"), ("survey", "email"), ("survey", "sms")}),
    ):  # fmt: skip
        withdrawn = said("anna", "withdrawn", "2026-03-01", **said_of)
        assert {(purpose, channel) for _, purpose, channel in permitted([ANNA], consent_events=[*granted, withdrawn])} == left  # fmt: skip
        history = "select distinct purpose, channel from marts.contact_permission_history where is_permitted and valid_to is null"
        assert set(warehouse.execute(history).fetchall()) == left
    # and a later grant, of one purpose on one channel, is of that alone
    anew = said("anna", at="2026-04-01", purpose="offers", channel="sms", confirmed_at=datetime(2026, 4, 2))
    everything = said("anna", "withdrawn", "2026-03-01", purpose="all", channel="all")
    assert set(permitted([ANNA], consent_events=[*granted, everything, anew])) == {("anna", "offers", "sms")}
    # a grant of all is none
    for said_of in ({"purpose": "all"}, {"channel": "all"}, {"purpose": "all", "channel": "all"}):
        assert permitted([ANNA], consent_events=[said("anna", **given | said_of)]) == {}


def test_rule_05_a_merge_never_adds_permission(permitted):
    statements = [said("anna"), said("bo", "withdrawn", "2026-03-01")]
    apart = permitted([ANNA, BO], consent_events=statements)
    assert set(apart) == {SURVEY}
    one = [ANNA, person("bo", email="anna@x.se")]
    assert permitted(one, consent_events=statements) == {}
    assert permitted([ANNA, BO], consent_events=statements) == apart


def test_rule_06_an_objection_ends_all_direct_marketing_and_its_profiling(permitted):
    fresh = [{"register": "nix_telefon", "version_on": "2026-05-31", "phone": "+46709999999"}]
    granted = [said("anna", purpose=p, channel=c, confirmed_at=datetime(2026, 1, 2))
               for p in ("newsletter", "offers", "profiling", "survey") for c in ("email", "sms", "phone")]  # fmt: skip
    assert len(permitted([ANNA], consent_events=granted, reservations=fresh)) == 12
    objection = said("anna", "withdrawn", "2026-03-01", purpose="direct_marketing")
    left = permitted([ANNA], consent_events=[*granted, objection], reservations=fresh)
    assert {purpose for _, purpose, _ in left} == {"survey"} and len(left) == 3
    anew = said("anna", purpose="offers", at="2026-04-01", confirmed_at=datetime(2026, 4, 2))
    later = permitted([ANNA], consent_events=[*granted, objection, anew], reservations=fresh)
    assert set(later) - set(left) == {("anna", "offers", "email")}


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


@pytest.mark.parametrize("seed", range(3))
def test_rule_07_more_refusals_never_permit_more_and_order_never_matters(permitted, seed):
    """A hundred customers with statements drawn at random: of so many some meet every case."""
    draw = random.Random(seed)
    people = [person(f"p{n}", None, None, email=f"p{n}@x.se", phone=f"+4670111{n:04d}") for n in range(100)]

    def drawn(most: int) -> list[dict]:
        months = ("2026-01-01", "2026-02-01", "2026-03-01", "2027-01-01")
        return [
            said(p["source_key"], draw.choice(["granted", "withdrawn"]), draw.choice(months), channel=(channel := draw.choice(["email", "phone"])), contact_point=p[channel])
            for p in people
            for _ in range(draw.randint(0, most))
        ]  # fmt: skip

    def reserved(numbers: list[dict]) -> list[dict]:
        return [{"register": "nix_telefon", "version_on": "2026-05-15", "phone": p["phone"]} for p in numbers]

    statements, nix = drawn(4), reserved(draw.sample(people, 10))
    allowed = permitted(people, consent_events=statements, reservations=nix)
    assert 20 < len(allowed) < 150
    others = [draw.sample(rows, len(rows)) for rows in (people, statements, nix)]
    assert permitted(others[0], consent_events=others[1], reservations=others[2]) == allowed
    refused = [{**statement, "status": "withdrawn"} for statement in drawn(2)]
    more = [*nix, *reserved(draw.sample(people, 20))]
    fewer = permitted(people, consent_events=[*statements, *refused], reservations=more)
    assert fewer.items() < allowed.items()


def test_rule_08_email_wants_consent_or_where_it_is_allowed_a_soft_opt_in_of_who_bought(
    permitted, compiled, warehouse, tmp_path_factory
):
    def allowed(*statements: dict, bought: str | None = "2025-12-24", is_sale: bool = True) -> set[tuple[str, str]]:
        customer = permitted.resolve(ANNA)["anna"]
        orders(warehouse, *([(customer, bought, "completed", 100, 100 if is_sale else 0)] if bought else []))
        return {(purpose, channel) for _, purpose, channel in permitted([ANNA], consent_events=list(statements))}

    soft = [
        said("anna", purpose="offers", channel=channel, legal_basis="Soft opt-in")
        for channel in ("email", "sms", "phone")
    ]
    assert allowed(*soft) == set()
    assert (
        allowed(
            said("anna", legal_basis="legitimate interest"), said("anna", purpose="profiling", legal_basis="contract")
        )
        == set()
    )
    assert allowed(said("anna", legal_basis="Consent")) == {("survey", "email")}
    compiled_before = dict(compiled)
    compiled.update(compiled_with(tmp_path_factory, soft_opt_in=True))
    try:
        assert allowed(*soft) == {("offers", "email"), ("offers", "sms")}
        assert allowed(*soft, bought=None) == allowed(*soft, bought="2026-02-01") == set()
        # an order that was cancelled or given back whole is no sale
        assert allowed(*soft, is_sale=False) == set()
        assert allowed(*soft, said("anna", "withdrawn", "2026-02-01", purpose="offers")) == {("offers", "sms")}
        assert allowed(*soft, said("anna", "withdrawn", "2026-02-01", purpose="direct_marketing")) == set()
        assert allowed(said("anna", legal_basis="soft opt-in")) == set()  # a survey is no offer
        assert allowed(soft[0] | {"wording_version": None}) == set()
    finally:
        compiled.update(compiled_before)


def test_rule_20_an_address_refresh_wins_only_with_a_newer_date_and_says_where_it_is_from(permitted, warehouse):
    anna = person(
        "anna",
        given_name="Åsa",
        family_name="Berg",
        birth_date="1980-05-05",
        street="Storgatan 1",
        postal_code="11122",
        city="Stockholm",
    )

    def address(changed: str | None, *entries: dict) -> tuple | None:
        named = {"given_name": "ÅSA", "family_name": "berg", "birth_date": "1980-05-05", "source_system": "registers"}
        permitted([anna], address_updates=[{**named, **entry} for entry in entries])
        warehouse.execute("update conformed.conformed_people set updated_at = ?", [changed])
        warehouse.execute(f"create or replace table identity.golden_records as {permitted.compiled['golden_records']}")
        found = "select address.value.street, address.value.postal_code, address.source_system || ':' || address.source_key, address.changed_at::date::varchar"
        return warehouse.execute(f"{found} from identity.golden_records").fetchall()[0]

    moved = {
        "source_key": "e1",
        "street": "Nygatan 9",
        "postal_code": "22233",
        "city": "Lund",
        "effective_on": "2026-03-01",
    }
    own, registered = ("Storgatan 1", "11122", "crm:anna"), ("Nygatan 9", "22233", "registers:e1")
    assert address("2026-02-01", moved) == (*registered, "2026-03-01")
    assert address("2026-04-01", moved) == (*own, "2026-04-01")
    assert address("2026-03-01", moved) == (*own, "2026-03-01")
    # the newest entry, and none of tomorrow, of another person, without an address, or of protected identity
    older = moved | {"source_key": "e0", "street": "Gamla gatan 3", "effective_on": "2026-02-15"}
    assert address("2026-02-01", moved, older) == (*registered, "2026-03-01")
    for nothing in (
        {"effective_on": "2026-07-01"},
        {"given_name": "Eva"},
        {"postal_code": None},
        {"is_protected": True},
    ):
        assert address("2026-02-01", moved | nothing)[:3] == own, nothing


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
