"""`kundbild audit …`: whether the audit log holds, and what it says. Not here: the log (privacy/audit/log.py)."""

from __future__ import annotations

from contextlib import suppress
from typing import TYPE_CHECKING, Annotated

import typer
from rich.table import Table as RichTable

from orchestration.cli.console import Json, out, print_json
from orchestration.cli.session import locked_warehouse
from orchestration.publishing.grades import GradeName

if TYPE_CHECKING:
    from orchestration.privacy.audit.log import AuditLog

audit_app = typer.Typer(
    help="What was done with people's data, when and by whom, in a chain that shows every later change.",
    no_args_is_help=True,
)


@audit_app.command()
def verify(as_json: Json = False) -> None:
    """Check the whole chain. Exit code 2: an entry was changed, moved, added or removed, and which; an older log was put
    back; or the log is gone, or starts later than the home's first actions."""
    from orchestration.privacy.audit.log import AuditError
    from orchestration.run.audit_gap import TO_DO

    log = _log()
    count, chain = log.verify()
    if short := _why_short():
        raise AuditError(short, where=str(log.path), to_do=TO_DO)
    if as_json:
        print_json({"entries": count, "chain": chain, "is_anchored": log.is_anchored})
        return
    out.print(f"{_entries(count)}, as written.")
    if count and not log.is_anchored:
        out.print(
            "Nothing beside the pepper says how far the log of this folder had come: the folder was moved, or the anchor is gone. "
            "An older log would look whole: compare the last chain with what you noted down.",
            style="yellow",
        )
    out.print(f"Note down the last chain, apart from here: {chain}", highlight=False)


@audit_app.command()
def acknowledge(as_json: Json = False) -> None:
    """Record that you know why entries of the log are missing (a backup of the home folder was put back, or the folder made anew),
    and accept a suppression list with missing entries as complete."""
    from orchestration.core.configuration import home_and_config
    from orchestration.core.migrations import refuse_newer
    from orchestration.run.suppressed import accept_suppression

    home = home_and_config()[0]
    refuse_newer(home)
    times, known, left = _log().acknowledge(is_short=bool(_why_short())), 0, 0
    if home.warehouse.exists():
        with locked_warehouse("acknowledging what is lost") as (con, settings):
            known, left = accept_suppression(con, home, settings)
    if as_json:
        print_json({"times": times, "erased_entries_lost": known - left})
        return
    if times:
        out.print(f"Noted: the log was set back {times} times.")
    if left < known:
        out.print(f"Noted: {known - left:,} of {known:,} entries of the list of who was erased are lost.")
    if not times and left == known:
        out.print("Nothing is missing; nothing was noted.")


@audit_app.command("list")
def list_entries(
    about: Annotated[str, typer.Option(help="Only of a customer_id, or of a source record as system:key.")] = "",
    as_json: Json = False,
) -> None:
    """Show the entries, the newest last."""
    log = _log()
    whom = log.names_of(about) if about else set()
    entries = [entry for entry in log.entries() if not whom or entry.subject in whom]
    if as_json:
        print_json([vars(entry) for entry in entries])
        return
    table = RichTable("no", "at", "who", "did", "about", "detail", title=_entries(len(entries)))
    for entry in entries:
        detail = ", ".join(f"{name} {value}" for name, value in entry.detail.items())
        table.add_row(str(entry.number), entry.at, entry.actor, entry.action, entry.subject[:12], detail)
    out.print(table)


@audit_app.command(epilog="Example: kundbild audit access --grade people --about crm:1042")
def access(
    about: Annotated[str, typer.Option(help="Only of a customer_id, or of a source record as system:key.")] = "",
    grade: Annotated[
        GradeName | None,
        typer.Option(help="Only of one grade: rounded counts, pseudonymised rows, or names and contact points."),
    ] = None,
    as_json: Json = False,
) -> None:
    """Show who read people's data: queries, explanations, exports, answers to people, with a customer's hash or the rows.

    What a BI tool reads, or who opens a file of the publication, is not in this list: use the system's own audit.
    """
    from orchestration.privacy.audit.access import grade_of, readers, reads

    entries = list(reads(_log(), about, grade or ""))
    if as_json:
        print_json([{**vars(entry), "grade": grade_of(entry)} for entry in entries])
        return
    table = RichTable("at", "who", "did", "grade", "about", "detail", title=_entries(len(entries)))
    for entry in entries:
        detail = ", ".join(f"{name} {value}" for name, value in entry.detail.items())
        table.add_row(entry.at, entry.actor, entry.action, grade_of(entry), entry.subject[:12], detail)
    out.print(table)
    for reader in readers(entries):
        out.print(
            f"{reader.actor}: {reader.looks:,} look{'' if reader.looks == 1 else 's'} "
            f"({', '.join(f'{grade} {looks:,}' for grade, looks in reader.grades.items())}), the last at {reader.last_at}",
            highlight=False,
        )


def _entries(count: int) -> str:
    return f"{count:,} entr{'y' if count == 1 else 'ies'}"


def _why_short() -> str:
    """What of the home's work the log says nothing of; where the warehouse is in use, by its publications alone."""
    import duckdb

    from orchestration.core.configuration import home_and_config
    from orchestration.core.errors import WarehouseBusyError
    from orchestration.run.audit_gap import why_short

    home = home_and_config()[0]
    if home.warehouse.exists():
        with (
            suppress(WarehouseBusyError, duckdb.Error),
            home.lock("audit", wait=0.5),
            duckdb.connect(str(home.warehouse), read_only=True) as con,
        ):
            return why_short(con, home)
    return why_short(None, home)


def _log() -> AuditLog:
    from orchestration.core.configuration import home_and_config, load_privacy
    from orchestration.privacy.audit.log import audit_log

    home, config = home_and_config()
    return audit_log(home, load_privacy(config))
