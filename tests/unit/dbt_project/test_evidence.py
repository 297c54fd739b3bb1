"""What is evidence of a grant, and what is none (rule 2)."""

from __future__ import annotations

from datetime import datetime

import pytest

from tests.unit.consent import NOBODYS, said
from tests.unit.people import by_case
from tests.unit.stories import night, of, story

# whether a point of the record's is evidence for a channel
KINDS = [
    ("email", "email", True), ("email", "phone", False), ("sms", "phone", True), ("sms", "email", False),
    ("phone", "phone", True), ("phone", "email", False), ("post", "post", True), ("post", "email", False),
]  # fmt: skip


@story
def test_rule_02_a_contact_point_of_another_kind_is_no_evidence(cast):
    """An address stays evidence for the channel that it is of."""
    people = [cast.one(street=f"Alvägen {n + 1}", postal_code="11122") for n in range(len(KINDS))]
    granted = [
        of(one, channel=channel, contact_point={**one, "post": f"{one['street']}, 111 22 Stockholm"}[kind])
        for one, (channel, kind, _) in zip(people, KINDS, strict=True)
    ]
    both = cast.one()
    found = yield night([*people, both], *granted, of(both, channel="sms"), of(both))
    channels = [{channel for key, _, channel in found if key == one["source_key"]} for one in (*people, both)]
    assert by_case(KINDS, lambda n: channels[n]) == by_case(KINDS, lambda n: {KINDS[n][0]} if KINDS[n][2] else set())
    assert channels[-1] == {"email"}


@pytest.mark.parametrize(
    "written",
    ["-", "?", " — ", "\u2800", "\u3164", "\u1160\uffa0", "\u200b.", "n/a", " N/A ", "null", "okänd", "", None],
)
def test_rule_02_a_wording_without_letter_or_digit_or_a_word_for_none_is_no_evidence(warehouse, written):
    from orchestration.privacy.intake.evidence_words import is_evidence
    from orchestration.privacy.intake.withdrawals import prepare_withdrawals
    from tests.unit.mapped import time_macros

    prepare_withdrawals(warehouse)
    for value, expected in ((written, None), ("v1", "v1"), ("2024-01", "2024-01"), ("nyhetsbrev", "nyhetsbrev")):
        asked = f"select {time_macros().evidence('w')}, {is_evidence('w')} from (select $1::varchar as w)"
        assert warehouse.execute(asked, [value]).fetchall() == [(expected, expected is not None)], value


@story
def test_rule_02_a_grant_on_an_address_that_only_others_have_is_no_evidence(cast):
    others = cast.many(2)
    two = cast.one()
    # of nobody else, as an old address, it is
    people = {
        "of another": ([cast.one()], capitals(others[0]["email"])),
        "of nobody": ([cast.one()], "OLD@old.se"),
        # one customer by the number, who shares the address with the other
        "of another and of the customer's": ([two, two | {"source_key": f"{two['source_key']}b", "email": others[1]["email"]}], capitals(others[1]["email"])),
    }  # fmt: skip
    # and one that stands in for none grants nothing
    for junk in ("test@test.com", "NoEmail@noemail.com"):
        for is_own in (False, True):
            people[f"{junk} {is_own}"] = ([cast.one(**({"email": junk} if is_own else {}))], junk)
    granted = [said(records[0]["source_key"], contact_point=point) for records, point in people.values()]
    by_number, no_source = cast.many(2)
    people["a number that stands in for none"] = ([by_number], None)
    people["without a source"] = ([no_source], None)
    granted.append(of(by_number, channel="sms", contact_point="070-000 00 00"))
    granted.append(of(no_source, capture_source=None))
    found = yield night([*others, *(record for records, _ in people.values() for record in records)], *granted)
    # a customer of two records goes by the key of one of them
    of_case = {
        case: [point for (key, *_), point in found.items() if key in {r["source_key"] for r in records}]
        for case, (records, _) in people.items()
    }
    assert of_case == {case: [] for case in people} | {
        "of nobody": ["OLD@old.se"],
        "of another and of the customer's": [capitals(others[1]["email"])],
    }
    assert len(found) == 2


