"""`kundbild consent …`: arguments and what is printed. Not here: the reason (privacy/rights/consent.py)."""

from __future__ import annotations

from dataclasses import asdict
from datetime import datetime
from typing import Annotated

import typer

from orchestration.cli.console import Json, out, print_json, styled
from orchestration.cli.session import audit_of, locked_warehouse

consent_app = typer.Typer(help="Who may be contacted, for what, on which channel, and why.", no_args_is_help=True)


@consent_app.callback()
def consent() -> None:
    """Who may be contacted, for what, on which channel, and why."""


@consent_app.command()
def explain(
    customer: Annotated[str, typer.Option(help="Current or former customer id.")],
    purpose: Annotated[str, typer.Option(help="What for, as in the seed purposes: newsletter, offers, survey, …")],
    channel: Annotated[str, typer.Option(help="A channel of dbt_project/seeds/channels.csv, as email.")],
    at: Annotated[
        datetime | None, typer.Option(help="The permission at this time (UTC). Default: as of the last night.")
    ] = None,
    as_json: Json = False,
) -> None:
    """Why a customer may be contacted, or may not: decision, reason, the statement that decided, its evidence."""
    from orchestration.privacy.rights.consent import explain_permission

    with locked_warehouse("explaining a permission") as (con, settings):
        decision = explain_permission(con, customer, purpose, channel, at)
        audit_of(settings).append(
            "explained a permission", subject=decision.customer_id, detail={"purpose": purpose, "channel": channel}
        )
    if as_json:
        print_json(asdict(decision))
        return
    verdict = "[green]permitted[/green]" if decision.is_permitted else "[red]not permitted[/red]"
    out.print(styled("{} by {} at {} UTC: " + verdict, purpose, channel, f"{decision.at:%Y-%m-%d %H:%M}"))
    out.print(f"  {decision.reason}", highlight=False)
    if decision.deciding_event:
        since = f", since {decision.decided_at:%Y-%m-%d %H:%M}" if decision.decided_at else ""
        out.print(f"  decided by {decision.deciding_event}{since}", highlight=False)
    if decision.contact_point:
        out.print(f"  on {decision.contact_point} and on no other address or number", highlight=False)
    for name, value in decision.evidence.items():
        out.print(f"  {name.replace('_', ' ')}: {value}", highlight=False)
