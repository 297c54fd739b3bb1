"""Each metric is the number that plain SQL on the publication gives, and small groups are in no answer."""

from __future__ import annotations

import json
from collections import defaultdict
from datetime import datetime
from functools import cache
from pathlib import Path
from typing import Any

import duckdb
import pytest

from orchestration.contracts.metric_definitions import read_definitions
from orchestration.core.configuration import home_and_config, load_privacy
from orchestration.core.errors import KundbildError
from orchestration.metrics.answer import Answer as Answered
from orchestration.metrics.answer import answer
from orchestration.metrics.compiler import compiler
from orchestration.privacy.audit.access import reads
from orchestration.privacy.audit.log import audit_log
from orchestration.publishing.report.asking import Answer, Asked, Question
from tests.unit.metrics.conftest import publish, rows


def asked(*metrics: str, **how: Any) -> list[tuple[Any, ...]]:
    return [tuple(row.values()) for row in answer(metrics, **how).rows]


@cache
def total(metric: str) -> Answered:
    """Of the example company; each question is a process of its own."""
    return answer([metric])


# metric, how it is asked, the same in plain SQL
NUMBERS = [
    ("net_revenue", {"grain": "month"}, "select strftime(date_trunc('month', ordered_at), '%Y-%m-%d') m, sum(net_amount) from bi.fct_orders group by 1 order by 1"),
    ("average_order_value", {}, "select sum(net_amount) / count(*) filter (is_order) from bi.fct_orders"),
    ("gross_revenue", {"by": ["channel"], "where": ["channel!=phone,store"]}, "select channel, sum(gross_amount) from bi.fct_orders where channel = 'web' group by 1 order by 1"),
    ("refunded_revenue", {"first": "2025-01-01", "last": "2025-12-31"}, "select sum(refunded_amount) from bi.fct_orders where year(ordered_at) = 2025"),
    ("orders", {"by": ["country"], "where": ["country=NO"]}, "select country_code, count(*) filter (is_order) from bi.fct_orders join bi.dim_customers using (customer_key) where country_code = 'NO' group by 1 order by 1"),
    ("ordering_customers", {}, "select count(distinct customer_key) from bi.fct_orders"),
    ("product_revenue", {"by": ["category"]}, "select category, sum(net_amount) from bi.fct_order_items i join bi.dim_products p on p.source_key = i.product_key group by 1 order by 1"),
    ("repeat_purchase_rate", {}, "select count(*) filter (order_count > 1) / count(*) filter (order_count > 0) from bi.dim_customers"),
    ("customers", {}, "select count(*) from bi.dim_customers"),
    ("active_customers", {}, "select count(*) from bi.dim_customers where lifecycle_stage = 'active'"),
    ("new_customers", {"grain": "month", "first": "2025-02-01", "last": "2025-03-31"}, "select strftime(first_seen_month, '%Y-%m-%d'), count(*) from bi.dim_customers where first_seen_month in ('2025-02-01', '2025-03-01') group by 1 order by 1"),
    ("north_star", {}, "select sum(reached_count) / sum(customer_count) from bi.north_star where is_final"),
    ("nps", {}, "select 100 * (avg((nps >= 9)::int) - avg((nps <= 6)::int)) from bi.fct_survey_responses"),
    ("nps", {"by": ["is_panel"]}, "select is_panel, 100 * (avg((nps >= 9)::int) - avg((nps <= 6)::int)) from bi.fct_survey_responses group by 1 order by 1"),
    ("click_rate", {}, "select sum(clicked_count) / sum(delivered_count) from bi.email_campaigns where clicked_count is not null"),
    ("read_rate", {}, "select sum(read_count) / sum(delivered_count) from bi.email_campaigns"),
    ("open_rate", {}, "select sum(opened_count) / sum(delivered_count) from bi.email_campaigns"),
    ("conversion_rate", {"by": ["channel"]}, "select landing_channel, avg(is_converted::int) from bi.fct_web_sessions group by 1 order by 1"),
    ("bounce_rate", {}, "select avg(is_bounce::int) from bi.fct_web_sessions"),
    ("abandoned_cart_value", {}, "select currency, sum(cart_amount) from bi.fct_carts group by 1 order by 1"),
    ("first_reply_hours", {"by": ["category"]}, "select category, avg(first_reply_hours) from bi.fct_tickets group by 1 order by 1"),
    ("solution_hours", {"by": ["category"]}, "select category, avg(solution_hours) from bi.fct_tickets group by 1 order by 1"),
    ("response_rate", {}, "select count(submitted_at) / count(*) from bi.fct_survey_responses where sent_at is not null"),
    ("surveys_sent", {"grain": "month", "last": "2025-03-31"}, "select strftime(date_trunc('month', sent_at), '%Y-%m-%d') m, count(*) from bi.fct_survey_responses where sent_at < '2025-04-01' group by 1 order by 1"),
    ("permission_share", {}, "select purpose, channel, permitted_count / customer_count from bi.consent_overview order by 1"),
    ("ad_spend", {"grain": "year"}, "select '2025-01-01', currency, sum(spend_amount) from bi.ad_spend group by 2 order by 2"),
    ("attributed_revenue", {"by": ["channel"]}, "select channel, model, sum(net_amount) from bi.attribution group by 1, 2 order by 1, 2"),
    ("attributed_roas", {}, "select model, channel, sum(net_amount) / sum(spend_amount) from bi.attribution group by 1, 2 order by 1, 2"),
    ("age_customers", {"by": ["age_band"]}, "select age_band, customer_count from bi.customers_by_age order by 1"),
    ("segment_customers", {"by": ["segment"], "where": ["scheme=value"]}, "select segment, scheme, customer_count from bi.segment_overview where scheme = 'value' order by 1"),
    ("matrix_customers", {"by": ["interaction_level"], "where": ["breakdown=all"]}, "select interaction_level, breakdown, value, data_use_level, customer_count from bi.experience_matrix where breakdown = 'all' order by 1, 2, 3, 4"),
    ("roas", {"grain": "year", "last": "2025-12-31"}, "select '2025-01-01', (select sum(net_amount) from bi.fct_orders where year(ordered_at) = 2025) / sum(spend_amount) from bi.ad_spend where currency = 'SEK'"),
]  # fmt: skip


