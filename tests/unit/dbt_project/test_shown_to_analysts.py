"""What analysts see of texts and keys that a source gave: no address, no number, and no category of few customers."""

from __future__ import annotations

import re
from datetime import datetime

import pytest

from data_quality.suites.grades import _TOLD_BESIDE, _is_word, _no_personal_value, _nothing_taken_out, _words_of_few
from orchestration.contracts.model_files import model_file
from orchestration.core.settings import DBT_DIR
from orchestration.privacy.intake.personal_text import find_personal_text
from orchestration.privacy.secrets.pepper import Pepper
from tests.unit.compiled import compiled_models
from tests.unit.empty_tables import empty_tables
from tests.unit.privacy.identity_numbers import PEPPER

FEW = "other (small groups)"
MODELS = ("bi_fct_carts", "bi_fct_orders", "bi_fct_order_items", "bi_fct_subscriptions", "bi_fct_survey_responses", "bi_fct_tickets", "bi_fct_web_sessions")  # fmt: skip
# of words that no source writes: seeds, settings, what is made here
OURS = {
    "source_system", "customer_key", "currency", "order_status", "country_code", "county", "age_band", "lifecycle_stage", "rfm_segment",
    "audience", "kind", "theme", "step", "reason", "reason_code", "model", "least_model", "most_model", "owner", "meaning", "status", "area_kind", "scheme", "signal", "interest_kind", "breakdown",
    "outcome", "verdict", "grain", "run_id", "area", "subject", "entity", "source_systems",
}  # fmt: skip
# of purposes and channels that the models of consent know
_OF_CONSENT = {"audience_funnel", "consent_overview", "contact_compliance", "permission_overview", "permission_trend"}
# made of texts that another model or macro shows (bi_attribution, shown_segments, stated_wishes), or a CTE of its own
_SHOWN_BEFORE = {"attribution_spread", "event_plan_status", "segment_overview", "segment_movements", "wishes"}
# counted by a text as identity.shown_values has it
_SHOWN_IN_MARTS = {"experience_matrix", "service_performance", "survey_performance"}


def test_every_text_of_the_analysts_grade_is_shown_by_one_of_the_macros():
    bare = []
    for path in sorted((DBT_DIR / "models" / "bi").glob("bi_*.yml")):
        (model,) = model_file(path)["models"]
        sql = path.with_suffix(".sql").read_text()
        for column in model["columns"]:
            name = column["name"]
            if (
                column["data_type"] != "varchar"
                or name in OURS
                or model["config"]["alias"] in _OF_CONSENT | _SHOWN_BEFORE | _SHOWN_IN_MARTS
            ):
                continue
            if not re.search(rf'(?:shown|category)\("\w+"(?:, of="\w+")?\) }}}}(?:\s+end)? as (?:told_)?{name}\b', sql):
                bare.append(f"{path.stem}.{name}")
    assert not bare, bare


def _is_told_with(column: str, sql: str) -> bool:
    """What is the same in each row of a category, and told where that is."""
    return re.search(rf"with_category\([^{{]*\)\s*}}}}\s+as {column}\b", sql) is not None


def test_every_word_yes_and_no_of_rows_is_told_by_one_of_the_macros():
    """Rows that are somebody's have no word that few have, whoever wrote it."""
    bare = []
    for path in sorted((DBT_DIR / "models" / "bi").glob("bi_fct_*.yml")):
        (model,) = model_file(path)["models"]
        sql, table = path.with_suffix(".sql").read_text(), model["config"]["alias"]
        for column in (c for c in model["columns"] if _is_word(c) and (table, c["name"]) not in _TOLD_BESIDE):
            macro = "flag" if column["data_type"] == "boolean" else "category"
            if f'{macro}("{column["name"]}") }}}}' not in sql and not _is_told_with(column["name"], sql):
                bare.append(f"{table}.{column['name']}")
    assert not bare, bare


@pytest.mark.parametrize("mart", sorted(_SHOWN_IN_MARTS))
def test_a_mart_that_counts_by_a_text_takes_it_as_it_is_shown(mart):
    sql = (DBT_DIR / "models" / "marts" / "insight" / f"{mart}.sql").read_text()
    joined = 'left join {{ source("identity", "shown_values") }} w on not w.is_key and w.value = '
    read = re.findall(re.escape(joined) + r"(?:\w+\.)?(\w+)", sql)
    assert read and all(re.search(rf"coalesce\(w\.shown, (?:\w+\.)?{text}, ", sql) for text in read)


@pytest.fixture(scope="module")
def models(tmp_path_factory) -> dict[str, str]:
    return compiled_models(tmp_path_factory, MODELS)


