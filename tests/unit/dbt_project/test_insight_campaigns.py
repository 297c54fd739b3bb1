"""Results of campaigns against their hold-outs: as the statistics of two arms and of several lots have them, and what analysts see of them."""

from __future__ import annotations

from datetime import datetime, timedelta

import numpy as np
import pytest

from orchestration.insight.campaign_results import campaign_results
from orchestration.prediction.uplift.lift import Arm, compare
from orchestration.prediction.uplift.lots import Lots, mean_lift
from orchestration.publishing.report.asking import read_script
from tests.bench.lifts import MART, lifts_of_a_company
from tests.unit.compiled import compiled_models
from tests.unit.dbt_project.insight import NOT_PROFILED, Marts, order

_MODELS = ("campaign_results", "bi_campaign_results", "customer_profile")
_FACTS = ("fct_orders", "fct_email_events", "conformed_campaigns", "contact_permissions")
_NOT_ALONE = "not shown: too few people in it or in too many campaigns, see email for all together"
_PATHS = "create table insight.attribution_paths (customer_id varchar, converted_at timestamp, is_converted boolean, touch_number bigint)"


@pytest.fixture(scope="module")
def models(tmp_path_factory) -> dict[str, str]:
    return compiled_models(tmp_path_factory, _MODELS)


@pytest.fixture
def marts(warehouse, models) -> Marts:
    marts = Marts(warehouse, models, _FACTS)
    warehouse.execute(_PATHS)
    return marts


def told(customer: str, at: datetime, campaign: str | None = "n1", kind: str = "sent") -> dict:
    return {"source_system": "mail", "source_key": f"{customer}{at}{campaign}{kind}", "customer_id": customer, "kind": kind,
            "occurred_at": at, "campaign_key": campaign}  # fmt: skip


def send(
    marts: Marts, at: str, campaign: str, sent: tuple[int, int], held_out: tuple[int, int], first: int = 0
) -> None:
    """A campaign to so many customers, of whom so many order the day after; the first is number `first`."""
    when = datetime.fromisoformat(at)
    events, orders, number = [], [], first
    for kind, (people, responded) in {"sent": sent, "held_out": held_out}.items():
        for n in range(people):
            events.append(told(f"c{number}", when + timedelta(minutes=number % 50), campaign, kind))
            if n < responded:
                orders.append(order(f"{campaign}{number}", f"c{number}", f"{when + timedelta(days=1):%Y-%m-%d}"))
            number += 1
    marts.add("marts.fct_email_events", *events)
    marts.knows_everybody_of("fct_email_events")
    if orders:
        marts.add("marts.fct_orders", *orders)


def results(marts: Marts, model: str = "campaign_results", outcome: str = "purchase") -> dict[str, dict]:
    rows = marts.rows(model, f"outcome = '{outcome}'")
    assert len({(row["breakdown"], row["value"]) for row in rows}) == len(rows)
    return {row["value"]: row for row in rows}


def test_one_lot_is_compared_as_two_arms_are(marts):
    send(marts, "2026-05-01T09:00", "n1", (400, 60), (100, 7))
    marts.add("conformed.conformed_campaigns", {"source_system": "mail", "source_key": "n1", "name": "Letter 1"})
    found = results(marts)
    assert set(found) == {"Letter 1", "email"}
    control, treated = (
        Arm(name, n, p, p * (1 - p) * n / (n - 1)) for name, n, p in (("control", 100, 0.07), ("sent", 400, 0.15))
    )
    (lift,) = compare(control, [treated], is_rate=True)
    for row in found.values():
        assert (row["sent_count"], row["responded_count"], row["held_out_count"], row["held_out_responded_count"]) == (
            400,
            60,
            100,
            7,
        )
        assert [row[c] for c in ("measured_response_share", "held_out_response_share", "lift")] == pytest.approx(
            [0.15, 0.07, lift.lift]
        )
        assert [row["lift_low"], row["lift_high"]] == pytest.approx([lift.lift_low, lift.lift_high], abs=1e-9)
        assert row["minimum_detectable_effect"] == pytest.approx(lift.minimum_detectable_effect)
        assert row["caused_responses"] == pytest.approx(32)
        assert row["verdict"] == f"higher than the hold-out: 95 % interval {100 * lift.lift_low:+.2f} to {100 * lift.lift_high:+.2f} percentage points"  # fmt: skip


