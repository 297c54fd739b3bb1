"""What the UI tells of a load's volume and cost. Not here: counting it (tests of the connectors)."""

from __future__ import annotations

from orchestration.defs.extract import _metadata
from orchestration.extract.records import LoadCounts


def test_rows_seconds_and_requests_are_numbers_that_dagster_plots():
    found = _metadata(LoadCounts(source_rows=7, inserted=7, seconds=1.2345, requests=3), 20)
    assert (found["dagster/row_count"], found["source_rows"], found["seconds"], found["requests"]) == (20, 7, 1.23, 3)
    assert "requests" not in _metadata(LoadCounts(source_rows=7), 20), "files and databases are asked none"
