"""Who stands behind a figure is a known customer: orders, visits and tickets of nobody known fill no group."""

from __future__ import annotations

import duckdb
import pytest

from orchestration.publishing.report.figures import FIGURES, TICKETS_OPENED
from orchestration.publishing.report.page import Report
from orchestration.publishing.report.sections import SECTIONS
from tests.unit.publishing.report.company import asked, make_company

TABLES = ("fct_orders", "fct_tickets", "fct_web_sessions", "fct_survey_responses")
SCRIPTS = (
    "sales_by_month", "sales_by_channel", "products_by_category", "products_sold_most", "tickets_by_month", "tickets_by_category",
    "visits_by_channel", "nps_by_month", "surveys", "newest_rows", "order_gaps",
)  # fmt: skip


@pytest.fixture
def company(tmp_path):
    make_company(tmp_path / "kundbild.duckdb")
    return tmp_path / "kundbild.duckdb"


def forget(company, where: str) -> None:
    with duckdb.connect(str(company)) as con:
        for table in TABLES:
            con.execute(f"update bi.{table} set customer_key = null where {where}")


def records(company, script: str):
    with asked(company) as opened:
        question = next(p.question for s in SECTIONS for p in s.parts if p.question.script == script)
        return Report("C", "SEK", opened).answer(opened, question).records


@pytest.mark.parametrize("script", SCRIPTS)
def test_rows_of_nobody_known_fill_no_group(company, script):
    assert records(company, script)
    # nine customers stay known
    forget(company, "cast(substr(source_key, 5) as integer) > 8")
    assert records(company, script) == []


def test_figures_at_the_head_are_not_of_nobody_known(company):
    forget(company, "cast(substr(source_key, 5) as integer) > 8")
    with asked(company) as opened:
        report = Report("C", "SEK", opened)
        lacking = {figure.title for figure in (*FIGURES, TICKETS_OPENED) if report.figure(figure)["lacks"]}
    assert lacking == {"Orders in the last 30 days", "Net revenue of the last 30 days", "NPS of the last 90 days", "Tickets opened in the last 30 days"}  # fmt: skip


def test_known_customers_are_counted_by_that_name_and_orders_of_nobody_known_as_orders(company):
    forget(company, "cast(substr(source_key, 5) as integer) % 4 = 0")
    (web,) = [row for row in records(company, "sales_by_channel") if row["channel"] == "web"]
    assert (web["known_customer_count"], web["order_count"]) == (90, 180)
    assert all("buyer_count" not in row for script in SCRIPTS for row in records(company, script))


def test_visits_that_only_nobody_known_converted_are_not_told(company):
    forget(company, "cast(substr(source_key, 5) as integer) % 20 = 0")
    (organic,) = [row for row in records(company, "visits_by_channel") if row["landing_channel"] == "organic"]
    assert (
        organic["visit_count"] == 200
        and organic["converted_visit_count"] is None
        and organic["converted_percent"] is None
    )


@pytest.mark.parametrize(("reasons", "permitted"), [((30, 20), 0), ((30, 16, None), None), ((30,), None)])
def test_that_nobody_is_permitted_is_known_where_all_have_a_reason(company, reasons, permitted):
    """Of a few that are not told, or of a reason that is missing, nothing is concluded."""
    with duckdb.connect(str(company)) as con:
        con.execute("delete from bi.audience_funnel")
        told = [
            (1, "matched", "", 50),
            *((2, "not permitted", f"r{n}", one) for n, one in enumerate(reasons)),
            (5, "in the audience", "", 0),
        ]
        con.executemany(
            "insert into bi.audience_funnel by name select 'a' as audience, 'offers' as purpose, 'email' as channel, ? as step_order, ? as step, '' as reason_code, ? as reason, ? as customer_count",
            told,
        )
    (row,) = records(company, "audience_steps")
    assert (row["matched_count"], row["permitted_count"], row["in_the_audience_count"]) == (50, permitted, 0)
