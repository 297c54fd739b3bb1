"""The Dagster code location as it is loaded: groups, checks, job, schedule, and fast enough."""

from __future__ import annotations

from datetime import datetime
from zoneinfo import ZoneInfo

import pytest

from orchestration.core.settings import PROJECT_DIR


@pytest.fixture(scope="module")
def defs(compiled):
    with pytest.MonkeyPatch.context() as patch:
        patch.setenv("KUNDBILD_HOME", str(compiled[0]))
        patch.setenv("KUNDBILD_CONFIG", str(PROJECT_DIR / "kundbild.toml"))
        from orchestration.definitions import build_defs

        yield build_defs()


def test_groups_are_those_of_the_design(defs):
    groups = {spec.group_name for spec in defs.resolve_all_asset_specs() if spec.group_name}
    assert {
        "extract",
        "staging",
        "conformed",
        "identity",
        "marts",
        "scores",
        "segments",
        "quality",
        "publishing",
    } <= groups


def test_every_asset_has_description_owner_and_kind(defs):
    for spec in defs.resolve_all_asset_specs():
        if spec.key.path[0] in ("ops",):
            continue
        assert spec.description, spec.key
        assert spec.owners and spec.kinds, spec.key


def test_raw_tables_have_their_columns_and_freshness(defs):
    specs = {spec.key.to_user_string(): spec for spec in defs.resolve_all_asset_specs()}
    orders = specs["raw/webshop/orders"]
    assert "line_items" in {c.name for c in orders.metadata["dagster/column_schema"].columns}
    assert orders.freshness_policy is not None
    assert specs["publishing/bi_snapshot"].freshness_policy is not None


def test_the_nightly_is_one_job_of_few_steps(defs):
    job = defs.resolve_job_def("nightly")
    steps = {node.name for node in job.nodes}
    assert steps == {
        "extract_crm", "extract_webshop", "extract_web_analytics", "extract_email", "extract_survey", "extract_registers",
        "extract_requests",
        "privacy__data_requests", "privacy__retention", "arrival_checks", "conformed", "identify", "marts", "predict", "segments", "promise_checks", "consent_checks", "publish",
    }  # fmt: skip


def test_who_asks_to_be_erased_is_so_before_anything_is_built_of_people(defs):
    specs = {spec.key.to_user_string(): spec for spec in defs.resolve_all_asset_specs()}
    upstream = {name: {dep.asset_key.to_user_string() for dep in spec.deps} for name, spec in specs.items()}
    assert "privacy/retention" in upstream["conformed/conformed_people"]
    assert {"privacy/data_requests", "raw/crm/contacts"} <= upstream["privacy/retention"]
    assert upstream["privacy/data_requests"] == {"raw/requests/requests"}


def test_jobs_are_those_of_the_design(defs):
    names = {job.name for job in defs.resolve_all_job_defs()}
    assert {
        "nightly",
        "rebuild_identity",
        "train_identity_model",
        "train_scores",
        "backfill",
        "erase_customers",
        "export_subject",
    } <= names


def test_the_schedule_runs_once_on_both_days_that_the_clocks_change(defs):
    schedule = defs.resolve_schedule_def("nightly_schedule")
    assert schedule.execution_timezone == "Europe/Stockholm"
    from dagster._utils.schedules import schedule_execution_time_iterator

    zone = ZoneInfo("Europe/Stockholm")
    for start, last in (
        (datetime(2026, 3, 28, 12), datetime(2026, 3, 31)),
        (datetime(2026, 10, 24, 12), datetime(2026, 10, 27)),
    ):
        times = []
        for moment in schedule_execution_time_iterator(
            start.replace(tzinfo=zone).timestamp(), schedule.cron_schedule, "Europe/Stockholm", True
        ):
            if moment >= last.replace(tzinfo=zone):
                break
            times.append(moment)
        dates = [moment.date() for moment in times]
        assert len(dates) == len(set(dates)) == (last.date() - start.date()).days - 1


def test_the_failure_sensor_and_blocking_checks_are_there(defs):
    assert defs.resolve_sensor_def("failure_alert")
    specs = {
        (spec.asset_key.to_user_string(), spec.name): spec
        for checks in defs.asset_checks or []
        for spec in checks.check_specs
    }
    assert specs["audiences/audience_newsletter_email", "every_row_has_permission"].blocking
    assert not specs["raw/webshop/orders", "is_fresh"].blocking
