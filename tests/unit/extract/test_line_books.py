"""Every line of a file is a row, part of one, or a reject with its reason; else the file is refused."""

from __future__ import annotations

import gzip
import json

import pytest

from orchestration.core.errors import SourceError
from orchestration.core.settings import CsvDialect

COLUMNS = {"id": "BIGINT", "name": "VARCHAR", "city": "VARCHAR"}


def lines(**changed: str) -> str:
    rows = [changed.get(f"line_{n}", f"{n},name{n},Lund") for n in range(1, 3001)]
    return "\n".join(["id,name,city", *rows, ""])


@pytest.fixture
def load(load_files):
    return lambda content, **more: load_files({"a.csv": content}, **{"columns": COLUMNS, **more})


@pytest.mark.parametrize(
    "swallowing",
    [
        {"line_10": '10,"name10,Lund'},  # to the end of the file
        {"line_10": '10,"name10,Lund', "line_2000": '2000,na"me2000,Lund'},
        {"line_10": '10,"name10,Lund', "line_2000": '2000,",Lund'},  # the quote closes: one value of 2,000 lines
        {"line_2980": '2980,"name2980,Lund'},  # few enough that a reject quotes them all
    ],
)
def test_a_stray_quote_does_not_swallow_lines_in_silence(load, warehouse, swallowing):
    with pytest.raises(SourceError, match="of 3,001 lines only") as caught:
        load(lines(**swallowing))
    assert "stray quote" in caught.value.what and caught.value.where == "a.csv"
    assert warehouse.execute("select count(*) from raw_s.t").fetchall() == [(0,)]


def test_neither_in_a_register_of_one_column(load):
    numbers = "".join(f"0709{n:05d}\n" for n in range(2000))
    register = {"columns": {"number": "VARCHAR"}, "key": ("number",), "csv": CsvDialect(has_header=False)}
    for stray in ('"070125\n', '"070125\n070126"\n'):
        with pytest.raises(SourceError, match="lines only"):
            load("070123\n" + stray + numbers, **register)


def test_what_is_quoted_for_its_delimiter_is_read_where_a_file_quotes_nothing(load):
    assert load(lines(line_10='10,"name10,Lund'), csv=CsvDialect(quote="")).inserted == 3000


def test_notes_of_many_lines_blank_lines_and_rejects_balance(load):
    note = '10,"Dear all,\n\nwe met, talked, and left.\nYours,\n""A""\n",Lund'
    counts = load(lines(line_10=note, line_20="", line_30='x,"two\nlines",Lund', line_40="40,too,many,fields") + "\n\n")
    assert (counts.inserted, counts.rejected) == (2997, 2)


def test_a_line_of_many_megabytes_is_a_reject_or_refused_never_lost(load):
    counts = load(lines(line_10="10," + "y" * 20_000_000 + ",Lund"))
    assert (counts.inserted, counts.rejected) == (2999, 1)


def test_a_huge_line_of_json_costs_only_itself(load, warehouse):
    rows = [json.dumps({"id": n, "name": "N", "city": "L"}) for n in range(50)]
    rows[10] = json.dumps({"id": 10, "name": "y" * 20_000_000, "city": "L"})
    counts = load("\n".join(rows) + "\n\n", format="jsonl")
    assert (counts.inserted, counts.rejected) == (49, 1)
    # it says no to nothing: its key is kept, to find it again
    kept = "select reason, content from quarantine.rejected_rows"
    assert warehouse.execute(kept).fetchall() == [("line size over maximum", '"id": 10')]


def test_what_json_says_beyond_a_type_or_in_place_of_a_row_costs_only_itself(load, load_files):
    good = {"id": 1, "name": "A", "city": "L"}
    beyond = {"id": 10**30, "name": "B", "city": "L"}
    counts = load("\n".join(map(json.dumps, [good, beyond, None, 5])), format="jsonl")
    assert (counts.inserted, counts.rejected) == (1, 3)
    page = {"p.json": json.dumps({"data": [{**good, "id": 2}, None, beyond]})}
    counts = load_files(page, format="json_pages", columns=COLUMNS, path="*.json")
    assert (counts.inserted, counts.rejected) == (1, 2)


def test_a_line_of_json_twice_without_a_key_is_two_rows_of_their_own(load, warehouse):
    event = '{"id": 1, "name": "opened", "city": null}\n'
    assert load(event * 2, format="jsonl", key=()).inserted == 2
    load(event * 2 + event.replace("opened", "clicked"), format="jsonl", key=())
    rows = warehouse.execute("select name, _row_key from raw_s.t where _deleted_at is null").fetchall()
    assert sorted(name for name, _ in rows) == ["clicked", "opened", "opened"] and len({key for _, key in rows}) == 3
    assert warehouse.execute("select count(*) from raw_s.t").fetchall() == [(3,)]


HUGE = "y" * 280_000_000  # a reader loses a line of so many letters without a reject


def test_a_blank_line_hides_no_lost_line_of_json(load):
    rows = [
        json.dumps({"id": 1, "name": "A", "city": "L"}),
        "",
        f'{{"id": 2, "name": "{HUGE}"}}',
        '{"id": 3, "name": "C"}',
    ]
    with pytest.raises(SourceError, match="of 4 lines only 3"):
        load(gzip.compress("\n".join([*rows, ""]).encode(), 1), format="jsonl")
    assert load("\n".join([rows[0], "", "", rows[0].replace("1", "4"), "", ""]), format="jsonl").inserted == 2


def test_nor_one_of_a_register_of_one_column(load):
    register = {"columns": {"number": "VARCHAR"}, "key": ("number",), "csv": CsvDialect(has_header=False)}
    with pytest.raises(SourceError, match="of 4 lines only 3"):
        load(gzip.compress(f"070123\n\n{HUGE}\n070124\n".encode(), 1), **register)
    assert load("070123\n\n070124\n\n\n", **register).source_rows == 5
