"""A withdrawal stands for ever until a strictly later grant, whatever becomes of its row, its record or its spelling."""

from __future__ import annotations

from datetime import date, datetime

import pytest

from orchestration.privacy.intake.withdrawals import add_withdrawals, note_withdrawals, prepare_withdrawals
from orchestration.privacy.rights.rights import withdraw_record
from tests.unit.consent import ANNA, BO, NOBODYS, SURVEY, said
from tests.unit.people import person


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
    # a load that is read otherwise by now, as after a mapping was mended, is no withdrawal any more
    permitted([ANNA], consent_events=[granted, withdrawn | {"load_id": 4}])
    mended = withdrawn | {"status": "granted", "stated_at": datetime(2026, 1, 1), "load_id": 4}
    assert permitted([ANNA], consent_events=[granted, mended]) == {SURVEY: "anna@x.se"}
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


@pytest.mark.parametrize("is_moved", [False, True])
def test_rule_04_a_withdrawal_of_an_address_alone_outlives_a_merge(permitted, is_moved):
    """The withdrawal names only an address that the record had; a merge deletes record and statements, and gives another key."""
    permitted.remembers = True
    anna = person("anna", "Anna", "Berg", email="anna@x.se", phone="+46701112233")
    permitted([anna], consent_events=[said("anna", source_key="g")])
    if is_moved:
        anna |= {"email": "anna.new@x.se"}
        permitted([anna], consent_events=[said("anna", source_key="g")])
    withdrawn = said("-", "withdrawn", "2026-05-01", contact_point="anna@x.se", source_key="w") | NOBODYS
    assert permitted([anna], consent_events=[said("anna", source_key="g"), withdrawn]) == {}
    gone = anna | {"deleted_at": datetime(2026, 5, 10)}
    merged = person("zed", "Anna", "Berg", email="anna.new@x.se", phone=None if is_moved else "+46701112233")
    granted = [said("zed", contact_point="anna.new@x.se"), said("bo")]
    assert set(permitted([gone, merged, BO], consent_events=granted)) == {("bo", "survey", "email")}
    later = said("zed", at="2026-05-20", contact_point="anna.new@x.se")
    assert len(permitted([gone, merged, BO], consent_events=[later, said("bo")])) == 2


def test_rule_04_a_withdrawal_denies_whoever_was_granted_something_on_its_contact_point(permitted):
    """The person's record has another address by now."""
    granted = [said("anna", contact_point="anna.old@x.se"), said("bo")]
    assert len(permitted([ANNA, BO], consent_events=granted)) == 2
    for written in ("anna.old@x.se", " Anna.Old@X.SE"):
        withdrawn = said("-", "withdrawn", "2026-03-01", contact_point=written) | NOBODYS
        assert set(permitted([ANNA, BO], consent_events=[*granted, withdrawn])) == {("bo", "survey", "email")}
    later = said("anna", at="2026-04-01", contact_point="anna.old@x.se")
    assert len(permitted([ANNA, BO], consent_events=[*granted, withdrawn, later])) == 2
    # a number, in another spelling
    by_phone = said("anna", channel="sms", contact_point="+46 70 555 66 77")
    stopped = said("-", "withdrawn", "2026-03-01", channel="sms", contact_point="070-555 66 77") | NOBODYS
    assert permitted([ANNA], consent_events=[by_phone, stopped]) == {}


def test_the_ledger_reads_a_load_once_and_everything_where_it_is_asked_to(permitted, warehouse):
    permitted([ANNA], consent_events=[said("anna", "withdrawn", "2026-03-01", source_key="w", load_id=5)])
    for expected, load, reading in ((1, 5, "one"), (0, 5, "one"), (1, 6, "one"), (0, 6, "one"), (1, 6, "other")):
        warehouse.execute("delete from identity.withdrawals")
        warehouse.execute(f"update conformed.conformed_consent_events set load_id = {load}")
        assert note_withdrawals(warehouse, {"consent_events": ["crm"]}, reading) == expected


@pytest.mark.parametrize("channel", ["email", "sms"])
@pytest.mark.parametrize("is_late", [False, True])
def test_rule_04_a_withdrawal_of_an_address_or_number_outlives_its_change_in_the_crm(permitted, channel, is_late):
    """The tool names only the point that was granted. The CRM writes another over it, in record and statement, with the same
    time of the grant; the withdrawal comes before that or after."""
    permitted.remembers = True
    old, new = ("mira.old@x.se", "mira.new@x.se") if channel == "email" else ("+46735550011", "+46735550022")
    field = "email" if channel == "email" else "phone"
    at_first, moved = (person("mira", "Mira", "Ek", **{field: point}) for point in (old, new))
    granted = said("mira", channel=channel, contact_point=old, source_key="g", at="2026-01-10")
    stop = said("t", "withdrawn", "2026-03-01", channel=channel, contact_point=old, source_key="w") | NOBODYS
    key = ("mira", "survey", channel)
    if is_late:
        assert permitted([at_first], consent_events=[granted]) == {key: old}
    else:
        assert permitted([at_first], consent_events=[granted, stop]) == {}
    granted = granted | {"contact_point": new, "load_id": 2}
    assert permitted([moved], consent_events=[granted, stop]) == {}
    # said yes later, and on the new one
    assert permitted([moved], consent_events=[granted | {"stated_at": datetime(2026, 4, 1)}, stop]) == {key: new}
    # whoever has the old one by now denies it for themselves, and not for who had it
    cia = person("cia", "Cia", "Dahl", **{field: old})
    theirs = said("cia", "withdrawn", "2026-05-01", channel=channel, contact_point=old, source_key="c")
    again = granted | {"stated_at": datetime(2026, 4, 1)}
    assert permitted([moved, cia], consent_events=[again, stop, theirs]) == {key: new}


