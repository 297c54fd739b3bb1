"""The job `backfill` asks for what `kundbild backfill` asks for, and its launchpad says what may be typed."""

from __future__ import annotations

import dagster as dg
import pytest

from orchestration.core.configuration import load_settings
from orchestration.core.errors import KundbildError
from orchestration.core.warehouse import open_warehouse
from orchestration.defs.backfill import backfill_job
from orchestration.defs.resources import NightResource
from orchestration.run.source_state import requests_that_stand

CONFIG = """
company = "T"
[sources.shop]
connector = "files"
url = "{folder}"
[sources.shop.tables.orders]
path = "orders*.csv"
columns = {{ id = "BIGINT" }}
[sources.shop.tables.lines]
path = "lines*.csv"
columns = {{ id = "BIGINT" }}
"""


@pytest.fixture
def asking(home, write_config, monkeypatch, tmp_path):
    path = write_config(CONFIG.format(folder=tmp_path))
    monkeypatch.setenv("KUNDBILD_HOME", str(home.root))
    monkeypatch.setenv("KUNDBILD_CONFIG", str(path))
    settings = load_settings(path)
    job = dg.Definitions(jobs=[backfill_job(settings)], resources={"night": NightResource()}).resolve_job_def(
        "backfill"
    )

    def ask(**config: object) -> dict[str, str]:
        done = job.execute_in_process(run_config={"ops": {"ask_for_backfill": {"config": config}}}, raise_on_error=True)
        assert done.success
        with open_warehouse(home, settings.engine) as con:
            return requests_that_stand(con, "shop", ["orders", "lines"])

    return ask


def test_one_table_or_all_from_a_date_on_or_everything(asking):
    assert asking(source="shop", tables=["orders"], since="2026-01-01") == {"orders": "from 2026-01-01 00:00 UTC on"}
    assert asking(source="shop") == {"orders": "everything", "lines": "everything"}


def test_a_source_that_is_not_there_is_refused_with_those_that_are(asking):
    with pytest.raises(KundbildError, match="sources: shop"):
        asking(source="shopp")
