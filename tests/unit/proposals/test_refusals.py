"""What `add-source` makes of columns that say a no: never a grant, and no refusal is lost."""

from __future__ import annotations

import tomllib

import pytest

from orchestration.core.settings import Table
from orchestration.proposals.propose import propose
from orchestration.proposals.refusals import says_no
from tests.unit.mapped import models_of, raw, set_clock_and_retention

WORDED = "consent_text"


def statements(tmp_path, header, *rows, table="members"):
    """The maps to consent events of a table, by the column that is their status; and what a person is told."""
    path = tmp_path / f"{table}.csv"
    path.write_text("\n".join([header, *rows]) + "\n")
    found = propose("shop", str(path), "SEK")
    path.unlink()
    shape = next(iter(tomllib.loads(found.block)["sources"]["shop"]["tables"].values()))
    maps = [one for one in shape["maps"] if one["entity"] == "consent_events"]
    # of a list of who refused it is a constant
    return {one["columns"].get("status", {"column": ""})["column"]: one for one in maps}, found.notes, shape


def grants(maps) -> list[str]:
    told = {column: one["columns"].get("status", {}).get("values", {}) for column, one in maps.items()}
    return [column for column, values in told.items() if "granted" in values.values()]


@pytest.mark.parametrize(
    "name",
    [
        "no_newsletter", "ej_nyhetsbrev", "Nej tack till nyhetsbrev", "unsubscribed_newsletter", "opt_out_newsletter", "do not send newsletter",
        "avregistrerad nyhetsbrev", "avböjt nyhetsbrev", "spärr nyhetsbrev", "ønsker ikke nyhetsbrev", "fravalgt nyhedsbrev", "ei uutiskirje",
        "kielto uutiskirje", "Ingen nyhetsbrev", "Nej tack till utskick", "Reklamspärr", "uutiskirjekielto", "newsletter_consent_withdrawn", "NIX",
    ],
)  # fmt: skip
def test_a_yes_in_a_column_that_says_no_is_a_refusal(tmp_path, name):
    rows = ["1,a@example.com,Ja,2025-01-01,v1,2025-02-01", "2,b@example.com,Nej,2025-01-01,v1,2025-02-01"]
    maps, notes, _ = statements(tmp_path, f"member_id,email,{name},consent_date,{WORDED},updated_at", *rows)
    status = maps[name]["columns"]["status"]
    assert status["values"] == {"ja": "withdrawn"} and set(status["ignore"]) == {"", "nej"}
    assert any(name in note and "refusal" in note for note in notes)


@pytest.mark.parametrize(
    "name", ["sms_nyhetsbrev", "partner newsletter", "tidigare nyhetsbrev", "members_no newsletter"]
)
def test_a_name_that_says_more_than_the_purpose_grants_nothing(tmp_path, name):
    rows = ["1,a@example.com,Ja,2025-01-01,v1", "2,b@example.com,Nej,2025-01-01,v1"]
    maps, notes, _ = statements(tmp_path, f"member_id,email,{name},consent_date,{WORDED}", *rows)
    assert not grants(maps) and maps[name]["columns"]["status"]["values"] == {"nej": "withdrawn"}
    assert any("says more than its purpose" in note for note in notes)


@pytest.mark.parametrize(
    ("column", "value"),
    [("do_not_contact", "Ja"), ("Reklamspärr", "x"), ("status", "unsubscribed"), ("skyddad identitet", "Ja"), ("avliden", "2025-05-01"),
     ("unsubscribed_at", ""), ("opt_out_date", "03/04/2025"), ("Reklamspärr", "2025-05-01"), ("Ej utskick", "x"), ("Ej utskick", "begärt"),
     ("Får kontaktas", "Nej"), ("Får kontaktas", "Ja"), ("Reklam", "Nej"), ("Mejl", "0"), ("Utskick", "Nej"), ("Status", "Spärrad"),
     ("Kundstatus", "Inaktiv"), ("Kommentar", "vill inte ha mejl"), ("Avslutad", "2025-05-05"), ("Avslutad", "")],
)  # fmt: skip
def test_a_table_that_may_say_a_newer_no_grants_nothing(tmp_path, column, value):
    header = f"member_id,email,newsletter,consent_date,{WORDED},{column}"
    maps, notes, _ = statements(
        tmp_path, header, f"1,a@example.com,Ja,2025-01-01,v1,{value}", "2,b@example.com,Nej,2025-01-01,v1,"
    )
    assert not grants(maps) and any(column in note for note in notes)


