"""A withdrawal stands for ever until a strictly later grant, whatever becomes of its row, its record or its spelling."""

from __future__ import annotations

import tomllib
from datetime import datetime

import pytest

from orchestration.conformed import entities
from orchestration.extract.records import prepare_ops
from orchestration.privacy.rejected_withdrawals import note_rejected_withdrawals, readers
from orchestration.privacy.withdrawals import note_withdrawals
from orchestration.settings import Settings
from tests.unit.consent import ANNA, BO, FRESH, SURVEY, said
from tests.unit.people import person

NOBODYS = {"person_system": None, "person_key": None}


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


@pytest.mark.parametrize("between", ["yes", "gone"])
def test_rule_04_an_untimed_no_after_a_yes_of_the_same_row_is_a_new_one(permitted, between):
    """A table of states without times: no, yes, no. What was granted elsewhere before the second no does not stand."""
    permitted.remembers = True
    state = said("anna", "withdrawn", stated_at=None, source_key="u")
    granted = said("anna", at="2026-03-15")

    def night(load: int, day: int, **row) -> set:
        seen = datetime(2026, day, 1)
        return set(permitted([ANNA], consent_events=[granted, state | {"extracted_at": seen, "load_id": load} | row]))

    assert night(2, 2) == {SURVEY}  # no, before the grant
    assert night(3, 4) == {SURVEY}  # the row is written again, with the same no
    then = {"status": "granted"} if between == "yes" else {"deleted_at": datetime(2026, 4, 20)}
    assert night(4, 5, **then) == {SURVEY}
    assert night(5, 5) == set()
    # that again is no new one when its row is written again, or deleted
    later = said("anna", at="2026-05-10")
    for load, row in ((6, {}), (7, {"deleted_at": datetime(2026, 5, 25)})):
        again = state | {"extracted_at": datetime(2026, 5, 20), "load_id": load} | row
        assert permitted([ANNA], consent_events=[granted, later, again]) == {SURVEY: "anna@x.se"}, load


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


@pytest.mark.parametrize(
    "status",
    ["WITHDRAWN", "withdrawn ", " Withdrawn\u00a0", "revoked", "opt-out", "Opt_Out", "0", "", None, "maybe", "nej", "gränted"],
)  # fmt: skip
def test_rule_04_whatever_is_not_readably_a_grant_denies_its_person_and_its_contact_point(permitted, status):
    granted = [said("anna"), said("bo")]
    of_person = said("anna", status, "2026-03-01", contact_point=None)
    of_address = said("-", status, "2026-03-01", contact_point="bo@x.se") | NOBODYS
    # what staging sets aside is in no conformed table
    assert permitted([ANNA, BO], consent_events=[*granted, of_person, of_address]) == {}


def test_rule_04_what_could_not_be_read_stands_until_its_row_comes_readable(permitted):
    permitted.remembers = True
    unreadable = said("anna", "???", source_key="s")
    assert permitted([ANNA], consent_events=[unreadable]) == {}
    assert permitted([ANNA], consent_events=[said("anna", source_key="s", load_id=2)]) == {SURVEY: "anna@x.se"}


@pytest.mark.parametrize(
    "kind", ["unsubscribe", "group_unsubscribe", "Unsubscribed ", "spamreport", "spam_report", "COMPLAINT", "opt-out"]
)
def test_rule_04_a_message_event_that_withdraws_is_known_in_every_spelling(permitted, kind):
    offers = [said(key, purpose="offers", confirmed_at=datetime(2026, 1, 2)) for key in ("anna", "bo")]
    left = {"kind": kind, "contact_point": "ANNA@x.se", "occurred_at": datetime(2026, 3, 1)} | NOBODYS
    others = [
        {"kind": other, "contact_point": "bo@x.se", "occurred_at": datetime(2026, 3, 1)} | NOBODYS
        for other in ("bounced", "bounce", "dropped", "group_resubscribe", "deferred", "Hard Bounce", "processed")
    ]
    assert set(permitted([ANNA, BO], consent_events=offers, email_events=[left, *others])) == {
        ("bo", "offers", "email")
    }
    # without a time it stands from when it was first known
    untimed = left | {"occurred_at": None, "extracted_at": datetime(2026, 3, 1)}
    assert set(permitted([ANNA, BO], consent_events=offers, email_events=[untimed])) == {("bo", "offers", "email")}


