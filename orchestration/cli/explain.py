"""`kundbild explain`: arguments and what is printed. Not here: why records are one customer (identity/explain.py)."""

from __future__ import annotations

from dataclasses import asdict
from pathlib import Path
from typing import Annotated

import typer
from rich.table import Table as RichTable

from orchestration.cli.console import Json, Overwrite, out, print_json, styled
from orchestration.cli.session import audit_of, locked_warehouse
from orchestration.core.home import assert_may_write, write_private


def explain(
    subject: Annotated[str, typer.Argument(help="Current or former customer id, or a source record as system:key.")],
    with_: Annotated[
        str | None, typer.Option("--with", help="Another source record: why the two are one customer, or are not.")
    ] = None,
    html: Annotated[
        Path | None, typer.Option(help="Write a page with the evidence as charts; it is made private.")
    ] = None,
    overwrite: Overwrite = False,
    as_json: Json = False,
) -> None:
    """Why these records are one customer: the records, what joins them in plain words, the history of the id."""
    from orchestration.core.configuration import home_and_config
    from orchestration.identity.explain import explain as explain_subject
    from orchestration.identity.explain_page import in_words, write_page
    from orchestration.identity.model import nightly_model

    if html:
        assert_may_write(html, overwrite=overwrite)
    home, _ = home_and_config()
    with locked_warehouse("explaining a customer") as (con, settings):
        explanation = explain_subject(con, subject, nightly_model(home), with_)
        for customer in explanation.customers:
            audit_of(settings).append("explained a customer", subject=customer)
    if html:
        write_private(html, write_page(explanation))
    if as_json:
        print_json(asdict(explanation))
        return
    out.print(styled("Customer [bold]{}[/bold]", explanation.customer_id), highlight=False)
    table = RichTable("record", "name", "email", "phone", "born", "address", "since")
    for record in explanation.records:
        name = record["full_name"] or " ".join(filter(None, (record["given_name"], record["family_name"])))
        address = ", ".join(filter(None, (record["street"], record["postal_code"], record["city"])))
        said = (
            record["record"],
            name,
            record["email"],
            record["phone"],
            record["birth_date"],
            address,
            record["customer_since"],
        )
        table.add_row(*(str(value) if value is not None else "" for value in said))
    out.print(table)
    if explanation.golden:
        golden = RichTable("field", "value", "from", "changed", "")
        for field in explanation.golden:
            doubt = "records disagree" if field["is_conflicting"] else ""
            golden.add_row(
                field["field"].replace("_", " "), field["value"], field["record"], str(field["changed_at"]), doubt
            )
        out.print(golden)
    for link in explanation.links:
        out.print(
            styled(
                "[bold]{}[/bold] and [bold]{}[/bold]: {}", ":".join(link.left), ":".join(link.right), in_words(link)
            ),
            highlight=False,
        )
        if link.veto:
            out.print(styled("  [red]vetoed: {}[/red]", link.veto))
        for step in link.steps:
            out.print(f"  {step.bits:+6.1f}  {step.name}: {step.found}", highlight=False)
    for event in explanation.history:
        out.print(
            f"{event['occurred_at']}  {event['kind']}: {event['from_customer_id'] or '-'} → {event['to_customer_id'] or '-'}, "
            f"{event['record_count']} records ({event['reason']}{': ' + event['edge'] if event['edge'] else ''})",
            highlight=False,
        )
    if html:
        out.print(f"The page: {html}. It holds personal data: delete it when it is done.")
