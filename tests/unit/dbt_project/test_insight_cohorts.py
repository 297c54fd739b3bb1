"""Cohorts and the time between orders: by hand-written orders against what one counts by hand, and by those of CDNOW against plain SQL
and Python over the file."""

from __future__ import annotations

import csv
import random
import statistics
from collections import defaultdict
from datetime import date, datetime, timedelta

import pytest

from tests.conftest import shared
from tests.unit.compiled import compiled_models
from tests.unit.dbt_project.insight import Marts, order

_MODELS = ("cohort_retention", "purchase_intervals", "bi_cohort_retention", "bi_purchase_intervals")


@pytest.fixture(scope="module")
def models(tmp_path_factory) -> dict[str, str]:
    return compiled_models(tmp_path_factory, _MODELS)


@pytest.fixture
def marts(warehouse, models) -> Marts:
    return Marts(warehouse, models, ("fct_orders",))


def test_without_an_order_there_is_no_cohort(marts):
    assert marts.rows("cohort_retention") == marts.rows("purchase_intervals") == []
    marts.add("marts.fct_orders", order("1", None, "2026-01-01"), order("2", "c1", "2026-06-02"),
              order("3", "c1", "2026-05-02", -50, is_order=False))  # fmt: skip
    assert marts.rows("cohort_retention") == []


def test_a_cohort_month_by_month(marts):
    marts.add("marts.fct_orders",
              order("1", "c1", "2026-02-28", 100), order("2", "c1", "2026-02-28", 50), order("3", "c1", "2026-05-01", 30),
              order("4", "c2", "2026-02-01", 10), order("5", "c2", "2026-03-31", 0, is_sale=False),
              # a credit note is revenue of its month, and nobody is active by it
              order("6", "c2", "2026-05-09", -4, is_order=False),
              order("7", "c3", "2026-05-01", None), order("8", "c3", "2026-06-01", 7))  # fmt: skip
    found = marts.by("cohort_retention", "cohort_month", "months_since")
    february = [found[date(2026, 2, 1), n] for n in range(5)]
    assert [row["active_customer_count"] for row in february] == [2, 1, 0, 1, 0]
    assert [row["repeat_customer_count"] for row in february] == [1, 2, 2, 2, 2]
    assert [row["order_count"] for row in february] == [3, 1, 0, 1, 0]
    assert [row["net_amount"] for row in february] == [160, 0, 0, 26, 0]
    assert [row["is_final"] for row in february] == [True, True, True, True, False]
    assert {row["cohort_customer_count"] for row in february} == {2}
    # without a rate an amount is not known, and is not 0
    assert [found[date(2026, 5, 1), n]["net_amount"] for n in (0, 1)] == [None, 7]
    assert len(found) == 7
    intervals = marts.by("purchase_intervals", "order_number")
    assert [(n, r["customer_count"], r["next_order_count"]) for n, r in intervals.items()] == [
        (1, 3, 3),
        (2, 3, 1),
        (3, 1, 0),
    ]
    assert intervals[1]["p50_days"] == 31 and intervals[3]["mean_days"] is None  # 0, 58 and 31


def test_analysts_see_no_cell_of_few(marts):
    for n in range(12):
        marts.add("marts.fct_orders", order(f"a{n}", f"c{n}", "2026-04-01"))
    for n in range(9):
        marts.add("marts.fct_orders", order(f"b{n}", f"c{n}", "2026-05-01"))
    marts.add("marts.fct_orders", order("c", "c1", "2026-05-20"), order("d", "x", "2026-05-20"))
    marts.build("cohort_retention", "purchase_intervals")
    found = marts.by("bi_cohort_retention", "cohort_month", "months_since")
    first, second = found[date(2026, 4, 1), 0], found[date(2026, 4, 1), 1]
    assert (first["grain"], first["cohort_customer_count"], first["order_count"]) == ("month", 10, 12)
    # nine of twelve leave three: of no cohort that is over it may be told who came back, nor that of one nobody did
    assert (second["active_customer_count"], second["repeat_customer_count"], second["order_count"]) == (None, None, 10)
    assert (first["active_share"], first["repeat_share"], second["active_share"]) == (None, None, None)
    few = found[date(2026, 5, 1), 0]
    assert (few["cohort_customer_count"], few["order_count"], few["net_amount"]) == (None, None, None)
    intervals = marts.by("bi_purchase_intervals", "order_number")
    assert (intervals[1]["customer_count"], intervals[1]["next_order_count"], intervals[1]["p50_days"]) == (
        13,
        None,
        30,
    )
    # those who went on are the customers of the next row
    assert (intervals[2]["customer_count"], intervals[2]["p50_days"]) == (None, None)