@pytest.mark.parametrize(
    "of", [{"purpose": None}, {"purpose": "nyhetsbrev?"}, {"channel": None}, {"channel": "e-post"}]
)
def test_rule_04_a_withdrawal_of_a_purpose_or_channel_that_cannot_be_read_is_of_all(permitted, of):
    assert permitted([ANNA], consent_events=[said("anna"), said("anna", "withdrawn", "2026-03-01", **of)]) == {}
    assert (
        permitted([ANNA], consent_events=[said("anna"), said("anna", "withdrawn", "2026-03-01", **of, **NOBODYS)]) == {}
    )


FORMS = """
company = "T"
[sources.forms]
connector = "files"
url = "."
[sources.forms.tables.p]
path = "p*.csv"
columns = { id = "VARCHAR", mail = "VARCHAR", born = "DATE", news = "VARCHAR", said = "VARCHAR" }
key = ["id"]
[[sources.forms.tables.p.maps]]
entity = "consent_events"
constants = { purpose = "survey", channel = "email" }
[sources.forms.tables.p.maps.columns]
source_key = "id"
person_key = "id"
contact_point = "mail"
status = { column = "news", values = { Ja = "granted", Nej = "withdrawn" } }
stated_at = "said"
"""


def test_rule_04_a_withdrawal_in_a_line_that_was_rejected_denies(permitted, warehouse):
    """Of a withdrawal nothing but the person or the contact point is needed; a line that is no row denies its addresses."""
    settings = Settings.model_validate(tomllib.loads(FORMS))
    prepare_ops(warehouse)
    people = [ANNA, BO, person("cia", "Cia", "Ek", email="cia@x.se"), person("dan", "Dan", "Fors", email="dan@x.se")]
    note = "insert into quarantine.rejected_rows values ({load}, 'forms', 'p', '{file}', 2, 'born', 'cast', $content)"
    lines = {
        1: '{"id": "7", "mail": "anna@x.se", "born": "31.12.1980", "news": " NEJ", "said": "2026-02-01 10:00"}',
        2: '{"id": "8", "mail": "bo@x.se", "born": "31.12.1980", "news": "Ja", "said": "2026-02-01 10:00"}',
        3: '9,cia@x.se,"1980-01-01,Nej',
    }
    for load, content in lines.items():
        warehouse.execute(
            "insert into ops.loads by name select $load as load_id, 'forms' as source, 'p' as table_name, timestamp '2026-04-01' as loaded_at, "
            "1 as source_rows, 0 as inserted, 0 as updated, 0 as unchanged, 0 as duplicates, 1 as rejected, 0 as deleted",
            {"load": load},
        )
        warehouse.execute(note.format(load=load, file=f"p{load}.csv"), {"content": content})
    statements = [said(p["source_key"]) for p in people] + [said("anna", purpose="profiling")]

    def allowed() -> set[str]:
        permitted(people, consent_events=statements)
        note_rejected_withdrawals(warehouse, readers(settings))
        return {(who, purpose) for who, purpose, _ in permitted.derive()}

    assert allowed() == {("anna", "profiling"), ("bo", "survey"), ("dan", "survey")}
    # the file of the broken line came anew: what is in it by now counts; what was readable stands
    warehouse.execute(
        "insert into ops.loaded_files by name select 'forms' as source, 'p' as table_name, unnest(['p1.csv', 'p3.csv']) as file, "
        "1 as size, 1 as modified_ns, 'x' as sha256, 9 as load_id"
    )
    assert allowed() == {("anna", "profiling"), ("bo", "survey"), ("cia", "survey"), ("dan", "survey")}


