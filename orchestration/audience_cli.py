"""`kundbild audience …`: arguments and what is printed. Not here: work (activation/)."""

from __future__ import annotations

from dataclasses import asdict
from pathlib import Path
from typing import Annotated

import typer
from rich.table import Table as RichTable

from orchestration.console import Json, Overwrite, out, print_json
from orchestration.review_cli import audit_of, locked_warehouse

audience_app = typer.Typer(help="Who may lawfully be written to, for a purpose on a channel.", no_args_is_help=True)


@audience_app.command("list")
def list_audiences(as_json: Json = False) -> None:
    """List the audiences of the last night: purpose, channel, how many, and how many are out for which reason."""
    from orchestration.activation.export import audiences
    from orchestration.activation.funnel import funnels, sentence

    with locked_warehouse("listing audiences") as (con, _):
        found = audiences(con)
        steps = funnels(con)
    if as_json:
        print_json([asdict(a) | {"funnel": [asdict(step) for step in steps.get(a.name, [])]} for a in found])
        return
    table = RichTable("audience", "purpose", "channel", "customers")
    for audience in found:
        rule = (audience.purpose or "no rule", audience.channel or "may not be exported")
        table.add_row(audience.name, *rule, f"{audience.customers:,}")
    out.print(table)
    for audience in found:
        if audience.name in steps:
            out.print(sentence(audience.name, steps[audience.name], most=20), highlight=False)


@audience_app.command()
def export(
    name: Annotated[str, typer.Argument(help="An audience, as `kundbild audience list` names it.")],
    file: Annotated[Path, typer.Option("--to", help="The CSV file to write; it is made private.")],
    overwrite: Overwrite = False,
    as_json: Json = False,
) -> None:
    """Write an audience for whoever sends.

    Refused where permissions or a source of withdrawals are older than 24 hours, their night was not published, or no
    consent check looked at the audience. Whoever objected or was restricted since the night is left out. Who
    was in it is noted as keyed hashes: an erasure says which exports held the person.
    """
    from orchestration.activation.export import export_audience
    from orchestration.extract.records import now
    from orchestration.privacy.pepper import find_pepper

    with locked_warehouse("exporting an audience") as (con, settings):
        pepper = find_pepper(con, settings.privacy.pepper)
        audience = export_audience(con, name, file, pepper, now(), settings, overwrite=overwrite)
        audit_of(settings).append("exported an audience", detail={"audience": name, "customers": audience.customers})
    if as_json:
        print_json(asdict(audience))
        return
    out.print(
        f"{audience.customers:,} customers for {audience.purpose} by {audience.channel} in {file}. Use it today: tomorrow it may no longer be lawful."
    )
    for reason, count in audience.left_out.items():
        out.print(f"Left out: {count:,} ({reason})")
