"""What the mart of campaigns says of the demo's own campaigns, next to the lift that its makers know. No night is run."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import UTC, datetime
from pathlib import Path

import numpy as np

from tests.bench.demo_marts import demo_marts
from tests.bench.measure import Report
from tests.unit.compiled import compiled_by
from tests.unit.empty_tables import empty_tables

MART = "campaign_results"
UNTIL = datetime(2026, 6, 1)


@dataclass(frozen=True)
class ToldLift:
    """The lift of one campaign, or of all by email, as the mart has it, and the true one."""

    breakdown: str
    lift: float
    low: float
    high: float
    true: float

    @property
    def is_inside(self) -> bool:
        return self.low <= self.true <= self.high


def lifts_of_a_company(mart: str, people: int, seed: int) -> list[ToldLift]:
    """Of each measured campaign of a demo company, and of all together. `mart` is the model's SQL."""
    with demo_marts(people, seed, UNTIL, ("customer_profile", "fct_orders", "fct_email_events")) as con:
        empty_tables(con, "conformed_campaigns")
        con.execute(_BESIDE)
        con.execute("create table ops.clock as select $1 as as_of", [UNTIL])
        con.execute(_GIVEN_BACK, [int(UNTIL.replace(tzinfo=UTC).timestamp())])
        con.execute("create table lifts as " + mart.replace('"warehouse".', ""))
        return [ToldLift(*row) for row in con.execute(_TOLD).fetchall()]


def true_lift_in_its_interval(report: Report, folder: Path, *, seeds: int = 300, people: int = 4000) -> None:
    """Whether the 95 % interval of all campaigns of a demo company holds the true lift, by seeds of the company; and that of each campaign."""
    mart = compiled_by(folder, ["resource_type:model"])[MART]
    told = [one for seed in range(seeds) for one in lifts_of_a_company(mart, people, seed)]
    for breakdown, of in (("channel", f"of {seeds} companies"), ("campaign", "of each of their campaigns")):
        found = [one for one in told if one.breakdown == breakdown]
        report.add(
            f"demo, campaign_results: the true lift is in the 95 % interval, {of}", ">= 93 %",
            f"{np.mean([one.is_inside for one in found]):.1%}",
            f"{len(found):,} intervals, {np.mean([one.high - one.low for one in found]):.2%} wide; true {np.mean([one.true for one in found]):.3%}, "
            f"measured {np.mean([one.lift for one in found]):.3%}",
        )  # fmt: skip


_BESIDE = """
create schema ops; create schema insight;
create table insight.attribution_paths (customer_id varchar, converted_at timestamp, is_converted boolean, touch_number bigint);
"""
_GIVEN_BACK = """
update marts.fct_orders set is_sale = false
where source_key in (select cast(order_no as varchar) from orders where is_refunded and refunded_at < $1)
"""
# all together are weighed as the mart weighs them: by what the arms of each tell
_TOLD = """
with told as (from lifts where outcome = 'purchase' and lift is not null),
known as (
    select c.true_lift, measured_sent_count * held_out_count / (measured_sent_count + held_out_count) as weight, t.*
    from told t join campaigns c on cast(c.campaign_id as varchar) = t.value where t.breakdown = 'campaign'
)
select breakdown, lift, lift_low, lift_high, true_lift from known
union all
select t.breakdown, t.lift, t.lift_low, t.lift_high, (select sum(true_lift * weight) / sum(weight) from known)
from told t where t.breakdown = 'channel'
"""
