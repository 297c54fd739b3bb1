"""A rejected line of a table of statements denies whom it names, and one that names nobody holds the publication."""

from __future__ import annotations

import tomllib

import pytest

from orchestration.core.settings import Settings
from orchestration.extract.records import prepare_ops
from orchestration.identity.untied import find_untied
from orchestration.privacy.intake.line_readers import readers
from orchestration.privacy.intake.rejected_withdrawals import note_rejected_withdrawals
from orchestration.run.set_aside import acknowledge, read_set_aside, set_aside_rows
from tests.loads import note_load
from tests.unit.consent import FORMS, said
from tests.unit.people import person

KEYS = ("cust-77", "703", "7", "nils", "olle", "pia", "sven", "tove", "ulf", "eva")
NAMES = ("Berg", "Dahl", "Ek", "Fors", "Gran", "Holm", "Ivarsson", "Jonsson", "Kvist", "Lund")
PEOPLE = [
    # of names that nobody takes for each other's: who may be one person shares withdrawals
    person(key, "Anna", name, email=f"{key}@x.se", phone=f"+4670111220{n}") | {"source_system": "forms"}
    for n, (key, name) in enumerate(zip(KEYS, NAMES, strict=True))
]
GRANTED = [said(p["source_key"], person_system="forms", contact_point=p["email"]) for p in PEOPLE]
UNREADABLE = "the line cannot be read, and names nobody who is known"
# a broken line, and whom it denies; a key of one digit may stand in any column, so that its line is told too
DENYING = [
    ('9,,"+46 70 111 22 03,Nej', "nils"), ("Nej;070-111 22 04;;x", "olle"), ("x,0046701112205,Nej", "pia"),
    ('{"phone": "0701112206", "news": "Nej', "sven"), ('cust-77,"1980-01-01,Nej', "cust-77"), ('Nej|"703.0"|1980-01-01', "703"),
    ('{"news": "Nej" ["TOVE", "tove"', "tove"), ("a;ulf (at) x.se;b", "ulf"), ('x,7,"Nej', "7"),
]  # fmt: skip
OF_NOBODY = [
    'Anna Andersson,"1980-01-01,Nej', '{"news": "Nej", "said": "2026-02-01 10:00:00', "20260201123456;12345678;Nej", "", "Nej", "a;EVA ;b",
    '{"id": null, "mail": " ", "born": "31.12.1980", "news": "Nej"}', '{"born": "31.12.1980", "news": "maybe"}',
]  # fmt: skip
FINE = ['{"born": "31.12.1980", "news": "Ja"}', "nobody@y.se,Nej", None]


@pytest.fixture
def night(permitted, warehouse):
    """Whom permissions are left to, with these rejected lines of one file, and what is told of nobody: {key: reason}."""
    permitted(PEOPLE, consent_events=GRANTED, is_derived=False)
    prepare_ops(warehouse)
    note_load(warehouse, source_rows=9, rejected=4)

    def go(*lines: str | None, load: int = 1) -> tuple[set[str], dict[str, str]]:
        warehouse.execute("delete from quarantine.rejected_rows")
        for number, line in enumerate(lines, start=1):
            warehouse.execute("insert into quarantine.rejected_rows values (?, 'forms', 'p', 'p1.csv', ?, null, 'missing columns', 'missing_columns', ?)", [load, number, line])  # fmt: skip
        note_rejected_withdrawals(warehouse, readers(Settings.model_validate(tomllib.loads(FORMS))))
        allowed = {who for who, _, _ in permitted.derive()}
        find_untied(warehouse)
        told = "select source_key, reason from identity.untied_withdrawals where entity = 'rejected_rows'"
        return allowed, dict(warehouse.execute(told).fetchall())

    return go


