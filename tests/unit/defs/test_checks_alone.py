"""A check that is run without its asset, as the UI can, is evaluated or says why it is not."""

from __future__ import annotations

from types import SimpleNamespace

import dagster as dg
import pytest

from orchestration.core.configuration import load_settings
from orchestration.core.migrations import opened
from orchestration.core.settings import Engine, Settings
from orchestration.defs.extract import raw_assets
from orchestration.defs.privacy import REQUESTS, privacy_assets
from orchestration.defs.resources import NIGHTLY, NightResource
from orchestration.privacy.rights.deadlines import ANSWERED_IN_TIME

CONFIG = """
company = "T"
[sources.a]
connector = "files"
url = "{folder}"
[sources.a.tables.t]
path = "*.csv"
columns = {{ id = "BIGINT" }}
"""


@pytest.fixture
def settings(home, write_config, monkeypatch, tmp_path) -> Settings:
    path = write_config(CONFIG.format(folder=tmp_path / "in"))
    monkeypatch.setenv("KUNDBILD_HOME", str(home.root))
    monkeypatch.setenv("KUNDBILD_CONFIG", str(path))
    (tmp_path / "in").mkdir()
    (tmp_path / "in" / "a.csv").write_text("id\n1\n")
    return load_settings(path)


def run(assets: list[dg.AssetsDefinition], selection: dg.AssetSelection) -> dg.ExecuteInProcessResult:
    defs = dg.Definitions(assets=assets, resources={"night": NightResource()}, jobs=[dg.define_asset_job("part", selection)])  # fmt: skip
    return defs.resolve_job_def("part").execute_in_process(raise_on_error=False)


def test_that_a_source_was_extracted_is_not_said_by_a_run_that_reads_none(settings):
    assets = raw_assets(settings)
    check = dg.AssetCheckKey(dg.AssetKey(["raw", "a", "t"]), "was_extracted")
    result = run(assets, dg.AssetSelection.checks(check))
    assert not result.success
    told = [e.event_specific_data.user_failure_data.description for e in result.all_events if e.is_step_failure]
    assert len(told) == 1 and "materialize raw/a/t, which evaluates it too" in told[0]
    result = run(assets, dg.AssetSelection.all())
    assert result.success and [e.passed for e in result.get_asset_check_evaluations()] == [True]


def test_whether_requests_are_answered_in_time_is_said_without_taking_any_up(settings, home, monkeypatch):
    assets = privacy_assets(settings)
    with opened(home, Engine(), "preparing"):
        pass
    asked: list[object] = []
    monkeypatch.setattr("orchestration.defs.privacy.take_up_requests", lambda *_: asked.append(1) or {})
    only = dg.AssetSelection.checks(dg.AssetCheckKey(dg.AssetKey(REQUESTS), ANSWERED_IN_TIME))
    result = run(assets, only)
    assert result.success and [e.passed for e in result.get_asset_check_evaluations()] == [True]
    assert not asked and not result.get_asset_materialization_events()
    result = run(assets, dg.AssetSelection.assets(dg.AssetKey(REQUESTS)))
    assert result.success and asked and len(result.get_asset_materialization_events()) == 1
    assert [e.passed for e in result.get_asset_check_evaluations()] == [True]
    result = run(assets, dg.AssetSelection.assets(dg.AssetKey(REQUESTS)).without_checks())
    assert result.success and not result.get_asset_check_evaluations()


@pytest.mark.parametrize(
    ("assets", "checks", "is_whole"),
    [
        (None, None, True),
        (frozenset(), frozenset({dg.AssetCheckKey(dg.AssetKey("t"), "c")}), False),
        (None, frozenset({dg.AssetCheckKey(dg.AssetKey("t"), "c")}), False),
        (frozenset({dg.AssetKey("t")}), None, False),
    ],
    ids=["all of it", "checks alone", "checks, and no word of assets", "an asset"],
)
def test_checks_of_the_nightly_that_are_run_alone_are_no_whole_night(settings, assets, checks, is_whole):
    """A whole night that ends without a publication empties audiences."""
    asked = SimpleNamespace(
        run_id="r", job_name=NIGHTLY, tags={}, asset_selection=assets, asset_check_selection=checks,
        step_keys_to_execute=None,
    )  # fmt: skip
    with NightResource().yield_for_execution(SimpleNamespace(run=asked)) as resource:
        assert (resource.night.is_whole, resource.night.is_forced) == (is_whole, not is_whole)