# an address as a record has it and its grant names it: several in one, or none, is not an address to write to
NO_ADDRESS = ["vidar@x.sevidar@x.se", "xena@x.se; cy@dahl.se", "yngve@x.se ivar@kvist.se", "mailto:ylva@x.se?bcc=ulf@kvist.se", "@x.se", "anna@x", "not@an@address.se",
    "sixten.bergdal, bo.ny@x.se", "alva .ek@x.se", "anna.b; bo@y.se", "-ida@x.se", "ove@x.se0701112233", "una@x.se.old", "\\tnils@x.se"]  # fmt: skip
ONE_ADDRESS = ["Vera@X.SE", '"Sten" <sten@x.se>', " tor@x.se "]


@story
def test_rule_02_a_grant_on_a_field_of_several_addresses_or_none_is_no_evidence_on_the_records_own_either(cast):
    people = [cast.one(email=written, phone=None, birth_date=None) for written in [*ONE_ADDRESS, *NO_ADDRESS]]
    found = yield night(people, *map(of, people))
    assert set(found.values()) == set(ONE_ADDRESS)


# what tills, call centres and forms write where somebody has, or gives, no address or number
JUNK = [
    "none@none.se", "NONE@none.com", "unknown@unknown.se", "saknas@butiken.se", "saknas2@x.se", "noreply@x.se", "no-reply@shop.se",
    "No.Reply@gmail.com", "nyhetsbrev-noreply@x.se", "ikke-svar@x.no", "svar-ej@x.se", "kund17@kassa.invalid", "anna@butik.example",
    "anna@example.com", "test@test.se", "test12@x.se", "test+anna@x.se", "okänd@x.se", "okand@x.se", "ukjent@x.no", "ukendt@x.dk",
    "mangler@x.dk", "ingen.epost@x.no", "ingenmail@x.se", "finns-ej@x.se", "tuntematon@x.fi", "ei-sähköpostia@x.fi", "puuttuu@x.fi",
    "nomail@x.com", "no_email@x.se", "null@x.se", "nej@nej.se", "kund@noemail.se", "dummy@x.se",
]  # fmt: skip
JUNK_NUMBERS = [
    "070-111 11 11", "070-000 00 00", "0701234567", "073-765 43 21", "+46 70 123 45 67", "+47 99999999", "+47 12345678", "+45 12 34 56 78",
    "+358 40 1234567", "12345678", "08-123 456 78", "0046701111111",
]  # fmt: skip
# shared, or somebody's: no junk
SOMEBODYS = [
    "info@x.se", "kontakt@x.se", "mail@annaberg.dk", "post@berg.no", "anna@anna.se", "testa.berg@x.se", "nona@x.se", "ingenjor@x.se",
    "nullah@x.se", "reply@x.se", "contest@x.se", "unknownpleasures@x.se", "anna@testhuset.se", "saknasberg@x.se", "inge.n@x.se", "anna@noreplysson.se",
]  # fmt: skip
SOMEBODYS_NUMBERS = ["070-111 22 33", "+47 913 52 467", "+46 70 111 11 12", "+358 40 123 4568"]


def capitals(email: str) -> str:
    name, _, domain = email.partition("@")
    return f"{name.upper()}@{domain}"


def _one_each(cast, points: list[str], column: str, channel: str) -> tuple[list[dict], list[dict]]:
    """Somebody for each point, who has nothing else."""
    nothing = dict.fromkeys(("given_name", "family_name", "birth_date", "email", "phone"))
    people = [cast.one(**nothing | {column: point}) for point in points]
    return people, [of(one, channel=channel, contact_point=one[column]) for one in people]


