"""A withdrawal is about whoever its key or contact point can mean; one that names nobody holds the publication."""

from __future__ import annotations

import json
import re
import tomllib
from datetime import datetime
from functools import partial

import pytest

from orchestration.core.errors import KundbildError
from orchestration.core.settings import Settings
from orchestration.extract.records import prepare_ops
from orchestration.identity.untied import find_untied
from orchestration.privacy.intake.rejected_withdrawals import note_rejected_withdrawals, readers
from orchestration.privacy.intake.withdrawals import note_withdrawals
from orchestration.run.set_aside import _about_nobody, acknowledge, set_aside_rows
from tests.loads import note_load
from tests.unit.consent import ANNA, BO, FORMS, said
from tests.unit.people import person, resident

NOBODYS = {"person_system": None, "person_key": None}
AT = "2026-03-01"
OF_BO, OF_ANNA = ("bo", "survey", "email"), ("anna", "survey", "email")


def no(key: str | None, **more) -> dict:
    return said(key or "-", "withdrawn", AT, contact_point=None) | ({} if key else NOBODYS) | more


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


@pytest.fixture
def noted(permitted):
    """A night as far as it notes withdrawals and whom they name: nothing of this reads permissions."""
    return partial(permitted, is_derived=False)


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


def test_a_withdrawal_of_nobody_is_told_until_it_is_acknowledged_or_its_person_comes(permitted, noted, warehouse):
    permitted.remembers = True
    of_nobody = [
        no("nils", source_key="k"), no("anna", person_system="salesforce", source_key="s"), no(None, contact_point="at home", source_key="p"),
        no(None, contact_point="12", source_key="n"), no("nils", contact_point="?", source_key="b"),
    ]  # fmt: skip
    fine = [
        no("nils", contact_point="nils@x.se", source_key="f1"), no(None, contact_point="+46 70 999 88 77", source_key="f2"),
        no("anna", source_key="f3"), no(None, contact_point="nobody (at) x.se", source_key="f4"),
    ]  # fmt: skip
    granted = [said("anna"), said("bo")]
    noted([ANNA, BO], consent_events=[*granted, *of_nobody, *fine])
    assert find_untied(warehouse) == 5
    told = "select source_key, reason from identity.untied_withdrawals order by 1"
    assert warehouse.execute(told).fetchall() == [
        ("b", "it names a person who is not known, and its contact point cannot be read"),
        ("k", "it names a person who is not known"),
        ("n", "its contact point cannot be read"),
        ("p", "its contact point cannot be read"),
        ("s", "it names a person who is not known"),
    ]
    assert acknowledge(warehouse, "crm", "consent_events", "k", "left in 2019") == 1
    assert acknowledge(warehouse, "crm", "consent_events", None, "seen to") == 4
    with pytest.raises(KundbildError, match="nothing of crm email_events is set aside"):
        acknowledge(warehouse, "crm", "email_events", None, "-")
    assert warehouse.execute(f"select count(*) from ({set_aside_rows(warehouse)}) where kind = 'withdrawal'").fetchall() == [(5,)]  # fmt: skip
    # whoever comes with that key is denied, and what was somebody's once is not told when their record goes
    nils = person("nils", email="other@x.se")
    assert permitted([ANNA, BO, nils], consent_events=[*granted, *of_nobody, *fine, said("nils")]) == {OF_BO: "bo@x.se"}
    assert find_untied(warehouse) == 3
    warehouse.execute("delete from identity.customer_source_records where source_key = 'nils'")
    permitted.key_points()
    assert find_untied(warehouse) == 3


def test_an_acknowledgement_is_of_what_a_withdrawal_says_and_not_of_the_load_that_brought_it(
    permitted, noted, warehouse
):
    permitted.remembers = True
    warehouse.execute(
        "create schema if not exists quarantine; create table quarantine.books (source_system varchar, entity varchar, raw_count bigint); "
        "create table quarantine.set_aside as select null as source_system where false"
    )

    def open_ones(load: int, *rows: dict) -> int:
        """How many are not acknowledged after a night in which a load brought the rows."""
        events = [row | {"load_id": load, "extracted_at": datetime(2026, 3, load)} for row in rows]
        noted([ANNA], consent_events=[said("anna"), *events])
        find_untied(warehouse)
        return sum(one.rows - one.acknowledged for one in _about_nobody(warehouse))

    timed, untimed = no("nils", source_key="t"), no("olle", source_key="u", stated_at=None)
    assert open_ones(2, timed, untimed) == 2
    # as versions before noted it, by the load
    warehouse.execute(
        "insert into ops.acknowledged select md5(concat_ws('|', 'crm', 'consent_events', 2, 'u')), now(), 'an older one'"
    )
    assert acknowledge(warehouse, "crm", "consent_events", "t", "left in 2019") == 1
    for load in (2, 3, 4):
        assert open_ones(load, timed, untimed) == 0
    # another person's, another purpose, and the same person's at another time are other ones
    for load, other in enumerate(
        ({"person_key": "pelle"}, {"purpose": "profiling"}, {"stated_at": datetime(2026, 4, 2)}), start=5
    ):
        assert open_ones(load, timed | other, untimed) == load - 4
    # and of what is gone from the ledger, as by an erasure, nothing is kept
    noted = "select count(*) from ops.acknowledged where starts_with(digest, 'withdrawal:')"
    assert warehouse.execute(noted).fetchall() == [(2,)]
    warehouse.execute("delete from identity.withdrawals where person_key = 'nils'")
    find_untied(warehouse)
    assert warehouse.execute(noted).fetchall() == [(1,)]


