"""`kundbild breach`: arguments and what is printed. Not here: work (privacy/rights/breach.py)."""

from __future__ import annotations

from dataclasses import asdict
from pathlib import Path
from typing import Annotated

import typer
from rich.table import Table as RichTable

from orchestration.cli.console import Json, Overwrite, out, print_json, styled
from orchestration.core.home import Home, assert_may_write, write_private


def breach(
    target: Annotated[
        str,
        typer.Argument(help="A leaked file or folder, or a publication, as `kundbild publish --list` names it."),
    ],
    customers: Annotated[
        Path | None,
        typer.Option(help="Write the customer ids of all people in it to this file, to inform them (Art. 34)."),
    ] = None,
    notification: Annotated[
        Path | None, typer.Option(help="Write what Art. 33(3) asks for there, as Markdown to complete.")
    ] = None,
    overwrite: Overwrite = False,
    as_json: Json = False,
) -> None:
    """Show who and what is in leaked data: people, columns by category, special categories, countries, matching exports.

    A CSV, text, Parquet, JSON or DuckDB file, text also as .gz, a folder of them, or a publication. Exports are
    recognised by their content or by the people in them. Notify the authority within 72 hours (Art. 33).
    """
    from orchestration.cli.session import audit_of, locked_warehouse
    from orchestration.core.clock import now
    from orchestration.core.configuration import home_and_config
    from orchestration.core.spreadsheets import csv_text
    from orchestration.privacy.audit.access import BREACH
    from orchestration.privacy.audit.catalogue import categories_with, read_catalogue
    from orchestration.privacy.rights.breach import as_notification, assess
    from orchestration.privacy.secrets.pepper import find_pepper

    for path in filter(None, (customers, notification)):
        assert_may_write(path, overwrite=overwrite)
    home, _ = home_and_config()
    path = _path_of(home, target)
    with locked_warehouse("assessing a breach") as (con, settings):
        found = assess(con, find_pepper(con, settings.privacy.pepper), path, read_catalogue())
        detail = {"people": found.people, "rows": found.rows, "ids_written": int(bool(customers))}
        audit_of(settings).append(BREACH, detail=detail)
    if customers:
        rows = [(customer,) for customer in found.customers]
        write_private(customers, csv_text(("customer_id",), rows), overwrite=overwrite)
    if notification:
        kinds = categories_with(settings.privacy.retention_days)
        write_private(notification, as_notification(found, settings, kinds, target, now()), overwrite=overwrite)
    if as_json:
        said = asdict(found)
        del said["customers"]
        print_json({**said, "is_high_risk": found.is_high_risk})
        return
    table = RichTable("file", "table", "rows", "columns by category")
    for leaked in found.tables:
        kinds_of: dict[str, list[str]] = {}
        for column, category in leaked.columns.items():
            kinds_of.setdefault(category, []).append(column)
        said_columns = "; ".join(f"{kind}: {', '.join(names)}" for kind, names in kinds_of.items() if kind != "none")
        table.add_row(leaked.file, leaked.table, f"{leaked.rows:,}", said_columns)
    out.print(table)
    if found.left_out:
        more = f" and {len(found.left_out) - 10} more" if len(found.left_out) > 10 else ""
        out.print(styled("[yellow]Not looked into[/yellow]: {}{}", ", ".join(found.left_out[:10]), more))
    gone = f", of whom {found.unresolved:,} are no longer stored here" if found.unresolved else ""
    out.print(styled("[bold]{}[/bold] people{}, {} records.", f"{found.people:,}", gone, f"{found.rows:,}"))
    if found.countries:
        out.print("By country: " + ", ".join(f"{country} {count:,}" for country, count in found.countries.items()))
    special = ", ".join(f"{name} {rows:,}" for name, rows in found.special.items())
    out.print(f"Special categories (Art. 9): {special or 'none found'}.")
    for match in found.exports[:10]:
        same = "this very file" if match.is_same_file else f"{match.shared:,} of its {match.members:,} people"
        out.print(f"Export {match.export}: {same}", highlight=False)
    if found.is_high_risk:
        out.print("By the kinds of data a high risk cannot be ruled out: consider telling the people too (Art. 34).")
    for written in filter(None, (customers, notification)):
        out.print(f"Written: {written}", highlight=False)


def _path_of(home: Home, target: str) -> Path:
    """A publication by its name, else a path."""
    version = home.published / "versions" / target
    return version if "/" not in target and version.is_dir() else Path(target)
