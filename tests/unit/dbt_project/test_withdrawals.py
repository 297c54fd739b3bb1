"""A withdrawal stands for ever until a strictly later grant, whatever becomes of its row, its record or its spelling."""

from __future__ import annotations

from datetime import date, datetime

from orchestration.privacy.intake.withdrawals import add_withdrawals, note_withdrawals, prepare_withdrawals
from orchestration.privacy.rights.objections import withdraw_record
from tests.unit.consent import ANNA, BO, NOBODYS, said
from tests.unit.people import by_case, person, someone
from tests.unit.stories import night, of, story

# what becomes of the row of a withdrawal, night by night: None is no row at all; and whether a grant before it stands then
ROWS = {
    "deleted": ([{"deleted_at": datetime(2026, 4, 1)}], [False]),
    # as a file that goes back to earlier content does
    "written over": ([{"status": "granted", "stated_at": datetime(2026, 1, 1)}], [False]),
    "deleted, written over, and gone with its table": (
        [{"deleted_at": datetime(2026, 4, 1)}, {"status": "granted", "stated_at": datetime(2026, 1, 1), "load_id": 3}, None],
        [False, False, False],
    ),
    # a load that is read otherwise by now, as after a mapping was fixed, is not a withdrawal any more
    "read otherwise": ([{"status": "granted", "stated_at": datetime(2026, 1, 1), "load_id": 1}], [True]),
    "delivered again, and read otherwise": (
        [{}, {"status": "granted", "stated_at": datetime(2026, 1, 1), "load_id": 2}],
        [False, True],
    ),
}  # fmt: skip


@story
def test_rule_04_a_withdrawal_outlives_its_row(cast):
    """Deleted at the source, vanished with its table, or written over."""
    people = cast.many(len(ROWS))
    granted = [of(one) for one in people]
    withdrawn = [of(one, "withdrawn", "2026-03-01", source_key=f"w{n}") for n, one in enumerate(people)]
    found = yield night(people, *granted, *withdrawn)
    assert found == {}
    for nth in range(3):
        rows, expected = [], set()
        for one, row, (changes, stands) in zip(people, withdrawn, ROWS.values(), strict=True):
            at = min(nth, len(changes) - 1)
            if (change := changes[at]) is not None:
                rows.append(row | {"load_id": 2 + at} | change)
            if stands[at]:
                expected.add(one["source_key"])
        found = yield night(people, *granted, *rows)
        assert found.keys_of == expected, f"night {nth} of {[*zip(ROWS, people, strict=True)]}"


@story
def test_rule_04_an_untimed_withdrawal_does_not_come_again_by_its_row_being_deleted(cast):
    """What was granted since stands."""
    one = cast.one()
    undated = of(one, "withdrawn", stated_at=None, extracted_at=datetime(2026, 3, 1), source_key="u", load_id=5)
    found = yield night([one], of(one), undated)
    assert found == {}
    gone = undated | {"extracted_at": datetime(2026, 5, 20), "deleted_at": datetime(2026, 5, 20), "load_id": 6}
    found = yield night([one], of(one, at="2026-05-01"), gone)
    assert found.keys_of == {one["source_key"]}


@story
def test_rule_04_a_withdrawal_outlives_a_merge_in_the_crm_that_deletes_contact_and_statement(cast):
    """One customer of two records, by their number."""
    one = cast.one()
    other = one | {"source_key": f"{one['source_key']}b", "email": f"home.{one['email']}"}
    granted, withdrawn = of(one), of(other, "withdrawn", "2026-05-01", source_key="w")
    found = yield night([one, other], granted, withdrawn)
    assert found == {}
    found = yield night([one], granted, withdrawn)
    assert found == {}
    found = yield night([one], granted)
    assert found == {}


@story
def test_rule_04_a_withdrawal_outlives_the_keys_of_its_system(cast):
    """A migration deletes every contact and gives new keys; a withdrawal that names no contact point goes by the record's."""
    people, other = cast.many(2), cast.one()
    yield night(
        [*people, other],
        *(of(one, "withdrawn", "2026-03-01", contact_point=None, source_key=f"w{n}") for n, one in enumerate(people)),
    )
    gone = [one | {"deleted_at": datetime(2026, 4, 1)} for one in people]
    by_email, by_phone = people
    contacts = ({"email": f" {by_email['email'].title()}"}, {"phone": f"0{by_phone['phone'].removeprefix('+46')}"})
    new, grants = [], [of(other)]
    for one, contact in zip(people, contacts, strict=True):
        key = f"{one['source_key']}new"
        new.append({"source_system": "crm2", "source_key": key, "given_name": "A"} | contact)
        grants.append(said(key, person_system="crm2", contact_point=next(iter(contact.values()))))
    found = yield night([*gone, other, *new], *grants)
    assert found.keys_of == {other["source_key"]}


