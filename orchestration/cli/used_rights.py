"""The course of every request that a command uses a right by: noted, carried out, written to the audit log, told.

Not here: the commands (cli/rights.py), what a right does (privacy/rights).
"""

from __future__ import annotations

from collections.abc import Callable
from typing import TYPE_CHECKING, Any

import typer

from orchestration.cli.console import out, print_json, styled
from orchestration.cli.requests import TELL_THEM
from orchestration.cli.session import audit_of, locked_warehouse

if TYPE_CHECKING:
    from orchestration.privacy.rights.subjects import Subject


def use_right(
    right: Any,
    subject: Subject,
    use: Callable[..., int],
    as_json: bool,
    then: Callable[[Any, str], object] | None = None,
    *,
    received: str = "",
    held_by: Callable[[Any, str], list[str]] | None = None,
    deny: Callable[[Any, Any, Any, str], None] | None = None,
    is_lifted: bool = False,
    is_quiet: bool = False,
    undo: Callable[[], object] = lambda: None,
    of_nobody: Callable[..., int],
) -> None:
    """Notes the request, uses the right where it is about one customer, tells the audit log. Exit code 3 where it is not.

    `received` begins the month within which it is to be answered; what was asked for counts from now on. `deny`
    notes what is said by an address, number or record with that itself, whoever has it; of what is lifted some day only where it is
    about nobody here, or several. `undo` takes back what `use` wrote, where the request is not noted. What is done and
    `is_quiet` is printed by the caller. `of_nobody` uses the right of somebody who is not a customer (privacy/rights/named.py).
    """
    from orchestration.core.clock import now
    from orchestration.core.configuration import home_and_config
    from orchestration.core.disk import saying_what_is_kept
    from orchestration.core.warehouse import transaction
    from orchestration.privacy.rights.deadlines import received_on
    from orchestration.privacy.rights.named import named
    from orchestration.privacy.rights.requests import State, close_requests, note_request
    from orchestration.privacy.secrets.pepper import find_pepper
    from orchestration.publishing.shown import take_out_later_words

    came = received_on(received, now())
    home, _ = home_and_config()
    with saying_what_is_kept(home.root) as kept, locked_warehouse(f"{right} request") as (con, settings):
        one = named(con, settings, [subject])[0]
        found, nobodys = one.candidates, one.nobodys
        state, at, log, changed = one.state, now(), audit_of(settings), 0
        whom = found[0] if state == "done" else subject.said
        others = held_by(con, whom) if held_by and state == "done" else []
        if others:
            # what it asks for would make two customers one: a person decides
            state, found = "held", others
        try:
            with transaction(con):
                # killed before it is carried through, the next run or command does it
                noted: State = "open" if then and state == "done" and not nobodys else state
                request = note_request(con, right, log.keyed(whom), came, noted, closed=at)
                if nobodys and state == "done":
                    changed = of_nobody(con, find_pepper(con, settings.privacy.pepper), nobodys, at, request)
                elif state == "done":
                    changed = use(con, whom, at, request)
                if deny and not (is_lifted and state == "done"):
                    deny(con, subject, at, request)
        except BaseException:
            undo()
            raise
        kept.is_noted = True
        try:
            if then and state == "done" and not nobodys:
                then(con, whom)
                close_requests(con, right, at)
            # what an export leaves out from now on leaves the published audiences too
            closed = "" if right == "export" else take_out_later_words(con, home)
        finally:
            # the request stands, also where a full disk keeps it from being carried through at once
            log.append(right if state == "done" else f"{right}-{state}", subject=whom, detail={"request": request})
    if as_json and not (is_quiet and state == "done"):
        print_json(
            {"state": state, "request_id": request, "candidates": found if state == "held" else [], "changed": changed}
        )
    elif not is_quiet or state != "done":
        effect = "out of marts and publications from now on" if then else "the next `kundbild run` puts it into effect"
        if nobodys:
            effect = "it belongs to no customer and is in no mart; it applies to future owners too"
        what = "values" if right == "rectify" else "records"
        _tell(state, f"{changed} {what}; {effect}", found, is_others=bool(others), closed=closed)
    if state != "done":
        if deny and not subject.customer and not as_json:
            said = "address" if subject.email else "number" if subject.phone else "record"
            out.print(f"  Current and future owners of the {said} are not contacted until it is decided.")
        raise typer.Exit(3)


def _tell(state: str, done: str, found: list[str], *, is_others: bool, closed: str) -> None:
    if state == "done":
        out.print(styled("[green]noted[/green]: {}.", done))
    elif state == "held":
        out.print(
            styled(
                "[yellow]held[/yellow]: another customer has that address or number, or that name with the birth date or address. "
                "Check whose it is; correct that customer first, or decide whether they are one person (`kundbild review decide`):"
                if is_others
                else "[yellow]held[/yellow]: more than one customer matches. Decide, then name one with --customer:"
                if not any(":" in candidate for candidate in found)
                else "[yellow]held[/yellow]: more than one record matches, and none is a customer's. Decide, then name one with --source-record:"
            )
        )
        for candidate in found:
            out.print(f"  {candidate}", highlight=False)
    else:
        out.print(styled("[yellow]unknown[/yellow]: no customer matches. The request is noted, and open."))
        out.print(TELL_THEM)
    if closed:
        out.print(closed, highlight=False)
