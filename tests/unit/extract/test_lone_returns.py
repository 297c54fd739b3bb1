r"""CSV in which a \r stands alone: it ends the lines of an old Mac, is a part of a quoted text, or refuses the file."""

from __future__ import annotations

import gzip

import pytest

from orchestration.core.errors import SourceError
from orchestration.core.settings import CsvDialect
from orchestration.extract import csv_copies

COLUMNS = {"id": "BIGINT", "name": "VARCHAR"}
PACKS = {
    "plain": (str.encode, {}), "gzip": (lambda content: gzip.compress(content.encode()), {}),
    "utf-16": (lambda content: content.encode("utf-16"), {"csv": CsvDialect(encoding="utf-16")}),
    "latin-1": (lambda content: content.encode("latin-1"), {"csv": CsvDialect(encoding="latin-1")}),
    "small parts": (str.encode, {}),
}  # fmt: skip
READ = {
    "old Mac": ("id,name\r1,Å\r2,B\r3,C\r", "Å"),
    "old Mac without a last end": ("id,name\r1,Å\r2,B\r3,C", "Å"),
    "old Mac with a text of two lines": ('id,name\r1,"Å\rx"\r2,B\r3,C\r', "Å\nx"),
    "old Mac with a text of other lines": ('id,name\r1,"Å\nx"\r2,B\r3,C\r', "Å\nx"),
    "old Mac with blank lines": ("id,name\r1,Å\r\r2,B\r3,C\r\r", "Å"),
    "old Mac with a header of two lines": ('id,"na\rme"\r1,Å\r2,B\r3,C\r', "Å"),
    "in a text": ('id,name\n1,"Å\rx"\n2,B\n3,C\n', "Å\nx"),
    "in a text behind a quote": ('id,name\r\n1,"Å ""\r"""\r\n2,B\r\n3,C\r\n', 'Å "\n"'),
    "in the header": ('id,"na\rme"\n1,Å\n2,B\n3,C\n', "Å"),
    "two and a line feed": ("id,name\r\r\n1,Å\r\r\n2,B\r\r\n3,C\r\r\n", "Å"),
    "ends of each kind": ("id,name\r\r\n1,Å\n2,B\r\n3,C\r\r\n", "Å"),
    "cut behind the last row": ("id,name\r\n1,Å\r\n2,B\r\n3,C\r", "Å"),
}
REFUSED = {
    "in a value": ("id,name\n1,A\n2,B\rB\n3,C\n", 3),
    "between rows": ("id,name\r\n1,A\r2,B\r\n3,C\r\n", 2),
    "behind the header": ("id,name\r1,A\n2,B\n3,C\n", 1),
    "behind a text of two lines": ('id,name\n1,"A\nA"\r2,B\n3,C\n', 3),
}


@pytest.fixture
def load(load_files, monkeypatch):
    def go(content, pack, **more):
        packed, dialect = PACKS[pack]
        if pack == "small parts":
            monkeypatch.setattr(csv_copies, "_COPIED_CHARACTERS", 1)
        name = '"na me"' if "na\rme" in content else "name"
        columns = {"id": "BIGINT", name.strip('"'): "VARCHAR"}
        return load_files({"a.csv": packed(content)}, columns=columns, **dialect, **more)

    return go


@pytest.mark.parametrize("pack", PACKS)
@pytest.mark.parametrize(("content", "first"), READ.values(), ids=READ)
def test_rows_are_read_whole(load, warehouse, content, first, pack):
    counts = load(content, pack)
    assert (counts.source_rows, counts.inserted, counts.rejected) == (3, 3, 0)
    assert warehouse.execute("select columns(* exclude (id)) from (select #1 as id, #2 as name from raw_s.t) order by id").fetchall() == [(first,), ("B",), ("C",)]  # fmt: skip


@pytest.mark.parametrize("pack", PACKS)
@pytest.mark.parametrize(("content", "line"), REFUSED.values(), ids=REFUSED)
def test_what_may_end_a_row_or_not_refuses_the_file(load, warehouse, content, line, pack):
    with pytest.raises(SourceError, match=f"a carriage return stands in line {line}, outside of quotes") as caught:
        load(content, pack)
    assert caught.value.where == "a.csv" and "quotes around" in caught.value.to_do


def test_a_file_that_quotes_nothing_has_no_text_to_hold_one(load_files):
    with pytest.raises(SourceError, match="carriage return stands in line 2"):
        load_files({"a.csv": 'id,name\n1,"A\rB"\n'}, columns=COLUMNS, csv=CsvDialect(quote=""))


def test_a_broken_row_of_an_old_mac_is_a_reject_and_a_stray_quote_hides_none(load_files):
    rows = [f"{n},N" for n in range(20)]
    counts = load_files({"a.csv": "\r".join(["id,name", *rows, "20,N,x", "21"]) + "\r"}, columns=COLUMNS)
    assert (counts.inserted, counts.rejected) == (20, 2)
    with pytest.raises(SourceError, match="stray quote"):
        load_files({"b.csv": "\r".join(["id,name", '1,"N', *rows, '30,N"', "31,N"]) + "\r"}, columns=COLUMNS)
