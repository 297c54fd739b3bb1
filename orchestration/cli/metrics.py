"""`kundbild metrics …` and `kundbild mcp`: arguments and what is printed. Not here: work (metrics/)."""

from __future__ import annotations

import sys
from typing import Annotated

import typer
from rich.table import Column
from rich.table import Table as RichTable

from orchestration.cli.console import Json, err, me, out, print_json, styled
from orchestration.core.errors import KundbildError

metrics_app = typer.Typer(
    help="Metrics, defined once: what they mean, and their values. Groups of few people are not shown.",
    no_args_is_help=True,
)


@metrics_app.command("list")
def list_metrics(as_json: Json = False) -> None:
    """List the metrics: meaning, unit, owner and dimensions."""
    from orchestration.metrics.catalogue import metrics_told

    told = metrics_told()
    if as_json:
        print_json(told)
        return
    # its name is what one types: it is not cut. The rest shares one column: four would break words on a terminal of 80
    longest = max((len(metric["name"]) for metric in told), default=0)
    name = Column("metric", no_wrap=True, min_width=longest)
    table = RichTable(name, "what it means, its unit and owner, and what it is asked by", show_lines=True)
    for metric in told:
        by = ", ".join([*metric["grains"], *(name.partition("__")[2] for name in metric["dimensions"])])
        table.add_row(
            metric["name"], f"{metric['description']}\nunit: {metric['unit']}; owner: {metric['owner']}\nby: {by}"
        )
    out.print(table)
    out.print(styled("Next: [bold]{} metrics query net_revenue --by channel --grain month[/bold]", me()))


@metrics_app.command(
    epilog="Example: kundbild metrics query net_revenue,orders --by channel --where country=SE,NO --from 2026-01-01 --grain month"
)
def query(
    names: Annotated[
        str, typer.Argument(metavar="NAME[,NAME]", help="Metrics, as `kundbild metrics list` names them.")
    ],
    by: Annotated[str, typer.Option(metavar="DIM[,DIM]", help="Dimensions: a row for each value of them.")] = "",
    where: Annotated[
        list[str] | None,
        typer.Option(
            metavar="DIM=VALUE[,VALUE]",
            help="Only these values; != excludes them; an empty value selects unknown. May be repeated.",
        ),
    ] = None,
    first: Annotated[str, typer.Option("--from", metavar="DAY", help="The first day, as 2026-05-31.")] = "",
    last: Annotated[str, typer.Option("--to", metavar="DAY", help="The last day.")] = "",
    grain: Annotated[str, typer.Option(help="A row for each day, week, month, quarter or year.")] = "",
    timeout: Annotated[float, typer.Option(help="Seconds after which the query is stopped.", min=0.1, max=86_400)] = 60,
    as_json: Json = False,
    as_csv: Annotated[bool, typer.Option("--csv", help="Print CSV.")] = False,
) -> None:
    """Ask the publication for metrics. Each query is logged: `kundbild audit access`.

    Groups of fewer people than the setting `privacy.min_people` are hidden, and the next smallest too, so that subtraction
    cannot reveal them.
    """
    from orchestration.core.spreadsheets import csv_text
    from orchestration.metrics.answer import answer

    if as_json and as_csv:
        raise KundbildError("--json and --csv were both given", to_do="say one of them")
    found = answer(
        _listed(names),
        by=_listed(by),
        where=where or [],
        first=first,
        last=last,
        grain=grain,
        seconds=timeout,
    )
    rows = [[row[column] for column in found.columns] for row in found.rows]
    if as_json:
        print_json(found.as_dict())
        return
    if as_csv:
        sys.stdout.write(csv_text(found.columns, rows))
    else:
        units = [f"{column} ({found.units[column]})" if column in found.units else column for column in found.columns]
        table = RichTable(*units)
        for row in rows:
            # a group without a value is a group too: its label says so
            table.add_row(
                *(
                    "not known" if value is None and column not in found.units else _cell(value)
                    for column, value in zip(found.columns, row, strict=True)
                )
            )
        out.print(table)
    for note in found.told:
        err.print(note, highlight=False)


def mcp() -> None:
    """Serve metrics, tables and definitions to an assistant, by the Model Context Protocol on standard input and output.

    Read-only, of the grade analyst, groups of few people left out; every call is logged: `kundbild audit access`.
    """
    from orchestration.metrics.mcp_server import serve

    serve()


def _listed(text: str) -> list[str]:
    return [part.strip() for part in text.split(",") if part.strip()]


def _cell(value: object) -> str:
    if value is None:
        return ""
    return (
        f"{value:z,.4g}"
        if isinstance(value, float) and abs(value) < 10
        else f"{value:z,.2f}"
        if isinstance(value, float)
        else str(value)
    )
