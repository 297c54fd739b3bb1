"""One customer: found by id, address, record and name; each look is noted, and the address of the page holds the id alone."""

from __future__ import annotations

import duckdb
import pytest

from orchestration.core.configuration import load_privacy
from orchestration.core.settings import PROJECT_DIR
from orchestration.privacy.audit.access import QUERIED, SHOWN
from orchestration.privacy.audit.log import audit_log
from tests.unit.dashboards.conftest import html, page


@pytest.mark.parametrize("asked", ["ID7", "P7@example.se", "crm:r7", "åsa"])
def test_a_customer_is_found_shown_and_noted(company, asked: str):
    home = company(of_people=True)
    app = page("customer")
    app.text_input[0].input(asked).run()
    assert not app.exception and app.header[0].value == "Åsa Öberg"
    assert app.query_params["customer"] == "ID7"
    shown = html(app)
    assert "p7@example.se" in shown and "newsletter" in shown and "order" in shown and "p8@" not in shown
    noted = [entry.action for entry in audit_log(home, load_privacy(PROJECT_DIR / "kundbild.toml")).entries()]
    assert noted == [QUERIED, SHOWN]


def test_several_that_fit_are_offered_and_none_is_shown(company):
    company(of_people=True)
    app = page("customer")
    app.text_input[0].input("Person 3").run()
    assert not app.exception and len(app.selectbox[0].options) == 20 and not app.header
    app.selectbox[0].select_index(0).run()
    assert app.header[0].value.startswith("Person 3")


def test_a_link_opens_a_customer(company):
    company(of_people=True)
    assert page("customer", customer="ID9").header[0].value == "Person 9"
    assert "no such customer" in page("customer", customer="ID999").info[0].value


def test_a_name_is_no_markup(company):
    """A name may be a picture of another server, which the browser would ask for."""
    home = company(of_people=True)
    path = home.published / "current" / "customers.duckdb"
    with duckdb.connect(str(path)) as con:
        con.execute(
            "update marts.dim_customers set full_name = '![x](http://example.com/x.png)' where customer_id = 'ID9'"
        )
    assert page("customer", customer="ID9").header[0].value == r"\!\[x\]\(http\://example\.com/x\.png\)"


def test_life_events_and_the_place_are_shown(company):
    home = company(of_people=True)
    with duckdb.connect(str(home.published / "current" / "customers.duckdb")) as con:
        con.execute(
            "insert into marts.customer_life_events by name select 'ID9' as customer_id, 'moved' as event, "
            "date '2026-05-02' as happened_on, 'crm, shop' as told_by, false as is_by_register"
        )
        con.execute("insert into marts.customer_places by name select 'ID9' as customer_id, 'high' as economic_capital")
    app = page("customer", customer="ID9")
    shown = html(app)
    assert not app.exception
    assert "moved" in shown and "2026-05-02" in shown and "crm, shop" in shown
    assert "Place" in [one.value for one in app.header]


def test_a_publication_of_before_these_marts_is_shown_without_them(company):
    home = company(of_people=True)
    with duckdb.connect(str(home.published / "current" / "customers.duckdb")) as con:
        con.execute("drop table marts.customer_life_events")
        con.execute("drop table marts.customer_places")
    app = page("customer", customer="ID9")
    assert not app.exception and app.header[0].value == "Person 9"
