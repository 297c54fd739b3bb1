"""Options that several commands have, each said once. Not here: what is printed (console.py)."""

from __future__ import annotations

from typing import Annotated

import typer

from orchestration.cli.console import all_asked, asked

Received = Annotated[
    str,
    typer.Option("--received", help="When the request came, as 2026-05-31: its month begins then. Today unless given."),
]
OneCustomer = Annotated[str | None, typer.Option("--customer", help="A customer_id, an old one too.")]
OneEmail = Annotated[
    str | None,
    typer.Option("--email", help="An email address, in any spelling; - reads it from standard input.", callback=asked),
]
OneRecord = Annotated[str | None, typer.Option("--source-record", help="A source record, as crm:1042.")]
Customers = Annotated[
    list[str] | None, typer.Option("--customer", help="A customer_id, an old one too; may be repeated.")
]
Emails = Annotated[
    list[str] | None,
    typer.Option(
        "--email", help="An email address, in any spelling; - reads it from standard input.", callback=all_asked
    ),
]
SourceRecords = Annotated[list[str] | None, typer.Option("--source-record", help="A source record, as crm:1042.")]
