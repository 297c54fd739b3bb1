"""Which files are new: known by path and content, whatever folders, names and stores say; and what is not a file costs only itself."""

from __future__ import annotations

import hashlib
import os
import time
from pathlib import Path

import duckdb
import pytest
from fsspec.implementations.local import LocalFileSystem

from orchestration.core.errors import SourceError
from orchestration.core.settings import CsvDialect, Table
from orchestration.extract.delivery_checks import read_companion

TEXT = {"id": "VARCHAR", "status": "VARCHAR"}


@pytest.fixture
def load(load_files):
    return lambda files=None, **more: load_files(files, **{"columns": TEXT, **more})


@pytest.fixture
def raw(warehouse):
    return lambda columns="id, status": warehouse.execute(
        f"select {columns} from raw_s.t where _deleted_at is null order by all"
    ).fetchall()


def test_a_file_that_returns_to_earlier_bytes_is_loaded_each_time(load, load_files, raw):
    yes, no = "id,status\n1,ja\n", "id,status\n1,nej\n"
    for content, said, written in ((yes, "ja", 1), (no, "nej", 2), (yes, "ja", 1)):
        (load_files.folder / "choices.csv").write_text(content)
        os.utime(load_files.folder / "choices.csv", (written, written))  # the third as restored from a backup
        load()
        assert raw() == [("1", said)]
    assert load().source_rows == 0


def test_of_daily_files_one_that_says_what_an_earlier_one_said_is_news(load, raw):
    yes, no = "id,status\n1,ja\n", "id,status\n1,nej\n"
    load({"c_1.csv": yes})
    load({"c_2.csv": no})
    load({"c_3.csv": yes})
    assert raw() == [("1", "ja")]


def test_nor_is_one_of_the_same_last_name_in_another_folder_a_copy(load, raw):
    yes, no = "id,status\n1,ja\n", "id,status\n1,nej\n"
    for file, content, said in (("a.csv", no, "nej"), ("a.csv", yes, "ja"), ("2026-11-27/a.csv", no, "nej")):
        load({file: content}, path="**/*.csv")
        assert raw() == [("1", said)]
    assert load(path="**/*.csv").source_rows == 0


def test_under_names_that_rotate_a_file_that_is_written_anew_is_news(load, raw, load_files):
    yes, no = "id,status\n1,ja\n", "id,status\n1,nej\n"
    for file, content, said in (("mon.csv", no, "nej"), ("tue.csv", yes, "ja"), ("mon.csv", no, "nej")):
        counts = load({file: content})
        assert raw() == [("1", said)]
        assert load().source_rows == 0
    assert counts.notes == [
        "mon.csv: written anew, with the content that it had before tue.csv came: read again, as the newest delivery"
    ]
    # another file came before it within one night
    for at, (file, content) in enumerate((("tue.csv", "id,status\n1,osäker\n"), ("mon.csv", no))):
        (load_files.folder / file).write_text(content)
        os.utime(load_files.folder / file, (time.time() + at, time.time() + at))
    load()
    assert raw() == [("1", "nej")]


def test_a_copy_is_one_of_the_newest_delivery_whatever_was_touched_since(load, raw, load_files):
    yes, no = "id,status\n1,ja\n", "id,status\n1,nej\n"
    load({"a.csv": no})
    load({"b.csv": yes})
    (load_files.folder / "b.csv").touch()
    assert load().source_rows == 0
    (load_files.folder / "a.csv").chmod(0o640)
    os.utime(load_files.folder / "a.csv", (1, 1))
    assert load().source_rows == 0
    # all of the folder, as a backup that is put back does
    for at, file in enumerate(("b.csv", "a.csv")):
        os.utime(load_files.folder / file, (time.time() + at, time.time() + at))
    assert load().source_rows == 0
    assert load({"c.csv": yes}).source_rows == 0
    assert raw() == [("1", "ja")]
    load({"c.csv": no})
    assert raw() == [("1", "nej")]


@pytest.mark.parametrize("table", [{}, {"is_whole": True}])
def test_a_file_that_is_touched_is_no_delivery(load, raw, load_files, table):
    """Its old values would come back, and of whole files whoever was added since would be gone."""
    old, new = "id,status\n1,ja\n", "id,status\n1,nej\n2,nej\n"
    for content, number in ((old, 9), (new, 10)):
        load({f"nix_{number}.csv": content}, table=table)
    (load_files.folder / "nix_9.csv").touch()
    counts = load(table=table)
    assert (counts.source_rows, raw()) == (0, [("1", "nej"), ("2", "nej")])
    assert counts.notes == ["nix_9.csv: written anew, with the content that was read before: not read again"]
    assert load(table=table).notes == []
    # it is one with another content; of whole files the newest version stands
    load({"nix_9.csv": old.replace("ja", "osäker")}, table=table)
    assert raw() == [("1", "nej" if table else "osäker"), ("2", "nej")]


