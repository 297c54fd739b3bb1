"""A bench that nobody runs for a while still runs: small, and without a look at its times."""

from __future__ import annotations

import re

import duckdb
import pytest

from data_quality.suites import all_suites
from orchestration.core.configuration import load_settings
from orchestration.core.settings import PROJECT_DIR
from tests.bench.consent import measure_permissions
from tests.bench.limit import plain_query
from tests.bench.measure import Report
from tests.bench.proposal import proposal
from tests.bench.rest_pages import rest_pages
from tests.unit.consent import compiled_with


@pytest.mark.slow
def test_the_bench_of_permissions_fits_the_models(compiled, tmp_path_factory):
    report = Report()
    measure_permissions(report, compiled, compiled_with(tmp_path_factory, is_incremental=True), 100, 1000)
    *nights, whole = report.rows
    assert len(nights) == 2
    told = re.search(r"([\d,]+) permitted \(plain [\d,]+, ([\d,]+)\)", whole.rest)
    permitted, plain = (int(number.replace(",", "")) for number in told.groups())
    # it measures permissions that are given, not statements that are not evidence
    assert plain * 0.9 < permitted <= plain


def test_the_bench_of_checks_asks_each_of_them_in_plain_sql(monkeypatch, tmp_path):
    monkeypatch.setenv("KUNDBILD_HOME", str(tmp_path))
    suites = all_suites(load_settings(PROJECT_DIR / "kundbild.toml"))
    asked = [plain_query(check, '"some"."table"') for suite in suites for check in suite.checks]
    with duckdb.connect() as con:
        assert len(asked) > 300 and all(len(con.extract_statements(sql)) == 1 for sql in asked)


def test_the_bench_of_proposals_looks_at_what_it_wrote(tmp_path):
    report = Report()
    proposal(report, tmp_path, 1000)
    assert re.search(r"MB$", report.rows[0].measured)


def test_the_bench_of_an_api_reads_what_it_serves(tmp_path):
    report = Report()
    rest_pages(report, tmp_path, 2000)
    assert "2,000 rows" in report.rows[0].rest
