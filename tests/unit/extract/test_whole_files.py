"""Files that are whole tables: what the newest has no more is gone, but not everybody at once."""

from __future__ import annotations

import os
import sqlite3

import pytest

from orchestration.core.errors import SourceError
from orchestration.core.settings import Settings, Source, Table
from orchestration.core.settings.operation import Quality
from orchestration.extract.extract import extract_source, prepare_raw

WHOLE = {"columns": {"id": "BIGINT", "name": "VARCHAR"}, "table": {"is_whole": True}}


@pytest.fixture
def names(warehouse):
    return lambda: [n for (n,) in warehouse.execute("select name from raw_s.t where _deleted_at is null order by 1").fetchall()]  # fmt: skip


@pytest.mark.parametrize("optional", [True, False])
@pytest.mark.parametrize(
    ("format", "rows", "nothing"),
    [
        ("csv", "id,name\n1,Kim\n2,Bo\n", "id,name\n"),
        ("csv", "id,name\n1,Kim\n2,Bo\n", "id,name\nx,Kim\n"),  # nothing but a reject
        ("jsonl", '{"id": 1, "name": "Kim"}\n{"id": 2, "name": "Bo"}\n', ""),
        ("json_pages", '{"data": [{"id": 1, "name": "Kim"}, {"id": 2, "name": "Bo"}]}', '{"data": []}'),
    ],
)
def test_a_whole_file_without_rows_is_no_success_and_deletes_nobody(
    load_files, home, warehouse, names, format, rows, nothing, optional
):
    how = {**WHOLE, "format": format, "table": {"is_whole": True, "optional": optional}}
    load_files({"w_1.txt": nothing.replace("x,Kim\n", "")}, **how)  # a table that never had a row may be empty
    load_files({"w_2.txt": rows}, **how)
    for _ in range(2):  # it is not a copy the next night
        with pytest.raises(SourceError, match="it answers 0 rows, where there were 2; raw keeps what it had") as caught:
            load_files({"w_3.txt": nothing}, **how)
        assert caught.value.where == "w_3.txt" and "max_volume_drop" in caught.value.to_do
        assert names() == ["Bo", "Kim"]
    told = warehouse.execute("select is_ok from ops.source_status").fetchall()
    assert told == [(False,)]
    load_files({"w_4.txt": rows.replace("Kim", "Kay")}, **how)
    assert names() == ["Bo", "Kay"]
    if "x,Kim" not in nothing:
        # an owner may mean it
        (load_files.folder / "w_5.txt").write_text(nothing)
        table = Table(columns=WHOLE["columns"], key=["id"], path="*", is_whole=True)
        source = Source(connector="files", url=str(load_files.folder), format=format, tables={"t": table})
        meant = Settings(company="T", sources={"s": source}, quality=Quality(max_volume_drop=1))
        extract_source(warehouse, home, meant, "s")
        assert names() == []


def test_a_whole_file_with_fewer_rows_takes_those_away_that_are_gone(load_files, names):
    load_files({"w_1.csv": "id,name\n" + "".join(f"{n},Kim{n}\n" for n in range(40))}, **WHOLE)
    load_files({"w_2.csv": "id,name\n1,Kim1\n"}, **WHOLE)
    assert names() == ["Kim1"]


@pytest.mark.parametrize(
    ("format", "line", "broken"),
    [
        ("csv", "{n};Kim{n}\n", "{n};Kim;{n}\n"),  # a field too many
        ("csv", "{n};Kim{n}\n", "x{n};Kim{n}\n"),  # a key of another type
        ("jsonl", '{{"id": {n}, "name": "Kim{n}"}}\n', '{{"id": {n}, "name": "Kim{n}\n'),
        ("jsonl", '{{"id": {n}, "name": "Kim{n}"}}\n', '{{"id": "x{n}", "name": "Kim{n}"}}\n'),
    ],
)
def test_a_whole_file_with_a_rejected_line_deletes_nobody(load_files, warehouse, format, line, broken):
    """Whose line it is nobody can say: who is reserved would be written to."""

    def deliver(file, *, without=(), bad=()):
        lines = [(broken if n in bad else line).format(n=n) for n in range(10, 40) if n not in without]
        how = {**WHOLE, "format": format} | ({"csv": {"delimiter": ";"}} if format == "csv" else {})
        return load_files({file: ("id;name\n" if format == "csv" else "") + "".join(lines)}, **how)

    def gone():
        return [n for (n,) in warehouse.execute("select id from raw_s.t where _deleted_at is not null order by 1").fetchall()]  # fmt: skip

    deliver("w_1.csv")
    deliver("w_2.csv", without=[12])
    assert gone() == [12]
    counts = deliver("w_3.csv", without=[13], bad=[20])
    # who came again stands again
    assert (counts.rejected, counts.kept, counts.deleted, gone()) == (1, 2, 0, [])
    counts = deliver("w_4.csv", without=[13])
    assert (counts.rejected, counts.kept, counts.deleted, gone()) == (0, 0, 1, [13])