@pytest.mark.parametrize("channel", ["email", "sms"])
def test_rule_04_a_withdrawal_of_one_of_several_points_of_a_field_outlives_their_change(permitted, warehouse, channel):
    """The record held two addresses or numbers in one field; the tool withdraws from one of them after the CRM wrote over it."""
    permitted.remembers = True
    old, stopped, new = (
        ("mira.old@x.se", "mira.two@x.se", "mira.new@x.se")
        if channel == "email"
        else ("+46735550011", "073-555 00 33", "+46735550022")
    )
    field = "email" if channel == "email" else "phone"
    at_first, moved = (person("mira", "Mira", "Ek", **{field: point}) for point in (f"{old} / {stopped}", new))
    granted = said("mira", channel=channel, contact_point=new, source_key="g")
    stop = said("t", "withdrawn", "2026-03-01", channel=channel, contact_point=stopped, source_key="w") | NOBODYS
    assert set(permitted([at_first], consent_events=[granted])) == {("mira", "survey", channel)}
    assert permitted([moved], consent_events=[granted, stop]) == {}
    # what is no record by now, as after retention, has no points either; what its source deleted is a record still
    held = "select count(*) > 0 from identity.held_points where person_key = 'mira'"
    permitted([moved | {"deleted_at": datetime(2026, 5, 1)}, BO])
    assert warehouse.execute(held).fetchall() == [(True,)]
    permitted([BO])
    assert warehouse.execute(held).fetchall() == [(False,)]


def test_rule_04_a_number_beside_an_address_in_a_withdrawal_denies_whoever_has_it(permitted):
    written = ["nobody@x.se, 070-111 22 33", "0701112233 <nobody99@x.se>"]
    for point in written:
        stop = said("t", "withdrawn", "2026-03-01", contact_point=point) | NOBODYS
        assert set(permitted([ANNA, BO], consent_events=[said("anna"), said("bo"), stop])) == {
            ("bo", "survey", "email")
        }
    # few digits of an address are no number
    stop = said("t", "withdrawn", "2026-03-01", contact_point="anna2233@x.se") | NOBODYS
    assert len(permitted([ANNA, BO], consent_events=[said("anna"), said("bo"), stop])) == 2


@pytest.mark.parametrize(
    "point",
    [
        "46701112233@c.us", "46701112233@s.whatsapp.net", "0701112233@sms.example.com", "+46-70-111-22-33@x.se", "07011122330709999993",
        "anna(news)@x.se", "_anna@x.se_", "*anna@x.se*", "SRS0=HHH=TT=x.se=anna@forwarder.example.com",
        "SRS1=HH=first.example==HHH=TT=x.se=anna@forwarder.example.com", "anna_x.se#EXT#@tenant.onmicrosoft.com",
    ],
)  # fmt: skip
def test_rule_04_a_withdrawal_denies_whom_its_contact_point_may_name(permitted, point):
    """By a number within an address, and by an address within another or among marks. A grant on it permits nothing by that."""
    stop = said("t", "withdrawn", "2026-03-01", contact_point=point) | NOBODYS
    assert set(permitted([ANNA, BO], consent_events=[said("anna"), said("bo"), stop])) == {("bo", "survey", "email")}
    no = said("t", "withdrawn", "2026-03-01", contact_point="anna@x.se") | NOBODYS
    yes = said("anna", at="2026-04-01", contact_point=point, channel="sms")
    assert permitted([ANNA], consent_events=[said("anna"), no, yes, {**no, "channel": "sms"}]) == {}


def test_rule_04_a_withdrawal_of_an_address_in_another_encoding_denies_whoever_has_it(permitted):
    asa = person("asa", "Åsa", "Öberg", email="åsa.öberg@x.se")
    grant = said("asa", contact_point="åsa.öberg@x.se")
    assert len(permitted([asa], consent_events=[grant])) == 1
    for point in ("Ã¥sa.Ã¶berg@x.se", "Ã…sa.Ã–berg@x.se"):
        stop = said("t", "withdrawn", "2026-03-01", contact_point=point) | NOBODYS
        assert permitted([asa], consent_events=[grant, stop]) == {}


