"""`kundbild publish` and `kundbild query`: which publication readers see, and what it answers."""

from __future__ import annotations

from typing import Annotated

import typer
from rich.table import Table as RichTable

from orchestration.cli.console import Json, err, out, print_json, styled
from orchestration.core.errors import KundbildError
from orchestration.publishing.grades import GradeName


def publish(
    list_: Annotated[bool, typer.Option("--list", help="List the publications that are kept.")] = False,
    rollback: Annotated[
        bool, typer.Option("--rollback", help="Go back to the publication before, or to --version.")
    ] = False,
    version: Annotated[str | None, typer.Option(help="Publication to switch to.")] = None,
    as_json: Json = False,
) -> None:
    """List publications, or roll back to an earlier one. Publishing itself is the last step of `kundbild run`."""
    from orchestration.core.configuration import home_and_config
    from orchestration.core.migrations import refuse_newer
    from orchestration.publishing import versions
    from orchestration.publishing.shown import go_back

    home, _ = home_and_config()
    if rollback or version:
        home.prepare()
        with home.lock("rollback"):
            refuse_newer(home)
            publication, problem = go_back(home, version)
        if problem:
            err.print(styled("[yellow]warning[/yellow]: {}", problem), highlight=False)
        if as_json:
            print_json({"version": publication.version, "published_at": publication.published_at, "warning": problem})
            return
        out.print(f"Readers now see {publication.version}, published at {publication.published_at}")
        if publication != versions.list_publications(home)[0]:
            out.print(
                "It shows no audience and no permission: somebody may have withdrawn since. `kundbild run` makes new ones."
            )
        return
    if not list_:
        raise KundbildError("give --list or --rollback", to_do="`kundbild publish --help`; `kundbild run` publishes")
    now = versions.current(home)
    publications = versions.list_publications(home)
    if as_json:
        print_json(
            [
                {
                    "version": p.version,
                    "published_at": p.published_at,
                    "rows": sum(p.tables.values()),
                    "current": p == now,
                }
                for p in publications
            ]
        )
        return
    table = RichTable("version", "published at", "tables", "rows", "")
    for p in publications:
        table.add_row(
            p.version, p.published_at, str(len(p.tables)), f"{sum(p.tables.values()):,}", "current" if p == now else ""
        )
    out.print(table)


def query(
    sql: Annotated[
        str,
        typer.Argument(help="SQL on the tables of the grade: bi_open; bi; or marts, segments, insight and audiences."),
    ],
    grade: Annotated[
        GradeName | None,
        typer.Option(
            help="open: rounded counts; analyst: pseudonymised rows; people: names and contact points. Default: analyst."
        ),
    ] = None,
    people: Annotated[bool, typer.Option("--people", help="The same as --grade people.")] = False,
    timeout: Annotated[float, typer.Option(help="Seconds after which the query is stopped.", min=0.1, max=86_400)] = 60,
    as_json: Json = False,
) -> None:
    """Query one grade of the publication, read-only. Each query is logged: `kundbild audit access`."""
    from orchestration.publishing.grades import GRADES
    from orchestration.publishing.query import ask

    if people and grade not in (None, "people"):
        raise KundbildError("--people and another --grade were both given", to_do="say one of them")
    columns, rows = ask(sql, timeout, grade=GRADES["people" if people else grade or "analyst"])
    if as_json:
        print_json([dict(zip(columns, row, strict=True)) for row in rows])
        return
    table = RichTable(*columns)
    for row in rows:
        table.add_row(*("" if value is None else str(value) for value in row))
    out.print(table)
