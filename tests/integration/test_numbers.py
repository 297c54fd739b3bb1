"""Amounts that are right, or say that they are not; rows that are set aside, told. Expected figures are worked out by hand."""

from __future__ import annotations

from collections.abc import Iterator
from copy import copy
from pathlib import Path

import pytest

from orchestration.core.home import Home
from orchestration.run.set_aside import acknowledge, read_set_aside
from tests.conftest import changed_in_place
from tests.integration.numbers import Shop, amounts

LATE = "2026-11-20T10:00:00Z"
AT = "2026-11-10T10:00:00Z"
SALES = [
    # no, who, at, total, order discount, refund, currency, status
    ("1", "vera", AT, "100.00", None, None, "SEK", "Completed"),
    ("2", "vera", AT, "900.00", None, None, "SEK", "Cancelled"),
    ("3", "stig", AT, "500.00", None, None, " sek", "MAKULERAD "),
    ("4", "eva", AT, "10.00", None, None, "eur", "wc-completed"),
    ("5", "eva", LATE, "10.00", None, None, "\u00a0Euro ", None),
    ("6", "pia", AT, "10.00", None, None, "PLN", "completed"),
    ("7", "rune", AT, "300.00", None, None, "SEK", "Refunded"),
    ("8", "rune", AT, "100.00", None, None, "SEK", "partially_refunded"),
    ("9", "nils", AT, "80.00", None, None, "SEK", "delivered"),
    ("10", "nils", AT, "100.00", None, None, "SEK", "delivered"),
    ("11", "nils", AT, "-25.00", None, None, "SEK", "completed"),
    ("12", "olle", AT, "80.00", "20.00", None, "SEK", "shipped"),
    ("13", "kari", AT, "10.00", None, None, "kr", "completed"),
    ("14", "kari", AT, "10.00", None, None, "SEK", "gurka"),
    ("15", "kari", AT, "9000000000000.00", None, None, "SEK", "completed"),
    ("16", "vera", AT, "100.00", None, "30", "SEK", "completed"),
    ("17", "nora", AT, "120.00", None, None, "NOK", "completed"),
    ("18", "free", AT, "0", None, None, "SEK", "completed"),
    # a refunded order and its credit note: one refund; a second note is another
    ("20", "lisa", AT, "100.00", None, None, "SEK", "Refunded"),
    ("21", "lisa", LATE, "-100.00", None, None, "SEK", "completed"),
    ("22", "lisa", LATE, "-100.00", None, None, "SEK", "completed"),
    ("23", "lisa", AT, "70.00", None, "30.00", "SEK", "completed"),
    ("24", "lisa", LATE, "-30.00", None, None, "SEK", None),
    ("25", "tor", AT, "50.00", None, None, "SEK", "Partially refunded"),
    ("26", "stranger", AT, "40.00", None, None, "SEK", "completed"),
    # a line in euro of an order that was paid in kronor, and the other way round
    ("27", "tor", AT, "1100.00", None, None, "SEK", "completed"),
    ("28", "tor", AT, "20.00", None, None, "EUR", "completed"),
]
LINES = [
    # no, line, quantity, price, refunded quantity
    ("8", "1", "2", "50.00", "1"),
    ("9", "1", "1", "100.00", None),
    ("9", "2", "-1", "20.00", None),
    ("10", "1", "1", "100.00", None),
    ("10", "2", "-1", "30.00", None),
    ("12", "1", "2", "50.00", "1"),
    ("1", "1", "0.6", "100.00", None),
    ("1", "2", "1.5", "20.00", None),
    ("1", "3", "0.333333", "30.00", None),
    ("2", "1", "1", "900.00", None),
    ("16", "1", "1", "100.00", "3"),
    ("1", "4", "1000", "0.0049", None),
    ("1", "5", "2", "1.005", None),
    # of an order that is not there
    ("99", "1", "1", "10.00", None, "SEK"),
    ("27", "1", "2", "50.00", "1", "EUR"),
    ("28", "1", "4", "55.00", "1", "SEK"),
]
# EUR has a price in kronor, and one in Norwegian kroner: that is how those are converted
RATES = [("EUR", "SEK", "2026-01-01", "10"), ("EUR", "SEK", "2026-11-15", "12"), ("EUR", "NOK", "2026-01-01", "12.5"), ("USD", "SEK", "2026-01-01", "0")]  # fmt: skip
ANSWERS = [("a", "vera", AT, "9"), ("b", "vera", AT, "11"), ("c", "vera", AT, "8.5"), ("d", "vera", AT, "7"), ("d", "vera", AT, "8"), (" ", "vera", AT, "8")]  # fmt: skip
SAID = [
    ("s1", "vera", "vera@x.se", "yes", AT),
    ("s2", None, " ", "no", AT),
    ("s3", None, "stig@x.se", "No ", None),
    ("s4", "eva", "eva@x.se", "yes", "soon"),
    ("s5", "pia", "pia@x.se", "Maybe", AT),
]
PEOPLE = ["vera", "stig", "eva", "pia", "rune", "nils", "olle", "kari", "nora", "free", "lisa", "tor"]


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
def shop(tmp_path_factory) -> Shop:
    """The shop after its first build. Read only."""
    delivered = ("sales", SALES), ("lines", LINES), ("rates", RATES), ("answers", ANSWERS), ("said", SAID)
    return built(tmp_path_factory.mktemp("numbers"), PEOPLE, *delivered)


