"""What the command line prints: tables, progress, the next thing to type. Not here: commands (app.py).

Nothing that is printed is read as markup, emoji or an escape sequence of the terminal, wherever it comes from: a row, an
error, a file's name. Colours are said by `styled`, whose values are text.
"""

from __future__ import annotations

import json
import os
import re
import shlex
import shutil
import sys
from collections.abc import Iterator, Sequence
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Any

import typer
from rich.console import Console
from rich.markup import escape
from rich.measure import Measurement
from rich.progress import BarColumn, Progress, TextColumn, TimeElapsedColumn
from rich.table import Table as RichTable
from rich.text import Text

if TYPE_CHECKING:
    from orchestration.run.findings import Finding

Overwrite = Annotated[bool, typer.Option("--overwrite", help="Replace an existing file.")]
# what a terminal obeys (C0 and C1 but for tab and line end) and what turns the direction of text round
_CONTROL = re.compile(r"[\x00-\x08\x0b-\x1f\x7f-\x9f\u202a-\u202e\u2066-\u2069]")

# of a table: signs around a cell, and how wide one of many is at most
_BETWEEN, _WIDEST = 3, 30
# wider than any table
_NO_SCREEN = 100_000
# options of all commands, as this one was typed
_typed: list[str] = []


class PlainConsole(Console):
    """Prints text as text: no markup, no emoji names, no control characters. A name in a table that is wider than its column goes on in
    the next line: what is cut cannot be read anywhere."""

    def __init__(self, **how: Any) -> None:
        super().__init__(**how, markup=False, emoji=False)

    def print(self, *objects: Any, **how: Any) -> None:
        for one in objects:
            if isinstance(one, RichTable):
                for column in one.columns:
                    if column.overflow == "ellipsis" and not column.no_wrap:
                        column.overflow = "fold"
        super().print(*objects, **how)

    def render_str(self, text: str, **how: Any) -> Text:
        return super().render_str(without_control(text), **how)


def print_rows(
    title: str, columns: Sequence[str], rows: Sequence[Sequence[object]], console: Console | None = None
) -> None:
    """Rows as a table; where it is wider than the screen, turned round: a line for each column, and as many rows side by side as fit."""
    console = console or out
    said = [["" if value is None else str(value) for value in row] for row in rows]
    table = RichTable(*columns, title=title)
    for row in said:
        table.add_row(*row)
    unfolded = Measurement.get(console, console.options.update(max_width=_NO_SCREEN), table).maximum
    if unfolded <= console.width or not said:
        console.print(table)
        return
    left = max(map(len, columns)) + _BETWEEN + 1
    for first, last in _side_by_side(said, console.width - left):
        numbers = [str(n + 1) for n in range(first, last)]
        turned = RichTable("row", *numbers, title=title if not first else None)
        turned.columns[0].no_wrap = True
        for at, column in enumerate(columns):
            turned.add_row(column, *(said[n][at] for n in range(first, last)))
        console.print(turned)


def _side_by_side(rows: Sequence[Sequence[str]], width: int) -> Iterator[tuple[int, int]]:
    """The first row and the end of each part of rows that fit side by side; a long value counts as one that goes on in the next line."""
    needed = [min(max(map(len, row)), _WIDEST) + _BETWEEN for row in rows]
    first = 0
    while first < len(rows):
        last = first + 1
        while last < len(rows) and sum(needed[first : last + 1]) <= width:
            last += 1
        yield first, last
        first = last


def without_control(text: str) -> str:
    """The text without characters that a terminal would act on; each leaves a mark."""
    return _CONTROL.sub("\ufffd", text)


def asked(value: str | None) -> str | None:
    """An option's value; `-` reads one line of standard input, or asks on a terminal: what is typed as an argument stands
    in the shell's history and in the list of processes."""
    return _asked(value, "Email address")


def number_asked(value: str | None) -> str | None:
    """The same of a phone number."""
    return _asked(value, "Phone number")


def all_asked(values: list[str] | None) -> list[str] | None:
    """The same of an option that may be repeated."""
    return [value for value in map(asked, values) if value] if values else values


def all_numbers_asked(values: list[str] | None) -> list[str] | None:
    """The same of phone numbers."""
    return [value for value in map(number_asked, values) if value] if values else values


def _asked(value: str | None, what: str) -> str | None:
    if value != "-":
        return value
    if sys.stdin.isatty():
        return str(typer.prompt(what, err=True)).strip()
    return sys.stdin.readline().strip()


def styled(template: str, *values: object) -> Text:
    """Markup that is written here, with `{}` for each value; values are never read as markup."""
    return Text.from_markup(template.format(*(escape(without_control(str(value))) for value in values)), emoji=False)


Json = Annotated[bool, typer.Option("--json", help="Print JSON for a machine to read.")]
out = PlainConsole()
err = PlainConsole(stderr=True)
_SHARE = re.compile(r"(\d+) of (\d+)")