@pytest.mark.parametrize(("metric", "how", "sql"), NUMBERS, ids=[f"{n[0]}-{i}" for i, n in enumerate(NUMBERS)])
def test_a_metric_is_what_plain_sql_says(published, metric, how, sql):
    found, expected = asked(metric, **how), rows(published, sql)
    assert len(found) == len(expected) > 0
    for got, wanted in zip(found, expected, strict=True):
        assert got[:-1] == wanted[:-1]
        assert got[-1] == (None if wanted[-1] is None else pytest.approx(float(wanted[-1])))


def test_every_metric_is_answered_in_total_and_by_each_of_its_dimensions(published):
    for name, metric in read_definitions().listed.items():
        found = total(name)
        assert len(found.rows) >= 1 or found.hidden, name
        by = [dimension for dimension in compiler().dimensions([name]) if dimension not in metric.always_by]
        assert by or not compiler().dimensions([name]) or metric.always_by or name == "roas", name
    for dimension in compiler().dimensions(["net_revenue"]):
        assert answer(["net_revenue"], by=[dimension]).columns[-1] == "net_revenue"


def test_several_metrics_are_one_answer_with_units(published):
    found = answer(["net_revenue", "orders", "sessions"], by=["country"])
    assert found.columns == ("country", "net_revenue", "orders", "sessions")
    assert found.units == {"net_revenue": "SEK", "orders": "orders", "sessions": "sessions"}
    assert found.publication == "20260101T000000-first"


def test_a_group_of_few_customers_is_not_shown_nor_told_by_the_total(published):
    # three Finns: with them goes the smallest other one
    found = answer(["customers"], by=["country"])
    counts = dict(rows(published, "select country_code, count(*) from bi.dim_customers group by 1"))
    assert counts["FI"] == 3 and found.hidden == 2
    (shown,) = [row["customers"] for row in found.rows]
    assert counts["FI"] + min(counts["NO"], counts["SE"]) == 60 - shown
    assert "2 groups are not shown" in found.told[0]
    # asked for alone, or for all but them, there is nothing either: the total less the rest would tell of them
    assert answer(["customers"], where=["country=FI"]).rows == []
    assert answer(["customers"], where=["country!=FI"]).rows == []
    assert [row["country"] for row in answer(["orders"], by=["country"], where=["country=NO,SE"]).rows] == ["NO"]
    assert (
        answer(["net_revenue"], by=["channel"], where=["country!=FI"], first="2025-01-01", last="2025-01-31").rows == []
    )


