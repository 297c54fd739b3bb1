"""Which failure of a source a night tries again by itself. Not here: what tells one that passes (tests of the connectors)."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from types import SimpleNamespace

import dagster as dg
import pytest

from orchestration.core.errors import SourceError
from orchestration.core.settings import Schedule, Settings, Source, Table
from orchestration.core.warehouse import open_warehouse
from orchestration.defs import extract
from orchestration.defs.resources import NightResource
from orchestration.extract.records import LoadCounts

SETTINGS = Settings(
    company="T",
    sources={"shop": Source(connector="files", url="/", tables={"t": Table(columns={"id": "VARCHAR"}, key=["id"])})},
    schedule=Schedule(retries=2, retry_delay_seconds=0),
)


@pytest.fixture
def night(home, warehouse, monkeypatch):
    """Runs the step of a source that fails as it is told, try by try. Returns (the tries, whether the table was read, what
    failed in the end)."""
    warehouse.close()

    @contextmanager
    def opened():
        with open_warehouse(home, SETTINGS.engine) as con:
            yield con

    run = SimpleNamespace(
        home=home, settings=SETTINGS, warehouse=opened, start_clock=lambda con: None, failed_sources={}, budgets={}
    )

    class Held(NightResource):
        @contextmanager
        def yield_for_execution(self, context: dg.InitResourceContext) -> Iterator[NightResource]:
            self._night = run  # type: ignore[assignment] # what the step asks of a night
            yield self

    def go(*failures: SourceError) -> tuple[int, bool, str | None]:
        left, tries = list(failures), []

        def extracted(con, home, settings, name, *, tables, loaded, **told):
            tries.append(name)
            if left:
                raise left.pop(0)
            loaded("t", LoadCounts(source_rows=1, inserted=1))

        monkeypatch.setattr(extract, "extract_source", extracted)
        run.failed_sources.clear()
        done = dg.materialize(extract.raw_assets(SETTINGS), resources={"night": Held()}, raise_on_error=False)
        assert done.success
        (check,) = done.get_asset_check_evaluations()
        return len(tries), check.passed, run.failed_sources.get("shop")

    return go


def passing() -> SourceError:
    return SourceError("the server does not answer", is_passing=True)


def test_a_source_that_fails_in_passing_is_tried_again_within_the_night(night):
    assert night(passing(), passing()) == (3, True, None)
    # as often as the plan says, and then the night goes on without it
    tries, is_read, told = night(passing(), passing(), passing(), passing())
    assert (tries, is_read) == (3, False) and "does not answer" in str(told)


def test_what_does_not_go_away_by_itself_is_told_at_once(night):
    tries, is_read, told = night(SourceError("column id is gone"))
    assert (tries, is_read) == (1, False) and "column id is gone" in str(told)