def print_outcome(outcome: Any) -> None:
    if outcome.is_nothing_new and outcome.rolled_back_from:
        out.print(
            styled(
                "Nothing new since publication {1}, but readers were put back to an older one and still read it: "
                "[bold]{0} publish --version {1}[/bold] returns to the newest, [bold]{0} run --force[/bold] publishes again.",
                me(),
                outcome.rolled_back_from,
            )
        )
    elif outcome.is_nothing_new:
        out.print("Nothing new since the last publication: it stands.")
    else:
        table = RichTable("step", "tables", "rows", title="The night")
        for step, (tables, rows) in outcome.rows_per_step.items():
            table.add_row(step, str(tables), f"{rows:,}")
        out.print(table)
        out.print(
            f"Customers: {_customers(outcome)}   Checks: {outcome.checks_passed:,} passed, {outcome.checks_failed:,} failed"
        )
    for note in outcome.notes:
        out.print(note, highlight=False)
    for line in outcome.set_aside:
        out.print(styled("[yellow]rows[/yellow] {}", line), highlight=False)
    for source, message in outcome.failed_sources.items():
        since = outcome.stale_since.get(source, "")
        stale = f"source {source} is stale{f' since {since}' if since else ''}"
        err.print(styled("[yellow]{}[/yellow]: {}", stale, message), highlight=False)
    for check in outcome.failed_checks:
        out.print(styled("[yellow]{}[/yellow]", check), highlight=False)
    if outcome.error:
        err.print(styled("[red]The night failed.[/red] {}", outcome.error), highlight=False)
        err.print("Readers keep the last good publication." if outcome.publication else "Nothing is published yet.")
        err.print(
            styled(
                "Next: [bold]{0} status[/bold] shows which check failed, [bold]make dev[/bold] the run in the Dagster UI, "
                "[bold]{0} doctor[/bold] what to fix",
                me(),
            )
        )
        return
    out.print(f"Published: {outcome.publication}\nData Docs: {outcome.data_docs}")
    if outcome.report:
        out.print(f"Report: {outcome.report}", highlight=False)
    out.print(
        styled(
            'Next: [bold]{} query "select lifecycle_stage, count(*) as customers from bi.dim_customers group by 1"[/bold]',
            me(),
        )
    )


def _customers(outcome: Any) -> str:
    """How many readers see, and, where a run failed, how many it built that they do not."""
    if not outcome.error:
        return f"{outcome.customers:,}"
    built = "none built" if outcome.customers_built is None else f"{outcome.customers_built:,} built, not published"
    seen = f"readers see {outcome.customers:,}" if outcome.publication else "nothing is published"
    return f"{built}; {seen}"


class Watch:
    """A bar that says what is going on, on a terminal; a line per step elsewhere.

    A detail that begins "3 of 12" fills the bar; where nobody knows how much is left, it moves to and fro.
    """

    def __init__(self, what: str) -> None:
        self._what, self._last = what, ""
        columns = (
            TextColumn("{task.fields[step]}", markup=False),
            BarColumn(),
            TextColumn("{task.description}", markup=False),
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
        if step == "note":  # run.progress.NOTE, which would cost an import
            return
        if err.is_terminal:
            share = _SHARE.match(detail)
            done, total = (int(share[1]), int(share[2])) if share else (0, None)
            self._bar.update(self._task, step=step, description=detail, completed=done, total=total)
        elif detail.startswith("reading "):  # a source may be waited for long
            err.print(f"{step}: {detail} …", highlight=False)
        elif step not in (self._last, self._what):
            err.print(step if not detail else f"{step} …", highlight=False)
        elif step == self._what and detail:
            err.print(detail, highlight=False)
        self._last = step


def keep_typed(**options: Path | None) -> None:
    """Keeps the options of all commands that were typed for `me`; what stands in the environment needs no typing."""
    _typed[:] = [
        f"--{name} {shlex.quote(str(value))}"
        for name, value in options.items()
        if value is not None and str(value) != os.environ.get(f"KUNDBILD_{name.upper()}")
    ]


def me() -> str:
    """How this command is typed from here: by its name where the shell finds it, else by its path; for the same home and configuration."""
    path = Path(sys.argv[0]).resolve()
    if shutil.which("kundbild"):
        name = "kundbild"
    elif path.is_relative_to(Path.cwd()):
        name = str(path.relative_to(Path.cwd()))
    else:
        name = str(path)
    return " ".join([name, *_typed])


def print_findings(findings: Sequence[Finding], *, as_json: bool) -> None:
    """What a look found; ends with code 1 where something is to be fixed."""
    if as_json:
        print_json([vars(finding) for finding in findings])
    else:
        for finding in findings:
            # a night goes on, but somebody should look
            good = "[yellow]look[/yellow]" if finding.to_do else "[green]ok[/green]  "
            mark = good if finding.is_ok else "[red]fix[/red] "
            to_do = f"\n       → {finding.to_do}" if finding.to_do else ""
            out.print(styled(mark + " {}: {}{}", finding.what, finding.found, to_do))
    if not all(finding.is_ok for finding in findings):
        raise typer.Exit(1)


def print_json(value: Any) -> None:
    text = json.dumps(value, indent=2, default=str, ensure_ascii=False)
    # JSON escapes the control characters of ASCII, and no others
    print(re.sub(r"[\x7f-\x9f\u202a-\u202e\u2066-\u2069]", lambda found: f"\\u{ord(found[0]):04x}", text))
