"""`kundbild catalogue`: arguments and what is printed. Not here: the catalogue (privacy/audit/catalogue.py)."""

from __future__ import annotations

from pathlib import Path
from typing import Annotated

import typer
from rich.table import Table as RichTable

from orchestration.cli.console import Json, out, print_json


def catalogue(
    write: Annotated[Path | None, typer.Option(help="Write processing.md and processing.csv into this folder.")] = None,
    as_json: Json = False,
) -> None:
    """Which personal data there are, column by column: where, what for, on what basis, how long (a part of Art. 30).

    It is made of the contracts of the dbt models (each column's meta: personal) and the seed data_categories.
    """
    from orchestration.core.configuration import home_and_config, load_settings
    from orchestration.privacy.audit.catalogue import (
        as_csv,
        as_page,
        categories_with,
        processing_record,
        read_catalogue,
    )

    _, config = home_and_config()
    kinds = categories_with(load_settings(config).privacy.retention_days)
    rows = processing_record(read_catalogue(), kinds)
    if write:
        (write / "processing.csv").write_text(as_csv(rows), encoding="utf-8")
        (write / "processing.md").write_text(as_page(rows, kinds), encoding="utf-8")
    if as_json:
        print_json([dict(zip(rows[0], row, strict=True)) for row in rows[1:]])
        return
    if write:
        out.print(f"Written: {write / 'processing.md'}, {write / 'processing.csv'}", highlight=False)
        return
    table = RichTable("category", "purpose", "legal basis", "days", "table", "columns")
    for row in rows[1:]:
        table.add_row(row[0], row[2], row[3], row[4], f"{row[6]}.{row[7]}", row[8])
    out.print(table)
