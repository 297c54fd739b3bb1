"""Who asks for their data gets every row that is theirs, counted against raw, and nobody else's; in their language.

Not here: the document of a whole night (tests/integration/test_rights.py).
"""

from __future__ import annotations

import csv
import json
from datetime import datetime, timedelta

import duckdb
import pytest

from orchestration.core.warehouse import open_warehouse
from orchestration.identity.former_people import prepare_former_people
from orchestration.privacy.audit.catalogue import categories
from orchestration.privacy.audit.exports import note_export
from orchestration.privacy.audit.log import subject_hash
from orchestration.privacy.intake.withdrawals import prepare_withdrawals
from orchestration.privacy.rights import phrases as spoken
from orchestration.privacy.rights.holds import place_hold
from orchestration.privacy.rights.objections import object_to_marketing
from orchestration.privacy.rights.requests import note_request
from orchestration.privacy.rights.subject_access import as_json, as_page, export_subject
from orchestration.privacy.secrets.pepper import find_pepper
from tests.unit.empty_tables import add_rows, empty_tables
from tests.unit.two_people import build, settings_of

AT = datetime(2026, 5, 1)


@pytest.fixture
def document(home, warehouse, resolve, tmp_path, monkeypatch):
    monkeypatch.setenv("XDG_CONFIG_HOME", str(tmp_path / "settings"))
    settings = settings_of(tmp_path)
    privacy = {"controller": "Tält AB, Storgatan 1", "officer": "ombud@talt.example"}
    settings = settings.model_copy(update={"privacy": settings.privacy.model_copy(update=privacy)})
    ids = build(home, warehouse, resolve, settings)

    def export(key: str = "1", language: str = "", change: str = "", received: datetime = AT) -> dict:
        with open_warehouse(home, settings.engine) as con:
            prepare_withdrawals(con)
            con.execute(change)
            return export_subject(con, settings, find_pepper(con, ()), ids[key], received, categories(), language)

    with open_warehouse(home, settings.engine) as con:
        pepper = find_pepper(con, ())
        request = note_request(con, "object", subject_hash(pepper, ids["1"]), AT, "done")
        object_to_marketing(con, ids["1"], AT, request)
        note_export(con, pepper, "newsletter_email", [ids["1"]], AT)
        note_export(con, pepper, "somebody_else", [ids["2"]], AT, held_out=[ids["1"]])
    return export


def test_every_row_of_every_raw_table_that_is_theirs_is_in_it_and_nobody_elses(document):
    said = document()
    assert json.loads(as_json(said)) == said
    rows = {found["table"]: found["rows"] for found in said["data"]}
    counted = {
        table: len(found) for table, found in rows.items() if table.startswith(("raw_", "quarantine", "identity.obj"))
    }
    assert counted == {
        "raw_crm.contacts": 2,  # her record, and one with her address that was set aside
        "raw_crm.consents": 2,
        "raw_crm.cases": 2,
        "raw_registers.addresses": 1,
        "raw_web_analytics.sessions": 3,  # s1, s2 by her own cookie, s3 signed in
        "quarantine.quarantined_rows": 1,
        "quarantine.rejected_rows": 2,  # a line of hers, and her address out of one that names Bo too
        "identity.objections": 2,
    }  # fmt: skip
    assert rows["restricted.held_out"] == [{"what": "somebody_else", "exported_at": "2026-05-01 00:00:00"}]
    assert {row["favourite"] for row in rows["raw_crm.contacts"]} == {"blue"}  # a column that nobody declared
    assert {row["session_id"] for row in rows["raw_web_analytics.sessions"]} == {"s1", "s2", "s3"}
    built = ("conformed.conformed_address_updates", "conformed.conformed_tickets", "conformed.conformed_consent_events",
             "marts.contact_permission_history")  # fmt: skip
    assert [len(rows[table]) for table in built] == [1, 1, 1, 2]
    # what she may take elsewhere is what she told, and nothing that was made of it
    taken = {part["table"] for part in said["portable"]}
    assert {"conformed.conformed_people", "conformed.conformed_consent_events"} <= taken
    assert all(table.startswith("conformed.") for table in taken) and "conformed.conformed_tickets" not in taken
    assert [found.split(": ")[1] for found in said["recipients"]] == ["newsletter_email"]
    assert [(request["kind"], request["state"]) for request in said["requests"]] == [("object", "done")]
    assert "bo@dahl.se" not in as_json(said) and "Dahl" not in as_json(said)
    # of a record that is gone at its source everything is still theirs, and so is what only the ledger has
    gone = document(
        change="update identity.customer_source_records set valid_to = '2026-04-01' where source_key = '1'; "
        "insert into identity.withdrawals by name select 'requests' as entity, 'kundbild' as source_system, 'r' as source_key, "
        "unnest(['ANNA@berg.se', 'bo@dahl.se']) as contact_point, 'all' as purpose, 'all' as channel, now()::timestamp as stated_at, "
        "true as is_certain, 0 as load_id"
    )
    again = {found["table"]: found["rows"] for found in gone["data"]}
    assert {table: len(again[table]) for table in counted} == counted
    assert [row["contact_point"] for row in again["identity.withdrawals"]] == ["ANNA@berg.se"]
    others = document("2")
    assert "berg" not in as_json(others).lower() and others["recipients"][0].endswith("somebody_else")