@pytest.mark.parametrize(
    ("column", "value"),
    [
        ("VIP", "Nej"),
        ("Kommentar", "inte hemma"),
        ("Status", "Aktiv"),
        ("Land", "Peru"),
        ("Betald", "0"),
        ("sms_consent", "Nej"),
    ],
)
def test_a_word_that_is_about_something_else_is_no_newer_no(tmp_path, column, value):
    header = f"member_id,email,newsletter,consent_date,{WORDED},{column}"
    rows = [f"1,a@example.com,Ja,2025-01-01,v1,{value}", "2,b@example.com,Nej,2025-01-01,v1,"]
    assert grants(statements(tmp_path, header, *rows)[0]) == ["newsletter"]


def test_a_mark_in_a_column_that_says_no_refuses(tmp_path):
    rows = ["1,a@example.com,2025-02-01,x", "2,b@example.com,2025-02-01,"]
    maps, *_ = statements(tmp_path, "member_id,email,updated_at,Ej utskick", *rows)
    assert maps["Ej utskick"]["columns"]["status"]["values"] == {"x": "withdrawn"}


@pytest.mark.parametrize(
    ("name", "when"),
    [
        ("Nyhetsbrev", "Nyhetsbrev datum"),
        ("Nyhetsbrev", "Nyhetsbrev dato"),
        ("Uutiskirje", "Uutiskirje pvm"),
        ("newsletter", "newsletter_at"),
        ("nyhetsbrev", "nyhetsbrev_datum"),
        ("Nyhetsbrev", "Datum nyhetsbrev"),
    ],
)
def test_a_time_that_is_called_as_a_consent_is_when_it_was_stated(tmp_path, name, when):
    rows = ["1,a@example.com,Ja,2025-01-01", "2,b@example.com,Nej,2025-01-01"]
    maps, *_ = statements(tmp_path, f"member_id,email,{name},{when}", *rows)
    assert maps[name]["columns"]["stated_at"] == when
    assert maps[name]["columns"]["status"]["values"] == {"ja": "granted", "nej": "withdrawn"}


@pytest.mark.parametrize(
    ("name", "when", "updated", "days"),
    [
        ("Nyhetsbrev", "Samtycke datum", None, ("2025-01-01", None)),
        ("Nyhetsbrev", "Samtycke datum", "Uppdaterad", ("2025-01-01", None)),
        ("Nyhetsbrev", "Nyhetsbrev datum", "Uppdaterad", ("2025-01-01", None)),
        ("Vill ha nyhetsbrev", "Vill ha nyhetsbrev datum", None, ("2025-01-01", None)),
        ("Uutiskirje", "Lupa pvm", None, ("2025-01-01", None)),
        ("optIn", "optInAt", None, (None, None)),
        ("Nyhetsbrev", "Nyhetsbrev datum", None, ("2025-01-01", "2025-06-01")),
    ],
)
@pytest.mark.parametrize("day", [lambda d: d, lambda d: ".".join(reversed(d.split("-")))], ids=["iso", "dotted"])
def test_a_no_is_never_dated_by_the_day_of_a_yes(tmp_path, warehouse, name, when, updated, days, day):
    """A yes of between that day and the no would stand. Without a day of its own it holds from the night that first reads it."""
    rows = [
        {"member_id": str(n), "email": f"{n}@example.com", name: said, when: day(at), **({updated: "2026-11-01"} if updated else {})}
        for n, (said, at) in enumerate((("Ja", "2025-01-01"), ("Nej", "2025-06-01"), (" ja ", "2025-01-13"), ("Nej", "2025-06-30")))
    ]  # fmt: skip
    _, _, shape = statements(tmp_path, ",".join(rows[0]), *[",".join(row.values()) for row in rows])
    # a word of later, that nobody knows, is a no as well
    raw(warehouse, "members", *rows, {**rows[1], "member_id": "9", name: "paus"})
    set_clock_and_retention(warehouse)
    sql, _ = models_of({"members": Table.model_validate(shape)}, ("",))["consent_events"]
    said = f"select person_key, status, case when stated_at <> extracted_at then strftime(stated_at, '%Y-%m-%d') end from ({sql}) where quarantine_code is null"
    found = {who: (status, at) for who, status, at in warehouse.execute(said).fetchall()}
    yes, no = days
    assert found["1"] == ("withdrawn", no) and found["9"][1] == no
    assert found.get("0") == (("granted", yes) if yes else None)


