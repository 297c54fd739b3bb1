"""CSV whose lines end differently: rows are checked as of any other file."""

from __future__ import annotations

import gzip

import pytest

from orchestration.core.errors import SourceError
from orchestration.core.settings import CsvDialect

COLUMNS = {"id": "BIGINT", "name": "VARCHAR", "amount": "DECIMAL(18, 2)"}


@pytest.fixture
def load(load_files):
    return lambda content, **more: load_files({"a.csv": content}, **{"columns": COLUMNS, **more})


def rows(bad: str = "21,N21,1,50", first: str = "1,N1,1.00") -> list[str]:
    return ["id,name,amount", first, *(f"{n},N{n},{n}.00" for n in range(2, 21)), bad, "22,N22,22.00"]


def excel(bad: str = "21,N21,1,50") -> str:
    """As Excel exports: \\r\\n behind each row, \\n within a text."""
    return "".join(f"{row}\r\n" for row in rows(bad, '1,"call\nhome",1.00'))


def mixed(bad: str = "21,N21,1,50") -> str:
    return "".join(row + ("\n" if n % 3 else "\r\n") for n, row in enumerate(rows(bad)))


@pytest.mark.parametrize("bad", ["21,N21,1,50", "21,N21", '21,"N"21,1.00'])
@pytest.mark.parametrize("content", [excel, mixed])
@pytest.mark.parametrize("encoding", ["utf-8", "latin-1", "windows-1252", "utf-16"])
def test_a_row_of_another_number_of_fields_is_a_reject(load, warehouse, content, bad, encoding):
    # a letter that UTF-8 writes otherwise, else the encoding is told to be another one
    written = content(bad).replace("N22", "Åsa").encode(encoding)
    counts = load(written, csv=CsvDialect(encoding=encoding))
    assert (counts.inserted, counts.rejected) == (21, 1)
    assert warehouse.execute("select count(*) from raw_s.t where id = 21").fetchall() == [(0,)]
    ((line, kept),) = warehouse.execute("select line, content from quarantine.rejected_rows").fetchall()
    assert line == 22 and "21" in kept
    assert warehouse.execute("select name from raw_s.t where id = 22").fetchall() == [("Åsa",)]


@pytest.mark.parametrize("content", [excel, mixed])
def test_so_it_is_in_gzip(load, content):
    counts = load(gzip.compress(content().encode()))
    assert (counts.inserted, counts.rejected) == (21, 1)


def test_a_text_keeps_its_line_end(load, warehouse):
    assert load(excel("21,N21,21.00")).rejected == 0
    assert warehouse.execute("select name from raw_s.t where id = 1").fetchall() == [("call\nhome",)]


def test_a_name_of_two_lines_in_the_header_hides_no_row(load):
    header = 'id,name,amount,"more\nof it"\r\n'
    counts = load(header + "".join(f"{n},N,1.00,x\r\n" for n in range(30)))
    assert (counts.inserted, counts.rejected) == (30, 0)


@pytest.mark.parametrize("content", [excel, mixed])
def test_where_every_row_has_a_field_more_the_file_is_refused(load, content):
    header, *others = content().split("id,name,amount")[1].partition("\n")
    shifted = "".join(others).replace(".00", ",00")
    with pytest.raises(SourceError, match="have not the fields that the header says"):
        load("id,name,amount" + header + shifted)


def test_a_stray_quote_swallows_no_lines_in_silence(load):
    content = mixed("21,N21,1.00").replace("2,N2,", '2,"N2,').replace("19,N19,", '19,N19",')
    with pytest.raises(SourceError, match="stray quote"):
        load(content)


def test_a_line_end_on_the_seam_of_two_parts_of_a_file_is_one(load):
    start, behind = 'id,name,amount\r\n1,"', '",1.00\r\n'
    part = 4 * 1024 * 1024
    text = "x" * (part + 1 - len(start) - len(behind))
    content = start + text + behind + "2,N,1.00\n3,N,1,00\r\n4,N,4.00\n"
    assert content[part - 1 : part + 1] == "\r\n"
    counts = load(content)
    assert (counts.inserted, counts.rejected) == (3, 1)


OBJECTS = [f'{{"id": {n}, "name": "N", "amount": 1.5}}' for n in range(6)]
ENDS = {
    "both": ["\r\n", "\n"], "first": ["\r\n", *["\n"] * 5], "returns": ["\r\r\n"], "lone": ["\r", "\n"], "all": ["\n", "\r", "\r\n"],
    "blank": ["\n\r\n", "\r\n"],
}  # fmt: skip


@pytest.mark.parametrize("pack", [bytes, gzip.compress])
@pytest.mark.parametrize("ends", ENDS.values(), ids=ENDS)
def test_json_lines_may_end_differently(load, ends, pack):
    content = "".join(row + ends[n % len(ends)] for n, row in enumerate(OBJECTS))
    counts = load(pack(content.encode()), format="jsonl")
    assert (counts.inserted, counts.rejected) == (6, 0)


def test_a_return_within_a_line_of_json_is_a_blank_and_a_broken_line_a_reject(load, warehouse):
    rows = [*OBJECTS, '{"id": 6,\r"name": "N", "amount": 1}', '{"id": 7\r', '{"id": 8, "name": "N", "amount": 1}']
    counts = load("\r\n".join(rows) + "\n", format="jsonl")
    assert (counts.inserted, counts.rejected) == (8, 1)
    assert warehouse.execute("select max(id) from raw_s.t").fetchall() == [(8,)]


@pytest.mark.parametrize("format", ["csv", "jsonl"])
def test_gzip_may_be_padded_with_zero_bytes(load, format):
    content = "\n".join(["id,name,amount", "1,N,1.5"] if format == "csv" else OBJECTS[:1]) + "\n"
    assert load(gzip.compress(content.encode()) + b"\0" * 512, format=format).inserted == 1
