"""What the command line prints: tables, progress, the next thing to type. Not here: commands (cli.py)."""

from __future__ import annotations

import json
import re
import shutil
import sys
from pathlib import Path
from typing import Annotated, Any

import typer
from rich.console import Console
from rich.markup import escape
from rich.progress import BarColumn, Progress, TextColumn, TimeElapsedColumn
from rich.table import Table as RichTable

Json = Annotated[bool, typer.Option("--json", help="Print JSON for a machine to read.")]
out = Console()
err = Console(stderr=True)
_SHARE = re.compile(r"(\d+) of (\d+)")


def print_outcome(outcome: Any) -> None:
    if outcome.is_nothing_new:
        out.print("Nothing new since the last publication: it stands.")
    else:
        table = RichTable("step", "tables", "rows", title="The night")
        for step, (tables, rows) in outcome.rows_per_step.items():
            table.add_row(step, str(tables), f"{rows:,}")
        out.print(table)
        out.print(
            f"Customers: {outcome.customers:,}   Checks: {outcome.checks_passed:,} passed, {outcome.checks_failed:,} failed"
        )
    # what a message says may stand in brackets, as [engine] does: only what is written here is markup
    for note in outcome.notes:
        out.print(note, markup=False, highlight=False)
    for source, message in outcome.failed_sources.items():
        since = outcome.stale_since.get(source, "")
        err.print(
            f"[yellow]source {escape(source)} is stale{f' since {since}' if since else ''}[/yellow]: {escape(message)}",
            highlight=False,
        )
    for check in outcome.failed_checks:
        out.print(f"[yellow]{escape(check)}[/yellow]", highlight=False)
    if outcome.error:
        err.print(f"[red]The night failed.[/red] {escape(outcome.error)}", highlight=False)
        err.print("Readers keep the last good publication." if outcome.publication else "Nothing is published yet.")
        err.print(
            f"Next: [bold]{me()} status[/bold] shows which check failed, [bold]make dev[/bold] the run in the Dagster UI, "
            f"[bold]{me()} doctor[/bold] what to mend"
        )
        return
    out.print(f"Published: {outcome.publication}\nData Docs: {outcome.data_docs}")
    out.print(
        f'Next: [bold]{me()} query "select lifecycle_stage, count(*) as customers from bi.dim_customers group by 1"[/bold]'
    )


class Watch:
    """A bar that says what is going on, on a terminal; a line per step elsewhere.

    A detail that begins "3 of 12" fills the bar; where nobody knows how much is left, it moves to and fro.
    """

    def __init__(self, what: str) -> None:
        self._what, self._last = what, ""
        columns = (
            TextColumn("{task.fields[step]}"),
            BarColumn(),
            TextColumn("{task.description}"),
            TimeElapsedColumn(),
        )
        self._bar = Progress(*columns, console=err, transient=True)

    def __enter__(self) -> Watch:
        if err.is_terminal:
            self._bar.start()
            self._task = self._bar.add_task("starting", total=None, step=self._what)
        return self

    def __exit__(self, *_: object) -> None:
        if err.is_terminal:
            self._bar.stop()

    def __call__(self, step: str, detail: str = "") -> None:
        if step == "note":  # night.NOTE, which would cost an import
            return
        if err.is_terminal:
            share = _SHARE.match(detail)
            done, total = (int(share[1]), int(share[2])) if share else (0, None)
            self._bar.update(self._task, step=step, description=detail, completed=done, total=total)
        elif step not in (self._last, self._what):
            err.print(step if not detail else f"{step} …", highlight=False)
        elif step == self._what and detail:
            err.print(detail, highlight=False)
        self._last = step


def me() -> str:
    """How this command is typed from here: by its name where the shell finds it, else by its path."""
    if shutil.which("kundbild"):
        return "kundbild"
    path = Path(sys.argv[0]).resolve()
    return str(path.relative_to(Path.cwd())) if path.is_relative_to(Path.cwd()) else str(path)


def print_json(value: Any) -> None:
    print(json.dumps(value, indent=2, default=str, ensure_ascii=False))