@pytest.fixture
def own_shop(shop, tmp_path) -> Iterator[Shop]:
    """The same, to be changed."""
    with changed_in_place(shop.home.root.parent, tmp_path / "changed"):
        yield copy(shop)


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


def built(folder: Path, people: list[str], *delivered: tuple[str, list[tuple]]) -> Shop:
    shop = Shop(Home(folder / "home").prepare(), folder / "kundbild.toml")
    shop.begin(people)
    for table, rows in delivered:
        shop.deliver(table, *rows)
    shop.build()
    return shop


def test_gross_refunded_and_net_of_every_order(shop):
    found = shop.ask("select source_key, gross_amount, refunded_amount, net_amount from marts.fct_orders")
    assert amounts(found) == {
        "1": (100, 0, 100),
        "2": (0, 0, 0),
        "3": (0, 0, 0),
        "4": (100, 0, 100),  # 10 EUR at 10
        "5": (120, 0, 120),  # at 12, the rate of its day
        "6": (None, 0, None),  # no rate for PLN: not known, and not nothing
        "7": (300, 300, 0),
        "8": (100, 50, 50),
        "9": (100, 20, 80),  # the source's total has the negative line in it
        "10": (100, 30, 70),  # and here it has not
        "11": (0, 25, -25),
        "12": (80, 40, 40),  # half of what was paid, not of the list price
        "13": (None, 0, None),
        "16": (100, 30, 70),
        "17": (96, 0, 96),  # 120 NOK are 9.6 EUR are 96 SEK
        "18": (0, 0, 0),
        "20": (100, 100, 0),
        "21": (0, 0, 0),
        "22": (0, 100, -100),
        "23": (70, 30, 40),
        "24": (0, 0, 0),
        "25": (50, 0, 50),  # told: nobody says how much
        "26": (40, 0, 40),
        "27": (1100, 550, 550),  # half of the order
        "28": (200, 50, 150),  # a quarter
    }
    assert dict(shop.ask("select source_key, order_status from marts.fct_orders where source_key in ('2', '3', '4', '7', '8', '5')")) == {
        "2": "cancelled", "3": "cancelled", "4": "completed", "7": "refunded", "8": "partially refunded", "5": None,
    }  # fmt: skip
    assert dict(shop.ask("select source_key, currency from marts.fct_orders where source_key in ('4', '5', '3', '13')")) == {
        "4": "EUR", "5": "EUR", "3": "SEK", "13": "XXX",
    }  # fmt: skip
    sales = "select source_key from marts.fct_orders where is_order and not is_sale order by all"
    assert shop.ask(sales) == [("18",), ("20",), ("7",)]
    assert shop.ask("select source_key from marts.fct_orders where not is_order order by all") == [
        ("11",),
        ("2",),
        ("21",),
        ("22",),
        ("24",),
        ("3",),
    ]


