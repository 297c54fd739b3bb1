"""The arms of a campaign out of a file of its customers. Here: reading and counting. Not here: statistics (lift.py)."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import asdict, dataclass
from pathlib import Path
from typing import Any

from orchestration.core.errors import KundbildError
from orchestration.core.sql_scripts import sql_script
from orchestration.core.table_files import opened_table
from orchestration.core.warehouse import quote
from orchestration.prediction.uplift.lift import Arm, Lift, compare, pooled

TREATED = "all treated"
# an arm is a decision somebody took for many: a column of more values than this is of another kind
_MOST_ARMS = 50
_COUNTS = sql_script(__file__, "campaign_arms")


@dataclass(frozen=True)
class Evaluation:
    """What a campaign did. `kind` is `rate` where every outcome is yes or no, else `mean`.

    `left_out` counts rows by why they are in no arm's figures.
    """

    outcome: str
    kind: str
    control: Arm
    arms: list[Lift]
    treated: Lift
    left_out: dict[str, int]

    def as_dict(self) -> dict[str, Any]:
        control = {"arm": self.control.arm, "customers": self.control.customers, "value": self.control.value}
        return {**asdict(self), "control": control}


def evaluate(path: Path, *, arm: str, control: str, outcomes: Sequence[str]) -> list[Evaluation]:
    """Compares each arm of the file, and all treated together, with the control, by each outcome. One row is one customer.

    Raises KundbildError where the file or a column is not there, nobody is in the control, or an arm has fewer than two.
    """
    columns = list(dict.fromkeys(outcomes))
    named = [("--arm", arm), *(("--outcome", one) for one in columns)]
    with opened_table(path, "campaign", named, row="customer") as con:
        counted = [con.execute(_COUNTS.format(arm=quote(arm), outcome=quote(one))).fetchall() for one in columns]
    return [_evaluated(path, rows, arm, control, one) for one, rows in zip(columns, counted, strict=True)]


def _evaluated(path: Path, rows: list[Any], arm: str, control: str, outcome: str) -> Evaluation:
    """One outcome, by what each arm says of it."""
    arms, left_out, is_rate = _arms(path, rows, arm)
    given = {name: found for name, found in arms.items() if name != control}
    if control not in arms:
        raise KundbildError(
            f"no row of {path.name} has the control {control!r} in {arm}{_seen(arms)}",
            to_do="name the arm of those who got nothing: --control VALUE",
        )
    if not given:
        raise KundbildError(
            f"all rows of {path.name} with an outcome are of the control", to_do="name another column: --arm COLUMN"
        )
    if few := sorted(name for name, found in arms.items() if found.customers < 2):
        raise KundbildError(
            f"{len(few)} arms of {path.name} have fewer than two customers with an outcome",
            to_do="leave these rows out of the file, or name another column: --arm COLUMN",
        )
    treated = sorted(given.values(), key=lambda found: found.arm)
    kind = {"is_rate": is_rate}
    return Evaluation(
        outcome=outcome,
        kind="rate" if is_rate else "mean",
        control=arms[control],
        arms=compare(arms[control], treated, **kind),
        treated=compare(arms[control], [pooled(treated, TREATED)], **kind)[0],
        left_out=left_out,
    )


def _arms(path: Path, rows: list[Any], arm: str) -> tuple[dict[str, Arm], dict[str, int], bool]:
    """(arm → its figures, rows left out by reason, whether the outcome is yes or no)."""
    left_out = {
        reason: count
        for reason, count in zip(
            ("no arm", "no outcome", "outcome is not a number"), (sum(row[i] for row in rows) for i in (4, 5, 6)), strict=True
        )
        if count
    }  # fmt: skip
    named = [row for row in rows if row[0] is not None and row[1]]
    if len(named) > _MOST_ARMS:
        raise KundbildError(
            f"column {arm} has {len(named):,} different values: an arm is one of a few",
            to_do="name the column that says who got what: --arm COLUMN",
        )
    if not named:
        raise KundbildError(
            f"no row of {path.name} has both an arm and an outcome that is a number",
            to_do="write the outcome as 0 and 1, as true and false, or as an amount",
        )
    arms = {name: Arm(name, customers, value, variance) for name, customers, value, variance, *_ in named}
    return arms, left_out, all(row[7] for row in named)


def _seen(arms: Mapping[str, Arm]) -> str:
    """The arms that the file has. One of a single customer may be a person's own value: it is not told."""
    shared = sorted(name for name, found in arms.items() if found.customers > 1)
    return f": it has {', '.join(shared[:10])}" if shared else ""
