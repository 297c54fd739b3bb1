"""What a record refused whose own row was set aside, rejected, deleted or never came holds for whoever may be the same person."""

from __future__ import annotations

import json
import tomllib
from datetime import datetime

import pytest

from orchestration.core.settings import Settings
from orchestration.extract.extract import prepare_raw
from tests.unit.consent import ANNA, BO, NOBODYS, SURVEY, said
from tests.unit.people import by_case, person, someone

SHOP = """
company = "T"
[sources.shop]
connector = "files"
url = "."
[sources.shop.tables.people]
path = "p*.csv"
columns = { line = "BIGINT", no = "VARCHAR", first = "VARCHAR", last = "VARCHAR", mail = "VARCHAR", mobile = "VARCHAR", born = "VARCHAR" }
key = ["line"]
[[sources.shop.tables.people.maps]]
entity = "people"
columns = { source_key = "no", given_name = "first", family_name = "last", email = "mail", phone = "mobile", birth_date = "born" }
"""
OF_BO = ("bo", "survey", "email")
GRANTED = [said("anna"), said("bo")]


def granted_to(people: list[dict]) -> list[dict]:
    return [said(one["source_key"], contact_point=one["email"]) for one in people]


def no(key: str | None = "7", **more) -> dict:
    """A withdrawal by a record of the shop, on an address that nobody has."""
    more = {"person_system": "shop", "contact_point": "iv@nowhere.se", "source_key": "w"} | more
    return said(key or "-", "withdrawn", "2026-03-01", **more) | ({} if key else NOBODYS)


@pytest.fixture
def shop(permitted, warehouse):
    """Puts people of the shop into raw, of whom no conformed table has anything, and lines among those that were rejected."""
    permitted.settings = Settings.model_validate(tomllib.loads(SHOP))
    prepare_raw(warehouse, permitted.settings)

    def go(*rows: dict, lines: tuple[str, ...] = ()) -> None:
        for table in ("raw_shop.people", "quarantine.rejected_rows"):
            warehouse.execute(f"delete from {table}")
        for number, line in enumerate(lines, start=1):
            warehouse.execute(
                "insert into quarantine.rejected_rows values (1, 'shop', 'people', 'p.csv', ?, null, 'r', 'unknown', ?)",
                [number, line],
            )
        for number, row in enumerate(rows, start=1):
            whole = {"line": number, "no": "7", "_load_id": 1, **row}
            warehouse.execute(
                f"insert into raw_shop.people ({', '.join(whole)}) values ({', '.join('?' * len(whole))})",
                list(whole.values()),
            )

    return go


NUMBER = {"first": "Ann", "mobile": "070-111 22 33", "mail": "iv@nowhere.se", "born": "1985-13-45"}
# what the shop's record has of somebody's, and what is another in its withdrawal
SET_ASIDE = {
    "their number": ("row", {}),
    "their number, and the withdrawal names none": ("row", {"contact_point": None}),
    "their number, under a key in another spelling": ("row", {"person_key": "900{n}.0", "person_system": " SHOP"}),
    "their number, and the withdrawal names nothing but an address of the row": ("row", NOBODYS),
    "their address beside another": ("addresses", {}),
    "their name and birth date": ("name", {}),
    "their number in a rejected row": ("rejected row", {}),
    "their number in a broken line": ("broken line", {}),
}


