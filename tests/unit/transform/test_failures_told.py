"""What is told of a model that failed: DuckDB's reason, and no value of a row."""

from __future__ import annotations

import duckdb
import pytest

from orchestration.transform.quoted_values import first_line


@pytest.mark.parametrize(
    "expression",
    [
        "name::int",
        "strptime(name, '%d')",
        "timezone(name, timestamp '2025-01-01')",
        "regexp_extract(name, name || '(')",
    ],
)
def test_a_value_that_duckdb_quotes_is_not_told(expression):
    with duckdb.connect() as con, pytest.raises(duckdb.Error) as caught:
        con.execute(f"select {expression} from (values ('Anna Eriksson')) t(name)").fetchall()
    assert "Anna" in str(caught.value) and "Anna" not in first_line(caught.value)
