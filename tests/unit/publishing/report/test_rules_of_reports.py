"""No figure of a report is of fewer than k people, whoever writes the script."""

from __future__ import annotations

import random
from datetime import datetime
from pathlib import Path

import duckdb
import pytest
import yaml
from hypothesis import given, settings
from hypothesis import strategies as st
from jinja2 import Environment, StrictUndefined

from orchestration.core.settings import DBT_DIR
from orchestration.publishing.report import asking, rules
from orchestration.publishing.report.figures import FIGURES
from orchestration.publishing.report.sections import SECTIONS
from orchestration.publishing.report.topics import TOPICS

QUESTIONS = {
    question.script: question
    for question in [*(f.question for f in FIGURES), *(p.question for s in SECTIONS for p in s.parts), *(p.question for _, _, p in TOPICS.values()), *(f.question for _, figures, _ in TOPICS.values() for f in figures)]
}  # fmt: skip
CELLS = "from (values ('a', 9, 9, 900.0, 400.0), ('b', 14, 9, 1234.5, 400.0), ('c', 36, 0, 5.0, 0.4)) t(name, people, order_count, net_amount, net_amount_largest)"


def rows(sql: str) -> list[tuple]:
    return duckdb.sql(sql).fetchall()


def test_cells_of_few_are_left_out_and_the_others_are_rounded():
    columns = ["name", "people", "order_count", "net_amount", "net_amount_largest"]
    assert rules.shown_columns(columns) == ["name", "order_count", "net_amount"]
    told = rules.told(CELLS, columns, 10, order="name")
    # of b nine orders are not told; 1234.5 is rounded to thousands, for one person's part is 400
    assert rows(told) == [("b", None, 1000.0), ("c", 0, 5.0)]


def test_rows_come_by_a_place_that_is_not_shown():
    cells = (
        "from (values ('18 to 29', 18, 40), ('under 18', 0, 30), ('unknown', null, 50)) t(age_band, age_place, people)"
    )
    columns = ["age_band", "age_place", "people"]
    assert rows(rules.told(cells, columns, 10, order="age_place nulls last")) == [("under 18",), ("18 to 29",), ("unknown",)]  # fmt: skip


def test_what_stands_behind_a_measure_is_what_counts():
    cells = "from (values ('a', 50, 4.26, 9), ('b', 50, 4.26, 10)) t(name, people, csat_average, csat_average_people)"
    told = rules.told(cells, ["name", "people", "csat_average", "csat_average_people"], 10, order="name")
    assert [(name, value and float(value)) for name, value in rows(told)] == [("a", None), ("b", 4.3)]


def test_a_share_is_of_halves_of_steps_and_neither_it_nor_its_rest_is_of_few():
    cells = "from (values (1, 57, 57, 14), (2, 141, 141, 102), (3, 50, 50, 9), (4, 50, 50, 41), (5, 50, 50, 50), (6, 50, 50, 0)) t(n, people, all_count, some_count)"
    told = rules.told(cells, ["n", "people", "all_count", "some_count"], 10, shares={"some_percent": ("some_count", "all_count")}, order="n")  # fmt: skip
    assert [row[-1] for row in rows(told)] == [21, 72, None, None, 100, 0]


def test_what_bi_rounded_is_not_rounded_again_and_is_taken_for_the_fewest_it_may_be_of():
    """8 people are 10 in bi, and 13 are 15."""
    columns = ["people_rounded", "order_count_rounded", "first_reply_hours", "first_reply_hours_people_rounded"]
    cells = f"from (values (10, 25, 3.4, 40), (15, 25, 3.4, 10), (30, 0, 3.4, 15), (30, 10, 3.4, 15)) t({', '.join(columns)})"
    assert rules.shown_columns(columns) == ["order_count", "first_reply_hours"]
    found = rows(rules.told(cells, columns, 10, order="order_count desc nulls last"))
    assert [(count, hours and float(hours)) for count, hours in found] == [(25, None), (0, 3.4), (None, 3.4)]


