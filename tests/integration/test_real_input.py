"""Real input by configuration alone: nothing but an examples/<name>/kundbild.toml."""

from __future__ import annotations

import duckdb
import pytest

from orchestration.core.settings import PROJECT_DIR
from tests.conftest import Kundbild, shared

# 1 to 5 by the fifths of the customers who do worse
RFM = """
with
    lines as (select customer, strptime(date, '%Y%m%d') as day, amount_usd::decimal(18, 2) as dollars from read_csv('{file}', all_varchar = true)),
    customers as (select max(day) as last_day, count(*) as orders, sum(dollars) as dollars from lines group by customer),
    {fifths}
select r.fifth as recency, f.fifth as frequency, m.fifth as money, count(*)
from customers c join of_last_day r using (last_day) join of_orders f using (orders) join of_dollars m using (dollars)
group by all
order by all
"""
FIFTHS = """
    of_{value} as (
        select {value}, 1 + 5 * coalesce(sum(many) over (order by {value} rows between unbounded preceding and 1 preceding), 0) // (select count(*) from customers) as fifth
        from (select {value}, count(*) as many from customers group by {value})
    )"""


@pytest.fixture
def example(tmp_path):
    return lambda name: Kundbild(tmp_path / "home", PROJECT_DIR / "examples" / name / "kundbild.toml")


@pytest.mark.slow
def test_every_order_and_cent_of_cdnow_is_accounted_for(example, tmp_path):
    data = shared("cdnow")
    kundbild = example("cdnow")
    outcome = kundbild.json("run", DATA=str(data))
    assert outcome["is_clean"] and outcome["customers"] == 23_570
    found = kundbild.json(
        "query",
        "select count(*) as orders, sum(order_amount)::varchar as dollars, count(distinct customer_key) as customers, "
        "(select sum(revenue_amount)::varchar from bi.dim_customers) as revenue, "
        "(select sum(quantity)::bigint from bi.fct_order_items) as units from bi.fct_orders",
    )[0]
    assert (found["orders"], found["dollars"], found["customers"]) == (69_659, "2500315.63", 23_570)
    assert found["revenue"] == "2500315.63"
    assert found["units"] > 69_659
    # cohorts as plain SQL over the file has them; analysts see them rounded
    cohorts = kundbild.json(
        "query",
        "select cohort_month, cohort_customer_count as customers, repeat_customer_count as repeated "
        "from insight.cohort_retention where is_final qualify months_since = max(months_since) over (partition by cohort_month) order by 1",
        "--grade",
        "people",
    )
    with duckdb.connect() as con:
        there = con.execute(
            "select month::varchar, count(*), count(*) filter (orders > 1) from (select date_trunc('month', min(strptime(date::varchar, '%Y%m%d')))::date as month, "
            f"count(*) as orders from read_csv('{data}/cdnow_orders.csv', all_varchar = true) group by customer) group by 1 order by 1"
        ).fetchall()
    assert [(row["cohort_month"], row["customers"], row["repeated"]) for row in cohorts] == there
    # the counts of RFM as plain SQL over the file has them: by the last day, the orders and the dollars
    with duckdb.connect() as con:
        fifths = ",".join(FIFTHS.format(value=value) for value in ("last_day", "orders", "dollars"))
        there = con.execute(RFM.format(file=f"{data}/cdnow_orders.csv", fifths=fifths)).fetchall()
    with kundbild.warehouse() as con:
        counted = "select recency_score, frequency_score, money_score, count(*) from segments.customer_rfm group by all order by all"
        assert con.execute(counted).fetchall() == there and sum(row[-1] for row in there) == 23_570
        assert con.execute("select count(*) from quarantine.quarantined_rows").fetchall() == [(0,)]
        assert con.execute(
            "select min(ordered_at)::date::varchar, max(ordered_at)::date::varchar from marts.fct_orders"
        ).fetchall() == [("1997-01-01", "1998-06-30")]
        # a list of orders tells nothing else: neither 0 nor false
        of_orders = "bool_and(order_count > 0 and refunded_amount = 0), count(web_session_count), count(ticket_count), count(email_delivered_count)"
        others = (
            "count(has_active_subscription), count(is_business), count(is_club_member), count(household_customer_count)"
        )
        assert con.execute(f"select {of_orders}, {others} from marts.customer_360").fetchall() == [(True, *[0] * 7)]
        assert con.execute("select count(is_business), count(is_club_member) from marts.dim_customers").fetchall() == [
            (0, 0)
        ]
        schemes = "select distinct scheme from segments.customer_segments order by 1"
        assert [scheme for (scheme,) in con.execute(schemes).fetchall()] == [
            "acquisition",
            "lifecycle",
            "price class",
            "rfm",
            "value tier",
        ]
    note = "is_business is empty for every customer: no source delivers employers"
    trial = kundbild.json("add-segment", "people_alone", "--where", "not is_business", "--try", DATA=str(data))
    assert (trial["note"], trial["trial"]["customers"]) == (note, 0)
    assert kundbild.json("run", DATA=str(data))["is_nothing_new"]
    # the shop exports the whole list again the next day, with one order more
    again = tmp_path / "again"
    again.mkdir()
    (again / "cdnow_orders.csv").write_bytes((data / "cdnow_orders.csv").read_bytes() + b"99999,19980701,1,10.00\n")
    outcome = kundbild.json("run", DATA=str(again))
    assert outcome["is_clean"] and outcome["customers"] == 23_571
    found = kundbild.json(
        "query", "select count(*) as orders, sum(order_amount)::varchar as dollars from bi.fct_orders"
    )[0]
    assert (found["orders"], found["dollars"]) == (69_660, "2500325.63")


@pytest.mark.slow
def test_the_senzing_truth_set_as_three_systems(example):
    data = shared("senzing_truthset")
    kundbild = example("senzing")
    outcome = kundbild.json("run", DATA=str(data))
    assert outcome["is_success"] and outcome["failed_sources"] == {}
    with kundbild.warehouse() as con:
        people = dict(
            con.execute("select source_system, count(*) from conformed.conformed_people group by all").fetchall()
        )
        assert people == {"customers": 120, "reference": 22, "watchlist": 17}
        assert con.execute("select count(*) from quarantine.quarantined_rows").fetchall() == [(0,)]
        right, found, true = con.execute(
            f"""
            with t as (
                select s.customer_id, k.CLUSTER_ID as entity from identity.customer_source_records s
                join read_csv('{data}/actual_truthset_key.csv') k on lower(k.DATA_SOURCE) = s.source_system and k.RECORD_ID::varchar = s.source_key
                where s.valid_to is null
            )
            select (select sum(n * (n - 1) / 2) from (select count(*) as n from t group by customer_id, entity)),
                (select sum(n * (n - 1) / 2) from (select count(*) as n from t group by customer_id)),
                (select sum(n * (n - 1) / 2) from (select count(*) as n from t group by entity))
            """
        ).fetchall()[0]
    # too few records to learn from: the default model weighs them, and planted hard negatives are among what it joins
    assert right / found > 0.8
    assert right / true > 0.5