FIRST, SECOND = "id,name\n1,Kim\n2,Bo\n3,Ada\n", "id,name\n1,Kim\n2,Boel\n4,Eva\n"


@pytest.mark.parametrize(
    ("older", "newer"),
    [
        ("w_20251101.csv", "w_20251102.csv"),
        ("w_30112025.csv", "w_01122025.csv"),  # the day stands first
        ("w_2025-11-01.csv", "w-20251102 (1).csv"),  # names that are unlike
        ("2025-11-01/w.csv", "2025-11-02/w.csv"),
    ],
)
def test_an_older_whole_file_that_comes_late_changes_nothing_and_is_told(load_files, names, older, newer):
    """Whoever is only in the newer one would be free; and the same files in any order are the same table."""
    how = {**WHOLE, "path": "**/*.csv"}
    load_files({newer: SECOND}, **how)
    counts = load_files({older: FIRST}, **how)
    assert (counts.source_rows, counts.deleted, names()) == (0, 0, ["Boel", "Eva", "Kim"])
    assert counts.notes == [f"{older}: older by its name than {newer}, which was read before: not read"]
    assert load_files(**how).notes == []
    # nor where it is written anew with other content
    counts = load_files({older: "id,name\n1,Kimberly\n9,Per\n"}, **how)
    assert (counts.deleted, names(), len(counts.notes)) == (0, ["Boel", "Eva", "Kim"], 1)
    # what is the newest version still is the whole
    load_files({newer: "id,name\n4,Eva\n"}, **how)
    assert names() == ["Eva"]


def test_whole_files_of_one_night_are_as_old_as_their_dates_say(load_files, names):
    for at, (file, content) in enumerate((("w_20251102 (1).csv", SECOND), ("w_20251101.csv", FIRST))):
        (load_files.folder / file).write_text(content)
        os.utime(load_files.folder / file, (at + 1, at + 1))
    load_files(**WHOLE)
    assert names() == ["Boel", "Eva", "Kim"]


def test_a_whole_file_with_a_lower_number_frees_nobody_and_adds(load_files, names):
    """By numbers alone nobody can say which is the newer one: they may begin again each month."""
    load_files({"w_10.csv": SECOND}, **WHOLE)
    counts = load_files({"w_9.csv": FIRST}, **WHOLE)
    assert (counts.inserted, counts.unchanged, counts.deleted) == (1, 2, 0)
    assert names() == ["Ada", "Boel", "Eva", "Kim"]
    assert counts.notes == [
        "w_9.csv: older by its name than w_10.csv, which was read before: what only it has is added, nothing is replaced and "
        "nobody is gone; a date in each name, as 20261102, tells which is the newer one for certain"
    ]
    # a newer one comes with an older one, which was written last
    load_files({"w_11.csv": "id,name\n4,Eva\n", "w_8.csv": FIRST}, **WHOLE)
    assert names() == ["Eva"]


def test_a_whole_file_of_a_day_that_is_still_to_come_makes_no_other_one_old(load_files, names):
    load_files({"w_20991231.csv": FIRST}, **WHOLE)
    load_files({"w_20251102.csv": SECOND}, **WHOLE)
    assert names() == ["Boel", "Eva", "Kim"]


def test_a_late_whole_file_of_what_people_said_is_read_and_its_no_is_kept(load_files, names, warehouse):
    table = {"is_whole": True, "maps": [{"entity": "consent_events", "columns": {**SAYS_NO, "source_key": "id"}}]}
    how = {"columns": {"id": "BIGINT", "name": "VARCHAR", "day": "DATE"}, "table": table}
    head = "id,name,day\n"
    load_files({"w_20251102.csv": head + "1,granted,2025-11-02\n2,granted,2025-11-02\n"}, **how)
    counts = load_files({"w_20251101.csv": head + "1,withdrawn,2025-11-01\n3,withdrawn,2025-11-01\n"}, **how)
    assert (counts.deleted, names()) == (0, ["granted", "granted", "withdrawn"])
    kept = warehouse.execute("select content from quarantine.rejected_rows").fetchall()
    assert len(kept) == 1 and "withdrawn" in kept[0][0]


def test_a_reject_of_an_older_whole_file_of_the_night_holds_nothing(load_files, names):
    load_files({"w_1.csv": "id,name\n1,Kim\n2,Bo\n3,Ada\n"}, **WHOLE)
    counts = load_files({"w_2.csv": "id,name\n1,Kim\n2,Bo,2\n", "w_3.csv": "id,name\n1,Kim\n"}, **WHOLE)
    assert (counts.rejected, counts.kept, names()) == (1, 0, ["Kim"])


