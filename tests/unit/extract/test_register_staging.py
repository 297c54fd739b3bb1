"""Staging of public registers: the models alone on raw rows. Not here: how files are read (test_registers.py), what an entry closes."""

from __future__ import annotations

from pathlib import Path

import pytest

from orchestration.core.settings import Settings, Source
from orchestration.extract.extract import prepare_raw
from orchestration.extract.systems import complete_sources
from orchestration.match_keys import define_match_keys


@pytest.fixture
def raw(warehouse):
    sources = {"registers": Source(connector="files", url=".")}
    prepare_raw(warehouse, complete_sources(Settings(company="T", sources=sources), Path("kundbild.toml"), ""))
    define_match_keys(warehouse)
    warehouse.execute(
        "create schema if not exists ops; create or replace table ops.loaded_files (source varchar, table_name varchar, file varchar)"
    )
    return warehouse


@pytest.mark.parametrize(
    ("file", "version"),
    [
        ("2026-06-01/nix_telefon_2025-03-04.txt", "2025-03-04"),
        ("in/2026-06-01/nix_telefon_20250304.txt", "2025-03-04"),
        ("2026-06-01/nix_telefon.txt", "2026-06-01"),
        ("nix_telefon_2025-03-04.txt", "2025-03-04"),
    ],
)
def test_the_date_of_a_registers_own_file_wins_over_its_folders(raw, compiled, file, version):
    raw.execute("insert into ops.loaded_files values ('registers', 'nix_telefon', ?)", [file])
    raw.execute("insert into raw_registers.nix_telefon (telefonnummer, _load_id) values ('0701112233', 1)")
    found = f"select version_on::varchar from ({compiled['stg_registers__reservations']})"
    assert raw.execute(found).fetchall() == [(version,)]


def test_the_family_name_of_a_robinson_entry_is_no_given_name_and_no_addition(raw, compiled):
    names = ["Peter Holm", "Holm, Peter", "Peter Holm Jr.", "Peter Holm (flyttet)"]
    raw.execute("insert into ops.loaded_files values ('registers', 'robinson', 'robinson_2026-05-31.csv')")
    for name in names:
        raw.execute("insert into raw_registers.robinson (navn, adresse, postnr, _load_id) values (?, 'Gade 1', '8000', 1)", [name])  # fmt: skip
    found = raw.execute(f"select family_name from ({compiled['stg_registers__reservations']})").fetchall()
    assert found == [("Holm",)] * len(names)


@pytest.mark.parametrize(
    ("written", "read"),
    [
        ("19880919", "1988-09-19"),
        ("19.11.1978", "1978-11-19"),
        ("1988-09-19", "1988-09-19"),
        ("1988-09", None),
        ("", None),
    ],
)
def test_a_date_of_an_address_register_is_read_as_registers_write_it(raw, compiled, written, read):
    raw.execute(
        "insert into raw_registers.addresses (entry_id, birth_date, effective_on, is_deceased, _load_id) values ('e', ?, ?, true, 1)",
        [written, "20260501"],
    )
    found = f"select birth_date::varchar, effective_on::varchar, quarantine_reason from ({compiled['stg_registers__address_updates']})"
    assert raw.execute(found).fetchall() == [(read, "2026-05-01", None)]


@pytest.mark.parametrize(
    ("written", "is_told"),
    [("true", True), ("J", True), ("Ja", True), (" x", True), ("1", True), ("skyddad", True), ("false", False), ("N", False), ("nej ", False), ("0", False), ("", False), (None, False)],
)  # fmt: skip
def test_a_protected_identity_or_a_death_is_told_by_whatever_is_no_plain_no_also_without_a_date(
    raw, compiled, written, is_told
):
    for column in ("is_protected", "is_deceased"):
        raw.execute("delete from raw_registers.addresses")
        raw.execute(
            f"insert into raw_registers.addresses (entry_id, {column}, _extracted_at, _load_id) values ('e', ?, timestamp '2026-05-02 03:00', 1)",
            [written],
        )
        found = f"select {column}, effective_on::varchar, quarantine_reason is null from ({compiled['stg_registers__address_updates']})"
        assert raw.execute(found).fetchall() == [(is_told, "2026-05-02" if is_told else None, is_told)]
