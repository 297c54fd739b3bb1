"""A withdrawal in a row that another row of its key replaces, before the ledger has read it, is in the ledger all the same."""

from __future__ import annotations

import json
import sqlite3
from datetime import datetime

import pytest

from orchestration.core.settings import Settings
from orchestration.demo.server import serving
from orchestration.extract.extract import extract_source, prepare_raw
from orchestration.privacy.intake.line_readers import readers
from orchestration.privacy.intake.rejected_withdrawals import note_rejected_withdrawals
from orchestration.privacy.intake.withdrawals import prepare_withdrawals

COLUMNS = ("id", "who", "point", "topic", "choice", "at")
CONSENTS = {
    "entity": "consent_events",
    "constants": {"channel": "email"},
    "columns": {
        "source_key": "id", "person_key": "who", "contact_point": "point", "purpose": "topic",
        "status": {"column": "choice", "values": {"ja": "granted", "nej": "withdrawn"}}, "stated_at": "at",
    },
}  # fmt: skip
EVENTS = {
    "entity": "email_events",
    "columns": {"source_key": "id", "person_key": "who", "contact_point": "point", "kind": "choice", "occurred_at": "at"},
}  # fmt: skip
# one delivery: of k1 the grant comes last and has no time, of k2 the withdrawal is older and another person's, of k3 the
# same row comes twice, of k4 nobody says no
DELIVERED = [
    ("k1", "anna", None, "survey", "nej", "2026-03-01T10:00:00Z"),
    ("k1", "anna", None, "survey", "ja", None),
    ("k2", "bo", "bo@x.se", "survey", "nej", "2026-02-01T10:00:00Z"),
    ("k2", "cia", None, "survey", "ja", "2026-03-01T10:00:00Z"),
    ("k3", "dan", None, "survey", "nej", "2026-03-01T10:00:00Z"),
    ("k3", "dan", None, "survey", "nej", "2026-03-01T10:00:00Z"),
    ("k4", "eva", None, "survey", "ja", "2026-03-01T10:00:00Z"),
    ("k4", "eva", None, "survey", "ja", "2026-04-01T10:00:00Z"),
    ("k5", "fia", None, "survey", "nej", None),
    ("k5", "fia", None, "survey", "ja", "2026-03-01T10:00:00Z"),
]
MARCH = datetime(2026, 3, 1, 10)


def settings_of(source: dict, mapping: dict = CONSENTS, **table) -> Settings:
    shape = {"columns": dict.fromkeys(COLUMNS, "VARCHAR"), "key": ["id"], "maps": [mapping]} | table
    return Settings.model_validate({"company": "T", "sources": {"s": source | {"tables": {"t": shape}}}})


@pytest.fixture
def night(home, warehouse):
    """Extracts, then asks the ledger what rows that were replaced say: (person, contact point, time)."""

    def go(settings: Settings, *, until_ledger: bool = True) -> set[tuple]:
        prepare_raw(warehouse, settings)
        go.counts = extract_source(warehouse, home, settings, "s")["t"]
        if not until_ledger:
            return set()
        note_rejected_withdrawals(warehouse, readers(settings))
        return set(
            warehouse.execute("select person_key, contact_point, stated_at from identity.withdrawals").fetchall()
        )

    return go


def written(rows) -> str:
    return "\n".join([",".join(COLUMNS), *(",".join(value or "" for value in row) for row in rows)]) + "\n"


def csv(folder):
    (folder / "t1.csv").write_text(written(DELIVERED))
    return {"connector": "files", "url": str(folder)}, {"path": "t*.csv"}


def several_files(folder):
    """The withdrawals in an older file than what replaces them."""
    for number in (0, 1):
        (folder / f"t{number}.csv").write_text(written(DELIVERED[number::2]))
    return {"connector": "files", "url": str(folder)}, {"path": "t*.csv"}


def jsonl(folder):
    (folder / "t.jsonl").write_text("\n".join(json.dumps(dict(zip(COLUMNS, r, strict=True))) for r in DELIVERED))
    return {"connector": "files", "format": "jsonl", "url": str(folder)}, {"path": "t.jsonl"}


def database(folder):
    with sqlite3.connect(folder / "s.sqlite") as con:
        con.execute("create table t (id, who, point, topic, choice, at)")
        con.executemany("insert into t values (?, ?, ?, ?, ?, ?)", DELIVERED)
    con.close()
    return {"connector": "sql", "url": f"sqlite:///{folder}/s.sqlite"}, {}


