"""The files connector: every bad delivery has a clear outcome, and the books balance."""

from __future__ import annotations

import json
import re
import textwrap
import tomllib

import pytest

from orchestration.core.errors import SourceError
from orchestration.core.settings import PROJECT_DIR, CsvDialect
from orchestration.extract.records import LoadCounts

GOOD = "id,name,amount,day\n1,Åsa,10.50,2026-01-01\n2,Bo,7.25,2026-01-02\n3,Cy,1.00,2026-01-03\n"


@pytest.fixture
def load(load_files):
    return load_files


@pytest.fixture
def raw(warehouse):
    return lambda sql="select id, name from raw_s.t order by id": warehouse.execute(sql).fetchall()


def balances(counts: LoadCounts) -> bool:
    parts = counts.inserted + counts.updated + counts.unchanged + counts.duplicates + counts.rejected
    return counts.source_rows == parts


def test_a_file_is_loaded_once(load, raw):
    assert load({"a.csv": GOOD}).inserted == 3
    assert load().source_rows == 0
    assert raw() == [(1, "Åsa"), (2, "Bo"), (3, "Cy")]


def test_the_same_bytes_under_another_name_are_no_new_delivery(load, raw):
    load({"a.csv": GOOD})
    assert load({"b.csv": GOOD}).source_rows == 0
    assert len(raw()) == 3


def test_rows_delivered_twice_count_as_duplicates(load, raw):
    lines = GOOD.splitlines()
    counts = load({"a.csv": GOOD, "b.csv": "\n".join([lines[0], *reversed(lines[1:])]) + "\n"})
    assert (counts.source_rows, counts.inserted, counts.duplicates) == (6, 3, 3)
    assert len(raw()) == 3


def test_a_changed_row_replaces_and_an_equal_one_does_nothing(load, raw):
    load({"a.csv": GOOD})
    counts = load({"b.csv": GOOD.replace("Bo", "Bosse")})
    assert (counts.updated, counts.unchanged, counts.inserted) == (1, 2, 0)
    assert raw()[1] == (2, "Bosse") and balances(counts)


def test_files_in_another_order_give_the_same_rows(load, raw):
    old, new = GOOD, GOOD.replace("Bo", "Bosse").replace("2026-01-02", "2026-01-09")
    load({"b.csv": new}, cursor="day")
    load({"c.csv": old}, cursor="day")
    assert raw()[1] == (2, "Bosse")


def test_broken_dates_and_numbers_are_rejected_with_line_and_reason(load, raw, warehouse):
    more = "".join(f"{n},N,1.00,2026-01-04\n" for n in range(10, 20))
    counts = load({"a.csv": GOOD + "4,Di,ten,2026-01-01\n5,Ed,1.00,2026-02-31\n6,Flo,1.00,2026-01-01,extra\n" + more})
    assert (counts.inserted, counts.rejected) == (13, 3) and balances(counts)
    found = warehouse.execute("select line, column_name, reason from quarantine.rejected_rows order by line").fetchall()
    assert [(line, column) for line, column, _ in found] == [(5, "amount"), (6, "day"), (7, None)]
    assert "too many columns" in found[2][2]


def test_latin_1_bytes_are_rejected_and_the_rest_is_kept(load, raw):
    counts = load({"a.csv": GOOD.encode() + b"4,bl\xe5,1.00,2026-01-01\n"})
    assert (counts.inserted, counts.rejected) == (3, 1)


def test_latin_1_and_utf_16_are_read_when_declared(load, raw):
    load({"a.csv": GOOD.encode("latin-1")}, csv=CsvDialect(encoding="latin-1"))
    assert raw()[0] == (1, "Åsa")


def test_utf_16_is_named(load):
    with pytest.raises(SourceError, match="UTF-16") as caught:
        load({"a.csv": GOOD.encode("utf-16")})
    assert 'encoding = "utf-16"' in caught.value.to_do


def test_utf_16_is_read_when_declared(load, raw):
    load({"a.csv": GOOD.encode("utf-16")}, csv=CsvDialect(encoding="utf-16"))
    assert raw()[0] == (1, "Åsa")


def test_a_byte_order_mark_does_no_harm(load, raw):
    load({"a.csv": b"\xef\xbb\xbf" + GOOD.encode()})
    assert raw()[0] == (1, "Åsa")


def test_a_wrong_delimiter_is_named(load):
    with pytest.raises(SourceError, match="separated") as caught:
        load({"a.csv": GOOD.replace(",", ";")})
    assert 'delimiter = ";"' in caught.value.to_do


