"""How fine the times are that analysts see: every time of a pseudonymised row, by [privacy] analyst_time."""

from __future__ import annotations

from datetime import datetime
from pathlib import Path

import pytest

from data_quality.suites import all_suites
from orchestration.contracts.model_files import model_file
from orchestration.core.configuration import load_settings
from orchestration.core.settings import DBT_DIR, PROJECT_DIR, Privacy
from orchestration.privacy.intake.personal_text import prepare_shown_values
from orchestration.transform.runner import set_clock
from tests.unit.compiled import OTHERWISE, compiled_otherwise

FACTS = ("carts", "order_items", "orders", "subscriptions", "survey_responses", "tickets", "web_sessions")
# a Wednesday
AT = datetime(2026, 5, 13, 14, 37, 22, 123456)
TOLD = {
    "second": datetime(2026, 5, 13, 14, 37, 22), "day": datetime(2026, 5, 13), "week": datetime(2026, 5, 11), "month": datetime(2026, 5, 1),
}  # fmt: skip


def settings_with(home: Path, analyst_time: str):
    settings = load_settings(PROJECT_DIR / "kundbild.toml", {"KUNDBILD_HOME": str(home)})
    return settings.model_copy(update={"privacy": Privacy(analyst_time=analyst_time)})


@pytest.fixture
def shown(warehouse, tmp_path_factory):
    """(unit, the facts of bi as tables of schema bi): each with one row, all of whose times are AT in the mart."""
    compiled = compiled_otherwise(tmp_path_factory, [f"bi_fct_{fact}" for fact in FACTS])
    warehouse.execute("create schema marts; create schema bi")
    prepare_shown_values(warehouse)
    set_clock(warehouse, AT)
    warehouse.execute("create schema conformed; create table conformed.conformed_campaigns (source_key varchar)")
    warehouse.execute(
        "create table marts.dim_customers (customer_id varchar, customer_key varchar, is_protected boolean)"
    )
    for fact in FACTS:
        (mart,) = model_file(DBT_DIR / "models" / "marts" / "engagement" / f"fct_{fact}.yml")["models"]
        columns = {column["name"]: column["data_type"] for column in mart["columns"]}
        warehouse.execute(f"create table marts.fct_{fact} ({', '.join(f'{c} {t}' for c, t in columns.items())})")
        times = [column for column, kind in columns.items() if kind == "timestamp"]
        warehouse.execute(
            f"insert into marts.fct_{fact} ({', '.join(times)}) values ({', '.join('?' * len(times))})",
            [AT] * len(times),
        )
    for fact in FACTS:
        warehouse.execute(f"create table bi.fct_{fact} as {compiled[f'bi_fct_{fact}']}")
    return OTHERWISE["privacy"]["analyst_time"], warehouse


def times(con) -> list[tuple[str, str]]:
    return con.execute(
        "select table_name, column_name from duckdb_columns() where schema_name = 'bi' and data_type like 'TIMESTAMP%' order by all"
    ).fetchall()


def test_no_time_of_a_row_is_finer_than_the_setting_lets_it(shown):
    unit, con = shown
    told = {(t, c): con.execute(f"select {c} from bi.{t}").fetchall()[0][0] for t, c in times(con)}
    assert set(told.values()) == {TOLD[unit]}, told
    assert {table for table, _ in told} == {f"fct_{fact}" for fact in FACTS} and len(told) == 14


@pytest.mark.parametrize("unit", ["second", "day", "week", "month"])
def test_the_consent_suite_sees_a_time_that_is_too_fine(unit, warehouse, tmp_path):
    suites = {suite.name: suite for suite in all_suites(settings_with(tmp_path, unit))}
    for fact in FACTS:
        (check,) = [check for check in suites[f"bi.fct_{fact}"].checks if check.name == "no_time_too_fine"]
        (model,) = model_file(DBT_DIR / "models" / "bi" / f"bi_fct_{fact}.yml")["models"]
        columns = [c["name"] for c in model["columns"] if c["data_type"] == "timestamp"]
        for column in columns:
            for at, is_too_fine in ((AT, True), (TOLD[unit], False), (None, False)):
                row = ", ".join(f"{'$at' if c == column else 'null'}::timestamp as {c}" for c in columns)
                found = warehouse.execute(f"select {check.breaks} from (select {row}) b", {"at": at}).fetchall()
                assert (found == [(True,)]) == is_too_fine, (fact, column, at)
