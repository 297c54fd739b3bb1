"""Scores by the nightly that are learnt from past days: contracts that end, campaigns that are answered, leads that buy. Here: who is scored, what is
kept of a model, its measures. Not here: learning (prediction/warehouse/)."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime
from typing import Any

import duckdb
import numpy as np
import pyarrow as pa
from numpy.typing import NDArray

from orchestration.core.sql_scripts import sql_script
from orchestration.prediction.classify.classifier import BASE_RATE, LOGISTIC
from orchestration.prediction.classify.kept import kept, restored
from orchestration.prediction.classify.labelled import Values
from orchestration.prediction.classify.predictions import MODEL
from orchestration.prediction.nightly.drift import note_features
from orchestration.prediction.nightly.estimators import Fit, Measure, Score, error_of, write_scored
from orchestration.prediction.nightly.trained_about import about_of_learnt
from orchestration.prediction.warehouse.known import features_as_of, literal
from orchestration.prediction.warehouse.learning import Learnt, learn
from orchestration.prediction.warehouse.past import (
    CAMPAIGN_IS_ANSWERED,
    CONTRACT_ENDS,
    Question,
    lead_converts,
    past_days,
    prepare_question,
    read_of_wanted,
    told_now,
)
from orchestration.prediction.warehouse.reasons import REASONS, line_from, line_of, no_codes

_IN_WORDS = {LOGISTIC: "a plain logistic regression", BASE_RATE: "the share of yes"}
_MARTS = (
    "contact_permissions",
    "dim_customers", "fct_carts", "fct_email_events", "fct_interactions", "fct_orders", "fct_subscriptions", "fct_survey_responses", "fct_tickets",
    "fct_web_sessions", "bridge_customer_source_records",
)  # fmt: skip


@dataclass(frozen=True)
class TrainedScores:
    """The estimator of one question. `sql/<asked_now>.sql` says who has a score, `sql/<seen>.sql` what there is to learn from."""

    name: str
    question: Question
    score_of: Score
    asked_now: str
    seen: str
    shape: int = 1
    marts: tuple[str, ...] = _MARTS

    @property
    def scores(self) -> tuple[Score, ...]:
        return (self.score_of,)

    @property
    def reasons(self) -> Mapping[str, str]:
        return REASONS

    def inputs(self, con: duckdb.DuckDBPyConnection, as_of: datetime) -> str:
        """What there is, and the latest past day whose answer is known: no event by then is an answer too."""
        prepare_question(con, self.question)
        ((rows, *more),) = con.execute(sql_script(__file__, self.seen, as_of=literal(as_of))).fetchall()
        return ":".join(map(str, (rows, *more, *past_days(con, self.question, as_of)[:1]))) if rows else ""

    def fit(self, con: duckdb.DuckDBPyConnection, as_of: datetime) -> Fit:
        found = learn(con, self.question, as_of, label=self.score_of.title)
        if isinstance(found, str):
            return Fit({}, [], {}, why_not=found)
        measures, baseline = _measures(self.score_of.name, found)
        about = {self.score_of.name: about_of_learnt(found)}
        return Fit(_content(found), measures, {self.score_of.name: baseline}, about=about)

    def score(self, con: duckdb.DuckDBPyConnection, content: Mapping[str, Any], as_of: datetime) -> None:
        model, line = restored(content["model"]), line_from(content["line"])
        prepare_question(con, self.question)
        features_as_of(con, as_of, sql_script(__file__, self.asked_now, as_of=literal(as_of)))
        note_features(con, read_of_wanted(con, content["kinds"]))
        low, high = content["interval"] or (None, None)

        def tell(customers: NDArray[Any], values: Values) -> pa.Table:
            return pa.table(
                {
                    "customer_id": pa.array(customers.tolist(), pa.string()),
                    "value": model.predict(values) if values else np.full(len(customers), model.base_rate),
                    "lower": pa.array([low] * len(customers), pa.float64()),
                    "upper": pa.array([high] * len(customers), pa.float64()),
                    "reason_codes": line.codes(values) if values else no_codes(len(customers)),
                }
            )

        for rows in told_now(con, content["kinds"], tell):
            write_scored(con, self.score_of.name, rows)


CONTRACTS = TrainedScores(
    "contracts",
    CONTRACT_ENDS,
    Score("churn_contract", "chance that a subscription ends within 90 days", "brier"),
    "subscribers_now",
    "subscriptions_seen",
)
ANSWERS = TrainedScores(
    "answers",
    CAMPAIGN_IS_ANSWERED,
    Score("answer_campaign", "chance of a click within 7 days of a campaign by email", "brier"),
    "reachable_now",
    "campaigns_seen",
)


def leads(horizon_days: int) -> TrainedScores:
    """Of whoever has neither ordered nor had a subscription. A fit of other days is made anew: the days are its shape."""
    return TrainedScores(
        "leads",
        lead_converts(horizon_days),
        Score("lead_conversion", f"chance of the first order or contract within {horizon_days} days", "brier"),
        "leads_now",
        "leads_seen",
        shape=horizon_days,
    )


def _content(found: Learnt) -> dict[str, Any]:
    """Without personal data: counts, cuts and slopes of columns. Of the share of yes for all it keeps the interval."""
    rate, line = found.rate, {}
    if found.evaluation is not None and not found.is_base_rate:
        predicted = found.evaluation.predicted
        line = line_of(predicted.values, predicted.scores[MODEL][0]).features
    return {
        "model": kept(found.model),
        "kinds": found.kinds,
        "interval": [rate.low, rate.high] if found.is_base_rate else None,
        "line": {name: list(parts) for name, parts in line.items()},
    }


def _measures(score: str, found: Learnt) -> tuple[list[Measure], str]:
    """On the latest past day, next to the better of the two simple rules."""
    # of the latest past day alone where it is measured: the card says of how few
    customers = found.rate.customers if found.evaluation is None else found.evaluation.measured.rows
    measures = [Measure(score, "share", found.rate.value), Measure(score, "customers", float(customers))]
    if found.evaluation is None:
        return measures, ""
    quality, difference = found.evaluation.quality, found.evaluation.difference
    baseline = min(difference, key=lambda rule: quality[rule]["brier"].value)
    for name, told in quality[MODEL].items():
        apart = difference[baseline][name]
        measures.append(
            Measure(score, name, told.value, quality[baseline][name].value, error_of(apart.low, apart.high))
        )
    measures.append(Measure(score, "columns_moved", float(len(found.evaluation.drift))))
    return measures, _IN_WORDS[baseline]