def test_decimal_commas_are_read_when_declared(load, warehouse):
    load({"a.csv": "id;name;amount;day\n1;A;10,50;2026-01-01\n"}, csv=CsvDialect(delimiter=";", decimal=","))
    assert warehouse.execute("select amount from raw_s.t").fetchall()[0][0] == 10.5


def test_an_empty_file_is_refused_and_a_header_alone_is_none(load, raw):
    with pytest.raises(SourceError, match="empty"):
        load({"a.csv": ""})
    assert load({"a.csv": "id,name,amount,day\n"}).inserted == 0


def test_a_missing_file_is_named(load):
    with pytest.raises(SourceError, match="no file matches"):
        load(path="orders_*.csv")


def test_a_file_cut_in_a_row_loses_only_that_row(load, raw):
    counts = load({"a.csv": GOOD[: GOOD.index(",1.00,2026-01-03")]})
    assert (counts.inserted, counts.rejected) == (2, 1) and balances(counts)


def test_an_unclosed_quote_is_rejected(load, raw):
    counts = load({"a.csv": GOOD + '4,"Di,1.00,2026-01-01\n'})
    assert (counts.inserted, counts.rejected) == (3, 1)


def test_a_null_byte_and_a_very_long_field_are_kept_or_rejected_never_lost(load, raw):
    counts = load({"a.csv": GOOD + "4,a\x00b,1.00,2026-01-01\n5," + "x" * 2_000_000 + ",1.00,2026-01-01\n"})
    assert counts.inserted + counts.rejected == 5 and balances(counts)
    # text behind it is not a part of another row, and is not cut off
    assert dict(raw()).get(4, "a\x00b") == "a\x00b"


def test_mixed_newlines(load, raw):
    counts = load({"a.csv": GOOD.replace("\n", "\r\n", 2)})
    assert (counts.inserted, counts.rejected) == (3, 0)


@pytest.mark.parametrize(("old", "new"), [("name,", ""), ("name", "full_name")])
def test_a_removed_or_renamed_column_stops_the_source(load, raw, old, new):
    load({"a.csv": GOOD})
    with pytest.raises(SourceError, match="column name is gone") as caught:
        load({"b.csv": GOOD.replace(old, new, 1).replace("1,Åsa", "9,Åsa")})
    assert "b.csv" in caught.value.where
    assert len(raw()) == 3


def test_a_retyped_column_stops_the_source(load, raw):
    load({"a.csv": GOOD})
    retyped = GOOD.replace("10.50", "ten").replace("7.25", "seven").replace("1.00", "one")
    with pytest.raises(SourceError, match="amount is no longer DECIMAL"):
        load({"b.csv": retyped})
    assert len(raw()) == 3


def test_an_undeclared_column_is_reported_and_does_not_enter(load, raw):
    load({"a.csv": GOOD})
    counts = load({"b.csv": "id,name,amount,day,colour\n4,Di,1.00,2026-01-04,red\n"})
    assert counts.added_columns == ["colour"] and counts.inserted == 1
    assert "colour" not in {column for column, *_ in raw("describe raw_s.t")}


def test_a_table_without_a_key_keeps_every_row_and_gives_each_a_name(load, raw):
    load({"a.csv": "a,b\n1,x\n1,x\n"}, key=(), columns={"a": "BIGINT", "b": "VARCHAR"})
    keys = raw("select _row_key from raw_s.t")
    assert len(set(keys)) == 2
    assert load(key=(), columns={"a": "BIGINT", "b": "VARCHAR"}).source_rows == 0


def test_without_a_key_a_file_that_comes_again_changed_replaces_what_it_brought(load, raw):
    columns = {"a": "BIGINT", "b": "VARCHAR"}
    load({"a.csv": "a,b\n1,x\n2,y\n", "other.csv": "a,b\n9,z\n"}, key=(), columns=columns)
    keys = dict(raw("select a, _row_key from raw_s.t"))
    counts = load({"a.csv": "a,b\n1,x\n3,new\n"}, key=(), columns=columns)
    assert (counts.inserted, counts.unchanged, counts.deleted) == (1, 1, 1) and balances(counts)
    assert raw("select a from raw_s.t where _deleted_at is null order by a") == [(1,), (3,), (9,)]
    assert dict(raw("select a, _row_key from raw_s.t where a in (1, 9)")) == {1: keys[1], 9: keys[9]}


def test_a_cursor_in_the_future_is_rejected(load, raw, warehouse):
    counts = load({"a.csv": GOOD + "4,Di,1.00,2999-01-01\n"}, cursor="day")
    assert (counts.inserted, counts.rejected) == (3, 1) and balances(counts)
    assert warehouse.execute("select reason from quarantine.rejected_rows").fetchall() == [("cursor in the future",)]


