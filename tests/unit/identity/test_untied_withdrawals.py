"""A withdrawal is about whoever its key or contact point can mean; one that names nobody holds the publication."""

from __future__ import annotations

import json
import re
import tomllib
from datetime import datetime

import pytest

from orchestration.core.settings import Settings
from orchestration.extract.extract import prepare_raw
from orchestration.extract.records import prepare_ops
from orchestration.identity.untied import find_untied
from orchestration.privacy.intake.line_readers import readers
from orchestration.privacy.intake.rejected_withdrawals import note_rejected_withdrawals
from orchestration.privacy.intake.withdrawals import note_withdrawals
from tests.loads import note_load
from tests.unit.consent import ANNA, BO, FORMS, said
from tests.unit.identity.withdrawn import NOBODYS, OF_BO, no
from tests.unit.people import person, resident
from tests.unit.stories import SHOP

# a withdrawal as it writes the person's key, or an address of nobody's key, "anna@berg.se" in its place
KEYS = {
    "a space before": lambda key: no(f" {key}"),
    "a space that does not break": lambda key: no(f"{key}\u00a0"),
    "a space without width and a line's end": lambda key: no(f"{key}\u200b\n"),
    "of no system": lambda key: no(key, person_system=None),
    "the system in capitals": lambda key: no(key, person_system=" CRM"),
}
ADDRESSES = (
    "{} (at) {}.se", "{}%40{}.se", "{}&#64;{}.se", "{} [at] {} [dot] se", "{}＠{}.se", "%3C{}@{}.se%3E", "•{}@{}.se",
    "‹{}@{}.se›", "⟨{}@{}.se⟩", "＜{}@{}.se＞", "¿{}@{}.se", "${}@{}.se", "📧{}@{}.se", "✉\ufe0f {}@{}.se", "cy@dahl.se{}@{}.se", "{}@{}.secy@dahl.no",
)  # fmt: skip


def letters(text: str) -> str:
    """In the wide letters of East Asian type."""
    return "".join(chr(ord(letter) + 0xFEE0) for letter in text)


def hidden(written: str, who: dict) -> str:
    local, domain = who["email"].removesuffix(".se").split("@")
    return written.format(local.upper() if "[at]" in written else local, domain)


def test_rule_04_a_withdrawal_denies_however_it_writes_the_key_or_hides_the_address(permitted, warehouse):
    people = {case: resident(n, f"k{n}") for n, case in enumerate([*KEYS, *ADDRESSES, "wide letters"])}
    withdrawn = [
        *(write(people[case]["source_key"]) for case, write in KEYS.items()),
        *(no(None, contact_point=hidden(written, people[written])) for written in ADDRESSES),
    ]
    local, domain = people["wide letters"]["email"].split("@")
    withdrawn.append(no(None, contact_point=f"{letters(local)}@{domain}"))
    withdrawn = [row | {"source_key": f"no {n}"} for n, row in enumerate(withdrawn)]
    assert len(withdrawn) == len(people) == 22

    def allowed(*events: dict) -> set[str]:
        granted = [said("bo"), *(said(who["source_key"], contact_point=who["email"]) for who in people.values())]
        found = permitted([BO, *people.values()], consent_events=[*granted, *withdrawn, *events])
        assert OF_BO in found
        return {case for case, who in people.items() if (who["source_key"], "survey", "email") in found}

    assert allowed() == set()
    assert find_untied(warehouse) == 0
    # only a later grant reverses it
    later = [said(who["source_key"], at="2026-04-01", contact_point=who["email"]) for who in people.values()]
    assert allowed(*later) == set(people)


WRITTEN_BEHIND = ("{} (2)", "{} 2", "{}-1", "{}(1)", "{} 0", "{} 12")


def test_rule_04_a_stop_on_a_number_with_something_behind_it_denies_that_number(permitted):
    numbers = {written: f"073{1_110_000 + n * 1_079_371}" for n, written in enumerate(WRITTEN_BEHIND)}
    # nor is it a number to be written to
    numbers |= {"odd": "0731110000 (2)".replace("1110000", "9127640"), "fine": "0704440008"}
    people = [resident(n, case, phone=number) for n, (case, number) in enumerate(numbers.items())]
    granted = [said(case, channel="sms", contact_point=number) for case, number in numbers.items()]
    dashed = re.sub(r"^(...)(...)(..)(..)$", r"\1-\2 \3 \4", numbers["{}-1"])
    stops = [
        no(None, channel="sms", contact_point=written.format(dashed if "-" in written else numbers[written]))
        for written in WRITTEN_BEHIND
    ]
    assert {who for who, _, _ in permitted(people, consent_events=[*granted, *stops])} == {"fine"}


