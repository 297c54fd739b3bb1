"""Files that go while they are looked at: another program may move them. The look says so, and looks at the others."""

from __future__ import annotations

import pytest

from orchestration.core.errors import SourceError
from orchestration.core.settings import Source, Table
from orchestration.proposals.looked import look, looking
from orchestration.proposals.places import groups_of, place_of
from orchestration.run import first_tables
from orchestration.run.first_tables import FirstTables


@pytest.mark.parametrize(("name", "content"), [("t.csv", "id,name\n1,A\n"), ("t.json", '{"id": 1}\n'), ("t.se", "#FLAGGA 0\n")])  # fmt: skip
def test_a_file_that_is_gone_since_it_was_listed_is_told(tmp_path, name, content):
    (tmp_path / name).write_text(content)
    place = place_of("shop", str(tmp_path))
    (group,) = groups_of(place)
    (tmp_path / name).unlink()
    with looking() as con, pytest.raises(SourceError, match="the file is gone"), look(con, "shop", place, group):
        pass


@pytest.mark.parametrize(("form", "content"), [("csv", "id\n1\n"), ("jsonl", '{"id": 1}\n'), ("json_pages", '{"data": [{"id": 1}]}')])  # fmt: skip
def test_first_rows_of_a_file_that_goes_are_none(tmp_path, warehouse, monkeypatch, form, content):
    (tmp_path / "t.txt").write_text(content)
    listed = first_tables.oldest_first

    def gone(files):
        found = listed(files)
        monkeypatch.setattr(first_tables.Store, "why_no_file", lambda self, file: (tmp_path / "t.txt").unlink())
        return found

    monkeypatch.setattr(first_tables, "oldest_first", gone)
    table = Table(columns={"id": "BIGINT"}, path="t.txt")
    with FirstTables("s", Source(connector="files", url=str(tmp_path), format=form, tables={"t": table})) as tables:
        assert tables.bring(warehouse, "t", table) is None
