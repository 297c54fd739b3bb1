"""A warehouse, its WAL or a state file that is cut or broken: named before a run and by the doctor, and a sound one is not."""

from __future__ import annotations

import os
import subprocess
import sys

import duckdb
import pytest

from orchestration.core.configuration import load_settings
from orchestration.core.errors import KundbildError
from orchestration.core.settings import PROJECT_DIR, Settings, Source, Table
from orchestration.core.warehouse import open_warehouse
from orchestration.extract.extract import extract_source, prepare_raw
from orchestration.run.doctor import examine
from orchestration.run.preflight import assert_can_start


@pytest.mark.parametrize("left", [0.1, 0.5, 0.9])
@pytest.mark.parametrize("is_killed", [True, False])
def test_a_warehouse_that_is_cut_is_named_at_start_and_by_the_doctor(home, monkeypatch, left, is_killed):
    monkeypatch.setenv("KUNDBILD_HOME", str(home.root))
    monkeypatch.setenv("KUNDBILD_CONFIG", str(PROJECT_DIR / "kundbild.toml"))
    settings = load_settings(PROJECT_DIR / "kundbild.toml", {"KUNDBILD_HOME": str(home.root)})

    def start():
        with open_warehouse(home, settings.engine) as con:
            assert_can_start(con, home, settings, None)

    # a catalogue that lies before most of the rows, as in a home that grew
    fill = "create or replace table rows_{0} as select range, md5(range::varchar) as word from range({1})"
    with duckdb.connect(str(home.warehouse)) as con:
        con.execute(fill.format(0, 10))
    with duckdb.connect(str(home.warehouse)) as con:
        con.execute(fill.format(1, 400_000))
    # what a killed run left is whole
    program = f"import duckdb, os; con = duckdb.connect({str(home.warehouse)!r}); con.execute({fill.format(2, 1000)!r}); os._exit(1)"
    subprocess.run([sys.executable, "-c", program], check=False)
    if not is_killed:
        start()
    else:
        assert home.warehouse.with_name("warehouse.duckdb.wal").exists()
    assert {finding.what: finding for finding in examine()}["warehouse"].is_ok
    os.truncate(home.warehouse, int(home.warehouse.stat().st_size * left))
    found = {finding.what: finding for finding in examine()}["warehouse"]
    with pytest.raises(KundbildError, match="the warehouse file is truncated") as caught:
        start()
    assert caught.value.where == str(home.warehouse) and "restore the newest backup" in caught.value.to_do
    assert not found.is_ok and str(home.warehouse) in found.found and "restore the newest backup" in found.to_do


@pytest.mark.parametrize("left", [0.0, 0.3, 0.6, 0.9, 1.0])
def test_a_wal_that_is_cut_loses_whole_loads_which_come_again(home, tmp_path, left):
    lines = [f"{n},{'N' * 50}" for n in range(200)]
    for file in ("a_1.csv", "a_2.csv"):
        (tmp_path / file).write_text("\n".join(["id,name", *lines]) + "\n")
        lines = [line + "x" for line in lines]
    table = Table(columns={"id": "BIGINT", "name": "VARCHAR"}, key=["id"], path="a_*.csv")
    source = Source(connector="files", url=str(tmp_path), tables={"t": table})
    settings = Settings(company="T", sources={"s": source})
    whole, wal = home.warehouse, home.warehouse.with_name("warehouse.duckdb.wal")
    with open_warehouse(home, settings.engine) as con:
        prepare_raw(con, settings)
        con.execute("checkpoint")
        extract_source(con, home, settings, "s")
        killed = whole.read_bytes(), wal.read_bytes()
    whole.write_bytes(killed[0])
    wal.write_bytes(killed[1][: int(len(killed[1]) * left)])
    with open_warehouse(home, settings.engine) as con:
        assert_can_start(con, home, settings, None)
        found = [con.execute(f"select count(*) from {t}").fetchall()[0][0] for t in ("raw_s.t", "ops.loaded_files")]
        assert found in ([0, 0], [200, 2])
        extract_source(con, home, settings, "s")
        assert con.execute("select count(*), min(length(name)) from raw_s.t").fetchall() == [(200, 51)]


def test_the_doctor_looks_at_state_files_and_at_the_warehouse(home, monkeypatch):
    monkeypatch.setenv("KUNDBILD_HOME", str(home.root))
    monkeypatch.setenv("KUNDBILD_CONFIG", str(PROJECT_DIR / "kundbild.toml"))
    with duckdb.connect(str(home.warehouse)):
        pass
    home.last_status.write_text("{}")
    found = {finding.what: finding for finding in examine()}
    assert found["state files"].is_ok and found["warehouse"].is_ok
    with duckdb.connect(str(home.warehouse)) as con:
        con.execute(
            "create schema identity; create table identity.withdrawals (source_system varchar, is_zoneless boolean)"
        )
        con.execute("insert into identity.withdrawals values ('registers', true), ('crm', true), ('survey', false)")
    # crm states its zone; of withdrawals that are in the ledger since before, it has no doubt either
    zones = {finding.what: finding for finding in examine()}["time zones"]
    assert not zones.is_ok and zones.found.endswith(": registers") and "timezone" in zones.to_do
    home.last_status.write_text('{"sources": [')
    (home.dagster / "dagster.yaml").write_text("")
    home.warehouse.write_bytes(b"no database")
    found = {finding.what: finding for finding in examine()}
    assert "status.json, dagster.yaml" in found["state files"].found and found["state files"].to_do
    assert not found["warehouse"].is_ok and "backup" in found["warehouse"].to_do


@pytest.mark.parametrize(
    ("raised", "is_broken"),
    [
        (duckdb.IOException("Could not read enough bytes"), True), (duckdb.SerializationException("x"), True),
        (duckdb.Error("Corrupt database file"), True), (duckdb.InternalException("x"), True),
        (duckdb.ParserException("Unknown unit"), False), (duckdb.BinderException("no column"), False),
        (duckdb.CatalogException("no table"), False), (duckdb.OutOfMemoryException("x"), False),
        (duckdb.IOException("Could not set lock on file"), False), (duckdb.ConversionException("x"), False),
    ],
)  # fmt: skip
def test_the_doctor_calls_a_sound_warehouse_no_broken_one(home, monkeypatch, raised, is_broken):
    monkeypatch.setenv("KUNDBILD_HOME", str(home.root))
    monkeypatch.setenv("KUNDBILD_CONFIG", str(PROJECT_DIR / "kundbild.toml"))
    with duckdb.connect(str(home.warehouse)):
        pass

    def fail(*_: object) -> None:
        raise raised

    monkeypatch.setattr("orchestration.run.doctor.assert_memory", fail)
    found = {finding.what: finding for finding in examine()}["warehouse"]
    assert ("backup" in found.to_do and "restore" in found.to_do) == is_broken, found
