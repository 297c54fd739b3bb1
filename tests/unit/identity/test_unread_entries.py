"""A line of a register that cannot be read holds the publication: whoever it is about may be in an audience."""

from __future__ import annotations

import pytest

from orchestration.core.settings import Settings
from orchestration.extract.records import OLDER, prepare_ops
from orchestration.identity.unread_entries import find_unread_entries
from orchestration.identity.untied import find_untied
from orchestration.run.set_aside import acknowledge, read_set_aside, set_aside_rows
from tests.loads import note_load
from tests.unit.consent import ANNA, said

REGISTERS = {
    "registers": {"connector": "files", "url": "/d", "tables": {
        "whole": {"columns": {"n": "VARCHAR"}, "key": ["n"], "is_whole": True, "retention": {"category": "register"}},
        "changes": {"columns": {"n": "VARCHAR"}, "retention": {"category": "register"}},
    }},
    "hr": {"connector": "files", "url": "/d", "tables": {"gone": {"columns": {"n": "VARCHAR", "w": "VARCHAR"}, "maps": [
        {"entity": "address_updates", "columns": {"source_key": "n", "effective_on": "w", "family_name": "n", "is_deceased": "w"}}]}}},
    "shop": {"connector": "files", "url": "/d", "tables": {"sales": {"columns": {"n": "VARCHAR"}}}},
}  # fmt: skip
SETTINGS = Settings.model_validate({"company": "T", "sources": REGISTERS})


@pytest.fixture
def unread(warehouse, permitted):
    """Entries that cannot be read and are not acknowledged, after a night with these entries: (table, key)."""
    permitted([ANNA], consent_events=[said("anna")], is_derived=False)
    prepare_ops(warehouse)
    warehouse.execute(
        "create schema if not exists quarantine; create table quarantine.books (source_system varchar, entity varchar, raw_count bigint); "
        "create table quarantine.set_aside (source_system varchar, table_name varchar, kind varchar, reason varchar, row_count bigint, "
        "acknowledged_count bigint, of_count bigint, share double)"
    )

    def go(**conformed: list[dict]) -> set[tuple[str, str]]:
        if conformed:
            permitted([ANNA], consent_events=[said("anna")], is_derived=False, **conformed)
        find_untied(warehouse)
        find_unread_entries(warehouse, SETTINGS)
        rows = f"select entity, source_key from ({set_aside_rows(warehouse)}) where kind = 'register' and digest not in (select digest from ops.acknowledged)"
        return set(warehouse.execute(rows).fetchall())

    return go


def reject(con, load: int, source: str, table: str, file: str | None, line: int, content: str = "x;y") -> None:
    note_load(con, load, source, table, source_rows=200, rejected=1)
    con.execute("insert into quarantine.rejected_rows values (?, ?, ?, ?, ?, 'w', 'not of the declared type', 'not_of_type', ?)", [load, source, table, file, line, content])  # fmt: skip


def test_a_rejected_line_of_whatever_feeds_a_register_is_told_until_a_newer_delivery_or_an_acknowledgement(
    unread, warehouse
):
    assert unread() == set()
    reject(warehouse, 1, "registers", "whole", "w_1.csv", 7)
    reject(warehouse, 2, "registers", "changes", "c_1.csv", 8)
    reject(warehouse, 3, "hr", "gone", None, 9)
    reject(warehouse, 4, "shop", "sales", "s_1.csv", 10)
    whole, change, dead = ("whole", "line 7 of w_1.csv"), ("changes", "line 8 of c_1.csv"), ("gone", "line 9")
    assert unread() == {whole, change, dead}
    [first] = [one for one in read_set_aside(warehouse) if one.table == "gone"]
    assert str(first) == (
        "hr gone: 1 lines of a register could not be read: whoever they are about may be in an audience: not of the declared type: w"
    )
    # an older version that came late says nothing of the newest one's line
    note_load(warehouse, 100, "registers", "whole", source_rows=200, way=OLDER)
    assert unread() == {whole, change, dead}
    # the next files: a register of changes does not say again what the last one said
    note_load(warehouse, 5, "registers", "whole", source_rows=200)
    note_load(warehouse, 6, "registers", "changes", source_rows=200)
    assert unread() == {change, dead}
    warehouse.execute(
        "insert into ops.loaded_files by name select 'registers' as source, 'changes' as table_name, 'c_1.csv' as file, 1 as size, "
        "1 as modified_ns, 'x' as sha256, 7 as load_id"
    )
    assert unread() == {dead}
    assert acknowledge(warehouse, "hr", "gone", None, "kept out by hand") == 1
    assert unread() == set()
    # it is of what the line says
    reject(warehouse, 8, "hr", "gone", None, 12)
    assert unread() == set()
    reject(warehouse, 9, "hr", "gone", None, 12, "z;y")
    assert unread() == {("gone", "line 12")}


def test_a_reserved_number_that_is_none_is_told(unread):
    nix = {"register": "nix_telefon", "version_on": "2026-05-31"}
    norway = {"register": "reservasjonsregisteret", "version_on": "2026-05-31", "family_name": "Dahl", "street": "Gata 1", "postal_code": "0150"}  # fmt: skip
    entries = [
        nix | {"source_key": "fine", "phone": "070-333 00 08"}, nix | {"source_key": "letter", "phone": "07O-333 00 08"},
        nix | {"source_key": "word", "phone": "okand"}, nix | {"source_key": "before", "phone": "okand", "version_on": "2026-04-30"},
        norway | {"source_key": "none", "phone": "-"}, norway | {"source_key": "lost", "phone": "9l2 34"},
    ]  # fmt: skip
    assert unread(reservations=entries) == {("reservations", key) for key in ("letter", "word", "lost")}
