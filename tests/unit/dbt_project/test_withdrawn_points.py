"""Withdrawals that name a contact point: in whatever spelling, in part, or a postal address, they deny whoever has it."""

from __future__ import annotations

from datetime import datetime

import pytest

from tests.unit.consent import BO, NOBODYS, said
from tests.unit.consent import FRESH as REGISTERS
from tests.unit.people import by_case, someone

POINTS = [
    ("email", "mira.old@x.se", "mira.new@x.se"),
    ("sms", "+46735550011", "+46735550022"),
    ("email", "nora.old@x.se", "nora.new@x.se"),
    ("sms", "+46735550033", "+46735550044"),
]


def having(n: int, channel: str, point: str) -> dict:
    """A someone who has nothing but a name and this point."""
    return someone(n, birth_date=None, email=None, phone=None) | {"email" if channel == "email" else "phone": point}


def test_rule_04_a_withdrawal_of_an_address_or_number_outlives_its_change_in_the_crm(permitted):
    """The tool names only the point that was granted. The CRM writes another over it, in record and statement, with the same
    time of the grant; the withdrawal comes before that, of the first two, or after."""
    permitted.remembers = True
    numbers = range(len(POINTS))
    at_first, moved = ([having(n, POINTS[n][0], POINTS[n][which]) for n in numbers] for which in (1, 2))
    granted = [
        said(f"p{n}", channel=channel, contact_point=old, source_key=f"g{n}", at="2026-01-10")
        for n, (channel, old, _) in enumerate(POINTS)
    ]
    stops = [
        said("t", "withdrawn", "2026-03-01", channel=channel, contact_point=old, source_key=f"w{n}") | NOBODYS
        for n, (channel, old, _) in enumerate(POINTS)
    ]

    def points(people: list[dict], statements: list[dict]) -> dict[str, object]:
        found = permitted(people, consent_events=statements)
        assert set(found) <= {(f"p{n}", "survey", POINTS[n][0]) for n in numbers}
        return by_case(POINTS, lambda n: found.get((f"p{n}", "survey", POINTS[n][0])))

    assert points(at_first, [*granted, *stops[:2]]) == by_case(POINTS, lambda n: POINTS[n][1] if n >= 2 else None)
    granted = [grant | {"contact_point": new, "load_id": 2} for grant, (_, _, new) in zip(granted, POINTS, strict=True)]
    assert points(moved, [*granted, *stops]) == by_case(POINTS, lambda _: None)
    # said yes later, and on the new one
    again = [grant | {"stated_at": datetime(2026, 4, 1)} for grant in granted]
    assert points(moved, [*again, *stops]) == by_case(POINTS, lambda n: POINTS[n][2])
    # whoever has the old one by now denies it for themselves, and not for who had it
    others = [having(len(POINTS) + n, channel, old) for n, (channel, old, _) in enumerate(POINTS)]
    theirs = [
        said(others[n]["source_key"], "withdrawn", "2026-05-01", channel=channel, contact_point=old, source_key=f"c{n}")
        for n, (channel, old, _) in enumerate(POINTS)
    ]
    assert points([*moved, *others], [*again, *stops, *theirs]) == by_case(POINTS, lambda n: POINTS[n][2])


SEVERAL = [
    ("email", "mira.old@x.se", "mira.two@x.se", "mira.new@x.se"),
    ("sms", "+46735550011", "073-555 00 33", "+46735550022"),
]


