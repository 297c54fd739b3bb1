"""When a rate is stale: the model on hand-written rates and orders, in kronor. Nothing is converted otherwise for it."""

from __future__ import annotations

import pytest

from data_quality.runner import QualityRun
from data_quality.suites import marts
from orchestration.core.settings import Engine, Settings, Source
from orchestration.core.warehouse import open_warehouse


@pytest.fixture
def rated(compiled, home):
    """(exchange_rate, is_stale) by (currency, day) of orders, by dated rates in kronor."""

    def go(
        rates: list[tuple], orders: list[tuple[str, str]], *carts: tuple, spent: tuple | None = None
    ) -> dict[tuple[str, str], tuple[float, bool]]:
        with open_warehouse(home, Engine()) as con:
            con.execute(
                "create schema if not exists reference; create schema if not exists conformed; create schema if not exists marts; "
                "create or replace table reference.exchange_rates (currency varchar, valid_on date, sek_per_unit double); "
                "create or replace table conformed.conformed_orders (currency varchar, ordered_at timestamp, source_system varchar, source_key varchar); "
                "create or replace table conformed.conformed_order_items (currency varchar, ordered_at timestamp, source_system varchar, order_key varchar); "
                "create or replace table conformed.conformed_carts (currency varchar, created_at timestamp, abandoned_at timestamp); "
                "create or replace table conformed.conformed_ad_spend (currency varchar, spend_on date)"
            )
            con.executemany("insert into reference.exchange_rates values (?, ?, ?)", rates)
            if orders:
                con.executemany("insert into conformed.conformed_orders values (?, ?, 'shop', '1')", orders)
            for cart in carts:
                con.execute("insert into conformed.conformed_carts values (?, ?, ?)", cart)
            if spent:
                con.execute("insert into conformed.conformed_ad_spend values (?, ?)", spent)
            con.execute(f"create or replace table marts.exchange_rates_by_day as {compiled['exchange_rates_by_day']}")
            rows = con.execute(
                "select currency, rated_on, exchange_rate, is_stale from marts.exchange_rates_by_day"
            ).fetchall()
        return {(code, str(day)): (rate, is_stale) for code, day, rate, is_stale in rows}

    return go


def test_the_newest_rate_is_stale_after_45_days_and_goes_on_to_hold(rated, home):
    rates = [("EUR", "2026-01-01", 10), ("EUR", "2026-06-01", 11), ("USD", None, 9), ("SEK", None, 1)]
    days = ["2026-05-31", "2026-07-16", "2026-07-17", "2027-06-01"]
    found = rated(rates, [(code, day) for code in ("EUR", "USD", "SEK", "PLN") for day in days])
    # until the next one came a rate held, however long that was; one without a day always holds
    assert [found["EUR", day] for day in days] == [(10, False), (11, False), (11, True), (11, True)]
    assert {found[code, day] for code in ("USD", "SEK") for day in days} == {(9, False), (1, False)}
    assert found["PLN", "2027-06-01"] == (None, False)
    assert failed(home) == {"WARN rates_are_not_stale"}
    rated(rates, [("EUR", "2026-07-16")])
    assert failed(home) == set()


def test_a_cart_is_converted_at_the_rate_of_the_day_on_which_it_was_left(rated):
    rates = [("EUR", "2026-01-01", 10), ("EUR", "2026-06-01", 11)]
    found = rated(rates, [], ("EUR", "2026-05-30", "2026-06-02"), ("EUR", "2026-05-31", None), ("EUR", None, None))
    assert found == {("EUR", "2026-06-02"): (11, False), ("EUR", "2026-05-31"): (10, False)}


def test_ad_spend_has_the_rate_of_its_day(rated):
    assert rated([("EUR", "2026-01-01", 10)], [], spent=("EUR", "2026-01-20")) == {("EUR", "2026-01-20"): (10, False)}


def failed(home) -> set[str]:
    settings = Settings(company="T", sources={"s": Source(connector="files", url="/", system="crm")})
    run = QualityRun(home, Engine(), "r1")
    suites = [suite for suite in marts.suites(settings, {}) if suite.table == "exchange_rates_by_day"]
    results = run.run(suites)
    run.close()
    return {f"{result.check.severity} {result.check.name}" for result in results if not result.passed}
