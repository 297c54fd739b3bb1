"""Headers, encodings and compression as tills, spreadsheets and browsers write them: read, or refused by name with what to do."""

from __future__ import annotations

import gzip
import unicodedata

import pytest

from orchestration.core.errors import SourceError
from orchestration.core.settings import CsvDialect, Table
from orchestration.extract.budget import Budget
from orchestration.extract.csv_copies import readable
from orchestration.extract.delivered_file import Delivered
from orchestration.extract.line_books import Lines

TWO = {"id": "VARCHAR", "email": "VARCHAR"}


@pytest.fixture
def read(load_files, warehouse):
    def go(content, columns=None, name="a.csv", **more):
        columns = columns or TWO
        load_files({name: content}, columns=columns, path="*", **more)
        listed = ", ".join(f'"{c}"' for c in columns)
        return warehouse.execute(f"select {listed} from raw_s.t order by 1").fetchall()

    return go


SEMICOLON = CsvDialect(delimiter=";")


def test_a_last_empty_name_is_ignored(read):
    assert read("id;email;\n1;a@x.test;\n", csv=SEMICOLON) == [("1", "a@x.test")]


@pytest.mark.parametrize("more", ["", "3;\n" * 40_000])
def test_a_last_empty_name_that_no_row_has_a_field_for_is_none(read, warehouse, more):
    """The writer ends its header with a delimiter, and no row: every row has one field less."""
    rows = read("id;email;\n1;a@x.test\n2;\n" + more, csv=SEMICOLON)
    assert rows[:2] == [("1", "a@x.test"), ("2", None)] and len(rows) == (3 if more else 2)
    assert read("id;email;;\n4;b@x.test\n", csv=SEMICOLON, name="b.csv")[-1] == ("4", "b@x.test")
    assert warehouse.execute("select count(*) from quarantine.rejected_rows").fetchone() == (0,)


@pytest.mark.parametrize(("kind", "line"), [("VARCHAR", None), ("BIGINT", 3)])
def test_a_header_that_comes_again_with_its_last_empty_name_is_one(read, warehouse, kind, line):
    rows = read("id;email;\n1;a@x.test\nid;email;\n2;b@x.test\n", {"id": kind, "email": "VARCHAR"}, csv=SEMICOLON)
    assert [email for _, email in rows] == ["a@x.test", "b@x.test"]
    told = warehouse.execute("select line, reason_code from quarantine.rejected_rows").fetchall()
    assert told == [(line, "header_again")]


def test_where_only_some_rows_have_the_field_of_a_last_empty_name_all_are_read(read, warehouse):
    rows = read("id;email;;\n1;a@x.test\n2;b@x.test;\n3;c@x.test;;\n", csv=SEMICOLON)
    assert rows == [("1", "a@x.test"), ("2", "b@x.test"), ("3", "c@x.test")]
    assert warehouse.execute("select count(*) from quarantine.rejected_rows").fetchone() == (0,)


def test_where_a_column_without_a_name_says_something_rows_without_it_are_told(read, warehouse):
    rows = "".join(f"{n};a@x.test;x\n" for n in range(100, 200))
    assert len(read(f"id;email;\n1;b@x.test\n{rows}", csv=SEMICOLON)) == 100
    told = warehouse.execute("select line, reason_code from quarantine.rejected_rows").fetchall()
    assert told == [(2, "missing_columns")]
    with pytest.raises(SourceError, match="2 of 3 lines have not the fields that the header says"):
        read("id;email;\n1;b@x.test\n2;b@x.test\n3;a@x.test;x\n", csv=SEMICOLON, name="b.csv")


def test_names_that_differ_by_case_alone_are_two(read, load_files):
    assert read("id,email,Email\n1,home,work\n") == [("1", "home")]
    counts = load_files({"b.csv": "id,email,Email\n2,home,work\n"}, columns=TWO)
    assert counts.added_columns == ["Email"]


def test_a_name_in_another_case_or_of_decomposed_letters_is_the_declared_one(read):
    assert read("ID,EMAIL\n1,a\n") == [("1", "a")]
    columns = {"id": "VARCHAR", "e-postå": "VARCHAR"}
    assert read(f"id,{unicodedata.normalize('NFD', 'E-postå')}\n1,a\n", columns, name="b.csv") == [("1", "a")]
    with pytest.raises(SourceError, match="column email stands there twice"):
        read("id,EMAIL,Email\n1,a,b\n", name="c.csv")


def test_a_declared_name_that_stands_twice_is_refused_by_name(read):
    with pytest.raises(SourceError, match="column email stands there twice") as caught:
        read("id,email,email\n1,a,b\n")
    assert "a.csv, line 1" in caught.value.where and "rename" in caught.value.to_do


def test_an_undeclared_name_that_stands_twice_does_no_harm(read):
    assert read("id,x,email,x\n1,p,a,q\n") == [("1", "a")]


