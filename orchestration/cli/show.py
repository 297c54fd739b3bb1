"""`kundbild show`: arguments and what is printed. Not here: the customer (insight/customer_picture.py)."""

from __future__ import annotations

from dataclasses import asdict
from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer
from rich.columns import Columns
from rich.table import Table as RichTable

from orchestration.cli.console import Json, Overwrite, out, print_json, styled
from orchestration.cli.session import audit_of, locked_warehouse
from orchestration.core.home import assert_may_write, write_private

if TYPE_CHECKING:
    from orchestration.insight.customer_picture import Picture

_ON_A_SCREEN = 15


def show(
    customer: Annotated[str, typer.Argument(help="Current or former customer id, or a source record as system:key.")],
    html: Annotated[Path | None, typer.Option(help="Write a page with a timeline; it is made private.")] = None,
    overwrite: Overwrite = False,
    as_json: Json = False,
) -> None:
    """One customer on a screen: who, how much, in which segments, what is permitted, and what happened last.

    The look is logged in the audit log. `kundbild explain` shows why its records are one customer.
    """
    from orchestration.insight.customer_picture import read_picture, score_in_words, width_in_words, write_page
    from orchestration.insight.customer_words import in_words, name_in_words
    from orchestration.privacy.audit.access import SHOWN

    if html:
        assert_may_write(html, overwrite=overwrite)
    with locked_warehouse("showing a customer") as (con, settings):
        picture = read_picture(con, customer)
        audit_of(settings).append(SHOWN, subject=picture.customer_id)
    if html:
        write_private(html, write_page(picture), overwrite=overwrite)
    if as_json:
        print_json(asdict(picture))
        return
    out.print(styled("[bold]{}[/bold]  {}", picture.name or "Customer", picture.customer_id), highlight=False)
    for title, row in (("Who", picture.facts), *picture.parts.items(), *picture.segments.items()):
        cells = [
            styled("{}: [bold]{}[/bold]", name_in_words(name), in_words(value, name))
            for name, value in row.items()
            if name not in ("full_name", "customer_key")
        ]
        out.print(styled("\n[bold]{}[/bold]", title.replace("_", " ").capitalize()))
        out.print(Columns(cells, padding=(0, 3)))
    if picture.undelivered:
        said = f"No source delivers these, so nothing of them is known: {', '.join(picture.undelivered)}."
        out.print(styled("\n{}", said), highlight=False)
    _print_of_life(picture)
    if picture.scores:
        scores = RichTable(
            "score", "value", "how sure", "tenth", "why", title="What to expect: estimates, a person decides"
        )
        scores.columns[0].no_wrap = True
        for row in picture.scores:
            scores.add_row(row["score"], score_in_words(row), width_in_words(row), str(row["decile"]), row["reasons"])
        out.print(scores)
    table = RichTable("purpose", "channel", "permitted", "contact point", "why", title="What is permitted")
    for row in picture.permissions:
        table.add_row(
            row["purpose"], row["channel"], in_words(row["is_permitted"]), row["contact_point"] or "", row["reason"]
        )
    out.print(table)
    events = RichTable("when (UTC)", "kind", "what", title="What happened last")
    for event in picture.events[:_ON_A_SCREEN]:
        events.add_row(f"{event.at:%Y-%m-%d %H:%M}", event.lane, event.what)
    out.print(events)
    if picture.event_count > _ON_A_SCREEN:
        out.print(
            f"{_ON_A_SCREEN} of {picture.event_count:,} events: --html FILE shows more, on a timeline.", highlight=False
        )
    if html:
        out.print(f"The page: {html}. It holds personal data: delete it when it is done.", highlight=False)


def _print_of_life(picture: Picture) -> None:
    """Life events, and what the customer or others said of them, where there are any."""
    from orchestration.insight.customer_words import in_words

    if picture.life_events:
        life = RichTable("day", "what", "known from", title="Life events")
        for row in picture.life_events:
            life.add_row(in_words(row["happened_on"]), row["event"], row["told_by"])
        out.print(life)
    if picture.attributes:
        given = RichTable("attribute", "value", "origin", "seen (UTC)", title="What they or others said of them")
        for row in picture.attributes:
            seen = in_words(row["observed_at"]) if row["observed_at"] else ""
            given.add_row(row["attribute_name"], row["attribute_value"], row["origin"] or "", seen)
        out.print(given)
