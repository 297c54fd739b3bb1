"""What the company's own campaigns did, where customers were held out of them by lot. Here: arms as the warehouse recorded them, compared.
Not here: who was in which arm (prediction/warehouse/arms.py), statistics (lift.py), files of campaigns (campaign_files.py)."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta

import duckdb

from orchestration.core.errors import KundbildError, did_you_mean
from orchestration.core.sql_scripts import sql_script
from orchestration.core.warehouse import has_table, scalar
from orchestration.prediction.uplift.learner import FEWEST
from orchestration.prediction.uplift.lift import Arm, Lift, compare
from orchestration.prediction.warehouse.arms import note_arms, note_export_arms
from orchestration.prediction.warehouse.past import literal

TREATED, HELD_OUT = "sent to", "held out"


@dataclass(frozen=True)
class Result:
    """A campaign of a day, or an audience of an export: the share of customers who ordered within `days` after it, of whom it was sent to and
    of whom the lot held out. `campaign` is its name, else its key."""

    campaign: str
    campaign_key: str
    sent_at: datetime
    days: int
    control: Arm
    treated: Lift


def campaign_results(
    con: duckdb.DuckDBPyConnection, pepper: Sequence[str], days: int, campaign: str | None = None
) -> list[Result]:
    """Campaigns with FEWEST customers in each arm whose outcome is known as of the last night, the latest first; one of them where `campaign`
    names it, by name or key. Customers who may not be profiled are in no figure.

    Raises KundbildError where no night has run, no campaign has a hold-out, or none has the name.
    """
    as_of = scalar(con, "select max(as_of) from ops.clock") if has_table(con, "ops", "clock") else None
    if as_of is None or not has_table(con, "marts", "customer_profile"):
        raise KundbildError("no night has built the marts yet", to_do="`kundbild run`")
    note_export_arms(con, pepper)
    note_arms(con, as_of)
    parts = {"until": literal(as_of - timedelta(days=days)), "days": days, "fewest": FEWEST}
    found = [_result(row, days) for row in con.execute(sql_script(__file__, "campaign_results", **parts)).fetchall()]
    if not found:
        raise KundbildError(
            f"no campaign that was sent {days} days ago or longer has {FEWEST} customers in each arm",
            to_do="hold customers out by lot: `kundbild audience export AUDIENCE --hold-out 0.1`, or events of the kind held_out",
        )
    if campaign is None:
        return found
    wanted = [one for one in found if campaign in (one.campaign, one.campaign_key)]
    if not wanted:
        names = {one.campaign for one in found}
        raise KundbildError(
            f"no campaign {campaign} has a hold-out whose outcome is known",
            to_do=did_you_mean(campaign, names) or "`kundbild campaigns results` lists them",
        )
    return wanted


def _result(row: tuple[str, str, datetime, int, int, int, int], days: int) -> Result:
    campaign, key, sent_at, held_out, held_out_ordered, treated, treated_ordered = row
    control = _arm(HELD_OUT, held_out, held_out_ordered)
    (lift,) = compare(control, [_arm(TREATED, treated, treated_ordered)], is_rate=True)
    return Result(campaign, key, sent_at, days, control, lift)


def _arm(name: str, customers: int, ordered: int) -> Arm:
    share = ordered / customers
    return Arm(name, customers, share, share * (1 - share) * customers / (customers - 1))