@pytest.fixture
def bi(warehouse, models):
    """Writes rows of a mart, of which what the source wrote stands in the conformed entity too, and reads the model."""
    warehouse.execute("create schema marts; create schema conformed; create schema bi")
    warehouse.execute("create schema ops; create table ops.clock as select timestamp '2026-06-01' as as_of")
    warehouse.execute("create table marts.dim_customers as select 'c' || n as customer_id, 'k' || n as customer_key, n = 8 as is_protected from range(9) r(n)")  # fmt: skip
    warehouse.execute(
        "create table conformed.conformed_campaigns as select 'spring' as source_key, 'Spring' as name, 'offers' as purpose"
    )
    empty_tables(warehouse, *(fact.removeprefix("bi_") for fact in MODELS))

    def go(fact: str, *rows: dict, written: dict[str, str] | None = None) -> list[dict]:
        for n, row in enumerate(rows):
            whole = {"source_system": "s", "source_key": str(n), **row}
            warehouse.execute(
                f"insert into marts.fct_{fact} ({', '.join(whole)}) values ({', '.join('?' * len(whole))})",
                list(whole.values()),
            )
        renamed = {"cancellation_reason": "reason"}
        columns = [c[0] for c in warehouse.execute(f"select column_name from duckdb_columns() where schema_name = 'marts' and table_name = 'fct_{fact}'").fetchall()]  # fmt: skip
        read = ", ".join(f"{c} as {renamed.get(c, c)}" for c in columns)
        warehouse.execute(f"create or replace table conformed.conformed_{fact} as select {read} from marts.fct_{fact}")
        find_personal_text(warehouse, Pepper((PEPPER,)))
        warehouse.execute(f"create or replace table bi.fct_{fact} as {models[f'bi_fct_{fact}']}")
        shown = warehouse.execute(f"from bi.fct_{fact} order by all")
        return [dict(zip([d[0] for d in shown.description], row, strict=True)) for row in shown.fetchall()]

    return go


def failed(warehouse, fact: str) -> dict[str, int]:
    """Check → rows that break it."""
    (model,) = model_file(DBT_DIR / "models" / "bi" / f"bi_fct_{fact}.yml")["models"]
    checks = [*_no_personal_value(model["columns"]), *_nothing_taken_out(model["columns"])]
    counts = {c.name: warehouse.execute(f"select count(*) from bi.fct_{fact} b where {c.breaks}").fetchall()[0][0] for c in checks}  # fmt: skip
    for check in _words_of_few(f"fct_{fact}", model["columns"], 5):
        query = str(check.arguments["unexpected_rows_query"]).replace("{batch}", f"bi.fct_{fact}")
        counts[check.name] = len(warehouse.execute(query).fetchall())
    return {name: rows for name, rows in counts.items() if rows}


def test_a_reason_is_shown_where_five_customers_have_it(bi, warehouse):
    many = [{"customer_id": f"c{n}", "cancellation_reason": "too expensive"} for n in range(5)]
    few = [{"customer_id": f"c{n % 2}", "cancellation_reason": "Anna Berg moved to Lund"} for n in range(6)]
    nobody = [{"person_system": "s", "person_key": "p", "cancellation_reason": "gone"} for _ in range(6)]
    rows = [{**row, "source_key": str(n)} for n, row in enumerate([*many, *few, *nobody, {"cancellation_reason": None}])]  # fmt: skip
    shown = [row["cancellation_reason"] for row in bi("subscriptions", *rows)]
    assert {reason: shown.count(reason) for reason in set(shown)} == {"too expensive": 5, FEW: 12, None: 1}
    assert failed(warehouse, "subscriptions") == {}


def test_a_subscription_runs_once_it_has_begun_and_until_it_ends(bi):
    spells = {
        "runs": (datetime(2026, 1, 1), None),
        "ends later": (datetime(2026, 1, 1), datetime(2027, 1, 1)),
        "ended": (datetime(2026, 1, 1), datetime(2026, 5, 1)),
        "begins later": (datetime(2026, 6, 2), None),
        "begins later and ends": (datetime(2026, 6, 2), datetime(2027, 1, 1)),
        "of no known day": (None, None),
    }
    rows = [{"source_key": key, "started_at": began, "cancelled_at": ended} for key, (began, ended) in spells.items()]
    shown = bi("subscriptions", *rows)
    assert {row["source_key"] for row in shown if row["is_active"]} == {"runs", "ends later", "of no known day"}
    assert {row["is_active"] for row in shown} == {True, False}


