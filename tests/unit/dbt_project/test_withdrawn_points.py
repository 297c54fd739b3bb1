"""Withdrawals that name a contact point: in whatever spelling, in part, or a postal address, they deny whoever has it."""

from __future__ import annotations

from datetime import datetime

from tests.unit.consent import NOBODYS, said
from tests.unit.people import by_case
from tests.unit.stories import night, of, story

POINTS = [
    ("email", "mira.old@x.se", "mira.new@x.se"),
    ("sms", "+46735550011", "+46735550022"),
    ("email", "nora.old@x.se", "nora.new@x.se"),
    ("sms", "+46735550033", "+46735550044"),
]


def having(cast, channel: str, point: str) -> dict:
    """Someone who has nothing but a name and this point."""
    own = {"email" if channel == "email" else "phone": point}
    return cast.one(birth_date=None, email=None, phone=None) | own


def moved_to(one: dict, point: str) -> dict:
    """The same record with another point instead of its own."""
    return one | {"email" if one["email"] else "phone": point}


@story
def test_rule_04_a_withdrawal_of_an_address_or_number_outlives_its_change_in_the_crm(cast):
    """The tool names only the point that was granted. The CRM writes another over it, in record and statement, with the same
    time of the grant; the withdrawal comes before that, of the first two, or after."""
    at_first = [having(cast, channel, old) for channel, old, _ in POINTS]
    moved = [moved_to(one, new) for one, (_, _, new) in zip(at_first, POINTS, strict=True)]
    granted = [
        of(one, channel=channel, contact_point=old, source_key=f"g{n}", at="2026-01-10")
        for n, (one, (channel, old, _)) in enumerate(zip(at_first, POINTS, strict=True))
    ]
    stops = [
        said("t", "withdrawn", "2026-03-01", channel=channel, contact_point=old, source_key=f"w{n}") | NOBODYS
        for n, (channel, old, _) in enumerate(POINTS)
    ]
    whose = [(one["source_key"], "survey", channel) for one, (channel, _, _) in zip(at_first, POINTS, strict=True)]

    def points(found: dict) -> dict[str, object]:
        assert set(found) <= set(whose)
        return by_case(POINTS, lambda n: found.get(whose[n]))

    assert points((yield night(at_first, *granted, *stops[:2]))) == by_case(
        POINTS, lambda n: POINTS[n][1] if n >= 2 else None
    )
    granted = [grant | {"contact_point": new, "load_id": 2} for grant, (_, _, new) in zip(granted, POINTS, strict=True)]
    assert points((yield night(moved, *granted, *stops))) == by_case(POINTS, lambda _: None)
    # said yes later, and on the new one
    again = [grant | {"stated_at": datetime(2026, 4, 1)} for grant in granted]
    assert points((yield night(moved, *again, *stops))) == by_case(POINTS, lambda n: POINTS[n][2])
    # whoever has the old one by now denies it for themselves, and not for who had it
    others = [having(cast, channel, old) for channel, old, _ in POINTS]
    theirs = [
        of(one, "withdrawn", "2026-05-01", channel=channel, contact_point=old, source_key=f"c{n}")
        for n, (one, (channel, old, _)) in enumerate(zip(others, POINTS, strict=True))
    ]
    found = yield night([*moved, *others], *again, *stops, *theirs)
    assert points(found) == by_case(POINTS, lambda n: POINTS[n][2])


SEVERAL = [
    ("email", "tuva.old@x.se", "tuva.two@x.se", "tuva.new@x.se"),
    ("sms", "+46735550111", "073-555 01 33", "+46735550122"),
]