@story
def test_rule_04_a_withdrawal_outlives_a_merge_into_a_contact_with_another_address(cast):
    """What stays the same is the name and the birth date; a namesake of another age is somebody else."""
    one = cast.one()
    anna = one | {"given_name": f"{one['given_name']} Maria"}
    yield night([anna], of(anna, "withdrawn", "2026-03-01", source_key="w"))
    gone = anna | {"deleted_at": datetime(2026, 4, 1)}
    called = f"{one['family_name'].upper()}, {one['given_name']}"
    new = person("new", None, None, full_name=called, email="ny@x.se", birth_date=one["birth_date"])
    other = person("other", one["given_name"], one["family_name"], email="other@x.se", birth_date=date(1994, 2, 3))
    found = yield night([gone, new, other], of(new), of(other))
    assert found.keys_of == {"other"}


@story
def test_rule_04_a_withdrawal_outlives_a_merge_into_a_contact_whose_name_is_spelled_by_its_sound(cast):
    clara = person("clara", "Clara", "Lindqvist", email="clara@x.se", birth_date=date(1995, 5, 6))
    yield night([clara], of(clara, "withdrawn", "2026-03-01", source_key="w"))
    gone = clara | {"deleted_at": datetime(2026, 4, 1)}
    alike = person("alike", "Klara", "Lindkvist", email="alike@x.se", birth_date=date(1995, 5, 6))
    sister = person("sister", "Gerda", "Lindkvist", email="sister@x.se", birth_date=date(1995, 5, 6))
    found = yield night([gone, alike, sister], of(alike), of(sister))
    assert found.keys_of == {"sister"}


@story
def test_rule_04_a_withdrawal_of_an_address_alone_outlives_a_merge(cast):
    """The withdrawal names only an address that the record had; a merge deletes record and statements, and gives another key.

    Of two people one had another address by then, and no number, and one the same.
    """
    moves, stays = cast.many(2, birth_date=None)
    other = cast.one()
    granted = [of(one, source_key=f"g{n}") for n, one in enumerate((moves, stays))]
    yield night([moves], granted[0])
    moved = moves | {"email": f"new.{moves['email']}"}
    yield night([moved, stays], *granted)
    withdrawn = [
        of(one, "withdrawn", "2026-05-01", source_key=f"w{n}") | NOBODYS for n, one in enumerate((moves, stays))
    ]
    found = yield night([moved, stays], *granted, *withdrawn)
    assert found == {}
    gone = [one | {"deleted_at": datetime(2026, 5, 10)} for one in (moved, stays)]
    merged = [
        moved | {"source_key": f"{moved['source_key']}z", "phone": None},
        stays | {"source_key": f"{stays['source_key']}z", "email": f"new.{stays['email']}"},
    ]
    granted = [of(one) for one in merged]
    found = yield night([*gone, *merged, other], *granted, of(other))
    assert found.keys_of == {other["source_key"]}
    later = [grant | {"stated_at": datetime(2026, 5, 20)} for grant in granted]
    found = yield night([*gone, *merged, other], *later, of(other))
    assert found.keys_of == {one["source_key"] for one in (*merged, other)}


