"""Tables that come in parts, by key: whatever order their files come in, a row of an older file replaces none of a newer one."""

from __future__ import annotations

from itertools import permutations

import pytest

from orchestration.extract.systems import registers, spar

COLUMNS = {"id": "BIGINT", "is_protected": "VARCHAR"}
HOW = {"columns": COLUMNS, "path": "**/*.csv"}


def part(**rows):
    return "id,is_protected\n" + "".join(f"{key[1:]},{said}\n" for key, said in rows.items())


@pytest.fixture
def load(load_files):
    return lambda files=None, **more: load_files(files, **{**HOW, **more})


@pytest.fixture
def said(warehouse):
    return lambda: dict(warehouse.execute("select id, is_protected from raw_s.t where _deleted_at is null").fetchall())


@pytest.mark.parametrize(
    ("older", "newer"),
    [
        ("a_20251101.csv", "a_20251102.csv"),
        ("a_30112025.csv", "a_01122025.csv"),  # the day stands first
        ("a_2025-11-01.csv", "a-20251102 (1).csv"),  # names that are unlike
        ("2025-11-01/a.csv", "2025-11-02/a.csv"),
        ("a_9.csv", "a_10.csv"),
    ],
)
def test_an_older_part_that_comes_late_replaces_no_row_of_a_newer_one(load, said, older, newer):
    load({newer: part(k1="yes", k2="no")})
    counts = load({older: part(k1="no", k2="no", k3="yes")})
    assert said() == {1: "yes", 2: "no", 3: "yes"}
    assert (counts.source_rows, counts.inserted, counts.updated, counts.unchanged) == (3, 1, 0, 2)
    (note,) = counts.notes
    assert note.startswith(f"{older}: older by its name than {newer}, which was read before: ")
    assert ("a date in each name" in note) == (older == "a_9.csv")
    assert load().notes == []


@pytest.mark.parametrize("order", list(permutations(range(1, 5))))
def test_parts_in_any_order_give_the_same_rows(load, said, order):
    """A row that came again unchanged is as new as the newest file that has it."""
    parts = {
        1: part(k1="yes", k2="no"),
        2: part(k1="no", k3="no"),
        3: part(k1="yes", k2="yes"),
        4: part(k3="yes", k4="no"),
    }
    for day in order:
        load({f"a_2025110{day}.csv": parts[day]})
    assert said() == {1: "yes", 2: "yes", 3: "yes", 4: "no"}


@pytest.mark.parametrize("order", list(permutations(range(1, 4))))
@pytest.mark.parametrize(("kind", "at"), [("DATE", "2025-11-01"), ("TIMESTAMP", "2025-11-01 10:00"), ("VARCHAR", "2025-11-01T10:00Z"), ("INTEGER", "7"), ("DATE", "")])  # fmt: skip
def test_of_rows_with_an_equal_cursor_the_newest_file_stands_in_any_order(load, said, order, kind, at):
    """A greater cursor counts more than a file's name."""
    greater = "8" if kind == "INTEGER" else "2025-11-02"
    parts = {
        1: f"id,is_protected,day\n1,a,{at}\n2,a,{greater}\n",
        2: f"id,is_protected,day\n1,b,{at}\n2,b,{at or '2025-11-01'}\n",
        3: f"id,is_protected,day\n1,c,{at}\n",
    }
    for day in order:
        load({f"a_2025110{day}.csv": parts[day]}, columns={**COLUMNS, "day": kind}, cursor="day")
    assert said() == {1: "c", 2: "a"}


@pytest.mark.parametrize("order", list(permutations(range(1, 4))))
def test_a_part_that_says_again_what_an_earlier_one_said_is_the_newest(load, said, order):
    parts = {1: part(k1="yes"), 2: part(k1="no"), 3: part(k1="yes")}
    for day in order:
        load({f"a_2025110{day}.csv": parts[day]})
    assert said() == {1: "yes"}


def test_parts_of_one_night_are_as_old_as_their_names_say(load, said):
    """Also beside a file whose name tells nothing, and whenever they were written."""
    load({"a_20251102.csv": part(k1="yes"), "more.csv": part(k9="no"), "a_20251101 (1).csv": part(k1="no")})
    assert said() == {1: "yes", 9: "no"}


def test_a_part_with_the_bytes_of_a_late_one_is_no_copy_of_what_stands(load, said):
    load({"a_20251102.csv": part(k1="yes")})
    load({"a_20251101.csv": part(k1="no")})
    load({"a_20251103.csv": part(k1="no")})
    assert said() == {1: "no"}


def test_a_part_of_a_day_that_is_still_to_come_makes_no_other_one_old(load, said):
    load({"a_20991231.csv": part(k1="no")})
    load({"a_20251102.csv": part(k1="yes")})
    assert said() == {1: "yes"}


def test_a_number_that_is_used_again_is_the_newest_file(load, said):
    """As of names that begin again each month; a date says for certain that it is not."""
    for number, content in ((9, "no"), (10, "no"), (9, "yes")):
        load({f"a_{number}.csv": part(k1=content)})
    assert said() == {1: "yes"}
    for day, content in ((1, "yes"), (2, "no"), (1, "maybe")):
        load({f"b_2025110{day}.csv": part(k2=content)})
    assert said() == {1: "yes", 2: "no"}


@pytest.mark.parametrize("table", [registers.ADDRESSES, spar.TABLES["addresses"]])
@pytest.mark.parametrize("is_one_night", [True, False])
def test_no_late_part_of_an_address_register_undoes_a_protected_identity(load_files, warehouse, table, is_one_night):
    """Whatever its date of effect: a protected identity may be entered with an old one."""

    def entry(effective_on, is_protected):
        row = {"entry_id": "1", "effective_on": effective_on, "is_protected": is_protected}
        return ",".join(table.columns) + "\n" + ",".join(row.get(column, "") for column in table.columns) + "\n"

    how = {"columns": table.columns, "key": table.key, "cursor": table.cursor, "table": {"read": table.read}}
    newer, older = {"a_20251102.csv": entry("2025-09-01", "1")}, {"a_20251101.csv": entry("2025-10-01", "0")}
    if is_one_night:
        load_files({**newer, **older}, **how)
    else:
        load_files(newer, **how)
        load_files(older, **how)
    assert warehouse.execute("select is_protected from raw_s.t").fetchall() == [("1",)]


def test_a_late_part_of_what_people_said_is_read_and_its_no_is_kept(load_files, said, warehouse):
    mapped = {"source_key": "id", "contact_point": "id", "stated_at": "day", "status": "is_protected"}
    table = {"maps": [{"entity": "consent_events", "columns": mapped}]}
    how = {"columns": {**COLUMNS, "day": "DATE"}, "table": table}
    head = "id,is_protected,day\n"
    load_files({"a_20251102.csv": head + "1,granted,2025-11-02\n2,withdrawn,2025-11-02\n"}, **how)
    load_files({"a_20251101.csv": head + "1,withdrawn,2025-11-01\n2,granted,2025-11-01\n"}, **how)
    assert said() == {1: "granted", 2: "withdrawn"}
    kept = warehouse.execute("select content from quarantine.rejected_rows").fetchall()
    assert len(kept) == 1 and "withdrawn" in kept[0][0]
