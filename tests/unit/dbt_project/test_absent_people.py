"""What a record refused whose own row was set aside, rejected, deleted or never came holds for whoever may be the same person."""

from __future__ import annotations

import json
from datetime import datetime

from tests.unit.consent import NOBODYS, said
from tests.unit.people import by_case
from tests.unit.stories import night, of, story


def key_of(one: dict) -> str:
    """A record of the shop's, of the same number."""
    return f"{9000 + int(one['source_key'].removeprefix('p'))}"


def nowhere(one: dict) -> str:
    """An address that only the shop's record may have."""
    return f"iv{key_of(one)}@nowhere.se"


def no(one: dict, **more) -> dict:
    """A withdrawal by the record of the shop, on an address that nobody has."""
    return said(
        key_of(one), "withdrawn", "2026-03-01", **{"person_system": "shop", "contact_point": nowhere(one), "source_key": f"w{key_of(one)}"} | more
    )  # fmt: skip


def national(one: dict) -> str:
    """Their number as it is dialled at home."""
    return f"0{one['phone'].removeprefix('+46')}"


def spaced(one: dict) -> str:
    digits = one["phone"].removeprefix("+46")
    return f"0{digits[:2]}-{digits[2:5]} {digits[5:7]} {digits[7:]}"


# what the shop's record has of somebody's, and what is another in its withdrawal
SET_ASIDE = {
    "their number": ("row", {}),
    "their number, and the withdrawal names none": ("row", {"contact_point": None}),
    "their number, under a key in another spelling": ("row", {"person_key": "{key}.0", "person_system": " SHOP"}),
    "their number, and the withdrawal names nothing but an address of the row": ("row", NOBODYS),
    "their address beside another": ("addresses", {}),
    "their name and birth date": ("name", {}),
    "their number in a rejected row": ("rejected row", {}),
    "their number in a broken line": ("broken line", {}),
}


@story
def test_rule_04_a_withdrawal_by_a_record_that_was_set_aside_denies_whoever_has_what_it_has(cast):
    people, other = cast.many(len(SET_ASIDE)), cast.one()
    rows, lines, refused = [], [], []
    for one, (kind, changes) in zip(people, SET_ASIDE.values(), strict=True):
        key, (year, month, day) = key_of(one), one["birth_date"].split("-")
        if kind == "row":
            rows.append({"no": key, "first": "Ann", "mobile": spaced(one), "mail": nowhere(one), "born": "1985-13-45"})
        elif kind == "addresses":
            rows.append({"no": key, "mail": f"b{key}@y.se / {one['email'].title()}"})
        elif kind == "name":
            family, born = one["family_name"].upper(), f"{int(day)}.{int(month)}.{year}"
            rows.append({"no": key, "first": f"{one['given_name']} Maria", "last": family, "born": born})
        elif kind == "rejected row":
            lines.append(json.dumps({"line": "x", "no": key, "first": "Ann", "mobile": spaced(one)}))
        else:
            lines.append(f'2;{key};"Ann;{spaced(one)};1980')
        of_case = {name: value and value.format(key=key) for name, value in changes.items()}
        refused.append(no(one) | of_case)
    granted = [of(one) for one in (*people, other)]

    def tonight(*statements: dict):
        return night([*people, other], *granted, *statements, shop=rows, lines=lines)

    def allowed(found) -> dict[str, object]:
        assert other["source_key"] in found.keys_of
        return by_case(SET_ASIDE, lambda n: people[n]["source_key"] in found.keys_of)

    assert allowed((yield tonight())) == by_case(SET_ASIDE, lambda _: True)
    assert allowed((yield tonight(*refused))) == by_case(SET_ASIDE, lambda _: False)
    # only a later grant reverses it
    later = [grant | {"stated_at": datetime(2026, 4, 1)} for grant in granted]
    assert allowed((yield tonight(*refused, *later))) == by_case(SET_ASIDE, lambda _: True)