def test_rule_04_a_withdrawal_by_a_record_that_was_set_aside_denies_whoever_has_what_it_has(permitted, shop):
    people = [someone(n) for n in range(len(SET_ASIDE))]
    rows, lines, refused = [], [], []
    for n, (one, (kind, changes)) in enumerate(zip(people, SET_ASIDE.values(), strict=True)):
        key, digits, (year, month, day) = f"900{n}", one["phone"].removeprefix("+46"), one["birth_date"].split("-")
        mobile = f"0{digits[:2]}-{digits[2:5]} {digits[5:7]} {digits[7:]}"
        if kind == "row":
            rows.append(NUMBER | {"no": key, "mobile": mobile, "mail": f"iv{n}@nowhere.se"})
        elif kind == "addresses":
            rows.append({"no": key, "mail": f"b@y.se / {one['email'].title()}"})
        elif kind == "name":
            family, born = one["family_name"].upper(), f"{int(day)}.{int(month)}.{year}"
            rows.append({"no": key, "first": f"{one['given_name']} Maria", "last": family, "born": born})
        elif kind == "rejected row":
            lines.append(json.dumps({"line": "x", "no": key, "first": "Ann", "mobile": mobile}))
        else:
            lines.append(f'2;{key};"Ann;{mobile};1980')
        of_case = {name: value and value.format(n=n) for name, value in changes.items()}
        refused.append(no(key, contact_point=f"iv{n}@nowhere.se", source_key=f"w{n}") | of_case)
    shop(*rows, lines=tuple(lines))
    granted = [*granted_to(people), said("bo")]

    def allowed(*statements: dict) -> dict[str, object]:
        found = {key for key, _, _ in permitted([*people, BO], consent_events=[*granted, *statements])}
        assert "bo" in found
        return by_case(SET_ASIDE, lambda n: f"p{n}" in found)

    assert allowed() == by_case(SET_ASIDE, lambda _: True)
    assert allowed(*refused) == by_case(SET_ASIDE, lambda _: False)
    # only a later grant reverses it
    later = [grant | {"stated_at": datetime(2026, 4, 1)} for grant in granted]
    assert allowed(*refused, *later) == by_case(SET_ASIDE, lambda _: True)


def test_rule_04_what_a_record_had_that_is_set_aside_outlives_its_change(permitted, shop, warehouse):
    permitted.remembers = True
    shop(NUMBER)
    assert set(permitted([ANNA, BO], consent_events=GRANTED)) == {SURVEY, OF_BO}
    shop({"mobile": "0709998877"})
    assert set(permitted([ANNA, BO], consent_events=GRANTED)) == {SURVEY, OF_BO}
    assert set(permitted([ANNA, BO], consent_events=[*GRANTED, no()])) == {OF_BO}
    # what is not a record by now has no points either
    shop()
    permitted([ANNA, BO], consent_events=GRANTED)
    assert warehouse.execute("from identity.held_points where person_key = '7'").fetchall() == []


# of namesakes of a record that refused: whether they go on to be permitted where two share what either refused
NAMESAKES = {
    "set aside": False,
    "set aside, of three": True,
    "set aside, and nothing but its contact point says whose the withdrawal is": False,
    "set aside, of another birth date": True,
    "gone": False,
    "gone, of three": True,
}


def test_rule_04_a_namesake_that_does_not_stand_shares_what_it_refused(permitted, shop):
    """As a standing one does: where few have the name, and no birth date tells them apart."""
    people = [someone(n) for n in range(len(NAMESAKES))]
    rows, others, refused = [], [], []
    for n, (one, case) in enumerate(zip(people, NAMESAKES, strict=True)):
        key, mail = f"900{n}", f"iv{n}@nowhere.se"
        refused.append(no(None if "nothing but" in case else key, contact_point=mail, source_key=f"w{n}"))
        if "set aside" in case:
            row = {
                "no": key,
                "first": one["given_name"],
                "last": one["family_name"],
                "mail": mail,
                "born": "1985-13-45",
            }
            rows.append(row | ({"born": "1951-11-27", "mail": None} if "birth date" in case else {}))
        else:
            gone = {"source_key": key, "source_system": "shop", "deleted_at": datetime(2026, 4, 1)}
            others.append(one | gone | {"email": mail, "phone": None, "birth_date": None})
        if "three" in case:
            others.append(
                one | {"source_key": f"third{n}", "email": f"third{n}@x.se", "phone": None, "birth_date": None}
            )
    shop(*rows)

    def allowed() -> dict[str, object]:
        granted = [*granted_to(people), said("bo")]
        found = {key for key, _, _ in permitted([*people, *others, BO], consent_events=[*granted, *refused])}
        assert "bo" in found
        return {case: f"p{n}" in found for n, case in enumerate(NAMESAKES)}

    assert allowed() == dict.fromkeys(NAMESAKES, True)
    permitted.namesakes = 2
    assert allowed() == NAMESAKES


