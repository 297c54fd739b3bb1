"""A source that is tried again has no more time than one that is tried once."""

from __future__ import annotations

import time

import dagster as dg
import pytest

from orchestration.core.configuration import load_settings
from orchestration.core.errors import SourceError
from orchestration.defs.extract import raw_assets
from orchestration.defs.resources import NightResource
from orchestration.extract.budget import Budget

CONFIG = """
company = "T"
[schedule]
retries = 2
retry_delay_seconds = 0.1
[quality]
failed_source = "ERROR"
[sources.a]
connector = "files"
url = "{folder}"
max_minutes = 0.05
[sources.a.tables.t]
path = "*.csv"
columns = {{ id = "BIGINT" }}
"""


@pytest.mark.parametrize(
    ("seconds", "tries", "told"), [(2, 2, "took longer than the 0.05 minutes"), (0, 3, "it is away")]
)
def test_its_tries_share_its_time(home, write_config, monkeypatch, tmp_path, seconds, tries, told):
    path = write_config(CONFIG.format(folder=tmp_path))
    monkeypatch.setenv("KUNDBILD_HOME", str(home.root))
    monkeypatch.setenv("KUNDBILD_CONFIG", str(path))
    tried: list[int] = []

    def read(*_: object) -> None:
        tried.append(1)
        time.sleep(seconds)
        raise SourceError("it is away", is_passing=True)

    monkeypatch.setattr("orchestration.extract.files.read_files", read)
    job = dg.Definitions(
        assets=raw_assets(load_settings(path)), resources={"night": NightResource()}, jobs=[dg.define_asset_job("part")]
    ).resolve_job_def("part")
    result = job.execute_in_process(raise_on_error=False)
    assert [told in (check.description or "") for check in result.get_asset_check_evaluations()] == [True]
    assert len(tried) == tries


def test_what_other_sources_take_between_two_tries_is_not_its_time():
    budget = Budget("a", 1)
    with budget.going_on():
        time.sleep(0.05)
    left = budget.left
    assert left < 60
    time.sleep(0.1)
    assert budget.left == left
    with budget.going_on():
        time.sleep(0.05)
        assert left - 1 < budget.left < left