@story
def test_rule_04_a_withdrawal_of_one_of_several_points_of_a_field_outlives_their_change(cast):
    """The record held two addresses or numbers in one field; the tool withdraws from one of them after the CRM wrote over it."""
    at_first = [having(cast, channel, f"{old} / {stopped}") for channel, old, stopped, _ in SEVERAL]
    moved = [moved_to(one, new) for one, (*_, new) in zip(at_first, SEVERAL, strict=True)]
    granted, stops = [], []
    for n, (one, (channel, _, stopped, new)) in enumerate(zip(at_first, SEVERAL, strict=True)):
        granted.append(of(one, channel=channel, contact_point=new, source_key=f"g{n}"))
        stop = said("t", "withdrawn", "2026-03-01", channel=channel, contact_point=stopped, source_key=f"w{n}")
        stops.append(stop | NOBODYS)
    keys = [one["source_key"] for one in at_first]
    found = yield night(at_first, *granted)
    assert set(found) == {(keys[0], "survey", "email"), (keys[1], "survey", "sms")}
    found = yield night(moved, *granted, *stops)
    assert found == {}
    # what is not a record by now, as after retention, has no points either; what its source deleted is a record still
    held = "select distinct person_key from identity.held_points where person_key in (?, ?)"
    yield night([one | {"deleted_at": datetime(2026, 5, 1)} for one in moved])
    assert sorted(cast.rows(held, *keys)) == sorted((key,) for key in keys)
    yield night([])
    assert cast.rows(held, *keys) == []


@story
def test_rule_04_a_number_beside_an_address_in_a_withdrawal_denies_whoever_has_it(cast):
    people, other = cast.many(3), cast.one()
    numbers = [f"0{one['phone'].removeprefix('+46')}" for one in people]
    # few digits of an address are no number
    written = [f"nobody@x.se, {numbers[0]}", f"{numbers[1]} <nobody99@x.se>", f"anna{numbers[2][-4:]}@x.se"]
    stops = [said("t", "withdrawn", "2026-03-01", contact_point=point) | NOBODYS for point in written]
    found = yield night([*people, other], *map(of, people), of(other), *stops)
    assert found.keys_of == {people[2]["source_key"], other["source_key"]}


# of whose address is name@domain, and whose number +46 and these digits
NAMING = [
    "46{digits}@c.us", "46{digits}@s.whatsapp.net", "0{digits}@sms.example.com", "+46-{parted}@{domain}", "0{digits}0709999993",
    "{name}(news)@{domain}", "_{name}@{domain}_", "*{name}@{domain}*", "SRS0=HHH=TT={domain}={name}@forwarder.example.com",
    "SRS1=HH=first.example==HHH=TT={domain}={name}@forwarder.example.com", "{name}_{domain}#EXT#@tenant.onmicrosoft.com",
]  # fmt: skip


@story
def test_rule_04_a_withdrawal_denies_whom_its_contact_point_may_name(cast):
    """By a number within an address, and by an address within another or among marks. A grant on it permits nothing by that."""
    people, granted_on_it, other = cast.many(len(NAMING)), cast.many(len(NAMING)), cast.one()

    def points(of_people: list[dict]) -> list[str]:
        written = []
        for one, point in zip(of_people, NAMING, strict=True):
            (name, _, domain), digits = one["email"].partition("@"), one["phone"].removeprefix("+46")
            parted = f"{digits[:2]}-{digits[2:5]}-{digits[5:7]}-{digits[7:]}"
            written.append(point.format(name=name, domain=domain, digits=digits, parted=parted))
        return written

    stops = [said("t", "withdrawn", "2026-03-01", contact_point=point) | NOBODYS for point in points(people)]
    no = [of(one, "withdrawn", "2026-03-01") | NOBODYS for one in granted_on_it]
    by_sms = [{**stop, "channel": "sms"} for stop in no]
    yes = [
        of(one, at="2026-04-01", contact_point=point, channel="sms")
        for one, point in zip(granted_on_it, points(granted_on_it), strict=True)
    ]
    everybody = [*people, *granted_on_it, other]
    found = yield night(everybody, *map(of, everybody), *stops, *no, *by_sms, *yes)
    assert other["source_key"] in found.keys_of
    cases = [*NAMING, *(f"granted on {written}" for written in NAMING)]
    allowed = by_case(cases, lambda n: everybody[n]["source_key"] in found.keys_of)
    assert allowed == by_case(cases, lambda _: False)