@story
def test_rule_04_a_withdrawal_denies_whoever_was_granted_something_on_its_contact_point(cast):
    """The person's record has another address by now; one is granted anew, one has a number in another spelling."""
    people, other = cast.many(4), cast.one()
    old = [f"old.{one['email']}" for one in people]
    digits = "".join(reversed(people[3]["phone"][-7:]))
    granted = [of(one, contact_point=point) for one, point in zip(people[:3], old[:3], strict=True)]
    granted += [of(people[3], channel="sms", contact_point=f"+46 70 {digits}"), of(other)]
    found = yield night([*people, other], *granted)
    assert found.keys_of == {one["source_key"] for one in (*people, other)}
    withdrawn = [
        said("-", "withdrawn", "2026-03-01", contact_point=written, source_key=f"w{n}") | NOBODYS
        for n, written in enumerate((old[0], f" {old[1].title()}", f" {old[2].title()}"))
    ]
    by_number = (
        said("-", "withdrawn", "2026-03-01", channel="sms", contact_point=f"070-{digits}", source_key="w") | NOBODYS
    )
    later = of(people[2], at="2026-04-01", contact_point=old[2])
    found = yield night([*people, other], *granted, *withdrawn, by_number, later)
    assert found.keys_of == {people[2]["source_key"], other["source_key"]}


def test_the_ledger_reads_a_load_once_and_everything_where_it_is_asked_to(permitted, warehouse):
    permitted([ANNA], consent_events=[said("anna", "withdrawn", "2026-03-01", source_key="w", load_id=5)])
    for expected, load, reading in ((1, 5, "one"), (0, 5, "one"), (1, 6, "one"), (0, 6, "one"), (1, 6, "other")):
        warehouse.execute("delete from identity.withdrawals")
        warehouse.execute(f"update conformed.conformed_consent_events set load_id = {load}")
        assert note_withdrawals(warehouse, {"consent_events": ["crm"]}, reading) == expected


CHANGES = ["purpose = 'offers'", "channel = 'all'", "stated_at = timestamp '2026-04-01'", "is_zoneless = true", "source_key = null", "load_id = 9"]  # fmt: skip


def test_whatever_a_withdrawal_of_a_point_says_is_in_the_digest_of_whoever_has_it(permitted, warehouse):
    """Permissions are worked out anew for a customer whose digest is another."""
    people = [someone(n) for n in range(len(CHANGES))]
    stops = []
    for n, (one, change) in enumerate(zip(people, CHANGES, strict=True)):
        key = None if "load" in change else f"w{n}"
        stops.append(said("t", "withdrawn", "2026-03-01", contact_point=one["email"], source_key=key) | NOBODYS)
    granted = [said(one["source_key"], contact_point=one["email"]) for one in people]
    permitted([*people, BO], consent_events=[*granted, said("bo"), *stops])
    digests = "select s.source_key, i.digest from marts.consent_inputs i join identity.customer_source_records s using (customer_id)"
    before = dict(warehouse.execute(digests).fetchall())
    for one, change in zip(people, CHANGES, strict=True):
        warehouse.execute(f"update identity.withdrawals set {change} where contact_point = '{one['email']}'")
    permitted.derive()
    after = dict(warehouse.execute(digests).fetchall())
    assert by_case(CHANGES, lambda n: after[f"p{n}"] != before[f"p{n}"]) == by_case(CHANGES, lambda _: True)
    assert after["bo"] == before["bo"]


FRESH = (
    "select 'consent_events' as entity, 'crm' as source_system, 'w' as source_key, 'crm' as person_system, 'anna' as person_key, "
    "null::varchar as contact_point, 'survey' as purpose, 'email' as channel, timestamp '{at}' as stated_at, false as is_certain, "
    "{load} as load_id, {again} as is_again, false as is_gone, {zoneless} as is_zoneless"
)


def test_rule_04_a_withdrawal_that_is_seen_again_keeps_its_newest_load_and_the_doubt_of_its_time(warehouse):
    """A load that is lower than that of a grant would take it for one that the grant came after."""
    prepare_withdrawals(warehouse)

    def ledger(**fresh) -> list[tuple]:
        add_withdrawals(
            warehouse, FRESH.format(**{"at": "2026-03-01", "load": 5, "again": "false", "zoneless": "true"} | fresh)
        )
        return warehouse.execute("select stated_at, load_id, is_zoneless from identity.withdrawals").fetchall()

    at = datetime(2026, 3, 1)
    assert ledger() == [(at, 5, True)]
    # delivered again without a time of its own
    assert ledger(at="2026-05-01", load=6, again="true", zoneless="false") == [(at, 6, True)]
    # an earlier delivery of it, whose time had an offset
    assert ledger(load=3, zoneless="false") == [(at, 6, False)]


