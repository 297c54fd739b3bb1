"""Withdrawals in lines that were rejected, that another row replaced, or that are no row at all."""

from __future__ import annotations

import tomllib
from datetime import datetime

import duckdb

from orchestration.core.settings import Settings
from orchestration.extract.extract import extract_source, prepare_raw
from orchestration.extract.records import prepare_ops
from orchestration.identity.untied import find_untied
from orchestration.privacy.intake.line_readers import readers
from orchestration.privacy.intake.rejected_withdrawals import note_rejected_withdrawals
from tests.loads import note_load
from tests.unit.consent import ANNA, BO, FORMS, said
from tests.unit.people import person
from tests.unit.two_people import settings_of


def test_rule_04_a_withdrawal_in_a_line_that_was_rejected_denies(permitted, warehouse):
    """Of a withdrawal nothing but the person or the contact point is needed; a line that is no row denies its addresses."""
    settings = Settings.model_validate(tomllib.loads(FORMS))
    prepare_ops(warehouse)
    people = [ANNA, BO, person("cia", "Cia", "Ek", email="cia@x.se"), person("dan", "Dan", "Fors", email="dan@x.se")]
    note = "insert into quarantine.rejected_rows values ({load}, 'forms', 'p', '{file}', 2, 'born', 'cast', 'cast', $content)"
    lines = {
        1: '{"id": "7", "mail": "anna@x.se", "born": "31.12.1980", "news": " NEJ", "said": "2026-02-01 10:00"}',
        2: '{"id": "8", "mail": "bo@x.se", "born": "31.12.1980", "news": "Ja", "said": "2026-02-01 10:00"}',
        3: '9,cia@x.se,"1980-01-01,Nej',
    }
    for load, content in lines.items():
        note_load(warehouse, load, source_rows=1, rejected=1)
        warehouse.execute(note.format(load=load, file=f"p{load}.csv"), {"content": content})
    statements = [said(p["source_key"]) for p in people] + [said("anna", purpose="profiling")]

    def allowed() -> set[str]:
        permitted(people, consent_events=statements, is_derived=False)
        note_rejected_withdrawals(warehouse, readers(settings))
        return {(who, purpose) for who, purpose, _ in permitted.derive()}

    assert allowed() == {("anna", "profiling"), ("bo", "survey"), ("dan", "survey")}
    # the file of the broken line came anew: what is in it by now counts; what was readable stands
    warehouse.execute(
        "insert into ops.loaded_files by name select 'forms' as source, 'p' as table_name, unnest(['p1.csv', 'p3.csv']) as file, "
        "1 as size, 1 as modified_ns, 'x' as sha256, 9 as load_id"
    )
    assert allowed() == {("anna", "profiling"), ("bo", "survey"), ("cia", "survey"), ("dan", "survey")}


KEYLESS = (
    FORMS.replace('key = ["id"]\n', "")
    .replace('source_key = "id"', 'source_key = "_row_key"')
    .replace('contact_point = "mail"', 'contact_point = "mail"\ncapture_source = "_source_file"')
)


def test_rule_04_a_withdrawal_in_a_rejected_line_of_a_table_without_a_key_denies(permitted, warehouse):
    """Its mapping reads the row's own key and its file, which a line that is not in raw has not."""
    settings = Settings.model_validate(tomllib.loads(KEYLESS))
    prepare_ops(warehouse)
    note_load(warehouse, source_rows=2, rejected=2)
    note = "insert into quarantine.rejected_rows values (1, 'forms', 'p', 'p1.csv', 2, 'born', 'cast', 'cast', $1)"
    for line in ('{"id": "7", "mail": "anna@x.se", "born": "31.12.1980", "news": "Nej"}', "9,cia@x.se,x"):
        warehouse.execute(note, [line])
    people = [ANNA, BO, person("cia", "Cia", "Ek", email="cia@x.se")]
    assert len(permitted(people, consent_events=[said(p["source_key"]) for p in people])) == 3
    note_rejected_withdrawals(warehouse, readers(settings))
    assert {who for who, _, _ in permitted.derive()} == {"bo"}
    assert find_untied(warehouse) == 0