FORMER = """
insert into identity.former_people by name select 'crm' as person_system, unnest(['former-1', 'former-2']) as person_key, '9' as record_key,
    unnest(['anna', 'bo']) as given_key, unnest(['berg', 'dahl']) as family_key, unnest([date '1980-01-01', date '1990-02-02']) as birth_date,
    timestamp '2026-04-01' as changed_at, true as is_copied;
insert into identity.withdrawals by name select 'consent_events' as entity, 'crm' as source_system, 'w' as source_key, person_system, person_key,
    'all' as purpose, 'all' as channel, timestamp '2026-03-01' as stated_at, true as is_certain, 2 as load_id from identity.former_people;
"""


def test_their_segments_are_in_it_and_what_is_kept_of_whoever_is_restricted(document, home):
    kept = (
        "create schema if not exists segments; create table identity.segment_memberships as select customer_id, 'lifecycle' as scheme, "
        "'new' as segment, timestamp '2026-01-01' as entered_at, null::timestamp as left_at from identity.customer_source_records group by 1; "
    )
    shown = "create view segments.segment_membership_history as from identity.segment_memberships where {}"
    row = {"scheme": "lifecycle", "segment": "new", "entered_at": "2026-01-01 00:00:00", "left_at": None}
    for is_restricted, table in (
        (False, "segments.segment_membership_history"),
        (True, "identity.segment_memberships"),
    ):
        said = document(change=kept + shown.format("not " * is_restricted + "true"))
        rows = {found["table"]: found["rows"] for found in said["data"] if "segment" in found["table"]}
        assert rows.keys() == {table}
        assert [{name: told[name] for name in row} for told in rows[table]] == [row]
        kept, shown = "", "create or replace " + shown.removeprefix("create ")


def test_their_scores_are_in_it_with_their_reasons_and_how_they_were_made(document):
    made = (
        "create view marts.customer_scores as select customer_id, 'churn_shop' as score, 0.7::double as value, 'has bought once, by ' || customer_id "
        "as reasons, 'v1' as model_version from identity.customer_source_records group by 1"
    )
    said = document(change=made)
    (found,) = [found for found in said["data"] if found["table"] == "marts.customer_scores"]
    told = [(row["score"], row["value"], row["model_version"]) for row in found["rows"]]
    assert told == [("churn_shop", 0.7, "v1")] and found["rows"][0]["reasons"].endswith(said["customer_id"])
    assert "estimate from their history" in said["profiling"] and "uppskattar" in as_page(document(language="sv"))
    assert not any(part["table"] == "marts.customer_scores" for part in said["portable"])


@pytest.mark.parametrize("mart", ["feedback_texts", "stated_wishes"])
def test_what_was_read_out_of_their_answers_is_in_it(document, home, mart):
    """The answer's own row is in it as well: what is computed of it is not that."""
    with duckdb.connect(str(home.warehouse)) as con:
        empty_tables(con, mart)
        told = {"source_system": "forms", "person_system": "crm"}
        add_rows(con, f"insight.{mart}", *(told | {"source_key": f"a{key}", "person_key": key} for key in ("1", "2")))
    for key in ("1", "2"):
        (found,) = [found for found in document(key)["data"] if found["table"] == f"insight.{mart}"]
        assert [row["source_key"] for row in found["rows"]] == [f"a{key}"]


def test_a_legal_hold_on_them_is_in_it_and_on_the_page_without_who_placed_it(document, home):
    with duckdb.connect(str(home.warehouse)) as con:
        (anna,), (bo,) = con.execute("select customer_id from identity.customer_source_records where source_system = 'crm' and source_key in ('1', '2') order by source_key").fetchall()  # fmt: skip
        until = AT.date() + timedelta(days=90)
        for customer, note in ((anna, "case-2026-14"), (bo, "case-of-bo")):
            place_hold(con, find_pepper(con, ()), customer, "legal-claims", until, AT, "4711 officer", note)
    said = document(language="sv")
    (found,) = [found for found in said["data"] if found["table"] == "restricted.legal_holds"]
    assert found["rows"] == [
        {"ground": "legal-claims", "note": "case-2026-14", "until_on": str(until), "placed_at": str(AT)}
    ]
    page = as_page(said)
    assert "case-2026-14" in page and "4711 officer" not in page + as_json(said) and "art. 17.3" in page
    # one that is over is none
    later = document(received=AT + timedelta(days=91))
    assert "restricted.legal_holds" not in {found["table"] for found in later["data"]}


def test_what_they_refused_under_a_key_that_is_anothers_by_now_is_in_it(document, home):
    with duckdb.connect(str(home.warehouse)) as con:
        prepare_former_people(con)
    rows = {found["table"]: found["rows"] for found in document(change=FORMER)["data"]}
    for table in ("identity.former_people", "identity.withdrawals"):
        assert [row["person_key"] for row in rows[table]] == ["former-1"], table


