"""A bench that nobody runs for a while still runs: small, and without a look at its times."""

from __future__ import annotations

import re

from tests.bench.consent import measure_permissions
from tests.bench.measure import Report
from tests.unit.consent import compiled_with


def test_the_bench_of_permissions_fits_the_models(compiled, tmp_path_factory):
    report = Report()
    measure_permissions(report, compiled, compiled_with(tmp_path_factory, is_incremental=True), 100, 1000)
    *nights, whole = report.rows
    assert len(nights) == 2
    told = re.search(r"([\d,]+) permitted \(plain [\d,]+, ([\d,]+)\)", whole.rest)
    permitted, plain = (int(number.replace(",", "")) for number in told.groups())
    # it measures permissions that are given, not statements that are no evidence
    assert plain * 0.9 < permitted <= plain
