"""Changes are of exact values, percents of counts of half steps, and none is told that could tell of few people."""

from __future__ import annotations

import re
from datetime import date

import duckdb
import pytest

from orchestration.publishing.report.page import Report
from orchestration.publishing.report.picture import as_picture
from orchestration.publishing.report.sections import SECTIONS
from orchestration.publishing.report.topics import TOPICS
from tests.unit.publishing.report.company import asked, make_company, make_empty


def tickets(path, counts: dict[int, int]):
    """A company with so many tickets in each month of 2026, each of a customer of its own."""
    make_empty(path)
    with duckdb.connect(str(path)) as con:
        for month, count in counts.items():
            con.execute(
                "insert into bi.fct_tickets by name select 'desk' as source_system, 'T' || n as source_key, 'C' || n as customer_key, "
                "cast(? as timestamp) as opened_at, 'delivery' as category from range(?) t(n)",
                [date(2026, month, 5), count],
            )
    return path


def part(report: Report, script: str):
    return next(report.part(p, "") for s in SECTIONS for p in s.parts if p.question.script == script)


@pytest.mark.parametrize(
    ("september", "october", "said"),
    [
        (93, 102, "October 2026: 100 tickets, about as many as in September."),
        (102, 102, "October 2026: 100 tickets, about as many as in September."),
        (94, 106, "October 2026: 110 tickets, 16\u00a0% more than in September."),
        (116, 94, "October 2026: 90 tickets, 21\u00a0% fewer than in September."),
        # months of few: no month is compared with one that is not beside it
        (3, 94, "October 2026: 90 tickets."),
        (
            94,
            3,
            "September 2026: 90 tickets, about as many as in August. Later months have too few people to be shown.",
        ),
    ],
)
def test_a_change_by_month_is_of_the_last_full_month_and_of_exact_counts(tmp_path, september, october, said):
    with asked(tickets(tmp_path / "kundbild.duckdb", {7: 20, 8: 100, 9: september, 10: october})) as opened:
        report = Report("C", "SEK", opened)
        assert part(report, "tickets_by_month").says == said
        drawn = as_picture(report, "service")
    # a sentence is folded over lines there
    assert said in " ".join(re.findall(r">([^<>]+)</text>", drawn))


def test_a_share_of_the_largest_is_finer_than_that_of_rounded_counts(tmp_path):
    with duckdb.connect(str(tickets(tmp_path / "kundbild.duckdb", {8: 104, 9: 16}))) as con:
        con.execute("update bi.fct_tickets set category = 'return' where opened_at >= date '2026-09-01'")
    with asked(tmp_path / "kundbild.duckdb") as opened:
        # of rounded ones 100 of 120 were 83 %
        assert (
            part(Report("C", "SEK", opened), "tickets_by_category").says == "Most tickets: delivery, 100 (86\u00a0%)."
        )


@pytest.mark.parametrize(
    ("without", "said"),
    [
        ("n >= 391", "about as many as on 1 November"),
        ("n >= 386", "up 10 (4\u00a0%) since 1 November"),
        ("n >= 204", "up 200 (99\u00a0%) since 1 November"),
    ],
)
def test_a_change_of_a_figure_is_of_exact_counts(tmp_path, without, said):
    make_company(tmp_path / "now.duckdb")
    make_company(tmp_path / "before.duckdb", without=without)
    with asked(tmp_path / "now.duckdb") as opened, asked(tmp_path / "before.duckdb") as before:
        figure = Report("C", "SEK", opened, before).figure(TOPICS["segments"][1][0])
    assert figure["change"] == said


def test_a_stage_that_few_joined_did_not_grow(tmp_path):
    make_company(tmp_path / "now.duckdb")
    make_company(tmp_path / "before.duckdb", without="n >= 391")
    with asked(tmp_path / "now.duckdb") as opened, asked(tmp_path / "before.duckdb") as before:
        stages = Report("C", "SEK", opened, before).part(TOPICS["segments"][2], "")
    assert stages.says == "No change in customers that is large enough to be shown."


def test_exact_values_do_not_reach_the_page(tmp_path):
    with asked(tickets(tmp_path / "kundbild.duckdb", {8: 93, 9: 102, 10: 20})) as opened:
        answer = part(Report("C", "SEK", opened), "tickets_by_month").answer
    assert answer.exact[0]["ticket_count"] == (93, 10)
    assert "exact" not in answer.sql and "ticket_count_step" not in answer.columns and "93" not in repr(answer)