@pytest.mark.parametrize("seed", range(3))
def test_lots_are_pooled_as_the_statistics_of_lots_do(marts, seed):
    """Campaigns to other shares of the same customers, with other shares held out, ones that go on, and customers in several."""
    rng = np.random.default_rng(seed)
    rows, events, orders = [], [], []
    for lot in range(5):
        at = datetime(2026, 1, 5, 9) + timedelta(days=20 * lot)
        campaign = "drip" if lot in (1, 3) else f"n{lot}"
        for customer in np.flatnonzero(rng.random(300) < 0.3 + 0.1 * lot):
            is_held_out, responds = rng.random() < 0.1 + 0.1 * lot, rng.random() < 0.05 + 0.02 * lot
            events.append(told(f"c{customer}", at, campaign, "held_out" if is_held_out else "sent"))
            if responds:
                orders.append(order(f"{lot}:{customer}", f"c{customer}", (at + timedelta(days=3)).isoformat()))
            rows.append((lot, customer, not is_held_out, responds))
    marts.add("marts.fct_email_events", *events)
    marts.knows_everybody_of("fct_email_events")
    marts.add("marts.fct_orders", *orders)
    found = results(marts)
    for value, lots in {"email": range(5), "drip": (1, 3), "n2": (2,)}.items():
        lot, customer, treated, outcome = (np.array(c) for c in zip(*(r for r in rows if r[0] in lots), strict=True))
        expected = mean_lift(treated.astype(bool), outcome.astype(float), Lots.of(lot, customer))
        assert expected and found[value]["measured_lot_count"] == len(lots)
        told_of = [found[value][c] for c in ("lift", "lift_low", "lift_high")]
        assert told_of == pytest.approx([expected.lift, expected.low, expected.high], abs=1e-9), value
    assert found["n2"]["lift"] is not None


@pytest.mark.slow
def test_the_true_lift_of_the_demo_is_in_its_interval(models):
    """In 95 of 100 companies of chance, and at least 93 as they are drawn; so for each of their campaigns."""
    found = [one for seed in range(100) for one in lifts_of_a_company(models[MART], 1000, seed)]
    of_all, of_each = ([one for one in found if one.breakdown == name] for name in ("channel", "campaign"))
    assert len(of_all) == 100 and sum(one.is_inside for one in of_all) >= 93
    assert len(of_each) > 1500 and np.mean([one.is_inside for one in of_each]) >= 0.93
    assert np.mean([one.high - one.low for one in of_all]) < 0.1, "an interval that holds everything says nothing"


