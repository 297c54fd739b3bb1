"""`kundbild add-source`, `preview`, `add-system`: arguments and what is printed. Not here: looking (proposals/), templates (transform/)."""

from __future__ import annotations

import sys
from dataclasses import asdict
from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer
from rich.table import Table as RichTable

from orchestration.cli.console import Json, Watch, err, me, out, print_json, print_rows, styled

if TYPE_CHECKING:
    from orchestration.proposals.found import FoundTable, ProposedSource

Name = Annotated[str, typer.Argument(help="Name of the source: lower case, becomes raw_<name>.")]


def add_source(
    name: Name,
    from_: Annotated[
        str,
        typer.Option(
            "--from",
            help="A file, a folder, a .zip, a URL that fsspec reads (s3://, sftp://), a database (postgresql://), or an API.",
        ),
    ],
    yes: Annotated[bool, typer.Option("--yes", help="Write the block without asking.")] = False,
    as_json: Json = False,
    vendor: Annotated[
        str | None,
        typer.Option(
            help="The API's vendor (woocommerce), where the address does not show it; docs/vendors lists them."
        ),
    ] = None,
    kind: Annotated[str | None, typer.Option(hidden=True)] = None,
) -> None:
    """Look at files, a database or an API, propose how they are mapped, and write it to kundbild.toml after a yes.

    Every row of a file is read: the types fit all rows, and a key is unique. Of a database it reads up to 100,000 rows
    of each table, of an API 1,000. Nothing is written there, and no data leaves the machine.

    An API is asked with the bearer token in NAME_TOKEN (SHOP_TOKEN of a source shop), if it is set; docs/apis.md has API keys, HTTP basic, OAuth2 and
    all ways to page. Values of objects become columns (customer.id), and lines of orders a table of their own. The API of a vendor that is known is not
    asked: its block says which secrets it needs.
    """
    from orchestration.core.configuration import home_and_config
    from orchestration.proposals.company_currency import with_company_currency
    from orchestration.proposals.propose import propose
    from orchestration.proposals.written import assert_name_is_free, company_of, write_source

    if kind is not None:
        err.print(styled("[yellow]warning[/yellow]: with --kind this is [bold]add-system[/bold] now; the old name goes with the next version"))  # fmt: skip
        add_system(name, kind, from_)
        return
    _, config = home_and_config()
    assert_name_is_free(config, name)
    company = company_of(config)
    found = with_company_currency(propose(name, from_, company.currency, company.purposes, vendor), company)
    if as_json and not yes:
        print_json(_as_dict(found))
        return
    if not as_json:
        _print(found)
        print(found.block)
    if not yes and not (sys.stdin.isatty() and typer.confirm(f"Write it to {config}?", err=True)):
        out.print(styled("Nothing is written: [bold]--yes[/bold] writes it to {}", config), highlight=False)
        return
    write_source(config, found.block, variables={**dict.fromkeys(found.to_set, "…"), **found.variables})
    too_old = [] if found.variables or found.to_set else _too_old(config, found.names)
    if as_json:
        print_json(_as_dict(found) | {"written_to": str(config), "too_old": too_old})
        return
    for variable in found.variables:
        out.print(styled("First set what stood in the URL, as it stood there: [bold]export {}=…[/bold]", variable))
    out.print(styled("[green]added[/green] to {}", config), highlight=False)
    for variable in found.to_set:
        out.print(styled("First set: [bold]export {}=…[/bold]", variable))
    for line in too_old:
        out.print(styled("[yellow]old[/yellow] {}", line), highlight=False)
    previews = ", ".join("[bold]{} preview {}[/bold]" for _ in found.names)
    said = [value for each in found.names for value in (me(), each)]
    out.print(styled(f"Next: {previews}, then [bold]{{}} run[/bold]", *said, me()))


def _too_old(config: Path, names: list[str]) -> list[str]:
    """What a night would not keep of the sources that were added, and why that is not known where they cannot be read."""
    from orchestration.core.configuration import load_settings
    from orchestration.core.errors import KundbildError
    from orchestration.run.preview import too_old_of

    told = []
    for name in names:
        try:
            told += too_old_of(load_settings(config, read_sources=[name]), name)
        except KundbildError as error:
            told.append(f"{name}: whether rows are too old to be kept is not known: {error.what}")
    return told


def _as_dict(found: ProposedSource) -> dict[str, object]:
    tables = [
        {
            "table": table.name, "files": table.files, "rows": table.rows, "key": list(table.key), "withheld": table.withheld,
            "looked_at": table.looked_at, "is_view": table.is_view, "problem": table.problem, "not_read": table.not_read, "maps": [asdict(one) for one in table.maps],
            "columns": {column.name: column.kind for column in table.columns},
            "vendor": asdict(table.vendor) if table.vendor else None,
        }
        for table in found.tables
    ]  # fmt: skip
    return {
        "sources": found.names,
        "tables": tables,
        "ignored": found.ignored,
        "notes": found.notes,
        "variables": [*found.variables, *found.to_set],
        "block": found.block,
    }