def test_rule_04_an_unclear_status_that_another_row_of_its_key_replaced_has_its_time_or_its_loads(permitted, warehouse):
    """A strictly later grant opens again, also where no file comes anew; one of the same time, or before, does not."""
    settings = Settings.model_validate(tomllib.loads(FORMS))
    prepare_ops(warehouse)
    warehouse.execute(
        "insert into ops.loads by name select 1 as load_id, 'forms' as source, 'p' as table_name, timestamp '2026-04-01 03:00' as loaded_at, "
        "2 as source_rows, 1 as inserted, 0 as updated, 0 as unchanged, 1 as duplicates, 0 as rejected, 0 as deleted"
    )
    replaced = "insert into quarantine.rejected_rows values (1, 'forms', 'p', null, null, null, 'replaced by another row of its key', $1)"
    for row in (
        '{"id": "7", "mail": "anna@x.se", "news": "kanske", "said": "2026-02-01T10:00:00Z"}',
        '{"id": "8", "mail": "bo@x.se", "news": "kanske", "said": null}',
    ):
        warehouse.execute(replaced, [row])
    for granted_at, allowed in (
        ("2026-01-01", set()),
        ("2026-02-01T10:00:00", set()),
        ("2026-02-01T10:00:01", {"anna"}),
        ("2026-04-01T03:00:00", {"anna"}),
        ("2026-04-01T03:00:01", {"anna", "bo"}),
    ):
        permitted([ANNA, BO], consent_events=[said("anna", at=granted_at), said("bo", at=granted_at)])
        note_rejected_withdrawals(warehouse, readers(settings))
        assert {who for who, _, _ in permitted.derive()} == allowed, granted_at


@pytest.mark.parametrize("kind", ["preference_changed", "opt", "cancelled", "", None])
def test_rule_04_an_event_of_unknown_kind_denies_until_it_is_mapped(permitted, kind):
    permitted.remembers = True
    offers = [said(key, purpose="offers", confirmed_at=datetime(2026, 1, 2)) for key in ("anna", "bo")]
    event = {
        "kind": kind,
        "contact_point": "anna@x.se",
        "occurred_at": datetime(2026, 3, 1),
        "source_key": "e",
    } | NOBODYS
    assert set(permitted([ANNA, BO], consent_events=offers, email_events=[event])) == {("bo", "offers", "email")}
    assert len(permitted([ANNA, BO], consent_events=offers, email_events=[event | {"kind": "opened"}])) == 2


def test_rule_04_the_contract_of_events_folds_a_kind_as_what_denies_by_it(compiled, warehouse):
    """What is no known kind by its letters is set aside, whatever letters they are."""
    kinds = {"opened": True, "Hard-Bounce": True, "unsubscribe": True, "öopened": False, "åopen": False, "opt": False}
    warehouse.execute("create schema staging; create schema ops; create table ops.clock as select timestamp '2026-06-01' as as_of, 0 as published_load")  # fmt: skip
    columns = entities()["email_events"] | dict.fromkeys(("deleted_at", "extracted_at"), "timestamp") | {"load_id": "bigint"}  # fmt: skip
    columns |= dict.fromkeys(("source_system", "source_key", "quarantine_reason"), "varchar")
    declared = ", ".join(f"{column} {kind}" for column, kind in columns.items())
    warehouse.execute(f"create table staging.stg_email__email_events ({declared})")
    for kind in kinds:
        warehouse.execute(
            "insert into staging.stg_email__email_events by name select $1 as source_key, 'email' as source_system, $1 as kind, "
            "'a' as person_key, timestamp '2026-03-01' as occurred_at, timestamp '2026-03-01' as extracted_at, 1 as load_id",
            [kind],
        )
    stands = {
        row[0] for row in warehouse.execute(f"select kind from ({compiled['conformed_email_events']})").fetchall()
    }
    assert stands == {kind for kind, is_known in kinds.items() if is_known}


