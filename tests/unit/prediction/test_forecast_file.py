"""`kundbild scores forecast`: what it tells of CDNOW, that a hold-out takes no part, and what it says of files that do not fit."""

from __future__ import annotations

import json
from datetime import date

import duckdb
import pytest

from orchestration.core.errors import KundbildError
from orchestration.prediction.backtests import MODEL
from orchestration.prediction.forecast_file import forecast_file
from tests.conftest import shared

FIT, UNTIL = date(1997, 9, 30), date(1998, 6, 30)
COLUMNS = {"customer": "customer", "day": "date", "amount": "amount_usd"}
LINES = ["anna,2026-01-01,10", "anna,2026-02-01,30", "bo,2026-01-15,20", "carl,2026-03-01,5", "anna,2026-06-01,40"]


@pytest.fixture
def shop(tmp_path):
    path = tmp_path / "shop.csv"
    path.write_text("\n".join(["customer,date,amount_usd", *LINES]) + "\n", encoding="utf-8")
    return path


def test_cdnow_is_forecast_at_least_as_well_as_by_pareto_nbd():
    """Its anchors: correlation .671, mean error .794, cumulative -4.3 %. The top tenth reaches .460 of them, as Pareto/NBD's does."""
    found = forecast_file(shared("cdnow") / "cdnow_orders.csv", **COLUMNS, fit_until=FIT, until=UNTIL)
    held_out = found.holdout
    assert found.scores.model == MODEL and held_out["is_whole"] and held_out["purchases"] == 19_684
    quality = held_out["quality"][MODEL]
    assert quality["correlation"] >= 0.678 and quality["mae"] <= 0.79 and quality["top_tenth"] >= 0.459
    assert abs(held_out["cumulative_error"]) <= 0.04
    assert held_out["is_in_interval"] and held_out["is_value_in_interval"]
    ranks = held_out["value_rank_correlation"]
    assert ranks["model"] > 0.43 > ranks["own average amount"]
    assert ranks["model"] > max(ranks["own average amount, expected purchases"], ranks["own spending so far"])
    # the windows that chose the model are before the hold-out
    assert len(found.scores.windows) == 3 and all(window.until == FIT for window in found.scores.windows)


def test_a_hold_out_takes_no_part(shop, tmp_path):
    shorter = tmp_path / "shorter.csv"
    shorter.write_text("\n".join(["customer,date,amount_usd", *LINES[:4]]) + "\n", encoding="utf-8")
    known, until = date(2026, 3, 1), date(2026, 12, 31)
    whole, part = (forecast_file(path, **COLUMNS, fit_until=known, until=until) for path in (shop, shorter))
    assert whole.by_customer == part.by_customer and whole.scores.purchases == part.scores.purchases
    assert (whole.held_out_rows, part.held_out_rows, part.holdout) == (1, 0, None)
    assert not whole.holdout["is_whole"] and whole.holdout["purchases"] == 1
    # by default a file is known to its end
    assert forecast_file(shorter, **COLUMNS, until=until).scores.fit_until == known


@pytest.mark.parametrize("suffix", [".csv", ".parquet"])
def test_scores_are_written_to_a_file(shop, tmp_path, suffix):
    to = tmp_path / f"scores{suffix}"
    found = forecast_file(shop, **COLUMNS, until=date(2026, 12, 31), to=to)
    rows = duckdb.sql(f"select * from '{to}' order by customer")
    assert rows.columns == [
        "customer", "expected_purchases", "purchases_low", "purchases_high", "expected_value", "chance_active",
    ]  # fmt: skip
    rows = rows.fetchall()
    assert [row[0] for row in rows] == ["anna", "bo", "carl"] and rows[0][1] > rows[1][1] > 0
    assert found.by_customer is None and "customers" not in found.as_dict()
    assert sum(row[1] for row in rows) == pytest.approx(found.scores.purchases.by_model, abs=1e-5)
    assert to.stat().st_mode & 0o077 == 0
    with pytest.raises(KundbildError, match="is there already"):
        forecast_file(shop, **COLUMNS, until=date(2026, 12, 31), to=to)


