"""What the company's own campaigns did, where customers were held out of them at random. Here: arms as the warehouse recorded them, compared.
Not here: who was in which arm (prediction/warehouse/arms.py), statistics (lift.py), files of campaigns (campaign_files.py)."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Any

import duckdb

from orchestration.core.errors import KundbildError, did_you_mean
from orchestration.core.sql_scripts import sql_script
from orchestration.core.warehouse import has_table, scalar
from orchestration.prediction.uplift.learner import FEWEST
from orchestration.prediction.uplift.lift import Arm, Lift, compare
from orchestration.prediction.warehouse.arms import note_arms, note_export_arms
from orchestration.prediction.warehouse.known import literal

TREATED, HELD_OUT = "sent to", "held out"


@dataclass(frozen=True)
class Result:
    """A lot of a campaign, or an export of an audience: the share of customers who bought within `days` after it, of those it was sent to and
    of those held out. `campaign` is its name, else its key; `sent_at` is its first message."""

    campaign: str
    campaign_key: str
    sent_at: datetime
    days: int
    control: Arm
    treated: Lift


@dataclass(frozen=True)
class Results:
    """`few` campaigns are not told: of an arm somebody, and fewer than `least`, bought or did not. That nobody did is told."""

    told: list[Result]
    few: int
    least: int


def campaign_results(
    con: duckdb.DuckDBPyConnection, pepper: Sequence[str], days: int, least: int, campaign: str | None = None
) -> Results:
    """Campaigns with FEWEST customers in each arm whose outcome is known as of the last night, the latest first; one of them where `campaign`
    names it, by name or key. Customers who may not be profiled are in no figure. `least` is [privacy] min_people.

    Raises KundbildError where no night has run, no campaign has a hold-out, or none has the name.
    """
    as_of = scalar(con, "select max(as_of) from ops.clock") if has_table(con, "ops", "clock") else None
    if as_of is None or not has_table(con, "marts", "customer_profile"):
        raise KundbildError("no night has built the marts yet", to_do="`kundbild run`")
    note_export_arms(con, pepper)
    note_arms(con, as_of)
    parts = {"until": literal(as_of - timedelta(days=days)), "days": days}
    lots = con.execute(sql_script(__file__, "campaign_results", **parts)).fetchall()
    rows = [lot for *lot, is_over in lots if is_over and min(lot[3], lot[5]) >= FEWEST]
    if not rows:
        raise KundbildError(
            f"no campaign that was sent {days} days ago or longer has {FEWEST} customers in each arm",
            to_do="hold customers out at random: `kundbild audience export AUDIENCE --hold-out 0.1`, or events of the kind held_out",
        )
    wanted = [row for row in rows if campaign is None or campaign in row[:2]]
    if not wanted:
        named = [lot for lot in lots if campaign in lot[:2]]
        nearest = "" if named else did_you_mean(str(campaign), {row[0] for row in rows})
        raise KundbildError(
            _why_not(named, str(campaign), days),
            to_do=nearest or "`kundbild campaigns results` lists those that are measured",
        )
    told = [_result(row, days) for row in wanted if not _is_of_few(row[3:], least)]
    return Results(told, len(wanted) - len(told), least)


def _why_not(lots: Sequence[tuple[Any, ...]], campaign: str, days: int) -> str:
    """Why no lot of the campaign is measured; the reason of the one that came nearest."""
    if not lots:
        return f"nobody was held out of a campaign {campaign}"
    over = [lot for lot in lots if lot[-1]]
    if not over:
        return f"{campaign} was sent less than {days} days ago: who buys is not known yet"
    if any(lot[3] >= FEWEST for lot in over):
        return f"{campaign} was sent to fewer than {FEWEST} customers who may be profiled"
    return f"fewer than {FEWEST} customers who may be profiled were held out of {campaign}"


def _is_of_few(counts: Sequence[int], least: int) -> bool:
    held_out, held_out_bought, treated, treated_bought = counts
    parts = (held_out_bought, held_out - held_out_bought, treated_bought, treated - treated_bought)
    return any(0 < part < least for part in parts)


def _result(row: Sequence[Any], days: int) -> Result:
    campaign, key, sent_at, held_out, held_out_bought, treated, treated_bought = row
    control = _arm(HELD_OUT, held_out, held_out_bought)
    (lift,) = compare(control, [_arm(TREATED, treated, treated_bought)], is_rate=True)
    return Result(campaign, key, sent_at, days, control, lift)


def _arm(name: str, customers: int, bought: int) -> Arm:
    share = bought / customers
    return Arm(name, customers, share, share * (1 - share) * customers / (customers - 1))
