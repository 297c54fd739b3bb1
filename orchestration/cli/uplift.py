"""`kundbild scores uplift`: arguments and what is printed. Not here: work (prediction/uplift/)."""

from __future__ import annotations

from typing import TYPE_CHECKING, Annotated

import typer
from rich.table import Table as RichTable

from orchestration.cli.campaigns import Arm, Control, CustomersFile, Outcome
from orchestration.cli.console import Json, out, print_json

if TYPE_CHECKING:
    from orchestration.prediction.uplift.uplift_file import Uplift


def uplift(
    file: CustomersFile,
    arm: Arm,
    control: Control,
    outcome: Outcome,
    id_column: Annotated[str, typer.Option("--id", help="The column of the customer's id.")],
    without: Annotated[list[str] | None, typer.Option(help="A column not to learn from. May be repeated.")] = None,
    as_json: Json = False,
) -> None:
    """Find the customers whom a campaign of your own moves, not those who would buy anyway, with the uncertainty.

    Who is in which arm must have been decided at random. Each customer is ranked by a model that did not see them. Nothing is stored.
    """
    from orchestration.prediction.uplift.uplift_file import uplift_of_file

    found = uplift_of_file(file, arm=arm, control=control, outcome=outcome, id_column=id_column, without=without or ())
    if as_json:
        print_json(found.as_dict())
        return
    _print(found)


def _print(found: Uplift) -> None:
    is_rate = found.kind == "rate"

    def told(value: float | None) -> str:
        return "" if value is None else f"{value:+.2%}" if is_rate else f"{value:+,.2f}"

    control = found.customers - found.treated
    out.print(
        f"{found.treated:,} treated, {control:,} of the control, by: {', '.join(found.learnt_by)}", highlight=False
    )
    out.print(f"Mean lift {told(found.mean.lift)}: {found.mean.verdict}.", highlight=False)
    q = found.qini
    out.print(f"Qini {told(q.value)}, 95 % interval {told(q.low)} to {told(q.high)} (by chance 0): {found.verdict}.", highlight=False)  # fmt: skip
    table = RichTable("tenth by lift", "customers", "control", "said", "seen", "95 % interval")
    for row in found.tenths:
        interval = "" if row["lift"] is None else f"{told(row['lift_low'])} to {told(row['lift_high'])}"
        table.add_row(str(row["tenth"]), f"{row['customers']:,}", f"{row['control']:,}", told(row["said"]), told(row["lift"]), interval)  # fmt: skip
    out.print(table)
    for column, why in found.features.left_out.items():
        out.print(f"Not learnt from: {column} ({why})", highlight=False)
    for reason, count in found.left_out.items():
        out.print(f"Left out: {count:,} rows ({reason})", highlight=False)
    out.print("The rank of each customer: --json", highlight=False)