def test_customers_have_what_was_bought_and_kept(shop):
    found = shop.ask(
        "select customer_id[3:], order_count, gross_amount, refunded_amount, net_amount, revenue_amount from marts.customer_360"
    )
    assert amounts(found) == {
        "vera": (2, 200, 30, 170, 170),
        "stig": (0, 0, 0, 0, 0),
        "eva": (2, 220, 0, 220, 220),
        "pia": (1, None, 0, None, None),
        "rune": (2, 400, 350, 50, 50),
        "nils": (2, 200, 75, 125, 125),
        "olle": (1, 80, 40, 40, 40),
        "kari": (1, None, 0, None, None),
        "nora": (1, 96, 0, 96, 96),
        "free": (1, 0, 0, 0, 0),
        "lisa": (2, 170, 230, -60, -60),
        "tor": (3, 1350, 600, 750, 750),
    }
    stages = dict(shop.ask("select customer_id[3:], lifecycle_stage from segments.customer_lifecycle"))
    assert stages["stig"] == "lead" and stages["vera"] == "active" and stages["pia"] == "new"
    # an amount that is not known is never the best
    scores = dict(shop.ask("select customer_id[3:], money_score from segments.customer_rfm"))
    assert scores["pia"] == scores["kari"] == 1 and "stig" not in scores


def test_what_no_source_delivers_is_not_known_of_anybody(own_shop):
    """Neither 0 nor false. A table that came empty came, and one whose rows were all erased; one that is only configured did not."""
    shop = own_shop
    told = "select entity from marts.delivered_entities where is_delivered order by 1"
    shops = ["consent_events", "exchange_rates", "order_items", "orders", "survey_responses"]
    assert shop.ask(told) == [(entity,) for entity in shops]
    known = "select distinct survey_response_count is null, order_count is null, ticket_count is null, has_active_subscription is null from marts.customer_360"
    assert shop.ask(known) == [(False, False, True, True)]
    assert ("kind",) not in shop.ask("select distinct scheme from segments.customer_segments")
    with shop.open() as con:
        con.execute(
            "delete from raw_shop.answers; delete from raw_shop.sales; delete from ops.loads where table_name = 'sales'"
        )
    shop.build(full_refresh=True)
    assert shop.ask(told) == [(entity,) for entity in shops if entity != "orders"]
    assert shop.ask(known) == [(False, True, True, True)]
    assert shop.ask("select sum(survey_response_count) from marts.customer_360") == [(0,)]
    assert shop.ask("select count(*) from segments.customer_lifecycle") == [(0,)]


def test_lines_keep_their_quantities_and_are_revenue_as_their_order_is(shop):
    found = shop.ask(
        "select source_key, quantity, gross_amount, refunded_amount, net_amount from marts.fct_order_items"
    )
    assert amounts(found) == {
        "1|1": (0.6, 60, 0, 60),
        "1|2": (1.5, 30, 0, 30),
        "1|3": (0.333333, 10, 0, 10),
        "1|4": (1000, 4.9, 0, 4.9),  # not a thousand times nothing
        "1|5": (2, 2.01, 0, 2.01),
        "99|1": (1, 10, 0, 10),
        "27|1": (2, 1000, 500, 500),
        "28|1": (4, 220, 55, 165),
        "2|1": (1, 0, 0, 0),
        "8|1": (2, 100, 50, 50),
        "9|1": (1, 100, 0, 100),
        "9|2": (-1, 0, 20, -20),
        "10|1": (1, 100, 0, 100),
        "10|2": (-1, 0, 30, -30),
        "12|1": (2, 100, 50, 50),
    }