def test_the_command_tells_of_a_campaign_what_the_mart_does(marts):
    """Orders of before the campaign on its day, of which nothing was kept, and of late days; campaigns that go on, by which days are lots."""
    send(marts, "2026-05-01T09:00", "n1", (100, 30), (40, 8))
    for customer, at, is_sale in (("c50", "2026-05-01T06:00", True), ("c51", "2026-05-03", False), ("c52", "2026-05-11", True),
                                  ("c120", "2026-05-01T08:59", True), ("c121", "2026-05-01T09:01", True)):  # fmt: skip
        marts.add("marts.fct_orders", order(f"{customer}more", customer, at, is_sale=is_sale))
    for day in range(5):
        send(marts, f"2026-05-{10 + day}T10:00", "drip", (60, 20 + day), (30, 6), first=1000 + 100 * day)
    # of the oldest lots of a campaign that goes on the period has none, and of its others each is a lot still
    for day in range(1, 6):
        send(marts, f"2025-06-{day:02}T10:00", "old", (60, 20), (30, 6), first=2000 + 100 * day)
    marts.con.execute("update marts.fct_orders set is_order = true")
    marts.at("2026-06-03T00:00")
    told, least = results(marts), 5
    marts.con.execute("alter view marts.customer_profile rename to profiled")
    marts.con.execute("create table marts.customer_profile as from marts.profiled")
    found = campaign_results(marts.con, (), 14, least)
    of = {value: [one for one in found.told if one.campaign == value] for value in ("n1", "drip", "old")}
    (one,), row = of["n1"], told["n1"]
    assert (row["sent_count"], row["responded_count"], row["held_out_count"], row["held_out_responded_count"]) == (
        100,
        31,
        40,
        9,
    )
    assert (one.treated.customers, one.control.customers, one.control.successes) == (100, 40, 9)
    assert [row[c] for c in ("lift", "lift_low", "lift_high", "minimum_detectable_effect")] == pytest.approx(
        [one.treated.lift, one.treated.lift_low, one.treated.lift_high, one.treated.minimum_detectable_effect]
    )
    assert (len(of["drip"]), sum(one.treated.customers for one in of["drip"])) == (5, 300)
    assert (told["drip"]["measured_lot_count"], told["drip"]["measured_sent_count"]) == (5, 300)
    assert (told["old"]["measured_lot_count"], told["old"]["measured_sent_count"]) == (3, 180)
    # who bought, or did not, of fewer than five
    few = campaign_results(marts.con, (), 14, 7)
    assert [one.campaign for one in few.told] == ["n1"] and few.few == 10


@pytest.mark.parametrize("why", NOT_PROFILED)
def test_rule_19_who_takes_no_part(marts, why):
    """Nobody of before the period, in both arms, without a campaign, or who may not be profiled; no order of before or after the days."""
    send(marts, "2026-05-01T09:00", "n1", (20, 5), (10, 1))
    late, early = datetime(2026, 5, 1, 9), datetime(2025, 1, 1)
    marts.add("marts.fct_email_events", told("both", late), told("both", late, kind="held_out"), told("hidden", late), told("c0", late, None),
              told("c1", early, "old"), told("c2", datetime(2026, 7, 1), "future"), told("c3", late, "opened", "opened"))  # fmt: skip
    marts.add("marts.fct_orders", order("a", "c10", "2026-05-01T08:59"), order("b", "c11", "2026-05-15T09:01"), order("c", "c12", "2026-05-03", 0, is_sale=False),
              order("d", "c13", "2026-05-15T08:59"))  # fmt: skip
    marts.knows_everybody_of("fct_email_events")
    marts.hides("hidden", why)
    found = results(marts)
    assert set(found) == {"n1", "email"}
    assert (found["n1"]["sent_count"], found["n1"]["responded_count"], found["n1"]["held_out_responded_count"]) == (
        20,
        6,
        1,
    )


def test_a_campaign_says_why_nothing_is_measured(marts):
    send(marts, "2026-05-01T09:00", "none held out", (50, 10), (0, 0))
    send(marts, "2026-05-25T09:00", "not over", (50, 10), (20, 2), first=100)
    found = results(marts)
    assert {v: (r["lift"], r["verdict"]) for v, r in found.items()} == {
        "none held out": (None, "not measured: nobody was held out"),
        "not over": (None, "not measured yet: the days after it are not over"),
        "email": (None, "not measured yet: the days after it are not over"),
    }
    assert found["none held out"]["response_share"] == 0.2
    send(marts, "2026-04-01T09:00", "small", (10, 1), (10, 0), first=200)
    assert results(marts)["small"]["verdict"].startswith("cannot tell: 95 % interval -")
    send(marts, "2026-03-01T09:00", "nobody", (50, 0), (20, 0), first=300)
    send(marts, "2026-02-01T09:00", "everybody", (50, 50), (20, 20), first=400)
    marts.build("campaign_results")
    told = {v: (r["lift"], r["minimum_detectable_effect"], r["verdict"]) for v, r in results(marts).items()}
    assert told["nobody"] == (0, None, "cannot tell: nobody responded in either arm")
    assert told["everybody"] == (0, None, "cannot tell: in each lot all customers responded, or none did")
    # nobody of few is told of beside others only where these are told too
    shown = results(marts, "bi_campaign_results")
    assert (shown["nobody"]["lift"], shown["nobody"]["verdict"]) == (None, _NOT_ALONE)
    for value, outcome in {
        "nobody": (0, None, told["nobody"][2]),
        "everybody": (0, None, told["everybody"][2]),
    }.items():
        marts.build("campaign_results")
        marts.con.execute("delete from insight.campaign_results where value not in (?, 'email')", [value])
        found = results(marts, "bi_campaign_results")[value]
        assert (found["lift"], found["minimum_detectable_effect"], found["verdict"]) == outcome