def test_an_acknowledged_line_that_could_not_be_read_stays_so_when_its_file_is_loaded_again(warehouse, noted):
    """It has no time of its own: its load's is another each time."""
    settings = Settings.model_validate(tomllib.loads(FORMS))
    prepare_ops(warehouse)
    noted([ANNA], consent_events=[said("anna")])

    def open_ones(load: int, *lines: str) -> int:
        note_load(warehouse, load, at=f"2026-04-{load + 1:02}", source_rows=1, rejected=1)
        warehouse.execute(
            "insert or replace into ops.loaded_files by name select 'forms' as source, 'p' as table_name, 'p.jsonl' as file, 1 as size, "
            "1 as modified_ns, 'x' as sha256, $load as load_id",
            {"load": load},
        )
        for line in lines:
            warehouse.execute("insert into quarantine.rejected_rows values (?, 'forms', 'p', 'p.jsonl', null, null, 'not a JSON object', 'not_an_object', ?)", [load, line])  # fmt: skip
        note_rejected_withdrawals(warehouse, readers(settings))
        find_untied(warehouse)
        rows = f"select count(*) from ({set_aside_rows(warehouse)}) where digest not in (select digest from ops.acknowledged)"
        return warehouse.execute(rows).fetchall()[0][0]

    line = '{"id": "nobody", "mail": "n/a", "news"'
    assert open_ones(1, line) == 1
    acknowledge(warehouse, "forms", "rejected_rows", None, "a test")
    assert open_ones(2, line) == 0
    assert open_ones(3, line, line.replace("nobody", "nobody2")) == 1


def test_an_acknowledgement_stands_when_the_same_is_delivered_under_another_key_or_line(permitted, noted, warehouse):
    """A table without a key tells rows apart by their file, and a broken line is told by its place."""
    permitted.remembers = True
    prepare_ops(warehouse)

    def open_ones(load: int, *rows: dict) -> int:
        events = [row | {"load_id": load, "extracted_at": datetime(2026, 3, load)} for row in rows]
        noted([ANNA], consent_events=[said("anna"), *events])
        find_untied(warehouse)
        rows = f"select count(*) from ({set_aside_rows(warehouse)}) where digest not in (select digest from ops.acknowledged)"
        return warehouse.execute(rows).fetchall()[0][0]

    assert (
        open_ones(
            2, no("nils", source_key="monday.csv 7"), no(None, contact_point="at home", source_key="monday.csv 8")
        )
        == 2
    )
    acknowledge(warehouse, "crm", "consent_events", None, "seen to")
    whole = [no("nils", source_key="tuesday.csv 7"), no(None, contact_point="at home", source_key="tuesday.csv 9")]
    assert open_ones(3, *whole) == 0
    assert open_ones(4, *whole, no("nisse", source_key="tuesday.csv 10")) == 1


def test_an_acknowledgement_of_an_earlier_version_stands(noted, warehouse):
    prepare_ops(warehouse)
    noted([ANNA], consent_events=[said("anna"), no("nils", source_key="k")])
    # its digest had the key in it
    warehouse.execute(
        "insert into ops.acknowledged select 'withdrawal:' || md5(to_json([source_system, entity, source_key, person_system, person_key, "
        "contact_point, purpose, channel, stated_at::varchar])::varchar), now(), 'an older one' from identity.withdrawals where person_key = 'nils'"
    )
    assert find_untied(warehouse) == 1
    rows = (
        f"select count(*) from ({set_aside_rows(warehouse)}) where digest not in (select digest from ops.acknowledged)"
    )
    assert warehouse.execute(rows).fetchall() == [(0,)]


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
