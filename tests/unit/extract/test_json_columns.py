"""Rows of a database whose JSON cannot be read are set aside under the names of the table, one for each row that is lacking."""

from __future__ import annotations

import json
import sqlite3

import pytest

from orchestration.core.errors import SourceError
from orchestration.core.settings import Settings, Source, Table
from orchestration.extract.extract import extract_source, prepare_raw

COLUMNS = {"order": "BIGINT", "place": "BIGINT", "sku": "VARCHAR"}
CARRIED = {"order": "no", "place": "#"}
STATEMENTS = {"entity": "consent_events", "columns": {"source_key": ["order", "place"], "contact_point": "sku"}, "constants": {"status": "withdrawn", "purpose": "all", "channel": "all"}}  # fmt: skip


@pytest.fixture
def load(home, warehouse, tmp_path):
    def go(documents: list[bytes], maps=()) -> tuple[int, int, list]:
        with sqlite3.connect(tmp_path / "s.sqlite") as database:
            database.execute("create table answers (no integer, document text, unread text)")
            database.executemany("insert into answers values (?, cast(? as text), 'x')", list(enumerate(documents, start=1)))  # fmt: skip
        table = Table.model_validate({"columns": COLUMNS, "carried": CARRIED, "rows_in": "document.lines", "key": ["order", "place"], "table": "answers", "maps": list(maps)})  # fmt: skip
        source = Source(connector="sql", url=f"sqlite:///{tmp_path}/s.sqlite", tables={"lines": table})
        settings = Settings(company="T", sources={"s": source}, quality={"max_reject_share": 0.6})
        prepare_raw(warehouse, settings)
        counts = extract_source(warehouse, home, settings, "s")["lines"]
        told = "select reason_code, content from quarantine.rejected_rows order by content"
        return counts.inserted, counts.rejected, warehouse.execute(told).fetchall()

    return go


def of(*words: str) -> bytes:
    return json.dumps({"lines": [{"sku": word} for word in words], "other": "y"}, ensure_ascii=False).encode("latin-1")


@pytest.mark.parametrize("is_refusal", [False, True])
def test_broken_json_is_found_again_by_the_key_that_the_table_carries(load, is_refusal):
    inserted, rejected, ((reason, content),) = load([of("A"), b'{"lines": [{"sku": "B"'], [STATEMENTS] * is_refusal)
    assert (inserted, rejected, reason) == (1, 1, "not_an_object")
    if is_refusal:
        assert json.loads(content) == {"no": "2", "document": '{"lines": [{"sku": "B"', "order": "2"}
    else:
        assert content == '"order":"2"'


def test_text_of_another_encoding_costs_its_rows_and_each_is_told(load):
    found = load([of("A"), of("B"), of("C", "D"), of("Åsa", "Öl"), b'\xc5{"', of("Å"), of("E")])
    told = [("not_utf_8", json.dumps(row, ensure_ascii=False)) for row in ({"order": "4", "place": 1, "sku": "\ufffdsa"}, {"order": "4", "place": 2, "sku": "\ufffdl"}, {"order": "5"}, {"order": "6", "place": 1, "sku": "\ufffd"})]  # fmt: skip
    assert (found[0], found[1]) == (5, 4)
    assert sorted((code, json.dumps(json.loads(row), sort_keys=True)) for code, row in found[2]) == sorted((code, json.dumps(json.loads(row), sort_keys=True)) for code, row in told)  # fmt: skip


def test_a_database_of_another_encoding_is_refused(load):
    with pytest.raises(SourceError, match="text of column document is not UTF-8 in 3 of 3 rows"):
        load([of("Å"), of("Ö"), of("Ä")])
