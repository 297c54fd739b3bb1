"""The open grade, by hand-written rows: counts of many only, rounded, so that no subtraction tells of few; and nobody's row."""

from __future__ import annotations

import pytest

from data_quality.suites import all_suites
from orchestration.contracts.model_files import model_file
from orchestration.core.configuration import load_settings
from orchestration.core.settings import DBT_DIR, PROJECT_DIR
from orchestration.privacy.audit.catalogue import NONE, read_catalogue
from orchestration.privacy.intake.personal_text import prepare_shown_values
from tests.unit.compiled import compiled_models

SOME = "other (small groups)"
TABLES = sorted(path.stem.removeprefix("bi_open_") for path in (DBT_DIR / "models" / "bi_open").glob("*.sql"))


@pytest.fixture(scope="module")
def models(tmp_path_factory) -> dict[str, str]:
    found = compiled_models(tmp_path_factory, [f"bi_open_{table}" for table in TABLES])
    return {model.removeprefix("bi_open_"): sql for model, sql in found.items()}


@pytest.fixture
def shown(warehouse, models):
    """The rows of a table of the open grade, from tables of schemas bi and marts as they stand."""
    warehouse.execute("create schema bi; create schema marts")
    prepare_shown_values(warehouse)
    return lambda table: warehouse.execute(f"from ({models[table]}) order by all").fetchall()


@pytest.fixture
def rounded(shown, warehouse):
    """count → the count that the open grade shows for it."""
    warehouse.execute(
        "create table bi.permission_overview as select 'newsletter' as purpose, lpad(n::varchar, 3, '0') as channel, 'granted' as reason_code, 'granted' as reason, "
        "n as customer_count, n as permitted_count from range(80) r(n)"
    )
    return {int(channel): count for _, channel, _, _, count, _ in shown("permission_overview")}


def test_counts_are_multiples_of_five_and_none_is_of_few(rounded):
    assert {n: rounded[n] for n in (0, 1, 3, 4, 5, 7, 8, 12, 13, 22, 23)} == {
        0: 0, 1: None, 3: None, 4: None, 5: 5, 7: 5, 8: 10, 12: 10, 13: 15, 22: 20, 23: 25,
    }  # fmt: skip
    assert {count % 5 for count in rounded.values() if count is not None} == {0}


def test_a_total_of_one_table_less_the_parts_of_another_hardly_ever_tells_how_few_are_hidden(rounded):
    """As a campaign of one to four people, hidden in email_campaigns and within the month's sum of contact_compliance."""
    possible: dict[tuple, list[int]] = {}
    for hidden in range(1, 5):
        for one in range(5, 28):
            for other in range(5, 28):
                seen = rounded[one], rounded[other], rounded[one + other + hidden]
                possible.setdefault(seen, []).append(hidden)
    # of exact counts every one is told; of rounded ones, those where every count lies at the end of its range
    told = [hidden for numbers in possible.values() if len(set(numbers)) == 1 for hidden in numbers]
    assert len(told) / sum(map(len, possible.values())) < 0.02


def test_what_is_told_of_few_by_mistake_before_is_not_told_here(shown, warehouse):
    warehouse.execute(
        "create table bi.consent_overview as select 'offers' as purpose, 'sms' as channel, 3 as customer_count, 2 as permitted_count, "
        "1 as expiring_count, 0 as withdrawn_count, 5 as re_consent_count, null::bigint as closed_by_register_count; "
        "create table bi.audience_funnel as select 'news' as audience, 'offers' as purpose, 'sms' as channel, 1 as step_order, "
        "'matched' as step, '' as reason_code, '' as reason, unnest([4, 6]) as customer_count; "
        "create table bi.contact_compliance as select date '2026-05-01' as sent_month, 'offers' as purpose, 'email' as channel, "
        "true as is_lawful, 'granted' as reason_code, 'granted' as reason, unnest([2, 11]) as message_count"
    )
    assert [row[2:] for row in shown("consent_overview")] == [(None, None, None, 0, 5, None)]
    assert [row[-1] for row in shown("audience_funnel")] == [5, None]
    assert [row[-1] for row in shown("contact_compliance")] == [10, None]


def order(con, month: str, channel: str, customer: str | None, net: float | None, *, is_order: bool = True) -> None:
    con.execute(
        "insert into marts.fct_orders select 'shop', (select count(*) from marts.fct_orders)::varchar, ?, ?::timestamp, ?, ?, ?",
        [customer, f"2026-{month}-15 10:00", channel, is_order, net],
    )