def test_a_first_load_leaves_few_row_groups_that_are_not_full(load, warehouse, tmp_path):
    """Those that are not are written anew by each checkpoint."""
    size, threads = 122_880, warehouse.execute("select current_setting('threads')").fetchall()[0][0]
    # written in order, each group of the file leaves a small one
    write = "copy (select i as id, 'A' as name from range({}) t(i)) to '{}/in/a.parquet' (format parquet, row_group_size {})"
    warehouse.execute(write.format(2 * (threads + 2) * size, tmp_path, size + 2_048))
    load(format="parquet", columns={"id": "BIGINT", "name": "VARCHAR"})
    rows = (
        "select sum(count) from pragma_storage_info('raw_s.t') where column_name = 'id' and segment_type = 'BIGINT' "
        "group by row_group_id"
    )
    assert sum(count < size for (count,) in warehouse.execute(rows).fetchall()) <= threads


def test_parquet_is_read_and_its_types_are_held_to(load, raw, warehouse, tmp_path):
    warehouse.execute(f"copy (select 1 as id, 'A' as name) to '{tmp_path}/in/a.parquet'")
    load(format="parquet", columns={"id": "BIGINT", "name": "VARCHAR"})
    assert raw() == [(1, "A")]
    warehouse.execute(f"copy (select 'x' as id, 'B' as name) to '{tmp_path}/in/b.parquet'")
    with pytest.raises(SourceError, match="column id is VARCHAR"):
        load(format="parquet", columns={"id": "BIGINT", "name": "VARCHAR"})


def test_json_lines_keep_what_is_whole(load, raw, warehouse):
    lines = [json.dumps({"id": n, "name": "N"}) for n in range(3)]
    broken = '{"id": 4, "name"\n[1, 2]\n{"id": "five", "name": "V"}\n'
    counts = load(
        {"a.jsonl": "\n".join(lines) + "\n" + broken}, format="jsonl", columns={"id": "BIGINT", "name": "VARCHAR"}
    )
    assert (counts.inserted, counts.rejected) == (3, 3) and balances(counts)
    reasons = {r for (r,) in warehouse.execute("select reason from quarantine.rejected_rows").fetchall()}
    assert reasons == {"not a JSON object", "not of the declared type"}


def test_json_pages_are_read_as_the_api_gives_them(load, raw):
    load(
        {"p1.json": '{"data":[{"id":1,"name":"A"},{"id":2,"name":"B"}]}'},
        format="json_pages",
        columns={"id": "BIGINT", "name": "VARCHAR"},
    )
    assert raw() == [(1, "A"), (2, "B")]


def test_html_in_place_of_json_is_refused_whole(load, raw):
    with pytest.raises(SourceError):
        load({"p1.json": "<html>502</html>"}, format="json_pages", columns={"id": "BIGINT", "name": "VARCHAR"})
    assert raw() == []


def test_errors_and_logs_hold_no_value(load, capfd):
    with pytest.raises(SourceError) as caught:
        load({"a.csv": GOOD.replace("10.50", "secret1").replace("7.25", "secret2").replace("1.00", "secret3")})
    assert "secret" not in str(caught.value)
    assert "secret" not in capfd.readouterr().err


def test_json_lines_without_a_row_have_no_byte(load, raw):
    assert load({"a.jsonl": ""}, format="jsonl", columns={"id": "BIGINT", "name": "VARCHAR"}).source_rows == 0
    assert (
        load(
            {"b.jsonl": '{"id": 1, "name": "A"}\n'}, format="jsonl", columns={"id": "BIGINT", "name": "VARCHAR"}
        ).inserted
        == 1
    )


@pytest.mark.parametrize("format", ["csv", "jsonl"])
def test_the_offset_of_a_time_counts(load, raw, format):
    at = ["2026-11-01T00:00:00+02:00", "2026-11-01T00:00:00.5-01:00", "2026-11-01T00:00:00Z", "2026-11-01 00:00:00"]
    csv = "id,at\n" + "".join(f"{n},{time}\n" for n, time in enumerate(at))
    jsonl = "".join(json.dumps({"id": n, "at": time}) + "\n" for n, time in enumerate(at))
    load({f"a.{format}": csv if format == "csv" else jsonl}, format=format, columns={"id": "BIGINT", "at": "TIMESTAMP"})
    assert [str(at) for (at,) in raw('select "at" from raw_s.t order by id')] == [
        "2026-10-31 22:00:00",
        "2026-11-01 01:00:00.500000",
        "2026-11-01 00:00:00",
        "2026-11-01 00:00:00",
    ]


