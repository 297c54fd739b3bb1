"""`kundbild requests …`: the list of requests, extending and closing one. Not here: work (privacy/rights/deadlines.py), using a
right (cli/rights.py, cli/erasure.py)."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import asdict
from typing import TYPE_CHECKING, Annotated, Any

import typer
from rich.table import Table as RichTable

from orchestration.cli.console import Json, out, print_json, styled

if TYPE_CHECKING:
    from datetime import date

    from orchestration.privacy.rights.register import Request

requests_app = typer.Typer(
    help="Requests of people who use their rights, and the day by which each must be answered.",
    invoke_without_command=True,
)
# of a request about nobody: Art. 12(3) and 15(1) ask for an answer all the same
TELL_THEM = "  Answer who asked that nothing is held of them by that, then `kundbild requests close REQUEST --as done`."
Name = Annotated[str, typer.Argument(help="A request, by its id, the end of it, or its id in its source.")]


@requests_app.callback(epilog="Example: kundbild requests --open")
def list_requests(
    context: typer.Context,
    open_: Annotated[bool, typer.Option("--open", help="Only requests that still need an answer.")] = False,
    as_json: Json = False,
) -> None:
    """List the requests: received, to be answered by, state; overdue ones in red. They name nobody."""
    if context.invoked_subcommand:
        return
    from orchestration.core.clock import now
    from orchestration.privacy.rights.deadlines import deadlines
    from orchestration.privacy.rights.register import requests

    today = now().date()
    with _register("requests") as (con, home, _):
        found = [request for request in requests(con) if not (open_ and request.closed_at)]
        told = deadlines(con, today)
    if as_json:
        print_json([_said(request, today) for request in found])
        return
    table = RichTable(
        "request", "right", "received", "answer by", "state", "closed", "its source calls it", title="Requests"
    )
    for request in found:
        late = (today - request.answer_by).days if not request.closed_at else 0
        state = styled("[red]{}: {} days overdue[/red]", request.state, late) if late > 0 else request.state
        by = f"{request.answer_by}{' (extended)' if request.extended_to else ''}"
        table.add_row(
            request.request_id[-12:], request.kind, str(request.received_at)[:16], by, state,
            str(request.closed_at or "")[:16], request.reference or "",
        )  # fmt: skip
    out.print(table)
    if str(told):
        out.print(str(told), highlight=False)
    answers = sorted(home.subject_access.glob("*.json"))
    if answers:
        out.print(
            f"{len(answers)} answers to be sent, as JSON and as a page, lie in {home.subject_access}: delete each when it is sent.",
            highlight=False,
        )


@requests_app.command(epilog="Example: kundbild requests extend 8f0c2a1b9d3e --because complexity")
def extend(
    request: Name,
    because: Annotated[str, typer.Option("--because", help="complexity (of the request) or number (of requests).")],
    as_json: Json = False,
) -> None:
    """Extend a request by two months (Art. 12(3)), once and within its first month. Inform the person within that month, with the reason."""
    from orchestration.privacy.rights.deadlines import extend as extend_request

    done = _noted("request-extended", request, extend_request, "because", because, as_json=as_json)
    if as_json:
        return
    out.print(styled("[green]extended[/green] to {}.", done.extended_to), highlight=False)
    out.print(
        f"Tell the person by {done.due_on} that it takes longer, and that the reason is: {because}.", highlight=False
    )


@requests_app.command(epilog="Example: kundbild requests close 8f0c2a1b9d3e --as refused")
def close(
    request: Name,
    end: Annotated[str, typer.Option("--as", help="done (answered otherwise), refused, or withdrawn (by who asked).")],
    as_json: Json = False,
) -> None:
    """Close a request that is not answered by a command, such as a held request that you completed with --customer. It changes no data."""
    from orchestration.privacy.rights.deadlines import close as close_request

    _noted("request-closed", request, close_request, "as", end, as_json=as_json)
    if as_json:
        return
    out.print(styled("[green]closed[/green]: {}.", end))
    if end == "refused":
        out.print("Tell the person why, and that they may complain to the authority and go to court (Art. 12(4)).")


def _noted(
    action: str, request: str, act: Callable[[Any, str, str, Any], Request], key: str, value: str, *, as_json: bool
) -> Request:
    """Does it to the request in the register, and says so in the audit log. Returns the request; with `as_json` it is printed."""
    from orchestration.core.clock import now
    from orchestration.privacy.audit.log import audit_log

    with _register("changing a request") as (con, home, settings):
        done = act(con, request, value, now())
        audit_log(home, settings.privacy).append(action, detail={"request": done.request_id, key: value})
    if as_json:
        print_json(_said(done, now().date()))
    return done


def _said(request: Request, today: date) -> dict[str, Any]:
    is_overdue = request.closed_at is None and request.answer_by < today
    return {**asdict(request), "answer_by": request.answer_by, "is_overdue": is_overdue}


@contextmanager
def _register(purpose: str) -> Iterator[tuple[Any, Any, Any]]:
    """(warehouse, home, settings), under the writer's lock; there need not have been a night."""
    from orchestration.core.configuration import home_and_config, load_settings
    from orchestration.core.migrations import opened

    home, config = home_and_config()
    home.prepare()
    settings = load_settings(config)
    with opened(home, settings.engine, purpose) as con:
        yield con, home, settings
