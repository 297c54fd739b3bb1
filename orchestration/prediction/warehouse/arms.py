"""What campaigns with a hold-out teach: who is moved by one. Here: arms that were drawn at random, as they were known before the campaign.

Arms come from events of kind held_out, and from exports of audiences that held customers out. Not here: the learner (uplift/).
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from functools import cached_property
from typing import Any, NamedTuple

import duckdb
import numpy as np
from numpy.typing import NDArray

from orchestration.core.settings.insight import LOT_DAYS
from orchestration.core.sql_scripts import sql_script
from orchestration.core.warehouse import has_table, quote
from orchestration.prediction.classify.labelled import NUMBER, Values
from orchestration.prediction.classify.refused import fairness_kind, refusal
from orchestration.prediction.uplift.lots import Lots
from orchestration.prediction.warehouse.known import (
    features_of_wanted,
    keep_past,
    known_on,
    literal,
    number_customers,
    prepare_past,
    want,
)
from orchestration.prediction.warehouse.past import MOST_OF_A_DAY
from orchestration.privacy.audit.exported_points import hashed_customer
from orchestration.privacy.secrets.pepper import find_pepper

ARMS = "campaign_arms"
# more customers have more events to read, and their rows are cut by MOST_OF_A_DAY anyhow
MOST_CUSTOMERS = 200_000
_NO_EXPORTS = "create or replace temp table export_arms (lot ubigint, campaign_key varchar, customer_id varchar, sent_at timestamp, said_at timestamp, is_held_out boolean)"
_ABOUT = ("lot", "customer_id", "sent_at", "is_treated", "outcome")


class Lot(NamedTuple):
    """One lot: when its campaign was sent, and the number that ARMS has of it."""

    sent_at: datetime
    lot: int


@dataclass(frozen=True)
class Drawn:
    """A row per lot and customer: what was known before, the arm, and whether they bought after it."""

    values: Values
    is_treated: NDArray[np.bool_]
    outcome: NDArray[np.float64]
    customers: NDArray[Any]
    sent_at: NDArray[Any]
    lot: NDArray[Any]

    @cached_property
    def lots(self) -> Lots:
        return Lots.of(self.lot, self.customers)

    @property
    def kinds(self) -> dict[str, str]:
        return dict.fromkeys(self.values, NUMBER)

    def taken(self, rows: NDArray[Any]) -> Drawn:
        values = {c: v[rows] for c, v in self.values.items()}
        told = (self.is_treated, self.outcome, self.customers, self.sent_at, self.lot)
        return Drawn(values, *(column[rows] for column in told))


def drawn_by_lot(
    con: duckdb.DuckDBPyConnection, arms: str, lots: Sequence[Lot], *, days: int, most: int = MOST_OF_A_DAY
) -> Drawn:
    """Of the relation `arms` (lot, customer_id, sent_at, lot_at, is_held_out) these lots, at most so many rows of each. The outcome is a sale
    within `days` after. Who may not be profiled takes no part."""
    listed = ", ".join(str(lot) for _, lot in lots)
    parts = {"arms": arms, "lots": listed, "days": days, "most": most, "most_customers": MOST_CUSTOMERS}
    con.execute(sql_script(__file__, "recipients_by_lot", **parts))
    prepare_past(con, min(sent_at for sent_at, _ in lots))
    keep_past(con, "recipients_by_lot")
    for number, (sent_at, lot) in enumerate(lots):
        known_on(con, sent_at)
        want(con, f"select customer_id, is_treated, outcome from recipients_by_lot where lot = {lot}")
        features_of_wanted(con)
        rows = f"select {literal(sent_at)} as sent_at, {lot}::ubigint as lot, is_treated, outcome, f.* from wanted join customer_features f using (customer_id)"
        con.execute(f"insert into drawn {rows}" if number else f"create or replace temp table drawn as {rows}")
    names = [str(c) for (c,) in con.execute("select column_name from (describe drawn)").fetchall()]
    features = [c for c in names if c not in _ABOUT and refusal(c) is None and fairness_kind(c) is None]
    columns = ", ".join([*_ABOUT, *(f"cast({quote(c)} as double) as {quote(c)}" for c in features)])
    # in one order, whatever threads made them: a fit takes some of many rows by their place
    told = con.execute(f"select {columns} from drawn order by lot, customer_id").fetchnumpy()
    return Drawn(
        {c: np.ma.filled(told[c], np.nan) for c in features},
        np.asarray(told["is_treated"], dtype=bool),
        np.asarray(told["outcome"], dtype=np.float64),
        np.asarray(told["customer_id"]),
        np.asarray(told["sent_at"]),
        np.asarray(told["lot"]),
    )


def note_export_arms(con: duckdb.DuckDBPyConnection, configured: Sequence[str]) -> None:
    """The temporary table `export_arms`, out of keyed hashes. `configured` is the pepper that the configuration gives; none is asked for
    where no export held anybody out."""
    con.execute(_NO_EXPORTS)
    if has_table(con, "restricted", "held_out") and con.execute("from restricted.held_out limit 1").fetchall():
        pepper = find_pepper(con, configured)
        script = sql_script(__file__, "export_arms", hashed=hashed_customer(pepper, "noted_id"))
        con.execute(script, pepper.parameters())


def note_arms(con: duckdb.DuckDBPyConnection, as_of: datetime) -> None:
    """The temporary relation ARMS and the table `campaign_lots` of its lots, out of events and of `export_arms` where that is there. Of these `source_system` is null, and `campaign_key`
    the audience."""
    if not con.execute("select 1 from duckdb_tables() where table_name = 'export_arms' and temporary").fetchall():
        con.execute(_NO_EXPORTS)
    number_customers(con, "arm_customers")
    con.execute(sql_script(__file__, "campaign_arms", as_of=literal(as_of), lot_days=LOT_DAYS))


def lots_of_arms(con: duckdb.DuckDBPyConnection, as_of: datetime, *, days: int, fewest: int, most: int) -> list[Lot]:
    """The lots of ARMS whose outcome is known by `as_of`, with so many in each arm, the latest first."""
    parts = {"until": literal(as_of - timedelta(days=days)), "fewest": fewest, "most": most}
    return [Lot(*row) for row in con.execute(sql_script(__file__, "arms_seen", **parts)).fetchall()]
