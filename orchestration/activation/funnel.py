"""The funnel of each audience: who matches its rule, who of them is permitted, how many are kept out and why, who is in it.

Here: reading marts.audience_funnel and saying it in one sentence, and whose segment is empty. Not here: counting (dbt), what may be told openly
(bi.audience_funnel).
"""

from __future__ import annotations

from dataclasses import dataclass

import duckdb

from orchestration.contracts.audiences import SEGMENT_IS_EMPTY
from orchestration.contracts.reasons import assert_codes_known
from orchestration.core.warehouse import has_table

_OF_NOBODY = "select a.audience, coalesce(a.scheme, 'without a scheme'), coalesce(a.segment, 'without a name') from reference.audience_rules a"


@dataclass(frozen=True)
class Step:
    """Customers of one row of the funnel. `reason_code` and `reason` are empty where the step has none."""

    step: str
    reason_code: str
    reason: str
    customers: int


def funnels(con: duckdb.DuckDBPyConnection) -> dict[str, list[Step]]:
    """Audience → its steps in order, the largest reason first; empty before the first night that counts them."""
    if not has_table(con, "marts", "audience_funnel"):
        return {}
    assert_codes_known(con, "audience_funnel")
    rows = con.execute(
        "select audience, step, reason_code, reason, customer_count from marts.audience_funnel order by audience, step_order, customer_count desc, reason"
    ).fetchall()
    found: dict[str, list[Step]] = {}
    for audience, *step in rows:
        found.setdefault(audience, []).append(Step(*step))
    return found


def of_nobody(con: duckdb.DuckDBPyConnection) -> list[str]:
    """Of each audience that picks a segment in which nobody is: a sentence that names both."""
    rows = con.execute(f"{_OF_NOBODY} where {SEGMENT_IS_EMPTY} order by 1").fetchall()
    return [
        f"Audience {audience} is empty: nobody is in the segment {scheme}, {segment}; `kundbild segments` lists those that somebody is in"
        for audience, scheme, segment in rows
    ]


def sentence(audience: str, steps: list[Step], most: int = 4) -> str:
    """The funnel in one line: the `most` largest reasons by name, the others in one sum."""
    total = {step.step: step.customers for step in steps if not step.reason}
    said = f"Audience {audience}: {total.get('matched', 0):,} match, {total.get('permitted', 0):,} permitted, {total.get('in the audience', 0):,} in it"
    for what in ("not permitted", "kept out"):
        parts = [step for step in steps if step.step == what and step.customers]
        if parts:
            told = [f"{step.reason} {step.customers:,}" for step in parts[:most]]
            rest = sum(step.customers for step in parts[most:])
            said += f"; {what}: " + ", ".join([*told, *([f"other reasons {rest:,}"] if rest else [])])
    restricted = sum(step.customers for step in steps if step.step == "not looked at")
    return said + (f"; {restricted:,} restricted customers were not looked at" if restricted else "")