def test_a_touched_file_without_a_key_is_told_and_not_read_again(load, raw, load_files):
    load({f"spend_{n}.csv": f"id,status\n{n},a\n" for n in range(5)}, key=())
    for file in load_files.folder.iterdir():
        file.touch()
    counts = load(key=())
    assert (counts.source_rows, len(raw())) == (0, 5)
    assert counts.notes == [
        "spend_0.csv, spend_1.csv, spend_2.csv and 2 more: written anew, with the content that was read before: not read again"
    ]


@pytest.mark.parametrize("key", [("id",), ()])
@pytest.mark.parametrize("is_link", [True, False])
def test_a_file_of_the_same_size_and_time_is_news_by_its_content(load, raw, load_files, tmp_path, key, is_link):
    file = tmp_path / "current.csv" if is_link else load_files.folder / "c.csv"
    if is_link:
        (load_files.folder / "c.csv").symlink_to(file)
    for said in ("ja!", "nej", "nja"):
        file.write_text(f"id,status\n1,{said}\n")
        os.utime(file, (1, 1))  # as cp -p and touch -d leave it
        load(key=key)
        assert raw() == [("1", said)]
    assert load(key=key).source_rows == 0


def test_files_of_one_name_in_dated_folders_are_all_loaded(load, raw):
    columns = {"no": "VARCHAR", "total": "VARCHAR"}
    load({"2026-11-01/o.csv": "no,total\n1,100\n2,200\n"}, path="*/o.csv", key=(), columns=columns)
    load({"2026-11-02/o.csv": "no,total\n3,300\n"}, path="*/o.csv", key=(), columns=columns)
    assert raw("no, total, _source_file") == [
        ("1", "100", "2026-11-01/o.csv"),
        ("2", "200", "2026-11-01/o.csv"),
        ("3", "300", "2026-11-02/o.csv"),
    ]
    assert load(path="*/o.csv", key=(), columns=columns).source_rows == 0


def test_without_a_key_files_of_the_same_bytes_are_all_loaded_and_a_moved_one_is_not(load, raw, load_files):
    spend, how = "campaign,cost\nads,10\nmail,5\n", {"path": "**/spend.csv", "key": ()}
    how["columns"] = {"campaign": "VARCHAR", "cost": "VARCHAR"}
    load({f"2026-11-0{day}/spend.csv": spend for day in (1, 2)}, **how)
    load({"2026-11-03/spend.csv": spend}, **how)
    assert raw("campaign, cost") == [("ads", "10")] * 3 + [("mail", "5")] * 3
    folder = load_files.folder
    (folder / "done").mkdir()
    (folder / "2026-11-01").rename(folder / "done" / "2026-11-01")
    assert load(**how).source_rows == 0
    assert len(raw("campaign, cost")) == 6


SPEND = {"path": "**/*.csv", "key": (), "columns": {"campaign": "VARCHAR", "cost": "VARCHAR"}}
ADS = "campaign,cost\nads,10\n"


def test_a_path_that_is_gone_was_moved_once_and_no_more(load, raw, load_files):
    """Each daily file goes to another folder once it was read; the same bytes come again and again."""
    folder = load_files.folder
    load({"in/spend.csv": ADS}, **SPEND)
    for day in (1, 2, 3):
        (folder / f"done/{day}").mkdir(parents=True)
        (folder / "in/spend.csv").rename(folder / f"done/{day}/spend.csv")
        assert load(**SPEND).source_rows == 0, "it was only moved"
        assert load({"in/spend.csv": ADS}, **SPEND).inserted == 1
        assert len(raw("campaign")) == day + 1
    assert load(**SPEND).source_rows == 0
    # what was moved stands whatever its former path brings; and what is moved on is known by its newest path
    load({"in/spend.csv": ADS + "mail,5\n"}, **SPEND)
    assert raw("campaign, cost") == [("ads", "10")] * 4 + [("mail", "5")]
    (folder / "done/1").rename(folder / "done/one")
    assert load(**SPEND).source_rows == 0
    load({"done/one/spend.csv": "campaign,cost\nads,11\n"}, **SPEND)
    assert raw("campaign, cost") == [("ads", "10")] * 3 + [("ads", "11"), ("mail", "5")]


def test_the_bytes_of_a_file_that_was_cleared_away_are_news_under_another_name(load, raw, load_files):
    """The folder is emptied after each night, and every file has its date for a name."""
    for day in (1, 2, 3):
        assert load({f"spend_{day}.csv": ADS}, **SPEND).inserted == 1
        (load_files.folder / f"spend_{day}.csv").unlink()
    assert raw("campaign") == [("ads",)] * 3


