"""`kundbild erase`, `confirm`, `prove-erasure`: arguments and what is printed. Not here: work (run/erase.py, privacy/)."""

from __future__ import annotations

from collections import Counter
from dataclasses import asdict
from typing import Annotated, Any

import typer

from orchestration.cli.console import Json, out, print_json, styled
from orchestration.cli.options import Customers, Emails, Phones, Received, SourceRecords
from orchestration.cli.requests import TELL_THEM


def erase(
    customer: Customers = None,
    email: Emails = None,
    phone: Phones = None,
    source_record: SourceRecords = None,
    received: Received = "",
    prove: Annotated[
        bool,
        typer.Option("--prove", help="Also prove the erasure, as prove-erasure does, in the same pass over the files."),
    ] = False,
    as_json: Json = False,
) -> None:
    """Erase people (Art. 17) from every table, publication and the bytes of the files, and keep them out of later deliveries.

    Sales stay, without the person. A killed erasure is finished by the next command or run. Exit code 3: no
    customer matches, more than one does, a legal hold keeps the data (`kundbild hold`), or a second person must confirm (the
    setting privacy.second_person). That person is then not erased, and is not contacted until a later grant. Exit code 1: the
    proof fails.
    """
    from orchestration.core.clock import now
    from orchestration.privacy.rights.deadlines import received_on
    from orchestration.run.erase import erase as erase_people

    home, settings, subjects = _begin(customer, email, phone, source_record)
    outcomes = erase_people(home, settings, subjects, is_proved=prove, received=received_on(received, now()))
    proof = next((outcome.proof for outcome in outcomes if outcome.proof), None)
    if as_json:
        print_json([_said(outcome) for outcome in outcomes])
    else:
        for outcome in outcomes:
            _print(outcome)
        done = [outcome for outcome in outcomes if outcome.state == "done"]
        if done:
            _print_erased(done[0].erased)
        if proof:
            _print_proof(proof)
    if proof and not proof.holds:
        raise typer.Exit(1)
    if any(outcome.state != "done" for outcome in outcomes):
        raise typer.Exit(3)


def confirm(
    request: Annotated[str, typer.Argument(help="A request that waits, by its id or the end of it.")],
    refuse: Annotated[
        bool, typer.Option("--refuse", help="Close it instead, and lift its restriction; contact stays denied.")
    ] = False,
    as_json: Json = False,
) -> None:
    """Confirm an erasure that waits for a second person (the setting privacy.second_person): by another user than the one who requested it.

    Until then the person is restricted: out of marts, publications and exports. Exit code 3: nothing was erased.
    """
    from orchestration.core.configuration import home_and_config, load_settings
    from orchestration.run.second_person import confirm as confirm_request

    home, config = home_and_config()
    outcome = confirm_request(home, load_settings(config), request, is_refused=refuse)
    if as_json:
        print_json(_said(outcome))
    elif outcome.state == "done":
        _print_erased(outcome.erased)
    elif outcome.state == "refused":
        out.print(
            "Refused: nothing was erased, and the next night shows the person again; they are not contacted until a later grant. "
            "Tell them why (Art. 12(4))."
        )
    else:
        _print(outcome)
    if outcome.state not in ("done", "refused"):
        raise typer.Exit(3)


def prove_erasure(as_json: Json = False) -> None:
    """Prove that erasure leaves nothing: plant a made-up person, erase it, and look for it in every byte of the home folder.

    A control person is not erased and must be found, which shows that the search works. Then the search looks for
    everybody on the suppression list, by keyed hashes. Exit code 1: the proof fails.
    """
    from orchestration.core.configuration import home_and_config, load_settings
    from orchestration.privacy.erasure.searching import what_to_do
    from orchestration.run.prove_erasure import prove

    home, config = home_and_config()
    proof = prove(home, load_settings(config))
    if as_json:
        print_json({"holds": proof.holds, **asdict(proof)})
    else:
        _print_proof(proof)
        if proof.suppressed_found:
            out.print(f"{what_to_do(home, proof.suppressed_found)}.", highlight=False)
    if not proof.holds:
        raise typer.Exit(1)