def test_gross_less_net_revenue_tells_of_no_few_refunds(example_home, tmp_path, monkeypatch):
    monkeypatch.setenv("KUNDBILD_HOME", str(tmp_path))
    orders = "insert into bi.fct_orders by name select 'c' || n as customer_key, 's' as source_system, n::varchar as source_key, timestamp '2025-01-01' as ordered_at, true as is_order, 100 as gross_amount, {} as refunded_amount, 100 - {} as net_amount from range(20) r(n)"
    publish(tmp_path, "one", orders.format("case when n < 2 then 10 else 0 end", "case when n < 2 then 10 else 0 end"))
    # net revenue can be asked for in another question
    assert asked("gross_revenue") == [] and asked("net_revenue") == [(1980.0,)]
    assert asked("refunded_revenue") == [] and asked("gross_revenue", "net_revenue") == []


def test_orders_of_somebody_unknown_fill_up_no_small_group(tmp_path, monkeypatch):
    monkeypatch.setenv("KUNDBILD_HOME", str(tmp_path))
    # of four known customers and one unknown, who may be one of them; and a group of unknown ones only
    orders = "insert into bi.fct_orders by name select case when n < 4 or n >= 20 then 'c' || n end as customer_key, 's' as source_system, n::varchar as source_key, timestamp '2025-01-01' as ordered_at, true as is_order, 1 as net_amount, case when n < 5 then 'few' when n < 20 then 'guests' else 'many' end as channel from range(40) r(n)"
    publish(tmp_path, "one", orders)
    found = answer(["orders"], by=["channel"])
    assert found.rows == [] and found.hidden == 3
    assert answer(["orders"]).rows == [{"orders": 40}]


def test_a_publication_older_than_the_definition_is_told_as_such(tmp_path, monkeypatch):
    monkeypatch.setenv("KUNDBILD_HOME", str(tmp_path))
    publish(tmp_path, "old", "alter table bi.fct_orders drop column net_amount")
    with pytest.raises(KundbildError, match="older than the definition"):
        answer(["net_revenue"])
    assert answer(["tickets"]).rows == [{"tickets": None}]


def test_a_table_that_another_version_made_is_not_read_as_todays(tmp_path, monkeypatch):
    """Its columns have the names of today's, and their numbers may mean something else."""
    monkeypatch.setenv("KUNDBILD_HOME", str(tmp_path))
    publish(tmp_path, "old")
    manifest = tmp_path / "published" / "versions" / "old" / "publication.json"
    said = json.loads(manifest.read_text())
    manifest.write_text(json.dumps(said | {"made_by": said["made_by"] | {"fct_orders": "otherwise"}}))
    with pytest.raises(KundbildError, match=r"another version of Kundbild made bi\.fct_orders") as told:
        answer(["net_revenue"])
    assert "kundbild run --force" in told.value.to_do
    assert answer(["tickets"]).rows == [{"tickets": None}]
    # of before publications said by what they were made
    del said["made_by"]
    manifest.write_text(json.dumps(said))
    with pytest.raises(KundbildError, match=r"another version of Kundbild made bi\.dim_customers, bi\.fct_tickets"):
        answer(["tickets"])


@pytest.mark.slow
def test_a_missing_source_gives_an_empty_answer(tmp_path: Path, monkeypatch):
    publish(tmp_path, "empty")
    monkeypatch.setenv("KUNDBILD_HOME", str(tmp_path))
    for name in read_definitions().listed:
        assert all(row[name] in (None, 0) for row in answer([name]).rows), name
    assert answer(["net_revenue"], by=["channel"], grain="month").rows == []