@story
def test_rule_04_what_a_record_had_that_is_set_aside_outlives_its_change(cast):
    one, other = cast.many(2)
    granted, keys = [of(one), of(other)], {one["source_key"], other["source_key"]}
    row = {"no": key_of(one), "first": "Ann", "mobile": spaced(one), "mail": nowhere(one), "born": "1985-13-45"}
    found = yield night([one, other], *granted, shop=[row])
    assert found.keys_of == keys
    changed = {"no": key_of(one), "mobile": "0709998877"}
    found = yield night([one, other], *granted, shop=[changed])
    assert found.keys_of == keys
    found = yield night([one, other], *granted, no(one), shop=[changed])
    assert found.keys_of == {other["source_key"]}
    # what is not a record by now has no points either
    held = "select count(*) from identity.held_points where person_key = ?"
    assert cast.rows(held, key_of(one)) > [(0,)]
    yield night([one, other], *granted, shop=[])
    assert cast.rows(held, key_of(one)) == [(0,)]


# of namesakes of a record that refused: whether they go on to be permitted where two share what either refused
NAMESAKES = {
    "set aside": False,
    "set aside, of three": True,
    "set aside, and nothing but its contact point says whose the withdrawal is": False,
    "set aside, of another birth date": True,
    "gone": False,
    "gone, of three": True,
}


@story(namesakes=(1, 2, 3))
def test_rule_04_a_namesake_that_does_not_stand_shares_what_it_refused(cast):
    """As a standing one does: where few have the name, and no birth date tells them apart."""
    people, other = cast.many(len(NAMESAKES)), cast.one()
    rows, others, refused = [], [], []
    for one, case in zip(people, NAMESAKES, strict=True):
        mail = nowhere(one)
        refused.append(no(one) | (NOBODYS if "nothing but" in case else {}))
        if "set aside" in case:
            row = {
                "no": key_of(one),
                "first": one["given_name"],
                "last": one["family_name"],
                "mail": mail,
                "born": "1985-13-45",
            }
            rows.append(row | ({"born": "1951-11-27", "mail": None} if "birth date" in case else {}))
        else:
            gone = {"source_key": key_of(one), "source_system": "shop", "deleted_at": datetime(2026, 4, 1)}
            others.append(one | gone | {"email": mail, "phone": None, "birth_date": None})
        if "three" in case:
            third = f"third{key_of(one)}"
            others.append(one | {"source_key": third, "email": f"{third}@x.se", "phone": None, "birth_date": None})
    granted = [of(one) for one in (*people, other)]

    def tonight():
        return night([*people, *others, other], *granted, *refused, shop=rows)

    def allowed(found) -> dict[str, object]:
        assert other["source_key"] in found.keys_of
        return {case: one["source_key"] in found.keys_of for one, case in zip(people, NAMESAKES, strict=True)}

    assert allowed((yield tonight())) == dict.fromkeys(NAMESAKES, True)
    assert allowed((yield tonight())) == NAMESAKES


# what else is known of a record of the shop without a row of its own, as its statements name somebody's number or address
NAMED = {
    "a grant": {},
    "a withdrawal": {"status": "withdrawn"},
    "a grant that is deleted": {"deleted_at": datetime(2026, 4, 1)},
    "a grant under another spelling of its key": {"person_key": "{key}.0", "person_system": "Shop"},
    "a message that was opened": None,
}
WITHOUT_ROW = [(named, is_gone) for named in NAMED for is_gone in (False, True)]


def named_by(one: dict, key: str) -> dict:
    """What the shop's record of this key was granted, by sms on somebody's number."""
    return said(key, person_system="shop", channel="sms", contact_point=national(one), source_key=f"s{key}")