def _print(found: ProposedSource) -> None:
    table = RichTable("table", "files", "rows", "key", "is", "sure", title="What was found")
    for one in found.tables:
        table.add_row(one.name, str(one.files or ""), _rows(one), " + ".join(one.key) or "none", *_is(one))
    out.print(table)
    columns = RichTable("table", "column", "type", "becomes", "why")
    for one in found.tables:
        for column in one.columns if not one.vendor else []:
            becomes = [(m.entity, f) for m in one.maps if not m.missing for f in m.filled if column.name in f.columns]
            targets = ", ".join(f"{entity}.{f.target}" for entity, f in becomes)
            if column.name in one.withheld:
                targets, why = "never read", one.withheld[column.name]
            else:
                why = becomes[0][1].why if becomes else ""
            columns.add_row(one.name, column.name, column.formats[0] if column.formats else column.kind, targets, why)
    if columns.rows:
        out.print(columns)
    for one in found.tables:
        if one.problem:
            out.print(styled("[yellow]not read[/yellow] {}: {}", one.name, one.problem), highlight=False)
        for proposal in one.maps:
            if proposal.missing and not proposal.notes:
                said = ", ".join(proposal.missing)
                out.print(styled("[yellow]not mapped[/yellow] {} as {}: no column is its {}", one.name, proposal.entity, said), highlight=False)  # fmt: skip
    for note in found.notes:
        out.print(styled("[yellow]look at[/yellow] {}", note), highlight=False)
    if found.ignored:
        out.print(
            f"Not looked at: {', '.join(found.ignored[:8])}{' …' if len(found.ignored) > 8 else ''}", highlight=False
        )


def _rows(table: FoundTable) -> str:
    if table.vendor and table.vendor.form == "api":
        return ""
    if table.looked_at is None:
        return f"{table.rows:,}"
    return f"{table.looked_at:,} of {table.rows:,} or more"


def _is(table: FoundTable) -> tuple[str, str]:
    if table.vendor:
        return table.vendor.told, "100%"
    usable = [one for one in table.maps if not one.missing]
    if table.lent and not usable:
        return "looked up by orders", ""
    if not usable:
        return "nothing that is known", ""
    return ", ".join(one.entity for one in usable), f"{usable[0].sureness:.0%}"


def preview(name: Annotated[str, typer.Argument(help="A source of kundbild.toml.")], as_json: Json = False) -> None:
    """Show what the maps of a source make of its newest files, or of the first rows of its tables: rows (masked), counts, and what is set aside and why.

    Nothing is written to the home folder. It takes seconds, and longer where a file is large.
    """
    from orchestration.core.configuration import home_and_config, load_settings
    from orchestration.run.preview import preview as previewed

    _, config = home_and_config()
    with Watch("preview") as show:
        found = previewed(load_settings(config, read_sources=[name]), name, lambda said: show("preview", said))
    if as_json:
        print_json(asdict(found))
        return
    for one in found.entities:
        print_rows(f"{one.entity}: {one.rows:,} rows", one.columns, [list(row.values()) for row in one.shown])
        if one.empty:
            out.print(f"  not filled: {', '.join(one.empty)}", highlight=False)
    for raw, rows in found.raw_rows.items():
        out.print(f"{raw}: {rows:,} rows were read", highlight=False)
    for line in found.set_aside:
        out.print(styled("[yellow]rows[/yellow] {}", line), highlight=False)
    for line in found.too_old:
        out.print(styled("[yellow]old[/yellow] {}", line), highlight=False)
    for line in found.lacking:
        out.print(styled("[yellow]look at[/yellow] {}", line), highlight=False)


def add_system(
    name: Name,
    kind: Annotated[
        str, typer.Option(help="What it is: webshop, crm, email, survey, analytics, finance, support, register.")
    ],
    from_: Annotated[str, typer.Option("--from", help="A file, a folder, a SQLAlchemy URL or an API's base URL.")],
) -> None:
    """Scaffold a system: its block for kundbild.toml, its module, and staging models with every conformed column listed."""
    from orchestration.transform.scaffold import scaffold

    made = scaffold(name, kind, from_)
    for path in made.files:
        out.print(styled("[green]made[/green] {}", path))
    out.print("\nAdd this to kundbild.toml:\n")
    print(made.block)
    out.print(styled("Then fill in the staging models, and [bold]{0} doctor[/bold], [bold]{0} run[/bold]", me()))
