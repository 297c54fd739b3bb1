"""A withdrawal stands for ever until a strictly later grant, whatever becomes of its row, its record or its spelling."""

from __future__ import annotations

from datetime import date, datetime

from orchestration.privacy.intake.withdrawals import add_withdrawals, note_withdrawals, prepare_withdrawals
from orchestration.privacy.rights.objections import withdraw_record
from tests.unit.consent import ANNA, BO, NOBODYS, SURVEY, said
from tests.unit.people import by_case, person, someone


def test_rule_04_a_withdrawal_outlives_its_row(permitted):
    """Deleted at the source, vanished with its table, or written over as a file that goes back to earlier content does."""
    permitted.remembers = True
    granted, withdrawn = said("anna"), said("anna", "withdrawn", "2026-03-01", source_key="w")
    assert permitted([ANNA], consent_events=[granted, withdrawn]) == {}
    for load, row in enumerate(
        [{"deleted_at": datetime(2026, 4, 1)}, {"status": "granted", "stated_at": datetime(2026, 1, 1)}], start=2
    ):
        assert permitted([ANNA], consent_events=[granted, withdrawn | {"load_id": load} | row]) == {}
    assert permitted([ANNA], consent_events=[granted]) == {}
    # a load that is read otherwise by now, as after a mapping was fixed, is not a withdrawal any more
    permitted([ANNA], consent_events=[granted, withdrawn | {"load_id": 4}])
    fixed = withdrawn | {"status": "granted", "stated_at": datetime(2026, 1, 1), "load_id": 4}
    assert permitted([ANNA], consent_events=[granted, fixed]) == {SURVEY: "anna@x.se"}
    # nor does it come again, or later, by its row being deleted: what was granted since stands
    undated = said("anna", "withdrawn", stated_at=None, extracted_at=datetime(2026, 3, 1), source_key="u", load_id=5)
    assert permitted([ANNA], consent_events=[granted, undated]) == {}
    gone = undated | {"extracted_at": datetime(2026, 5, 20), "deleted_at": datetime(2026, 5, 20), "load_id": 6}
    assert permitted([ANNA], consent_events=[said("anna", at="2026-05-01"), gone]) == {SURVEY: "anna@x.se"}


def test_rule_04_a_withdrawal_outlives_a_merge_in_the_crm_that_deletes_contact_and_statement(permitted):
    permitted.remembers = True
    a = person("a", "Vera", "Lindros", email="vera@work.se", phone="+46701119901")
    b = person("b", "Vera", "Lindros", email="vera@home.se", phone="+46701119901")
    granted = said("a", contact_point="vera@work.se")
    withdrawn = said("b", "withdrawn", "2026-05-01", contact_point="vera@home.se")
    assert permitted([a, b], consent_events=[granted, withdrawn]) == {}
    assert permitted([a], consent_events=[granted, withdrawn]) == {}
    assert permitted([a], consent_events=[granted]) == {}


def test_rule_04_a_withdrawal_outlives_the_keys_of_its_system(permitted):
    """A migration deletes every contact and gives new keys; a withdrawal that names no contact point goes by the record's."""
    permitted.remembers = True
    withdrawn = said("anna", "withdrawn", "2026-03-01", contact_point=None, source_key="w")
    permitted([ANNA, BO], consent_events=[withdrawn])
    gone = ANNA | {"deleted_at": datetime(2026, 4, 1)}
    for contact in ({"email": " Anna@X.se"}, {"phone": "070-111 22 33"}):
        new = {"source_system": "crm2", "source_key": "x1", "given_name": "A"} | contact
        grants = [said("x1", person_system="crm2", contact_point=next(iter(contact.values()))), said("bo")]
        assert set(permitted([gone, BO, new], consent_events=grants)) == {("bo", "survey", "email")}


def test_rule_04_a_withdrawal_outlives_a_merge_into_a_contact_with_another_address(permitted):
    """What stays the same is the name and the birth date; a namesake of another age is somebody else."""
    permitted.remembers = True
    anna = person("anna", "Anna Maria", "Berg", email="anna@x.se", birth_date=date(1980, 2, 3))
    permitted([anna], consent_events=[said("anna", "withdrawn", "2026-03-01", source_key="w")])
    gone = anna | {"deleted_at": datetime(2026, 4, 1)}
    new = person("new", None, None, full_name="BERG, Anna", email="ny@x.se", birth_date=date(1980, 2, 3))
    other = person("other", "Anna", "Berg", email="other@x.se", birth_date=date(1981, 2, 3))
    granted = [said("new", contact_point="ny@x.se"), said("other", contact_point="other@x.se")]
    assert set(permitted([gone, new, other], consent_events=granted)) == {("other", "survey", "email")}


def test_rule_04_a_withdrawal_outlives_a_merge_into_a_contact_whose_name_is_spelled_by_its_sound(permitted):
    permitted.remembers = True
    clara = person("clara", "Clara", "Lindqvist", email="clara@x.se", birth_date=date(1970, 5, 6))
    permitted([clara], consent_events=[said("clara", "withdrawn", "2026-03-01", source_key="w")])
    gone = clara | {"deleted_at": datetime(2026, 4, 1)}
    alike = person("alike", "Klara", "Lindkvist", email="alike@x.se", birth_date=date(1970, 5, 6))
    other = person("other", "Gerda", "Lindkvist", email="other@x.se", birth_date=date(1970, 5, 6))
    granted = [said(key, contact_point=f"{key}@x.se") for key in ("alike", "other")]
    assert set(permitted([gone, alike, other], consent_events=granted)) == {("other", "survey", "email")}


