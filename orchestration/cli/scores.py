"""`kundbild scores …`: arguments and what is printed. Not here: work (prediction/)."""

from __future__ import annotations

from datetime import date
from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer
from rich.table import Table as RichTable

from orchestration.cli.console import Json, Overwrite, out, print_json
from orchestration.cli.evaluation_tables import print_evaluation
from orchestration.cli.nightly_scores import assert_card, list_scores, show_score, train_scores
from orchestration.cli.uplift import uplift
from orchestration.core.errors import KundbildError
from orchestration.core.home import write_private

if TYPE_CHECKING:
    from orchestration.prediction.forecast_file import FileForecast
    from orchestration.prediction.forecast_quality import Quality

scores_app = typer.Typer(help="What customers are expected to do, with its uncertainty.", no_args_is_help=True)
scores_app.command("list")(list_scores)
scores_app.command("show", epilog="Example: kundbild scores show churn_shop")(show_score)
scores_app.command("train", epilog="Example: kundbild scores train churn_contract")(train_scores)
scores_app.command(
    epilog="Example: kundbild scores uplift sent.csv --arm variant --control none --outcome bought --id customer"
)(uplift)


@scores_app.command(
    epilog="Example: kundbild scores forecast orders.csv --customer customer --date date --amount amount --until 2027-06-30"
)
def forecast(
    file: Annotated[Path, typer.Argument(help="A row for each transaction: CSV, TSV, Parquet or JSON Lines.")],
    customer: Annotated[str, typer.Option(help="The column of the customer's id.")],
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
    to: Annotated[Path | None, typer.Option(help="Write the customers' scores to this .csv or .parquet file.")] = None,
    overwrite: Overwrite = False,
    as_json: Json = False,
) -> None:
    """Forecast purchases and value of each customer until a day, from a file of your own.

    Rows after --fit-until take no part in the forecast: they measure it. Purchases of one day are one. Nothing else is stored.
    """
    from orchestration.prediction.forecast_file import forecast_file

    found = forecast_file(
        file,
        customer=customer,
        day=day,
        amount=amount,
        until=_day(until, "--until"),
        fit_until=_day(fit_until, "--fit-until") if fit_until else None,
        date_format=date_format,
        to=to,
        overwrite=overwrite,
    )
    if as_json:
        print_json(found.as_dict())
        return
    print_forecast(found, to)


def print_forecast(found: FileForecast, to: Path | None) -> None:
    scores = found.scores
    out.print(
        f"{len(scores.low):,} customers, from {scores.fit_until} to {scores.until}, by: {scores.model}", highlight=False
    )
    table = RichTable("all together", "expected", "90 % interval", "sum of the customers' scores")
    for name, total, places in (("purchases", scores.purchases, 0), ("value", scores.value, 2)):
        interval = f"{total.low:,.{places}f} to {total.high:,.{places}f}"
        table.add_row(name, f"{total.expected:,.{places}f}", interval, f"{total.by_model:,.{places}f}")
    out.print(table)
    for window in scores.windows:
        _print_quality(f"Past window {window.fit_until} to {window.until}", window.purchases, window.quality)
    if not scores.windows:
        out.print("The file is too short to try the model on a past window: the interval is as wide as shops differ.")
    if found.holdout:
        whole = "" if found.holdout["is_whole"] else " (the file ends before)"
        from orchestration.prediction.forecast_quality import Quality

        quality = {name: Quality(**measures) for name, measures in found.holdout["quality"].items()}
        _print_quality(f"Held out, after {scores.fit_until}{whole}", found.holdout["purchases"], quality)
    for reason, count in found.read.left_out.items():
        out.print(f"Left out: {count:,} rows ({reason})", highlight=False)
    if found.read.refunds:
        out.print(f"{found.read.refunds:,} refunds lower the value and are not purchases", highlight=False)
    if to is None:
        out.print("The score of each customer: --json, or --to FILE", highlight=False)
    else:
        out.print(f"Scores: {to}", highlight=False)


def _print_quality(title: str, purchases: int, quality: dict[str, Quality]) -> None:
    table = RichTable(
        "forecast",
        "correlation",
        "mean error",
        "total",
        "held by the top tenth",
        title=f"{title}: {purchases:,} purchases",
    )
    for name, found in quality.items():
        table.add_row(
            name,
            _told(found.correlation, ".3f"),
            f"{found.mae:.3f}",
            _told(found.total_error, "+.1%"),
            _told(found.top_tenth, ".1%"),
        )
    out.print(table)


@scores_app.command(
    epilog="Example: kundbild scores evaluate --train 2025.csv --test 2026.csv --label churned --id customer"
)
def evaluate(
    train: Annotated[
        Path, typer.Option(help="A row for each customer to learn from: CSV, TSV, Parquet or JSON Lines.")
    ],
    label: Annotated[str, typer.Option(help="The column of the outcome: yes or no.")],
    test: Annotated[
        Path | None,
        typer.Option(help="Customers to measure on, preferably from a later period. Default: folds of --train."),
    ] = None,
    id_column: Annotated[str | None, typer.Option("--id", help="The column of the customer's id.")] = None,
    positive: Annotated[
        str | None, typer.Option(help="The value of the label that means yes, where it is not yes, true or 1.")
    ] = None,
    folds: Annotated[
        int | None, typer.Option(min=2, max=20, help="Parts that --train is cut into. Default: 5.")
    ] = None,
    repeats: Annotated[
        int | None, typer.Option(min=1, max=20, help="How many times --train is cut again. Default: 1.")
    ] = None,
    without: Annotated[list[str] | None, typer.Option(help="A column not to learn from. May be repeated.")] = None,
    keep: Annotated[
        list[str] | None, typer.Option(help="A column to learn from although it looks like a leak. May be repeated.")
    ] = None,
    card: Annotated[Path | None, typer.Option(help="Write the model card to this .html file.")] = None,
    overwrite: Overwrite = False,
    as_json: Json = False,
) -> None:
    """Measure how well a yes or no can be predicted from labelled customers of your own, with the uncertainty.

    A model learns from some customers and is measured on others, beside simple rules. Nothing is stored but the --card.
    """
    from orchestration.prediction.classify.card import write_card
    from orchestration.prediction.classify.evaluate import evaluate_files

    if card is not None:
        assert_card(card, overwrite=overwrite)
    found = evaluate_files(
        train,
        test,
        label=label,
        id_column=id_column,
        positive=positive,
        folds=folds,
        repeats=repeats,
        without=without or (),
        keep=keep or (),
    )
    if card is not None:
        write_private(card, write_card(found), overwrite=overwrite)
    if as_json:
        print_json(found.as_dict())
        return
    print_evaluation(found)
    if card is not None:
        out.print(f"Model card: {card}", highlight=False)


def _told(value: float | None, how: str) -> str:
    return "" if value is None else format(value, how)


def _day(value: str, option: str) -> date:
    try:
        return date.fromisoformat(value)
    except ValueError:
        raise KundbildError(f"{option} is not a day", to_do=f"write it as {option} 2027-06-30") from None
