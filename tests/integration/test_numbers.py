"""Amounts that are right, or say that they are not; rows that are set aside, told. Expected figures are worked out by hand."""

from __future__ import annotations

from collections.abc import Iterator
from copy import copy

import pytest

from orchestration.run.set_aside import acknowledge, read_set_aside
from tests.conftest import changed_in_place
from tests.integration.numbers import AT, LATE, Shop, amounts, built

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
