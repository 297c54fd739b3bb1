"""`kundbild audience …`: arguments and what is printed. Not here: work (activation/)."""

from __future__ import annotations

from dataclasses import asdict
from pathlib import Path
from typing import Annotated

import typer
from rich.table import Table as RichTable

from orchestration.cli.console import Json, Overwrite, me, out, print_json, styled
from orchestration.cli.session import audit_of, locked_warehouse

audience_app = typer.Typer(help="Customers who may be contacted for a purpose on a channel.", no_args_is_help=True)
Recipient = Annotated[str, typer.Option("--recipient", help="A short name of the recipient: mailer.")]


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


@audience_app.command(epilog="Example: kundbild audience export newsletter_email --to today.csv --recipient mailer")
def export(
    name: Annotated[str, typer.Argument(help="An audience, as `kundbild audience list` names it.")],
    file: Annotated[Path, typer.Option("--to", help="The CSV file to write; it is made private.")],
    recipient: Recipient = "",
    hold_out: Annotated[
        float,
        typer.Option(help="The share of customers to hold out at random, to measure the campaign: 0.1."),
    ] = 0.0,
    overwrite: Overwrite = False,
    as_json: Json = False,
) -> None:
    """Write an audience for whoever sends.

    Refused where permissions or a source of withdrawals are older than they hold (the refusal says how long), their night
    was not published, readers were put back to an earlier publication, or no consent check looked at the audience.
    Customers who objected, were restricted, had their address corrected or whose grant ended since the night are left
    out. The members are stored as keyed hashes: an erasure lists the exports that held the person. The recipient must
    keep the column `reference`, by which `kundbild audience removals` names a row.
    """
    from orchestration.activation.export import export_audience
    from orchestration.activation.removals import pending
    from orchestration.core.clock import now
    from orchestration.core.configuration import home_and_config
    from orchestration.privacy.secrets.pepper import find_pepper
    from orchestration.publishing.exportable import assert_newest_shown

    with locked_warehouse("exporting an audience") as (con, settings):
        pepper = find_pepper(con, settings.privacy.pepper)
        log = audit_of(settings)

        def note(customers: int) -> None:
            # behind whatever else refuses an export, and tells more of why
            assert_newest_shown(con, home_and_config()[0])
            log.append("exported an audience", detail=_detail(name, recipient, customers=customers))

        audience = export_audience(
            con,
            name,
            file,
            pepper,
            now(),
            settings,
            overwrite=overwrite,
            recipient=recipient,
            hold_out=hold_out,
            note=note,
        )
        left = pending(con, pepper, settings.privacy, now(), (name, recipient))
    to_remove = sum(found.count for found in left)
    if as_json:
        print_json({**asdict(audience), "to_remove": to_remove})
        return
    out.print(
        f"{audience.customers:,} customers for {audience.purpose} by {audience.channel} in {file}. Use it today: tomorrow it may no longer be lawful."
    )
    for reason, count in audience.left_out.items():
        out.print(f"Left out: {count:,} ({reason})")
    if hold_out:
        out.print(f"Held out at random: {audience.held_out:,}. Do not write to them before the campaign is measured.")
    if to_remove:
        out.print(f"Of earlier exports {to_remove:,} have to be removed there, and first:")
        out.print(styled("  [bold]{} audience removals {} --to FILE{}[/bold]", me(), name, _to(recipient)))


def _detail(audience: str, recipient: str, **counts: int) -> dict[str, int | str]:
    """What the audit log says of a file for a recipient."""
    return {"audience": audience, **counts, **({"recipient": recipient} if recipient else {})}


@audience_app.command(epilog="Example: kundbild audience removals newsletter_email --to remove.csv --recipient mailer")
def removals(
    name: Annotated[
        str | None, typer.Argument(help="An audience that was exported; without one, all of them are counted.")
    ] = None,
    file: Annotated[Path | None, typer.Option("--to", help="The CSV file to write; it is made private.")] = None,
    recipient: Recipient = "",
    again: Annotated[
        bool, typer.Option("--again", help="Repeat the removals that the recipient got in the last 31 days.")
    ] = False,
    overwrite: Overwrite = False,
    as_json: Json = False,
) -> None:
    """Write the rows that a recipient of exports must remove since the last removal file: people who withdrew, objected, are
    restricted, were erased, whose address was corrected, or who became protected, deceased or a minor.

    A row is a reference (the export's column of that name), the contact point if it is still stored here, and the reason:
    erased, restricted, changed, not permitted, kept out (protected, deceased or under age). It is never refused, however old the night is. Customers
    who only left the audience, and may still be contacted, are not in it. The recipient must carry it out before
    importing the next export.
    """
    from orchestration.activation.removals import pending, write_removals
    from orchestration.core.clock import now
    from orchestration.core.errors import KundbildError
    from orchestration.privacy.secrets.pepper import find_pepper

    if (name is None) != (file is None):
        raise KundbildError(
            "name the audience, and the file with --to",
            to_do="or give neither, to list the audiences with their counts",
        )
    with locked_warehouse("listing removals") as (con, settings):
        pepper = find_pepper(con, settings.privacy.pepper)
        if name and file:
            log, whom = audit_of(settings), (name, recipient)

            def note(removals: int) -> None:
                log.append("told a recipient of removals", detail=_detail(*whom, removals=removals))

            told = write_removals(
                con, pepper, settings.privacy, *whom, file, now(), is_again=again, overwrite=overwrite, note=note
            )
            found = [told]
        else:
            found = pending(con, pepper, settings.privacy, now())
    if as_json:
        print_json([{**asdict(one), "count": one.count} for one in found])
        return
    table = RichTable("audience", "recipient", "to be removed", "why", "may stay")
    for one in found:
        why = ", ".join(f"{count:,} {reason}" for reason, count in one.by_reason.items())
        table.add_row(one.audience, one.recipient, f"{one.count:,}", why, f"{one.standing:,}")
    out.print(table)
    if file:
        out.print(f"The file: {file}. Delete it when the recipient has it.", highlight=False)


def _to(recipient: str) -> str:
    return f" --recipient {recipient}" if recipient else ""