def _begin(
    customer: list[str] | None, email: list[str] | None, phone: list[str] | None, source_record: list[str] | None
) -> tuple[Any, Any, list[Any]]:
    from orchestration.core.configuration import home_and_config, load_settings
    from orchestration.core.errors import KundbildError
    from orchestration.privacy.rights.subjects import WAYS, Subject

    home, config = home_and_config()
    subjects = [
        *(Subject(customer=value) for value in customer or []),
        *(Subject(email=value) for value in email or []),
        *(Subject(phone=value) for value in phone or []),
        *(Subject(source_record=value) for value in source_record or []),
    ]
    if not subjects:
        raise KundbildError("name the person it is about", to_do=f"give {WAYS}")
    return home, load_settings(config), subjects


def _said(outcome: Any) -> dict[str, Any]:
    return {
        "state": outcome.state,
        "request_id": outcome.request_id,
        "candidates": outcome.candidates,
        **asdict(outcome.erased),
        **({"held_because": str(outcome.hold)} if outcome.hold else {}),
        **({"proof": {"holds": outcome.proof.holds, **asdict(outcome.proof)}} if outcome.proof else {}),
    }


def _print(outcome: Any) -> None:
    if outcome.state == "unknown":
        out.print(
            styled(
                "[yellow]unknown[/yellow]: no customer matches; nothing was erased. The request is noted, and open. `kundbild object` "
                "denies an address, number or record that may come."
            )
        )
        out.print(TELL_THEM)
    elif outcome.state == "waiting":
        out.print(
            styled(
                "[yellow]waiting[/yellow] for a second person: [bold]kundbild confirm {}[/bold], by another user. Until then the "
                "person is out of marts, publications and exports.",
                outcome.request_id[-12:],
            )
        )
    elif outcome.hold:
        out.print(
            styled("[yellow]held[/yellow] by a legal hold: {}; nothing was erased. The request is noted.", outcome.hold)
        )
    elif outcome.state == "held":
        out.print(
            styled(
                "[yellow]held[/yellow]: more than one {} matches; nothing was erased. Decide, then erase by {}:",
                *(
                    ("record", "--source-record")
                    if any(":" in one for one in outcome.candidates)
                    else ("customer", "--customer")
                ),
            )
        )
        for candidate in outcome.candidates:
            out.print(f"  {candidate}", highlight=False)


def _print_erased(erased: Any) -> None:
    """What was done in one pass, for all of them."""
    rows = f"{erased.customers} ids, {erased.records} source records, {erased.rows:,} rows"
    out.print(styled("[green]erased[/green]: {}; {} keyed hashes keep them out.", rows, erased.suppressed))
    held = ", ".join(erased.publications) or "none"
    out.print(f"Publications that held them, rewritten: {held}.", highlight=False)
    left = ", ".join(erased.exports) or "none"
    out.print(f"Exports that held them; inform their recipients (Art. 19): {left}.", highlight=False)
    if erased.exports:
        out.print(
            "`kundbild audience removals NAME --to FILE` writes what each recipient has to remove.", highlight=False
        )


def _print_proof(proof: Any) -> None:
    out.print(
        f"Planted in {proof.tables} tables, erased, and looked for in {len(proof.files):,} files ({proof.size / 1e6:,.0f} MB):"
    )
    for folder, count in Counter(path.split("/")[0] for path in proof.files).items():
        out.print(f"  {folder}" + (f": {count:,} files" if count > 1 else ""), highlight=False)
    out.print(f"Canary before it was erased: {_places(proof.canary_found_before)}", highlight=False)
    out.print(f"Canary after: {_places(proof.canary_found)}", highlight=False)
    out.print(f"Control, not erased: {_places(proof.control_found)}", highlight=False)
    out.print(
        f"{proof.suppressed:,} keyed hashes of people who were erased: {_places(proof.suppressed_found)}",
        highlight=False,
    )
    out.print(styled("[green]The proof holds.[/green]" if proof.holds else "[red]The proof fails.[/red]"))


def _places(found: list[str]) -> str:
    return f"found in {', '.join(found)}" if found else "found nowhere"
