"""What customers give back: refunds by lines, by credit notes and in other currencies, each once. Expected figures are worked out by hand.

Not here: all other amounts, and what is set aside (test_numbers.py).
"""

from __future__ import annotations

from collections.abc import Iterator
from copy import copy

import pytest

from orchestration.run.set_aside import read_set_aside
from tests.conftest import changed_in_place
from tests.integration.numbers import AT, LATE, Shop, amounts, built


def sale(
    no: str,
    who: str | None,
    total: str,
    back: str | None = None,
    state: str = "completed",
    at: str = AT,
    cur: str = "SEK",
) -> tuple[str | None, ...]:
    return (no, who, at, total, None, back, cur, state)


MANY_SALES = [sale(f"7{n}x", "lin", "9000") for n in range(20)]
MANY_LINES = [
    (f"7{n}x", str(line), "3", f"{line * 17 + n}.{line}3", str(1 + line % 2), "SEK")
    for n in range(20)
    for line in range(1, 8)
]
# what is given back in another currency: one euro is ten kronor
SALES_ABROAD = [
    sale("40", "ada", "650"), sale("41", "ada", "100"), sale("42", "ada", "50"), sale("43", "ada", "200"),
    sale("44", "bea", "100", state="refunded"), sale("45", "bea", "-10", at=LATE, cur="EUR"), sale("46", "ada", "12.50"),
]  # fmt: skip
LINES_ABROAD = [
    ("40", "1", "1", "100", None, "SEK"), ("40", "2", "1", "55", "1", "EUR"), ("41", "1", "1", "100", None, "SEK"),
    ("41", "2", "-1", "5", None, "EUR"), ("42", "1", "1", "100", None, "SEK"), ("42", "2", "-1", "5", None, "EUR"),
    ("43", "1", "1", "100", None, "SEK"), ("43", "2", "1", "25", "1", "PLN"), ("46", "1", "1000000", "0.0000125", "500000", "SEK"),
]  # fmt: skip
# freight and tax are on the order and not on its lines; credit notes say refunds that orders say too
WHOLE_SALES = [
    sale("60", "fia", "110"),  # 100 of goods, all returned, and freight
    sale("61", "fia", "125"),  # lines without VAT
    sale("62", "fia", "110", "100"),  # the order says that the freight was kept
    sale("63", "fia", "110", state="partially refunded"),
    sale("64", "fia", "110"),  # freight is a line that names no product
    sale("65", "fia", "110"),  # one of two came back
    sale("66", "fia", "110"),  # a negative line that the total leaves out
    sale("67", "fia", "10"),  # and one that it has in
    sale("68", "fia", "200", "-149"),  # a refund written below 0, of the order and of a line
    sale("69", "fia", "100"),
    # one note over two refunded orders; two notes over one; a note without the freight; a note that fits nothing
    sale("70", "gun", "100", state="refunded"), sale("71", "gun", "50", state="refunded"), sale("72", "gun", "-150", at=LATE),
    sale("73", "hal", "150", state="refunded"), sale("74", "hal", "-100", at=LATE), sale("75", "hal", "-50", at=LATE),
    sale("76", "ida", "110"), sale("77", "ida", "-100", at=LATE),
    sale("78", "joy", "100", state="refunded"), sale("79", "joy", "300"), sale("80", "joy", "-40", at=LATE),
    sale("81", None, "-30", at=LATE),
]  # fmt: skip
WHOLE_LINES = [
    *[(no, "1", "1", "100", "1", "SEK") for no in ("60", "61", "62", "63", "76")],
    ("64", "1", "1", "100", "1", "SEK", "p1"), ("64", "2", "1", "10", None, "SEK"),
    ("65", "1", "1", "50", "1", "SEK"), ("65", "2", "1", "50", None, "SEK"),
    ("66", "1", "1", "100", None, "SEK"), ("66", "2", "-1", "100", None, "SEK"),
    ("67", "1", "1", "100", None, "SEK"), ("67", "2", "-1", "100", None, "SEK"),
    ("69", "1", "4", "25", "-1", "SEK"), ("69", "2", "4", "25", "-5", "SEK"),
]  # fmt: skip


@pytest.fixture(scope="module")
def returns(tmp_path_factory) -> Shop:
    """A shop whose customers give things back, after its first build. Read only."""
    folder = tmp_path_factory.mktemp("returns")
    delivered = (
        ("rates", [("EUR", "SEK", "2026-01-01", "10")]),
        ("sales", [*MANY_SALES, *SALES_ABROAD, *WHOLE_SALES]),
        ("lines", [*MANY_LINES, *LINES_ABROAD, *WHOLE_LINES]),
    )
    return built(folder, ["lin", "ada", "bea", "fia", "gun", "hal", "ida", "joy"], *delivered)


@pytest.fixture
def own_returns(returns, tmp_path) -> Iterator[Shop]:
    """The same, to be changed."""
    with changed_in_place(returns.home.root.parent, tmp_path / "changed"):
        yield copy(returns)


def test_the_order_in_which_lines_are_read_changes_no_amount(own_returns):
    """A sum of doubles depends on it, and so would its digest."""
    read_once = own_returns.everything()["marts.order_returns"]
    own_returns.deliver("lines", *reversed(MANY_LINES))
    own_returns.build(full_refresh=True)
    assert len(read_once) > 20 and own_returns.everything()["marts.order_returns"] == read_once


def test_what_is_given_back_in_another_currency_is_worth_what_its_rate_says_or_told(returns):
    """Prices of more than five decimals are kept."""
    found = amounts(returns.ask("select source_key, gross_amount, refunded_amount, net_amount from marts.fct_orders"))
    assert (found["40"], found["41"], found["42"]) == ((650, 550, 100), (100, 50, 50), (100, 50, 50))
    assert found["46"] == (12.5, 6.25, 6.25)
    line = "select unit_price_amount::varchar, net_amount from marts.fct_order_items where source_key = '46|1'"
    assert [(price, float(net)) for price, net in returns.ask(line)] == [("0.00001250", 6.25)]
    assert amounts(returns.ask("select source_key, net_amount from marts.fct_order_items where order_key = '40'")) == {
        "40|1": (100,),
        "40|2": (0,),
    }
    # without a rate it is its lines' share of what was paid, and told
    assert found["43"] == (200, 40, 160)
    with returns.open() as con:
        told = {(one.kind, one.rows) for one in read_set_aside(con)}
    assert {("other currency", 1), ("note abroad", 1)} <= told


def test_an_order_that_came_back_whole_is_no_sale_and_is_refunded_once(returns):
    whole = {order[0] for order in WHOLE_SALES}
    found = amounts(returns.ask("select source_key, net_amount, is_sale from marts.fct_orders"))
    assert {key: net for key, (net, _) in found.items() if key in whole} == {
        "60": 0, "61": 0, "62": 10, "63": 10, "64": 10, "65": 60, "66": 0, "67": 10, "68": 51, "69": 75,
        "70": 0, "71": 0, "72": 0, "73": 0, "74": 0, "75": 0, "76": 0, "77": 0, "78": 0, "79": 300, "80": -40, "81": -30,
    }  # fmt: skip
    assert {key for key, (_, is_sale) in found.items() if is_sale and key in whole} == {"65", "68", "69", "79"}
    with returns.open() as con:
        told = {(one.kind, one.rows) for one in read_set_aside(con)}
    assert {("refund twice", 4), ("note apart", 1), ("note of nobody", 1)} <= told
    reasons = "select source_key, reason from quarantine.quarantined_rows"
    assert returns.ask(reasons) == [("69|2", "refunded_quantity is more than quantity")]
