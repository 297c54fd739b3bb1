"""Attribution: every model against the same sums in Python, by hand-written journeys with whatever is awkward in them."""

from __future__ import annotations

from collections import defaultdict
from datetime import datetime, timedelta
from decimal import Decimal
from itertools import pairwise

import numpy as np
import pytest

from data_quality.suites import marts as marts_suites
from orchestration.core.settings import Settings, Source
from tests.unit.compiled import compiled_models, compiled_otherwise
from tests.unit.dbt_project.attribution import FACTS, MODELS, TOUCHES, build, click, visit
from tests.unit.dbt_project.insight import NOT_PROFILED, Marts, order


@pytest.fixture(scope="module")
def models(tmp_path_factory) -> dict[str, str]:
    return compiled_models(tmp_path_factory, MODELS)


@pytest.fixture
def marts(warehouse, models) -> Marts:
    return Marts(warehouse, models, FACTS)


def paths(marts: Marts) -> dict[tuple[str, int], list[str]]:
    found = defaultdict(list)
    marts.knows_everybody_of(*TOUCHES)
    for row in marts.rows("attribution_paths"):
        found[row["customer_id"], row["path_number"]].append((row["touch_number"], row["channel"], row["campaign"]))
    return {
        key: [f"{channel}/{campaign}" for _, channel, campaign in sorted(touches)] for key, touches in found.items()
    }


def test_a_path_is_what_touched_a_customer_before_the_first_purchase(marts):
    marts.add("marts.fct_orders", order("0", "c1", "2026-04-01", 0, is_sale=False), order("1", "c1", "2026-05-20"), order("2", "c1", "2026-05-25"),
              order("3", "c2", "2026-05-02"), order("4", "c3", "2024-01-01"), order("5", None, "2026-05-05"), order("6", "c5", "2026-07-01"))  # fmt: skip
    marts.add("marts.fct_web_sessions",
              visit("c1", "2026-04-19", "social"), visit("c1", "2026-04-21", "paid search", "brand"), visit("c1", "2026-05-10", None),
              # an email visit that a click brought, one that none did, one at the very time of the order, one after it
              visit("c1", "2026-05-12T10:05", "email", "newsletter"), visit("c1", "2026-05-13T11:00", "email", "newsletter"),
              visit("c1", "2026-05-20", " "), visit("c1", "2026-05-21", "social"),
              # a customer of before the period, one who never bought, one who buys tomorrow, nobody
              visit("c3", "2026-05-01", "social"), visit("c4", "2026-05-01", "social"), visit("c4", "2026-03-01", "social"),
              visit("c5", "2026-05-01", "direct"), visit("c5", "2026-06-02", "social"), visit(None, "2026-05-01", "social"))  # fmt: skip
    marts.add("marts.fct_email_events", click("c1", "2026-05-12T10:00", "n1"), click("c1", "2026-05-13", "n9"), click("c1", "2026-05-11", "n1", "opened"))  # fmt: skip
    marts.add("conformed.conformed_campaigns", {"source_system": "mail", "source_key": "n1", "name": "Letter 1"})
    assert paths(marts) == {
        ("c1", 1): [
            "paid search/brand",
            "direct/none",
            "email/Letter 1",
            "email/n9",
            "email/newsletter",
            "direct/none",
        ],
        ("c2", 1): ["untracked/none"],
        ("c4", 0): ["social/none"],
        ("c5", 0): ["direct/none"],
    }
    assert marts.con.execute(f"select count(*) from ({marts.models['attribution_paths']}) where is_direct").fetchone() == (3,)  # fmt: skip


@pytest.mark.parametrize("why", NOT_PROFILED)
def test_rule_19_who_may_not_be_profiled_has_no_path_and_no_credit(marts, why):
    for n in range(3):
        marts.add("marts.fct_orders", order(f"{n}", f"c{n}", "2026-05-02"))
        marts.add("marts.fct_web_sessions", visit(f"c{n}", "2026-05-01", "social"))
    # who never bought has a path too
    marts.add("marts.fct_web_sessions", visit("c3", "2026-05-01", "social"), visit("c4", "2026-05-01", "social"))
    assert set(paths(marts)) == {("c0", 1), ("c1", 1), ("c2", 1), ("c3", 0), ("c4", 0)}
    marts.hides("c1", why)
    marts.hides("c3", why)
    assert set(paths(marts)) == {("c0", 1), ("c2", 1), ("c4", 0)}
    build(marts)
    assert {(row["credited_conversions"], row["net_amount"]) for row in marts.rows("attribution")} == {(2, 200)}