def test_rule_04_a_withdrawal_of_one_of_several_points_of_a_field_outlives_their_change(permitted, warehouse):
    """The record held two addresses or numbers in one field; the tool withdraws from one of them after the CRM wrote over it."""
    permitted.remembers = True
    at_first = [having(n, channel, f"{old} / {stopped}") for n, (channel, old, stopped, _) in enumerate(SEVERAL)]
    moved = [having(n, channel, new) for n, (channel, _, _, new) in enumerate(SEVERAL)]
    granted, stops = [], []
    for n, (channel, _, stopped, new) in enumerate(SEVERAL):
        granted.append(said(f"p{n}", channel=channel, contact_point=new, source_key=f"g{n}"))
        stop = said("t", "withdrawn", "2026-03-01", channel=channel, contact_point=stopped, source_key=f"w{n}")
        stops.append(stop | NOBODYS)
    assert set(permitted(at_first, consent_events=granted)) == {("p0", "survey", "email"), ("p1", "survey", "sms")}
    assert permitted(moved, consent_events=[*granted, *stops]) == {}
    # what is not a record by now, as after retention, has no points either; what its source deleted is a record still
    held = "select distinct person_key from identity.held_points where person_key in ('p0', 'p1') order by 1"
    permitted([*(one | {"deleted_at": datetime(2026, 5, 1)} for one in moved), BO])
    assert warehouse.execute(held).fetchall() == [("p0",), ("p1",)]
    permitted([BO])
    assert warehouse.execute(held).fetchall() == []


def test_rule_04_a_number_beside_an_address_in_a_withdrawal_denies_whoever_has_it(permitted):
    people = [someone(n) for n in range(3)]
    numbers = [f"0{one['phone'].removeprefix('+46')}" for one in people]
    # few digits of an address are no number
    written = [f"nobody@x.se, {numbers[0]}", f"{numbers[1]} <nobody99@x.se>", f"anna{numbers[2][-4:]}@x.se"]
    stops = [said("t", "withdrawn", "2026-03-01", contact_point=point) | NOBODYS for point in written]
    granted = [said(one["source_key"], contact_point=one["email"]) for one in people]
    found = permitted([*people, BO], consent_events=[*granted, said("bo"), *stops])
    assert {key for key, _, _ in found} == {"p2", "bo"}


# of whose address is name@domain, and whose number +46 and these digits
NAMING = [
    "46{digits}@c.us", "46{digits}@s.whatsapp.net", "0{digits}@sms.example.com", "+46-{parted}@{domain}", "0{digits}0709999993",
    "{name}(news)@{domain}", "_{name}@{domain}_", "*{name}@{domain}*", "SRS0=HHH=TT={domain}={name}@forwarder.example.com",
    "SRS1=HH=first.example==HHH=TT={domain}={name}@forwarder.example.com", "{name}_{domain}#EXT#@tenant.onmicrosoft.com",
]  # fmt: skip


def test_rule_04_a_withdrawal_denies_whom_its_contact_point_may_name(permitted):
    """By a number within an address, and by an address within another or among marks. A grant on it permits nothing by that."""
    people = [someone(n) for n in range(len(NAMING))]
    points = []
    for one, written in zip(people, NAMING, strict=True):
        (name, _, domain), digits = one["email"].partition("@"), one["phone"].removeprefix("+46")
        parted = f"{digits[:2]}-{digits[2:5]}-{digits[5:7]}-{digits[7:]}"
        points.append(written.format(name=name, domain=domain, digits=digits, parted=parted))
    granted = [said(one["source_key"], contact_point=one["email"]) for one in people]

    def allowed(*statements: dict) -> dict[str, object]:
        found = {key for key, _, _ in permitted([*people, BO], consent_events=[*granted, said("bo"), *statements])}
        assert "bo" in found
        return by_case(NAMING, lambda n: f"p{n}" in found)

    stops = [said("t", "withdrawn", "2026-03-01", contact_point=point) | NOBODYS for point in points]
    assert allowed(*stops) == by_case(NAMING, lambda _: False)
    no = [said("t", "withdrawn", "2026-03-01", contact_point=one["email"]) | NOBODYS for one in people]
    yes = [said(f"p{n}", at="2026-04-01", contact_point=point, channel="sms") for n, point in enumerate(points)]
    by_sms = [{**stop, "channel": "sms"} for stop in no]
    assert allowed(*no, *yes, *by_sms) == by_case(NAMING, lambda _: False)


def test_rule_04_a_withdrawal_of_an_address_in_another_encoding_denies_whoever_has_it(permitted):
    """In small letters and in capitals."""
    people = [someone(0, email="åsa.öberg@x.se"), someone(1, email="åsa.öberg@y.se")]
    granted = [said(one["source_key"], contact_point=one["email"]) for one in people]
    assert {key for key, _, _ in permitted(people, consent_events=granted)} == {"p0", "p1"}
    stops = [
        said("t", "withdrawn", "2026-03-01", contact_point=point) | NOBODYS
        for point in ("Ã¥sa.Ã¶berg@x.se", "Ã…sa.Ã–berg@y.se")
    ]
    assert permitted(people, consent_events=[*granted, *stops]) == {}