def test_a_file_that_may_be_another_day_of_the_same_numbers_is_told(load, raw, load_files):
    """Dated folders that are cleared: nothing but its time tells a file that was moved from a day that repeats another."""
    folder, other = load_files.folder, "campaign,cost\nmail,5\n"
    for day, (content, rows) in enumerate(((ADS, 1), (other, 1), (ADS, 0)), start=1):
        for former in folder.glob("*/o.csv"):
            former.unlink()
        (folder / f"d{day}").mkdir()
        (folder / f"d{day}/o.csv").write_text(content)
        os.utime(folder / f"d{day}/o.csv", (day * 86_400, day * 86_400))
        counts = load(**SPEND)
        assert counts.inserted == rows
    assert counts.notes == [
        "d3/o.csv (as d1/o.csv): the content and the last name of a file that is gone, written at another time: taken as that "
        "file, moved, so 1 rows are not read again; where it is a delivery of its own, put a copy of it beside it under "
        "another name"
    ]
    assert load(**SPEND).notes == []
    # as the note says
    assert load({"d3/o_3.csv": ADS}, **SPEND).inserted == 1
    assert raw("campaign") == [("ads",), ("ads",), ("mail",)]
    # whatever moves a file keeps its time
    (folder / "done").mkdir()
    (folder / "d3/o.csv").rename(folder / "done/o.csv")
    counts = load(**SPEND)
    assert (counts.source_rows, counts.notes) == (0, [])


def test_a_digit_that_no_number_has_is_a_character_of_a_name(load, raw):
    assert load({"1²3.csv": "id,status\n1,a\n", "4²5.csv": "id,status\n1,b\n"}).rejected == 0
    assert raw() == [("1", "b")]


def test_of_two_new_files_with_the_bytes_of_one_that_is_gone_one_is_it(load, raw, load_files):
    load({"a/spend.csv": ADS}, **SPEND)
    (load_files.folder / "a/spend.csv").unlink()
    assert load({"b/spend.csv": ADS, "c/spend.csv": ADS}, **SPEND).inserted == 1
    assert raw("campaign") == [("ads",)] * 2
    assert load(**SPEND).source_rows == 0


def test_a_file_with_another_name_and_its_old_time_was_moved(load, raw, load_files, warehouse):
    load({"spend.csv": ADS + "mail,5,6\n"}, **SPEND)
    (load_files.folder / "spend.csv").rename(load_files.folder / "spend_read.csv")
    assert load(**SPEND).source_rows == 0
    assert raw("campaign, _source_file") == [("ads", "spend_read.csv")]
    # what was rejected of it is told of the file that holds it
    assert warehouse.execute("select file from quarantine.rejected_rows").fetchall() == [("spend_read.csv",)]


@pytest.mark.parametrize("format", ["csv", "jsonl", "parquet"])
def test_a_folder_that_is_named_like_a_column_does_not_override_it(load, raw, warehouse, load_files, format):
    content = {"csv": "id,status\n1,web\n", "jsonl": '{"id": "1", "status": "web"}\n'}.get(format, "")
    load_files.folder.joinpath("status=lund").mkdir()
    if format == "parquet":
        target = load_files.folder / "status=lund" / "o.parquet"
        warehouse.execute(f"copy (select '1' as id, 'web' as status) to '{target}'")
        load(path="*/*.parquet", format=format)
    else:
        load({f"status=lund/o.{format}": content}, path="*/*", format=format)
    assert raw() == [("1", "web")]


def test_brackets_in_names_are_no_pattern(load, raw):
    load({"orders[1].csv": "id,status\n1,a\n", "orders(2).csv": "id,status\n2,b\n"}, path="orders*.csv")
    assert raw() == [("1", "a"), ("2", "b")]


def test_of_numbered_exports_the_highest_number_is_the_newest(load, raw):
    exports = {f"export_{n}.csv": f"id,status\n1,{n}\n" for n in (10, 8, 9)}
    load(exports, path="export_*.csv")
    assert raw() == [("1", "10")]


def test_of_rows_with_one_key_the_last_of_the_newest_file_counts(load, raw):
    many = "".join(f"{n},first\n" for n in range(30_000)) + "7,last\n"
    load({"a_1.csv": "id,status\n" + many, "a_2.csv": "id,status\n8,newer\n"})
    assert dict(raw())["7"] == "last" and dict(raw())["8"] == "newer"


def test_a_link_to_nowhere_costs_only_itself_and_is_told(load, raw, load_files, warehouse):
    (load_files.folder / "b.csv").symlink_to("nowhere.csv")
    counts = load({"a.csv": "id,status\n1,a\n"})
    assert (counts.inserted, counts.rejected) == (1, 1) and raw() == [("1", "a")]
    told = warehouse.execute("select file, reason from quarantine.rejected_rows").fetchall()
    assert told == [("b.csv", "the file is gone, or a link to nowhere")]
    assert load().rejected == 1  # and again, while it is there


