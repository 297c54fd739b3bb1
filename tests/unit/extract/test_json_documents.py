"""JSON files as programs write them: an array on one line, or indented, read as JSON Lines are."""

from __future__ import annotations

import gzip
import json

import pytest

from orchestration.core.errors import KundbildError
from orchestration.core.settings import Settings, Source, Table
from orchestration.extract.extract import extract_source, prepare_raw

ROWS = [{"id": n, "name": f"Å{n}", "at": {"city": "Lund"}} for n in range(1, 6)]
FORMS = {
    "an array on one line": json.dumps(ROWS),
    "an array, indented": json.dumps(ROWS, indent=2),
    "an array, indented by Windows": json.dumps(ROWS, indent=2).replace("\n", "\r\n"),
    "an array with a line each": "[\n" + ",\n".join(json.dumps(row) for row in ROWS) + "\n]",
    "an array whose objects share lines": "[" + ",\n".join(", ".join(json.dumps(r) for r in p) for p in (ROWS[:2], ROWS[2:])) + "]",
    "objects, indented": "\n".join(json.dumps(row, indent=2) for row in ROWS),
    "objects on one line": "".join(json.dumps(row) for row in ROWS),
    "lines": "\n".join(json.dumps(row) for row in ROWS),
}  # fmt: skip


@pytest.fixture
def load(home, warehouse, tmp_path):
    (tmp_path / "in").mkdir()
    table = Table(columns={"id": "BIGINT", "name": "VARCHAR", "at.city": "VARCHAR"}, key=["id"], path="*.json*")
    source = Source(connector="files", url=str(tmp_path / "in"), format="jsonl", tables={"members": table})
    settings = Settings(company="T", sources={"club": source})
    prepare_raw(warehouse, settings)

    def go(**files: str | bytes) -> tuple[int, int]:
        for name, content in files.items():
            packed = content if isinstance(content, bytes) else content.encode()
            (tmp_path / "in" / (f"{name}.json" + (".gz" if packed[:2] == b"\x1f\x8b" else ""))).write_bytes(packed)
        found = extract_source(warehouse, home, settings, "club")["members"]
        return found.inserted, found.rejected

    return go


@pytest.mark.parametrize("form", FORMS)
def test_each_element_is_a_row_however_it_is_written(load, warehouse, form):
    assert load(members=FORMS[form]) == (5, 0)
    rows = warehouse.execute('select id, name, "at.city" from raw_club.members order by 1').fetchall()
    assert rows == [(n, f"Å{n}", "Lund") for n in range(1, 6)]


def test_files_of_several_forms_are_one_table(load):
    more = [{**row, "id": row["id"] + 10} for row in ROWS]
    packed = gzip.compress(json.dumps([{**row, "id": row["id"] + 20} for row in ROWS]).encode())
    assert load(a=FORMS["lines"], b=json.dumps(more, indent=1), c=packed) == (15, 0)


def test_a_document_that_is_cut_is_refused_whole_and_its_words_are_not_quoted(load, warehouse):
    with pytest.raises(KundbildError) as raised:
        load(members=FORMS["an array, indented"][:-40])
    assert "not JSON to its end" in str(raised.value) and "members.json" in str(raised.value)
    assert "Å" not in str(raised.value) and "Lund" not in str(raised.value)
    assert warehouse.execute("select count(*) from raw_club.members").fetchall() == [(0,)]


def test_an_element_that_is_not_an_object_costs_only_itself(load, warehouse):
    rows = [{**row, "id": n} for n in range(1, 101) for row in ROWS[:1]]
    assert load(members=json.dumps([*rows, "Anna"])) == (100, 1)
    assert warehouse.execute("select count(*) from quarantine.rejected_rows").fetchall() == [(1,)]


@pytest.mark.parametrize("encoding", ["windows-1252", "utf-16"])
def test_a_document_of_another_encoding_is_named_as_such(load, encoding):
    with pytest.raises(KundbildError, match="is not UTF-8"):
        load(members=json.dumps(ROWS, ensure_ascii=False).encode(encoding))