def test_rule_04_a_json_line_that_cannot_be_parsed_denies_whom_it_names(permitted, warehouse):
    """By an address anywhere in it, and by the person's key; a line that is an array is no row either."""
    settings = Settings.model_validate(tomllib.loads(FORMS))
    people = [
        ANNA,
        BO,
        person("cia", "Cia", "Ek", email="cia@x.se"),
        person("703", "Dan", "Fors", email="dan@x.se"),
        person("eva", "Eva", "Ek", email="eva@x.se"),
    ]
    people = [p | {"source_system": "forms"} for p in people]
    broken = [
        '{"id": "anna", "mail": null, "news": "Nej', '["8", "bo@x.se", "Nej"]', '{"mail": "cia@x.se", "news": "Nej",}', '{"news": "Nej" "id": 703.0}',
    ]  # fmt: skip
    prepare_ops(warehouse)
    warehouse.execute(
        "insert into ops.loads by name select 1 as load_id, 'forms' as source, 'p' as table_name, timestamp '2026-04-01' as loaded_at, "
        "9 as source_rows, 0 as inserted, 0 as updated, 0 as unchanged, 0 as duplicates, 4 as rejected, 0 as deleted"
    )
    for line in broken:
        warehouse.execute("insert into quarantine.rejected_rows values (1, 'forms', 'p', 'p.jsonl', null, null, 'not a JSON object', ?)", [line])  # fmt: skip
    granted = [said(p["source_key"], person_system="forms", contact_point=p["email"]) for p in people]
    assert len(permitted(people, consent_events=granted)) == 5
    note_rejected_withdrawals(warehouse, readers(settings))
    assert {who for who, _, _ in permitted.derive()} == {"eva"}


def test_rule_04_a_line_that_is_no_row_denies_everybody_whom_it_names(permitted, warehouse):
    """Several objects on a line, an array of them, JSON within a JSON string: every key, number and address in it."""
    settings = Settings.model_validate(tomllib.loads(FORMS))
    names = ["a1", "a2", "703", "704", "s1", "s2", "p1", "p2", "e1", "fine"]
    numbers = {"p1": "+46701110001", "p2": "+46701110002"}
    people = [
        person(name, name.title(), "Ek", email=f"{name}@x.se", phone=numbers.get(name)) | {"source_system": "forms"}
        for name in names
    ]
    lines = [
        '[{"id": "a1", "news": "Nej"}, {"id": "a2", "news": "Nej"}]',
        '{"id": 703, "news": "Nej"}{"news": "Nej", "id": 704.0}',
        '"{\\"id\\": \\"s1\\", \\"news\\": \\"Nej\\"} {\\"id\\": \\"s2\\"}"',
        '{"mail": "+46 70 111 00 01", "news": "Nej"},{"mail": "070-1110002"',
        '{"mail": "e1@x.se", "news": "Nej"},{"mail": null}',
    ]
    prepare_ops(warehouse)
    warehouse.execute(
        "insert into ops.loads by name select 1 as load_id, 'forms' as source, 'p' as table_name, timestamp '2026-04-01' as loaded_at, "
        "9 as source_rows, 0 as inserted, 0 as updated, 0 as unchanged, 0 as duplicates, 5 as rejected, 0 as deleted"
    )
    for line in lines:
        warehouse.execute("insert into quarantine.rejected_rows values (1, 'forms', 'p', 'p.jsonl', null, null, 'not a JSON object', ?)", [line])  # fmt: skip
    granted = [said(name, person_system="forms", contact_point=f"{name}@x.se") for name in names]
    assert len(permitted(people, consent_events=granted)) == len(names)
    note_rejected_withdrawals(warehouse, readers(settings))
    assert {who for who, _, _ in permitted.derive()} == {"fine"}


def test_rule_04_of_a_key_of_several_columns_a_broken_line_denies_every_combination(warehouse):
    settings = Settings.model_validate(tomllib.loads(FORMS.replace('person_key = "id"', 'person_key = ["id", "born"]')))
    prepare_ops(warehouse)
    warehouse.execute(
        "insert into ops.loads by name select 1 as load_id, 'forms' as source, 'p' as table_name, timestamp '2026-04-01' as loaded_at, "
        "1 as source_rows, 0 as inserted, 0 as updated, 0 as unchanged, 0 as duplicates, 1 as rejected, 0 as deleted; "
        "insert into quarantine.rejected_rows values (1, 'forms', 'p', 'p.jsonl', null, null, 'not a JSON object', "
        """'{"id": "a", "born": 1}{"born": "x|y", "id": "b"}')"""
    )
    note_rejected_withdrawals(warehouse, readers(settings))
    keys = warehouse.execute("select person_system, person_key from identity.withdrawals order by all").fetchall()
    assert keys == [("forms", key) for key in ("a|1", r"a|x\|y", "b|1", r"b|x\|y")]