def test_with_repeat_purchases_each_path_begins_after_the_one_before(tmp_path_factory, warehouse):
    compiled = compiled_otherwise(tmp_path_factory, ["attribution_paths", "customer_profile"])
    marts = Marts(warehouse, compiled, FACTS)
    marts.add(
        "marts.fct_orders", order("1", "c", "2026-05-01"), order("2", "c", "2026-05-01"), order("3", "c", "2026-05-20")
    )
    marts.add("marts.fct_web_sessions", visit("c", "2026-04-30", "a"), visit("c", "2026-05-01", "b"), visit("c", "2026-05-19", "c"))  # fmt: skip
    assert paths(marts) == {("c", 1): ["a/none", "b/none"], ("c", 2): ["untracked/none"], ("c", 3): ["c/none"]}


def journeys(seed: int, customers: int = 60) -> tuple[list[dict], list[dict]]:
    """Orders and visits by chance, with refunds, unknown amounts, ties in time and touches outside of the window."""
    rng = np.random.default_rng(seed)
    orders, visits = [], []
    channels = ["direct", "social", "paid search", "organic", None]
    for n in range(customers):
        end = datetime(2026, 5, 1) + timedelta(hours=int(rng.integers(0, 700)))
        if rng.random() < 0.6:
            net = [100, 33.33, 0.01, None, 0][int(rng.choice(5, p=[0.4, 0.3, 0.1, 0.1, 0.1]))]
            orders.append(order(f"o{n}", f"c{n}", end.isoformat(), net))
        for m in range(int(rng.integers(0, 6))):
            at = end - timedelta(days=int(rng.integers(0, 45)))
            channel = channels[int(rng.integers(0, 5))]
            visits.append(visit(f"c{n}", at.isoformat(), channel, "brand" if rng.random() < 0.3 else None, f"v{n}-{m}"))
    return orders, visits


def in_python(orders: list[dict], visits: list[dict]) -> dict[str, dict[tuple[str, str], list[float]]]:
    """Model → cell → [conversions, net], exact up to floating point."""
    seen = defaultdict(list)
    for v in visits:
        cell = (v["landing_channel"] or "direct", v["campaign"] or "none")
        seen[v["customer_id"]].append((v["started_at"], "web:visit:" + v["source_key"], cell))
    sales = {o["customer_id"]: o for o in orders if o["is_sale"]}
    walks = []  # (touches, order)
    for customer in sales.keys() | seen.keys():
        sale, touches = sales.get(customer), sorted(seen[customer])
        end = sale["ordered_at"] if sale else touches[-1][0]
        inside = [(at, cell) for at, _, cell in touches if end - timedelta(days=30) < at <= end]
        walks.append((inside or [(end, ("untracked", "none"))], sale))
    credit: dict = defaultdict(lambda: defaultdict(lambda: [0.0, 0.0]))
    parts, bought = defaultdict(int), defaultdict(int)
    for touches, sale in walks:
        cells, n = [cell for _, cell in touches], len(touches)
        is_tracked = cells != [("untracked", "none")]
        for cell in cells if is_tracked else ():
            parts[cell] += 1
            bought[cell] += bool(sale)
        if not sale:
            continue
        if not is_tracked:
            credit["markov"][cells[0]][0] += 1
            credit["markov"][cells[0]][1] += float(sale["net_amount"] or 0)
        known = [i for i, cell in enumerate(cells) if cell[0] != "direct"]
        decay = [0.5 ** ((touches[-1][0] - at).total_seconds() / (7 * 86400)) for at, _ in touches]
        channels = [cell[0] for cell in cells]
        weights = {
            "first": [float(i == 0) for i in range(n)],
            "last": [float(i == n - 1) for i in range(n)],
            "last_non_direct": [float(i == (known[-1] if known else n - 1)) for i in range(n)],
            "linear": [1 / n] * n,
            "position_based": [1 / n] * n if n < 3 else [0.4, *[0.2 / (n - 2)] * (n - 2), 0.4],
            "time_decay": [d / sum(decay) for d in decay],
            "shapley": [1 / len(set(channels)) / channels.count(c) for c in channels],
        }
        for model, weight in weights.items():
            for cell, share in zip(cells, weight, strict=True):
                credit[model][cell][0] += share
                credit[model][cell][1] += share * float(sale["net_amount"] or 0)
    # a purchase without a touch is nobody's but its own
    tracked = [(touches, sale) for touches, sale in walks if touches[0][1][0] != "untracked"]
    states = sorted({cell[0] for cell in parts})
    effects = removal_effects(tracked, states)
    total = sum(1 for _, sale in tracked if sale), sum(float(s["net_amount"] or 0) for _, s in tracked if s)
    for cell in parts:
        within = bought if any(n for c, n in bought.items() if c[0] == cell[0]) else parts
        share = within[cell] / sum(n for c, n in within.items() if c[0] == cell[0])
        share *= effects[cell[0]] / sum(effects.values())
        credit["markov"][cell] = [total[0] * share, total[1] * share]
    return credit


