"""Which files are new: known by path and content, whatever folders, names and stores say; and what is not a file costs only itself.

Not here: files that are moved (test_moved_files.py), or what is told beside a file (test_told_files.py).
"""

from __future__ import annotations

import hashlib
import os
import time
from pathlib import Path

import duckdb
import pytest

from orchestration.core.errors import SourceError
from orchestration.core.settings import CsvDialect
from tests.unit.extract.deliveries import TEXT


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


def test_a_digit_that_no_number_has_is_a_character_of_a_name(load, raw):
    assert load({"1²3.csv": "id,status\n1,a\n", "4²5.csv": "id,status\n1,b\n"}).rejected == 0
    assert raw() == [("1", "b")]


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
