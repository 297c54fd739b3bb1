"""Columns of the elements of a list are judged by where they come from: the list's name, and the path of what is carried along."""

from __future__ import annotations

import json

import pytest

from orchestration.proposals.found import why_withheld
from tests.unit.extract.test_nested_rows import load  # noqa: F401  a fixture
from tests.unit.privacy.identity_numbers import ANNA


@pytest.mark.parametrize("form", ["rest", "jsonl"])
@pytest.mark.parametrize("listed", ["allergies", "diagnoses"])
def test_the_name_of_a_list_tells_of_its_elements(load, warehouse, form, listed):  # noqa: F811
    columns = {"id": "BIGINT", "n": "BIGINT", "name": "VARCHAR"}
    rows = [{"id": 1, listed: [{"name": "nuts", "code": "F32"}]}]
    counts = load(form, rows, columns=columns, key=["id", "n"], rows_in=listed, carried={"id": "id", "n": "#"})
    assert "code" in counts.dropped_columns and "id" not in counts.dropped_columns, "a column that came undeclared too"
    written = json.dumps(warehouse.execute("from raw_shop.things").fetchall(), default=str)
    assert "nuts" not in written and "F32" not in written


@pytest.mark.parametrize("form", ["rest", "jsonl"])
def test_the_path_of_what_is_carried_tells_of_it(load, warehouse, form):  # noqa: F811
    columns = dict.fromkeys(["sku", "who", "state"], "VARCHAR") | {"id": "BIGINT", "n": "BIGINT"}
    carried = {"id": "id", "n": "#", "who": "personnummer", "state": "health.state"}
    rows = [{"id": 1, "personnummer": ANNA, "health": {"state": "diabetes"}, "lines": [{"sku": "a"}]}]
    load(form, rows, columns=columns, key=["id", "n"], rows_in="lines", carried=carried, texts=[])
    assert "diabetes" not in json.dumps(warehouse.execute("from raw_shop.things").fetchall(), default=str)
    kept = [row[0] for row in warehouse.execute("describe raw_shop.things").fetchall()]
    assert "sku" in kept and not {"who", "state"} & set(kept)
    assert [row[0] for row in warehouse.execute("select sku from raw_shop.things").fetchall()] == ["a"]


@pytest.mark.parametrize("form", ["rest", "jsonl"])
def test_a_list_that_only_sounds_so_says_it_column_by_column(load, warehouse, form):  # noqa: F811
    columns = {"id": "BIGINT", "n": "BIGINT", "name": "VARCHAR"}
    rows = [{"id": 1, "faiths": [{"name": "Hill"}]}]
    how = {"rows_in": "faiths", "carried": {"id": "id", "n": "#"}, "not_special": ["name"]}
    assert not load(form, rows, columns=columns, key=["id", "n"], **how).dropped_columns
    assert warehouse.execute("select name from raw_shop.things").fetchall() == [("Hill",)]


def test_a_proposal_withholds_by_the_list_and_the_path():
    assert why_withheld(["name", "id"], "allergies", {"id": "id"}) == {"name": "health"}
    assert why_withheld(["sku", "who"], "lines", {"who": "personnummer"}) == {"who": "national identity numbers"}