def removal_effects(walks: list, states: list[str]) -> dict[str, float]:
    """By solving the linear equations of absorption."""
    names = ["start", *states]
    counts = np.zeros((len(names), len(names) + 2))  # then: purchase, nothing
    for touches, sale in walks:
        chain = ["start"]
        for _, (channel, _) in touches:
            if channel != chain[-1]:
                chain.append(channel)
        for a, b in pairwise(chain):
            counts[names.index(a), names.index(b)] += 1
        counts[names.index(chain[-1]), len(names) + (0 if sale else 1)] += 1
    chances = counts / counts.sum(axis=1, keepdims=True)

    def bought(without: str | None) -> float:
        keep = [i for i, name in enumerate(names) if name != without]
        moves = chances[np.ix_(keep, keep)]
        return float(np.linalg.solve(np.eye(len(keep)) - moves, chances[keep, len(names)])[0])

    return {state: 1 - bought(state) / bought(None) for state in states}


@pytest.mark.parametrize("seed", range(4))
def test_every_model_is_what_python_makes_of_the_same_journeys_and_adds_up_to_the_cent(marts, seed):
    orders, visits = journeys(seed)
    marts.add("marts.fct_orders", *orders)
    marts.add("marts.fct_web_sessions", *visits)
    build(marts, attribution=False)
    found, expected = marts.by("attribution", "model", "channel", "campaign"), in_python(orders, visits)
    assert {model for model, *_ in found} == {"first", "last", "last_non_direct", "linear", "position_based", "time_decay", "shapley", "markov"}  # fmt: skip
    for (model, *cell), row in found.items():
        conversions, net = expected[model][tuple(cell)]
        assert float(row["credited_conversions"]) == pytest.approx(conversions, abs=0.0101), (model, cell)
        assert float(row["net_amount"]) == pytest.approx(net, abs=0.0101), (model, cell)
    sales = [o for o in orders if o["is_sale"]]
    revenue = sum(Decimal(str(o["net_amount"] or 0)) for o in sales)
    for model in expected:
        rows = [row for (of, *_), row in found.items() if of == model]
        assert sum(row["credited_conversions"] for row in rows) == len(sales)
        assert sum(row["net_amount"] for row in rows) == revenue
    marts.build("attribution")
    for row in marts.rows("attribution_spread"):
        credits = {model: r["credited_conversions"] for (model, *cell), r in found.items() if cell == [row["channel"], row["campaign"]]}  # fmt: skip
        least, most = min(credits.values()), max(credits.values())
        assert (row["least_conversions"], row["most_conversions"]) == (least, most)
        for column, value in (("least_model", least), ("most_model", most)):
            models = ", ".join(sorted(model for model, credit in credits.items() if credit == value))
            assert row[column] == (models if least < most else None)
        assert row["spread_share"] == pytest.approx(float(row["spread_conversions"]) / len(sales))


def test_without_a_source_nothing_is_credited_and_nothing_fails(marts):
    build(marts, attribution=False)
    assert marts.rows("attribution") == []
    # visits without a purchase, and a purchase without visits
    marts.add("marts.fct_web_sessions", visit("c1", "2026-05-01", "social"))
    build(marts, attribution=False)
    assert {(r["credited_conversions"], r["net_amount"]) for r in marts.rows("attribution")} <= {(0, 0)}
    marts.add("marts.fct_orders", order("1", "c2", "2026-05-02", 50))
    build(marts, attribution=False)
    found = marts.by("attribution", "model", "channel")
    assert {(m, r["credited_conversions"]) for (m, c), r in found.items() if c == "untracked"} == {
        (m, 1) for m, _ in found
    }
    assert found["markov", "untracked"]["touch_count"] == 0


def test_only_direct_visits_are_credited_directly(marts):
    marts.add("marts.fct_orders", order("1", "c1", "2026-05-02", 50), order("2", "c2", "2026-05-02", None))
    marts.add(
        "marts.fct_web_sessions", *(visit(c, f"2026-05-01T0{n}:00", None) for c in ("c1", "c2") for n in range(3))
    )
    build(marts, attribution=False)
    for row in marts.rows("attribution"):
        assert (row["channel"], row["is_direct"], row["credited_conversions"], row["net_amount"], row["unpriced_order_count"]) == ("direct", True, 2, 50, 1)  # fmt: skip


