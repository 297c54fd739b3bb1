"""How good scores are that are learnt from past nights of the demo, next to the best possible, which its makers know."""

from __future__ import annotations

import time
from collections.abc import Callable
from datetime import datetime, timedelta
from pathlib import Path

import duckdb
import numpy as np

from orchestration.prediction.classify.encoding import learn_encoding
from orchestration.prediction.classify.members import fit_booster, single_threaded
from orchestration.prediction.classify.predictions import MODEL
from orchestration.prediction.classify.quality import auc, calibration_error
from orchestration.prediction.uplift.learner import learn_lift
from orchestration.prediction.uplift.qini import qini
from orchestration.prediction.warehouse.arms import Drawn, Lot, drawn_by_lot
from orchestration.prediction.warehouse.learning import learn
from orchestration.prediction.warehouse.past import CONTRACT_ENDS, PAST
from tests.bench.demo_marts import demo_marts
from tests.bench.measure import Report
from tests.bench.truth import chance_of_ending, expected_qini, lift_of_a_campaign

# an order that a campaign of the demo makes comes within so many days
ORDER_DAYS = 5
UNTIL = datetime(2026, 6, 1)


def churn_of_demo_contracts(report: Report, _: Path, *, people: int = 100_000, least: float = 0.95) -> None:
    """Contracts that end within 90 days: learnt on past days, measured on the latest one whose answer is known."""
    con = demo_marts(people, 7, UNTIL)
    start = time.perf_counter()
    found = learn(con, CONTRACT_ENDS, UNTIL, label="contract ends")
    seconds = time.perf_counter() - start
    assert not isinstance(found, str) and found.evaluation is not None
    score, label = found.evaluation.predicted.scores[MODEL][0], found.evaluation.predicted.label
    best = best_churn_scores(con, found.days[0])
    reachable, reached = auc(label, best), auc(label, score)
    line, base = (found.evaluation.quality[m]["auc"].value for m in ("logistic", "base rate"))
    report.add(
        "demo, contract churn: share of the reachable AUC above .5", f">= {least}", f"{(reached - 0.5) / (reachable - 0.5):.3f}",
        f"AUC {reached:.4f} of {reachable:.4f} on {len(label):,} customers; logistic {line:.4f}, share of yes {base:.4f}; "
        f"without the luck of who left: {share_of_reachable(score, best):.3f}",
    )  # fmt: skip
    report.add(
        "demo, contract churn: calibration error", "", f"{calibration_error(label, score):.4f}",
        f"the best possible score shows {calibration_error(label, best):.4f}; correlation with it {np.corrcoef(score, best)[0, 1]:.3f}; "
        f"learnt from {found.evaluation.predicted.learnt_from:,} in {seconds:.0f} s",
    )  # fmt: skip


def share_of_reachable(score: np.ndarray, chance: np.ndarray) -> float:
    """The expected AUC above .5 as a share of the best possible score's: whoever leaves by chance does not count."""
    return (_expected_auc(score, chance) - 0.5) / (_expected_auc(chance, chance) - 0.5)


def _expected_auc(score: np.ndarray, chance: np.ndarray) -> float:
    """Each customer is a yes by their chance, and a no by the rest of it; a tie counts half."""
    _, places = np.unique(score, return_inverse=True)
    yes, no = np.bincount(places, weights=chance), np.bincount(places, weights=1 - chance)
    return float((yes * (np.cumsum(no) - no / 2)).sum() / (yes.sum() * no.sum()))


def best_churn_scores(con: duckdb.DuckDBPyConnection, day: datetime) -> np.ndarray:
    """The chance that each customer of the past day ends their contract, in the order of the measured scores."""
    now = int((day - datetime(1970, 1, 1)) / timedelta(seconds=1))
    told = con.execute(
        f"select customer_id, days_subscribed from {PAST} where as_of = ? order by customer_id", [day]
    ).fetchnumpy()
    con.register(
        "asked", {"person_id": told["customer_id"].astype(np.int64), "place": np.arange(len(told["customer_id"]))}
    )
    uses = con.execute(
        "select place, (? - used_at) / 86400 as days from uses join asked using (person_id) where used_at < ?",
        [now, now],
    ).fetchnumpy()
    con.unregister("asked")
    return chance_of_ending(told["days_subscribed"], uses["place"], uses["days"], CONTRACT_ENDS.horizon_days)


def uplift_of_demo_campaigns(
    report: Report, _: Path, *, people: int = 60_000, campaigns: int = 24, latest: int = 6
) -> None:
    """Who is moved by a campaign: learnt from the hold-outs of past ones, measured on the latest ones by the lift that is true."""
    con = demo_marts(people, 11, UNTIL)
    con.execute("create table arms as select campaign_id as lot, cast(person_id as varchar) as customer_id, moment(c.sent_at) as sent_at, moment(c.sent_at) as lot_at, is_held_out from messages m join campaigns c using (campaign_id)")  # fmt: skip
    listed = con.execute("select moment(sent_at), campaign_id from campaigns order by 1 desc").fetchall()
    sent = [Lot(*row) for row in listed][:campaigns]
    start = time.perf_counter()
    learnt = drawn_by_lot(con, "arms", sent[latest:], days=ORDER_DAYS)
    with single_threaded():
        learner = learn_lift(learnt.values, learnt.kinds, learnt.is_treated, learnt.outcome, lots=learnt.lots)
    seconds = time.perf_counter() - start
    told = drawn_by_lot(con, "arms", sent[:latest], days=ORDER_DAYS)
    said, true = learner.predict(told.values), true_lift(con, told)
    value, reachable = expected_qini(said, true), expected_qini(true, true)
    known = expected_qini(learner_of_truth(con, learnt)(told), true)
    response = (
        expected_qini(np.asarray(learner.expected.predict_proba(learner.encoding.trees(told.values))[:, 1]), true)
        if learner.expected
        else 0.0
    )
    found = qini(said, told.is_treated, told.outcome, lots=told.lots)
    report.add(
        "demo, uplift: share of the reachable Qini", ">= 0.8", f"{value / known:.3f}",
        f"{value / reachable:.3f} of who knows who has left; a ranking by the chance to order {response / known:.3f}; "
        f"learnt by {learner.kind} from {len(learnt.outcome):,} rows, {int((~learnt.is_treated).sum()):,} held out, in {seconds:.0f} s",
    )  # fmt: skip
    report.add(
        "demo, uplift: Qini that was seen",
        "",
        f"{found.value:.5f}",
        f"{found.low:.5f} to {found.high:.5f}; true {value:.5f}",
    )


def learner_of_truth(con: duckdb.DuckDBPyConnection, learnt: Drawn) -> Callable[[Drawn], np.ndarray]:
    """What the same columns say of the lift to whoever is told the true one of past customers: more is not known before a campaign."""
    chance = true_lift(con, learnt) > 0
    encoding = learn_encoding(learnt.values, learnt.kinds)
    with single_threaded():
        fitted = fit_booster(300, encoding.trees(learnt.values), chance)
    return lambda told: fitted.predict_proba(encoding.trees(told.values))[:, 1]


def true_lift(con: duckdb.DuckDBPyConnection, drawn: Drawn) -> np.ndarray:
    traits = con.execute("select lived_until, in_webshop from traits order by person_id").fetchnumpy()
    person = drawn.customers.astype(np.int64) - 1
    sent_at = drawn.sent_at.astype("datetime64[s]").astype(np.int64)
    return np.asarray(lift_of_a_campaign(traits["lived_until"][person], traits["in_webshop"][person], sent_at))