def test_a_share_of_bi_is_shown_where_neither_side_may_be_of_few():
    cells = "from (values (1, 15, .6, 0), (2, 20, .9, 0), (3, 30, .5, 0), (4, 30, .5, 5), (5, 100, .12, 0), (6, 100, .09, 0), (7, 100, 1.0, 0), (8, 100, 0.0, 0), (9, 1000, .99, 0), (10, 100, null, 0)) t(n, whole, bought_share, again)"
    script = f"select n, 50 as people, bought_share, whole as bought_share_of_rounded, again as bought_share_repeats from ({cells})"
    columns = ["n", "people", "bought_share", "bought_share_of_rounded", "bought_share_repeats"]
    told = rows(rules.told(script, columns, 10, order="n", min_people=5))
    assert rules.shown_columns(columns) == ["n", "bought_percent"]
    assert [share and int(share) for _, share in told] == [None, None, 50, None, 12, None, 100, 0, None, None]
    with pytest.raises(ValueError, match="no column bought_share_of"):
        rules.told("select 50 as people, 0.5 as bought_share", ["people", "bought_share"], 10)


@pytest.mark.parametrize("k", [10, 11, 13, 20, 25])
def test_a_share_fits_several_wholes_and_parts_beside_their_rounded_counts(k):
    """Every part of every whole: 44 % of about 30, of whom about 20 did, were 15 of 34 if the share were of exact counts."""
    cells = "select whole as people, whole as all_count, part as some_count from range(1, 200) w(whole), range(0, 200) p(part) where part <= whole"
    told = rules.told(cells, ["people", "all_count", "some_count"], k, shares={"some_percent": ("some_count", "all_count")}, order="people, round(some_count)")  # fmt: skip
    told = told.replace("select\n", "select people as whole, some_count as part,\n", 1)
    fits = "select count(distinct whole), count(distinct part) from t where some_percent not in (0, 100) group by all_count, some_count, some_percent"
    found = duckdb.sql(f"with t as ({told}) {fits}").fetchall()
    assert len(found) > 50 and min(min(row) for row in found) > 1


@pytest.mark.parametrize("is_known", [True, False])
def test_no_share_of_bi_that_is_shown_is_of_few_nor_is_its_rest(is_known):
    """Every part of every small whole, as bi's own macros tell it, for every setting."""
    macros = "".join((DBT_DIR / "macros" / f"{name}.sql").read_text() for name in ("few", "grades"))
    for least in range(2, 21):
        tell = Environment(undefined=StrictUndefined).from_string(f"{macros}{{{{ share_unless_few('part', 'whole') }}}} as some_share, {{{{ rounded('whole') }}}} as whole_told")  # fmt: skip
        # of a small whole every part, of a large one what is few or leaves few
        cells = "select whole, part from range(1, 130) w(whole), range(0, 130) p(part) where part <= whole union all select whole, part from range(130, 3000, 97) w(whole), (select part from range(0, 60) p(part)) union all select whole, whole - part from range(130, 3000, 97) w(whole), (select part from range(0, 60) p(part))"
        bi = f"select part, whole, {tell.render(var=lambda _, m=least: m)} from ({cells})"
        # beside the rounded counts it tells neither of the exact ones
        fits = f"select count(distinct whole), count(distinct part) from ({bi}) where whole_told < 100 and some_share not in (0, 1) group by whole_told, round(part / {least}.0), some_share"
        assert least < 5 or min(min(row) for row in rows(fits)) > 1
        script = f"select part, whole, some_share, whole_told as some_share_of_rounded, 50 as people from ({bi})"
        k = rules.least_people(least)
        columns = ["part", "whole", "some_share", "some_share_of_rounded", "people"]
        told = rules.told(script, columns, k, min_people=least if is_known else None)
        told = f"from ({told.partition('order by')[0]}) where some_percent is not null"
        few = rows(f"{told} and (part between 1 and {k - 1} and some_percent > 0 or whole - part between 1 and {k - 1} and some_percent < 100)")  # fmt: skip
        assert not few, (least, few[:3])
        assert len(rows(told)) > 1000