@pytest.mark.parametrize(
    "change", ["purpose = 'offers'", "channel = 'all'", "stated_at = timestamp '2026-04-01'", "is_zoneless = true", "source_key = null", "load_id = 9"]
)  # fmt: skip
def test_whatever_a_withdrawal_of_a_point_says_is_in_the_digest_of_whoever_has_it(permitted, warehouse, change):
    """Permissions are worked out anew for a customer whose digest is another."""
    stop = said("t", "withdrawn", "2026-03-01", contact_point="anna@x.se", source_key=None if "load" in change else "w")
    permitted([ANNA, BO], consent_events=[said("anna"), said("bo"), stop | NOBODYS])
    digests = "select s.source_key, i.digest from marts.consent_inputs i join identity.customer_source_records s using (customer_id) order by 1"
    (anna, bo) = warehouse.execute(digests).fetchall()
    warehouse.execute(f"update identity.withdrawals set {change}")
    permitted.derive()
    (changed, same) = warehouse.execute(digests).fetchall()
    assert changed != anna and same == bo


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
select 'pair' as pair_id, l.record_id as left_id, r.record_id as right_id, 0.5 as weight, 0.6 as probability, 'alike, but not enough' as reason, 1 as effect
from identity.customer_source_records l, identity.customer_source_records r where l.source_key = 'a1' and r.source_key = 'a2'
"""


def test_rule_04_customers_who_may_be_one_share_withdrawals_and_never_grants(permitted, warehouse):
    """Two records that identity does not join and a person is to look at, until somebody says that they are two people."""
    people = [person("a1", "Alva", "Ek", email="a1@x.se"), person("a2", "Bror", "Dahl", email="a2@y.se"), BO]
    granted = [said("a1", contact_point="a1@x.se"), said("bo", contact_point="bo@x.se")]
    both = {("a1", "survey", "email"), ("bo", "survey", "email")}
    no = said("a2", "withdrawn", "2026-02-01", contact_point="a2@y.se")
    later = said("a1", at="2026-03-01", contact_point="a1@x.se")
    for statements, in_doubt in (
        ([*granted], both),
        ([*granted, no], {("bo", "survey", "email")}),
        ([*granted, no, later], both),
    ):
        assert set(permitted(people, consent_events=statements)) == both
        warehouse.execute(_IN_DOUBT)
        assert set(permitted.derive()) == in_doubt
    # what was objected to here is a refusal too, and so is that of a record in another spelling than it came in later
    assert set(permitted(people, consent_events=granted)) == both
    warehouse.execute(_IN_DOUBT)
    digests = "select customer_id, digest from marts.consent_inputs"
    before = warehouse.execute(digests).fetchall()
    withdraw_record(warehouse, "crm:a2", datetime(2026, 2, 1), "r1", "all", "all")
    assert set(permitted.derive()) == {("bo", "survey", "email")}
    withdraw_record(warehouse, "CRM:bo", datetime(2026, 2, 1), "r2", "all", "all")
    assert set(permitted.derive()) == set()
    # each of the three is worked out anew
    assert not set(before) & set(warehouse.execute(digests).fetchall())


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


def test_rule_04_an_address_of_an_international_domain_is_one_with_its_punycode_and_none_with_a_lookalike(permitted):
    """Two records with both spellings are one customer, and a withdrawal by either denies them; a domain without the rings and
    dots, or with a Cyrillic letter, is somebody else's."""
    domain, foreign = "blåbärsskogen.se", "blåbärssk\u043egen.se"
    puny, foreign_puny = (
        ".".join(label if label.isascii() else f"xn--{label.encode('punycode').decode()}" for label in name.split("."))
        for name in (domain, foreign)
    )
    people = [
        person("idn", "Karin", "Skogh", email=f"karin@{domain}"),
        person("puny", "Karin", "Skogh", email=f"Karin@{puny.upper()}"),
        person("plain", "Lena", "Mo", email="karin@blabarsskogen.se"),
        person("foreign", "Olga", "Ivanova", email=f"karin@{foreign}"),
    ]
    grants = [said(one["source_key"], contact_point=one["email"]) for one in people if one["source_key"] != "puny"]
    allowed = permitted(people, consent_events=grants)
    # of one customer with two records either key tells it
    assert {key.replace("puny", "idn") for key, *_ in allowed} == {"idn", "plain", "foreign"} and len(allowed) == 3
    for written, left in (
        (f"karin@{puny}", {"plain", "foreign"}),
        (f"KARIN@{domain}", {"plain", "foreign"}),
        ("karin@blabarsskogen.se", {"idn", "foreign"}),
        (f"karin@{foreign_puny}", {"idn", "plain"}),
    ):
        withdrawn = said(None, "withdrawn", "2026-05-01", contact_point=written, source_key="w")
        allowed = permitted(people, consent_events=[*grants, withdrawn])
        assert {key.replace("puny", "idn") for key, *_ in allowed} == left, written