def test_what_was_spent_is_beside_it_in_the_companys_currency(marts):
    marts.add("marts.fct_orders", order("1", "c1", "2026-05-02", 50), order("2", "c2", "2026-05-02", 150))
    marts.add("marts.fct_web_sessions", visit("c1", "2026-05-01", "social", "spring"), visit("c2", "2026-05-01", "social", "spring"))  # fmt: skip
    spend = {"source_system": "ads", "channel": "social", "campaign": "spring", "currency": "SEK", "spend": 30, "spend_on": "2026-05-01"}  # fmt: skip
    marts.add("conformed.conformed_ad_spend", spend | {"source_key": "1"}, spend | {"source_key": "2", "currency": "EUR", "spend": 1},
              spend | {"source_key": "3", "spend_on": "2026-06-02"}, spend | {"source_key": "4", "spend_on": "2024-06-02"},
              spend | {"source_key": "5", "campaign": "idle"}, spend | {"source_key": "6", "campaign": "abroad", "currency": "XXX"})  # fmt: skip
    marts.add("marts.exchange_rates_by_day", {"currency": "EUR", "rated_on": "2026-05-01", "exchange_rate": 10})
    build(marts, attribution=False)
    for (_, campaign), row in marts.by("attribution", "model", "campaign").items():
        told = row["spend_amount"], row["cost_per_conversion_amount"], row["return_on_spend"]
        assert told == {"spring": (40, 20, 5), "idle": (30, None, 0), "abroad": (None, None, None)}[campaign]


def test_beside_the_credit_of_a_campaign_stands_what_its_hold_out_measured(marts):
    """Half of those who were sent the letter bought for the first time, a tenth of those held out; the other letter was sent to all."""
    for n in range(190):
        kind, key = ("sent", "n1") if n < 60 else ("held_out", "n1") if n < 160 else ("sent", "n2")
        marts.add("marts.fct_email_events", click(f"c{n}", "2026-05-01", key, kind))
        if n < 30 or 60 <= n < 70 or 160 < n < 170:
            if kind == "sent":
                marts.add("marts.fct_email_events", click(f"c{n}", "2026-05-01T10:00", key))
            marts.add("marts.fct_orders", order(f"{n}", f"c{n}", "2026-05-02", 10))
    marts.add("conformed.conformed_campaigns", {"source_system": "mail", "source_key": "n1", "name": "Letter 1"})
    build(marts)
    for model in ("attribution", "bi_attribution"):
        found = {row["campaign"]: row for row in marts.rows(model, "model = 'markov'")}
        measured, other = found["Letter 1"], found["n2"]
        assert measured["caused_conversions"] == pytest.approx(60 * (30 / 60 - 10 / 100))
        assert 0 < measured["caused_conversions_low"] < 24 < measured["caused_conversions_high"]
        assert measured["verdict"].startswith("higher than the hold-out: 95 % interval +")
        assert (other["caused_conversions"], other["verdict"]) == (None, "not measured: nobody was held out")
        assert (
            found["none"]["verdict"] == "not measured: nobody was held out" and found["none"]["channel"] == "untracked"
        )
    assert len({row["caused_conversions"] for row in marts.rows("attribution", "campaign = 'Letter 1'")}) == 1


def test_a_channel_whose_spend_meets_no_visit_by_campaign_is_warned_of(marts):
    """Visits come by `spring` and the bill says `Spring sale`; of another channel both say nothing; a third has no visits."""
    for n, (channel, campaign) in enumerate((("social", "spring"), ("paid search", None))):
        marts.add("marts.fct_web_sessions", visit(f"c{n}", "2026-05-01", channel, campaign))
        marts.add("marts.fct_orders", order(f"{n}", f"c{n}", "2026-05-02", 10))
    bills = (("social", "Spring sale"), ("paid search", None), ("display", "Spring sale"))
    for n, (channel, campaign) in enumerate(bills):
        marts.add("conformed.conformed_ad_spend", {"source_system": "ads", "source_key": str(n), "channel": channel, "campaign": campaign,
                                                   "spend": 100, "currency": "SEK", "spend_on": datetime(2026, 5, 1)})  # fmt: skip
    build(marts)
    suites = marts_suites.suites(Settings(company="T", sources={"s": Source(connector="files", url="/")}), {})
    checks = [c for s in suites if (s.schema, s.table) == ("insight", "attribution") for c in s.checks]
    (check,) = [c for c in checks if c.name == "spend_meets_visits"]
    query = check.arguments["unexpected_rows_query"].replace("{batch}", "insight.attribution")
    assert check.severity == "WARN" and marts.con.execute(query).fetchall() == [("social",)]
