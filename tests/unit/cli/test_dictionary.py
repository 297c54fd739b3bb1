"""`kundbild dictionary` lists the tables, shows one, and writes all of them."""

from __future__ import annotations

import json

import pytest

from tests.conftest import Kundbild
from tests.unit.compiled import manifest_of_demo


@pytest.fixture(scope="module")
def kundbild(tmp_path_factory) -> Kundbild:
    """The demo's configuration, of which the dbt project is compiled."""
    return Kundbild(manifest_of_demo(tmp_path_factory)[0])


def test_tables_are_listed_shown_and_written(tmp_path, kundbild):
    listed = kundbild("dictionary").stdout
    assert "marts.customer_360" in listed and "bi_open.monthly_sales" in listed and "Next:" in listed
    shown = kundbild("dictionary", "marts.customer_360").stdout
    assert "Unique by customer_id." in shown and "net_amount" in shown and "Made of " in shown
    page = tmp_path / "dictionary.html"
    assert "Written" in kundbild("dictionary", "--to", str(page)).stdout
    assert 'id="marts.customer_360"' in page.read_text() and "http" not in page.read_text()
    both = json.loads(kundbild("dictionary", "fct_orders", "--json").stdout)
    assert [f"{entry['schema']}.{entry['table']}" for entry in both] == ["bi.fct_orders", "marts.fct_orders"]


def test_on_a_terminal_of_80_no_name_is_cut(kundbild):
    """A name is what one types."""
    (told,) = kundbild.json("dictionary", "marts.customer_360")
    shown = kundbild("dictionary", "marts.customer_360", COLUMNS="80").stdout
    assert {column["name"] for column in told["columns"]} <= set(shown.split())
    assert max(map(len, shown.splitlines())) <= 80
    assert "bi_open.audience_funnel" in kundbild("dictionary", COLUMNS="80").stdout.split()


def test_an_unknown_table_or_form_is_refused_with_what_is_near(tmp_path, kundbild):
    refused = kundbild("dictionary", "fct_order", code=2).stderr
    assert "readers get no table fct_order: did you mean fct_orders or fct_order_items?" in " ".join(refused.split())
    assert "name a file .html, .md or .json" in kundbild("dictionary", "--to", str(tmp_path / "d.xlsx"), code=2).stderr
    assert not (tmp_path / "d.xlsx").exists()
