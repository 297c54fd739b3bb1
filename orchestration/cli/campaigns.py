"""`kundbild campaigns …`: arguments and what is printed. Not here: work (insight/)."""

from __future__ import annotations

from dataclasses import asdict
from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer
from rich.table import Table as RichTable

from orchestration.cli.console import Json, me, out, print_json, styled
from orchestration.cli.session import locked_warehouse

if TYPE_CHECKING:
    from orchestration.insight.campaign_files import Evaluation
    from orchestration.prediction.uplift.lift import Lift

# what a file of a campaign is read by
CustomersFile = Annotated[Path, typer.Argument(help="A row for each customer: CSV, TSV, Parquet or JSON Lines.")]
Arm = Annotated[str, typer.Option(help="The column of arms: what each customer got.")]
Control = Annotated[str, typer.Option(help="The value of that column for customers who got nothing.")]
_OUTCOME = "The column of what is measured: yes or no (0 and 1), or an amount, 0 where nothing was."
Outcome = Annotated[str, typer.Option(help=_OUTCOME)]

campaigns_app = typer.Typer(
    help="The effect of campaigns, compared with customers who got nothing.", no_args_is_help=True
)


@campaigns_app.command(
    epilog="Example: kundbild campaigns evaluate sent.csv --arm variant --control none --outcome bought --outcome spend"
)
def evaluate(
    file: CustomersFile,
    arm: Arm,
    control: Control,
    outcome: Annotated[list[str], typer.Option(help=f"{_OUTCOME} Repeat it for several.")],
    as_json: Json = False,
) -> None:
    """Measure a campaign of your own: how much more the treated did than the control, with its uncertainty.

    For each arm, and for all treated: rate or mean, lift, its 95 % interval, p, and the smallest lift that arms of this
    size detect in 80 % of tests. Who is in which arm must have been decided at random: otherwise the lift
    measures your selection, not the campaign.
    Each outcome is measured separately; with --json each is one item of a list. Nothing is stored.
    """
    from orchestration.insight.campaign_files import evaluate as evaluate_file

    found = evaluate_file(file, arm=arm, control=control, outcomes=outcome)
    if as_json:
        print_json([one.as_dict() for one in found])
        return
    for one in found:
        _print_evaluation(one, arm)
    if len(found) > 1:
        out.print(
            "Each p is of its outcome alone: the more outcomes, the more of them differ by chance.", highlight=False
        )


def _print_evaluation(found: Evaluation, arm: str) -> None:
    is_rate = found.kind == "rate"
    table = RichTable(arm, "customers", f"{found.kind} of {found.outcome}", "lift", "95 % interval", "in %", "p")
    table.add_row(
        f"{found.control.arm} (control)", f"{found.control.customers:,}", _value(found.control.value, is_rate)
    )
    told = [*found.arms, found.treated] if len(found.arms) > 1 else found.arms
    for lift in told:
        table.add_row(lift.arm, f"{lift.customers:,}", _value(lift.value, is_rate), *_cells(lift, is_rate))
    out.print(table)
    for lift in told:
        out.print(f"{lift.arm}: {lift.verdict}.", highlight=False)
    for reason, count in found.left_out.items():
        out.print(f"Left out: {count:,} rows ({reason})", highlight=False)


@campaigns_app.command(epilog='Example: kundbild campaigns results "Newsletter 12"')
def results(
    campaign: Annotated[
        str | None, typer.Argument(help="One campaign, by name or key; of an export 'audience NAME'.")
    ] = None,
    days: Annotated[
        int | None,
        typer.Option(
            min=1, max=90, help="A purchase counts within so many days. Default: response_days of the section insight."
        ),
    ] = None,
    as_json: Json = False,
) -> None:
    """Measure the company's own campaigns for which events or exports record who was held out at random.

    For each campaign: the share that bought and kept goods, of those it was sent to and of those held out; the lift with its 95 % interval and p;
    and the smallest lift that arms of this size find in 80 % of tests. A campaign is hidden if 1 to min_people - 1
    customers of one of its arms bought, or did not; zero is shown. Nothing is stored.
    """
    from orchestration.activation.profiled import profiled_by_now
    from orchestration.core.clock import now
    from orchestration.insight.campaign_results import campaign_results

    with locked_warehouse("measuring campaigns") as (con, settings), profiled_by_now(con, now()):
        days = days or settings.insight.response_days
        found = campaign_results(con, settings.privacy.pepper, days, settings.privacy.min_people, campaign)
    if as_json:
        print_json(asdict(found))
        return
    table = RichTable("campaign", "day", "sent to\nbought", "held out\nbought", "lift\n95 % interval", "p")
    for column in table.columns[:2]:
        column.no_wrap = True
    for one in found.told:
        lift, interval, _, p = _cells(one.treated, is_rate=True)
        # on two lines: a terminal of 80 columns has no room for them beside one another
        arms = [f"{arm.customers:,}\n{arm.value:.1%}" for arm in (one.treated, one.control)]
        table.add_row(
            one.campaign, f"{one.sent_at:%Y-%m-%d}", *arms, f"{lift}\n{interval.replace(' pp to ', ' to ')}", p
        )
    if found.told:
        out.print(table)
    if campaign is not None:
        for one in found.told:
            out.print(f"{one.campaign}, {one.sent_at:%Y-%m-%d}: {one.treated.verdict}.", highlight=False)
    elif found.told:
        out.print(
            f"Bought within {days} days. Of 20 campaigns that do nothing, one has a p below 0.05 by chance alone.",
            highlight=False,
        )
    if found.few:
        out.print(
            f"Not told: {found.few} (of an arm 1 to {found.least - 1} customers bought, or did not). "
            "What is told is no fair sample then: of small hold-outs those are left that bought much, or nothing.",
            highlight=False,
        )
    if campaign is None:
        query = "from bi.campaign_results where breakdown = 'channel'"
        out.print(styled(f'All campaigns together: [bold]{{}} query "{query}"[/bold]', me()))


def _value(value: float, is_rate: bool) -> str:
    return f"{value:.2%}" if is_rate else f"{value:,.2f}"


def _cells(lift: Lift, is_rate: bool) -> tuple[str, ...]:
    of, low, high = (
        f"{100 * value:+.2f} pp" if is_rate else f"{value:+,.2f}"
        for value in (lift.lift, lift.lift_low, lift.lift_high)
    )
    relative = "" if lift.relative_lift is None else f"{lift.relative_lift:+.1%}"
    return of, f"{low} to {high}", relative, "< 0.001" if lift.p_adjusted < 0.001 else f"{lift.p_adjusted:.3f}"
