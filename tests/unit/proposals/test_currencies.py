"""The currency of amounts beside which none stands: that of their order, or the company's, which is told of where nothing speaks for it."""

from __future__ import annotations

import json
import tomllib

import pytest
from typer.testing import CliRunner

from orchestration.cli.app import app
from orchestration.core.settings import Table
from orchestration.proposals.propose import propose
from orchestration.proposals.written import company_of
from tests.unit.mapped import models_of, raw, set_clock_and_retention

LINES = [{"id": str(n), "order_no": f"N{n}", "sku": "a", "qty": "2", "unit_price": "9.50"} for n in (1, 2)]


def found_in(tmp_path, **tables):
    """What is proposed of CSV files of these rows; and the tables of the block."""
    for name, rows in tables.items():
        lines = [",".join(rows[0]), *(",".join(row.values()) for row in rows)]
        (tmp_path / f"{name}.csv").write_text("\n".join(lines) + "\n")
    found = propose("shop", str(tmp_path), "SEK")
    return found, tomllib.loads(found.block)["sources"]["shop"]["tables"]


def orders(**more):
    return [
        {"order_no": f"N{n}", "customer_id": "c", "placed_at": "2026-01-01", "total": "19.00"} | {k: v[n - 1] for k, v in more.items()}
        for n in (1, 2)
    ]  # fmt: skip


def test_lines_are_in_the_currency_of_their_order(tmp_path, warehouse):
    of_two = orders(currency=("NOK", "SEK"))
    found, shapes = found_in(tmp_path, orders=of_two, order_lines=LINES)
    assert not any("currency" in note for note in found.notes)
    raw(warehouse, "orders", *of_two)
    raw(warehouse, "order_lines", *LINES)
    set_clock_and_retention(warehouse)
    models = models_of({name: Table.model_validate(shape) for name, shape in shapes.items()}, ("",))
    said = warehouse.execute(f"select order_key, currency from ({models['order_items'][0]}) order by 1").fetchall()
    assert said == [("N1", "NOK"), ("N2", "SEK")]


def test_lines_whose_orders_are_in_two_tables_have_no_currency(tmp_path):
    found, shapes = found_in(
        tmp_path, orders=orders(currency=("NOK", "SEK")), shop_orders=orders(currency=("EUR", "SEK")), order_lines=LINES
    )
    assert "order_lines" not in shapes
    assert any(
        "order_lines: not mapped to order_items" in note and "cannot be looked up" in note for note in found.notes
    )


@pytest.mark.parametrize(
    ("rows", "why"),
    [
        (orders(), ""),
        (orders(country=("United Kingdom", "Sweden")), "country has other countries"),
        ([dict(zip(("Ordrenr", "Kundenr", "Ordredato", "Beløp"), row.values(), strict=True)) for row in orders()], "another language"),
        (orders(country=("Sweden", "SE")), None),
        ([dict(zip(("Ordernr", "Kundnr", "Orderdatum", "Belopp"), row.values(), strict=True)) for row in orders()], None),
        (orders(currency=("NOK", "SEK")), None),
    ],
)  # fmt: skip
def test_a_currency_that_is_assumed_is_told_of_where_nothing_speaks_for_it(tmp_path, rows, why):
    found, _ = found_in(tmp_path, orders=rows)
    told = [note for note in found.notes if "no column says the currency" in note]
    (one,) = [one for one in found.tables[0].maps if one.entity == "orders"]
    is_marked = "# look at it: no column says the currency" in found.block
    assert (len(told) == 1 and is_marked and one.sureness < 0.8) if why is not None else not (told or is_marked)
    assert not why or why in told[0]


@pytest.mark.parametrize(
    ("said", "rows", "told"),
    [
        ("", orders(), 'SEK is assumed for both. Where they are in another one, write currency = "…" (as GBP) at the top of kundbild.toml'),
        ("", orders(country=("United Kingdom", "Denmark")), 'SEK is assumed for both. Where they are in another one, write currency = "…"'),
        ("", orders(country=("United Kingdom", "Great Britain")), 'write currency = "GBP" at the top of kundbild.toml and in the constants'),
        ("", orders(currency=("NOK", "SEK")), "all revenue is told in SEK, whatever currency the rows say"),
        ("", [{(k if k != "total" else "total_usd"): v for k, v in row.items()} for row in orders()], 'are in USD, and all revenue is told in SEK. Where USD is the company\'s, write currency = "USD"'),
        ('currency = "SEK"', orders(), None),
        ('currency = "NOK"', orders(currency=("NOK", "SEK")), None),
        ("", [{"customer_id": "c", "email": "a@example.com"}, {"customer_id": "d", "email": "b@example.com"}], None),
    ],
)  # fmt: skip
def test_a_company_that_has_not_said_its_currency_is_told_what_was_found_and_the_line(
    tmp_path, monkeypatch, said, rows, told
):
    (tmp_path / "in").mkdir()
    found_in(tmp_path / "in", orders=rows)
    config = tmp_path / "kundbild.toml"
    config.write_text(f'company = "T"\n{said}\n')
    monkeypatch.setenv("KUNDBILD_CONFIG", str(config))
    notes = [
        n for n in proposed_notes(tmp_path / "in") if n.startswith("kundbild.toml does not say the company's currency")
    ]
    assert len(notes) == (told is not None) and all(told in note for note in notes), notes
    # what was written does not say it either
    added = CliRunner().invoke(app, ["add-source", "shop", "--from", str(tmp_path / "in"), "--yes"])
    assert added.exit_code == 0, added.exception
    assert company_of(config).is_currency_said is bool(said)


def proposed_notes(folder):
    done = CliRunner().invoke(app, ["add-source", "shop", "--from", str(folder), "--json"])
    assert done.exit_code == 0, done.exception
    return json.loads(done.stdout)["notes"]