@story
def test_rule_04_a_withdrawal_of_an_address_in_another_encoding_denies_whoever_has_it(cast):
    """In small letters and in capitals."""
    people = [cast.one(email="åsa.öberg@x.se"), cast.one(email="åsa.öberg@y.se")]
    found = yield night(people, *map(of, people))
    assert found.keys_of == {one["source_key"] for one in people}
    stops = [
        said("t", "withdrawn", "2026-03-01", contact_point=point) | NOBODYS
        for point in ("Ã¥sa.Ã¶berg@x.se", "Ã…sa.Ã–berg@y.se")
    ]
    found = yield night(people, *map(of, people), *stops)
    assert found == {}


@story
def test_rule_04_an_address_of_an_international_domain_is_one_with_its_punycode_and_none_with_a_lookalike(cast):
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
        both = cast.one(phone=None, birth_date=None)
        people += [
            both | {"source_key": f"idn{n}", "email": f"karin{n}@{domain}"},
            both | {"source_key": f"puny{n}", "email": f"Karin{n}@{puny.upper()}"},
            cast.one(source_key=f"plain{n}", email=f"karin{n}@blabarsskogen.se", phone=None),
            cast.one(source_key=f"foreign{n}", email=f"karin{n}@{foreign}", phone=None),
        ]
    grants = [said(one["source_key"], contact_point=one["email"]) for one in people if "puny" not in one["source_key"]]

    def left(found: dict) -> dict[str, object]:
        # of one customer with two records either key tells it
        keys = {key.replace("puny", "idn") for key, _, _ in found}
        assert len(found) == len(keys)
        return by_case(withdrawn_from, lambda n: {key[:-1] for key in keys if key.endswith(str(n))})

    assert left((yield night(people, *grants))) == by_case(withdrawn_from, lambda _: {"idn", "plain", "foreign"})
    stops = [
        said(None, "withdrawn", "2026-05-01", contact_point=written, source_key=f"w{n}")
        for n, (written, _) in enumerate(withdrawn_from)
    ]
    assert left((yield night(people, *grants, *stops))) == by_case(withdrawn_from, lambda n: withdrawn_from[n][1])


# as a system writes an address that is to get nothing more: of name and domain
WITH_MARKS = [
    "-{name}@{domain}", "{name}@{domain}0701112233", "{name} /bo.x@{domain}", "{name}, bo.x@{domain}", "{name}; bo.x@{domain}", "{name} bo.x@{domain}",
    "\\t{name}@{domain}", "\\r\\n{name}@{domain}", "{name}@{domain}.old", "{name}@{domain}.invalid", "{name}@{domain}_removed", "deleted_{name}@{domain}", "OLD-{name}@{domain}", "unsub+{name}@{domain}",
]  # fmt: skip


@story
def test_rule_04_a_withdrawal_of_an_address_with_a_mark_or_in_parts_denies_whoever_it_may_mean(cast):
    people, other = cast.many(len(WITH_MARKS)), cast.one()
    stops = []
    for one, written in zip(people, WITH_MARKS, strict=True):
        name, _, domain = one["email"].partition("@")
        point = written.format(name=name, domain=domain)
        stops.append(said("t", "withdrawn", "2026-03-01", contact_point=point) | NOBODYS)
    found = yield night([*people, other], *map(of, people), of(other), *stops)
    allowed = by_case(WITH_MARKS, lambda n: people[n]["source_key"] in found.keys_of)
    assert allowed == by_case(WITH_MARKS, lambda _: False)
    assert other["source_key"] in found.keys_of