def test_rule_04_a_rejected_line_denies_whom_it_names_and_is_told_where_it_names_nobody(night, warehouse):
    """By a number, an address in disguise, or a record's key; until the line is acknowledged, or its file comes anew."""
    lines = [*(line for line, _ in DENYING), *OF_NOBODY, *FINE]
    allowed, told = night(*lines)
    assert allowed == set(KEYS) - {denied for _, denied in DENYING} == {"eva"}
    assert {lines[int(key.split()[1]) - 1] for key in told} == {*OF_NOBODY, 'x,7,"Nej'}
    assert set(told.values()) == {UNREADABLE} and all(key.endswith(" of p1.csv") for key in told)

    warehouse.execute("create or replace table quarantine.set_aside as select '' as source_system, '' as table_name, '' as kind, '' as reason, 0 as row_count, 0 as acknowledged_count, 0 as of_count where false")  # fmt: skip
    warehouse.execute("create or replace table quarantine.books (source_system varchar, entity varchar, raw_count bigint)")  # fmt: skip
    [found] = read_set_aside(warehouse)
    assert (found.table, found.kind, found.rows, found.acknowledged) == ("rejected_rows", "about nobody", len(told), 0)
    assert acknowledge(warehouse, "forms", "rejected_rows", next(iter(told)), "seen to") == 1
    assert acknowledge(warehouse, "forms", "rejected_rows", None, "seen to") == len(told) - 1
    assert read_set_aside(warehouse)[0].acknowledged == len(told)

    warehouse.execute(
        "insert into ops.loaded_files by name select 'forms' as source, 'p' as table_name, 'p1.csv' as file, 1 as size, 1 as modified_ns, "
        "'x' as sha256, 9 as load_id"
    )
    # what says "Nej" in an object that could be read stands
    allowed, told = night(*lines)
    assert (allowed, len(told)) == (set(KEYS), 1)


def test_what_was_acknowledged_of_a_line_stays_so_when_its_file_is_loaded_again(night, warehouse):
    """By the line's text, wherever it stands; of equal lines each is another one."""
    _, told = night(*OF_NOBODY)
    assert acknowledge(warehouse, "forms", "rejected_rows", None, "seen to") == len(OF_NOBODY) == len(told)
    warehouse.execute("update ops.loads set load_id = 2, loaded_at = timestamp '2026-04-02'")

    def open_lines(*lines: str) -> list[str]:
        """Those that are not acknowledged, of load 2."""
        night(*lines, load=2)
        rows = f"select source_key from ({set_aside_rows(warehouse)}) where digest not in (select digest from ops.acknowledged)"
        return [lines[int(key.split()[1]) - 1] for (key,) in warehouse.execute(rows).fetchall()]

    assert open_lines(*FINE[:2], *reversed(OF_NOBODY)) == []
    assert sorted(open_lines(*OF_NOBODY, OF_NOBODY[0], "Nej;")) == sorted([OF_NOBODY[0], "Nej;"])


def test_a_line_of_another_encoding_is_kept_so_that_it_can_deny(load_files, warehouse):
    lines = b'{"id": 1, "news": "Ja", "mail": "a@x.se"}\n{"id": 2, "news": "\xff", "mail": "nils@x.se"}\n'
    maps = [{"entity": "consent_events", "columns": {"source_key": "id", "contact_point": "mail", "status": "news"}}]
    columns = {"id": "BIGINT", "news": "VARCHAR", "mail": "VARCHAR"}
    load_files({"a.jsonl": lines}, format="jsonl", columns=columns, table={"maps": maps})
    [(content,)] = warehouse.execute("select content from quarantine.rejected_rows").fetchall()
    assert "nils@x.se" in content


def test_what_is_emptied_on_its_way_in_is_not_taken_for_erased(warehouse):
    from orchestration.privacy.intake.entry import clean_rejects

    prepare_ops(warehouse)
    warehouse.execute("create temp table fresh_rejects as from quarantine.rejected_rows limit 0")
    warehouse.execute(
        "insert into fresh_rejects values (1, 'forms', 'p', 'p1.csv', 2, null, 'cast', 'cast', 'diagnosis,x')"
    )
    clean_rejects(warehouse, has_special=True)
    assert warehouse.execute("select content from fresh_rejects").fetchall() == [("",)]
