"""Rows that a stray quote makes a part of another row's value refuse the file; honest text of several lines does not."""

from __future__ import annotations

import pytest

from orchestration.core.errors import SourceError
from orchestration.core.settings import CsvDialect
from orchestration.extract.systems.registers import TABLES

NORWEGIAN = TABLES["reservasjonsregisteret"]
STATEMENTS = {"entity": "consent_events", "columns": {"source_key": "id", "status": "status", "contact_point": "email"}}
TEXT = {"id": "VARCHAR", "status": "VARCHAR", "email": "VARCHAR"}


@pytest.fixture
def load(load_files):
    return lambda content, **more: load_files({"a.csv": content}, **more)


def register(**changed: str) -> str:
    rows = [changed.get(f"row_{n}", f"Kari{n};Lie{n};Gate {n};0{n}0;Oslo;4791{n};J;J;J") for n in range(10, 41)]
    return "\n".join([";".join(NORWEGIAN.columns), *rows, ""])


@pytest.mark.parametrize(
    "changed",
    [
        {"row_20": 'Kari20;"Lie20;G;0150;Oslo;1;J;J;J', "row_22": 'Kari22;Lie22";G;0150;Oslo;1;J;J;J'},
        {"row_20": 'Kari20;"Lie20;G;0150;Oslo;1;J;J;J', "row_21": 'Kari21;Lie21";G;0150;Oslo;1;J;J;J'},  # no line between
        {"row_20": '"Kari20;Lie20;G;0150;Oslo;1;J;J;J', "row_21": 'Kari21";Lie21;G;0150;Oslo;1;J;J;J'},
    ],
)  # fmt: skip
@pytest.mark.parametrize("end", ["\n", "\r\n", "\n\n"])
def test_two_stray_quotes_refuse_a_register(load, warehouse, changed, end):
    how = {"columns": NORWEGIAN.columns, "key": NORWEGIAN.key, "csv": CsvDialect(delimiter=";")}
    how["table"] = {"retention": {"category": "register"}, "texts": []}
    with pytest.raises(SourceError, match="holds lines that look like rows"):
        load(register(**changed).replace("\n", end), **how)
    assert warehouse.execute("select count(*) from raw_s.t").fetchall() == [(0,)]
    assert load(register().replace("\n", end), **how).inserted == 31


@pytest.mark.parametrize(
    "rows",
    [
        'b1,"yes,a@x.se\nb2,no,b@x.se\nb3,no",c@x.se\n',
        'b1,"yes,a@x.se\nb2,no",b@x.se\n',
        'b1,"yes,a@x.se\nb2,no,b@x.se\nb3,no",b@x.se,c@x.se\n',  # has too many fields: else one reject of three lines
    ],
)
@pytest.mark.parametrize("table", [{"maps": [STATEMENTS]}, {}])
def test_two_stray_quotes_refuse_a_list(load, rows, table):
    plain = "".join(f"a{n},yes,p{n}@x.se\n" for n in range(9))
    with pytest.raises(SourceError, match="look like rows"):
        load("id,status,email\n" + plain + rows, columns=TEXT, table=table)


@pytest.mark.parametrize("id_type", ["BIGINT", "VARCHAR"])
@pytest.mark.parametrize("key", [("id",), ()])
@pytest.mark.parametrize(
    "rows",
    [
        '10,"Stor,Lund,x\n11,Skarm 24",Lund,"Berg, Lost"\n',
        '10,"Stor,Lund,x\n11,Anna,Oslo,Bo\n12,Skarm 24",Lund,"Berg, Lost"\n',
        '10,"Stor, 24","Lund,x\n11,Skarm,Lund","Berg, Lost"\n',
        '10,a,"Stor,Lund,x\n11,Skarm 24","Lund, S","Berg, Lost"\n',  # has too many fields: one reject of two lines
    ],
)  # fmt: skip
def test_a_quoted_delimiter_hides_no_swallowed_row(load, rows, key, id_type):
    def plain(first: int, last: int) -> str:
        return "".join(f'{n},Anna,Oslo,"Berg, Bo"\n' for n in range(first, last))

    columns = {"id": id_type, "name": "VARCHAR", "city": "VARCHAR", "note": "VARCHAR"}
    with pytest.raises(SourceError, match="look like rows"):
        load("id,name,city,note\n" + plain(1, 10) + rows + plain(13, 40), columns=columns, key=key)
    assert load("id,name,city,note\n" + plain(1, 10) + plain(13, 40), columns=columns, key=key).inserted == 36


def test_any_line_with_the_fields_of_a_row_refuses_statements(load):
    """Whatever its key looks like: it may be a no."""
    content = 'id,status,email\na1,yes,p@x.se\na2,"yes,q@x.se\n,no,r@x.se\na4,no",s@x.se\n'
    with pytest.raises(SourceError, match="look like rows"):
        load(content, columns=TEXT, table={"maps": [STATEMENTS]})


@pytest.mark.parametrize("key", [("id",), ()])
def test_blank_lines_between_rows_hide_no_swallowed_ones(load, key):
    lines = [f"{n},name{n},Lund" for n in range(1, 31)]
    lines[9], lines[17] = '10,"name10,Lund', '18,name18",Lund'
    columns = {"id": "BIGINT", "name": "VARCHAR", "city": "VARCHAR"}
    with pytest.raises(SourceError, match="look like rows"):
        load("id,name,city\n\n" + "\n\n".join(lines) + "\n", columns=columns, key=key)


NOTES = [
    "two\nlines",
    "two\r\nlines",
    "Dear all,\n\nwe met, talked\nand left, all of us\n",
    "\n\n\n",
    "a, b, c, d\ne, f, g, h\ni, j, k, l",
]


@pytest.mark.parametrize("note", NOTES)
@pytest.mark.parametrize("is_blank_between", [True, False])
@pytest.mark.parametrize(
    "header", ["id,name,note,city", "note,id,name,city", "id,name,city,note", "id,name,religion,city"]
)
def test_text_of_several_lines_enters_in_any_column_and_may_stay_behind(load, note, is_blank_between, header):
    rows = []
    for n in range(1, 4):
        fields = {"id": str(n), "name": f"name{n}", "city": "Lund", "note": f'"{note}"', "religion": f'"{note}"'}
        rows.append(",".join(fields[column] for column in header.split(",")))
    content = ("\n\n" if is_blank_between else "\n").join([header, *rows]) + "\n"
    for number, more in enumerate([{}, {"note": "VARCHAR"}, {"religion": "VARCHAR"}]):
        if set(more) <= set(header.split(",")):
            columns = {"id": "BIGINT", "name": "VARCHAR", "city": "VARCHAR", **more}
            counts = load(content + "\n" * number, columns=columns)
            assert (counts.source_rows, counts.rejected) == (3, 0)


def test_text_of_several_lines_enters_beside_keys_of_text(load):
    rows = "".join(f'k-{n},"Bread, milk, eggs\nsalt, flour, tea",Lund\n' for n in range(9))
    counts = load("id,name,city\n" + rows, columns={"id": "VARCHAR", "name": "VARCHAR", "city": "VARCHAR"})
    assert counts.inserted == 9


def test_a_comment_of_several_lines_stays_a_part_of_its_statement(load):
    rows = "".join(f'a{n},no,p{n}@x.se,"please, stop\nwriting, now"\n' for n in range(9))
    content = "id,status,email,comment\n" + rows
    assert load(content, columns=TEXT, table={"maps": [STATEMENTS]}).inserted == 9
