"""Expressions of mappings: orders out of their lines, conditions, computed columns; what they may say is checked at start."""

from __future__ import annotations

import duckdb
import pytest

from orchestration.core.configuration import load_settings
from orchestration.core.errors import ConfigurationError
from orchestration.core.settings import Table
from tests.unit.mapped import models_of, raw

KINDS = {"order_no": "VARCHAR", "buyer": "VARCHAR", "day": "VARCHAR", "n": "VARCHAR", "price": "VARCHAR"}
LINES = [("o1", "2", "10.00"), ("o1", "1", "2.50"), ("o2", "1", "7.00"), ("o2", "-1", "7.00"), ("o3", "1", "3.00")]
AMOUNT = {"sql": "try_cast(n as integer) * try_cast(price as decimal(18, 2))", "aggregate": "sum"}


def orders(lines, where="", amount=AMOUNT, **more):
    mapping = {"entity": "orders", "one_row_per_key": True, "where": where, "columns": {"source_key": "order_no", "person_key": "buyer", "ordered_at": "day", "amount": amount, **more}}  # fmt: skip
    (sql, meta) = models_of({"lines": Table(columns=KINDS, maps=[mapping])})["orders"]
    with duckdb.connect() as con:
        raw(
            con,
            "lines",
            *(
                {"order_no": o, "buyer": "b1", "day": "2026-01-01", "n": n, "price": p, **dict(rest)}
                for o, n, p, *rest in lines
            ),
        )
        rows = con.execute(
            f"select source_key, amount::varchar, status, quarantine_code from ({sql}) order by 1"
        ).fetchall()
        return rows, con.execute(f"select {meta['raw_rows']}").fetchall()[0][0]


def test_orders_are_the_sums_of_their_lines():
    rows, raw_rows = orders(LINES)
    assert [row[:2] for row in rows] == [("o1", "22.50"), ("o2", "0.00"), ("o3", "3.00")] and raw_rows == 3


def test_a_line_that_is_gone_does_not_count_and_one_without_a_price_sets_its_order_aside():
    gone = {"_deleted_at": "2026-02-01"}.items()
    rows, _ = orders([*LINES, ("o1", "9", "9.00", *gone), ("o3", "1", "unknown")])
    assert [row[:2] for row in rows] == [("o1", "22.50"), ("o2", "0.00"), ("o3", None)]
    assert rows[2][3] == "missing"


def test_rows_that_a_condition_leaves_out_are_counted_and_hide_no_other():
    rows, raw_rows = orders(
        LINES,
        where="try_cast(n as integer) > 0",
        status={"sql": "case when price = '7.00' then 'completed' else 'open' end"},
    )
    assert rows == [("o1", "22.50", "open", None), ("o2", "7.00", "completed", None), ("o3", "3.00", "open", None)]
    rows, raw_rows = orders(LINES, where="order_no <> 'o3'")
    assert rows[2][3] == "ignored" and raw_rows == 3


CONFIG = """company = "T"
[sources.shop]
connector = "files"
url = "/x"
[sources.shop.tables.lines]
path = "*.csv"
persons = []
columns = {{ order_no = "VARCHAR", email = "VARCHAR", day = "DATE", "unit price" = "DECIMAL(18, 2)", n = "BIGINT" }}
[[sources.shop.tables.lines.maps]]
entity = "{entity}"
one_row_per_key = {once}
{where}
[sources.shop.tables.lines.maps.columns]
source_key = "order_no"
{columns}
"""


def checked(write_config, columns, where="", entity="orders", once="true"):
    return load_settings(write_config(CONFIG.format(columns=columns, where=where, entity=entity, once=once)))


def test_a_computed_column_reads_raw_columns_of_the_table(write_config):
    settings = checked(
        write_config,
        'ordered_at = "day"\namount = { sql = \'n * "unit price"\', aggregate = "sum" }',
        where="where = 'n > 0'",
    )
    (mapping,) = settings.sources["shop"].tables["lines"].maps
    assert mapping.read == ["order_no", "day", "n", "unit price"]


@pytest.mark.parametrize(
    ("expression", "told"),
    [
        ("n * prise", "prise"), ("n * ", "not SQL"), ("sum(n)", "may not say"), ("(select 1)", "may not say"), ("n; drop table x", "not one expression"),
        ("random()", "differs from night to night"), ("n + day", "cannot be computed"), ("row_number() over ()", "may not say"),
        ("nextval('s')", "cannot be computed|differs"), ("{{ env_var('HOME') }}", "dbt would read"),
        ("'{{ 1 }}' || order_no", "dbt would read"), ("n /* {% if true %} */", "dbt would read"), ("order_no || '{# a #}'", "dbt would read"),
        ("columns('n')", "may not say"), ("n + datepart('day', current_date)", "differs from"), ("epoch(current_timestamp)", "differs from"),
        ("epoch(localtimestamp)", "differs from"), ("epoch(age(day::timestamp))", "differs from"), ("n + length(user)", "not a column"),
        ("unnest([n, n])", "several rows"), ("n + unlist([1, 2])", "several rows"), ("generate_subscripts([n], 1)", "several rows"),
    ],
)  # fmt: skip
def test_what_no_expression_may_say_is_told_at_start(write_config, expression, told):
    with pytest.raises(ConfigurationError, match=told):
        checked(write_config, f'ordered_at = "day"\namount = {{ sql = "{expression}" }}')


@pytest.mark.parametrize(
    ("columns", "how", "told"),
    [
        ('ordered_at = "day"\namount = { sql = "n", aggregate = "sum" }', {"once": "false"}, "one_row_per_key"),
        ('ordered_at = "day"\namount = "n"', {"where": "where = 'n + 1'"}, "not true or false"),
        ('ordered_at = "day"\namount = { column = "email", aggregate = "sum" }', {}, "sums values of the type varchar"),
        (
            'ordered_at = "day"\namount = { sql = "trim(email)", aggregate = "sum" }',
            {},
            "sums values of the type varchar",
        ),
        ('email = { sql = "lower(email)" }', {"entity": "people"}, "people are found again"),
        ('ordered_at = "day"\namount = { column = "n", sql = "n" }', {}, "either column or sql"),
        (
            'kind = "n"\noccurred_at = "day"',
            {"entity": "email_events", "where": "where = 'n > 0'"},
            "a row that refuses",
        ),
    ],
)
def test_what_would_lose_somebody_or_what_they_said_is_refused(write_config, columns, how, told):
    with pytest.raises(ConfigurationError, match=told):
        checked(write_config, columns, **how)