OTHER = said("7", person_system="shop", channel="sms", contact_point="070-111 22 33", source_key="s")
# what else is known of a record of the shop without a row of its own, as its statements name somebody's number or address
NAMED = {
    "a grant": {},
    "a withdrawal": {"status": "withdrawn"},
    "a grant that is deleted": {"deleted_at": datetime(2026, 4, 1)},
    "a grant under another spelling of its key": {"person_key": "900{n}.0", "person_system": "Shop"},
    "a message that was opened": None,
}
WITHOUT_ROW = [(named, is_gone) for named in NAMED for is_gone in (False, True)]


def test_rule_04_a_withdrawal_by_a_record_without_people_row_denies_whoever_its_statements_name(permitted):
    """Or whose row is deleted, and says nothing that could tell whose it is."""
    people = [someone(n) for n in range(len(WITHOUT_ROW))]
    gone, events, opened = [], [], []
    for n, (one, (named, is_gone)) in enumerate(zip(people, WITHOUT_ROW, strict=True)):
        key, changes = f"900{n}", NAMED[named]
        if is_gone:
            record = {"source_key": key, "source_system": "shop", "deleted_at": datetime(2026, 4, 1)}
            gone.append(someone(len(WITHOUT_ROW) + n, email=None, phone=None, birth_date=None) | record)
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
            of_record = {
                "person_key": key,
                "contact_point": f"0{one['phone'].removeprefix('+46')}",
                "source_key": f"s{n}",
            }
            changes = {name: value.format(n=n) if isinstance(value, str) else value for name, value in changes.items()}
            events.append(OTHER | of_record | changes)

    def allowed(*refused: dict) -> dict[str, object]:
        statements = [*granted_to(people), said("bo"), *events, *refused]
        found = permitted([*people, BO, *gone], consent_events=statements, email_events=opened)
        # what the record allowed is nobody's
        assert OF_BO in found and {channel for _, _, channel in found} == {"email"}
        return by_case(WITHOUT_ROW, lambda n: (f"p{n}", "survey", "email") in found)

    assert allowed() == by_case(WITHOUT_ROW, lambda _: True)
    refused = [no(f"900{n}", source_key=f"w{n}") for n in range(len(WITHOUT_ROW))]
    assert allowed(*refused) == by_case(WITHOUT_ROW, lambda _: False)


def test_rule_04_statements_of_a_record_that_stands_name_nobody_but_it(permitted):
    """Its own key in another spelling is the record too."""
    people = [someone(n) for n in range(2)]
    stand = [someone(2 + n, source_key=f"900{n}", source_system="shop", phone=None) for n in range(2)]
    stated = []
    for n, (one, key) in enumerate(zip(people, ("9000", "9001.0"), strict=True)):
        number = f"0{one['phone'].removeprefix('+46')}"
        stated += [
            OTHER | {"person_key": key, "contact_point": number, "source_key": f"s{n}"},
            no(key, source_key=f"w{n}"),
        ]
    found = permitted([*people, *stand, BO], consent_events=[*granted_to(people), said("bo"), *stated])
    assert set(found) == {("p0", "survey", "email"), ("p1", "survey", "email"), OF_BO}


CIA = person("7", "Cia", "Dahl", source_system="shop", email="cia@x.se", deleted_at=datetime(2026, 4, 1))


@pytest.mark.parametrize(("gone", "kind"), [([], "opened"), ([CIA], "granted"), ([CIA], "withdrawn")])
def test_rule_04_a_mailbox_of_many_that_a_statement_of_nobodys_names_denies_none_of_them(permitted, gone, kind):
    """Who withdraws on it denies all of them."""
    permitted.remembers = True
    people = [*(person(key, key, key, email="info@x.se") for key in ("eva", "pia")), *gone]
    granted = [said(key, contact_point="info@x.se") for key in ("eva", "pia")]
    named = {"person_system": "shop", "contact_point": "info@x.se"}
    if kind == "opened":
        more = {"email_events": [{"kind": kind, "occurred_at": datetime(2026, 2, 1), "person_key": "7", **named}]}
    else:
        more = {}
        granted.append(said("7", kind, channel="email" if kind == "granted" else "phone", source_key="s", **named))
    # in the nights after it too
    for _ in range(2):
        assert len(permitted(people, consent_events=[*granted, no()], **more)) == 2
    assert permitted(people, consent_events=[*granted, no(contact_point="info@x.se")], **more) == {}