def test_a_share_tells_no_more_of_its_part_and_its_whole_than_their_rounded_counts(marts):
    """Of 18 new customers 11 buy again: rounded, the counts are 20 and 10; 11 of 18 are .61, and 10 of 18 .56, which is of no other whole."""
    marts.add("marts.fct_orders", *(order(f"a{n}", f"c{n}", "2026-03-01") for n in range(18)))
    marts.add("marts.fct_orders", *(order(f"b{n}", f"c{n}", "2026-04-01") for n in range(11)))
    marts.build("cohort_retention")
    told = marts.by("bi_cohort_retention", "cohort_month", "months_since")[date(2026, 3, 1), 1]
    assert (told["cohort_customer_count"], told["repeat_customer_count"], told["repeat_share"]) == (20, 10, 0.5)


def test_no_interval_is_that_of_one_customer(marts):
    for n in range(20):
        again = datetime(2026, 2, 1, 10) + timedelta(days=n, seconds=7 * n)
        marts.add("marts.fct_orders", order(f"a{n}", f"c{n}", "2026-01-01"), order(f"b{n}", f"c{n}", str(again)))
        if n < 5:
            marts.add("marts.fct_orders", order(f"d{n}", f"c{n}", str(again + timedelta(days=30, hours=n))))
    marts.build("purchase_intervals")
    first, second, _ = marts.rows("bi_purchase_intervals")
    # whole days: an exact interval of a day's order tells the second of the next one
    assert all(first[c] is None or first[c] == round(first[c]) for c in first)
    # a quarter of 20 people are five, a tenth are two
    assert (first["p10_days"], first["p25_days"], first["p50_days"], first["p90_days"]) == (None, 36, 41, None)
    assert [second[f"{c}_days"] for c in ("p10", "p25", "p50", "p75", "p90", "mean")] == [
        None,
        None,
        30,
        None,
        None,
        30,
    ]


def test_the_credit_note_of_one_customer_is_not_told_in_a_month_without_orders(marts):
    for n in range(12):
        marts.add("marts.fct_orders", order(f"a{n}", f"c{n}", "2026-03-01"))
    marts.add("marts.fct_orders", order("back", "c1", "2026-04-05", -350, is_order=False))
    marts.build("cohort_retention", "purchase_intervals")
    found = marts.by("bi_cohort_retention", "cohort_month", "months_since")
    assert [found[date(2026, 3, 1), n]["net_amount"] for n in range(4)] == [1200, None, 0, 0]


