"""Order lines that no sum can take are set aside, each with its reason. The rules are read as dbt reads them."""

from __future__ import annotations

import duckdb
import pytest
import yaml

from orchestration.core.settings import PROJECT_DIR

CONTRACT = PROJECT_DIR / "dbt_project" / "models" / "conformed" / "conformed_order_items.yml"
NO_REFUND = "quantity is below 0 and the line comes to more than 0: that is no refund"


@pytest.mark.parametrize(
    ("quantity", "price", "discount", "expected"),
    [
        ("-1", "-100", None, [NO_REFUND]), ("-1", "0", "-5", [NO_REFUND]), ("-1", "-100", "120", []),
        ("-1", "100", None, []), ("1", "-100", None, []), ("1", "100", "10", []), ("-1", None, None, []),
    ],
)  # fmt: skip
def test_a_line_that_takes_back_and_comes_to_more_than_nothing_is_set_aside(quantity, price, discount, expected):
    [model] = yaml.safe_load(CONTRACT.read_text(encoding="utf-8"))["models"]
    row = "(select $1::varchar as quantity, $2::varchar as unit_price, $3::varchar as discount, null::double as refunded_quantity)"
    cases = " || ".join(
        f"case when {condition} then ['{reason}'] else [] end"
        for condition, reason, _ in model["config"]["meta"]["set_aside"]
        if "abs(refunded" not in condition
    )
    with duckdb.connect() as con:
        assert con.execute(f"select {cases} from {row}", [quantity, price, discount]).fetchall() == [(expected,)]