@story
def test_rule_04_a_withdrawal_by_a_record_without_people_row_denies_whoever_its_statements_name(cast):
    """Or whose row is deleted, and says nothing that could tell whose it is."""
    people, other = cast.many(len(WITHOUT_ROW)), cast.one()
    gone, events, opened = [], [], []
    for one, (named, is_gone) in zip(people, WITHOUT_ROW, strict=True):
        key, changes = key_of(one), NAMED[named]
        if is_gone:
            record = {"source_key": key, "source_system": "shop", "deleted_at": datetime(2026, 4, 1)}
            gone.append(cast.one(email=None, phone=None, birth_date=None) | record)
        if changes is None:
            opened.append(
                {
                    "kind": "opened",
                    "occurred_at": datetime(2026, 2, 1),
                    "contact_point": one["email"],
                    "person_key": key,
                    "person_system": "shop",
                }
            )
        else:
            changes = {
                name: value.format(key=key) if isinstance(value, str) else value for name, value in changes.items()
            }
            events.append(named_by(one, key) | changes)
    granted = [of(one) for one in (*people, other)]

    def tonight(*refused: dict):
        return night([*people, other, *gone], *granted, *events, *refused, email_events=opened)

    def allowed(found) -> dict[str, object]:
        # what the record allowed is nobody's
        assert (other["source_key"], "survey", "email") in found and {channel for _, _, channel in found} == {"email"}
        return by_case(WITHOUT_ROW, lambda n: (people[n]["source_key"], "survey", "email") in found)

    assert allowed((yield tonight())) == by_case(WITHOUT_ROW, lambda _: True)
    assert allowed((yield tonight(*map(no, people)))) == by_case(WITHOUT_ROW, lambda _: False)


@story
def test_rule_04_statements_of_a_record_that_stands_name_nobody_but_it(cast):
    """Its own key in another spelling is the record too."""
    people, other = cast.many(2), cast.one()
    stand, stated = [], []
    for one, spelling in zip(people, ("{}", "{}.0"), strict=True):
        key = spelling.format(key_of(one))
        stand.append(cast.one(source_key=key_of(one), source_system="shop", phone=None))
        stated += [named_by(one, key), no(one, person_key=key)]
    granted = [of(one) for one in (*people, other)]
    found = yield night([*people, *stand, other], *granted, *stated)
    assert set(found) == {(one["source_key"], "survey", "email") for one in (*people, other)}


# whether the record that refuses has a row, which is deleted, and what names the mailbox beside its refusal
OF_MANY = [(False, "opened"), (True, "granted"), (True, "withdrawn")]


@story
def test_rule_04_a_mailbox_of_many_that_a_statement_of_nobodys_names_denies_none_of_them(cast):
    """Who withdraws on it denies all of them."""
    pairs, people, granted, refused, on_it, opened = [], [], [], [], [], []
    for n, (is_gone, kind) in enumerate(OF_MANY):
        shared = {"email": f"info@x{n}.se", "phone": None, "birth_date": None}
        pairs.append(cast.many(2, **shared))
        nobody = cast.one(phone=None, birth_date=None)
        people += pairs[-1]
        granted += map(of, pairs[-1])
        if is_gone:
            record = {"source_key": key_of(nobody), "source_system": "shop", "deleted_at": datetime(2026, 4, 1)}
            people.append(nobody | record)
        named = {"person_system": "shop", "contact_point": shared["email"]}
        if kind == "opened":
            opened.append({"kind": kind, "occurred_at": datetime(2026, 2, 1), "person_key": key_of(nobody), **named})
        else:
            channel = "email" if kind == "granted" else "phone"
            granted.append(said(key_of(nobody), kind, channel=channel, source_key=f"s{n}", **named))
        refused.append(no(nobody))
        on_it.append(no(nobody, contact_point=shared["email"]))

    def allowed(found) -> dict[str, object]:
        return by_case(OF_MANY, lambda n: [one["source_key"] in found.keys_of for one in pairs[n]])

    # in the nights after it too
    for _ in range(2):
        found = yield night(people, *granted, *refused, email_events=opened)
        assert allowed(found) == by_case(OF_MANY, lambda _: [True, True])
    found = yield night(people, *granted, *on_it, email_events=opened)
    assert allowed(found) == by_case(OF_MANY, lambda _: [False, False])
