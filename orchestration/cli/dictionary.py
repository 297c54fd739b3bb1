"""`kundbild dictionary`: arguments and what is printed. Not here: the dictionary (contracts/dictionary.py)."""

from __future__ import annotations

import json
from collections.abc import Sequence
from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer
from rich.table import Column
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
        _print_names(
            "table",
            [(e.name, f"{e.description}\n{len(e.columns)} columns, unique by {_unique_by(e)}") for e in entries],
        )
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
    said = [
        (one.name, f"{one.description}\n{'; '.join(filter(None, (one.type, one.unit, one.tag)))}")
        for one in entry.columns
    ]
    _print_names("column", said, title=entry.name)
    out.print(entry.description, highlight=False)
    out.print(f"Unique by {_unique_by(entry)}.", highlight=False)
    out.print(f"Made of {', '.join(entry.sources)}.", highlight=False)


def _unique_by(entry: Entry) -> str:
    return ", ".join(entry.grain) or "nothing that is stated"


def _print_names(kind: str, rows: Sequence[tuple[str, str]], title: str | None = None) -> None:
    """Names with what is said of them. A name is what one types: it is not cut. The rest shares one column: four would break words on a
    terminal of 80."""
    longest = max((len(name) for name, _ in rows), default=0)
    name = Column(kind, no_wrap=True, min_width=longest)
    what = "what it is; type; unit; tag" if kind == "column" else "what it is"
    table = RichTable(name, what, title=title, show_lines=True)
    for row in rows:
        table.add_row(*row)
    out.print(table)
