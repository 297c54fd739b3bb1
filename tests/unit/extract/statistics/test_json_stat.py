"""JSON-stat2 as its specification describes it: what is read equals a walk over the document cell by cell."""

from __future__ import annotations

from itertools import product

import duckdb
import pytest

from orchestration.core.errors import SourceError
from orchestration.extract.statistics.json_stat import read_dataset, register_cells

AREAS, TYPES, YEARS = ["0301", "3420", "1103"], ["0000", "0001"], ["2022", "2023"]
VALUES = [500, 510, 300, None, 450, 460, 250, 255, 470.5, 480, 260, 0]


def document(**other):
    return {
        "version": "2.0", "class": "dataset", "source": "An office", "id": ["Region", "HusholdType", "Tid"], "size": [3, 2, 2],
        "role": {"geo": ["Region"], "time": ["Tid"]}, "value": VALUES,
        "dimension": {
            "Region": {"category": {"index": {"1103": 2, "0301": 0, "3420": 1}, "label": {"0301": "Oslo"}}},
            "HusholdType": {"category": {"index": TYPES}},
            "Tid": {"category": {"index": {"2022": 0, "2023": 1}}},
        },
    } | other  # fmt: skip


def cells(said):
    con = duckdb.connect()
    register_cells(con, read_dataset(said, "a file"), "cells")
    return {row[:-1]: row[-1] for row in con.execute("from cells").fetchall()}


def expected(values):
    return dict(zip(product(AREAS, TYPES, YEARS), values, strict=True))


def test_cells_are_in_row_major_order_of_id_whatever_the_order_of_an_index():
    assert cells(document()) == expected(VALUES)


def test_a_sparse_object_of_values_leaves_the_others_unknown():
    sparse = {str(n): value for n, value in enumerate(VALUES) if n in (0, 5, 11)}
    assert cells(document(value=sparse)) == expected([v if n in (0, 5, 11) else None for n, v in enumerate(VALUES)])


@pytest.mark.parametrize("status", [{"0": ":", "5": "p"}, [":", None, None, None, None, "p", *[None] * 6]])
def test_a_suppressed_figure_is_unknown_and_a_provisional_one_is_a_figure(status):
    assert cells(document(status=status)) == expected([None, *VALUES[1:]])


def test_one_status_may_be_that_of_every_cell():
    assert set(cells(document(status="..")).values()) == set(cells(document(status=[".."])).values()) == {None}
    assert cells(document(status="e")) == expected(VALUES)


def test_a_text_in_place_of_a_figure_is_unknown():
    assert cells(document(value=["..", *VALUES[1:]])) == expected([None, *VALUES[1:]])


def test_a_dimension_of_one_category_needs_no_index():
    said = document(id=["ContentsCode", "Tid"], size=[1, 2], value=[1, 2], role={})
    said["dimension"]["ContentsCode"] = {"category": {"label": {"InntSkatt": "Income after tax, median"}}}
    assert cells(said) == {("InntSkatt", "2022"): 1, ("InntSkatt", "2023"): 2}


@pytest.mark.parametrize(("said", "message"), [
    ([], "it is not an object"),
    ({"class": "collection", "link": {"item": []}}, "a list of datasets"),
    ({"dataset": document()}, "its class is not 'dataset'"),
    (document(id=["Region", "Region", "Tid"]), "`id` must list"),
    (document(size=[3, 2]), "`size` must give"),
    (document(size=[3, 2, True]), "`size` must give"),
    (document(size=[3, 2, 0]), "no cells"),
    (document(size=[10**6, 10**6, 2]), "2,000,000,000,000 cells"),
    (document(size=[3, 3, 2], value=[1] * 18), "categories of the dimension HusholdType"),
    (document(dimension={}), "categories of the dimension Region"),
    (document(value=VALUES[:-1]), "`value` must be a list of 12 cells"),
    (document(value={"12": 1}), "`value` must be a list of 12 cells"),
    (document(value={"-1": 1}), "`value` must be a list of 12 cells"),
    (document(value=None), "`value` must be a list of 12 cells"),
    (document(status={"99": ":"}), "`status` must be"),
])  # fmt: skip
def test_what_is_no_dataset_is_an_error_that_says_why_and_what_to_ask_for(said, message):
    with pytest.raises(SourceError, match=message) as error:
        read_dataset(said, "a file")
    assert error.value.where == "a file" and error.value.to_do
