"""Who is moved by a campaign by email, by the nightly. Here: what is measured and on whom, who is scored. Not here: arms (warehouse/arms.py),
the learner (prediction/uplift/).

The ranking is used only where campaigns that it did not see show that it finds those who are moved better than chance does. Else
everybody's score is the mean lift.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Any

import duckdb
import numpy as np
import pyarrow as pa
from numpy.typing import NDArray

from orchestration.core.sql_scripts import sql_script
from orchestration.prediction.classify.labelled import Values
from orchestration.prediction.nightly.drift import note_features
from orchestration.prediction.nightly.estimators import Fit, Score, write_scored
from orchestration.prediction.nightly.moved_measures import (
    UPLIFT,
    about_of_lift,
    content_of,
    measures_of_lift,
    ranking_of,
)
from orchestration.prediction.uplift.kept import restored_learner
from orchestration.prediction.uplift.learner import FEWEST
from orchestration.prediction.uplift.lots import mean_lift
from orchestration.prediction.warehouse.arms import ARMS, Drawn, Lot, drawn_by_lot, lots_of_arms, note_arms
from orchestration.prediction.warehouse.known import features_as_of, literal
from orchestration.prediction.warehouse.past import read_of_wanted, told_now
from orchestration.prediction.warehouse.reasons import REASONS, line_from

_MARTS = (
    "bridge_customer_source_records", "contact_permissions", "customer_id_redirects", "dim_customers", "fct_carts", "fct_email_events",
    "fct_interactions", "fct_orders", "fct_subscriptions", "fct_survey_responses", "fct_tickets", "fct_web_sessions",
)  # fmt: skip
# number of most recent campaigns used; from four on, the newest quarter is held out
_MOST_CAMPAIGNS, _TESTED = 24, 4
_NONE = f"no campaign whose outcome is known has a hold-out of {FEWEST} customers"


@dataclass(frozen=True)
class CampaignLift:
    """The estimator: how much more likely a purchase within `days` is with a campaign than without, as the mart campaign_results counts it. A
    fit of other days is made anew."""

    days: int
    name: str = "moved"
    marts: tuple[str, ...] = _MARTS

    @property
    def shape(self) -> int:
        return self.days

    @property
    def scores(self) -> tuple[Score, ...]:
        title = f"how much more likely a purchase within {self.days} days is with a campaign by email than without"
        return (Score(UPLIFT, title, "qini", is_lower_better=False),)

    @property
    def reasons(self) -> Mapping[str, str]:
        return REASONS

    def inputs(self, con: duckdb.DuckDBPyConnection, as_of: datetime) -> str:
        note_arms(con, as_of)
        parts = {"until": literal(as_of - timedelta(days=self.days)), "days": self.days}
        ((*seen,),) = con.execute(sql_script(__file__, "lifts_seen", **parts)).fetchall()
        return ":".join(map(str, seen))

    def fit(self, con: duckdb.DuckDBPyConnection, as_of: datetime) -> Fit:
        sent = lots_of_arms(con, as_of, days=self.days, fewest=FEWEST, most=_MOST_CAMPAIGNS)
        if not sent:
            return Fit({}, [], {}, why_not=_NONE)
        whole = drawn_by_lot(con, ARMS, sent, days=self.days)
        mean = mean_lift(whole.is_treated, whole.outcome, whole.lots)
        if mean is None:
            return Fit({}, [], {}, why_not=_NONE)
        learn, test = self._split(whole, sent)
        found = ranking_of(learn, test)
        measures = measures_of_lift(whole, mean, len(sent), found)
        content = content_of(mean, whole, test, found if found and found.is_better else None)
        about = {UPLIFT: about_of_lift(whole, test, found)}
        return Fit(content, measures, {UPLIFT: "a choice at random"}, about=about)

    def _split(self, whole: Drawn, sent: list[Lot]) -> tuple[Drawn, Drawn]:
        """Rows that teach and rows that measure: campaigns of before and the latest ones; of few campaigns, half of the customers."""
        first = sent[max(len(sent) // _TESTED, 1) - 1].sent_at
        at = whole.sent_at.astype("datetime64[us]")
        before = at + np.timedelta64(self.days, "D") <= np.datetime64(first)
        if len(sent) < _TESTED or not before.any():
            is_first = whole.lots.fold(2, np.random.default_rng(0)) == 0
            return whole.taken(np.flatnonzero(is_first)), whole.taken(np.flatnonzero(~is_first))
        return whole.taken(np.flatnonzero(before)), whole.taken(np.flatnonzero(at >= np.datetime64(first)))

    def score(self, con: duckdb.DuckDBPyConnection, content: Mapping[str, Any], as_of: datetime) -> None:
        reachable = sql_script(__file__, "reachable_now")
        low, high = content["interval"]
        if content["learner"] is None:
            con.execute(
                f"insert into scored (customer_id, score, value, lower, upper, reason_codes) select customer_id, $1, $2, $3, $4, [] from ({reachable})",
                [UPLIFT, content["mean_lift"], low, high],
            )
            return
        features_as_of(con, as_of, reachable)
        learner, line = restored_learner(content["learner"]), line_from(content["line"])
        note_features(con, read_of_wanted(con, content["kinds"]))

        def tell(customers: NDArray[Any], values: Values) -> pa.Table:
            lift = learner.predict(values)
            place = np.searchsorted(content["bounds"], lift)
            return pa.table(
                {
                    "customer_id": pa.array(customers.tolist(), pa.string()),
                    "value": lift,
                    "lower": np.minimum(lift, np.array(content["lows"])[place]),
                    "upper": np.maximum(lift, np.array(content["highs"])[place]),
                    "reason_codes": line.codes(values),
                }
            )

        for rows in told_now(con, content["kinds"], tell):
            write_scored(con, UPLIFT, rows)