@pytest.mark.parametrize("name", ["Kommentar", "kundanteckningar", "internal_note", "Bemærkning", "huomautus"])
def test_comments_that_are_too_many_to_be_looked_at_may_say_a_no(tmp_path, name):
    header = f"member_id,email,newsletter,consent_date,{WORDED},{name}"
    rows = [f"{n},a{n}@example.com,{'Ja' if n % 2 else 'Nej'},2025-01-01,v1,ring {n}" for n in range(40)]
    maps, notes, _ = statements(tmp_path, header, *rows)
    assert not grants(maps) and any(f"{name} may say a no" in note for note in notes)
    assert grants(statements(tmp_path, header.replace(name, "address"), *rows)[0]) == ["newsletter"]


@pytest.mark.parametrize("when", ["given_on", "given at"])
def test_the_day_of_a_gift_is_no_time_of_a_grant(tmp_path, when):
    rows = ["1,a@example.com,Ja,2025-01-01,v1", "2,b@example.com,Nej,2025-01-01,v1"]
    maps, notes, _ = statements(tmp_path, f"customer_no,email,newsletter,{when},{WORDED}", *rows)
    assert not grants(maps) and "stated_at" not in maps["newsletter"]["columns"]
    assert any("no column says when" in note for note in notes)


@pytest.mark.parametrize("when", ["privacy policy consent date", "terms opt in date", "withdrawn consent date"])
def test_the_time_of_another_statement_is_no_time_of_a_grant(tmp_path, when):
    rows = ["1,a@example.com,Ja,2025-01-01,v1", "2,b@example.com,Nej,2025-01-01,v1"]
    maps, notes, _ = statements(tmp_path, f"member_id,email,newsletter,{when},{WORDED}", *rows)
    assert not grants(maps) and any(when in note for note in notes)


def test_a_grant_is_of_no_day_in_doubt_and_of_no_table_of_refusals(tmp_path):
    header = f"member_id,email,newsletter,consent_date,{WORDED}"
    maps, *_ = statements(tmp_path, header, "1,a@example.com,Ja,03/04/2025,v1", "2,b@example.com,Nej,05/04/2025,v1")
    assert not grants(maps)
    rows = ["1,a@example.com,Ja,2025-04-13,v1", "2,b@example.com,Nej,2025-04-13,v1"]
    maps, *_ = statements(tmp_path, header, *rows, table="unsubscribed_members")
    assert not grants(maps)
    maps, *_ = statements(tmp_path, header, *rows)
    assert grants(maps) == ["newsletter"], "nothing speaks against it"