@story
def test_rule_04_a_withdrawal_of_a_number_that_a_link_escapes_denies_whoever_has_it(cast):
    people = cast.many(5)
    digits = [one["phone"].removeprefix("+46") for one in people]
    parted = [f"{d[:2]}%20{d[2:5]}%20{d[5:7]}%20{d[7:]}" for d in digits]
    written = [f"+46%20{parted[0]}", f"%2B46%20{parted[1]}", f"0{parted[2].replace('%20', '%2D')}"]
    stops = [said("t", "withdrawn", "2026-03-01", channel="sms", contact_point=one) | NOBODYS for one in written]
    # nor is it a number to send to
    people[4]["phone"] = f"+46%20{parted[4]}"
    granted = [of(one, channel="sms", contact_point=one["phone"]) for one in people]
    found = yield night(people, *granted, *stops)
    assert found.keys_of == {people[3]["source_key"]}


# as a withdrawal writes Granvägen 7, 114 55 Stockholm; each case has a house of its own
PLACES = [
    "Granvägen {0}, 114 55 Stockholm", "GRANVÄGEN {0}, 11455 STOCKHOLM", "c/o Lind, Granvägen {0} lgh 1102, SE-114 55 Stockholm", "Granvagen {0}\n114 55  Stockholm",
]  # fmt: skip


def post(one: dict, point: str, status: str = "granted", at: str = "2026-01-01") -> dict:
    return of(one, status, at, channel="post", contact_point=point)


@story
def test_rule_04_a_withdrawal_that_names_only_a_postal_address_denies_whoever_was_granted_on_it(cast):
    """On it alone, with the record's own another one, and by the record's own; not whoever lives next door or in another town."""
    cases, granted, stops, later = [], [], [], []
    for n, written in enumerate(PLACES):
        number = 7 + 10 * n
        home = {"street": f"Granvägen {number}", "postal_code": "114 55", "city": "Stockholm"}
        people = [cast.one(), cast.one(**home), cast.one(**home | {"street": f"Granvägen {number + 1}"}), cast.one()]
        cases.append(people)
        at = [f"Granvägen {number}, 114 55 Stockholm"] * 2
        at += [f"Granvägen {number + 1}, 114 55 Stockholm", f"Granvägen {number}, 222 33 Lund"]
        granted += [post(one, point) for one, point in zip(people, at, strict=True)]
        stops.append(
            said("t", "withdrawn", "2026-03-01", channel="post", contact_point=written.format(number)) | NOBODYS
        )
        later.append(post(people[0], at[0], at="2026-04-01"))
    everybody = [one for people in cases for one in people]

    def left(found: dict) -> dict[str, object]:
        keys = {key for key, _, channel in found if channel == "post"}
        return by_case(PLACES, lambda n: {nth for nth, one in enumerate(cases[n]) if one["source_key"] in keys})

    assert left((yield night(everybody, *granted))) == by_case(PLACES, lambda _: {0, 1, 2, 3})
    assert left((yield night(everybody, *granted, *stops))) == by_case(PLACES, lambda _: {2, 3})
    # a later grant stands
    assert left((yield night(everybody, *granted, *stops, *later))) == by_case(PLACES, lambda _: {0, 2, 3})


@story
def test_rule_04_a_withdrawal_by_post_of_somebody_known_is_no_withdrawal_of_the_neighbours(cast):
    one, other = cast.many(2)
    at = "Tallvägen 7, 114 55 Stockholm"
    found = yield night([one, other], post(one, at), post(other, at), post(other, at, "withdrawn", "2026-03-01"))
    assert found.keys_of == {one["source_key"]}


@story
def test_a_withdrawal_of_a_postal_address_is_tied_where_somebody_has_it(cast):
    one = cast.one()
    places = ("Björkvägen 7, 114 55 Stockholm", "Okänd gata 9, 333 44 Malmö", "Kund 12345")
    stops = [said("t", "withdrawn", "2026-03-01", channel="post", contact_point=place) | NOBODYS for place in places]
    yield night([one], post(one, places[0]), *stops)
    read = "select contact_point from identity.withdrawn_points where is_readable and contact_point in (?, ?, ?)"
    assert cast.rows(read, *places) == [(places[0],)]
