"""How well it is told which of the demo's buyers do not order again, next to the best possible score, which its makers know."""

from __future__ import annotations

from datetime import UTC, timedelta
from pathlib import Path

import numpy as np

from orchestration.demo.season import DAY, HORIZON_DAYS, Season
from orchestration.prediction.classify.quality import auc, calibration_error
from orchestration.prediction.nightly.estimators import SCORED, SCORED_DDL
from orchestration.prediction.nightly.purchases import DAYS, NONE, PurchaseScores
from tests.bench.demo_marts import demo_marts
from tests.bench.measure import Report
from tests.bench.trained import UNTIL, share_of_reachable
from tests.bench.truth import chance_of_no_order

NIGHT = UNTIL - timedelta(days=DAYS)


def churn_of_demo_shop(report: Report, _: Path, *, people: int = 20_000, least: float = 0.95) -> None:
    """Buyers who do not order within 12 months: learnt from the year before the night, measured by the year after it."""
    label, score, best = scored_buyers(people)
    reachable, reached = auc(label, best), auc(label, score)
    report.add(
        "demo, shop churn: share of the reachable AUC above .5", f">= {least}", f"{(reached - 0.5) / (reachable - 0.5):.3f}",
        f"AUC {reached:.4f} of {reachable:.4f} on {len(label):,} buyers; without the luck of who came back {share_of_reachable(score, best):.3f}; calibration "
        f"error {calibration_error(label, score):.4f}, the best possible score's {calibration_error(label, best):.4f}",
    )  # fmt: skip


def scored_buyers(people: int) -> tuple[np.ndarray, np.ndarray, np.ndarray]:
    """Of each buyer whether no order came in the year after the night, what the score said of that, and the chance of it."""
    con = demo_marts(people, 3, UNTIL)
    model = PurchaseScores()
    assert model.inputs(con, NIGHT)
    fit = model.fit(con, NIGHT)
    con.execute(SCORED_DDL)
    model.score(con, fit.content, NIGHT)
    now = int(NIGHT.replace(tzinfo=UTC).timestamp())
    told = con.execute(
        f"""
        select s.value, t.joined_at, count(*) filter (o.ordered_at < $now) as orders, max(o.ordered_at) filter (o.ordered_at < $now) as last_at,
            count(*) filter (o.ordered_at >= $now) = 0 as is_none
        from {SCORED} s join traits t on t.person_id = s.customer_id::bigint join orders o using (person_id)
        where s.score = $score group by s.customer_id, s.value, t.joined_at order by s.customer_id
        """,
        {"now": now, "score": NONE},
    ).fetchnumpy()
    end = int(UNTIL.replace(tzinfo=UTC).timestamp())
    season = Season(end - HORIZON_DAYS * DAY)
    joined, last = (told[column].astype(np.float64) for column in ("joined_at", "last_at"))
    best = chance_of_no_order(season, joined, told["orders"].astype(np.int64), last, now, DAYS)
    return told["is_none"].astype(np.int8), told["value"], best
