"""No cell of a file for people runs in a spreadsheet, whichever separator it splits lines by; and what is not a formula stays."""

from __future__ import annotations

import csv
import io

import pytest

from orchestration.core.spreadsheets import csv_text, is_formula, neutral

FORMULA = ("=", "+", "-", "@")


def cells_in_excel(text: str, separator: str) -> list[str]:
    """How a spreadsheet splits: a quote counts at the start of a cell alone, elsewhere it is a letter."""
    return [cell for row in csv.reader(io.StringIO(text), delimiter=separator) for cell in row]


@pytest.mark.parametrize("separator", [",", ";", "\t", "|"])
@pytest.mark.parametrize(
    "cell",
    ["=1+1", "a;=1+1", "a; =1+1", "a;@SUM(1)", 'a;"=1+1"', "a;;+1+1", "a\t=1+1", "a|-1+1", "a\n=1+1", "a\r\n;=1+1", "=a;=b", ";=1+1", "x;+4670112233+1"],
)  # fmt: skip
def test_no_part_of_a_cell_is_a_formula_whatever_separates(cell, separator):
    text = csv_text(["id", "note"], [["1", cell], [cell, "2"]])
    assert [c for c in cells_in_excel(text, separator) if c.lstrip('" \t\r\n').startswith(FORMULA)] == []
    assert is_formula(cell)


@pytest.mark.parametrize(
    "cell",
    [
        "Anna",
        "a;b",
        "a; b",
        "1;2",
        "+46701112233",
        "0701112233;+46702223344",
        "a=b",
        "x@y.se;z@y.se",
        "a-b",
        "",
        "x;\ny",
    ],
)
def test_what_is_no_formula_stays_as_it_is(cell):
    assert neutral(cell) == cell and not is_formula(cell)
    assert list(csv.reader(io.StringIO(csv_text(["note"], [[cell, "x"]]))))[1] == [cell, "x"]


@pytest.mark.parametrize(
    "cell", ["＝1+1", "＠SUM(1)", "\u200b=1+1", "\ufeff=1+1", "\x00=1+1", "a;＝1+1", "a;\u200b=1+1"]
)
def test_a_formula_of_full_width_or_behind_what_is_not_seen_is_one(cell):
    assert is_formula(cell)
    assert neutral(cell) == (f"a;'{cell[2:]}" if cell.startswith("a;") else f"'{cell}")


def test_what_is_no_text_stays_as_it_is():
    assert [neutral(value) for value in (-1, 2.5, None, True)] == [-1, 2.5, None, True]