SPELLED = """
insert into raw_registers.addresses by name select unnest(['e7', 'e8', 'e9']) as entry_id,
    unnest(['Anna Maria Kristina', 'Anna Maria', 'Anna']) as given_name, unnest(['von Berg', 'Berg', 'Berg']) as family_name,
    unnest(['1980-01-01', '1980-01-01', '1981-01-01']) as birth_date, 'Nygatan 7' as street, 1 as _load_id, timestamp '2026-05-01' as _extracted_at;
insert into conformed.conformed_address_updates select entry_id, 'registers', given_name, family_name, birth_date::date, street
    from raw_registers.addresses where entry_id in ('e7', 'e8', 'e9');
insert into raw_crm.consents by name select unnest([11, 12, 13, 14]) as consent_id, unnest([null, null, null, 2]) as contact_id, 'granted' as status,
    unnest(['bo@dahl.se; ANNA@berg.se', 'Bo: bo@dahl.se, +46 70-111 22 33', 'bo@dahl.se', 'anna@berg.se']) as contact_point, 1 as _load_id, timestamp '2026-05-01' as _extracted_at;
insert into conformed.conformed_consent_events by name select consent_id::varchar as source_key, 'crm' as person_system, contact_id::varchar as person_key,
    contact_point, 'crm' as source_system from raw_crm.consents where consent_id > 10;
insert into quarantine.rejected_rows (load_id, source, table_name, reason, content)
    select 1, 'crm', 'contacts', 'broken', unnest(['{"contact_id": "1.0", "x": "hers"}', '{"contact_id": 2, "x": "his"}', '{"contact_id": 1, "x": "both", "y": "bo@dahl.se"}', '5;;111 22 33', '6;;111 22 34']);
"""


def test_rows_are_found_by_any_reading_of_name_address_and_number_and_tell_nothing_of_others(document):
    said = document(change=SPELLED)
    rows = {found["table"]: found["rows"] for found in said["data"]}
    for table, key in (("raw_registers.addresses", "entry_id"), ("conformed.conformed_address_updates", "source_key")):
        # her own, with all her forenames, and with a particle; nobody's of another birth date
        assert {row[key] for row in rows[table]} == {"Anna", "e7", "e8"}, table
    for table, key in (("raw_crm.consents", "consent_id"), ("conformed.conformed_consent_events", "source_key")):
        by_point = {str(row[key]): row["contact_point"] for row in rows[table] if int(row[key]) > 10}
        assert by_point == {"11": "anna@berg.se", "12": "+46 70-111 22 33"}, table
    lines = sorted(row["content"] for row in rows["quarantine.rejected_rows"])
    assert lines == ["", "7;ANNA@berg.se;x", "anna@berg.se", '{"contact_id": "1.0", "x": "hers"}']
    assert "bo@dahl" not in as_json(said)


def test_what_another_customer_may_be_known_by_too_finds_nothing(document):
    """His record says her address beside his own."""
    said = document(
        change="update conformed.conformed_people set email = 'bo@dahl.se, anna@berg.se' where source_key = '2';"
        + SPELLED
    )
    rows = {found["table"]: found["rows"] for found in said["data"]}
    assert {row["consent_id"] for row in rows["raw_crm.consents"]} == {1, 2, 12}
    # of a line with her number nothing is told: it may name him
    assert {row["content"] for row in rows["quarantine.rejected_rows"]} == {"", '{"contact_id": "1.0", "x": "hers"}'}


TITLES = {
    "sv": "Vad vi har om dig", "no": "Hva vi har om deg", "da": "Hvad vi har om dig", "fi": "Mitä tietoja meillä on sinusta",
    "en": "What we hold about you",
}  # fmt: skip


def test_the_page_is_in_the_persons_language_and_says_who_answers(document):
    said = document()
    assert said["language"] == "sv"
    # another language is all that is another
    assert document(language="fi") == said | {"language": "fi"}
    for language, title in TITLES.items():
        page = as_page(said | {"language": language})
        words = spoken.phrases(language) if language != "en" else {}
        assert f"<h1>{title}</h1>" in page and f'lang="{language}"' in page, language
        for held in (
            "Tält AB, Storgatan 1",
            "ombud@talt.example",
            "imy.se",
            "newsletter_email",
            words.get(said["profiling"], said["profiling"]),
        ):
            assert held in page, (language, held)
        if words:
            assert "What it is for" not in page and "legal obligation" not in page, language


def test_every_phrase_is_said_in_every_language():
    with spoken._FILE.open(encoding="utf-8", newline="") as file:
        rows = list(csv.DictReader(file))
    assert [row["en"] for row in rows if not all(row[language] for language in spoken.LANGUAGES)] == []
    english = {row["en"] for row in rows}
    kinds = categories().values()
    said = {
        text
        for kind in kinds
        for text in (kind.category, kind.description, kind.purpose, kind.legal_basis, kind.recipients)
    }
    assert said <= english
    assert [spoken.language_of(country) for country in ("SE", " no", "DK", "FI", "DE", None)] == [
        "sv",
        "no",
        "da",
        "fi",
        "en",
        "en",
    ]