@pytest.mark.parametrize(
    ("channel", "point", "is_evidence"),
    [("email", "anna@x.se", True), ("email", "+46701112233", False), ("sms", "+46701112233", True), ("sms", "anna@x.se", False),
     ("phone", "+46701112233", True), ("phone", "anna@x.se", False), ("post", "Storgatan 1, 111 22 Stockholm", True), ("post", "anna@x.se", False)],
)  # fmt: skip
def test_rule_02_a_contact_point_of_another_kind_is_no_evidence(permitted, channel, point, is_evidence):
    anna = ANNA | {"street": "Storgatan 1", "postal_code": "11122"}
    granted = said("anna", channel=channel, contact_point=point)
    found = permitted([anna], consent_events=[granted], reservations=FRESH)
    assert set(found) == ({("anna", "survey", channel)} if is_evidence else set())


def test_rule_02_an_address_stays_evidence_for_the_channel_that_it_is_of(permitted):
    assert set(
        permitted([ANNA], consent_events=[said("anna", channel="sms", contact_point="anna@x.se"), said("anna")])
    ) == {SURVEY}


@pytest.mark.parametrize("written", ["-", "?", " — ", "\u2800", "\u200b.", "n/a", " N/A ", "null", "okänd", "", None])
def test_rule_02_a_wording_without_letter_or_digit_or_a_word_for_none_is_no_evidence(warehouse, written):
    from orchestration.privacy.withdrawals import is_evidence, prepare_withdrawals
    from tests.unit.mapped import time_macros

    prepare_withdrawals(warehouse)
    for value, expected in ((written, None), ("v1", "v1"), ("2024-01", "2024-01"), ("nyhetsbrev", "nyhetsbrev")):
        asked = f"select {time_macros().evidence('w')}, {is_evidence('w')} from (select $1::varchar as w)"
        assert warehouse.execute(asked, [value]).fetchall() == [(expected, expected is not None)], value


def test_the_ledger_reads_a_load_once_and_everything_where_it_is_asked_to(permitted, warehouse):
    permitted([ANNA], consent_events=[said("anna", "withdrawn", "2026-03-01", source_key="w", load_id=5)])
    for expected, load, reading in ((1, 5, "one"), (0, 5, "one"), (1, 6, "one"), (0, 6, "one"), (1, 6, "other")):
        warehouse.execute("delete from identity.withdrawals")
        warehouse.execute(f"update conformed.conformed_consent_events set load_id = {load}")
        assert note_withdrawals(warehouse, {"consent_events": ["crm"]}, reading) == expected


def test_rule_02_a_grant_on_an_address_that_only_others_have_is_no_evidence(permitted):
    of_bo = said("anna", contact_point="BO@x.se")
    assert permitted([ANNA, BO], consent_events=[of_bo]) == {}
    # of nobody else, as an old address, or shared with the other, it is
    assert permitted([ANNA], consent_events=[of_bo]) == {SURVEY: "BO@x.se"}
    shared = person("anna2", email="bo@x.se", phone=ANNA["phone"])
    found = permitted([ANNA, shared, BO], consent_events=[of_bo])
    # the customer goes by the key of one of the two records
    assert list(found.values()) == ["BO@x.se"] and {who for who, _, _ in found} < {"anna", "anna2"}
    # and one that stands in for none grants nothing
    for junk in ("test@test.com", "NoEmail@noemail.com"):
        assert permitted([ANNA], consent_events=[said("anna", contact_point=junk)]) == {}
        assert permitted([ANNA | {"email": junk}], consent_events=[said("anna", contact_point=junk)]) == {}
    assert permitted([ANNA], consent_events=[said("anna", channel="sms", contact_point="070-000 00 00")]) == {}
    assert permitted([ANNA], consent_events=[said("anna", capture_source=None)]) == {}


