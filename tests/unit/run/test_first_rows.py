"""The doctor reads the first rows of each table of files, and tells all that does not fit the configuration at once."""

from __future__ import annotations

import json

import pytest

from orchestration.core.settings import CsvDialect, Quality, Source, Table
from orchestration.run.first_rows import first_rows
from tests.unit.proposals.truth import SEEN
from tests.unit.workbooks import write_workbook


def found(folder, columns, key=("id",), maps=(), path="*", sheet=None, table=None, **more):
    spec = Table(columns=columns, key=list(key), path=path, maps=list(maps), sheet=sheet, **(table or {}))
    source = Source(connector="files", url=str(folder), tables={"t": spec}, **more)
    return [finding.found for finding in first_rows("s", source, Quality())]


def test_all_that_is_wrong_is_told_at_once_and_no_value(tmp_path):
    (tmp_path / "a.csv").write_text("id;day;total\n1;31.12.2025;1,50\n1;2025-12-31;x\n;01.01.2026;2,00\n")
    maps = [
        {
            "entity": "orders",
            "columns": {
                "source_key": "id",
                "ordered_at": {"column": "day", "formats": ["%d.%m.%Y"]},
                "amount": "total",
            },
        }
    ]
    columns = {"id": "VARCHAR", "day": "VARCHAR", "total": "DECIMAL(18, 2)", "Buyer": "VARCHAR"}
    told = found(tmp_path, columns, maps=maps, csv=CsvDialect(delimiter=";", decimal=","))
    assert [line.partition(" in the first")[0] for line in told] == [
        "a.csv lacks Buyer", "day: 1 values are not written as %d.%m.%Y", "total: 1 values are not DECIMAL(18, 2)", "id: 1 keys are empty", "id: 1 rows share the key of another, and the last one stands",
        "these orders name no person, and count for no customer",
    ]  # fmt: skip
    assert "31.12.2025" not in str(told)


def test_a_column_that_is_missing_is_told_with_what_may_be_its_new_name(tmp_path):
    (tmp_path / "a.csv").write_text("id,day,kund\n1,2026-01-01,k1\n")
    source = {"connector": "files", "url": str(tmp_path), "tables": {"t": {"path": "*", "columns": dict.fromkeys(("id", "day", "buyer"), "VARCHAR")}}}  # fmt: skip
    (lacks,) = first_rows("s", Source.model_validate(source), Quality())
    assert lacks.found == "a.csv lacks buyer" and "it may be kund now" in lacks.to_do
    (tmp_path / "a.csv").write_text("Anna,Ek,Lund\nBo,Alm,Umeå\n")
    (lacks,) = first_rows("s", Source.model_validate(source), Quality())
    assert "Anna" not in lacks.to_do


def test_a_file_that_fits_has_no_finding_in_any_format(tmp_path, warehouse):
    columns = {"id": "BIGINT", "day": "DATE"}
    (tmp_path / "a.jsonl").write_text("".join(json.dumps({"id": n, "day": "2026-01-01"}) + "\n" for n in range(3)))
    warehouse.execute(
        f"copy (select 1::bigint as id, date '2026-01-01' as day) to '{tmp_path}/a.parquet' (format parquet)"
    )
    write_workbook(tmp_path / "a.xlsx", {"x": [["id", "day"], [1, "2026-01-01"], [2, "2026-01-02"]]})
    (tmp_path / "a.csv").write_bytes("Åsa\nID,day\n1,2026-01-01\n".encode("cp1252"))
    for form in ("jsonl", "parquet", "xlsx"):
        assert found(tmp_path, columns, path=f"*.{form}", format=form) == []
    assert found(tmp_path, columns, path="*.csv", csv=CsvDialect(skip_lines=1, encoding="latin-1")) == []
    (tmp_path / "b.xlsx").write_bytes(b"PK")
    assert "cannot be read as xlsx" in found(tmp_path, columns, path="b.xlsx", format="xlsx")[0]


@pytest.mark.parametrize("form", ["jsonl", "json_pages"])
def test_a_path_and_a_list_of_json_are_looked_at_as_a_night_reads_them(tmp_path, form):
    rows = [{"id": n, "customer": {"id": n}, "lines": [{"sku": "A"}, {"sku": "B"}]} for n in range(3)]
    lines = [json.dumps(row) for row in rows]
    (tmp_path / "a.json").write_text("\n".join(lines) if form == "jsonl" else json.dumps({"data": rows}))
    assert found(tmp_path, {"id": "BIGINT", "customer.id": "BIGINT"}, path="a.json", format=form) == []
    (tmp_path / "b.json").write_bytes((tmp_path / "a.json").read_bytes())
    more = {"rows_in": "lines", "carried": {"order_id": "id"}}
    assert (
        found(tmp_path, {"order_id": "BIGINT", "sku": "VARCHAR"}, path="b.json", format=form, key=(), table=more) == []
    )


@pytest.mark.parametrize("company", SEEN)
def test_what_add_source_proposes_has_no_finding(tmp_path, company):
    from orchestration.core.configuration import load_settings
    from orchestration.proposals.propose import propose
    from orchestration.proposals.written import write_source

    folder = tmp_path / "in"
    folder.mkdir()
    SEEN[company](folder)
    write_source(tmp_path / "kundbild.toml", propose("shop", str(folder), "SEK").block)
    told = first_rows("shop", load_settings(tmp_path / "kundbild.toml").sources["shop"], Quality())
    # an answer that somebody did not give is set aside, and said; so are guests, and what only the company knows of a yes
    said = ("have none", "permits nothing yet", "name nobody")
    assert [one for one in told if not one.is_ok or not any(words in one.found for words in said)] == []