def test_one_bad_line_stops_one_line_and_is_told_with_table_reason_count_and_share(shop):
    with shop.open() as con:
        told = [str(one) for one in read_set_aside(con)]
    assert told == [
        "shop consent_events: 1 of 5 (20.0%) withdrawals set aside: it names neither a person nor a contact point",
        "shop consent_events: 1 of 5 (20.0%) grants set aside: stated_at cannot be read",
        "shop exchange_rates: 1 of 4 (25.0%) set aside: rate is not positive",
        "shop order_items: 1 of 16 (6.2%) set aside: refunded_quantity is more than quantity",
        "shop orders: 1 of 27 (3.7%) set aside: amount is above 1000000000000",
        "shop orders: 1 of 27 (3.7%) set aside: status is no word of the seed order_statuses",
        "shop survey_responses: 1 of 6 (16.7%) share a key: its source_key is another row's too, of which the newest stands",
        "shop survey_responses: 1 of 5 (20.0%) set aside: nps cannot be read",
        "shop survey_responses: 1 of 5 (20.0%) set aside: nps is above 10",
        "shop survey_responses: 1 of 5 (20.0%) set aside: source_key is missing",
        "shop consent_events: 1 of 5 (20.0%) ignored: status is one of those that the mapping ignores",
        "shop orders: 1 of 25 (4.0%) without an amount: there is no exchange rate for PLN",
        "shop orders: 1 of 25 (4.0%) without an amount: the currency is no word of the seed currencies, or may be several",
        # an order of November in NOK, by a rate of January; of EUR a newer rate came
        "shop orders: 1 of 25 (4.0%) converted by a stale rate: no newer exchange rate for NOK came for longer than [quality] max_rate_age_days",
        "shop orders: 1 of 25 (4.0%) of nobody known: the person that the order names is gone or was never delivered: its revenue has no customer",
        "shop orders: 2 of 25 (8.0%) credit notes that count as nothing: the order of the same person and amount says itself that it was refunded",
        "shop orders: 1 of 25 (4.0%) refunded by an unknown part: neither the order nor its lines say how much: the whole is still counted as revenue",
        "shop order_items: 1 of 15 (6.7%) of no order that is here: the line counts as sold all the same, on its own day and in its own currency where it says them",
        # nils has a line of -30 in one order, and a note of -25
        "shop orders: 1 of 25 (4.0%) credit notes that may say a refund again: an order of the same person says itself that another amount was refunded: both are subtracted, see whether it is the same refund",
        "shop orders: 2 of 25 (8.0%) with lines in another currency: what was given back is the lines' share of what was paid",
    ]
    assert shop.ask("select bool_and(is_balanced) from quarantine.books") == [(True,)]
    # a withdrawal that says when is missing denies from when it came
    assert shop.ask("select status from conformed.conformed_consent_events where source_key = 's3'") == [("withdrawn",)]


def test_the_next_nights_give_what_a_rebuild_gives_and_what_is_acknowledged_is_so_until_it_comes_again(own_shop):
    """Lines given back, a rate that came, orders cancelled, lines that came again broken: each without its order's load."""
    shop = own_shop
    acknowledged = "select kind, row_count, acknowledged_count from quarantine.set_aside where kind = 'withdrawal'"
    with shop.open() as con:
        assert acknowledge(con, "shop", "consent_events", "s2", "seen to by hand") == 1
    shop.deliver("lines", ("8", "1", "2", "50.00", "2"), ("12", "1", "2", "50.00", "7"), ("9", "2", "-1", "20.00", None), ("16", "1", "1", "100.00", "1"))  # fmt: skip
    shop.deliver("rates", ("PLN", "SEK", "2026-01-01", "2.5"), ("EUR", "SEK", "2026-11-15", "13"))
    shop.deliver("sales", ("1", "vera", AT, "100.00", None, None, "SEK", "canceled"), ("4", "eva", AT, "10", None, None, "EUR", "gurka"), ("23", "lisa", AT, "70", None, None, "SEK", "completed"))  # fmt: skip
    shop.build(published_load=5)
    assert shop.ask(acknowledged) == [("withdrawal", 1, 1)]
    shop.deliver("said", ("s2", None, None, "NO", AT))
    shop.build(published_load=5)
    assert shop.ask(acknowledged) == [("withdrawal", 1, 0)]
    night = shop.everything()
    net = amounts(shop.ask("select source_key, net_amount from marts.fct_orders"))
    # the order of credit note 24 says no more that it was refunded
    assert (net["23"], net["24"], net["21"]) == ((70,), (-30,), (0,))
    assert (net["8"], net["12"], net["6"], net["5"], net["1"], net["16"]) == ((0,), (80,), (25,), (130,), (0,), (0,))
    assert "4" not in net
    lines = amounts(shop.ask("select source_key, net_amount from marts.fct_order_items"))
    assert lines["1|1"] == (0,) and "12|1" not in lines
    shop.build(full_refresh=True)
    assert shop.everything() == night


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
