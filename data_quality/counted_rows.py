"""A Great Expectations expectation that counts the rows which a query yields, and fetches none of them.

Not here: which queries (suites/). Imported where GX is loaded anyway: importing this imports it.
"""

from __future__ import annotations

from typing import Any, ClassVar

from great_expectations.expectations import UnexpectedRowsExpectation


class ExpectQueryToYieldNoRows(UnexpectedRowsExpectation):
    """UnexpectedRowsExpectation runs its query twice, once for the rows. Rows are never shown here, so this one only counts."""

    metric_dependencies: ClassVar[tuple[str, ...]] = ("unexpected_rows_query.row_count",)

    def _validate(
        self, metrics: dict[str, Any], runtime_configuration: dict[str, Any] | None = None, execution_engine: Any = None
    ) -> dict[str, Any]:
        count = metrics["unexpected_rows_query.row_count"]
        return {"success": count == 0, "result": {"observed_value": count}}