def test_rule_04_an_address_of_an_international_domain_is_one_with_its_punycode_and_none_with_a_lookalike(permitted):
    """Two records with both spellings are one customer, and a withdrawal by either denies them; a domain without the rings and
    dots, or with a Cyrillic letter, is somebody else's."""
    domain, foreign = "blåbärsskogen.se", "blåbärssk\u043egen.se"
    puny, foreign_puny = (
        ".".join(label if label.isascii() else f"xn--{label.encode('punycode').decode()}" for label in name.split("."))
        for name in (domain, foreign)
    )
    # each has people of their own at all of the domains: (what is withdrawn from, who is left)
    withdrawn_from = [
        (f"karin0@{puny}", {"plain", "foreign"}),
        (f"KARIN1@{domain}", {"plain", "foreign"}),
        ("karin2@blabarsskogen.se", {"idn", "foreign"}),
        (f"karin3@{foreign_puny}", {"idn", "plain"}),
    ]
    people = []
    for n in range(len(withdrawn_from)):
        both = someone(n, phone=None, birth_date=None)
        people += [
            both | {"source_key": f"idn{n}", "email": f"karin{n}@{domain}"},
            both | {"source_key": f"puny{n}", "email": f"Karin{n}@{puny.upper()}"},
            someone(4 + n, source_key=f"plain{n}", email=f"karin{n}@blabarsskogen.se", phone=None),
            someone(8 + n, source_key=f"foreign{n}", email=f"karin{n}@{foreign}", phone=None),
        ]
    grants = [said(one["source_key"], contact_point=one["email"]) for one in people if "puny" not in one["source_key"]]

    def left(*statements: dict) -> dict[str, object]:
        found = permitted(people, consent_events=[*grants, *statements])
        # of one customer with two records either key tells it
        keys = {key.replace("puny", "idn") for key, _, _ in found}
        assert len(found) == len(keys)
        return by_case(withdrawn_from, lambda n: {key[:-1] for key in keys if key.endswith(str(n))})

    assert left() == by_case(withdrawn_from, lambda _: {"idn", "plain", "foreign"})
    stops = [
        said(None, "withdrawn", "2026-05-01", contact_point=written, source_key=f"w{n}")
        for n, (written, _) in enumerate(withdrawn_from)
    ]
    assert left(*stops) == by_case(withdrawn_from, lambda n: withdrawn_from[n][1])


# as a system writes an address that is to get nothing more: of name and domain
WITH_MARKS = [
    "-{name}@{domain}", "{name}@{domain}0701112233", "{name} /bo.x@{domain}", "{name}, bo.x@{domain}", "{name}; bo.x@{domain}", "{name} bo.x@{domain}",
    "\\t{name}@{domain}", "\\r\\n{name}@{domain}", "{name}@{domain}.old", "{name}@{domain}.invalid", "{name}@{domain}_removed", "deleted_{name}@{domain}", "OLD-{name}@{domain}", "unsub+{name}@{domain}",
]  # fmt: skip


def test_rule_04_a_withdrawal_of_an_address_with_a_mark_or_in_parts_denies_whoever_it_may_mean(permitted):
    people = [someone(n) for n in range(len(WITH_MARKS))]
    granted = [said(one["source_key"], contact_point=one["email"]) for one in people]
    stops = []
    for one, written in zip(people, WITH_MARKS, strict=True):
        name, _, domain = one["email"].partition("@")
        stops.append(
            said("t", "withdrawn", "2026-03-01", contact_point=written.format(name=name, domain=domain)) | NOBODYS
        )
    found = {key for key, _, _ in permitted([*people, BO], consent_events=[*granted, said("bo"), *stops])}
    assert by_case(WITH_MARKS, lambda n: f"p{n}" in found) == by_case(WITH_MARKS, lambda _: False)
    assert "bo" in found