@story
def test_rule_02_a_grant_on_what_stands_in_for_an_address_is_no_evidence(cast):
    people, granted = _one_each(cast, [*JUNK, *SOMEBODYS], "email", "email")
    # of a customer who has a real one too, that one alone is evidence
    junk = ["none@none.se", "no-reply@shop.se"] * 2
    beside = cast.many(len(junk))
    granted += [of(one, contact_point=point) for one, point in zip(beside, junk, strict=True)]
    granted += map(of, beside[2:])
    found = yield night([*people, *beside], *granted)
    assert sorted(found[what] for what in found if what[0] in {one["source_key"] for one in people}) == sorted(
        SOMEBODYS
    )
    assert {what: point for what, point in found.items() if what[0] in {one["source_key"] for one in beside}} == {
        (one["source_key"], "survey", "email"): one["email"] for one in beside[2:]
    }
    # nor is it anybody's address
    shown = cast.rows(
        "select g.email.value from identity.golden_records g join identity.customer_source_records s using (customer_id) "
        "where s.valid_to is null and g.email is not null and s.source_key in (select unnest(?))",
        [one["source_key"] for one in people],
    )
    assert sorted(point for (point,) in shown) == sorted(SOMEBODYS)


@story
def test_rule_02_a_grant_on_what_stands_in_for_a_number_is_no_evidence(cast):
    people, granted = _one_each(cast, [*JUNK_NUMBERS, *SOMEBODYS_NUMBERS], "phone", "sms")
    # an address that stands in for none takes nothing from the record's number
    one = cast.one(email="saknas@x.se")
    found = yield night([*people, one], *granted, of(one, channel="sms", contact_point=one["phone"]))
    assert (one["source_key"], "survey", "sms") in found
    assert sorted(point for (key, _, _), point in found.items() if key != one["source_key"]) == sorted(
        SOMEBODYS_NUMBERS
    )


# each is what two strangers have in one field, and who were granted something on what stands in the other
SHARED_JUNK = ["saknas@saknas.se", "noreply@butiken.se", "070-222 22 22", "0761234567"]


@story
def test_rule_04_a_withdrawal_on_junk_denies_its_person_and_not_all_who_have_it(cast):
    """Nor does it speak for others where its record is gone, or where it names nobody; beside a real one in the field it takes
    nothing from that. Each kind of refusal is of people of its own."""
    channels = ["sms" if "@" in point else "email" for point in SHARED_JUNK]
    junk = list(zip(SHARED_JUNK, channels, strict=True))
    # how they refuse, and who of the two is left
    kinds = {"nobody": {"vera", "stig"}, "their own": {"stig"}, "of a record that is gone": {"vera", "stig"}, "of nobody": {"vera", "stig"}, "of nobody, beside a real one": {"stig"}}  # fmt: skip
    pairs, people, granted, refused = {}, [], [], []
    for kind in kinds:
        for n, (point, channel) in enumerate(junk):
            junk_in, real_in = ("email", "phone") if channel == "sms" else ("phone", "email")
            pair = pairs[kind, n] = cast.many(2)
            granted += [of(one, channel=channel, contact_point=one[real_in]) for one in pair]
            people += [one | {junk_in: point, "birth_date": None} for one in pair]
            no = of(pair[0], "withdrawn", "2026-02-01", channel=channel, contact_point=point, source_key=f"w{kind}{n}")
            if kind == "of a record that is gone":
                gone = cast.one(email=None, phone=None, birth_date=None)
                people.append(gone | {junk_in: point, "deleted_at": datetime(2026, 3, 1)})
                no["person_key"] = gone["source_key"]
            elif "of nobody" in kind:
                no |= NOBODYS
            if "beside" in kind:
                no["contact_point"] = f"{point}; {pair[0][real_in]}"
            if kind != "nobody":
                refused.append(no)

    def left(found) -> dict[str, dict[str, object]]:
        def of_kind(kind: str) -> dict[str, object]:
            named = {n: zip(("vera", "stig"), pairs[kind, n], strict=True) for n in range(len(junk))}
            return by_case(
                SHARED_JUNK, lambda n: {name for name, one in named[n] if one["source_key"] in found.keys_of}
            )

        return {kind: of_kind(kind) for kind in kinds}

    everybody = by_case(SHARED_JUNK, lambda _: {"vera", "stig"})
    assert left((yield night(people, *granted))) == dict.fromkeys(kinds, everybody)
    found = yield night(people, *granted, *refused)
    assert left(found) == {kind: by_case(SHARED_JUNK, lambda _, kind=kind: kinds[kind]) for kind in kinds}