def test_rule_04_what_names_only_a_day_is_weighed_against_who_grants(permitted, warehouse):
    """A withdrawal holds from the day's first moment and beats every grant of the day; a grant holds from the day's end."""
    day = datetime(2026, 3, 1, 23, 59, 59, 999999)  # as staging writes a day
    withdrawn = said("anna", "withdrawn", stated_at=day)
    for at in (datetime(2026, 2, 1), datetime(2026, 3, 1), datetime(2026, 3, 1, 23, 59, 59), day):
        assert permitted([ANNA], consent_events=[withdrawn, said("anna", stated_at=at)]) == {}, at
    anew = said("anna", stated_at=datetime(2026, 3, 2, 23, 59, 59, 999999))
    assert permitted([ANNA], consent_events=[withdrawn, anew]) == {SURVEY: "anna@x.se"}
    assert permitted([ANNA], at="2026-03-02T12:00:00", consent_events=[withdrawn, anew]) == {}
    assert permitted([ANNA], consent_events=[withdrawn, said("anna", stated_at=datetime(2026, 3, 2))]) == {
        SURVEY: "anna@x.se"
    }
    # which of one day was first is not known
    for at in (datetime(2026, 3, 1), datetime(2026, 3, 1, 8)):
        assert (
            permitted([ANNA], consent_events=[said("anna", stated_at=day), said("anna", "withdrawn", stated_at=at)])
            == {}
        )
    permitted([ANNA], consent_events=[said("anna"), withdrawn])
    since = "select valid_from from marts.contact_permission_history where not is_permitted"
    assert warehouse.execute(since).fetchall() == [(datetime(2026, 3, 1),)]


def test_rule_04_a_grant_that_may_have_come_before_a_withdrawal_on_another_clock_is_none(permitted, warehouse):
    """crm writes times without an offset and states no timezone: 13:00 there may be any instant from 23:00 the day before."""
    ANNAS = {"contact_point": "anna@x.se"}

    def allowed(granted: dict, withdrawn: dict) -> bool:
        statements = [said("anna", **ANNAS, **granted), said("anna", "withdrawn", source_key="w", **ANNAS, **withdrawn)]
        found = permitted([ANNA], consent_events=statements)
        now = "select is_permitted from marts.contact_permission_history where purpose = 'survey' and channel = 'email' and valid_to is null"
        assert warehouse.execute(now).fetchall() == [(bool(found),)]
        return bool(found)

    local, other = {"is_zoneless": True}, {"is_zoneless": True, "source_system": "webshop"}
    grant = {"at": "2026-03-02T13:00"} | local
    # 14 hours before it, and a minute more
    assert not allowed(grant, {"at": "2026-03-01T23:00"})
    assert allowed(grant, {"at": "2026-03-01T22:59"})
    # a withdrawal of an unknown zone may be 12 hours later
    exact = {"at": "2026-03-02T13:00"}
    assert not allowed(exact, {"at": "2026-03-02T01:00"} | local)
    assert allowed(exact, {"at": "2026-03-02T00:59"} | local)
    # each on its own clock: both
    assert not allowed(grant, {"at": "2026-03-01T11:00"} | other)
    assert allowed(grant, {"at": "2026-03-01T10:59"} | other)
    # by one clock the order is known
    assert allowed(grant, {"at": "2026-03-02T12:59"} | local)
    assert not allowed(grant, {"at": "2026-03-02T13:00"} | local)
    assert allowed(exact, {"at": "2026-03-02T12:59"})


def test_rule_04_a_time_zone_that_is_stated_later_tells_when_a_withdrawal_was(permitted, warehouse):
    """A withdrawal of 12:00 of an unknown zone is of 10:00 UTC once its source states Stockholm: one, and not two."""
    permitted.remembers = True
    withdrawn = {"source_key": "w", "contact_point": "anna@x.se"}
    granted = said("anna", at="2026-03-02T11:00", source_key="g", contact_point="anna@x.se")
    before = said("anna", "withdrawn", "2026-03-02T12:00", is_zoneless=True, **withdrawn)
    assert permitted([ANNA], consent_events=[granted, before]) == {}
    stated = said("anna", "withdrawn", "2026-03-02T10:00", **withdrawn)
    assert permitted([ANNA], consent_events=[granted, stated]) == {SURVEY: "anna@x.se"}
    ledger = warehouse.execute("select stated_at, is_zoneless from identity.withdrawals").fetchall()
    assert ledger == [(datetime(2026, 3, 2, 10), False)]


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