def test_sales_are_told_by_month_and_channel_and_no_customer_can_be_worked_out(shown, warehouse):
    warehouse.execute(
        "create table marts.fct_orders (source_system varchar, source_key varchar, customer_id varchar, ordered_at timestamp, "
        "channel varchar, is_order boolean, net_amount decimal(18, 2))"
    )
    for n in range(20):
        order(warehouse, "05", "phone", f"p{n}", 10)
        order(warehouse, "05", "phone", f"p{n}", 10)
        order(warehouse, "05", "phone", f"p{n}", 0, is_order=False)
    for n in range(7):
        order(warehouse, "05", "web", f"w{n}", 100)
    for n in range(3):
        order(warehouse, "05", "store", f"s{n}", 50)
    # cancelled orders make nobody a customer
    for n in range(9):
        order(warehouse, "05", "store", f"x{n}", 0, is_order=False)
    order(warehouse, "04", "web", "w1", 700)
    # one bought for nearly all of it
    for n in range(6):
        order(warehouse, "03", "web", f"w{n}", 10 if n else 4000)
    for n in range(6):
        order(warehouse, "02", "web", f"w{n}", 10 if n else None)
    # guests: many orders, nobody known
    for _ in range(30):
        order(warehouse, "01", "web", None, 20)
    found = {(str(month)[5:7], channel): row for month, channel, *row in shown("monthly_sales")}
    assert found == {
        ("05", "phone"): [20, 40, 400, "SEK"],
        # 7 of the web are told with 3 of the store: 850, of which one customer may have had 150
        ("05", SOME): [None, 10, 1000, "SEK"],
        ("04", SOME): [None, None, None, "SEK"],
        ("03", "web"): [5, 5, 0, "SEK"],
        ("02", "web"): [5, 5, None, "SEK"],
        ("01", SOME): [None, None, None, "SEK"],
    }


def test_customers_and_advertising_are_told_summed_up(shown, warehouse):
    warehouse.execute(
        "create table bi.dim_customers as select country_code, lifecycle_stage from "
        "(values ('SE', 'new', 12), ('SE', 'lapsed', 3), ('SE', 'active', 6), ('NO', 'new', 2), (null, 'new', 8)) t(country_code, lifecycle_stage, n), range(t.n); "
        "create table bi.ad_spend as select unnest([date '2026-05-01', date '2026-05-02']) as spend_on, 'search' as channel, 'brand' as campaign, "
        "100.50::decimal(18, 2) as spend_amount, 'SEK' as currency, unnest([3, 4]) as impressions, 1 as clicks"
    )
    assert shown("customer_overview") == [
        ("NO", SOME, None),
        ("SE", "new", 10),
        ("SE", SOME, 10),
        ("unknown", "new", 10),
    ]
    assert [(str(row[0]), *row[1:]) for row in shown("ad_spend")] == [
        ("2026-05-01", "search", "brand", "SEK", 201, 5, None)
    ]


def test_no_column_is_somebodys_and_every_whole_number_is_one_that_is_checked():
    columns = [c for c in read_catalogue() if c.schema == "bi_open"]
    assert {c.table for c in columns} == set(TABLES) and {c.category for c in columns} == {NONE}
    settings = load_settings(PROJECT_DIR / "kundbild.toml", {"KUNDBILD_HOME": "/h"})
    suites = {s.table: {c.name: c for c in s.checks} for s in all_suites(settings) if s.schema == "bi_open"}
    assert sorted(suites) == TABLES
    for path in (DBT_DIR / "models" / "bi_open").glob("*.yml"):
        (model,) = model_file(path)["models"]
        checked = suites[model["config"]["alias"]]["counts_are_rounded"].breaks
        for column in model["columns"]:
            assert column["data_type"] in (
                "varchar",
                "date",
                "boolean",
                "bigint",
                "integer",
                "decimal(18, 2)",
                "timestamp",
            )
            if column["data_type"] in ("bigint", "integer") and column["name"] != "step_order":
                assert f"b.{column['name']} " in checked, (path.stem, column["name"])


@pytest.mark.parametrize("table", TABLES)
def test_the_consent_suite_sees_a_count_of_few_a_count_that_is_exact_and_a_key(table, warehouse):
    settings = load_settings(PROJECT_DIR / "kundbild.toml", {"KUNDBILD_HOME": "/h"})
    (suite,) = [s for s in all_suites(settings) if s.name == f"bi_open.{table}"]
    checks = {check.name: check for check in suite.checks}
    assert all(check.severity == "ERROR" and check.rule == 32 for check in suite.checks)
    counts = [word.removeprefix("b.") for word in checks["counts_are_rounded"].breaks.split() if word.startswith("b.")]
    for count in dict.fromkeys(counts):
        for value, is_broken in ((3, True), (6, True), (5, False), (0, False), (40, False), (None, False)):
            row = ", ".join(f"{'$value' if c == count else 'null'}::bigint as {c}" for c in dict.fromkeys(counts))
            found = warehouse.execute(
                f"select {checks['counts_are_rounded'].breaks} from (select {row}) b", {"value": value}
            )
            assert (found.fetchall() == [(True,)]) == is_broken, (count, value)
    warehouse.execute(f"create schema bi_open; create table bi_open.{table} (reason varchar)")
    asked = checks["no_key"].arguments["unexpected_rows_query"].replace("{batch}", f"bi_open.{table}")
    assert warehouse.execute(asked).fetchall() == []
    warehouse.execute(f"alter table bi_open.{table} add column customer_key varchar")
    assert warehouse.execute(asked).fetchall() == [("customer_key",)]