@pytest.mark.parametrize("kind", ["pipe", "device", "told by a pipe"])
def test_what_has_no_end_is_not_opened_and_told(load, raw, load_files, warehouse, kind):
    other = load_files.folder / "b.csv"
    if kind == "pipe":
        os.mkfifo(other)
    elif kind == "device":
        other.symlink_to("/dev/zero")
    else:
        other.write_text("id,status\n2,b\n")
        os.mkfifo(load_files.folder / "b.csv.sha256")
    content = b"id,status\n1,a\n"
    files = {"a.csv": content, "a.csv.sha256": hashlib.sha256(content).hexdigest()}
    counts = load(files, path="*.csv", table={"told_by": "sha256"})
    assert (counts.inserted, counts.rejected) == (1, 1) and raw() == [("1", "a")]
    told = warehouse.execute("select file, reason from quarantine.rejected_rows").fetchall()
    assert told == [("b.csv", "it is not a file, but a pipe, a socket or a device")]


@pytest.mark.parametrize("format", ["csv", "latin-1", "jsonl", "json_pages", "parquet"])
def test_a_file_that_vanishes_while_it_is_read_is_an_error_of_its_table(load, raw, load_files, monkeypatch, format):
    """Whatever clears the folder comes between the listing and the read."""
    content: str | bytes = {
        "latin-1": "id,status\n1,a\n2,\x96\n".encode("latin-1"), "jsonl": '{"id": "1", "status": "a"}\n',
        "json_pages": '{"data": [{"id": "1", "status": "a"}]}',
    }.get(format, "id,status\n1,a\n")  # fmt: skip
    (load_files.folder / "a.x").write_bytes(content if isinstance(content, bytes) else content.encode())
    if format == "parquet":
        duckdb.execute(f"copy (select '1' as id, 'a' as status) to '{load_files.folder}/a.x' (format parquet)")

    def clear(system, path, table, digest):
        Path(path).unlink()
        return None, None

    monkeypatch.setattr("orchestration.extract.delivered.read_companion", clear)
    how = {"format": "csv", "csv": CsvDialect(encoding="latin-1")} if format == "latin-1" else {"format": format}
    with pytest.raises(SourceError) as caught:
        load(path="a*", **how)
    assert caught.value.where == "a.x" and "source s, table t" in caught.value.what
    assert raw() == []


def test_a_home_that_knew_files_by_their_last_names_goes_on(load, raw, warehouse):
    columns = {"no": "VARCHAR", "total": "VARCHAR"}
    load({"in/o.csv": "no,total\n1,100\n"}, path="*/o.csv", key=(), columns=columns)
    # as an earlier version wrote it
    warehouse.execute("update ops.loaded_files set file = 'o.csv', noted_at = null")
    warehouse.execute("update raw_s.t set _source_file = 'o.csv', _row_key = 'old-1'")
    assert load(path="*/o.csv", key=(), columns=columns).source_rows == 0
    load({"in/o.csv": "no,total\n1,100\n2,200\n"}, path="*/o.csv", key=(), columns=columns)
    assert raw("no, _source_file") == [("1", "in/o.csv"), ("2", "in/o.csv")]


def test_a_statement_with_an_older_time_than_the_one_before_counts(load, raw):
    columns = {**TEXT, "at": "VARCHAR"}
    mapped = {"source_key": "id", "status": "status", "stated_at": "at", "contact_point": "id"}
    more = {"columns": columns, "cursor": "at", "table": {"maps": [{"entity": "consent_events", "columns": mapped}]}}
    load({"a_1.csv": "id,status,at\n1,ja,2026-05-01\n"}, **more)
    load({"a_2.csv": "id,status,at\n1,nej,2026-01-01\n"}, **more)
    assert raw() == [("1", "nej")]


def test_a_statement_with_a_clock_ahead_is_kept(load, raw):
    columns = {**TEXT, "at": "VARCHAR"}
    mapped = {"source_key": "id", "status": "status", "stated_at": "at", "contact_point": "id"}
    more = {"columns": columns, "cursor": "at", "table": {"maps": [{"entity": "consent_events", "columns": mapped}]}}
    load({"a_1.csv": "id,status,at\n1,nej,2999-01-01\n"}, **more)
    assert raw() == [("1", "nej")]


def test_columns_that_an_earlier_version_let_in_undeclared_go(load, raw, warehouse):
    load({"a.csv": "id,status\n1,a\n"})
    warehouse.execute("alter table raw_s.t add column colour varchar; update raw_s.t set colour = 'red'")
    warehouse.execute("update ops.loads set added_columns = ['colour']")
    load({"b.csv": "id,status\n2,b\n"})
    assert "colour" not in {column for column, *_ in warehouse.execute("describe raw_s.t").fetchall()}
    assert raw() == [("1", "a"), ("2", "b")]


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