def test_a_status_and_a_currency_of_few_are_told_by_nothing_of_the_row(bi, warehouse):
    def order(n: int, status: str, currency: str) -> dict:
        return {"source_key": f"O-{n}", "customer_id": f"c{n % 8}", "order_status": status, "currency": currency, "order_amount": 100, "exchange_rate": 1.5 if currency == "DKK" else 1, "base_amount": 150, "is_order": True}  # fmt: skip

    rows = [order(n, "completed", "SEK") for n in range(8)] + [order(n, "refunded", "DKK") for n in (8, 9, 16)]
    shown = bi("orders", *rows)
    told = {(row["order_status"], row["currency"], row["order_amount"], row["exchange_rate"], row["base_amount"]) for row in shown}  # fmt: skip
    assert told == {("completed", "SEK", 100, 1, 150), (FEW, FEW, None, None, 150)}
    lines = [{"source_key": f"{row['source_key']}-1", "order_key": row["source_key"], "order_status": row["order_status"], "currency": row["currency"], "line_amount": 100, "net_amount": 150} for row in rows]  # fmt: skip
    lines = bi("order_items", *lines)
    assert {(row["order_status"], row["currency"], row["line_amount"], row["net_amount"]) for row in lines} == {("completed", "SEK", 100, 150), (FEW, FEW, None, 150)}  # fmt: skip
    assert failed(warehouse, "orders") == failed(warehouse, "order_items") == {}
    warehouse.execute("update bi.fct_orders set currency = 'DKK' where order_amount is null")
    warehouse.execute("update bi.fct_order_items set order_status = 'refunded' where line_amount is null")
    assert failed(warehouse, "orders") == {"no_word_of_few": 1} and failed(warehouse, "order_items") == {"no_word_of_few": 3}  # fmt: skip


def test_where_a_yes_or_a_no_is_of_few_neither_is_told(bi, warehouse):
    asked = [{"customer_id": f"c{n}", "survey": "panel" if n < 3 else "visit", "is_panel": n < 3} for n in range(8)]
    assert {(row["survey"], row["is_panel"]) for row in bi("survey_responses", *asked)} == {(FEW, None), ("visit", None)}  # fmt: skip
    visits = [{"customer_id": f"c{n}", "visitor_key": f"v{n}", "is_bounce": n < 4, "is_converted": n < 5} for n in range(10)]  # fmt: skip
    assert {(row["is_bounce"], row["is_converted"]) for row in bi("web_sessions", *visits)} == {(None, True), (None, False)}  # fmt: skip
    carts = [{"customer_id": f"c{n}", "currency": "NOK" if n < 2 else "SEK", "cart_amount": 10} for n in range(8)]
    assert {(row["currency"], row["cart_amount"]) for row in bi("carts", *carts)} == {(FEW, None), ("SEK", 10)}
    assert failed(warehouse, "survey_responses") == failed(warehouse, "web_sessions") == failed(warehouse, "carts") == {}  # fmt: skip
    warehouse.execute("update bi.fct_web_sessions set is_bounce = rowid < 3")
    assert failed(warehouse, "web_sessions") == {"no_word_of_few": 1}


def test_a_category_of_many_is_shown_without_the_number_in_it_and_that_is_told(bi, warehouse):
    rows = [{"customer_id": f"c{n}", "category": "Kundtjänst 046-12 34 56"} for n in range(6)]
    shown = {row["category"] for row in bi("tickets", *rows)}
    assert shown == {"Kundtjänst [phone number removed]"}
    assert failed(warehouse, "tickets") == {"nothing_personal_taken_out": 6}


def test_orders_and_their_lines_still_join_where_the_key_was_an_address(bi, warehouse):
    orders = [{"source_key": key, "customer_id": "c1", "store": "Lund"} for key in ("anna@berg.se", "O-2")]
    lines = [{"source_key": f"{key}-1", "order_key": key, "product_key": "p"} for key in ("anna@berg.se", "O-2")]
    keys = [row["source_key"] for row in bi("orders", *orders)]
    assert "O-2" in keys and not any("@" in key for key in keys)
    assert sorted(row["order_key"] for row in bi("order_items", *lines)) == sorted(keys)
    assert failed(warehouse, "orders") == {"nothing_personal_taken_out": 1}


def test_the_store_of_an_order_is_not_told_of_somebody_of_a_protected_identity(bi):
    rows = [{"source_key": f"O-{n}", "customer_id": f"c{n}", "store": "Lund"} for n in range(9)]
    nobodys = {"source_key": "O-9", "store": "Lund"}
    assert {row["customer_key"]: row["store"] for row in bi("orders", *rows, nobodys)} == {
        **{f"k{n}": "Lund" for n in range(8)},
        "k8": None,
        None: "Lund",
    }


def test_a_campaign_that_the_company_does_not_know_is_shown_where_five_customers_have_it(bi):
    keys = ["spring", "for anna berg", *["utm"] * 5]
    rows = [{"source_key": f"O-{n}", "customer_id": f"c{n}", "campaign_key": key} for n, key in enumerate(keys)]
    shown = [row["campaign_key"] for row in bi("orders", *rows)]
    assert sorted(shown) == sorted(["spring", FEW, *["utm"] * 5])


def test_the_check_sees_what_no_macro_took_out(warehouse):
    warehouse.execute("create schema bi")
    for category in ("ring 070-123 45 67", "anna (at) berg.se", "anna@berg.se ringde"):
        warehouse.execute("create or replace table bi.fct_tickets as select 's' as source_system, '1' as source_key, 'k' as customer_key, $1 as category", [category])  # fmt: skip
        assert failed(warehouse, "tickets") == {"no_personal_value": 1, "no_word_of_few": 1}