def test_rule_04_a_number_that_a_spreadsheet_or_json_wrote_is_the_record_of_that_number(permitted):
    written = {"703": "703.0", "815": "815.00 ", "926": "\u00a0926", "1037.0": "1037"}
    people = [resident(n, key) for n, key in enumerate(written)]
    granted = [said(who["source_key"], contact_point=who["email"]) for who in people]
    assert {who for who, _, _ in permitted(people, consent_events=granted)} == set(written)
    stops = [no(other) for other in written.values()]
    assert permitted(people, consent_events=[*granted, *stops]) == {}


def test_rule_04_an_unsubscribe_in_disguise_or_without_a_system_denies(permitted):
    offers = [said(key, purpose="offers", confirmed_at=datetime(2026, 1, 2)) for key in ("anna", "bo")]
    left = {"kind": "unsubscribe", "occurred_at": datetime(2026, 3, 1)}
    events = [left | {"contact_point": "anna(at)x.se"} | NOBODYS, left | {"person_key": "bo ", "person_system": None}]
    assert permitted([ANNA, BO], consent_events=offers, email_events=events) == {}


def test_a_withdrawal_of_a_number_whose_digits_are_hidden_is_of_nobody(noted, warehouse):
    hidden = ("07011122xx", "070-111 22 **", "XX1112233")
    noted([ANNA, BO], consent_events=[no(None, contact_point=p, source_key=p) for p in hidden])
    assert find_untied(warehouse) == len(hidden)


def test_a_withdrawal_that_came_again_and_names_somebody_is_fixed(permitted, noted, warehouse):
    permitted.remembers = True

    def untied(load: int, row: dict) -> int:
        row |= {"load_id": load, "extracted_at": datetime(2026, 3, load), "source_key": "k"}
        noted([ANNA], consent_events=[said("anna"), row])
        return find_untied(warehouse)

    assert untied(2, no("ana")) == 1
    # a no to another purpose, or another nobody, fixes nothing
    assert untied(3, no("anna", purpose="profiling")) == 1
    assert untied(4, no("annna")) == 2
    assert untied(5, no("anna")) == 0


def test_a_rejected_row_of_nobody_that_came_again_whole_is_fixed(permitted, noted, warehouse):
    permitted.remembers = True
    form = FORMS.replace("sources.forms", "sources.crm").replace('{ id = "VARCHAR"', '{ no = "VARCHAR", id = "VARCHAR"')
    settings = Settings.model_validate(tomllib.loads(form.replace('source_key = "id"', 'source_key = "no"')))
    prepare_ops(warehouse)

    def untied(*events: dict) -> int:
        noted([ANNA], consent_events=[said("anna"), *events])
        note_rejected_withdrawals(warehouse, readers(settings))
        return find_untied(warehouse)

    row = '{"no": "9", "id": "", "mail": "", "born": "1st of May", "news": "Nej", "said": "2026-03-01"}'
    note_load(warehouse, 1, at="2026-04-02", source_rows=1, rejected=1)
    warehouse.execute("insert into quarantine.rejected_rows values (1, 'crm', 'p', 'p1.csv', null, 'born', 'cast', 'cast', ?)", [row])  # fmt: skip
    assert untied() == 1
    assert untied(no("anna", source_key="8", load_id=2)) == 1
    assert untied(no("anna", source_key="8", load_id=2), no("anna", source_key="9", load_id=3)) == 0


TWO_POINTS = """
company = "T"
[sources.club]
connector = "files"
url = "."
[sources.club.tables.p]
path = "p*.csv"
columns = { no = "VARCHAR", id = "VARCHAR", mail = "VARCHAR", mobile = "VARCHAR", born = "DATE", news = "VARCHAR", said = "VARCHAR" }
key = ["no"]
[[sources.club.tables.p.persons]]
key = "id"
email = ["mail"]
phone = ["mobile"]
grant = { status = "news", granted = ["Ja"], stated_at = "said", wording = "news" }
"""


def test_a_rejected_row_is_about_whoever_has_its_readable_point_whatever_stands_beside_it(permitted, warehouse):
    """What cannot be read holds the publication where nothing else of its row can."""
    settings = Settings.model_validate(tomllib.loads(TWO_POINTS))
    prepare_ops(warehouse)
    note_load(warehouse, 1, at="2026-04-02", source_rows=9, rejected=9)
    # (key of the row, person, address, number)
    beside = [
        ("1", None, "anna@x.se", "12345"), ("2", "nils", "bo@x.se", "unknown"), ("3", "", "n/a", "+46 70 111 22 77"),
        ("4", None, "nobody@y.se", "?"), ("5", "", "cia@x.se; ?", ""),
    ]  # fmt: skip
    alone = [
        ("6", "", "n/a", "12345"), ("7", "nils", "n/a", ""), ("", "", "eva@x.se", ""), ("", "", "", "999"),
        ("0", "", "finn@x.se", ""), ("0", "", "", "998"), ("8", "", "greta@x.se", ""), ("9", "", "", "997"), ("2", "olle", "-", ""),
    ]  # fmt: skip

    def untied(*rows: tuple[str | None, ...]) -> int:
        warehouse.execute("delete from quarantine.rejected_rows")
        for row in rows:
            said_so = dict(zip(("no", "id", "mail", "mobile"), row, strict=True))
            content = json.dumps(said_so | {"born": "1st of May", "news": "Nej", "said": "2026-03-01"})
            warehouse.execute("insert into quarantine.rejected_rows values (1, 'club', 'p', 'p1.csv', null, 'born', 'cast', 'cast', ?)", [content])  # fmt: skip
        permitted(people, consent_events=granted, is_derived=False)
        note_rejected_withdrawals(warehouse, readers(settings))
        permitted.key_points()
        return find_untied(warehouse)

    people = [ANNA, BO, person("cia", "Cia", "Ek", email="cia@x.se"), person("dan", "Dan", "Fors", email="dan@x.se", phone="+46701112277")]  # fmt: skip
    people.append(person("fia", "Fia", "Gran", email="fia@x.se"))
    granted = [said(one["source_key"], contact_point=one["email"]) for one in people]
    assert untied(*beside) == 0
    assert {who for who, _, _ in permitted.derive()} == {"fia"}
    # both of row 6, of the other person under key 2, of row 9, and of the two rows without a key of their own that can be read
    # in nothing; of row 7 the person is known by row 2
    assert untied(*beside, *alone) == 7


