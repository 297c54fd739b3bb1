"""A key is proved on every row: single columns first, then pairs; what is empty or comes again is none."""

from __future__ import annotations

import duckdb
import pytest

from orchestration.proposals.columns import columns_of, sample
from orchestration.proposals.keys import proved_key


@pytest.mark.parametrize(
    ("second", "key"),
    [
        ("i", ("a",)),
        # two of 20,000 rows share it, and the estimate does not see that
        ("case when i = 19999 then 0 else i end", ("b",)),
        ("case when i = 7 then null else i end", ("b",)),
        ("i // 2", ("b",)),
    ],
)
def test_a_key_that_one_row_breaks_is_none(second, key):
    with duckdb.connect() as con:
        con.execute(f"create table t as select ({second})::varchar as a, i::varchar as b from range(20000) r(i)")
        sample(con, "t")
        assert proved_key(con, "t", columns_of(con, "t", ["a", "b"]), ["a", "b"]) == key


def test_two_columns_are_a_key_where_none_alone_is():
    with duckdb.connect() as con:
        con.execute(
            "create table t as select (i // 3)::varchar as order_no, (i % 3)::varchar as line_no, 'x' as other from range(300) r(i)"
        )
        sample(con, "t")
        columns = columns_of(con, "t", ["line_no", "order_no", "other"])
        assert set(proved_key(con, "t", columns, ["order_no", "line_no", "other"])) == {"order_no", "line_no"}
        con.execute("insert into t values ('1', '1', 'y')")
        sample(con, "t")
        assert (
            proved_key(
                con, "t", columns_of(con, "t", ["line_no", "order_no", "other"]), ["order_no", "line_no", "other"]
            )
            == ()
        )
