"""A file and what is told of it beside it: its number of rows, its checksum, and the least rows that it has."""

from __future__ import annotations

import hashlib

import duckdb
import pytest
from fsspec.implementations.local import LocalFileSystem

from orchestration.core.errors import SourceError
from orchestration.core.settings import Table
from orchestration.extract.delivery_checks import read_companion


@pytest.mark.parametrize("format", ["csv", "jsonl", "parquet"])
def test_a_file_that_is_cut_at_the_end_of_a_row_is_refused_by_what_is_told_of_it(load, raw, load_files, format):
    folder = load_files.folder

    def write(rows: int) -> None:
        if format == "parquet":
            lines = f"select i::varchar as id, 'yes' as status from range({rows}) t(i)"
            duckdb.execute(f"copy ({lines}) to '{folder}/a.{format}' (format parquet)")
        elif format == "csv":
            (folder / "a.csv").write_text("id,status\n" + "".join(f"{i},yes\n" for i in range(rows)))
        else:
            (folder / "a.jsonl").write_text("".join(f'{{"id": "{i}", "status": "yes"}}\n' for i in range(rows)))

    def told(**table) -> None:
        load(format=format, path="a*", table=table)

    write(3)
    with pytest.raises(SourceError, match="3 rows, fewer than the 5 of min_rows"):
        told(min_rows=5)
    assert raw() == []
    # it waits for the file beside it, which may be on its way
    told(told_by="rows")
    assert raw() == []
    (folder / f"a.{format}.rows").write_text("5 rows\n")
    with pytest.raises(SourceError, match=r"3 rows, but its \.rows says 5"):
        told(told_by="rows")
    assert raw() == []
    write(5)
    told(told_by="rows", min_rows=5)
    assert len(raw()) == 5


@pytest.mark.parametrize(
    ("said", "rows"),
    [
        ("   123 customers.csv", 123), ("123 2026-05-customers.csv", 123), ("12 345.csv", 12), ("1 234 567", 1234567), ("1_234 rows", 1234),
        ("1\u00a0234 rows\n", 1234), ("5 202605_customers.csv", 5), ("123456 a.csv", 123456),
    ],
)  # fmt: skip
def test_the_number_of_rows_is_read_as_people_and_wc_write_it(tmp_path, said, rows):
    (tmp_path / "a.csv.rows").write_text(said, encoding="utf-8")
    table = Table(columns={"id": "BIGINT"}, path="*.csv", told_by="rows")
    assert read_companion(LocalFileSystem(), str(tmp_path / "a.csv"), table, "") == (rows, None)


@pytest.mark.parametrize("format", ["csv", "jsonl", "json_pages"])
def test_rows_that_cannot_be_read_count_where_a_file_is_compared_with_what_is_told_of_it(
    load, raw, load_files, warehouse, format
):
    good = [f'{{"id": "{i}", "status": "yes"}}' for i in range(3)]
    content = {
        "csv": "id,status\n0,yes\n1,yes\n2,yes\n3,yes,more\n",
        "jsonl": "\n".join([*good, "", '{"id": "3", "status', " "]) + "\n",
        "json_pages": '{"data": [' + ", ".join([*good, '["3", "yes"]']) + "]}",
    }[format]
    (load_files.folder / "a.x").write_text(content)

    def told(rows: int, **table) -> None:
        (load_files.folder / "a.x.rows").write_text(f"{rows}\n")
        load(format=format, path="a*", table={"told_by": "rows", **table})

    for rows in (3, 5):
        with pytest.raises(SourceError, match=rf"4 rows, but its \.rows says {rows}"):
            told(rows)
    assert raw() == []
    told(4, min_rows=4)
    assert len(raw()) == 3
    assert warehouse.execute("select count(*) from quarantine.rejected_rows where content is not null").fetchall() == [(1,)]  # fmt: skip


def test_a_file_that_is_not_what_its_checksum_says_waits_and_is_told(load, raw, load_files, warehouse):
    whole, cut = "id,status\n1,yes\n2,no\n", "id,status\n1,yes\n"
    digest = hashlib.sha256(whole.encode()).hexdigest()
    load(
        {"a.csv": cut, "a.csv.sha256": f"{digest}  a.csv\n", "b.csv": "id,status\n9,yes\n"}, table={"told_by": "sha256"}
    )
    assert raw() == []
    told = warehouse.execute("select file, reason from quarantine.rejected_rows order by 1").fetchall()
    assert [file for file, _ in told] == ["a.csv", "b.csv"]
    assert "not what its .sha256 says" in told[0][1] and "is not there" in told[1][1]
    load({"a.csv": whole}, table={"told_by": "sha256"})
    assert raw() == [("1", "yes"), ("2", "no")]


def test_a_file_that_is_cut_within_its_last_value_is_refused_by_its_checksum(load, raw):
    whole = "id,status\n1,yes\n2,north\n"
    digest = hashlib.sha256(whole.encode()).hexdigest()
    load({"a.csv": whole[:-4], "a.csv.sha256": digest}, table={"told_by": "sha256"})
    assert raw() == []
    # as docs/sources.md says: no row is missing, so nothing else tells
    load({"b.csv": whole[:-4], "b.csv.rows": "2"}, table={"told_by": "rows", "min_rows": 2}, path="b.csv*")
    assert raw() == [("1", "yes"), ("2", "no")]