_IN_DOUBT = """
insert into identity.review_queue by name
select 'pair' || l.source_key as pair_id, l.record_id as left_id, r.record_id as right_id, 0.5 as weight, 0.6 as probability, 'alike, but not enough' as reason, 1 as effect
from identity.customer_source_records l join identity.customer_source_records r on r.source_key = l.source_key || 'b'
"""


def test_rule_04_customers_who_may_be_one_share_withdrawals_and_never_grants(permitted, warehouse):
    """Two records that identity does not join and a person is to look at, until somebody says that they are two people.

    Three such pairs: one of them was granted something; the other one of the second said no; of the third later yes came.
    """
    ones, others = ([someone(3 * side + n) for n in range(3)] for side in range(2))
    others = [other | {"source_key": f"p{n}b"} for n, other in enumerate(others)]
    granted = [said(one["source_key"], contact_point=one["email"]) for one in ones] + [said("bo")]
    no = [said(other["source_key"], "withdrawn", "2026-02-01", contact_point=other["email"]) for other in others[1:]]
    later = granted[2] | {"stated_at": datetime(2026, 3, 1)}

    def allowed(found: dict) -> set[str]:
        return {key for key, _, _ in found}

    assert allowed(permitted([*ones, *others, BO], consent_events=[*granted, *no, later])) == {"p0", "p1", "p2", "bo"}
    warehouse.execute(_IN_DOUBT)
    assert allowed(permitted.derive()) == {"p0", "p2", "bo"}
    # what was objected to here is a refusal too, and so is that of a record in another spelling than it came in later
    digests = "select s.source_key, i.digest from marts.consent_inputs i join identity.customer_source_records s using (customer_id)"
    before = dict(warehouse.execute(digests).fetchall())
    withdraw_record(warehouse, "crm:p0b", datetime(2026, 2, 1), "r1", "all", "all")
    assert allowed(permitted.derive()) == {"p2", "bo"}
    withdraw_record(warehouse, "CRM:bo", datetime(2026, 2, 1), "r2", "all", "all")
    assert allowed(permitted.derive()) == {"p2"}
    # each of the three is worked out anew, and nobody else
    after = dict(warehouse.execute(digests).fetchall())
    assert {key for key in before if after[key] != before[key]} == {"p0", "p0b", "bo"}


# of namesakes who have nothing but a name in common, one of whom was granted something and one refused it: how many share a name,
# and whether the one goes on to be permitted, by the greatest number who share refusals: one, two or three
OF_ONE_NAME = {
    "two": (2, {}, {}, {}, [True, False, False]),
    "two, and nothing but its contact point says whose the refusal is": (2, {}, {}, NOBODYS, [True, False, False]),
    "two, and a later grant": (2, {}, {}, {}, [True, True, True]),
    "two, and one has a birth date": (2, {"birth_date": "1980-02-03"}, {}, {}, [True, False, False]),
    "two of other birth dates": (2, {"birth_date": "1980-02-03"}, {"birth_date": "1951-11-27"}, {}, [True, True, True]),
    "two with nothing but an initial": (2, {"given_name": "E"}, {"given_name": "E"}, {}, [True, True, True]),
    "three": (3, {}, {}, {}, [True, True, False]),
    "one": (1, {}, {}, {}, [True, True, True]),
}  # fmt: skip


@story(namesakes=(1, 2, 3))
def test_rule_04_the_few_of_one_name_share_withdrawals_where_no_birth_date_tells_them_apart(cast):
    """Records that have nothing but a name in common: as many as the owner says, counted by customers."""
    keys, people, statements = [], [], []
    for case, (many, of_one, of_other, refused, _) in OF_ONE_NAME.items():
        one = cast.one(birth_date=None)
        name = {part: one[part] for part in ("given_name", "family_name")}
        others = [cast.one(birth_date=None, **name) for _ in range(many - 1)]
        keys.append(one["source_key"])
        people += [one | of_one, *(other | of_other for other in others)]
        statements.append(of(one))
        statements += [of(other, "withdrawn", "2026-02-01") | refused for other in others[:1]]
        if "later grant" in case:
            statements.append(of(one, at="2026-03-01"))
    for nth in range(3):
        found = yield night(people, *statements)
        assert {case: key in found.keys_of for case, key in zip(OF_ONE_NAME, keys, strict=True)} == {
            case: holds[nth] for case, (*_, holds) in OF_ONE_NAME.items()
        }, f"{nth + 1} share"
