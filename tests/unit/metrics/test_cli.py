"""`kundbild metrics`: what is printed, as a table, JSON and CSV."""

from __future__ import annotations

import csv
import io
import json
import re

import pytest
from typer.testing import CliRunner

from orchestration.cli.app import app
from orchestration.cli.console import out
from orchestration.contracts.metric_definitions import read_definitions
from orchestration.core.errors import KundbildError


def run(*arguments: str):
    result = CliRunner(env={"COLUMNS": "200"}).invoke(app, ["metrics", *arguments])
    if result.exception and not isinstance(result.exception, SystemExit):
        raise result.exception
    assert result.exit_code == 0
    return result


def test_the_list_says_meaning_unit_and_dimensions_of_each_metric(published, monkeypatch):
    listed = json.loads(run("list", "--json").stdout)
    assert [metric["name"] for metric in listed] == list(read_definitions().listed)
    (rate,) = [metric for metric in listed if metric["name"] == "repeat_purchase_rate"]
    assert rate["unit"] == "share, 0 to 1" and rate["owner"] and "customer__country" in rate["dimensions"]
    assert "day" not in rate["grains"] and "month" in rate["grains"]
    monkeypatch.setattr(out, "_width", 80)
    shown = run("list").stdout
    assert "average_order_value" in shown
    # on a narrow terminal too a word is not broken
    told = " ".join(f"{metric['description']} {metric['unit']} {metric['owner']}" for metric in listed)
    words, printed = (set(re.findall(r"[^\s│;]+", text)) for text in (told, shown))
    assert max(map(len, shown.splitlines()[:-1])) <= 80 and words - printed == set()


def test_one_answer_as_a_table_as_json_and_as_csv(published):
    asked = [
        "query",
        "orders,net_revenue",
        "--by",
        "country",
        "--where",
        "country=NO",
        "--from",
        "2025-01-01",
        "--to",
        "2025-12-31",
    ]
    answer = json.loads(run(*asked, "--json").stdout)
    rows = list(csv.DictReader(io.StringIO(run(*asked, "--csv").stdout)))
    assert [row["country"] for row in rows] == [row["country"] for row in answer["rows"]] == ["NO"]
    assert [float(row["net_revenue"]) for row in rows] == [row["net_revenue"] for row in answer["rows"]]
    table = run(*asked).stdout
    assert "net_revenue (SEK)" in table and str(answer["rows"][0]["orders"]) in re.sub(r"[^\w│]+", " ", table)


def test_what_is_hidden_is_said_beside_the_rows(published):
    result = run("query", "customers", "--by", "country", "--csv")
    assert len(result.stdout.splitlines()) == 2
    assert "2 groups are not shown: fewer than 5 people" in result.stderr


def test_an_unknown_name_and_two_forms_at_once_are_errors(published):
    with pytest.raises(KundbildError, match="did you mean net_revenue"):
        run("query", "net_revenue,net_revenu")
    with pytest.raises(KundbildError, match="both given"):
        run("query", "orders", "--json", "--csv")