def test_a_time_of_a_refusal_withdraws_for_those_who_have_one(tmp_path, warehouse):
    rows = [
        {"member_id": "1", "email": "a@example.com", "newsletter": "Ja", "consent_date": "2025-01-01", "unsubscribed_at": "2025-03-01"},
        {"member_id": "2", "email": "b@example.com", "newsletter": "Ja", "consent_date": "2025-01-01", "unsubscribed_at": ""},
    ]  # fmt: skip
    lines = [",".join(row.values()) for row in rows]
    maps, _, shape = statements(tmp_path, ",".join(rows[0]), *lines)
    assert set(maps) == {"newsletter", "unsubscribed_at"} and grants(maps) == ["newsletter"]
    raw(warehouse, "members", *rows)
    set_clock_and_retention(warehouse)
    sql, _ = models_of({"members": Table.model_validate(shape)}, ("",))["consent_events"]
    found = warehouse.execute(
        f"select person_key, status, purpose, channel, stated_at::date::varchar from ({sql}) where quarantine_code is distinct from 'ignored' order by 1, 2"
    )
    assert found.fetchall() == [
        ("1", "granted", "newsletter", "email", "2025-01-01"),
        ("1", "withdrawn", "all", "all", "2025-03-01"),
        ("2", "granted", "newsletter", "email", "2025-01-01"),
    ]


def test_a_no_is_not_dated_by_since_when_somebody_is_a_customer(tmp_path, warehouse):
    """A yes of between that day and the no would stand."""
    rows = [
        {"Kundnr": str(n), "E-post": f"{n}@example.com", "Nyhetsbrev": said, "Reklamspärr": barred, "Kund sedan": "2015-01-01"}
        for n, (said, barred) in enumerate((("Ja", "Nej"), ("Nej", "Ja")))
    ]  # fmt: skip
    maps, notes, shape = statements(tmp_path, ",".join(rows[0]), *[",".join(row.values()) for row in rows])
    assert {column: one["columns"].get("stated_at") for column, one in maps.items()} == {"Nyhetsbrev": None, "Reklamspärr": None}  # fmt: skip
    assert sum("a no holds from the night that first reads it" in note for note in notes) == 2
    # a word of later, that nobody knows, is a no as well
    raw(warehouse, "members", *rows, {**rows[1], "Kundnr": "2", "Nyhetsbrev": "paus", "Reklamspärr": "Nej"})
    set_clock_and_retention(warehouse)
    sql, _ = models_of({"members": Table.model_validate(shape)}, ("",))["consent_events"]
    said = (
        f"select person_key, status, stated_at = extracted_at from ({sql}) where quarantine_code is null order by all"
    )
    assert warehouse.execute(said).fetchall() == [("1", "withdrawn", True), ("1", "withdrawn", True), ("2", "withdrawn", True)]  # fmt: skip


def test_an_empty_field_of_consent_is_no_statement_and_is_told(tmp_path, warehouse):
    rows = [
        {"member_id": str(n), "email": f"{n}@example.com", "newsletter": said, "consent_date": "2025-01-01", "consent_text": "v1"}
        for n, said in enumerate(("Ja", "Nej", ""))
    ]  # fmt: skip
    maps, notes, shape = statements(tmp_path, ",".join(rows[0]), *[",".join(row.values()) for row in rows])
    assert any("an empty field is no statement" in note for note in notes)
    raw(warehouse, "members", *rows)
    set_clock_and_retention(warehouse)

    def made(shape) -> list:
        sql, _ = models_of({"members": Table.model_validate(shape)}, ("",))["consent_events"]
        return warehouse.execute(f"select status, quarantine_code from ({sql}) order by person_key").fetchall()

    assert made(shape) == [("granted", None), ("withdrawn", None), ("", "ignored")]
    # as the note says, where it is a no
    status = maps["newsletter"]["columns"]["status"]
    status["ignore"].remove("")
    status["values"][""] = "withdrawn"
    assert made(shape)[2] == ("withdrawn", None)
    # nothing is said where every field is filled
    maps, notes, _ = statements(tmp_path, ",".join(rows[0]), *[",".join(row.values()) for row in rows[:2]])
    assert "ignore" not in maps["newsletter"]["columns"]["status"] and not any("empty field" in note for note in notes)