OF_DATABASE = """company = "T"
[sources.shop]
connector = "sql"
url = "duckdb:///{file}"
timezone = "UTC"
[sources.shop.tables.customers]
key = ["id"]
columns = {{ id = "BIGINT", email = "VARCHAR", "consent.state" = "VARCHAR", "consent.at" = "TIMESTAMP" }}
[[sources.shop.tables.customers.maps]]
entity = "consent_events"
constants = {{ channel = "email", contact_point_type = "email", wording_version = "1", purpose = "newsletter" }}
[sources.shop.tables.customers.maps.columns]
source_key = "id"
person_key = "id"
contact_point = "email"
status = {{ column = "consent.state", values = {{ subscribed = "granted" }}, else = "withdrawn", ignore = ["pending", ""] }}
stated_at = "consent.at"
"""


def test_rule_04_a_consent_in_broken_json_of_a_database_denies_until_it_can_be_read(home, warehouse, tmp_path):
    """Nothing there is a word that is ignored, and raw keeps the consent of before."""
    settings = Settings.model_validate(tomllib.loads(OF_DATABASE.format(file=tmp_path / "shop.duckdb")))
    prepare_raw(warehouse, settings)
    yes = '{"state": "subscribed", "at": "2026-01-01"}'
    for consent, denied in ((yes, []), ('{"state": "unsubscribed", "at": "2026-', [("7", "anna@x.se")]), (yes, [])):
        with duckdb.connect(str(tmp_path / "shop.duckdb")) as con:
            con.execute(
                "create or replace table customers as from (values (7, 'anna@x.se', $1), (8, 'bo@x.se', $2)) t(id, email, consent)",
                [consent, yes],
            )
        extract_source(warehouse, home, settings, "shop")
        note_rejected_withdrawals(warehouse, readers(settings))
        assert warehouse.execute("select person_key, contact_point from identity.withdrawals").fetchall() == denied


def test_rule_04_a_row_of_a_database_of_which_the_column_of_the_consent_is_no_text_denies(warehouse, tmp_path):
    """The column that holds it is not kept; of a table whose columns are its own, what was read well says yes."""
    settings = Settings.model_validate(tomllib.loads(OF_DATABASE.format(file=tmp_path / "shop.duckdb")))
    prepare_raw(warehouse, settings)
    note_load(warehouse, source_rows=2, rejected=2)
    note = "insert into quarantine.rejected_rows values (1, 'shop', 'customers', null, null, 'consent', 'not UTF-8', 'not_utf_8', $1)"
    for row in (
        '{"id": 7, "email": "anna@x.se"}',
        '{"id": 8, "email": "bo@x.se", "consent.state": "subscribed", "consent.at": "2026-01-01"}',
    ):
        warehouse.execute(note, [row])
    note_rejected_withdrawals(warehouse, readers(settings))
    assert warehouse.execute("select person_key from identity.withdrawals").fetchall() == [("7",)]


def test_rule_04_an_unclear_status_that_another_row_of_its_key_replaced_has_its_time_or_its_loads(permitted, warehouse):
    """A strictly later grant opens again, also where no file comes anew; one of the same time, or before, does not."""
    settings = Settings.model_validate(tomllib.loads(FORMS))
    prepare_ops(warehouse)
    note_load(warehouse, at="2026-04-01 03:00", source_rows=2, inserted=1, duplicates=1)
    replaced = "insert into quarantine.rejected_rows values (1, 'forms', 'p', null, null, null, 'replaced by another row of its key', 'replaced', $1)"
    for row in (
        '{"id": "7", "mail": "anna@x.se", "news": "kanske", "said": "2026-02-01T10:00:00Z"}',
        '{"id": "8", "mail": "bo@x.se", "news": "kanske", "said": null}',
    ):
        warehouse.execute(replaced, [row])
    for granted_at, allowed in (
        ("2026-01-01", set()),
        ("2026-02-01T10:00:00", set()),
        # within the minute that is all it tells
        ("2026-02-01T10:00:59", set()),
        ("2026-02-01T10:01", {"anna"}),
        ("2026-04-01T03:00:00", {"anna"}),
        ("2026-04-01T03:01:01", {"anna", "bo"}),
    ):
        granted = [said("anna", at=granted_at), said("bo", at=granted_at)]
        permitted([ANNA, BO], consent_events=granted, is_derived=False)
        note_rejected_withdrawals(warehouse, readers(settings))
        assert {who for who, _, _ in permitted.derive()} == allowed, granted_at


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
    note_load(warehouse, source_rows=9, rejected=4)
    for line in broken:
        warehouse.execute("insert into quarantine.rejected_rows values (1, 'forms', 'p', 'p.jsonl', null, null, 'not a JSON object', 'not_an_object', ?)", [line])  # fmt: skip
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
    note_load(warehouse, source_rows=9, rejected=5)
    for line in lines:
        warehouse.execute("insert into quarantine.rejected_rows values (1, 'forms', 'p', 'p.jsonl', null, null, 'not a JSON object', 'not_an_object', ?)", [line])  # fmt: skip
    granted = [said(name, person_system="forms", contact_point=f"{name}@x.se") for name in names]
    assert len(permitted(people, consent_events=granted)) == len(names)
    note_rejected_withdrawals(warehouse, readers(settings))
    assert {who for who, _, _ in permitted.derive()} == {"fine"}


