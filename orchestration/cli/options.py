"""Options that several commands have, each said once. Not here: what is printed (console.py)."""

from __future__ import annotations

from typing import TYPE_CHECKING, Annotated

import typer

from orchestration.cli.console import all_asked, all_numbers_asked, asked, number_asked

if TYPE_CHECKING:
    from orchestration.privacy.rights.subjects import Subject

_NUMBER = "A phone number, in any spelling; - reads it from standard input."

Received = Annotated[
    str,
    typer.Option(
        "--received",
        help="When the request came, as 2026-05-31. The one-month deadline starts on this date. Default: today.",
    ),
]
OneCustomer = Annotated[str | None, typer.Option("--customer", help="Current or former customer id.")]
OneEmail = Annotated[
    str | None,
    typer.Option("--email", help="An email address, in any spelling; - reads it from standard input.", callback=asked),
]
OnePhone = Annotated[str | None, typer.Option("--phone", help=_NUMBER, callback=number_asked)]
OneRecord = Annotated[str | None, typer.Option("--source-record", help="A source record, as crm:1042.")]
Customers = Annotated[
    list[str] | None, typer.Option("--customer", help="Current or former customer id; may be repeated.")
]
Emails = Annotated[
    list[str] | None,
    typer.Option(
        "--email", help="An email address, in any spelling; - reads it from standard input.", callback=all_asked
    ),
]
Phones = Annotated[list[str] | None, typer.Option("--phone", help=_NUMBER, callback=all_numbers_asked)]
SourceRecords = Annotated[list[str] | None, typer.Option("--source-record", help="A source record, as crm:1042.")]


def one_subject(customer: str | None, email: str | None, phone: str | None, source_record: str | None) -> Subject:
    """Whom the four options name. Raises KundbildError unless it is one of them."""
    from orchestration.privacy.rights.subjects import Subject

    return Subject(customer=customer, email=email, phone=phone, source_record=source_record)