def test_rule_04_a_withdrawal_of_a_number_that_a_link_escapes_denies_whoever_has_it(permitted):
    people = [someone(n) for n in range(4)]
    granted = [said(one["source_key"], channel="sms", contact_point=one["phone"]) for one in people]
    digits = [one["phone"].removeprefix("+46") for one in people]
    parted = [f"{d[:2]}%20{d[2:5]}%20{d[5:7]}%20{d[7:]}" for d in digits]
    written = [f"+46%20{parted[0]}", f"%2B46%20{parted[1]}", f"0{parted[2].replace('%20', '%2D')}"]
    stops = [said("t", "withdrawn", "2026-03-01", channel="sms", contact_point=one) | NOBODYS for one in written]
    assert {key for key, _, _ in permitted(people, consent_events=[*granted, *stops])} == {"p3"}
    # nor is it a number to send to
    people[3]["phone"] = f"+46%20{parted[3]}"
    granted[3]["contact_point"] = people[3]["phone"]
    assert permitted(people, consent_events=granted[3:]) == {}


# as a withdrawal writes Granvägen 7, 114 55 Stockholm
PLACES = [
    "Granvägen 7, 114 55 Stockholm", "GRANVÄGEN 7, 11455 STOCKHOLM", "c/o Lind, Granvägen 7 lgh 1102, SE-114 55 Stockholm", "Granvagen 7\n114 55  Stockholm",
]  # fmt: skip


@pytest.fixture
def by_post(permitted):
    def go(people: list[dict], *statements: dict) -> set[str]:
        found = permitted(people, consent_events=list(statements), reservations=REGISTERS)
        return {key for key, _, channel in found if channel == "post"}

    return go


def post(key: str, point: str, status: str = "granted", at: str = "2026-01-01", **more) -> dict:
    return said(key, status, at, channel="post", contact_point=point, **more)


@pytest.mark.parametrize("written", PLACES)
def test_rule_04_a_withdrawal_that_names_only_a_postal_address_denies_whoever_was_granted_on_it(by_post, written):
    """On it alone, with the record's own another one, and by the record's own; not whoever lives next door or in another town."""
    home = {"street": "Granvägen 7", "postal_code": "114 55", "city": "Stockholm"}
    people = [someone(0), someone(1, **home), someone(2, **home | {"street": "Granvägen 8"}), someone(3)]
    granted = [post("p0", "Granvägen 7, 114 55 Stockholm"), post("p1", "Granvägen 7, 114 55 Stockholm")]
    granted += [post("p2", "Granvägen 8, 114 55 Stockholm"), post("p3", "Granvägen 7, 222 33 Lund")]
    assert by_post(people, *granted) == {"p0", "p1", "p2", "p3"}
    assert by_post(people, *granted, post("t", written, "withdrawn", "2026-03-01") | NOBODYS) == {"p2", "p3"}
    # a later grant stands
    later = post("p0", "Granvägen 7, 114 55 Stockholm", at="2026-04-01")
    assert by_post(people, *granted, later, post("t", written, "withdrawn", "2026-03-01") | NOBODYS) == {
        "p0",
        "p2",
        "p3",
    }


def test_rule_04_a_withdrawal_by_post_of_somebody_known_is_no_withdrawal_of_the_neighbours(by_post):
    people = [someone(0), someone(1)]
    granted = [post(f"p{n}", "Granvägen 7, 114 55 Stockholm") for n in range(2)]
    assert by_post(people, *granted, post("p1", "Granvägen 7, 114 55 Stockholm", "withdrawn", "2026-03-01")) == {"p0"}


def test_a_withdrawal_of_a_postal_address_is_tied_where_somebody_has_it(by_post, warehouse):
    places = ("Granvägen 7, 114 55 Stockholm", "Okänd gata 9, 333 44 Malmö", "Kund 12345")
    stops = [post("t", place, "withdrawn", "2026-03-01") | NOBODYS for place in places]
    by_post([someone(0)], post("p0", places[0]), *stops)
    read = "select contact_point from identity.withdrawn_points where is_readable"
    assert warehouse.execute(read).fetchall() == [(places[0],)]