def test_a_mean_of_nobody_known_is_not_told_nor_a_count_that_only_they_fill():
    cells = "from (values ('a', 50, 4.2, 0, 30, 0), ('b', 50, 4.2, 12, 0, 0)) t(name, people, csat_average, csat_average_people, order_count, order_count_people)"
    columns = ["name", "people", "csat_average", "csat_average_people", "order_count", "order_count_people"]
    told = rows(rules.told(cells, columns, 10, order="name"))
    assert [(name, mean and float(mean), orders) for name, mean, orders in told] == [("a", None, None), ("b", 4.2, 0)]


def test_a_mean_of_a_scale_beside_a_rounded_count_tells_no_number_of_few_who_are_not_at_its_end():
    """All ways in which 10 to 40 people may answer; whoever reads the figures knows the rule too."""
    ways = "select n, p, d, n as people, n as all_count, 100.0 * (p - d) / n as nps_score, n as nps_score_people, nullif(least(n - p, n - d), 0) as nps_score_rest from range(10, 41) a(n), range(41) b(p), range(41) c(d) where p + d <= n"
    columns = ["n", "p", "d", "people", "all_count", "nps_score", "nps_score_people", "nps_score_rest"]
    told = rules.told(ways, columns, 10, order="n")
    few = f"select nps_score from ({told}) where nps_score is not null group by all_count, nps_score having (count(distinct n - p) = 1 and max(n - p) between 1 and 9) or (count(distinct n - d) = 1 and max(n - d) between 1 and 9)"
    assert rows(few) == []
    # two in five of all ways are told, and all that are alike
    assert rows(
        f"select count(nps_score) > 0.4 * count(*), count(*) filter (p = n and nps_score = 100) from ({told})"
    ) == [(True, 31)]


def test_a_mean_of_a_scale_is_of_known_customers_and_is_told_where_all_are_at_its_end():
    script = asking.read_script("glance_surveys", datetime(2026, 1, 1), 10, 5)
    answers = "(select case when n < {known} then 'c' || greatest(n, {same}) end as customer_key, case when n < {others} then 7 else 10 end as nps, timestamp '2025-12-01' as submitted_at from range(40) t(n))"

    def told(**how: int) -> list[tuple]:
        asked = script.replace("bi.fct_survey_responses", answers.format(**{"known": 40, "same": 0, "others": 0} | how))
        return [
            (score and float(score),)
            for (score,) in rows(rules.told(asked, ["people", "nps_score", "nps_score_people", "nps_score_rest"], 10))
        ]

    assert told() == [(100,)] and told(others=20) == [(50,)]
    assert told(others=9) == [(None,)]
    # ten who did not say ten are told; of nobody known, and answers of one customer, are no more than they
    assert told(others=10) == [(75,)] and told(others=20, known=19) == [(50,)] and told(others=20, same=10) == [(50,)]
    assert told(others=20, same=11) == [(None,)]


def test_a_script_that_does_not_say_of_how_many_people_is_refused():
    with pytest.raises(ValueError, match="no column people"):
        rules.told("select 1 as order_count", ["order_count"], 10)
    with pytest.raises(ValueError, match="net_amount_largest"):
        rules.told("select 20 as people, 1 as net_amount", ["people", "net_amount"], 10)


@given(st.lists(st.integers(0, 60), min_size=1, max_size=8), st.sampled_from([10, 25]))
@settings(max_examples=40)
def test_neither_a_count_nor_a_difference_of_two_is_of_few(people, k):
    values = ", ".join(f"({number}, {count}, {count})" for number, count in enumerate([*people, sum(people)]))
    cells = f"from (values {values}) t(number, people, customer_count)"
    told = [count for _, count in rows(rules.told(cells, ["number", "people", "customer_count"], k))]
    assert all(count >= k for count in told)
    assert not [1 for one in told for other in told if 0 < abs(one - other) < k]
    *parts, total = sorted(told) or [0]
    assert not 0 < abs(total - sum(parts)) < k


# of checks, rows and sources, and not of people
OF_ROWS = {"quality_by_night", "quality_set_aside", "quality_of_sources", "undelivered"}