@pytest.mark.parametrize(("codes", "is_one"), [("123", False), ("kmp", False), ("10", True), ("jn", True), ("1", True)])
def test_a_code_is_no_yes(tmp_path, codes, is_one):
    rows = [f"{n},{n}@example.com,{code},2025-01-01,v1" for n, code in enumerate(codes)]
    rows += [f"9{n},9{n}@example.com,{codes[0]},2025-01-01,v1" for n in range(2)]
    maps, notes, _ = statements(tmp_path, f"member_id,email,newsletter,consent_date,{WORDED}", *rows)
    assert bool(grants(maps)) is is_one
    assert is_one or any("codes" in note for note in notes)


def test_words_that_are_not_known_are_counted_and_not_written(tmp_path):
    rows = [f"{n},{n}@example.com,{said},2025-01-01,v1" for n, said in enumerate(["Ja", "Nej", "Anna", "Eriksson"])]
    maps, notes, shape = statements(tmp_path, f"member_id,email,newsletter,consent_date,{WORDED}", *rows)
    assert not any(word in str([maps, notes, shape]).lower() for word in ("anna", "eriksson"))
    assert any("2 other values" in note for note in notes)


@pytest.mark.parametrize("name", ["customer no", "Ordernr", "newsletter", "Samtycke nyhetsbrev", "accepts_marketing"])
def test_a_name_that_says_no_no_is_none(name):
    assert not says_no(name)


@pytest.mark.parametrize(
    ("column", "usual", "no"),
    [("internt", "ring {}", "Vill ej bli kontaktad"), ("Grupp", "B", "Spärrad"), ("info", "köpte {}", "ingen reklam, tack")],
)  # fmt: skip
def test_a_no_in_one_row_of_very_many_keeps_the_yes_from_being_proposed(tmp_path, column, usual, no):
    """Behind the rows that are looked at first, under a name that tells nothing."""
    header = f"member_id,email,newsletter,consent_date,{WORDED},{column}"
    rows = [f'{n},a{n}@example.com,{"Ja" if n % 2 else "Nej"},2025-01-01,v1,"{usual.format(n)}"' for n in range(5100)]
    assert grants(statements(tmp_path, header, *rows)[0]) == ["newsletter"]
    maps, notes, _ = statements(tmp_path, header, *rows, f'9999,b@example.com,Ja,2025-01-01,v1,"{no}"')
    assert not grants(maps) and any(f"{column} may say a no" in note for note in notes)
    # nobody's words are written
    assert column not in maps


@pytest.mark.parametrize(
    ("column", "no", "other", "channel"),
    [("Får kontaktas", "nej", "ja", "all"), ("Reklam", "nej", "ja", "all"), ("Mejl", "nej", "ja", "email"), ("Status", "spärrad", "aktiv", "all"),
     ("Kundstatus", "inaktiv", "aktiv", "all"), ("Kan kontaktes", "nei", "ja", "all"), ("Reklam", "kanske", "ja", "all")],
)  # fmt: skip
def test_a_no_of_known_words_denies_and_is_told(tmp_path, column, no, other, channel):
    header = f"member_id,email,updated_at,newsletter,consent_date,{WORDED},{column}"
    rows = [f"{n},a{n}@example.com,2025-02-01,Ja,2025-01-01,v1,{said}" for n, said in enumerate((no, other, ""))]
    maps, notes, shape = statements(tmp_path, header, *rows)
    found = maps[column]
    assert found["columns"]["status"]["values"] == {no: "withdrawn"} and found["constants"]["channel"] == channel
    assert set(found["columns"]["status"]["ignore"]) == {"", other} and found["columns"]["stated_at"] == "updated_at"
    assert not grants(maps) and any(column in note and "refusal" in note for note in notes)
    Table.model_validate(shape)
    # of a word that is not known nobody knows what it says, and it may be about somebody
    maps, *_ = statements(tmp_path, header, *rows, "9,b@example.com,2025-02-01,Ja,2025-01-01,v1,Eva L")
    assert column not in maps and not grants(maps)
