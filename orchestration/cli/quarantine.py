"""`kundbild quarantine …`: arguments and what is printed. Not here: work (set_aside.py)."""

from __future__ import annotations

from dataclasses import asdict
from typing import Annotated

import typer

from orchestration.cli.console import Json, me, out, print_json, styled
from orchestration.cli.session import audit_of, locked_warehouse

quarantine_app = typer.Typer(help="Rows that are in no mart: table, number and reason.", no_args_is_help=True)


@quarantine_app.command("list")
def list_(
    keys: Annotated[
        bool,
        typer.Option(
            "--keys",
            help="List each row that staging set aside, and each withdrawal without a known person, by its key.",
        ),
    ] = False,
    as_json: Json = False,
) -> None:
    """What was set aside, by source, table and reason; with --keys, row by row."""
    from orchestration.core.migrations import of_this_version
    from orchestration.privacy.audit.access import LISTED_ROWS
    from orchestration.run.set_aside import read_set_aside, set_aside_rows

    # dbt's tables of the quarantine are of the last night's project
    with locked_warehouse("listing what is set aside") as (con, settings), of_this_version("what is set aside"):
        if keys:
            rows = con.execute(
                f"select source_system, entity, source_key, kind, reason from ({set_aside_rows(con)}) order by all"
            ).fetchall()
            audit_of(settings).append(LISTED_ROWS, detail={"rows": len(rows)})
            found = [dict(zip(("source", "table", "key", "kind", "reason"), row, strict=True)) for row in rows]
            lines = [f"{r['source']} {r['table']} {r['key']}: {r['reason']}" for r in found]
        else:
            told = read_set_aside(con)
            found, lines = [asdict(one) for one in told], [str(one) for one in told]
    if as_json:
        print_json(found)
        return
    for line in lines:
        out.print(styled("{}", line), highlight=False)
    if not lines:
        out.print("Nothing is set aside.")
        return
    out.print(
        styled("Next: fix them at the source, or [bold]{} quarantine acknowledge SOURCE TABLE --note …[/bold]", me())
    )


@quarantine_app.command()
def acknowledge(
    source: Annotated[str, typer.Argument(help="Source, as `kundbild quarantine list` names it.")],
    table: Annotated[str, typer.Argument(help="Entity that the rows should have become.")],
    note: Annotated[str, typer.Option(help="What was done about them; kept.")],
    key: Annotated[str | None, typer.Option(help="Key of one row. Default: all rows of the table.")] = None,
) -> None:
    """Acknowledge set-aside rows: they no longer hold a publication.

    A row that comes again is new. A withdrawal without a known person stays acknowledged while its content is the same.
    """
    from orchestration.core.migrations import of_this_version
    from orchestration.run.set_aside import acknowledge as acknowledge_rows

    with locked_warehouse("acknowledging set-aside rows") as (con, settings), of_this_version("what is set aside"):
        rows = acknowledge_rows(con, source, table, key, note)
        audit_of(settings).append(
            "acknowledged set-aside rows", detail={"source": source, "table": table, "rows": rows}
        )
    out.print(styled("{} rows are acknowledged. Next: [bold]{} run[/bold]", f"{rows:,}", me()))