def test_rule_04_of_a_key_of_several_columns_a_broken_line_denies_every_combination(warehouse):
    settings = Settings.model_validate(tomllib.loads(FORMS.replace('person_key = "id"', 'person_key = ["id", "born"]')))
    prepare_ops(warehouse)
    note_load(warehouse, source_rows=1, rejected=1)
    warehouse.execute(
        "insert into quarantine.rejected_rows values (1, 'forms', 'p', 'p.jsonl', null, null, 'not a JSON object', 'not_an_object', "
        """'{"id": "a", "born": 1}{"born": "x|y", "id": "b"}')"""
    )
    note_rejected_withdrawals(warehouse, readers(settings))
    keys = warehouse.execute("select person_system, person_key from identity.withdrawals order by all").fetchall()
    assert keys == [("forms", key) for key in ("a|1", r"a|x\|y", "b|1", r"b|x\|y")]


def test_rule_06_a_persons_request_in_a_line_that_was_rejected_denies(permitted, warehouse, home, tmp_path):
    """By its address and its record, whatever else in it cannot be read; a request for data denies nobody."""
    keys = {"ann": "Berg", "bo": "Dahl", "cia": "Ek", "dan": "Fors", "eva": "Gran", "gun": "Kvist"}
    people = [person(key, "Kim", name, email=f"{key}@x.se") for key, name in keys.items()]
    granted = [
        said(key, purpose=purpose, confirmed_at=datetime(2026, 1, 2))
        for key in keys
        for purpose in ("newsletter", "survey")
    ]
    folder = tmp_path / "delivered"
    folder.mkdir()
    (folder / "requests_1.csv").write_text(
        "request_id,kind,customer_id,email,source_record,field,value,received_at,is_identity_checked\n"
        "r1,Objection,,ann@x.se,,,,2026-05-01T10:00:00,ja\n"
        "r2,export,,bo@x.se,,,,31/12/2026 10,true\n"
        "r3,radera,,,crm:cia,,,yesterday,true\n"
        "r4,portability?,,dan@x.se,,,,2026-05-01,kanske\n"
        "r5,object,,eva@x.se,,,,2026-05-01T10:00:00\n"
        "r6,object,somebody,,,,,2026-05-01,kanske\n"
        "r7,object,,gun@x.se,,,,2026-05-01T10:00:00,true\n"
    )
    settings = settings_of(folder)
    prepare_raw(warehouse, settings)
    counts = extract_source(warehouse, home, settings, "requests")["requests"]
    assert (counts.rejected, counts.inserted) == (6, 1)
    permitted(people, consent_events=granted, is_derived=False)
    note_rejected_withdrawals(warehouse, readers(settings))
    allowed = {(who, purpose) for who, purpose, _ in permitted.derive()}
    # an objection ends marketing alone; a request that is read well is taken up (orchestration/run/requests.py)
    assert allowed == {
        ("ann", "survey"),
        *((who, purpose) for who in ("bo", "gun") for purpose in ("newsletter", "survey")),
    }
    # who is named by nothing but a customer's id is told, for a person to look
    find_untied(warehouse)
    told = warehouse.execute("select source_system, source_key from identity.untied_withdrawals").fetchall()
    assert told == [("requests", "line 7 of requests_1.csv")]
