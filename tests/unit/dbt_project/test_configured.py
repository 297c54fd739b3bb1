"""Exchange rates and purposes that a company says in its own configuration."""

from __future__ import annotations

import pytest

from orchestration.core.configuration import load_settings
from orchestration.core.errors import ConfigurationError
from orchestration.core.warehouse import open_warehouse
from orchestration.transform.runner import Dbt

SAYS = """
[[exchange_rates]]
currency = "EUR"
rate = 11.5
valid_on = 2026-01-01

[[exchange_rates]]
currency = "USD"
base_currency = "EUR"
rate = 0.9

[privacy.purposes.podcast]
description = "New episodes of the company's podcast"
needs_confirmation = false
"""


@pytest.fixture
def configured(write_config, tmp_path):
    def load(said):
        shop = f'[sources.shop]\nconnector = "files"\nurl = "{tmp_path}"\n[sources.shop.tables.t]\npath = "t.csv"\ncolumns = {{ id = "VARCHAR" }}\n'
        return load_settings(write_config(f'company = "T"\n{said}\n{shop}'), {})

    return load


def test_rates_and_purposes_of_the_configuration_stand_in_the_warehouse(configured, home):
    settings = configured(SAYS)
    with open_warehouse(home, settings.engine) as con:
        con.execute("create schema conformed")
        con.execute("create table conformed.conformed_orders as select * from (values ('EUR', timestamp '2026-02-01', 'shop', '1'), ('USD', timestamp '2026-02-01', 'shop', '2'), "
                    "('NOK', timestamp '2026-02-01', 'shop', '3')) t(currency, ordered_at, source_system, source_key)")  # fmt: skip
        con.execute(
            "create table conformed.conformed_order_items (currency varchar, ordered_at timestamp, source_system varchar, order_key varchar)"
        )
        con.execute(
            "create table conformed.conformed_carts (currency varchar, created_at timestamp, abandoned_at timestamp)"
        )
        con.execute("create table conformed.conformed_ad_spend (currency varchar, spend_on date)")
    dbt = Dbt(settings, home)
    dbt.build("purposes purpose_categories exchange_rates_by_day")
    # a second night says them once
    dbt.build("purposes purpose_categories")
    with open_warehouse(home, settings.engine) as con:
        rates = con.execute(
            "select currency, round(exchange_rate, 4) from marts.exchange_rates_by_day order by 1"
        ).fetchall()
        assert rates == [("EUR", 11.5), ("NOK", None), ("USD", 10.35)], "of the seed's examples none is left"
        found = con.execute(
            "select legal_basis, is_marketing, needs_confirmation, description from reference.purposes where purpose = 'podcast'"
        ).fetchall()
        assert found == [("consent", True, False, "New episodes of the company's podcast")]
        kinds = con.execute(
            "select count(*), count(*) filter (purpose = 'newsletter') from reference.purpose_categories where purpose in ('podcast', 'newsletter')"
        ).fetchall()
        assert kinds == [(12, 6)]


@pytest.mark.parametrize("name", ["newsletter", "all", "marketing", "direct_marketing"])
def test_the_rules_of_a_purpose_that_is_there_do_not_change(configured, name):
    with pytest.raises(ConfigurationError, match=f"there is a purpose {name} already"):
        configured(f'[privacy.purposes.{name}]\ndescription = "x"\n')


@pytest.mark.parametrize(
    ("question", "category"),
    [
        ("Do you have an allergy?", "health"),
        ("What is your religion?", "religion"),
        ("Which political party do you vote for?", "political opinion"),
        ("Are you a member of a trade union?", "trade union"),
    ],
)
def test_rule_18_a_wish_is_not_asked_of_a_question_about_a_special_category(configured, question, category):
    """Nor beside one that may be: the line is named."""
    with pytest.raises(ConfigurationError, match=f"is about a special category .{category}") as told:
        configured(f'[insight]\nwish_questions = ["Which product next?", "{question}"]\n')
    assert "insight.wish_questions" in str(told.value)
    assert configured('[insight]\nwish_questions = ["Which product next?"]\n').insight.wish_questions


@pytest.mark.parametrize("said", [
    '[[exchange_rates]]\ncurrency = "EUR"\nrate = 0\n', '[[exchange_rates]]\ncurrency = "euro"\nrate = 1\n',
    '[privacy.purposes.podcast]\ndescription = "{{ x }}"\n', '[privacy.purposes."Pod cast"]\ndescription = "x"\n',
])  # fmt: skip
def test_what_cannot_be_is_refused(configured, said):
    with pytest.raises(ConfigurationError):
        configured(said)