def test_delimiters_line_ends_and_dots_within_names(read):
    columns = {"id": "VARCHAR", "Name, full": "VARCHAR", "e mail": "VARCHAR", "v1.2": "VARCHAR"}
    content = 'id,"Name, full","e\nmail",v1.2\n1,"Berg, Anna",a@x.test,y\n'
    assert read(content, columns) == [("1", "Berg, Anna", "a@x.test", "y")]


def test_quotes_within_names_and_reserved_words(read):
    columns = {"order": "VARCHAR", "it's": "VARCHAR", 'the "key"': "VARCHAR"}
    content = 'order,it\'s,"the ""key"""\n1,x,y\n'
    with_quotes = {"order": "VARCHAR", "it's": "VARCHAR"}
    assert read(content, with_quotes, key=("order",)) == [("1", "x")]
    with pytest.raises(SourceError, match="is gone"):
        read(content.replace("the", "a"), columns, key=("order",), name="b.csv")


@pytest.mark.parametrize("declared", ["latin-1", "windows-1252"])
def test_windows_1252_is_read_whole(read, declared):
    content = "id,email\n1,Kimmo Šemeikka\n2,Žaneta O’Brien 5€\n3,Åsa\n".encode("cp1252")
    rows = [("1", "Kimmo Šemeikka"), ("2", "Žaneta O’Brien 5€"), ("3", "Åsa")]
    assert read(content, csv=CsvDialect(encoding=declared)) == rows


@pytest.mark.parametrize("name", ["a.csv.gz", "a.csv"])
def test_gzip_is_read_whatever_its_name(read, name):
    assert read(gzip.compress(b"id,email\n1,a\n2,b\n"), name=name) == [("1", "a"), ("2", "b")]


@pytest.mark.parametrize(
    ("content", "what"), [(b"PAR1\x00\x00", "Parquet"), (b"PK\x03\x04abc", "spreadsheet"), (b"BZh9abc", "bzip2")]
)
def test_what_is_no_csv_is_called_what_it_is(read, content, what):
    with pytest.raises(SourceError, match=what):
        read(content)


def test_csv_that_is_called_parquet_is_refused_by_name(load_files):
    with pytest.raises(SourceError, match="not whole Parquet") as caught:
        load_files({"a.parquet": "id,email\n1,a\n"}, columns=TWO, format="parquet")
    assert caught.value.where == "a.parquet"


def test_another_delimiter_in_the_rows_than_in_the_header_is_refused(read):
    with pytest.raises(SourceError, match="3 of 3 lines have not the fields that the header says"):
        read("id,email\n1;a\n2;b\n3;c\n")


def test_what_the_source_writes_for_nothing_is_nothing(read):
    rows = read('id,email,n\n1,NULL,N/A\n2,,""\n3,a,3\n', {"id": "VARCHAR", "email": "VARCHAR", "n": "BIGINT"})
    assert rows == [("1", None, None), ("2", None, None), ("3", "a", 3)]
    other = read("id,email\n4,-\n5,NULL\n", name="b.csv", null_values=["-"])
    assert other[-2:] == [("4", None), ("5", "NULL")]


def test_declared_names_that_differ_by_case_alone_are_refused_at_start():
    with pytest.raises(ValueError, match="differ by case alone: Email, email"):
        Table(columns={"email": "VARCHAR", "Email": "VARCHAR"})


def test_a_copy_in_utf_8_ends_with_the_time_of_its_source(tmp_path):
    (tmp_path / "a.csv").write_bytes(b"id,email\n1,\x96\n")
    (tmp_path / "copies").mkdir()
    file = Delivered(str(tmp_path / "a.csv"), "a.csv", 1, 0, "", Lines(is_windows=True))
    with pytest.raises(SourceError, match="longer than the 0 minutes"):
        readable(
            "s", "t", file, CsvDialect(encoding="latin-1"), str(tmp_path / "copies"), Budget("s", 0), lambda copy: copy
        )
    assert not list((tmp_path / "copies").iterdir())


def test_lines_before_the_header_are_left_out_and_the_books_balance(read, warehouse):
    titled = CsvDialect(delimiter=";", skip_lines=2)
    assert read(
        'Kunder\r\nav 2026-11-01;;\r\nid;email\r\n1;a@x.test\r\n2;"b\r\n@x.test"\r\n', csv=titled, name="a.csv"
    ) == [("1", "a@x.test"), ("2", "b\r\n@x.test")]
    compressed = gzip.compress("Åsa\n\nid;email\n3;å@x.test\n".encode("latin-1"))
    csv = CsvDialect(delimiter=";", skip_lines=2, encoding="latin-1")
    assert read(compressed, csv=csv, name="b.csv")[-1] == ("3", "å@x.test")


def test_a_header_below_such_lines_that_is_another_one_is_refused_with_its_line(read):
    with pytest.raises(SourceError, match="email") as told:
        read("Kunder\nid;mail\n1;a@x.test\n", csv=CsvDialect(delimiter=";", skip_lines=1))
    assert "line 2" in str(told.value.where)