def test_the_cohorts_of_cdnow_are_those_of_the_file(marts):
    path = shared("cdnow") / "cdnow_orders.csv"
    marts.at("1998-07-01")
    marts.con.execute(
        "insert into marts.fct_orders (source_system, source_key, customer_id, ordered_at, is_order, is_sale, net_amount, currency) "
        f"select 'shop', row_number() over (), customer, strptime(date, '%Y%m%d'), true, amount_usd > 0, amount_usd, 'SEK' from read_csv('{path}', all_varchar = true, "
        "types = {'amount_usd': 'decimal(18, 2)'})"
    )
    bought = defaultdict(list)
    with path.open() as file:
        for row in csv.DictReader(file):
            bought[row["customer"]].append(datetime.strptime(row["date"], "%Y%m%d"))
    for days in bought.values():
        days.sort()
    number = lambda day: day.year * 12 + day.month  # noqa: E731
    cohorts, active, repeated = defaultdict(int), defaultdict(set), defaultdict(int)
    for customer, days in bought.items():
        cohort = number(days[0])
        cohorts[cohort] += 1
        for day in days:
            active[cohort, number(day) - cohort].add(customer)
        if len(days) > 1:
            repeated[cohort, number(days[1]) - cohort] += 1
    found = marts.rows("cohort_retention")
    assert {r["cohort_month"] for r in found} == {date(1997, 1, 1), date(1997, 2, 1), date(1997, 3, 1)}
    for row in found:
        cohort, since = number(row["cohort_month"]), row["months_since"]
        assert row["cohort_customer_count"] == cohorts[cohort]
        assert row["active_customer_count"] == len(active[cohort, since])
        assert row["repeat_customer_count"] == sum(repeated[cohort, m] for m in range(since + 1))
    last = [r for r in found if r["is_final"] and number(r["cohort_month"]) + r["months_since"] == 1998 * 12 + 6]
    assert sum(r["repeat_customer_count"] for r in last) == sum(len(days) > 1 for days in bought.values())
    assert sum(r["net_amount"] for r in found) == marts.con.execute(f"select sum(amount_usd::decimal(18, 2)) from read_csv('{path}', all_varchar = true)").fetchone()[0]  # fmt: skip
    intervals = marts.by("purchase_intervals", "order_number")
    for nth in (1, 2, 24):
        days = [(d[nth] - d[nth - 1]).days for d in bought.values() if len(d) > nth]
        assert intervals[nth]["customer_count"] == sum(len(d) >= nth for d in bought.values())
        assert intervals[nth]["next_order_count"] == len(days)
        assert intervals[nth]["p50_days"] == statistics.median(days)
        assert intervals[nth]["p90_days"] == pytest.approx(statistics.quantiles(days, n=10, method="inclusive")[8])
    assert max(intervals) == 24


@pytest.mark.parametrize(
    ("customers", "share", "grain"), [(400, 0.2, "month"), (60, 0.2, "quarter"), (60, 0.06, "year"), (9, 0.06, "year")]
)
def test_cohorts_that_are_told_are_a_fair_sample(marts, customers, share, grain):
    """Of small cohorts those may be told of which nobody came back; the curve of all is what those that are told say."""
    rng, cells = random.Random(17), []
    for cohort in range(29):
        came = [next((m for m in range(1, 30) if rng.random() < share / 3), 99) for _ in range(customers)]
        for since in range(30 - cohort):
            again, active = (
                sum(m <= since for m in came),
                sum(rng.random() < share / 3 for _ in came) if since else customers,
            )
            cells.append(
                (f"{2024 + cohort // 12}-{cohort % 12 + 1:02}-01", since, customers, active, again, since < 29 - cohort)
            )
    marts.build("cohort_retention")
    marts.con.executemany(
        "insert into insight.cohort_retention by name select cast(? as date) as cohort_month, ? as months_since, ? as cohort_customer_count, "
        "? as active_customer_count, ? as repeat_customer_count, 0 as order_count, 0 as net_amount, 'SEK' as currency, ? as is_final",
        cells,
    )
    found = marts.rows("bi_cohort_retention")
    assert {row["grain"] for row in found} == {grain}
    assert len({(row["cohort_month"], row["months_since"]) for row in found}) == len(found)
    for since in range(1, 13):
        told = [
            row for row in found if row["months_since"] == since and row["is_final"] and row["repeat_share"] is not None
        ]
        if not told:
            assert customers == 9
            continue
        # the whole periods, as months
        starts = {row["cohort_month"].isoformat() for row in told}
        length = {"month": 1, "quarter": 3, "year": 12}[grain]
        month = lambda day: int(day[:4]) * 12 + int(day[5:7]) - 1  # noqa: E731
        of = [c for c in cells if c[1] == since and any(0 <= month(c[0]) - month(s) < length for s in starts)]
        true = sum(c[4] for c in of) / sum(c[2] for c in of)
        shown = sum(row["repeat_share"] * row["cohort_customer_count"] for row in told) / sum(
            row["cohort_customer_count"] for row in told
        )
        assert shown == pytest.approx(true, abs=0.03), since
        assert sum(row["cohort_customer_count"] for row in told) >= 0.85 * sum(
            row["cohort_customer_count"] for row in found if row["months_since"] == since and row["is_final"]
        )
