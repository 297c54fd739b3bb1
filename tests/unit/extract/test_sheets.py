"""Excel workbooks as files of a source: cells as text, the sheet that is named, what is not a workbook."""

from __future__ import annotations

import tomllib
from datetime import date, datetime

import pytest

from orchestration.core.errors import SourceError
from orchestration.core.settings import CsvDialect
from orchestration.proposals.propose import propose
from tests.unit.workbooks import write_workbook

ROWS = [["id", "name", "amount", "day"], [1, "Åsa, Ö", 10.1, date(2026, 1, 31)], [2, None, 0.30000000000000004, date(2026, 2, 1)], [3, "x\ny", -5, None]]  # fmt: skip


def test_the_rows_of_a_sheet_are_loaded_by_their_types(load_files, warehouse):
    write_workbook(load_files.folder / "a.xlsx", {"Blad1": ROWS, "Noter": [["x"]]})
    counts = load_files(format="xlsx")
    assert counts.inserted == 3 and counts.rejected == 0
    rows = warehouse.execute("select id, name, amount::varchar, day::varchar from raw_s.t order by id").fetchall()
    assert rows == [(1, "Åsa, Ö", "10.10", "2026-01-31"), (2, None, "0.30", "2026-02-01"), (3, "x\ny", "-5.00", None)]
    assert load_files(format="xlsx").inserted == 0, "a workbook is loaded once"


def test_a_named_sheet_with_lines_before_its_header_and_times(load_files, warehouse):
    sheet = [["Kunder"], [], ["id", "seen_at", "is_member"], [1, datetime(2026, 1, 31, 12, 30), True]]
    write_workbook(load_files.folder / "a.xlsx", {"Blad1": ROWS, "Kunder": sheet})
    columns = {"id": "BIGINT", "seen_at": "TIMESTAMP", "is_member": "BOOLEAN"}
    load_files(format="xlsx", columns=columns, table={"sheet": "Kunder"}, csv=CsvDialect(skip_lines=1))
    assert warehouse.execute("select id, seen_at::varchar, is_member from raw_s.t").fetchall() == [
        (1, "2026-01-31 12:30:00", True)
    ]


def test_what_is_no_workbook_or_lacks_the_sheet_is_refused_by_name(load_files):
    write_workbook(load_files.folder / "a.xlsx", {"Blad1": ROWS})
    with pytest.raises(SourceError, match="no sheet Kunder") as told:
        load_files(format="xlsx", table={"sheet": "Kunder"})
    assert "Blad1" in told.value.to_do
    (load_files.folder / "a.xlsx").write_bytes(b"id;name\n1;a\n")
    with pytest.raises(SourceError, match="not a whole Excel workbook"):
        load_files(format="xlsx")


def test_each_sheet_is_proposed_as_a_table(tmp_path):
    customers = [
        ["Kundnr", "Förnamn", "Efternamn", "E-post"],
        [1, "Anna", "Ek", "anna@example.com"],
        [2, "Bo", "Al", "bo@example.com"],
    ]
    orders = [
        ["Ordernr", "Kundnr", "Orderdatum", "Summa"],
        [11, 1, date(2026, 1, 2), 12.5],
        [12, 2, date(2026, 1, 3), 7],
    ]
    write_workbook(
        tmp_path / "Export.xlsx", {"Kunder": customers, "Ordrar": orders, "Listor": [["a"], ["b"]]}, hidden=("Listor",)
    )
    found = propose("shop", str(tmp_path), "SEK")
    source = tomllib.loads(found.block)["sources"]["shop"]
    assert source["format"] == "xlsx" and {name: t["sheet"] for name, t in source["tables"].items()} == {
        "kunder": "Kunder",
        "ordrar": "Ordrar",
    }
    assert (
        source["tables"]["ordrar"]["maps"][0]["entity"] == "orders"
        and source["tables"]["ordrar"]["columns"]["Orderdatum"] == "DATE"
    )