def test_a_conversion_is_one_that_attribution_counts(marts):
    send(marts, "2026-05-01T09:00", "n1", (20, 8), (20, 3))
    paths = [
        ("c0", "2026-05-02", True, 1),
        ("c0", "2026-05-02", True, 2),
        ("c1", "2026-04-30", True, 1),
        ("c20", "2026-05-02", False, 1),
        ("c21", "2026-05-02", True, 1),
    ]
    marts.con.executemany("insert into insight.attribution_paths values (?, ?, ?, ?)", paths)
    row = results(marts, outcome="conversion")["n1"]
    assert (row["responded_count"], row["held_out_responded_count"]) == (1, 1)


def test_analysts_see_no_arm_with_few_who_did_or_did_not_respond(marts):
    def alone() -> dict[str, bool]:
        marts.build("campaign_results")
        return {value: row["lift"] is not None for value, row in results(marts, "bi_campaign_results").items()}

    send(marts, "2026-03-01T09:00", "enough", (200, 40), (120, 18))
    assert alone() == {"enough": True, "email": True}
    # all together less the one that is of enough would tell of four: all together are told, and none alone
    send(marts, "2026-04-01T09:00", "few held out", (100, 20), (60, 4), first=400)
    assert alone() == {"enough": False, "few held out": False, "email": True}
    found = results(marts, "bi_campaign_results")
    assert found["email"]["sent_count"] == 300
    for value in ("enough", "few held out"):
        assert (found[value]["verdict"], found[value]["measured_lot_count"]) == (_NOT_ALONE, 1)
        assert all(
            found[value][c] is None for c in ("sent_count", "response_share", "held_out_count", "caused_responses")
        )
    # all campaigns less the one that is shown are of enough now, and of those of its size it is one of two that may be shown
    send(marts, "2026-02-01T09:00", "few left", (200, 197), (120, 18), first=600)
    assert alone() == {"enough": False, "few held out": False, "few left": False, "email": True}
    marts.con.execute("delete from marts.fct_email_events where campaign_key = 'few left'")
    send(marts, "2026-02-01T09:00", "small", (60, 30), (60, 6), first=1000)
    assert alone() == {"enough": True, "few held out": False, "small": False, "email": True}


