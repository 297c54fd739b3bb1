"""`kundbild scores …`: arguments and what is printed. Not here: work (prediction/)."""

from __future__ import annotations

from datetime import date
from pathlib import Path
from typing import Annotated

import typer

from orchestration.cli.console import Json, out, print_json
from orchestration.core.errors import KundbildError

scores_app = typer.Typer(help="What customers will do, and how sure that is.", no_args_is_help=True)


@scores_app.command(
    epilog="Example: kundbild scores forecast orders.csv --customer customer --date date --amount amount --until 2027-06-30"
)
def forecast(
    file: Annotated[Path, typer.Argument(help="A row for each transaction: CSV, TSV, Parquet or JSON Lines.")],
    customer: Annotated[str, typer.Option(help="The column that says who bought.")],
    day: Annotated[str, typer.Option("--date", help="The column of the day, or of the moment.")],
    amount: Annotated[str, typer.Option(help="The column of the amount; negative where it is a refund.")],
    until: Annotated[str, typer.Option(help="The day to forecast to: YYYY-MM-DD.")],
    fit_until: Annotated[
        str | None,
        typer.Option("--fit-until", "--from", help="The last day that the forecast may know. Default: the file's."),
    ] = None,
    date_format: Annotated[
        str | None,
        typer.Option(help="How dates are written, as of strptime: %d/%m/%Y. Default: YYYY-MM-DD or YYYYMMDD."),
    ] = None,
    as_json: Json = False,
) -> None:
    """Forecast purchases and value of each customer until a day, from a file of your own.

    Nothing is stored.
    """
    from orchestration.prediction.forecast import forecast_file

    found = forecast_file(
        file,
        customer=customer,
        day=day,
        amount=amount,
        until=_day(until, "--until"),
        fit_until=_day(fit_until, "--fit-until") if fit_until else None,
        date_format=date_format,
    )
    if as_json:
        print_json(found.as_dict())
        return
    out.print(
        f"{found.customers:,} customers: {found.expected_purchases:,.0f} purchases expected, worth {found.expected_value:,.2f}"
    )


def _day(value: str, option: str) -> date:
    try:
        return date.fromisoformat(value)
    except ValueError:
        raise KundbildError(f"{option} is not a day", to_do=f"write it as {option} 2027-06-30") from None
