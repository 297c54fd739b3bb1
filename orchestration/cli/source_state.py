"""`kundbild source …`, `kundbild backfill`: arguments and what is printed. Not here: work (run/source_state.py)."""

from __future__ import annotations

from dataclasses import asdict
from datetime import datetime
from typing import TYPE_CHECKING, Annotated

import typer
from rich.table import Table as RichTable

from orchestration.cli.console import Json, me, out, print_json, styled
from orchestration.cli.session import home_and_settings, locked_warehouse

if TYPE_CHECKING:
    import duckdb

    from orchestration.core.settings import Settings

source_app = typer.Typer(help="What was read from a source, and how to read it again.", no_args_is_help=True)
Name = Annotated[str, typer.Argument(help="A source of kundbild.toml.")]
OfTable = Annotated[
    list[str] | None, typer.Option("--table", help="One table, may be repeated. Default: all of the source.")
]

OfToken = Annotated[
    bool,
    typer.Option("--token", help="Discard the stored refresh token, and nothing else; use the configured one."),
]


@source_app.command()
def show(name: Name, as_json: Json = False) -> None:
    """Show what was read from each table, when and how, and where the next night starts."""
    from orchestration.run.source_state import keeps_token, source_state

    with locked_warehouse("showing a source", name) as (con, settings):
        found = source_state(con, settings, name)
    if as_json:
        print_json([asdict(one) for one in found])
        return
    table = RichTable(
        "table", "rows", "loads", "last load", "how", "files", "next", "to be read again", title=f"Source {name}"
    )
    for one in found:
        last = f"{one.last_load:%Y-%m-%d %H:%M}" if one.last_load else "never"
        table.add_row(
            one.table, f"{one.rows:,}", str(one.loads), last, one.last_way, str(one.files or ""), one.next, one.again
        )
    out.print(table)
    if keeps_token(*home_and_settings(name), name):
        out.print("A newer refresh token than the configuration's is kept, and used by the next night.")


@source_app.command()
def reset(name: Name, table: OfTable = None, token: OfToken = False, as_json: Json = False) -> None:
    """Forget the reading position: the next night reads everything again. No row is deleted or duplicated."""
    if token:
        from orchestration.run.source_state import forget_token

        was_kept = forget_token(*home_and_settings(name), name)
        if as_json:
            print_json({"source": name, "token_forgotten": was_kept})
        else:
            out.print("The kept refresh token is forgotten." if was_kept else "No refresh token is kept.")
        return
    with locked_warehouse("resetting a source", name) as (con, settings):
        _read_again(con, settings, name, table, None, as_json)


def backfill(
    name: Name,
    from_: Annotated[str, typer.Option("--from", help="From when on: ISO 8601, UTC unless it has an offset.")],
    table: OfTable = None,
    as_json: Json = False,
) -> None:
    """Read a source, or one table of it, again from a date on, with the next night: by the cursor, or files of that date and later.

    Rows are merged by key: none is deleted or duplicated. Where the cursor is not a time, everything is read. An
    earlier, pending request for more data stays.
    """
    from orchestration.core.clock import now
    from orchestration.core.errors import ConfigurationError
    from orchestration.run.preflight import moment_of

    moment = moment_of(from_, "--from")
    if moment > now():
        raise ConfigurationError("nothing is there yet of a day to come", where="--from", to_do="say a day up to today")
    with locked_warehouse("asking for a backfill", name) as (con, settings):
        _read_again(con, settings, name, table, moment, as_json)


def _read_again(
    con: duckdb.DuckDBPyConnection,
    settings: Settings,
    name: str,
    table: list[str] | None,
    moment: datetime | None,
    as_json: bool,
) -> None:
    from orchestration.run.source_state import read_again, requests_that_stand

    files = read_again(con, settings, name, table or [], moment)
    stands = requests_that_stand(con, name, table or list(settings.sources[name].tables))
    if as_json:
        print_json({"source": name, "tables": list(stands), "files": files, "again": stands})
        return
    for one, what in stands.items():
        of_files = f" ({files[one]:,} {'file' if files[one] == 1 else 'files'})" if one in files else ""
        out.print(styled("{}.{}: read again {}{}", name, one, what, of_files), highlight=False)
    out.print(styled("Next: [bold]{} run[/bold] reads it", me()))