@pytest.mark.parametrize(
    ("written", "there"),
    [
        ("2026-01-03T23:30:00+0200", "2026-01-03 22:30:00"), ("2026-01-03 23:30:00+02:00", "2026-01-03 22:30:00"),
        ("2026-01-03T23:30:00Z", "2026-01-04 00:30:00"), ("2026-01-03 23:30Z", "2026-01-04 00:30:00"), ("2026-01-03 23:30:00 UTC", "2026-01-04 00:30:00"),
        ("2026-01-03 23:30:00 Europe/Helsinki", "2026-01-03 22:30:00"), ("2026-01-03 23:30:00", "2026-01-03 23:30:00"), ("2026-01-03 23:30:00 CET", "2026-01-03 23:30:00"),
        ("2026-01-03 23:30:00 EST", "2026-01-04 05:30:00"),
    ],
)  # fmt: skip
def test_an_offset_counts_however_it_is_written(load, raw, written, there):
    """In raw a time is that of the source's own clock."""
    content = {"a.csv": f"id,at\n1,{written}\n"}
    load(content, format="csv", columns={"id": "BIGINT", "at": "TIMESTAMP"}, timezone="Europe/Stockholm")
    assert [str(at) for (at,) in raw('select "at" from raw_s.t')] == [there]


def test_the_share_of_rejected_lines_is_of_all_that_came_on_every_night(load_files):
    """Rows that did not change since the first night came too: the same bad lines are no larger share on the second."""
    good = "".join(f"{n},N{n},1.00,2026-01-01\n" for n in range(200))
    bad = "x,A,1.00,2026-01-01\ny,B,1.00,2026-01-01\n"
    header = "id,name,amount,day\n"
    assert load_files({"t.csv": header + good + bad}).rejected == 2
    counts = load_files({"t.csv": header + good + bad + "900,N,1.00,2026-01-01\n"})
    assert (counts.rejected, counts.inserted, counts.unchanged) == (2, 1, 200)


def test_each_file_is_read_by_the_width_of_its_own_header(load_files, warehouse):
    """A value of a wide file that swallowed lines is known by that file's width, not by the first file's."""
    narrow = "id,name,amount,day\n1,A,1.00,2026-01-01\n"
    row = "{},A,1.00,2026-01-01,x,y\n"
    swallowed = (
        "id,name,amount,day,more,most\n"
        + '2,"A,1.00,2026-01-01,x,y\n'
        + "".join(row.format(n) for n in range(3, 8))
        + '9,A",1.00,2026-01-01,x,y\n'
    )
    with pytest.raises(SourceError, match="holds lines that look like rows"):
        load_files({"t1.csv": narrow, "t2.csv": swallowed})


def test_the_nordic_file_of_the_documentation_is_read_as_it_says(load, raw):
    """What docs/sources.md says of `;`, decimal commas and a table without a header."""
    said = re.findall(r"```toml\n(.*?)```", (PROJECT_DIR / "docs" / "sources.md").read_text(), re.DOTALL)
    (shop,) = [tomllib.loads(textwrap.dedent(one))["sources"]["shop"] for one in said if "has_header" in one]
    source, table = CsvDialect(**shop["csv"]), CsvDialect(**shop["tables"]["points"]["csv"])
    load({"a.csv": "id;name;amount;day\n1;Åsa;1234,50;2026-01-01\n".encode("windows-1252")}, csv=source)
    # one of a table stands for itself: its encoding is utf-8 again
    load({"b.csv": "2;Östen;0,5;2026-01-01\n"}, csv=source, table={"csv": table}, path="b.csv")
    assert raw("select id, name, amount::varchar from raw_s.t order by id") == [
        (1, "Åsa", "1234.50"),
        (2, "Östen", "0.50"),
    ]


@pytest.mark.parametrize("encoding", ["latin-1", "windows-1252"])
def test_utf_8_is_named_however_late_its_first_letter_comes(load_files, encoding):
    columns = {"id": "BIGINT", "name": "VARCHAR"}
    rows = "id,name\n" + "".join(f"{n},name\n" for n in range(20_000))
    with pytest.raises(SourceError, match="the file is UTF-8, not"):
        load_files({"a.csv": f"{rows}20000,Åsa\n"}, columns=columns, csv=CsvDialect(encoding=encoding))
    more = f"{rows}20000,Å".encode(encoding)
    assert load_files({"a.csv": more}, columns=columns, csv=CsvDialect(encoding=encoding)).inserted == 20_001