def test_amounts_of_nothing_are_worth_nothing_and_a_short_horizon_has_windows(tmp_path):
    path = tmp_path / "shop.csv"
    rows = [f"c{n % 40},2026-{1 + n % 11:02}-{1 + n % 28:02},0" for n in range(300)]
    path.write_text("\n".join(["customer,date,amount_usd", *rows]) + "\n", encoding="utf-8")
    found = forecast_file(path, **COLUMNS, fit_until=date(2026, 11, 20), until=date(2026, 11, 22)).scores
    assert found.purchases.by_model > 0 and (found.value.by_model, found.value.high) == (0, 0)
    assert [(window.until - window.fit_until).days for window in found.windows] == [28, 22, 18]


def test_a_key_that_a_spreadsheet_would_run_is_made_harmless_in_csv_alone(tmp_path):
    path = tmp_path / "shop.csv"
    path.write_text("customer,date,amount_usd\n=1+1,2026-01-01,10\na-1,2026-01-02,10\n", encoding="utf-8")
    for suffix, said in ((".csv", "'=1+1"), (".parquet", "=1+1")):
        to = tmp_path / f"scores{suffix}"
        forecast_file(path, **COLUMNS, until=date(2026, 12, 31), to=to)
        reader = "read_csv" if suffix == ".csv" else "read_parquet"
        keys = duckdb.sql(f"select customer from {reader}('{to}') order by 1").fetchall()
        assert {key for (key,) in keys} == {said, "a-1"}


@pytest.mark.parametrize("written", ['"1,234"', "1e300", "1e308", '"12,345"'])
def test_an_amount_in_doubt_or_beyond_what_anybody_pays_is_left_out_and_counted(tmp_path, written):
    path = tmp_path / "shop.csv"
    lines = ["customer,date,amount_usd", *LINES, f"dora,2026-04-01,{written}"]
    path.write_text("\n".join(lines) + "\n", encoding="utf-8")
    found = forecast_file(path, **COLUMNS, until=date(2026, 12, 31))
    assert found.read.left_out == {"amount cannot be read": 1} and len(found.by_customer) == 3


@pytest.mark.parametrize(
    ("changed", "said"),
    [
        ({"customer": "who"}, "has no column who"),
        ({"until": date(2026, 6, 1)}, "is not after 2026-06-01"),
        ({"fit_until": date(2025, 12, 31)}, "nobody has bought by --fit-until 2025-12-31: the first purchase is of 2026-01-01"),
        ({"day": "customer"}, r"no row of shop.csv is a purchase.*5 rows: date cannot be read"),
        ({"amount": "customer"}, "amount cannot be read"),
        ({"date_format": "%Q"}, "cannot be read"),
    ],
)  # fmt: skip
def test_what_cannot_be_forecast_is_said_without_a_value_of_anybody(shop, changed, said):
    with pytest.raises(KundbildError, match=said) as refused:
        forecast_file(shop, **{**COLUMNS, "until": date(2026, 12, 31), **changed})
    assert "anna" not in str(refused.value) and "to do: " in str(refused.value)


def test_a_file_to_write_is_refused_before_anything_is_read(tmp_path):
    for to, said in ((tmp_path / "s.xlsx", "not a file that is written"), (tmp_path / "no" / "s.csv", "no folder")):
        with pytest.raises(KundbildError, match=said):
            forecast_file(tmp_path / "missing.csv", **COLUMNS, until=UNTIL, to=to)


def test_the_command_says_it_in_words_and_in_json(kundbild, shop):
    shop.write_text(shop.read_text() + "bo,,1\nbo,2026-02-02,-5\n")
    asked = (
        "scores",
        "forecast",
        str(shop),
        "--customer",
        "customer",
        "--date",
        "date",
        "--amount",
        "amount_usd",
        "--until",
    )
    shown = kundbild(*asked, "2026-12-31").stdout
    assert "3 customers, from 2026-06-01 to 2026-12-31" in shown
    assert "Left out: 1 rows (no date)" in shown and "1 refunds lower the value" in shown
    said = json.loads(kundbild(*asked, "2026-12-31", "--json").stdout)
    assert (said["customer_count"], said["left_out"], said["refunds"]) == (3, {"no date": 1}, 1)
    assert [row["customer"] for row in said["customers"]] == ["anna", "bo", "carl"]
    assert said["purchases"]["low"] <= said["purchases"]["expected"] <= said["purchases"]["high"]
    refused = json.loads(kundbild(*asked, "soon", "--json", code=2).stdout)
    assert refused["error"] == "--until is not a day"
