"""`kundbild record-of-processing`: arguments and what is printed. Not here: the record (privacy/audit/processing.py)."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Annotated, Any

import typer

from orchestration.cli.console import Json, Overwrite, err, out
from orchestration.core.home import assert_may_write, write_private


def record_of_processing(
    file: Annotated[
        Path | None, typer.Option("--to", help="Write it there: .md, .html or .json; else Markdown is printed.")
    ] = None,
    overwrite: Overwrite = False,
    as_json: Json = False,
) -> None:
    """The record of processing activities (Art. 30): controller, officer, purposes, data subjects, categories of data,
    recipients, processors, transfers, retention, security measures.

    It is made of the privacy settings, the seeds purposes and data_categories, the models' contracts, and past exports. Missing settings are listed first. `kundbild catalogue` lists the columns.
    """
    from orchestration.core.errors import KundbildError
    from orchestration.privacy.audit.processing import as_text

    form = file.suffix.removeprefix(".") if file else "json" if as_json else "md"
    if form not in ("md", "html", "json"):
        raise KundbildError(f"the record is not written as {form!r}", to_do="name a file .md, .html or .json")
    if file:
        assert_may_write(file, overwrite=overwrite)
    record = _record()
    written = json.dumps(record, indent=1, ensure_ascii=False) + "\n"
    text = written if form == "json" else as_text(record, form)
    if file:
        write_private(file, text, overwrite=overwrite)
    if as_json:
        print(written, end="")
    elif file:
        out.print(f"Written: {file}", highlight=False)
    else:
        print(text, end="")
    if file or form != "json":
        for said in record["missing"]:
            err.print(f"missing: {said}", highlight=False)


def _record() -> dict[str, Any]:
    from orchestration.core.clock import now
    from orchestration.core.configuration import home_and_config, load_settings
    from orchestration.core.migrations import opened
    from orchestration.privacy.audit.catalogue import categories_with, read_catalogue
    from orchestration.privacy.audit.processing import record_of

    home, config = home_and_config()
    settings = load_settings(config)
    kinds = categories_with(settings.privacy.retention_days)
    if not home.warehouse.exists():
        return record_of(settings, read_catalogue(), kinds, None, now())
    with opened(home, settings.engine, "record of processing") as con:
        return record_of(settings, read_catalogue(), kinds, con, now())
