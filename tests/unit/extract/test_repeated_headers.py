"""A header line that comes again among the rows of a CSV is a reject, and nobody's row."""

from __future__ import annotations

import gzip

import pytest

from orchestration.core.settings import CsvDialect, Settings
from orchestration.identity.unread_entries import find_unread_entries
from orchestration.privacy.intake.line_readers import readers
from orchestration.privacy.intake.rejected_withdrawals import note_rejected_withdrawals
from orchestration.privacy.intake.withdrawals import LEDGER

PEOPLE = {"email": "VARCHAR", "first name": "VARCHAR"}
TYPED = {"id": "BIGINT", "email": "VARCHAR", "day": "DATE"}
KEY = ("email",)


@pytest.fixture
def load(load_files, warehouse):
    def go(content, columns=None, key=KEY, **more):
        counts = load_files({"a.csv": content}, columns=columns or PEOPLE, key=key, **more)
        told = warehouse.execute("select line, column_name, reason, content from quarantine.rejected_rows").fetchall()
        return counts, warehouse.execute(f"select {key[0]} from raw_s.t order by 1").fetchall(), told

    return go


@pytest.mark.parametrize(
    "header",
    ["email,first name", '"email","first name"', "\ufeffemail,first name", '\ufeff"email","first name"', "email , first  name"],
)  # fmt: skip
@pytest.mark.parametrize("pack", [str.encode, lambda content: gzip.compress(content.encode())])
@pytest.mark.parametrize("ends", ["\n", "\r\n", "mixed"])
def test_a_header_between_rows_is_a_reject(load, header, pack, ends):
    first = header.removeprefix("\ufeff")
    content = f"{first}\n{first}\na@x.test,Anna\n{header}\nb@x.test,Bo\n"
    content = content.replace("\n", "\r\n", 1) if ends == "mixed" else content.replace("\n", ends)
    counts, rows, told = load(pack(content))
    assert rows == [("a@x.test",), ("b@x.test",)]
    assert (counts.source_rows, counts.inserted, counts.rejected) == (4, 2, 2)
    assert told == [(None, None, "the header line again", None)] * 2


@pytest.mark.parametrize("encoding", ["utf-8", "utf-16", "latin-1", "windows-1252"])
@pytest.mark.parametrize("id_kind", ["BIGINT", "VARCHAR"])
def test_so_it_is_among_typed_rows_and_in_any_encoding(load, id_kind, encoding):
    columns = {"id": id_kind, "förnamn": "VARCHAR", "n": "INTEGER"}
    # more of them than rows: the column is no other one for it
    content = "id,förnamn,n\n1,Åsa,1\n" + "id,förnamn,n\n" * 3 + "2,Bo,2\n"
    counts, rows, told = load(content.encode(encoding), columns, ("id",), csv=CsvDialect(encoding=encoding))
    assert (len(rows), counts.source_rows, counts.rejected) == (2, 5, 3)
    assert told == [(line, None, "the header line again", None) for line in (3, 4, 5)]


def test_a_fraction_and_a_year_for_a_name_hide_no_header(load):
    content = "shop,2025,2026\nLund,1,2.5\nshop,2025,2026\nUmeå,3,4\n"
    columns = {"shop": "VARCHAR", "2025": "BIGINT", "2026": "DECIMAL(18, 2)"}
    counts, rows, told = load(content, columns, ("shop",))
    assert (rows, counts.rejected) == ([("Lund",), ("Umeå",)], 1)
    assert [reason for *_, reason, _ in told] == ["the header line again"]


def test_a_row_that_is_like_the_header_in_part_is_a_row(load):
    content = "email,first name\nemail,Anna\nb@x.test,first name\nemail,\n,first name\n"
    counts, _, told = load(content)
    assert (counts.source_rows, counts.rejected, told) == (4, 0, [])


def test_of_one_column_every_value_is_a_row(load):
    counts, _, told = load("email\na@x.test\nemail\n", {"email": "VARCHAR"})
    assert (counts.inserted, told) == (2, [])
    assert load("email,\nemail,\n", {"email": "VARCHAR"})[2] == []


def test_texts_of_several_lines_and_other_rejects_beside_it(load):
    content = 'email,first name\na@x.test,"An\nna"\nemail,first name\nb@x.test\n"c@x.test",Cy\n\n'
    counts, rows, told = load(content)
    assert rows == [("a@x.test",), ("c@x.test",)]
    assert sorted(reason for *_, reason, _ in told) == ["missing columns", "the header line again"]
    assert (counts.source_rows, counts.rejected) == (4, 2)


def test_where_a_file_has_no_header_the_declared_names_are_one(load):
    counts, rows, _ = load("a@x.test,Anna\nemail,first name\n", csv=CsvDialect(has_header=False))
    assert (rows, counts.rejected) == ([("a@x.test",)], 1)


@pytest.mark.parametrize("columns", [PEOPLE, {**PEOPLE, "n": "BIGINT"}])
def test_it_keeps_no_row_that_is_gone(load, load_files, columns):
    """Rows that stand in rejected lines may not be gone; none stands in a header."""
    header = ",".join(columns)
    row = ",1" if len(columns) > 2 else ""
    load_files({"a.csv": f"{header}\na@x.test,A{row}\nb@x.test,B{row}\n"}, columns=columns, key=())
    counts = load_files({"a.csv": f"{header}\na@x.test,A{row}\n{header}\n"}, columns=columns, key=())
    assert (counts.rejected, counts.deleted, counts.kept) == (1, 1, 0)


@pytest.mark.parametrize("kind", ["VARCHAR", "DATE"])
def test_it_is_about_nobody(load, warehouse, kind):
    """A rejected line of a statement may withdraw, and one of a register may be about anybody; a header is neither."""
    consents = {"entity": "consent_events", "columns": {
        "source_key": "email", "contact_point": "email", "purpose": "purpose", "channel": "purpose", "status": "said", "stated_at": "day"}}  # fmt: skip
    columns = {"email": "VARCHAR", "purpose": "VARCHAR", "said": "VARCHAR", "day": kind}
    table = {"maps": [consents], "retention": {"category": "register"}}
    content = "email,purpose,said,day\na@x.test,offers,granted,2026-01-01\nemail,purpose,said,day\n"
    assert load(content, columns, table=table)[0].rejected == 1
    spec = {"columns": columns, "key": KEY, "path": "*", **table}
    settings = Settings.model_validate({"company": "T", "sources": {"s": {"connector": "files", "url": "/d", "tables": {"t": spec}}}})  # fmt: skip
    note_rejected_withdrawals(warehouse, readers(settings))
    assert warehouse.execute(f"select count(*) from {LEDGER}").fetchall() == [(0,)]
    assert find_unread_entries(warehouse, settings) == 0


def test_without_quotes_and_beside_a_broken_line(load):
    content = "id,n\n1,1\n2\nid,n\n3,3\n4,4\n"
    counts, rows, told = load(content, {"id": "VARCHAR", "n": "BIGINT"}, ("id",), csv=CsvDialect(quote=""))
    assert (rows, counts.rejected) == ([("1",), ("3",), ("4",)], 2)
    assert told == [(4, None, "the header line again", None), (3, "n", "missing columns", "2")]