def test_rule_04_a_withdrawal_of_an_address_alone_outlives_a_merge(permitted):
    """The withdrawal names only an address that the record had; a merge deletes record and statements, and gives another key.

    Of two people one had another address by then, and no number, and one the same.
    """
    permitted.remembers = True
    moves, stays = (someone(n, birth_date=None) for n in range(2))
    granted = [
        said(one["source_key"], contact_point=one["email"], source_key=f"g{n}") for n, one in enumerate((moves, stays))
    ]
    permitted([moves], consent_events=granted[:1])
    moved = moves | {"email": "alva.new@almgren.se"}
    permitted([moved, stays], consent_events=granted)
    withdrawn = [
        said("-", "withdrawn", "2026-05-01", contact_point=one["email"], source_key=f"w{n}") | NOBODYS
        for n, one in enumerate((moves, stays))
    ]
    assert permitted([moved, stays], consent_events=[*granted, *withdrawn]) == {}
    gone = [one | {"deleted_at": datetime(2026, 5, 10)} for one in (moved, stays)]
    merged = [
        moved | {"source_key": "z0", "phone": None},
        stays | {"source_key": "z1", "email": "bror.new@brodin.se"},
    ]
    granted = [said(one["source_key"], contact_point=one["email"]) for one in merged]
    assert set(permitted([*gone, *merged, BO], consent_events=[*granted, said("bo")])) == {("bo", "survey", "email")}
    later = [grant | {"stated_at": datetime(2026, 5, 20)} for grant in granted]
    found = permitted([*gone, *merged, BO], consent_events=[*later, said("bo")])
    assert {key for key, _, _ in found} == {"z0", "z1", "bo"}


def test_rule_04_a_withdrawal_denies_whoever_was_granted_something_on_its_contact_point(permitted):
    """The person's record has another address by now; one is granted anew, one has a number in another spelling."""
    people = [someone(n) for n in range(4)]
    granted = [said(f"p{n}", contact_point=f"old{n}@x.se") for n in range(3)]
    granted += [said("p3", channel="sms", contact_point="+46 70 555 66 77"), said("bo")]
    assert {key for key, _, _ in permitted([*people, BO], consent_events=granted)} == {"p0", "p1", "p2", "p3", "bo"}
    withdrawn = [
        said("-", "withdrawn", "2026-03-01", contact_point=written) | NOBODYS
        for written in ("old0@x.se", " Old1@X.SE", " Old2@X.SE")
    ]
    withdrawn.append(said("-", "withdrawn", "2026-03-01", channel="sms", contact_point="070-555 66 77") | NOBODYS)
    later = said("p2", at="2026-04-01", contact_point="old2@x.se")
    found = permitted([*people, BO], consent_events=[*granted, *withdrawn, later])
    assert {key for key, _, _ in found} == {"p2", "bo"}


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


def test_rule_04_the_few_of_one_name_share_withdrawals_where_no_birth_date_tells_them_apart(permitted):
    """Two records that have nothing but a name in common: as many as the owner says, counted by customers."""
    one, other = person("e1", "Efva", "Dahlgren", email="e1@x.se"), person("e2", "Efva", "Dahlgren", email="e2@y.se")
    third = person("e3", "Efva", "Dahlgren", email="e3@z.se")
    initial = [person(key, "E", "Dahlgren", email=f"{key}@x.se") for key in ("i1", "i2")]
    granted = [said(key, contact_point=f"{key}@x.se") for key in ("e1", "i1", "bo")]
    no = said("e2", "withdrawn", "2026-02-01", contact_point="e2@y.se")
    # nothing but its contact point says whose it is
    of_point = {**no, "person_key": None}
    of_initial = said("i2", "withdrawn", "2026-02-01", contact_point="i2@x.se")

    def allowed(*people: dict, said_no: dict = no, more: tuple = ()) -> set[str]:
        found = permitted([*people, *initial, BO], consent_events=[*granted, said_no, of_initial, *more])
        return {key for key, _, _ in found}

    assert allowed(one, other) == {"e1", "i1", "bo"}
    permitted.namesakes = 2
    assert allowed(one, other) == {"i1", "bo"} == allowed(one, other, said_no=of_point)
    assert allowed(one, other, more=(said("e1", at="2026-03-01", contact_point="e1@x.se"),)) == {"e1", "i1", "bo"}
    born = {"birth_date": "1980-02-03"}
    assert allowed({**one, **born}, other) == {"i1", "bo"}
    assert allowed({**one, **born}, {**other, "birth_date": "1951-11-27"}) == {"e1", "i1", "bo"}
    assert allowed(one, other, third) == {"e1", "i1", "bo"}
    permitted.namesakes = 3
    assert allowed(one, other, third) == {"i1", "bo"}