@pytest.mark.parametrize("deliver", [csv, several_files, jsonl, database])
def test_rule_04_a_withdrawal_whose_key_comes_again_in_the_same_delivery_stands(night, warehouse, tmp_path, deliver):
    source, table = deliver(tmp_path)
    settings = settings_of(source, **table)
    stands = night(settings)
    first_known = warehouse.execute("select loaded_at from ops.loads").fetchall()[0][0]
    assert stands == {
        ("anna", None, MARCH),
        ("bo", "bo@x.se", datetime(2026, 2, 1, 10)),
        ("fia", None, first_known),
    }
    # the books balance, and raw has one row a key
    counts = night.counts
    assert (counts.source_rows, counts.inserted, counts.duplicates, counts.rejected) == (10, 5, 5, 0)
    # a delivery that was read again adds nothing
    assert night(settings) == stands


def test_rule_04_a_page_of_an_api_may_hold_a_key_twice(night, tmp_path, monkeypatch):
    monkeypatch.setenv("RUNTIME__REQUEST_BACKOFF_FACTOR", "0")
    rows = [dict(zip(COLUMNS, row, strict=True)) for row in DELIVERED]
    (tmp_path / "t").mkdir()
    (tmp_path / "t" / "001-00001.json").write_text(json.dumps({"data": rows}))
    index = {"night": 1, "pages": 1, "rows": len(rows), "latest": None}
    (tmp_path / "t" / "index-001.json").write_text(json.dumps(index))
    with serving(tmp_path, "secret-token") as url:
        found = night(settings_of({"connector": "rest", "url": url, "token": "secret-token"}))
    assert {(who, point) for who, point, _ in found} == {("anna", None), ("bo", "bo@x.se"), ("fia", None)}


def test_rule_04_an_unsubscribe_whose_event_comes_again_stands(night, tmp_path):
    rows = [
        ("e1", "anna", None, None, "unsubscribe", "2026-03-01T10:00:00Z"),
        ("e1", "anna", None, None, "open", "2026-03-02T10:00:00Z"),
        ("e2", "bo", None, None, "open", "2026-03-02T10:00:00Z"),
        ("e2", "bo", None, None, "click", "2026-03-02T10:00:00Z"),
    ]
    (tmp_path / "t.csv").write_text(written(rows))
    settings = settings_of({"connector": "files", "url": str(tmp_path)}, EVENTS, path="t.csv")
    assert night(settings) == {("anna", None, MARCH)}


def test_rule_04_a_withdrawal_that_is_written_over_before_the_ledger_read_it_stands(night, warehouse, tmp_path):
    """Extracted twice before a night got as far as the ledger: the second time the row grants."""
    file = tmp_path / "t.csv"
    settings = settings_of({"connector": "files", "url": str(tmp_path)}, path="t.csv")
    no, yes = [(*DELIVERED[0][:4], choice, "2026-03-01T10:00:00Z") for choice in ("nej", "ja")]
    file.write_text(written([no]))
    night(settings, until_ledger=False)
    file.write_text(written([yes]))
    assert night(settings) == {("anna", None, MARCH)}
    # what the ledger has read needs no keeping
    warehouse.execute("delete from identity.withdrawals; delete from quarantine.rejected_rows")
    file.write_text(written([no]))
    night(settings, until_ledger=False)
    newest = "select 'staging.stg_s__consent_events', max(load_id), '' from ops.loads"
    prepare_withdrawals(warehouse)
    warehouse.execute(f"insert into identity.withdrawals_read {newest}")
    file.write_text(written([yes]))
    assert night(settings) == set()


def test_rule_04_a_repeated_withdrawal_is_read_as_its_mapping_reads_it(night, tmp_path):
    """Times in a format of their own, in the source's zone; a day weighs as its last moment; the person is another system's."""
    mapping = CONSENTS | {
        "columns": CONSENTS["columns"]
        | {"stated_at": {"column": "at", "formats": ["%d.%m.%Y %H:%M", "%d.%m.%Y"]}, "person_system": "topic", "purpose": "point"}
    }  # fmt: skip
    rows = [
        ("k1", "703.0", "survey", "crm", "nej", "01.03.2026 10:00"),
        ("k1", "703.0", "survey", "crm", "ja", "02.03.2026 10:00"),
        ("k2", "704", "survey", None, "nej", "01.03.2026"),
        ("k2", "704", "survey", "crm", "ja", "02.03.2026 10:00"),
    ]
    (tmp_path / "t.csv").write_text(written(rows))
    source = {"connector": "files", "url": str(tmp_path), "timezone": "Europe/Stockholm"}
    found = night(settings_of(source, mapping, path="t.csv"))
    assert {(who, at) for who, _, at in found} == {
        ("703.0", datetime(2026, 3, 1, 9)),
        ("704", datetime(2026, 3, 1, 22, 59, 59, 999999)),
    }
