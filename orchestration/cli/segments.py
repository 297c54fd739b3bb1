"""`kundbild segments` and `add-segment`: arguments and what is printed. Not here: counting (insight/), writing (transform/)."""

from __future__ import annotations

from dataclasses import asdict
from itertools import groupby
from typing import Annotated

import typer
from rich.table import Table as RichTable

from orchestration.cli.console import Json, me, out, print_json, styled
from orchestration.cli.session import locked_warehouse

_MOST_OVERLAPS = 12


def segments(
    scheme: Annotated[str | None, typer.Argument(help="Only this scheme, as lifecycle.")] = None, as_json: Json = False
) -> None:
    """List the segments: how many customers are in each, since when, and how many came and went with the last night.

    A customer is in one segment of a scheme at most. A segment of fewer customers than the setting min_people is shown
    as "few", and the next smallest of the scheme too where the total would reveal it.
    """
    from orchestration.contracts.segment_rules import segment_rules
    from orchestration.core.errors import KundbildError
    from orchestration.insight.deliveries import note_of, undelivered
    from orchestration.insight.segment_counts import segment_counts

    with locked_warehouse("listing segments") as (con, settings):
        found = segment_counts(con, settings.privacy.min_people)
        lacking = undelivered(con)
    # one that nobody can be in, for no source delivers what it reads, is told too
    schemes = sorted({one.scheme for one in found} | {rule.scheme for rule in segment_rules(settings)})
    if scheme is not None and scheme not in schemes:
        raise KundbildError(f"there is no scheme {scheme}", to_do=f"schemes: {', '.join(schemes)}")
    found = [one for one in found if scheme in (None, one.scheme)]
    if as_json:
        print_json([asdict(one) for one in found])
        return
    table = RichTable("scheme", "segment", "customers", "share", "since", "came", "went")
    before = ""
    for one in found:
        first = one.scheme if one.scheme != before else ""
        before = one.scheme
        share = "" if one.share is None else f"{one.share:.1%}"
        cells = (_many(one.customers), share, f"{one.since:%Y-%m-%d}", _many(one.entered), _many(one.left))
        table.add_row(first, one.segment, *cells)
    out.print(table)
    for of, rules in groupby(segment_rules(settings), key=lambda rule: rule.scheme):
        note = note_of({column for rule in rules for column in rule.columns}, lacking)
        if note and scheme in (None, of):
            out.print(styled("{}: {}.", of, note), highlight=False)
    out.print(styled('Next: [bold]{} add-segment NAME --where "order_count >= 10" --try[/bold]', me()))


def add_segment(
    name: Annotated[str, typer.Argument(help="A name in lower case: big_spenders.")],
    where: Annotated[str, typer.Option(help="A condition on columns of customer_360 and customer_rfm, as SQL.")],
    scheme: Annotated[
        str | None,
        typer.Option(help="Scheme to append the segment to. Default: its own scheme."),
    ] = None,
    description: Annotated[str, typer.Option(help="What it is, in words.")] = "",
    is_trial: Annotated[bool, typer.Option("--try", help="Only count; write nothing.")] = False,
    as_json: Json = False,
) -> None:
    """Define a segment by a condition. Shows how many customers it would hold, what it overlaps, and its block in kundbild.toml.

    Days since a time are columns too: days_since_last_ordered <= 90. An unknown column lists the valid ones. The
    next night puts customers in it. Customers who may not be profiled are in no segment.
    """
    from orchestration.contracts.segment_rules import assert_confirmed, checked
    from orchestration.core.added_block import add_block
    from orchestration.core.configuration import home_and_config, load_settings
    from orchestration.insight.deliveries import note_of, undelivered
    from orchestration.insight.segment_counts import try_segment
    from orchestration.transform import own_segments

    home, config = home_and_config()
    settings = load_settings(config)
    own_segments.assert_name_is_free(settings, name, scheme)
    rule = checked(scheme or name, name, where, description, "--where")
    assert_confirmed(rule, settings, "--where")
    trial, note = None, ""
    if home.warehouse.exists():
        with locked_warehouse("counting a segment") as (con, _):
            trial = try_segment(con, rule, settings.privacy.min_people)
            note = note_of(rule.columns, undelivered(con))
    block = own_segments.segment_block(name, where, scheme, description)
    if not is_trial:
        add_block(config, block)
    if as_json:
        said = {"name": name, "scheme": rule.scheme, "where": rule.condition, "is_written": not is_trial}
        print_json(said | {"note": note, "trial": asdict(trial) if trial else None})
        return
    if trial is None:
        out.print("The number of customers is known after the first night.")
    else:
        out.print(
            styled("{} of {} customers: {}", _many(trial.customers), f"{trial.of:,}", rule.condition), highlight=False
        )
        if note:
            out.print(styled("[yellow]{}[/yellow]", f"{note}."), highlight=False)
        if trial.overlaps:
            table = RichTable("they are in", "segment", "customers", "share of the new one")
            largest = sorted(trial.overlaps, key=lambda one: -(one.customers or 0))[:_MOST_OVERLAPS]
            for one in largest:
                share = "" if one.share is None else f"{one.share:.0%}"
                table.add_row(one.scheme, one.segment, _many(one.customers), share)
            out.print(table)
    if is_trial:
        out.print("Nothing is written: without --try it is.")
        return
    out.print(styled("[green]added[/green] to {}:", config), highlight=False)
    print(f"\n{block}")
    out.print(styled("Next: [bold]{} run[/bold], then [bold]{} segments {}[/bold]", me(), me(), rule.scheme))


def _many(count: int | None) -> str:
    return "few" if count is None else f"{count:,}"
