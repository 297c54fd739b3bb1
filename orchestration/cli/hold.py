"""`kundbild hold …`: arguments and what is printed. Not here: work (privacy/rights/holds.py)."""

from __future__ import annotations

from dataclasses import asdict
from typing import Annotated

import typer
from rich.table import Table as RichTable

from orchestration.cli.console import Json, out, print_json, styled
from orchestration.cli.options import OneCustomer, OneEmail, OnePhone, OneRecord, one_subject
from orchestration.cli.session import audit_of, locked_warehouse

hold_app = typer.Typer(
    help="Legal holds: people whose data may not be erased yet (Art. 17(3)), kept as keyed hashes.",
    no_args_is_help=True,
)


@hold_app.command(
    epilog="Example: kundbild hold add --customer ID --because legal-claims --until 2027-06-30 --note case-14"
)
def add(
    because: Annotated[
        str, typer.Option("--because", help="expression, legal-obligation, public-health, archiving or legal-claims.")
    ],
    until: Annotated[str, typer.Option("--until", help="The last day of the hold, as 2027-06-30.")],
    customer: OneCustomer = None,
    email: OneEmail = None,
    phone: OnePhone = None,
    source_record: OneRecord = None,
    note: Annotated[str, typer.Option(help="A case number, as case-14; no person's name.")] = "",
    as_json: Json = False,
) -> None:
    """Keep a person's data from erasure until a day: a request to erase them is held, with the reason.

    Exit code 3: no customer matches, or more than one does.
    """
    from datetime import date

    from orchestration.core.clock import now
    from orchestration.core.errors import KundbildError
    from orchestration.privacy.audit.asking import actor
    from orchestration.privacy.rights.holds import place_hold, place_hold_on_values
    from orchestration.privacy.rights.named import named
    from orchestration.privacy.rights.subject_keys import KNOWN_BY
    from orchestration.privacy.secrets.pepper import find_pepper

    try:
        last = date.fromisoformat(until)
    except ValueError:
        raise KundbildError(f"{until!r} is not a date", to_do="write --until 2027-06-30") from None
    subject = one_subject(customer, email, phone, source_record)
    with locked_warehouse("legal hold") as (con, settings):
        (one,) = named(con, settings, [subject])
        found = one.candidates
        if len(found) == 1:
            pepper, said = find_pepper(con, settings.privacy.pepper), (because, last, now(), actor(), note)
            placed = (
                place_hold_on_values(con, pepper, KNOWN_BY, *said)
                if one.nobodys
                else place_hold(con, pepper, found[0], *said)
            )
            audit_of(settings).append(
                "hold-placed", subject=found[0], detail={"hold": placed.hold_id, "because": because}
            )
    if len(found) != 1:
        if as_json:
            print_json({"state": one.state, "candidates": found})
            raise typer.Exit(3)
        kind, option = ("record", "--source-record") if one.unresolved else ("customer", "--customer")
        why = f"more than one {kind} matches: name one with {option}" if found else "no customer matches"
        out.print(styled("[yellow]nothing held[/yellow]: {}.", why))
        for candidate in found:
            out.print(f"  {candidate}", highlight=False)
        raise typer.Exit(3)
    if as_json:
        print_json(asdict(placed))
        return
    out.print(styled("[green]held[/green]: {}.", placed), highlight=False)
    out.print(f"End it with `kundbild hold remove {placed.hold_id[-12:]}`.", highlight=False)


@hold_app.command("list", epilog="Example: kundbild hold list")
def list_holds(as_json: Json = False) -> None:
    """List the holds: why, until when, by whom. No person is named. A hold is deleted a month after it ended."""
    from orchestration.core.clock import now
    from orchestration.privacy.rights.holds import holds

    with locked_warehouse("listing holds") as (con, _):
        found = holds(con, now().date())
    if as_json:
        print_json([asdict(hold) for hold in found])
        return
    table = RichTable("hold", "because", "note", "until", "placed", "by", title="Legal holds")
    today = now().date()
    for hold in found:
        until = f"{hold.until_on}{' (over)' if hold.until_on < today else ''}"
        table.add_row(hold.hold_id[-12:], hold.ground, hold.note or "", until, str(hold.placed_at)[:16], hold.placed_by)
    out.print(table)


@hold_app.command(epilog="Example: kundbild hold remove 8f0c2a1b9d3e")
def remove(
    hold: Annotated[str, typer.Argument(help="A hold, by its id or the end of it.")], as_json: Json = False
) -> None:
    """End a hold. Erasures that a source delivered go on with the next night; repeat those that a command asked for."""
    from orchestration.privacy.rights.holds import lift_hold

    with locked_warehouse("ending a hold") as (con, settings):
        lifted = lift_hold(con, hold)
        audit_of(settings).append("hold-removed", detail={"hold": lifted.hold_id})
    if as_json:
        print_json(asdict(lifted))
        return
    out.print(styled("[green]ended[/green]: {}.", lifted), highlight=False)
    out.print("Look at `kundbild requests --open`: an erasure that it held is to be asked for again.")
