"""Files that are moved, cleared away or come with bytes that were read before: which of them is a delivery, and which is told."""

from __future__ import annotations

import os


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