NOBODYS_WORDS = ("", " ", "0", "000", "Guest", "n/a", "okänd")


def test_rejected_rows_that_name_nobody_are_not_one_persons(permitted, warehouse):
    """One denies its own address for what it says alone, and one that can be read in nothing is told."""
    settings = Settings.model_validate(tomllib.loads(TWO_POINTS))
    prepare_ops(warehouse)
    note_load(warehouse, 1, at="2026-04-02", source_rows=14, rejected=14)
    people = {word: resident(n, f"k{n}") for n, word in enumerate(NOBODYS_WORDS)}
    for word, one in people.items():
        for point in (one["email"], f"? {word}"):
            row = {"no": point, "id": word, "mail": point, "born": "1st of May", "news": "Nej", "said": "2026-03-01"}
            warehouse.execute("insert into quarantine.rejected_rows values (1, 'club', 'p', 'p1.csv', null, 'born', 'cast', 'cast', ?)", [json.dumps(row)])  # fmt: skip
    granted = [said(one["source_key"], contact_point=one["email"]) for one in people.values()]
    permitted([BO, *people.values()], consent_events=[*granted, said("bo")], is_derived=False)
    note_rejected_withdrawals(warehouse, readers(settings))
    assert set(permitted.derive()) == {OF_BO}
    assert find_untied(warehouse) == len(people)


def test_the_ledger_of_an_older_home_is_looked_at_whole(noted, warehouse):
    noted([ANNA], consent_events=[no("anna"), no("nils")])
    warehouse.execute("update identity.withdrawals set was_tied = null")
    assert find_untied(warehouse) == 1
    assert note_withdrawals(warehouse, {"consent_events": ["crm"]}, "again") == 2


# what the shop's record has that a `where` leaves out as deleted, and whether the withdrawals of its key are about somebody
LEFT_OUT = {
    "an address": ({"mail": "gone@x.se"}, True),
    "a number": ({"mobile": "070-555 11 22"}, True),
    "an address among other words": ({"mail": "Gone Ek <gone@x.se>"}, True),
    "no address and no number": ({}, False),
    "an address that stands in for none": ({"mail": "noreply@x.se"}, False),
    "a mailbox of many": ({"mail": "info@many.se"}, False),
}


@pytest.mark.parametrize("case", LEFT_OUT)
def test_a_withdrawal_of_a_record_that_was_left_out_is_of_whoever_has_what_it_has(permitted, warehouse, case):
    has, is_tied = LEFT_OUT[case]
    permitted.remembers, permitted.settings = True, SHOP
    prepare_raw(warehouse, SHOP)
    row = {"line": 1, "no": "77", "first": "Gone", "last": "Ek"} | has
    warehouse.execute(
        f"insert into raw_shop.people by name select {', '.join(f'${c} as {c}' for c in row)}, 1 as _load_id", row
    )
    many = [
        person(f"many{n}", f"Nils{n}", name, email="info@many.se")
        for n, name in enumerate(("Ek", "Fors", "Gran", "Holm") * 5)
    ]
    no = said("77", "withdrawn", "2026-03-01", person_system="shop", contact_point=None, source_key="w77")
    permitted([ANNA, *many], consent_events=[no], is_derived=False)
    assert find_untied(warehouse) == (0 if is_tied else 1)
    if not is_tied:
        return
    # who comes with it is denied by it: a grant of before does not hold
    later = person("later", "Lisa", "Ost", email="gone@x.se", phone="+46705551122")
    granted = [
        said(key, "granted", "2026-02-01", contact_point=point)
        for key, point in (("later", "gone@x.se"), ("anna", ANNA["email"]))
    ]
    assert {who for who, _, _ in permitted([ANNA, later], consent_events=[no, *granted])} == {"anna"}