LIST = {"key": (), "columns": {"name": "VARCHAR", "day": "DATE"}}
SAYS_NO = {"source_key": "name", "contact_point": "name", "stated_at": "day", "status": "name"}


def listed(*names, bad=()):
    return "name,day\n" + "".join(f"{name},2026-01-01{',x' if name in bad else ''}\n" for name in names)


@pytest.mark.parametrize("bad", ["Bo,2026-01-01,x\n", "Bo,yesterday\n"])
def test_whoever_stood_in_a_rejected_line_of_a_file_without_a_key_stays(load_files, names, bad):
    load_files({"a.csv": listed("Kim", "Bo", "Ada"), "b.csv": listed("Eva", "Per")}, **LIST)
    counts = load_files({"a.csv": "name,day\nKim,2026-01-01\nAda,2026-01-01\n" + bad, "b.csv": listed("Eva")}, **LIST)
    # of a file that is read whole it is known who is gone
    assert (counts.rejected, counts.kept, counts.deleted, names()) == (1, 1, 1, ["Ada", "Bo", "Eva", "Kim"])
    counts = load_files({"a.csv": listed("Kim", "Ada")}, **LIST)
    assert (counts.kept, counts.deleted, names()) == (0, 1, ["Ada", "Eva", "Kim"])


def test_more_rows_than_lines_were_rejected_are_gone_and_it_is_told(load_files, names):
    """Old versions of rows that changed would stand beside the new ones, night after night."""
    load_files({"a.csv": listed("Kim", "Bo", "Ada")}, **LIST)
    counts = load_files({"a.csv": listed("Kim", "Boel", "Adam", "Eva", bad=["Eva"])}, **LIST)
    assert (counts.rejected, counts.kept, counts.deleted, names()) == (1, 0, 2, ["Adam", "Boel", "Kim"])
    assert counts.notes == ["lines are rejected, and 2 rows are gone: rows that stood in such lines may be among them"]


def test_a_file_without_a_key_that_comes_again_without_rows_is_no_success(load_files, names):
    load_files({"a.csv": listed("Kim", "Bo"), "b.csv": listed("Eva")}, **LIST)
    for nothing in (listed(), "name,day\nBo,yesterday\n"):
        with pytest.raises(SourceError, match="it answers 0 rows, where there were 2; raw keeps what it had") as caught:
            load_files({"a.csv": nothing}, **LIST)
        assert caught.value.where == "a.csv" and names() == ["Bo", "Eva", "Kim"]
    assert load_files({"a.csv": listed("Kim", "Bo")}, **LIST).changed == 0
    # a file that never had a row may have none, and what is new in all its rows has rows
    load_files({"a.csv": listed("Ada"), "c.csv": listed()}, **LIST)
    assert names() == ["Ada", "Eva"]


@pytest.mark.parametrize(
    "table",
    [
        {"maps": [{"entity": "consent_events", "columns": SAYS_NO}]},
        {"retention": {"category": "register", "happened_at": ["day"]}},
        {"maps": [{"entity": "people", "columns": {"source_key": "name", "full_name": "name"}}]},
    ],
)
def test_of_people_and_of_what_they_said_none_is_gone_by_a_file_with_a_rejected_line(load_files, names, table):
    load_files({"a.csv": listed("Kim", "Bo", "Ada")}, table=table, **LIST)
    counts = load_files({"a.csv": listed("Kim", "Eva", bad=["Eva"])}, table=table, **LIST)
    assert (counts.rejected, counts.kept, counts.deleted, names()) == (1, 2, 0, ["Ada", "Bo", "Kim"])


def test_a_row_of_a_database_that_is_rejected_is_not_gone(home, warehouse, tmp_path):
    with sqlite3.connect(tmp_path / "a.sqlite") as con:
        con.execute("create table t (name text, day text)")
        con.executemany("insert into t values (?, ?)", [(f"N{n}", "2026-01-01") for n in range(9)])
    con.close()

    def load():
        table = Table(columns=LIST["columns"])
        source = Source(connector="sql", url=f"sqlite:///{tmp_path}/a.sqlite", tables={"t": table})
        settings = Settings(company="T", sources={"s": source})
        prepare_raw(warehouse, settings)
        return extract_source(warehouse, home, settings, "s")["t"]

    load()
    with sqlite3.connect(tmp_path / "a.sqlite") as con:
        con.execute("update t set day = 'yesterday' where name = 'N1'")
    con.close()
    counts = load()
    assert (counts.rejected, counts.kept, counts.deleted) == (1, 1, 0)
