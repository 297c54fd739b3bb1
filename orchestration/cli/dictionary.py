"""`kundbild dictionary`: arguments and what is printed. Not here: the dictionary (contracts/dictionary.py)."""

from __future__ import annotations

import json
from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer
from rich.table import Table as RichTable

from orchestration.cli.console import Json, Overwrite, me, out, print_json, styled
from orchestration.core.home import assert_may_write, write_private

if TYPE_CHECKING:
    from orchestration.contracts.dictionary import Entry


def dictionary(
    table: Annotated[str | None, typer.Argument(help="A table, as dim_customers or bi.fct_orders.")] = None,
    file: Annotated[Path | None, typer.Option("--to", help="Write all of it there: .html, .md or .json.")] = None,
    overwrite: Overwrite = False,
    as_json: Json = False,
) -> None:
    """Describe every published table: what a row is, its columns with type, unit and meaning, and its sources.

    Without a table: the list of tables. It is made of the models' contracts; no data are read.
    """
    from orchestration.contracts.dictionary import as_rows, as_text

    entries = read_entries()
    if table is not None:
        entries = _named(entries, table)
    if file:
        form = file.suffix.removeprefix(".")
        assert_may_write(file, overwrite=overwrite)
        written = json.dumps(as_rows(entries), indent=1, ensure_ascii=False) + "\n" if form == "json" else None
        write_private(file, written or as_text(entries, _readable(form)), overwrite=overwrite)
    if as_json:
        print_json(as_rows(entries))
    elif file:
        out.print(f"Written: {file}", highlight=False)
    elif table is not None:
        for entry in entries:
            _show(entry)
    else:
        listed = RichTable("table", "unique by", "columns", "what it is")
        for entry in entries:
            listed.add_row(entry.name, ", ".join(entry.grain), str(len(entry.columns)), entry.description)
        out.print(listed)
        out.print(styled("Next: [bold]{} dictionary {}[/bold]", me(), entries[0].name))


def read_entries(currency: str | None = None) -> list[Entry]:
    """The dictionary; compiles the dbt project where that is needed. `currency` stands for the company's."""
    from orchestration.contracts.dictionary import read_dictionary
    from orchestration.core.configuration import home_and_config, load_settings
    from orchestration.core.migrations import refuse_newer
    from orchestration.transform.runner import Dbt

    home, config = home_and_config()
    refuse_newer(home)
    settings = load_settings(config)
    dbt = Dbt(settings, home.prepare())
    if dbt.standing_manifest() is None:
        with home.lock("compiling the dbt project"):
            dbt.ensure_manifest()
    return read_dictionary(dbt.manifest(), currency or settings.currency)


def _named(entries: list[Entry], table: str) -> list[Entry]:
    from orchestration.core.errors import KundbildError, did_you_mean

    found = [entry for entry in entries if table in (entry.name, entry.table)]
    if not found:
        near = did_you_mean(table.rpartition(".")[2], sorted({entry.table for entry in entries}), most=3)
        raise KundbildError(
            f"readers get no table {table}" + (f": {near}" if near else ""),
            to_do=f"`{me()} dictionary` lists the tables",
        )
    return found


def _readable(form: str) -> str:
    from orchestration.core.errors import KundbildError

    if form not in ("html", "md"):
        raise KundbildError(f"the dictionary is not written as {form!r}", to_do="name a file .html, .md or .json")
    return form


def _show(entry: Entry) -> None:
    columns = RichTable("column", "type", "unit", "tag", "what it is", title=entry.name)
    for column in entry.columns:
        columns.add_row(column.name, column.type, column.unit, column.tag, column.description)
    out.print(columns)
    out.print(entry.description, highlight=False)
    out.print(f"Unique by {', '.join(entry.grain) or 'nothing that is stated'}.", highlight=False)
    out.print(f"Made of {', '.join(entry.sources)}.", highlight=False)
