"""How well the demo's leads who become customers are told, next to the best possible score by their visits, which its makers know."""

from __future__ import annotations

from datetime import UTC, datetime
from pathlib import Path

import duckdb
import numpy as np

from orchestration.demo.season import DAY, HORIZON_DAYS, Season
from orchestration.prediction.classify.predictions import MODEL
from orchestration.prediction.classify.quality import auc, calibration_error
from orchestration.prediction.warehouse.known import literal
from orchestration.prediction.warehouse.learning import Learnt, learn
from orchestration.prediction.warehouse.past import PAST, lead_converts
from tests.bench.demo_marts import demo_marts
from tests.bench.measure import Report
from tests.bench.trained import UNTIL, share_of_reachable
from tests.bench.truth import chance_of_first_order


def leads_of_demo(report: Report, _: Path, *, people: int = 60_000, least: float = 0.95) -> None:
    """Leads who become customers within 90 days: learnt on past days, measured on the latest one whose answer is known."""
    con, found = learnt_by_visits(people)
    assert found.evaluation is not None
    score, label = found.evaluation.predicted.scores[MODEL][0], found.evaluation.predicted.label
    best = best_lead_scores(con, found.days[0], 90)
    report.add(
        "demo, leads who become customers: share of the reachable AUC above .5", f">= {least}", f"{share_of_reachable(score, best):.3f}",
        f"AUC {auc(label, score):.4f} of {auc(label, best):.4f} on {len(label):,} leads; calibration error "
        f"{calibration_error(label, score):.4f}, the best possible score's {calibration_error(label, best):.4f}",
    )  # fmt: skip


def learnt_by_visits(people: int) -> tuple[duckdb.DuckDBPyConnection, Learnt]:
    """The marts of a demo company that recorded visits of the web site and what was bought, and what they teach about leads."""
    con = demo_marts(people, 5, UNTIL)
    for table in ("fct_email_events", "fct_carts", "fct_tickets", "fct_survey_responses"):
        con.execute(f"delete from marts.{table}")
    con.execute("delete from conformed.conformed_usage_events")
    found = learn(con, lead_converts(90), UNTIL, label="lead becomes a customer")
    assert not isinstance(found, str), found
    return con, found


def best_lead_scores(con: duckdb.DuckDBPyConnection, day: datetime, within: int) -> np.ndarray:
    """The chance that each lead of the past day becomes a customer, by their visits, in the order of the measured scores."""
    end = int(UNTIL.replace(tzinfo=UTC).timestamp())
    told = con.execute(
        f"""
        select c.first_seen_at, count(s.started_at) as visits, max(s.started_at) as last_at
        from {PAST} p join marts.dim_customers c using (customer_id)
        left join marts.fct_web_sessions s on s.customer_id = p.customer_id and s.started_at < {literal(day)}
        where p.as_of = {literal(day)} group by p.customer_id, c.first_seen_at order by p.customer_id
        """
    ).fetchnumpy()
    joined, last = (
        np.ma.filled(told[c].astype("datetime64[s]").astype(np.float64), 0.0) for c in ("first_seen_at", "last_at")
    )
    now = int(day.replace(tzinfo=UTC).timestamp())
    season = Season(end - HORIZON_DAYS * DAY)
    return chance_of_first_order(
        season, joined, told["visits"].astype(np.int64), np.where(told["visits"] > 0, last, 0), now, within
    )
