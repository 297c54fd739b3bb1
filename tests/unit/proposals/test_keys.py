"""A key is proved on every row: single columns first, then pairs; what is empty or comes again is none."""

from __future__ import annotations

import tomllib

import duckdb
import pytest

from orchestration.proposals.columns import columns_of, sample
from orchestration.proposals.keys import proved_key
from orchestration.proposals.propose import propose


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


@pytest.mark.parametrize(
    ("number", "review_of", "order_of", "key"),
    [
        ("review_id", lambda n: n // 2, lambda n: n, ["review_id", "order_id"]),  # an order's next review is another one
        ("review_id", lambda n: n // 2, lambda n: n % 7, ["review_id", "order_id"]),
        ("review_id", lambda n: n, lambda n: n // 2, ["review_id"]),
        ("note", lambda n: n // 2, lambda n: n, ["order_id"]),  # the rows have no number of their own
        ("review_id", lambda n: n // 2 or "", lambda n: n, ["order_id"]),  # nor where some have none
    ],
    ids=["one an order", "several an order", "a number that is unique", "no number", "an empty number"],
)  # fmt: skip
def test_reviews_are_not_keyed_by_their_order_alone(tmp_path, number, review_of, order_of, key):
    rows = [
        f"r{review_of(n)},o{order_of(n)},{n % 5 + 1},2026-01-{n + 1:02d}"
        if review_of(n) != ""
        else f",o{order_of(n)},3,2026-01-01"
        for n in range(14)
    ]
    (tmp_path / "order_reviews.csv").write_text(
        "\n".join([f"{number},order_id,review_score,review_creation_date", *rows]) + "\n"
    )
    tables = tomllib.loads(propose("shop", str(tmp_path), "SEK").block)["sources"]["shop"]["tables"]
    (reviews,) = tables["order_reviews"]["maps"]
    assert (reviews["entity"], tables["order_reviews"]["key"]) == ("reviews", key)
    assert reviews["columns"]["source_key"] == (key if len(key) > 1 else key[0])
    # what a night merges by tells all rows apart
    names = ", ".join(key)
    path = tmp_path / "order_reviews.csv"
    assert duckdb.sql(
        f"select count(distinct ({names})) = count(*) from read_csv('{path}', all_varchar = true)"
    ).fetchall() == [(True,)]