@pytest.mark.parametrize(("held_out", "is_alone"), [(40, False), (60, False), (400, True)])
def test_campaigns_that_are_told_alone_are_a_fair_sample(marts, held_out, is_alone):
    """Campaigns that cause nothing. In small hold-outs those are of enough who bought much: on the mean they did harm."""
    rng, rows = np.random.default_rng(17), []
    for n in range(60):
        bought, would_have = int(rng.binomial(2000, 0.08)), int(rng.binomial(held_out, 0.08))
        rows.append((f"n{n}", bought, would_have, held_out, bought / 2000 - would_have / held_out))
    rows.append(("email", sum(r[1] for r in rows), sum(r[2] for r in rows), 60 * held_out, 0.0))
    marts.build("campaign_results")
    for value, bought, would_have, arm, lift in rows:
        sent = 2000 * (60 if value == "email" else 1)
        marts.con.execute(
            "insert into insight.campaign_results by name select if($value = 'email', 'channel', 'campaign') as breakdown, $value as value, "
            "'purchase' as outcome, date '2026-03-01' as first_sent_on, date '2026-03-01' as last_sent_on, 1 as lot_count, "
            "$sent as sent_count, $bought as responded_count, $bought / $sent as response_share, 1 as measured_lot_count, "
            "$sent as measured_sent_count, $bought as measured_responded_count, $arm as held_out_count, $held as held_out_responded_count, "
            "$bought / $sent as measured_response_share, $held / $arm as held_out_response_share, "
            "$lift as lift, $lift - 0.05 as lift_low, $lift + 0.05 as lift_high, 'cannot tell' as verdict",
            {"value": value, "sent": sent, "bought": bought, "arm": arm, "held": would_have, "lift": lift},
        )
    found = results(marts, "bi_campaign_results")
    assert found.pop("email")["lift"] == 0
    told = [row["lift"] for row in found.values() if row["lift"] is not None]
    assert len(told) > 54 if is_alone else told == []
    if is_alone:
        assert abs(np.mean(told)) < 0.005
    # the report's ten people select again
    reported = reported_lifts(marts)
    assert len(reported) == (7 if is_alone else 1) and "all by email" in reported


def reported_lifts(marts: Marts) -> dict[str, int]:
    """People behind each row of the report's table."""
    marts.con.execute(
        f"create schema if not exists bi; create or replace table bi.campaign_results as {marts.models['bi_campaign_results']}"
    )
    script = read_script("campaign_lift", datetime(2026, 6, 1), 10, 5)
    return {row[0]: row[2] for row in marts.con.execute(script).fetchall()}


def test_who_did_not_respond_where_nobody_was_held_out_are_no_few(marts):
    send(marts, "2026-03-01T09:00", "drip", (100, 20), (60, 12))
    send(marts, "2026-03-20T09:00", "drip", (50, 47), (0, 0), first=300)
    marts.build("campaign_results")
    row = results(marts)["drip"]
    assert (row["sent_count"], row["responded_count"]) == (150, 67) and row["measured_sent_count"] == 100
    assert results(marts, "bi_campaign_results")["drip"]["lift"] is None


def test_of_several_lots_the_fewest_are_counted_and_no_weighted_share(marts):
    """Of the arm that was held out seven bought of 220: fewer than a report tells of, though the weighted share of them is 29."""
    send(marts, "2026-03-01T09:00", "few sent", (40, 12), (200, 0))
    send(marts, "2026-04-01T09:00", "many sent", (2000, 500), (20, 7), first=500)
    marts.build("campaign_results")
    email = results(marts, "bi_campaign_results")["email"]
    assert email["held_out_response_share"] * email["held_out_count"] > 25 and email["fewest_count"] == 7
    assert reported_lifts(marts)["all by email"] == 7


def test_one_outcome_less_the_other_tells_of_no_few(marts):
    send(marts, "2026-03-01T09:00", "n1", (100, 20), (60, 10))
    conversions = [(f"c{n}", "2026-03-02", True, 1) for n in (*range(17), *range(100, 109))]
    marts.con.executemany("insert into insight.attribution_paths values (?, ?, ?, ?)", conversions)
    marts.build("campaign_results")
    assert results(marts, outcome="conversion")["n1"]["responded_count"] == 17
    assert results(marts, "bi_campaign_results")["n1"]["lift"] is not None
    assert results(marts, "bi_campaign_results", "conversion")["n1"]["lift"] is None


def test_campaigns_of_one_shown_name_are_one_row_without_figures(marts):
    for n, name in enumerate(("to ada@example.com", "to bo@example.com")):
        send(marts, "2026-03-01T09:00", name, (100, 20), (60, 9), first=1000 * n)
        marts.con.execute("insert into identity.shown_values values (false, ?, 'to [address removed]')", [name])
    marts.build("campaign_results")
    found = results(marts, "bi_campaign_results")
    assert set(found) == {"to [address removed]", "email"}
    assert (found["to [address removed]"]["lot_count"], found["to [address removed]"]["lift"]) == (2, None)
