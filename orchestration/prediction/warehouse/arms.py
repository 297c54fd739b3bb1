"""What campaigns with a hold-out teach: who is moved by one. Here: arms that were drawn by lot, as they were known before the campaign.

Not here: the learner (uplift/). No system says yet who was held out: the arms come from whoever drew them.
"""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime
from typing import Any

import duckdb
import numpy as np
from numpy.typing import NDArray

from orchestration.core.sql_scripts import sql_script
from orchestration.core.warehouse import quote
from orchestration.prediction.classify.labelled import NUMBER, Values
from orchestration.prediction.classify.refused import fairness_kind, refusal
from orchestration.prediction.warehouse.past import MOST_OF_A_DAY, features_of_wanted, known_as_of, literal, want

_ABOUT = ("customer_id", "sent_at", "is_treated", "outcome")


@dataclass(frozen=True)
class Drawn:
    """A row per campaign and customer: what was known before, the arm, and whether they ordered after it."""

    values: Values
    is_treated: NDArray[np.bool_]
    outcome: NDArray[np.float64]
    customers: NDArray[Any]
    sent_at: NDArray[Any]

    @property
    def kinds(self) -> dict[str, str]:
        return dict.fromkeys(self.values, NUMBER)

    def taken(self, rows: NDArray[Any]) -> Drawn:
        values = {c: v[rows] for c, v in self.values.items()}
        return Drawn(values, self.is_treated[rows], self.outcome[rows], self.customers[rows], self.sent_at[rows])


def drawn_by_lot(
    con: duckdb.DuckDBPyConnection, arms: str, campaigns: list[datetime], *, days: int, most: int = MOST_OF_A_DAY
) -> Drawn:
    """Of the table `arms` (customer_id, sent_at, is_held_out) the campaigns that were sent at these moments, at most so many rows of
    each. The outcome is an order within `days` after. Who may not be profiled takes no part."""
    for number, sent_at in enumerate(campaigns):
        known_as_of(con, sent_at)
        parts = {"as_of": literal(sent_at), "horizon_days": days, "arms": arms, "most": most}
        want(con, sql_script(__file__, "recipients_by_lot", **parts))
        features_of_wanted(con)
        rows = f"select {literal(sent_at)} as sent_at, is_treated, outcome, f.* from wanted join customer_features f using (customer_id)"
        con.execute(f"insert into drawn {rows}" if number else f"create or replace temp table drawn as {rows}")
    names = [str(c) for (c,) in con.execute("select column_name from (describe drawn)").fetchall()]
    features = [c for c in names if c not in _ABOUT and refusal(c) is None and fairness_kind(c) is None]
    columns = ", ".join([*_ABOUT, *(f"cast({quote(c)} as double) as {quote(c)}" for c in features)])
    told = con.execute(f"select {columns} from drawn").fetchnumpy()
    return Drawn(
        {c: np.ma.filled(told[c], np.nan) for c in features},
        np.asarray(told["is_treated"], dtype=bool),
        np.asarray(told["outcome"], dtype=np.float64),
        np.asarray(told["customer_id"]),
        np.asarray(told["sent_at"]),
    )
