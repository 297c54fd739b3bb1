"""That an address register is read: without one nobody is known as protected or dead (rule 19), and that is told."""

from __future__ import annotations

import pytest

from data_quality.suites import raw
from orchestration.core.errors import SourceError
from orchestration.core.settings import Settings, Source, Table
from orchestration.core.settings.maps import EntityMap
from orchestration.extract.extract import extract_source, prepare_raw
from orchestration.extract.records import LoadCounts
from orchestration.extract.systems import registers, spar
from orchestration.run.doctor import examine

CHECK = "an_address_register_is_read"


@pytest.fixture
def night(home, warehouse, tmp_path):
    """Reads the registers' files, as a night does; and says whether the check of their addresses passes."""
    folder = tmp_path / "registers"
    folder.mkdir()
    sources = {"registers": Source(connector="files", url=str(folder), tables=registers.TABLES)}

    def go(files: dict[str, str], **others: Source) -> tuple[dict[str, LoadCounts], bool]:
        for name, content in files.items():
            (folder / name).write_text(content)
        settings = Settings(company="T", sources={**sources, **others})
        prepare_raw(warehouse, settings)
        counts = extract_source(warehouse, home, settings, "registers")
        suites = {suite.name: suite for suite in raw.suites(settings, {})}
        (check,) = [check for check in suites["raw_registers.addresses"].checks if check.name == CHECK]
        assert check.severity == "WARN"
        query = check.arguments["unexpected_rows_query"]
        return counts, not warehouse.execute(query.format(batch="raw_registers.addresses")).fetchall()

    go.folder = folder
    return go


HEADER = ",".join(registers.ADDRESSES.columns) + "\n"


def test_who_reads_one_register_needs_no_other_and_that_nobody_is_known_as_protected_is_told(night):
    counts, is_read = night({"nix_telefon_2026-11-01.txt": "0701234567\n"})
    assert counts["nix_telefon"].inserted == 1 and "addresses" in counts
    assert not is_read
    # a register may have no news
    _, is_read = night({"addresses_1.csv": HEADER})
    assert is_read


def test_an_address_register_that_came_once_and_is_gone_is_a_source_that_failed(night):
    night({"nix_telefon_2026-11-01.txt": "0701234567\n", "addresses_1.csv": HEADER})
    (night.folder / "addresses_1.csv").unlink()
    with pytest.raises(SourceError, match=r"no file matches addresses_\*\.csv"):
        night({})


def test_a_folder_of_registers_that_is_not_there_is_a_source_that_failed(night, home, monkeypatch, write_config):
    """All its tables are optional, so that a slip in its url would be a source without news."""
    night.folder.rmdir()
    with pytest.raises(SourceError, match=r"no file matches addresses_\*\.csv"):
        night({})
    write = f'company = "T"\n[sources.registers]\nconnector = "files"\nurl = "{night.folder}"\n'
    monkeypatch.setenv("KUNDBILD_HOME", str(home.root))
    monkeypatch.setenv("KUNDBILD_CONFIG", str(write_config(write)))
    assert not {finding.what: finding for finding in examine()}["source registers"].is_ok
    night.folder.mkdir()
    (night.folder / "nix_telefon_2026-11-01.txt").write_text("0701234567\n")
    assert {finding.what: finding for finding in examine()}["source registers"].is_ok


def test_one_address_register_is_enough(night, warehouse):
    api = Source(connector="rest", url="http://127.0.0.1:9", tables=spar.TABLES)
    _, is_read = night({"nix_telefon_2026-11-01.txt": "0701234567\n"}, spar=api)
    assert not is_read
    warehouse.execute(
        "insert into ops.loads by name select 1000 as load_id, 'spar' as source, 'addresses' as table_name, now()::timestamp as loaded_at, "
        "0 as source_rows, 0 as inserted, 0 as updated, 0 as unchanged, 0 as duplicates, 0 as rejected, 0 as deleted"
    )
    assert night({}, spar=api)[1]


def test_a_mapped_address_register_is_one_and_a_list_of_customers_is_none():
    mapped = EntityMap(entity="address_updates", columns={"source_key": "id"})
    assert Table(columns={"id": "BIGINT"}, maps=[mapped]).is_address_register
    assert not Table(columns={"id": "BIGINT"}).is_address_register
    assert {name for name, table in registers.TABLES.items() if table.is_address_register} == {"addresses"}