@pytest.mark.parametrize("script", sorted(QUESTIONS))
def test_every_script_says_of_how_many_people_its_rows_are(script: str):
    """Of every table of people; advertising, checks and rows are of nobody."""
    question = QUESTIONS[script]
    text = asking.read_script(script, datetime(2026, 1, 1), 10, 5)
    tables = set(asking._TABLE.findall(text))
    assert tables and question.is_of_people == (tables != {"bi.ad_spend"} and script not in OF_ROWS)
    known = {
        f"bi.{model['config']['alias']}"
        for file in (DBT_DIR / "models" / "bi").glob("*.yml")
        for model in yaml.safe_load(file.read_text())["models"]
    }
    assert tables <= known, "the report asks tables of bi only"
    assert (Path(asking.__file__).parent / "sql" / f"{script}.sql").exists()


def test_k_of_a_report_is_ten_at_least():
    assert rules.least_people(5) == 10 and rules.least_people(20) == 20


def test_shares_of_a_sample_are_told_where_nearly_all_rows_of_their_size_tell_theirs():
    """Of products whose first buyers nearly all came back only those tell it of which all did: sorted by it they would stand on top."""
    rng, columns = random.Random(17), ["n", "people", "first_count", "back_count"]
    assert yaml.safe_load((DBT_DIR / "dbt_project.yml").read_text())["vars"]["least_told_share"] == rules.LEAST_TOLD

    def told(wholes: list[int], share: float) -> dict[int, float | None]:
        cells = [(n, whole, whole, sum(rng.random() < share for _ in range(whole))) for n, whole in enumerate(wholes)]
        sql = rules.told(f"from (values {', '.join(map(str, cells))}) t({', '.join(columns)})", columns, 10, shares={"back_percent": ("back_count", "first_count")}, order="n", is_sample=True)  # fmt: skip
        return {row[0]: row[-1] for row in rows(sql)}

    assert set(told([15 + n % 60 for n in range(60)], 0.93).values()) == {None}
    # the large ones alone are a fair sample, whatever became of the small ones
    found = told([600] * 20 + [30] * 40, 0.93)
    shown = [percent for percent in found.values() if percent is not None]
    assert len(shown) >= 18 and not any(found[n] is not None for n in range(20, 60))
    assert abs(sum(shown) / len(shown) - 93) < 1
    # where the size of all would do and half are of few all the same, nobody is told of
    cells = [(n, 100, 100, 50 if n % 2 else 96) for n in range(20)]
    sql = rules.told(f"from (values {', '.join(map(str, cells))}) t({', '.join(columns)})", columns, 10, shares={"back_percent": ("back_count", "first_count")}, order="n", is_sample=True)  # fmt: skip
    assert {row[-1] for row in rows(sql)} == {None}
    assert set(told([40] * 9, 1.0).values()) == {100}


def test_means_of_a_scale_are_told_of_all_months_that_are_large_enough_or_of_none():
    """Told wherever few are off the end, the small months would be those in which customers were discontented."""
    columns = ["n", "people", "nps_score", "nps_score_people", "nps_score_rest"]

    def told(people: int, rests: list[int]) -> list[bool]:
        cells = ", ".join(f"({n}, {people}, 50.0, {people}, {rest})" for n, rest in enumerate(rests))
        sql = rules.told(f"from (values {cells}) t({', '.join(columns)})", columns, 10, order="n", is_sample=True)
        return [score is not None for *_, score in rows(sql)]

    assert told(20, [9, 10, 14, 8] * 3) == [False] * 12
    assert told(40, [16, 17, 18, 22] * 3) == [True] * 12
    assert told(40, [9, 17, 25, 28] * 3) == [False] * 12


def test_a_share_of_bi_is_told_as_one_of_a_sample():
    columns = ["n", "people", "again_share", "again_share_of_rounded"]
    for shares, expected in (([0.0, 0.0, None, None], {None}), ([0.4, 0.5, 0.5, 0.6], {40, 50, 60}), ([0.0, 0.0, 0.0, 0.0], {0})):  # fmt: skip
        cells = ", ".join(f"({n}, 60, {'null' if share is None else share}::double, 60)" for n, share in enumerate(shares))  # fmt: skip
        sql = rules.told(f"from (values {cells}) t({', '.join(columns)})", columns, 10, order="n", min_people=5, is_sample=True)  # fmt: skip
        assert {row[-1] for row in rows(sql)} == expected