def test_who_asked_for_which_metric_is_noted(published):
    answer(["nps", "csat"])
    home, config = home_and_config()
    last = list(reads(audit_log(home, load_privacy(config)), grade="analyst"))[-1]
    assert last.detail == {"of": "analyst", "through": "metrics", "metric_1": "nps", "metric_2": "csat", "rows": 1}


def test_without_a_publication_it_is_said_what_to_do(tmp_path, monkeypatch):
    monkeypatch.setenv("KUNDBILD_HOME", str(tmp_path))
    with pytest.raises(KundbildError, match="nothing is published yet"):
        answer(["orders"])


def test_the_warehouse_is_never_opened(published: duckdb.DuckDBPyConnection, example_home: Path):
    answer(["orders"])
    assert not (example_home / "warehouse.duckdb").exists()


def test_a_report_aggregates_a_metric_as_metricflow_does(published):
    definitions = read_definitions()
    tables = {model["name"]: model["model"][5:-2] for model in definitions.semantic_models}
    compared = 0
    for name, metric in definitions.listed.items():
        if metric.measure and not metric.always_by and tables[metric.model].startswith("bi_"):
            sql = f"select {definitions.aggregate(name)} from bi.{tables[metric.model].removeprefix('bi_')}"
            assert (sql, published.execute(sql).fetchall()[0][0]) == (sql, pytest.approx(total(name).rows[0][name]))
            compared += 1
    assert compared > 25
    with pytest.raises(KundbildError, match="not one aggregate"):
        definitions.aggregate("roas")


def test_the_report_and_the_dashboards_say_what_the_metrics_do(published, example_home, tmp_path):
    """Their scripts group, and count people and largest parts beside a metric's aggregate: each number is what MetricFlow's SQL gives."""
    path = example_home / "published" / "kundbild.duckdb"
    # one process opens a file in one way
    published.close()

    def told(script: str, as_of: datetime) -> Answer:
        with Asked.open(path, as_of, 1, tmp_path) as opened:
            return opened.ask(Question(script))

    months, quarter = {"first": "2025-11-01", "last": "2025-11-30"}, {"first": "2025-01-01", "last": "2025-03-31"}
    (sales,) = told("glance_sales", datetime(2025, 12, 1)).exact
    assert (sales["net_amount"][0], sales["order_count"][0]) == pytest.approx(
        asked("net_revenue", "orders", **months)[0]
    )
    surveys = told("glance_surveys", datetime(2025, 4, 1)).first
    assert surveys["nps_score"] == round(asked("nps", **quarter)[0][0])
    (tickets,) = told("glance_tickets", datetime(2025, 5, 15)).exact
    assert (tickets["ticket_count"][0],) == asked("tickets", first="2025-05-01", last="2025-05-14")[0]
    sold = told("sales_by_month", datetime(2025, 12, 1))
    by_month = asked("net_revenue", grain="month", first="2025-02-01", last="2025-10-31")
    months_sold: dict[str, float] = defaultdict(float)
    for row, exact in zip(sold.records, sold.exact, strict=True):
        months_sold[f"{row['sales_month']}"] += exact["net_amount"][0]
    assert len(by_month) == 9 and [months_sold[month] for month, _ in by_month] == pytest.approx(
        [net for _, net in by_month]
    )
    scores = {
        f"{row['answered_month']}": row["nps_score"] for row in told("nps_by_month", datetime(2025, 9, 1)).records
    }
    by_month = asked("nps", grain="month", first="2025-03-01", last="2025-08-31")
    assert len(by_month) == 6 and {month: scores[month] for month, _ in by_month} == {
        month: round(score) for month, score in by_month
    }


def test_a_metric_of_what_no_source_delivers_says_so(tmp_path, monkeypatch):
    home = tmp_path / "home"
    publish(home, "20260102T000000-orders", "insert into bi.delivered_entities by name from (values ('web_sessions', false), ('survey_responses', false), ('orders', true)) t(entity, is_delivered)")  # fmt: skip
    monkeypatch.setenv("KUNDBILD_HOME", str(home))
    for metric, entity in {"sessions": "web sessions", "nps": "survey responses"}.items():
        found = answer([metric])
        assert [list(row.values()) for row in found.rows] == [[None]]
        assert found.told == [f"{metric} is empty: no source delivers {entity}"]
    assert answer(["net_revenue"]).told == []
