"""A warehouse in which opt-outs are planted, for tests of the consent suite's own paths."""

from __future__ import annotations

from collections.abc import Collection

import pytest

from data_quality.suites.own_paths import by_paths_of_their_own
from orchestration.core.settings import Settings
from orchestration.extract.records import prepare_ops
from orchestration.identity.former_people import prepare_former_people
from orchestration.privacy.rights.requests import prepare_requests
from tests.loads import note_load
from tests.unit.data_quality.opt_outs import LOADS, PREPARED, SETTINGS, rows_of


@pytest.fixture
def planted(warehouse):
    """Which checks, of all or of these only, fail once the SQL was run on a warehouse where everything is permitted."""
    prepare_requests(warehouse)
    prepare_ops(warehouse)
    prepare_former_people(warehouse)
    for load in LOADS:
        note_load(warehouse, **load)
    warehouse.execute(PREPARED)

    def go(breach: str, settings: Settings = SETTINGS, *, only: Collection[str] | None = None) -> set[str]:
        warehouse.execute("begin")
        warehouse.execute(breach)
        failed = {
            check.name
            for check in by_paths_of_their_own(settings)
            if (only is None or check.name in only) and warehouse.execute(rows_of(check)).fetchall()
        }
        warehouse.execute("rollback")
        return failed

    return go
